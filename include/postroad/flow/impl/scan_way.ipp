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

/// The first and the last address of each range, as far as a routing table can be asked for all of them.
[[nodiscard]] inline std::vector<net::address> samples_of(const net::address_set& all) {
  constexpr std::size_t enough = 256; // ranges: the routing table of a measuring host is short
  std::vector<net::address> out;
  const auto& v4 = all.ipv4.ranges();
  for (std::size_t i = 0; i < std::min(v4.size(), enough); ++i)
    for (const auto n : {v4[i].first, v4[i].last})
      out.push_back(net::address::v4(n));
  const auto& v6 = all.ipv6.ranges();
  for (std::size_t i = 0; i < std::min(v6.size(), enough); ++i)
    for (const auto n : {v6[i].first, v6[i].last})
      out.push_back(net::to_address(n, true));
  return out;
}

[[nodiscard]] inline routes find_routes(const scan_settings& use, const net::address_set& all,
                                        const scan::route_settings& how) {
  routes found;
  std::optional<scan::trouble> none;
  for (const auto& target : samples_of(all)) {
    auto& family = target.v6 ? found.v6 : found.v4;
    try {
      auto way = scan::route_to(target, how);
      found.behind_gateways = found.behind_gateways && way.gateway.has_value();
      if (!family)
        family = std::move(way);
    } catch (const scan::trouble& e) {
      found.behind_gateways = false;
      none = none ? none : e;
    }
  }
  if ((!all.ipv4.empty() && !found.v4) || (!all.ipv6.empty() && !found.v6))
    throw *none;
  if (how.source && (how.source->v6 ? !found.v6 : !found.v4))
    throw cli::usage_error{fmt::format("--source: no target is of the family of {}", use.source)};
  return found;
}

[[nodiscard]] inline std::unique_ptr<scan::transmitter> best_of(const scan::link& on) {
  try {
    return scan::transmit_xdp(on);
  } catch (const scan::trouble&) { // an old kernel, a driver without it, no permission for locked memory
    return scan::transmit_packet(on);
  }
}

} // namespace detail

POSTROAD_DECL departure choose_way(const scan_settings& use, const net::address_set& all) {
  const scan::route_settings how{use.interface, source_of(use)};
  departure d;
  d.by = detail::find_routes(use, all, how);
  const auto& [v4, v6, behind_gateways] = d.by;
  const auto& first = v4 ? *v4 : *v6;
  const bool one_link = !v4 || !v6 || v4->out.index == v6->out.index;
  const bool framed =
      one_link && first.out.ethernet && !first.out.loopback && (!use.gateway_mac.empty() || behind_gateways);
  using kind = scan::transmit_kind;
  if (use.tx == kind::ip || (use.tx == kind::automatic && !framed)) {
    d.out = scan::transmit_ip(use.interface);
    return d;
  }
  if (!one_link)
    throw cli::usage_error{"IPv4 and IPv6 leave by different interfaces: scan them apart, or --tx ip"};
  d.listen_on = first.out.index;
  const auto hop_of = [&](const std::optional<scan::route>& r) -> std::optional<scan::hardware_address> {
    if (!r)
      return std::nullopt;
    if (!use.gateway_mac.empty()) {
      const auto mac = scan::parse_hardware_address(use.gateway_mac);
      if (!mac)
        throw cli::usage_error{fmt::format("--gateway-mac: '{}' is no hardware address", use.gateway_mac)};
      return mac;
    }
    if (r->out.loopback)
      return scan::hardware_address{};
    if (!r->gateway)
      throw cli::usage_error{"targets on the local network have hardware addresses of their own: --tx ip"};
    return scan::hardware_address_of(*r->gateway, r->out);
  };
  d.next_hop4 = hop_of(v4);
  d.next_hop6 = hop_of(v6);
  if (use.tx == kind::automatic)
    d.out = detail::best_of(first.out);
  else
    d.out = use.tx == kind::xdp ? scan::transmit_xdp(first.out) : scan::transmit_packet(first.out);
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

/// Packets a second: what --rate or --bandwidth says. On Ethernet a frame has at least 60 bytes, and 24 more
/// that nobody sees (check sequence, preamble, gap: IEEE 802.3 3.1).
POSTROAD_DECL double rate_of(const scan_settings& use, const scan::packet_maker& packets) {
  if (use.bandwidth == 0)
    return use.rate;
  constexpr std::size_t shortest = 60, unseen = 24, bits = 8;
  return static_cast<double>(use.bandwidth) /
         static_cast<double>((std::max(packets.size(), shortest) + unseen) * bits);
}

} // namespace postroad::flow
