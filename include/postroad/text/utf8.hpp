/// UTF-8: is it, and what to show where it is not. RFC 3629.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postroad::text {

/// Length of the well-formed UTF-8 sequence at the start of `s`, or 0. Overlong forms, surrogates and code
/// points above U+10FFFF are not well-formed (RFC 3629 section 3).
[[nodiscard]] constexpr std::size_t utf8_sequence(std::string_view s) noexcept {
  if (s.empty())
    return 0;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(s[i]); };
  const auto tail = [&](std::size_t i) { return i < s.size() && (byte(i) & 0xc0) == 0x80; };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!tail(1) || !tail(2))
      return 0;
    if (lead == 0xe0 && byte(1) < 0xa0)
      return 0; // overlong
    if (lead == 0xed && byte(1) > 0x9f)
      return 0; // surrogate
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3))
      return 0;
    if (lead == 0xf0 && byte(1) < 0x90)
      return 0; // overlong
    if (lead == 0xf4 && byte(1) > 0x8f)
      return 0; // above U+10FFFF
    return 4;
  }
  return 0;
}

[[nodiscard]] constexpr bool is_ascii(std::string_view s) noexcept {
  std::uint8_t all = 0; // no early end: the compiler takes sixteen bytes at a time
  for (const char c : s)
    all = static_cast<std::uint8_t>(all | static_cast<std::uint8_t>(c));
  return all < 0x80;
}

[[nodiscard]] constexpr bool is_utf8(std::string_view s) noexcept {
  if (is_ascii(s)) // nearly always, and much faster to see
    return true;
  while (!s.empty()) {
    const auto n = utf8_sequence(s);
    if (n == 0)
      return false;
    s.remove_prefix(n);
  }
  return true;
}

} // namespace postroad::text
