#pragma once

#include <postroad/flow/mail_servers.hpp>

#include <algorithm>
#include <numeric>

namespace postroad::flow {

POSTROAD_DECL mail_servers::mail_servers(const room& in, dns::client& dns, std::uint16_t default_port)
    : dns_(dns), blocked_(in.blocked), ipv4_(!in.use.ipv6_only), ipv6_(!in.use.ipv4_only),
      default_port_(default_port), outcome_(in.want("mx.outcome")), kind_(in.want("mx.kind")),
      name_(in.want("mx.hosts[].name")), preference_(in.want("mx.hosts[].preference")),
      ipv4_list_(in.want("mx.hosts[].ipv4[]")), ipv6_list_(in.want("mx.hosts[].ipv6[]")),
      ipv4_outcome_(in.want("mx.hosts[].ipv4_outcome")), ipv6_outcome_(in.want("mx.hosts[].ipv6_outcome")) {
  if (default_port == 0)
    throw cli::usage_error{"--port: 0 is no port"};
}

POSTROAD_DECL bool mail_servers::says_mx(const job& record) const {
  return record.has(outcome_) || record.has(kind_);
}

POSTROAD_DECL void mail_servers::add_address(const job&, const field& f,
                                             std::vector<server_walk::host>& hosts) const {
  const auto ip = net::parse_address(text::json_unescaped(f.raw));
  if (ip && (ip->v6 ? ipv6_ : ipv4_))
    hosts[f.ordinal].addresses.push_back(*ip);
}

/// The hosts that the member `mx` lists, by preference; equal ones in the order in which they stand.
POSTROAD_DECL std::vector<server_walk::host> mail_servers::hosts_in(const job& record) const {
  std::vector<server_walk::host> hosts;
  std::vector<std::uint32_t> preference;
  const auto at_least = [&](std::size_t n) {
    if (hosts.size() >= n)
      return;
    hosts.resize(n, {{}, {}, false});
    preference.resize(n, 0);
  };
  for (const auto& f : record.fields()) {
    const bool concerns = f.path == name_ || f.path == preference_ || f.path == ipv4_list_ ||
                          f.path == ipv6_list_ || f.path == ipv4_outcome_ || f.path == ipv6_outcome_;
    if (!concerns)
      continue;
    at_least(f.ordinal + 1);
    if (f.path == name_ && f.is == record::value::kind::text)
      hosts[f.ordinal].name = text::json_unescaped(f.raw);
    if (f.path == preference_)
      preference[f.ordinal] = text::number<std::uint32_t>(f.raw).value_or(0);
    if (f.path == ipv4_outcome_ || f.path == ipv6_outcome_)
      hosts[f.ordinal].is_known = true;
    if (f.path == ipv4_list_ || f.path == ipv6_list_)
      add_address(record, f, hosts);
  }
  std::vector<std::size_t> order(hosts.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return preference[a] < preference[b]; });
  std::vector<server_walk::host> sorted;
  for (const auto i : order) {
    hosts[i].is_known = hosts[i].is_known || !hosts[i].addresses.empty();
    // IPv4 first, whatever the order of the members
    std::stable_sort(hosts[i].addresses.begin(), hosts[i].addresses.end(),
                     [](const net::address& a, const net::address& b) { return a.v6 < b.v6; });
    sorted.push_back(std::move(hosts[i]));
  }
  return sorted;
}

POSTROAD_DECL net::task<server_walk> mail_servers::of(const job& record) {
  const auto& about = record.about();
  server_walk walk;
  walk.of_ = this;
  walk.port_ = about.port.value_or(default_port_);
  if (about.bad_ip || about.bad_port) {
    walk.what_ = outcome::malformed;
  } else if (about.ip) {
    if (about.ip->v6 ? ipv6_ : ipv4_)
      walk.hosts_.push_back({about.host, {*about.ip}, true});
  } else if (says_mx(record)) {
    const auto kind = record.text(kind_).value_or("");
    if (kind == "mx" || kind == "implicit")
      walk.hosts_ = hosts_in(record);
  } else if (!about.host.empty()) {
    walk.hosts_.push_back({about.host, {}, false});
  } else if (!about.domain.empty()) {
    dns::mx_options use;
    use.addresses = false;
    const auto route = co_await dns::find_mail_hosts(dns_, about.domain, use);
    for (const auto& h : route.hosts)
      walk.hosts_.push_back({h.name, {}, false});
    if (route.what == outcome::nodata)
      walk.hosts_.push_back({about.domain, {}, false}); // RFC 5321 5.1: implicit MX
    if (route.what != outcome::ok && route.what != outcome::nodata)
      walk.what_ = route.what;
  }
  co_return walk;
}

POSTROAD_DECL net::task<std::vector<net::address>> mail_servers::addresses_of(std::string host,
                                                                              outcome& what) {
  std::vector<net::address> all;
  const auto name = dns::parse_name(host);
  what = outcome::malformed;
  if (!name)
    co_return all;
  for (const auto family : {dns::type::a, dns::type::aaaa}) {
    if (!(family == dns::type::a ? ipv4_ : ipv6_))
      continue;
    const auto answer = co_await dns_.ask(*name, family);
    // A failure of one family matters only while the other has nothing to offer.
    if (all.empty())
      what = answer->what;
    all.insert(all.end(), answer->addresses.begin(), answer->addresses.end());
    std::sort(all.end() - static_cast<std::ptrdiff_t>(answer->addresses.size()), all.end());
  }
  co_return all;
}

POSTROAD_DECL net::task<std::optional<candidate>> server_walk::next() {
  while (host_ < hosts_.size()) {
    auto& h = hosts_[host_];
    if (of_->blocked_.has(h.name)) {
      what_ = what_ == outcome::skipped ? outcome::blocked : what_;
      h = {};
    }
    if (!std::exchange(h.is_known, true)) {
      outcome found = outcome::ok;
      h.addresses = co_await of_->addresses_of(h.name, found);
      if (h.addresses.empty() && what_ == outcome::skipped)
        what_ = found;
    }
    if (address_ < h.addresses.size()) {
      what_ = outcome::ok;
      co_return candidate{h.name, {h.addresses[address_++], port_}};
    }
    ++host_;
    address_ = 0;
  }
  co_return std::nullopt;
}

POSTROAD_DECL smtp_member::smtp_member(const room& in)
    : use_(in.use), outcome_(in.want("smtp.outcome")), ip_(in.want("smtp.ip")), port_(in.want("smtp.port")),
      host_(in.want("smtp.host")), code_(in.want("smtp.starttls.code")) {}

POSTROAD_DECL bool smtp_member::is_in(const job& record) const {
  return record.has(outcome_);
}

POSTROAD_DECL std::optional<candidate> smtp_member::server_with_220(const job& record) const {
  const auto ip = net::parse_address(record.text(ip_).value_or(""));
  const bool wanted = ip && !(ip->v6 ? use_.ipv4_only : use_.ipv6_only);
  if (!wanted || record.number<int>(code_) != 220) // RFC 3207 4: only this means that TLS follows
    return std::nullopt;
  return candidate{record.text(host_).value_or(""), {*ip, record.number<std::uint16_t>(port_).value_or(25)}};
}

} // namespace postroad::flow
