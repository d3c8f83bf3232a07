/// How packets get from here to a target: interface, source address, next hop. rtnetlink(7).
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/prefix.hpp>
#include <postroad/scan/wire.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::scan {

/// A network interface.
struct link {
  int index = 0;
  std::string name;
  bool loopback = false, ethernet = false, up = false;
  bool queued = true; ///< packets wait for it in a queueing discipline
  unsigned mtu = 1500;
  hardware_address address{};
};

/// The way to one target, as the kernel's routing table has it.
struct route {
  link out;
  net::address source;
  std::optional<net::address> gateway; ///< nothing: the target is a neighbour, or this machine
};

struct route_settings {
  std::string interface; ///< empty: as the routing table says
  std::optional<net::address> source;
};

/// Throws trouble when there is no route, no such interface, or no address to send from.
[[nodiscard]] POSTROAD_DECL route route_to(const net::address& target, const route_settings& use);

/// The destinations that the routing tables know, this machine's own addresses among them. Where they begin
/// and end, the way may change.
[[nodiscard]] POSTROAD_DECL std::vector<net::prefix> routed_prefixes(bool v6);

/// Throws trouble when there is no such interface.
[[nodiscard]] POSTROAD_DECL link link_of(const std::string& name);

/// The hardware address of a neighbour, from the kernel's table; the kernel is made to ask for it (ARP,
/// neighbour discovery) when it does not know. Throws trouble when nobody answers within three seconds.
[[nodiscard]] POSTROAD_DECL hardware_address hardware_address_of(const net::address& neighbour,
                                                                 const link& on);

/// Reads "02:00:00:00:00:02".
[[nodiscard]] POSTROAD_DECL std::optional<hardware_address> parse_hardware_address(std::string_view text);
[[nodiscard]] POSTROAD_DECL std::string to_string(const hardware_address& a);

} // namespace postroad::scan

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/scan/impl/route.ipp>
#endif
