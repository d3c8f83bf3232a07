/// Writing JSON: always valid UTF-8, one line, nothing of what the network said is lost. RFC 8259.
#pragma once

#include <postroad/text/base64.hpp>
#include <postroad/text/utf8.hpp>

#include <bit>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace postroad::text {

namespace detail {
inline void append_control(std::string& out, char c) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (c) {
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    out += "\\u00";
    out += hex[static_cast<std::uint8_t>(c) >> 4];
    out += hex[static_cast<std::uint8_t>(c) & 15];
  }
}
} // namespace detail

namespace detail {

/// How many of the eight bytes at `s` stand in a JSON string as they are: printable ASCII but quote and
/// backslash. A byte below a bound sets its top bit when the bound is taken off it, unless it was set
/// already; what it borrows spoils only bytes behind it.
[[nodiscard]] inline std::size_t plain_of_eight(const char* s) noexcept {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  const auto has_zero = [](std::uint64_t x) { return (x - ones) & ~x & tops; };
  std::uint64_t x;
  std::memcpy(&x, s, 8);
  const auto control = (x - ones * 0x20) & ~x & tops;
  const auto special =
      control | (x & tops) | has_zero(x ^ ones * '"') | has_zero(x ^ ones * '\\') | has_zero(x ^ ones * 0x7f);
  return static_cast<std::size_t>(std::countr_zero(special)) / 8;
}

/// Length of the run at the start of `s` that stands in a JSON string as it is.
[[nodiscard]] inline std::size_t plain_run(std::string_view s) noexcept {
  std::size_t at = 0;
  for (; at + 8 <= s.size(); at += 8)
    if (const auto n = plain_of_eight(s.data() + at); n < 8)
      return at + n;
  if (s.size() >= 8) // the last eight once more: those before `at` are plain
    return s.size() - 8 + plain_of_eight(s.data() + s.size() - 8);
  for (; at < s.size(); ++at) {
    const auto c = static_cast<std::uint8_t>(s[at]);
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
      break;
  }
  return at;
}

/// One byte or sequence that needs more than a copy; returns how many bytes it was.
inline std::size_t append_special(std::string& out, std::string_view s) {
  const auto c = static_cast<std::uint8_t>(s[0]);
  if (c < 0x80) {
    if (c == '"' || c == '\\')
      out.append({'\\', s[0]});
    else
      append_control(out, s[0]);
    return 1;
  }
  const auto n = utf8_sequence(s);
  if (n == 0)
    out += "\xef\xbf\xbd"; // U+FFFD
  else
    out.append(s.substr(0, n));
  return n == 0 ? 1 : n;
}

} // namespace detail

/// Appends `s` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD, one each.
/// Example: `a"b` gives "a\"b".
inline void append_json_string(std::string& out, std::string_view s) {
  auto plain = detail::plain_run(s);
  if (plain == s.size()) { // as nearly always: one growth for all of it
    out.append(plain + 2, '"');
    std::memcpy(out.data() + out.size() - plain - 1, s.data(), plain);
    return;
  }
  out += '"';
  for (; !s.empty(); plain = detail::plain_run(s)) {
    out.append(s.substr(0, plain));
    s.remove_prefix(plain);
    if (!s.empty())
      s.remove_prefix(detail::append_special(out, s));
  }
  out += '"';
}

/// Builds one JSON value at the end of a string, with the commas in the right places.
///
/// Example: `json_writer w(out); w.object().member("code", 250).member("text", "ok").end();` appends
/// {"code":250,"text":"ok"}. Calls must nest properly; members need an open object, values an open array.
class json_writer {
public:
  explicit json_writer(std::string& out) : out_(out) {}

  json_writer& object() { return open('{'); }
  json_writer& array() { return open('['); }
  json_writer& end() { // closes what was opened last
    const bool was_object = (objects_ & 1u) != 0;
    objects_ >>= 1;
    out_ += was_object ? '}' : ']';
    comma_ = true;
    return *this;
  }
  /// `name` is one of ours: ASCII without quotes and backslashes.
  json_writer& key(std::string_view name) {
    const auto start = out_.size();
    out_.append(name.size() + (comma_ ? 4 : 3), '"');
    char* to = out_.data() + start + (comma_ ? 1 : 0);
    if (comma_)
      to[-1] = ',';
    std::memcpy(to + 1, name.data(), name.size());
    to[name.size() + 2] = ':';
    comma_ = false;
    return *this;
  }

  /// Any name, such as one that was measured.
  json_writer& any_key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    comma_ = false;
    return *this;
  }

  json_writer& value(std::string_view s) { return separate(), append_json_string(out_, s), done(); }
  json_writer& value(const char* s) { return value(std::string_view(s)); }
  json_writer& value(const std::string& s) { return value(std::string_view(s)); }
  json_writer& value(bool b) { return raw(b ? "true" : "false"); }
  json_writer& value(std::nullptr_t) { return raw("null"); }
  template <std::integral T>
  json_writer& value(T n) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
    return raw({digits, static_cast<std::size_t>(end - digits)});
  }
  /// A number with three decimals at most; JSON knows no NaN and no infinity, they become null.
  json_writer& value(double x) {
    if (!(x > -1e18 && x < 1e18))
      return raw("null");
    char digits[40];
    auto end = std::to_chars(digits, digits + sizeof digits, x, std::chars_format::fixed, 3).ptr;
    while (end[-1] == '0')
      --end;
    if (end[-1] == '.')
      --end;
    return raw({digits, static_cast<std::size_t>(end - digits)});
  }
  /// Text that is JSON already.
  json_writer& raw(std::string_view json) { return separate(), out_.append(json), done(); }

  template <class T>
  json_writer& member(std::string_view name, const T& v) {
    return key(name), value(v);
  }
  json_writer& member_raw(std::string_view name, std::string_view json) { return key(name), raw(json); }
  /// Bytes from the network: NAME as text and, where that is not exact, NAME_b64 beside it.
  json_writer& member_bytes(std::string_view name, std::string_view bytes) {
    member(name, bytes);
    if (is_utf8(bytes))
      return *this;
    key(std::string(name) + "_b64");
    separate();
    out_ += '"';
    append_base64(out_, bytes);
    out_ += '"';
    return done();
  }
  /// Milliseconds with three decimals at most: integers all the way, for printing a double costs as much as
  /// a whole look-up of a name.
  json_writer& member_milliseconds(std::string_view name, std::chrono::microseconds t) {
    const auto us = t.count() > 0 ? t.count() : 0;
    char digits[32];
    char* end = std::to_chars(digits, digits + 24, us / 1000).ptr;
    if (auto rest = us % 1000; rest != 0) {
      *end++ = '.';
      for (long unit = 100; rest != 0; rest %= unit, unit /= 10)
        *end++ = static_cast<char>('0' + rest / unit);
    }
    return member_raw(name, {digits, static_cast<std::size_t>(end - digits)});
  }
  template <class Range>
  json_writer& member_list(std::string_view name, const Range& items) {
    key(name).array();
    for (const auto& item : items)
      value(item);
    return end();
  }

private:
  json_writer& open(char bracket) {
    separate();
    out_ += bracket;
    objects_ = objects_ << 1 | (bracket == '{' ? 1u : 0u);
    comma_ = false;
    return *this;
  }
  void separate() {
    if (comma_)
      out_ += ',';
    comma_ = false;
  }
  json_writer& done() {
    comma_ = true;
    return *this;
  }

  std::string& out_;
  std::uint64_t objects_ =
      0; // one bit a level, the innermost lowest: 64 levels are more than any record of ours has
  bool comma_ = false;
};

} // namespace postroad::text
