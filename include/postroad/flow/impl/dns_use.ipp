#pragma once

#include <postroad/flow/dns_use.hpp>

#include <fmt/format.h>

namespace postroad::flow {

POSTROAD_DECL dns::client_settings client_settings_of(const settings& use, std::uint32_t retries) {
  dns::client_settings s;
  s.resolvers = resolvers_of(use, dns::system_resolvers());
  s.timeout = use.timeout;
  s.retries = retries;
  s.cache_bytes = use.cache.bytes;
  s.rate = use.rate;
  s.source = source_of(use);
  s.seed = use.seed;
  return s;
}

POSTROAD_DECL dns::provider_map providers_of(const std::string& file) {
  dns::provider_map map(text::now_rfc3339().substr(0, 10));
  if (file.empty())
    return map;
  if (const auto taken = map.load(whole_file(file)); !taken)
    throw cli::usage_error{
        fmt::format("--providers: '{}', byte {}: {}", file, taken.error().offset, taken.error().why)};
  return map;
}

POSTROAD_DECL void write_dns_counts(text::json_writer& out, const dns::client& client) {
  const auto& c = client.counts();
  out.key("dns").object().member("questions", c.questions).member("queries", c.queries);
  out.member("retransmissions", c.retransmissions).member("timeouts", c.timeouts).member("tcp", c.tcp);
  out.member("datagrams_in", c.datagrams_in).member("late", c.late).member("icmp", c.icmp);
  out.member("bad_sender", c.bad_sender).member("bad_id", c.bad_id).member("bad_question", c.bad_question);
  out.member("case_mismatch", c.case_mismatch).member("without_edns", c.without_edns);
  out.member("cache_hits", c.cache_hits)
      .member("coalesced", c.coalesced)
      .member("send_errors", c.send_errors);
  out.member("bytes_out", c.bytes_out).member("bytes_in", c.bytes_in).end();
}

POSTROAD_DECL void write_each_address(flow::job& job, const dns::mail_route& route,
                                      std::string_view mx_json) {
  bool any = false;
  for (const auto& h : route.hosts) {
    std::string name;
    text::append_json_string(name, h.name);
    const auto preference = std::to_string(h.preference);
    for (const auto* family : {&h.ipv4, &h.ipv6}) {
      for (const auto& ip : *family) {
        const auto address = '"' + net::to_string(ip) + '"';
        const record::member added[] = {{"host", name}, {"preference", preference}, {"ip", address}};
        job.write(route.what, mx_json, added);
        any = true;
      }
    }
  }
  if (any)
    return;
  // What an earlier run added is true no more.
  std::vector<record::member> stale;
  for (const auto* member : {"host", "preference", "ip"})
    if (job.stood(member))
      stale.push_back({member, "null"});
  job.write(route.what, mx_json, stale);
}

} // namespace postroad::flow
