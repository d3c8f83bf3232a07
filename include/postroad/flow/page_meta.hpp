/// The page of ipmeta.
#pragma once

#include <postroad/flow/page.hpp>

#include <string>
#include <string_view>

namespace postroad::flow {

/// Example:
///   192.0.2.1: AS64496 EXAMPLE-NET, hosting, DE
///     prefix        192.0.2.0/24
[[nodiscard]] inline std::string page_of_meta(std::string_view line) {
  page_view v(line);
  const auto ip = v.one("meta.ip");
  auto out = tinted(tone::bold, ip.empty() ? headline(v) : safe(ip)) + ": ";
  std::string known;
  const auto add = [&known](std::string_view text) {
    if (!text.empty())
      known += (known.empty() ? "" : ", ") + safe(text);
  };
  const auto asn = v.one("meta.asn"), name = v.one("meta.as_name");
  add(asn.empty() ? "" : "AS" + asn + (name.empty() ? "" : " " + name));
  add(v.one("meta.as_type"));
  add(v.one("meta.country"));
  if (known.empty())
    known = v.is("meta.outcome", "skipped") ? "no address" : "not known";
  out += known + '\n';
  if (const auto prefix = v.one("meta.prefix"); !prefix.empty())
    out += row("prefix", safe(prefix));
  std::string others;
  for (const auto& other : v.all("meta.asns[]"))
    others += (others.empty() ? "AS" : ", AS") + other.text;
  if (!others.empty())
    out += row("origins", safe(others));
  return out;
}

} // namespace postroad::flow
