/// How a server is written down: an address or a name, with or without a port. RFC 3986 3.2.2 for the
/// brackets.
#pragma once

#include <postroad/text/ascii.hpp>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>

namespace postroad::text {

struct host_and_port {
  std::string_view host;
  std::optional<std::uint16_t> port;
};

/// Splits "host", "host:25", "192.0.2.1:25", "2001:db8::1", "[2001:db8::1]" and "[2001:db8::1]:25". Nothing
/// when a port is announced and is none (0 is none), or a bracket is not closed.
[[nodiscard]] inline std::optional<host_and_port> split_port(std::string_view s) noexcept {
  std::string_view host = s, port;
  bool announced = false;
  if (s.starts_with('[')) {
    const auto close = s.find(']');
    if (close == std::string_view::npos)
      return std::nullopt;
    host = s.substr(1, close - 1);
    port = s.substr(close + 1);
    announced = !port.empty();
    if (announced && port[0] != ':')
      return std::nullopt;
  } else if (const auto colon = s.find(':'); colon != std::string_view::npos && s.rfind(':') == colon) {
    host = s.substr(0, colon);
    port = s.substr(colon);
    announced = true;
  }
  if (!announced)
    return host_and_port{host, std::nullopt};
  const auto value = number<std::uint16_t>(port.substr(1));
  if (!value || *value == 0)
    return std::nullopt;
  return host_and_port{host, value};
}

/// The four bytes of an IPv4 address as text; inet_ntop does it with printf.
[[nodiscard]] inline std::string dotted(const unsigned char* bytes) {
  char shown[INET_ADDRSTRLEN];
  char* end = shown;
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned n = bytes[i];
    if (i > 0)
      *end++ = '.';
    if (n >= 100)
      *end++ = static_cast<char>('0' + n / 100);
    if (n >= 10)
      *end++ = static_cast<char>('0' + n / 10 % 10);
    *end++ = static_cast<char>('0' + n % 10);
  }
  return {shown, end};
}

/// An address in its canonical text (RFC 5952), or nothing where `s` is no address. Example: "2001:DB8:0::1"
/// gives "2001:db8::1".
[[nodiscard]] inline std::optional<std::string> canonical_address(std::string_view s) {
  const bool colons = s.find(':') != std::string_view::npos;
  if (s.empty() || (!colons && !is_digit(s.back()))) // most names end here
    return std::nullopt;
  unsigned char bytes[16];
  const int family = colons ? AF_INET6 : AF_INET;
  const std::string text(s);
  if (std::strlen(text.c_str()) != s.size() || inet_pton(family, text.c_str(), bytes) != 1)
    return std::nullopt;
  if (!colons)
    return dotted(bytes);
  char shown[INET6_ADDRSTRLEN];
  return std::string(inet_ntop(family, bytes, shown, sizeof shown));
}

} // namespace postroad::text
