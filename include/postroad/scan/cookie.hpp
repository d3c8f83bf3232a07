/// What a probe carries so that its answer proves itself: nothing is remembered of what was sent.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/scan/siphash.hpp>

#include <cstdint>
#include <cstring>

namespace postroad::scan {

/// The source ports of a scan, all of them in the range of short-lived ports that firewalls expect a client
/// in. A connection of the kernel's own may have one of them as well: its packets carry no cookie.
struct port_range {
  std::uint16_t first = 40'000;
  std::uint16_t count = 20'000;
  [[nodiscard]] bool contains(std::uint16_t port) const noexcept {
    return port >= first && port < std::uint32_t{first} + count;
  }
};

/// The marks of one probe: of a try at a target.
struct marks {
  std::uint16_t source_port = 0;
  std::uint16_t id = 0;     ///< of the IPv4 packet; the query's id; of the echo request
  std::uint32_t number = 0; ///< TCP's sequence number; the 0x20 bits of a query's name; of the echo request
};

/// The marks of a probe, by a key that the scan alone knows. 32 bits of sequence number and the source port
/// make some 2^46 that a forger would have to guess at. A second try at a target comes from another port:
/// what a server or a middlebox remembers of the first does not stand in its way, and the answer tells which
/// of them it is for.
[[nodiscard]] inline marks marks_of(const siphash_key& key, const port_range& ports, const net::endpoint& to,
                                    std::uint32_t attempt) noexcept {
  const std::uint64_t rest = std::uint64_t{to.port} << 32 | attempt;
  std::uint64_t hash;
  if (!to.ip.v6) {
    hash = siphash<2>(key, {to.ip.to_v4(), rest});
  } else {
    std::uint64_t upper, lower;
    std::memcpy(&upper, to.ip.bytes.data(), sizeof upper);
    std::memcpy(&lower, to.ip.bytes.data() + sizeof upper, sizeof lower);
    hash = siphash<3>(key, {upper, lower, rest});
  }
  const auto high = static_cast<std::uint32_t>(hash >> 32);
  const auto id = static_cast<std::uint16_t>(high);
  return {static_cast<std::uint16_t>(ports.first + (std::uint64_t{high} * ports.count >> 32)),
          id != 0 ? id : std::uint16_t{1}, // 0 asks the kernel to choose one, raw(7)
          static_cast<std::uint32_t>(hash)};
}

} // namespace postroad::scan
