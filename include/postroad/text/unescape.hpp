/// Reading a JSON string whose form is known to be good. RFC 8259 section 7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postroad::text {

namespace detail {

inline std::uint32_t hex4(std::string_view s) noexcept {
  std::uint32_t n = 0;
  for (const char c : s.substr(0, 4))
    n = n << 4 | static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  return n;
}

inline void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(static_cast<std::uint8_t>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6), put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  } else {
    put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  }
}

/// The code point of the \uXXXX at the start of `s`, with its low surrogate; takes them off. A lone surrogate
/// is U+FFFD.
inline std::uint32_t take_code_point(std::string_view& s) noexcept {
  const auto high = hex4(s.substr(2));
  s.remove_prefix(6);
  if (high < 0xd800 || high > 0xdfff)
    return high;
  const auto low = s.size() >= 6 && s[0] == '\\' && s[1] == 'u' ? hex4(s.substr(2)) : 0;
  if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
    return 0xfffd;
  s.remove_prefix(6);
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

} // namespace detail

/// The text of a JSON string, with its quotes around it, that a reader has found to be valid.
/// Example: "a\u00e9\n" gives a, é and a line feed.
[[nodiscard]] inline std::string json_unescaped(std::string_view raw) {
  if (raw.size() < 2)
    return {};
  std::string_view s = raw.substr(1, raw.size() - 2);
  std::string out;
  out.reserve(s.size());
  while (!s.empty()) {
    const auto plain = s.find('\\');
    out.append(s.substr(0, plain));
    if (plain == std::string_view::npos)
      break;
    s.remove_prefix(plain);
    if (s.size() < 2)
      break;
    if (s[1] == 'u' && s.size() >= 6) {
      detail::append_utf8(out, detail::take_code_point(s));
      continue;
    }
    static constexpr std::string_view names = "bfnrt", bytes = "\b\f\n\r\t";
    const auto at = names.find(s[1]);
    out += at == std::string_view::npos ? s[1] : bytes[at];
    s.remove_prefix(2);
  }
  return out;
}

} // namespace postroad::text
