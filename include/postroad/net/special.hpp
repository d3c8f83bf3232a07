/// Address space that no scan may touch by default: the IANA special-purpose registries (RFC 6890 and its
/// updates).
#pragma once

#include <postroad/net/prefix.hpp>

#include <array>
#include <string_view>

namespace postroad::net {

/// The blocks that are not globally reachable, with multicast and the reserved class E.
inline constexpr auto special_blocks = std::to_array<std::string_view>({
    "0.0.0.0/8",       // this network, RFC 791
    "10.0.0.0/8",      // private, RFC 1918
    "100.64.0.0/10",   // shared between carrier and customer, RFC 6598
    "127.0.0.0/8",     // loopback, RFC 1122
    "169.254.0.0/16",  // link local, RFC 3927
    "172.16.0.0/12",   // private, RFC 1918
    "192.0.0.0/24",    // IETF protocol assignments, RFC 6890
    "192.0.2.0/24",    // documentation, RFC 5737
    "192.88.99.0/24",  // 6to4 relays, gone with RFC 7526
    "192.168.0.0/16",  // private, RFC 1918
    "198.18.0.0/15",   // benchmarks, RFC 2544
    "198.51.100.0/24", // documentation, RFC 5737
    "203.0.113.0/24",  // documentation, RFC 5737
    "224.0.0.0/4",     // multicast, RFC 5771
    "240.0.0.0/4",     // reserved, RFC 1112; the broadcast address too
    "::/127",          // unspecified and loopback, RFC 4291
    "::ffff:0:0/96",   // IPv4-mapped, RFC 4291
    "64:ff9b:1::/48",  // local translation, RFC 8215
    "100::/64",        // discard only, RFC 6666
    "2001::/23",       // IETF protocol assignments, RFC 2928
    "2001:db8::/32",   // documentation, RFC 3849
    "2002::/16",       // 6to4, RFC 3056
    "3fff::/20",       // documentation, RFC 9637
    "5f00::/16",       // segment routing identifiers, RFC 9602
    "fc00::/7",        // unique local, RFC 4193
    "fe80::/10",       // link local, RFC 4291
    "ff00::/8",        // multicast, RFC 4291
});

[[nodiscard]] inline const prefix_set& special_purpose_space() {
  static const prefix_set space = [] {
    prefix_set all;
    for (const auto block : special_blocks)
      all.insert(*parse_prefix(block));
    return all;
  }();
  return space;
}

[[nodiscard]] inline bool is_special(const address& a) {
  return special_purpose_space().contains(a);
}

} // namespace postroad::net
