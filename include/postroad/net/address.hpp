/// IP addresses and endpoints as plain values. RFC 4291, RFC 5952.
#pragma once

#include <postroad/text/ascii.hpp>
#include <postroad/text/server.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>

namespace postroad::net {

/// An IPv4 or IPv6 address, bytes in network order; an IPv4 address uses the first four of them.
///
/// IPv4 sorts before IPv6, then by value. An IPv4-mapped IPv6 address stays IPv6: who wrote it meant it.
struct address {
  std::array<std::uint8_t, 16> bytes{};
  bool v6 = false;

  [[nodiscard]] static address v4(std::uint32_t host_order) noexcept {
    address a;
    for (std::size_t i = 0; i < 4; ++i)
      a.bytes[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return a;
  }
  /// From the 4 or 16 bytes of an A or AAAA record.
  [[nodiscard]] static address from_bytes(const std::uint8_t* data, std::size_t size) noexcept {
    address a;
    a.v6 = size == 16;
    std::memcpy(a.bytes.data(), data, a.v6 ? 16 : 4);
    return a;
  }
  [[nodiscard]] std::uint32_t to_v4() const noexcept {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
           bytes[3];
  }
  [[nodiscard]] unsigned bits() const noexcept { return v6 ? 128 : 32; }

  friend bool operator==(const address&, const address&) = default;
  friend std::strong_ordering operator<=>(const address& a, const address& b) noexcept {
    if (a.v6 != b.v6)
      return a.v6 <=> b.v6;
    return std::memcmp(a.bytes.data(), b.bytes.data(), 16) <=> 0;
  }
};

/// Reads "192.0.2.1" or "2001:db8::1"; no zone, no brackets, no octal or short forms.
[[nodiscard]] inline std::optional<address> parse_address(std::string_view s) noexcept {
  char text[INET6_ADDRSTRLEN];
  if (s.empty() || s.size() >= sizeof text)
    return std::nullopt;
  std::memcpy(text, s.data(), s.size());
  text[s.size()] = 0;
  if (std::memchr(text, 0, s.size()) != nullptr)
    return std::nullopt;
  address a;
  a.v6 = s.find(':') != std::string_view::npos;
  if (inet_pton(a.v6 ? AF_INET6 : AF_INET, text, a.bytes.data()) != 1)
    return std::nullopt;
  return a;
}

[[nodiscard]] inline std::string to_string(const address& a) {
  if (!a.v6)
    return text::dotted(a.bytes.data());
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, a.bytes.data(), text, sizeof text);
}

/// An address and a port.
struct endpoint {
  address ip;
  std::uint16_t port = 0;
  friend auto operator<=>(const endpoint&, const endpoint&) = default;
};

[[nodiscard]] inline std::string to_string(const endpoint& e) {
  auto text = to_string(e.ip);
  if (e.ip.v6)
    text = '[' + text + ']';
  text += ':';
  return text += std::to_string(e.port);
}

/// Reads an address with or without a port: "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53".
[[nodiscard]] inline std::optional<endpoint> parse_endpoint(std::string_view s, std::uint16_t default_port) {
  const auto split = text::split_port(s);
  if (!split)
    return std::nullopt;
  const auto ip = parse_address(split->host);
  if (!ip)
    return std::nullopt;
  return endpoint{*ip, split->port.value_or(default_port)};
}

struct address_hash {
  [[nodiscard]] std::size_t operator()(const address& a) const noexcept {
    std::uint64_t lo, hi;
    std::memcpy(&lo, a.bytes.data(), 8);
    std::memcpy(&hi, a.bytes.data() + 8, 8);
    const std::uint64_t mixed = (lo ^ (hi * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu + a.v6;
    return mixed ^ mixed >> 32;
  }
};
/// The endpoint as a key of few bytes: six for IPv4, which a std::string holds without memory of its own, 18
/// for IPv6. Equal exactly when the endpoints are.
[[nodiscard]] inline std::string packed(const endpoint& e) {
  constexpr std::size_t v4_size = 4, v6_size = 16;
  std::string key(reinterpret_cast<const char*>(e.ip.bytes.data()), e.ip.v6 ? v6_size : v4_size);
  key += static_cast<char>(e.port >> 8);
  key += static_cast<char>(e.port & 0xff);
  return key;
}

struct endpoint_hash {
  [[nodiscard]] std::size_t operator()(const endpoint& e) const noexcept {
    return address_hash{}(e.ip) * 31 + e.port;
  }
};

} // namespace postroad::net
