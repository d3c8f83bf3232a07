/// How the packets of a scan leave this machine.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/scan_settings.hpp>
#include <postroad/net/address_set.hpp>
#include <postroad/scan/probe.hpp>
#include <postroad/scan/route.hpp>
#include <postroad/scan/transmit.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace postroad::flow {

/// The routes to the targets. Of some of them there may be none: the kernel tells those apart (--tx ip).
struct routes {
  std::optional<scan::route> v4, v6; ///< of the first target of each family that has one
  bool one_way = true;    ///< all by one gateway: only then can we write the link's header ourselves
  bool one_source = true; ///< all of a family from one address
};

/// Interface, addresses and the way to send.
struct departure {
  routes by;
  std::optional<scan::hardware_address> next_hop4, next_hop6;
  std::unique_ptr<scan::transmitter> out;
  int listen_on = 0; ///< interface, 0 = all
};

/// Chooses how to send to these targets; --tx, --interface, --source and --gateway-mac force it. Throws
/// usage_error and scan::trouble.
[[nodiscard]] departure choose_way(const scan_settings&, const net::address_set& targets);

/// Makes the packets of one family; `to` is the next hop where we write the link's header.
[[nodiscard]] std::optional<scan::packet_maker> maker_of(const scan::probe&,
                                                         const std::optional<scan::route>& way,
                                                         const std::optional<scan::hardware_address>& to);

/// Packets a second: what --rate or, for frames of so many bytes, --bandwidth says.
[[nodiscard]] double rate_of(const scan_settings&, std::size_t frame);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/scan_way.ipp>
#endif
