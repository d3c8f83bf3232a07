/// Numbers of the Internet's headers and the sums that guard them. RFC 791, 792, 768, 9293, 8200, 4443, 1071.
#pragma once

#include <postroad/net/address.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace postroad::scan {

inline constexpr std::uint8_t protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17, protocol_icmpv6 = 58;
inline constexpr std::size_t ethernet_size = 14, ipv4_header = 20, ipv6_header = 40, tcp_header = 20,
                             udp_header = 8, icmp_header = 8;
inline constexpr std::uint8_t tcp_syn = 0x02, tcp_rst = 0x04, tcp_ack = 0x10;
inline constexpr std::uint8_t icmp_echo_reply = 0, icmp_unreachable = 3, icmp_echo_request = 8,
                              icmp_time_exceeded = 11, icmp_parameter_problem = 12;
inline constexpr std::uint8_t icmpv6_unreachable = 1, icmpv6_too_big = 2, icmpv6_time_exceeded = 3,
                              icmpv6_parameter_problem = 4, icmpv6_echo_request = 128,
                              icmpv6_echo_reply = 129;

inline void put16(std::uint8_t* at, unsigned value) noexcept {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
inline void put32(std::uint8_t* at, std::uint32_t value) noexcept {
  put16(at, value >> 16);
  put16(at + 2, value & 0xffff);
}
[[nodiscard]] inline std::uint16_t get16(const std::uint8_t* at) noexcept {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
[[nodiscard]] inline std::uint32_t get32(const std::uint8_t* at) noexcept {
  return std::uint32_t{get16(at)} << 16 | get16(at + 2);
}

using hardware_address = std::array<std::uint8_t, 6>;

/// The header of an Ethernet frame that carries IPv4 or IPv6.
[[nodiscard]] inline std::array<std::uint8_t, ethernet_size>
ethernet_header(const hardware_address& to, const hardware_address& from, bool v6) noexcept {
  std::array<std::uint8_t, ethernet_size> out;
  std::memcpy(out.data(), to.data(), to.size());
  std::memcpy(out.data() + 6, from.data(), from.size());
  put16(out.data() + 12, v6 ? 0x86dd : 0x0800);
  return out;
}

/// Sums of the 16-bit words of headers, as they lie in memory: the sum of one's complements is the same in
/// either byte order (RFC 1071 2(B)). Carries gather in the upper bits.
[[nodiscard]] inline std::uint64_t sum_of(std::span<const std::uint8_t> bytes) noexcept {
  std::uint64_t sum = 0;
  std::size_t at = 0;
  for (std::uint32_t word; at + sizeof word <= bytes.size(); at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    sum += word;
  }
  std::uint32_t rest = 0; // an odd byte is followed by zero, RFC 1071 4.1
  if (at < bytes.size())
    std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
  return sum + rest;
}
[[nodiscard]] inline std::uint64_t sum_of_word(std::uint16_t value) noexcept {
  return std::endian::native == std::endian::little ? std::uint16_t(value << 8 | value >> 8) : value;
}
[[nodiscard]] inline std::uint64_t sum_of_long(std::uint32_t value) noexcept {
  return sum_of_word(static_cast<std::uint16_t>(value >> 16)) +
         sum_of_word(static_cast<std::uint16_t>(value));
}
[[nodiscard]] inline std::uint64_t sum_of_address(const net::address& a) noexcept {
  return sum_of({a.bytes.data(), a.v6 ? 16u : 4u});
}
/// A sum without its carries: 0xffff where it is that of a good packet, its own checksum included.
[[nodiscard]] inline std::uint16_t folded(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}
/// Writes the checksum of a header whose own field was zero in the sum.
inline void put_sum(std::uint8_t* at, std::uint64_t sum) noexcept {
  const auto check = static_cast<std::uint16_t>(~folded(sum));
  std::memcpy(at, &check, sizeof check);
}

} // namespace postroad::scan
