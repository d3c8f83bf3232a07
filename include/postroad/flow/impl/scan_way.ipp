#pragma once

#include <postroad/flow/scan_way.hpp>

#include <postroad/scan/trouble.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace postroad::flow {

namespace detail {

/// A target of every stretch that the routing tables tell apart: routes cannot differ but at their prefixes.
[[nodiscard]] inline std::vector<net::address> samples_of(const net::address_set& all) {
  std::vector<net::address> out;
  const auto add = [&out](const net::address_set& some) {
    if (!some.ipv4.empty())
      out.push_back(net::address::v4(some.ipv4.ranges().front().first));
    if (!some.ipv6.empty())
      out.push_back(net::to_address(some.ipv6.ranges().front().first, true));
  };
  std::vector<net::prefix> prefixes;
  for (const bool v6 : {false, true})
    if (v6 ? !all.ipv6.empty() : !all.ipv4.empty())
      for (const auto& p : scan::routed_prefixes(v6))
        prefixes.push_back(p);
  std::sort(prefixes.begin(), prefixes.end(),
            [](const net::prefix& a, const net::prefix& b) { return a.length > b.length; });
  auto left = all; // the longest prefix rules: what is behind it is looked at first
  for (const auto& p : prefixes) {
    const auto here = net::address_set::of(std::vector{p});
    add(left & here);
    left -= here;
  }
  add(left);
  return out;
}

[[nodiscard]] inline bool same_way(const scan::route& a, const scan::route& b) {
  return a.out.index == b.out.index && a.gateway == b.gateway;
}

[[nodiscard]] inline routes find_routes(const scan_settings& use, const net::address_set& all,
                                        const scan::route_settings& how) {
  routes found;
  std::optional<scan::trouble> none;
  for (const auto& target : samples_of(all)) {
    auto& family = target.v6 ? found.v6 : found.v4;
    try {
      auto way = scan::route_to(target, how);
      found.one_way = found.one_way && way.gateway.has_value() && (!family || same_way(*family, way));
      found.one_source = found.one_source && (!family || family->source == way.source);
      if (!family)
        family = std::move(way);
    } catch (const scan::trouble& e) {
      found.one_way = false;
      none = none ? none : e;
    }
  }
  if ((!all.ipv4.empty() && !found.v4) || (!all.ipv6.empty() && !found.v6))
    throw *none;
  if (how.source && (how.source->v6 ? !found.v6 : !found.v4))
    throw cli::usage_error{fmt::format("--source: no target is of the family of {}", use.source)};
  return found;
}

/// The first that this kernel, this driver and our permissions allow.
[[nodiscard]] inline std::unique_ptr<scan::transmitter> best_of(const scan::link& on) {
  const auto attempt = [&on](auto make) -> std::unique_ptr<scan::transmitter> {
    try {
      return make(on);
    } catch (const scan::trouble&) {
      return nullptr;
    }
  };
  if (auto bpf = on.queued ? nullptr : attempt(scan::transmit_bpf))
    return bpf;
  if (auto xdp = attempt(scan::transmit_xdp))
    return xdp;
  return scan::transmit_packet(on);
}

[[nodiscard]] inline std::unique_ptr<scan::transmitter> transmitter_of(scan::transmit_kind kind,
                                                                       const scan::link& on) {
  switch (kind) {
  case scan::transmit_kind::bpf:
    return scan::transmit_bpf(on);
  case scan::transmit_kind::xdp:
    return scan::transmit_xdp(on);
  case scan::transmit_kind::packet:
    return scan::transmit_packet(on);
  default:
    return best_of(on);
  }
}

[[nodiscard]] inline std::optional<scan::hardware_address> given_gateway(const scan_settings& use) {
  if (use.gateway_mac.empty())
    return std::nullopt;
  const auto mac = scan::parse_hardware_address(use.gateway_mac);
  if (!mac)
    throw cli::usage_error{fmt::format("--gateway-mac: '{}' is no hardware address", use.gateway_mac)};
  return mac;
}

/// Whom a frame is for: the gateway, or on lo nobody in particular.
[[nodiscard]] inline std::optional<scan::hardware_address>
next_hop(const std::optional<scan::route>& way, const std::optional<scan::hardware_address>& given) {
  if (!way || given)
    return given;
  if (way->out.loopback)
    return scan::hardware_address{};
  if (!way->gateway)
    throw cli::usage_error{"targets on the local network have hardware addresses of their own: --tx ip"};
  return scan::hardware_address_of(*way->gateway, way->out);
}

} // namespace detail

POSTROAD_DECL departure choose_way(const scan_settings& use, const net::address_set& all) {
  using kind = scan::transmit_kind;
  const scan::route_settings how{use.interface, source_of(use)};
  const auto given = detail::given_gateway(use);
  departure d;
  d.by = detail::find_routes(use, all, how);
  const auto& [v4, v6, one_way, one_source] = d.by;
  if (!one_source && !how.source)
    throw cli::usage_error{
        "these targets are reached from several addresses of this machine: scan them apart, or say --source"};
  const auto& first = v4 ? *v4 : *v6;
  const bool one_link = !v4 || !v6 || v4->out.index == v6->out.index;
  const bool frames = one_link && (first.out.ethernet || first.out.loopback);
  if (use.tx == kind::ip ||
      (use.tx == kind::automatic && (!frames || first.out.loopback || !(given || one_way)))) {
    d.out = scan::transmit_ip(use.interface);
    return d;
  }
  if (!frames)
    throw cli::usage_error{one_link
                               ? fmt::format("'{}' is no Ethernet: --tx ip", first.out.name)
                               : "IPv4 and IPv6 leave by different interfaces: scan them apart, or --tx ip"};
  if (!given && !one_way && !first.out.loopback)
    throw cli::usage_error{"these targets are not all behind one gateway: scan them apart, or --tx ip"};
  d.listen_on = first.out.index;
  d.next_hop4 = detail::next_hop(v4, given);
  d.next_hop6 = detail::next_hop(v6, given);
  d.out = detail::transmitter_of(use.tx, first.out);
  return d;
}

POSTROAD_DECL std::optional<scan::packet_maker> maker_of(const scan::probe& probe,
                                                         const std::optional<scan::route>& way,
                                                         const std::optional<scan::hardware_address>& to) {
  if (!way)
    return std::nullopt;
  if (!to)
    return scan::packet_maker(probe, way->source, {});
  return scan::packet_maker(probe, way->source, scan::ethernet_header(*to, way->out.address, way->source.v6));
}

/// On Ethernet a frame has at least 60 bytes, and 24 more that nobody sees (check sequence, preamble, gap:
/// IEEE 802.3 3.1).
POSTROAD_DECL double rate_of(const scan_settings& use, std::size_t frame) {
  if (use.bandwidth == 0)
    return use.rate;
  constexpr std::size_t shortest = 60, unseen = 24, bits = 8;
  return static_cast<double>(use.bandwidth) /
         static_cast<double>((std::max(frame, shortest) + unseen) * bits);
}

} // namespace postroad::flow
