#pragma once

#include <postroad/flow/dns_use.hpp>

#include <fmt/format.h>

namespace postroad::flow {

POSTROAD_DECL dns::client_settings client_settings_of(const settings& use) {
  dns::client_settings s;
  s.resolvers = resolvers_of(use, dns::system_resolvers());
  s.timeout = use.timeout;
  s.retries = use.retries;
  s.cache_bytes = use.cache.bytes;
  s.rate = use.rate;
  s.source = source_of(use);
  s.seed = use.seed;
  return s;
}

POSTROAD_DECL void write_each_address(job& record, const dns::mail_route& route, std::string_view mx_json) {
  bool any = false;
  for (const auto& h : route.hosts) {
    std::string name;
    text::append_json_string(name, h.name);
    const auto preference = std::to_string(h.preference);
    for (const auto* family : {&h.ipv4, &h.ipv6}) {
      for (const auto& ip : *family) {
        const auto address = '"' + net::to_string(ip) + '"';
        record.write(route.what, mx_json, {{"host", name}, {"preference", preference}, {"ip", address}});
        any = true;
      }
    }
  }
  if (!any)
    record.write(route.what, mx_json);
}

} // namespace postroad::flow
