/// The page of mxcheck.
#pragma once

#include <postroad/flow/page.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace postroad::flow {

namespace detail {

/// What the outcome means for somebody who wants to send mail.
inline std::string mx_verdict(page_view& v) {
  const auto what = v.one("mx.outcome"), kind = v.one("mx.kind");
  if (kind == "mx")
    return tinted(tone::good, "receives mail");
  if (kind == "implicit")
    return tinted(tone::warn, "receives mail at its own address") + " (no MX record, RFC 5321 5.1)";
  if (kind == "null")
    return tinted(tone::warn, "refuses mail") + " (null MX, RFC 7505)";
  if (kind == "none" && what == "nxdomain")
    return tinted(tone::bad, "does not exist") + " (nxdomain)";
  if (kind == "none")
    return tinted(tone::bad, "receives no mail") + " (no MX, no address)";
  return tinted(tone::bad, what) +
         (what == "malformed" ? ": no name that can be asked for" : ": the MX is not known");
}

struct host_page {
  std::string preference, name, cname, flags, trouble;
  std::vector<std::string> addresses;
};

inline std::map<std::size_t, host_page> hosts_of_page(page_view& v) {
  std::map<std::size_t, host_page> hosts;
  for (auto& i : v.all("mx.hosts[].preference"))
    hosts[i.ordinal].preference = i.text;
  for (auto& i : v.all("mx.hosts[].name"))
    hosts[i.ordinal].name = safe(i.text);
  for (auto& i : v.all("mx.hosts[].cname"))
    hosts[i.ordinal].cname = safe(i.text);
  for (const auto* path : {"mx.hosts[].ipv4[]", "mx.hosts[].ipv6[]"})
    for (auto& i : v.all(path))
      hosts[i.ordinal].addresses.push_back(i.text);
  for (auto& i : v.all("mx.hosts[].flags[]"))
    if (i.text != "no_ipv6") // true of most, and seen at the addresses
      hosts[i.ordinal].flags += (hosts[i.ordinal].flags.empty() ? "" : " ") + i.text;
  for (auto& i : v.all("mx.hosts[].ipv4_outcome"))
    if (i.text != "ok" && i.text != "nodata")
      hosts[i.ordinal].trouble = "A " + i.text;
  return hosts;
}

} // namespace detail

/// Example:
///   example.org: receives mail
///     provider      example.org
///     10  mx1.example.org  192.0.2.1  2001:db8::1
[[nodiscard]] inline std::string page_of_mx(std::string_view line) {
  page_view v(line);
  std::string out = tinted(tone::bold, headline(v)) + ": " + detail::mx_verdict(v) + '\n';
  if (const auto provider = v.one("mx.provider"); !provider.empty())
    out += row("provider", safe(provider));
  if (!v.one("mx.kind").empty())
    out += row("DNSSEC", v.is("mx.authenticated", "true")
                             ? tinted(tone::good, "the resolver claims to have validated the MX")
                             : "not authenticated");
  if (const auto why = v.one("mx.detail"); !why.empty())
    out += row("detail", safe(why));
  const auto hosts = detail::hosts_of_page(v);
  std::size_t widest = 0;
  for (const auto& [n, h] : hosts)
    widest = std::max(widest, h.name.size());
  for (const auto& [n, h] : hosts) {
    out += fmt::format("  {:>5}  {:<{}}  {}", h.preference, h.name, widest, fmt::join(h.addresses, "  "));
    if (!h.cname.empty())
      out += tinted(tone::warn, "  alias of " + h.cname);
    if (!h.flags.empty())
      out += tinted(tone::warn, "  [" + h.flags + "]");
    if (!h.trouble.empty())
      out += tinted(tone::bad, "  " + h.trouble);
    out += '\n';
  }
  if (const auto server = v.one("mx.server"); !server.empty())
    out +=
        row("asked", fmt::format("{} in {} ms, tries {}", server, v.one("mx.elapsed_ms"), v.one("mx.tries")));
  return out + '\n';
}

} // namespace postroad::flow
