#pragma once

#include <postroad/dns/mx.hpp>
#include <postroad/net/special.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace postroad::dns {

namespace detail {

/// Whether a host name reads as an address; only then is it worth the try.
[[nodiscard]] inline bool reads_as_address(const std::string& s) noexcept {
  return (text::is_digit(s.back()) || s.find(':') != std::string::npos) && net::parse_address(s);
}

/// Brings hosts of one name together under the lowest preference, then sorts by preference and name.
inline void merge_hosts(std::vector<mail_host>& hosts) {
  std::sort(hosts.begin(), hosts.end(), [](const mail_host& x, const mail_host& y) {
    return std::tie(x.name, x.preference) < std::tie(y.name, y.preference);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (kept != 0 && hosts[kept - 1].name == hosts[i].name)
      hosts[kept - 1].duplicate = true;
    else if (kept++ != i)
      hosts[kept - 1] = std::move(hosts[i]);
  }
  hosts.resize(kept);
  std::sort(hosts.begin(), hosts.end(), [](const mail_host& x, const mail_host& y) {
    return std::tie(x.preference, x.name) < std::tie(y.preference, y.name);
  });
}

/// The exchanges of an answer as hosts, each name once, sorted.
[[nodiscard]] inline std::vector<mail_host> hosts_of(const answer& a) {
  std::vector<mail_host> hosts(a.mx.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i].preference = a.mx[i].preference;
    hosts[i].name = to_lower_string(a.mx[i].exchange);
    hosts[i].address_literal = reads_as_address(hosts[i].name);
  }
  if (hosts.size() > 1)
    merge_hosts(hosts);
  return hosts;
}

// RFC 7505 3: one record, the root. Its preference should be 0; the message is plain with any other, too.
[[nodiscard]] inline bool is_null_mx(const answer& a) {
  return a.mx.size() == 1 && a.mx[0].exchange.is_root();
}

/// Files what the look-up of one family of addresses came to.
inline void file_addresses(mail_host& h, const answer& a, type t) {
  auto& list = t == type::aaaa ? h.ipv6 : h.ipv4;
  (t == type::aaaa ? h.ipv6_outcome : h.ipv4_outcome) = a.what;
  list = a.addresses;
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  h.authenticated = h.authenticated && a.authenticated;
  if (a.cname_hops != 0 && h.cname.empty())
    h.cname = to_lower_string(a.canonical);
  for (const auto& ip : list)
    h.reserved = h.reserved || net::is_special(ip);
}

inline net::task<void> ask_family(client& resolver, name n, type t, mail_host& h, net::join& all) {
  const auto a = co_await resolver.ask(n, t);
  file_addresses(h, *a, t);
  all.arrive();
}

/// One family of one host, when it is wanted and there is a name to ask for.
inline void start_family(client& resolver, const name& n, type t, mail_host& h, const mx_options& options,
                         net::join& all) {
  const bool blocked = options.blocked != nullptr && (*options.blocked)(h.name);
  if (h.address_literal || n.is_root() || blocked) {
    (t == type::aaaa ? h.ipv6_outcome : h.ipv4_outcome) = blocked ? outcome::blocked : outcome::skipped;
    all.arrive();
  } else {
    net::spawn(ask_family(resolver, n, t, h, all));
  }
}

/// Whether a look-up says for certain that there is no address.
[[nodiscard]] inline bool says_none(const std::optional<outcome>& o) noexcept {
  return o == outcome::nodata || o == outcome::nxdomain;
}

inline void flag_missing(mail_host& h) noexcept {
  const bool none4 = says_none(h.ipv4_outcome), none6 = says_none(h.ipv6_outcome);
  const bool no_name = h.ipv4_outcome == outcome::nxdomain || h.ipv6_outcome == outcome::nxdomain;
  if (h.ipv4.empty() && h.ipv6.empty())
    h.unresolvable = h.address_literal || h.name == "." || no_name || (none4 && none6);
  h.no_ipv4 = none4 && !h.ipv6.empty();
  h.no_ipv6 = none6 && !h.ipv4.empty();
}

/// Asks for the addresses of every host, all at once. `names` are those of the hosts, in their order.
inline net::task<void> ask_addresses(client& resolver, std::vector<mail_host>& hosts, std::vector<name> names,
                                     mx_options options) {
  net::join all(hosts.size() * ((options.ipv4 ? 1u : 0u) + (options.ipv6 ? 1u : 0u)));
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i].authenticated = !hosts[i].address_literal && (options.ipv4 || options.ipv6);
    if (options.ipv4)
      start_family(resolver, names[i], type::a, hosts[i], options, all);
    if (options.ipv6)
      start_family(resolver, names[i], type::aaaa, hosts[i], options, all);
  }
  co_await all;
  for (auto& h : hosts)
    flag_missing(h);
}

/// Without MX, the domain's own addresses decide: RFC 5321 5.1.
inline net::task<void> ask_implicit(client& resolver, name domain, mx_options options, mail_route& route) {
  std::vector<mail_host> self(1);
  self[0].name = to_lower_string(domain);
  std::vector<name> names(1, domain);
  co_await ask_addresses(resolver, self, std::move(names), options);
  const auto settled = [](const std::optional<outcome>& o) {
    return o == outcome::ok || o == outcome::nodata || o == outcome::nxdomain;
  };
  if (!self[0].ipv4.empty() || !self[0].ipv6.empty()) {
    route.kind = mx_kind::implicit;
    route.hosts = std::move(self);
  } else if (options.ipv4 && options.ipv6 && settled(self[0].ipv4_outcome) && settled(self[0].ipv6_outcome)) {
    route.kind = mx_kind::none;
  }
}

inline void file_mx_answer(mail_route& route, const answer& a) {
  route.what = a.what;
  route.authenticated = a.authenticated;
  route.tries = a.tries;
  route.replies = a.replies;
  route.case_mismatch = a.case_mismatch;
  route.truncated = a.truncated;
  route.elapsed = a.elapsed;
  route.detail = a.detail;
  if (a.tries != 0)
    route.server = a.server;
  if (a.cname_hops != 0)
    route.cname = to_lower_string(a.canonical);
}

inline void write_addresses(text::json_writer& json, std::string_view member,
                            const std::vector<net::address>& list) {
  json.key(member).array();
  for (const auto& ip : list)
    json.value(to_string(ip));
  json.end();
}

inline void write_flags(text::json_writer& json, const mail_host& h) {
  json.key("flags").array();
  if (h.address_literal)
    json.value("address_literal");
  if (!h.cname.empty())
    json.value("cname");
  if (h.reserved)
    json.value("reserved");
  if (h.unresolvable)
    json.value("unresolvable");
  if (h.no_ipv4)
    json.value("no_ipv4");
  if (h.no_ipv6)
    json.value("no_ipv6");
  if (h.duplicate)
    json.value("duplicate");
  json.end();
}

inline void write_host(text::json_writer& json, const mail_host& h) {
  json.object().member("preference", h.preference).member("name", h.name);
  if (h.ipv4_outcome || h.ipv6_outcome)
    json.member("authenticated", h.authenticated);
  if (h.ipv4_outcome) {
    write_addresses(json, "ipv4", h.ipv4);
    json.member("ipv4_outcome", to_string(*h.ipv4_outcome));
  }
  if (h.ipv6_outcome) {
    write_addresses(json, "ipv6", h.ipv6);
    json.member("ipv6_outcome", to_string(*h.ipv6_outcome));
  }
  if (!h.cname.empty())
    json.member("cname", h.cname);
  write_flags(json, h);
  json.end();
}

} // namespace detail

POSTROAD_DECL net::task<mail_route> find_mail_hosts(client& resolver, std::string domain,
                                                    mx_options options) {
  mail_route route;
  route.addresses_asked = options.addresses;
  const auto n = parse_name(domain);
  if (!n) {
    route.what = outcome::malformed;
    route.detail = n.error().why;
    co_return route;
  }
  const auto a = co_await resolver.ask(*n, type::mx);
  detail::file_mx_answer(route, *a);
  if (a->what == outcome::nxdomain) {
    route.kind = mx_kind::none;
  } else if (a->what == outcome::nodata) {
    if (options.addresses)
      co_await detail::ask_implicit(resolver, *n, options, route);
  } else if (a->what == outcome::ok && detail::is_null_mx(*a)) {
    route.kind = mx_kind::null;
  } else if (!a->mx.empty()) {
    if (a->what == outcome::ok)
      route.kind = mx_kind::mx;
    route.hosts = detail::hosts_of(*a);
    if (options.addresses) {
      std::vector<name> names;
      for (const auto& h : route.hosts)
        names.push_back(parse_name(h.name).value_or(name{}));
      co_await detail::ask_addresses(resolver, route.hosts, std::move(names), options);
    }
  }
  if (options.providers != nullptr && !route.hosts.empty())
    route.provider = options.providers->of(route.hosts[0].name);
  co_return route;
}

POSTROAD_DECL void write_mx(text::json_writer& json, const mail_route& route, std::string_view time) {
  json.object().member("outcome", to_string(route.what));
  if (route.kind)
    json.member("kind", to_string(*route.kind));
  if (route.what != outcome::malformed || route.server)
    json.member("authenticated", route.authenticated);
  if (!route.provider.empty())
    json.member("provider", route.provider);
  if (route.server) {
    json.member("server", to_string(*route.server))
        .member("tries", route.tries)
        .member("replies", route.replies);
    json.member_milliseconds("elapsed_ms", route.elapsed);
  }
  if (!route.cname.empty())
    json.member("cname", route.cname);
  if (!route.detail.empty())
    json.member("detail", route.detail);
  if (route.case_mismatch)
    json.member("case_mismatch", true);
  if (route.truncated)
    json.member("truncated", true);
  json.key("hosts").array();
  for (const auto& h : route.hosts)
    detail::write_host(json, h);
  json.end().member("time", time).end();
}

} // namespace postroad::dns
