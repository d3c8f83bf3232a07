/// Domain names in wire form. RFC 1035 3.1, presentation form RFC 4343 2.1.
#pragma once

#include <postroad/result.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace postroad::dns {

/// A domain name: length-prefixed labels up to the root, held inline, so that copying never allocates.
///
/// The bytes stay as they came; equality and hash ignore ASCII case (RFC 4343 3). Length bytes are at most 63
/// and thus below 'A', so that lower-casing the whole wire form touches letters of labels only.
class name {
public:
  static constexpr std::size_t max_size = 255;      // RFC 1035 2.3.4, the root's byte included
  static constexpr std::size_t max_label_size = 63; // RFC 1035 2.3.4

  name() noexcept { bytes_[0] = 0; } ///< the root
  name(const name& other) noexcept : size_(other.size_) {
    std::memcpy(bytes_.data(), other.bytes_.data(), size_);
  }
  name& operator=(const name& other) noexcept {
    size_ = other.size_;
    std::memmove(bytes_.data(), other.bytes_.data(), size_);
    return *this;
  }

  [[nodiscard]] std::span<const std::uint8_t> wire() const noexcept { return {bytes_.data(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_root() const noexcept { return size_ == 1; }

  /// Adds a label before the root; false, and nothing done, when it is empty, too long or does not fit.
  bool append(std::span<const std::uint8_t> label) noexcept {
    if (label.empty() || label.size() > max_label_size || size_ + label.size() + 1 > max_size)
      return false;
    std::uint8_t* at = bytes_.data() + size_ - 1;
    *at = static_cast<std::uint8_t>(label.size());
    std::memcpy(at + 1, label.data(), label.size());
    size_ = static_cast<std::uint8_t>(size_ + label.size() + 1);
    bytes_[size_ - 1u] = 0;
    return true;
  }
  bool append(std::string_view label) noexcept {
    return append(std::span(reinterpret_cast<const std::uint8_t*>(label.data()), label.size()));
  }

  /// Without its first label; the root's parent is the root.
  [[nodiscard]] name parent() const noexcept {
    name up;
    if (is_root())
      return up;
    const std::size_t skip = bytes_[0] + 1u;
    up.size_ = static_cast<std::uint8_t>(size_ - skip);
    std::memcpy(up.bytes_.data(), bytes_.data() + skip, up.size_);
    return up;
  }

  [[nodiscard]] unsigned labels() const noexcept {
    unsigned n = 0;
    for (std::size_t i = 0; bytes_[i] != 0; i += bytes_[i] + 1u)
      ++n;
    return n;
  }

  /// Example: mx.example.org is within example.org, and example.org is within itself.
  [[nodiscard]] bool is_within(const name& zone) const noexcept {
    std::size_t i = 0;
    while (size_ - i > zone.size_)
      i += bytes_[i] + 1u;
    return size_ - i == zone.size_ && same(bytes_.data() + i, zone.bytes_.data(), zone.size_);
  }

  [[nodiscard]] name lowered() const noexcept {
    name low(*this);
    for (std::size_t i = 0; i < size_; ++i)
      low.bytes_[i] = lower(bytes_[i]);
    return low;
  }

  /// With letters in upper case where bit (i mod 64) for the byte at i of the wire form is set, else in lower
  /// case (0x20, draft-vixie-dnsext-dns0x20).
  [[nodiscard]] name spelled(std::uint64_t bits) const noexcept {
    name out(*this);
    for (std::size_t i = 0; i < size_; ++i) {
      const auto low = static_cast<std::uint8_t>(bytes_[i] | 0x20);
      if (low >= 'a' && low <= 'z')
        out.bytes_[i] = static_cast<std::uint8_t>(low ^ ((bits >> (i & 63) & 1) << 5));
    }
    return out;
  }

  friend bool operator==(const name& a, const name& b) noexcept {
    return a.size_ == b.size_ && same(a.bytes_.data(), b.bytes_.data(), a.size_);
  }

  /// FNV-1a over the lower-cased wire form.
  [[nodiscard]] std::size_t hash() const noexcept {
    std::uint64_t h = 0xcbf29ce484222325u;
    for (std::size_t i = 0; i < size_; ++i)
      h = (h ^ lower(bytes_[i])) * 0x100000001b3u;
    return h ^ h >> 32;
  }

  [[nodiscard]] static constexpr std::uint8_t lower(std::uint8_t c) noexcept {
    return static_cast<std::uint8_t>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  [[nodiscard]] static bool same(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
    if (std::memcmp(a, b, n) == 0)
      return true;
    for (std::size_t i = 0; i < n; ++i)
      if (lower(a[i]) != lower(b[i]))
        return false;
    return true;
  }

private:
  std::uint8_t size_ = 1;
  std::array<std::uint8_t, max_size> bytes_;
};

namespace detail {

/// Reads one character of presentation form at `at`, which moves past it: c, \c or \DDD (RFC 1035 5.1).
[[nodiscard]] inline result<std::uint8_t> unescape(std::string_view s, std::size_t& at) {
  const auto byte = static_cast<std::uint8_t>(s[at]);
  if (byte >= 0x80)
    return failure{at, "byte outside ASCII: IDN goes as A-labels", "RFC 5890 2.3.2.1"};
  if (byte != '\\')
    return ++at, byte;
  if (at + 1 >= s.size())
    return failure{at, "escape at the end", "RFC 1035 5.1"};
  if (!text::is_digit(s[at + 1])) {
    if (static_cast<std::uint8_t>(s[at + 1]) >= 0x80)
      return failure{at + 1, "byte outside ASCII: IDN goes as A-labels", "RFC 5890 2.3.2.1"};
    return at += 2, static_cast<std::uint8_t>(s[at - 1]);
  }
  const auto value = text::number<unsigned>(s.substr(at + 1, 3));
  if (at + 3 >= s.size() || !value || *value > 255)
    return failure{at, "escape is not \\000 to \\255", "RFC 1035 5.1"};
  return at += 4, static_cast<std::uint8_t>(*value);
}

/// Appends a label, escaped where it needs to be.
inline void append_label(std::string& out, std::span<const std::uint8_t> label) {
  const auto is_plain = [](std::uint8_t c) { return c > 0x20 && c < 0x7f && c != '.' && c != '\\'; };
  if (std::all_of(label.begin(), label.end(), is_plain)) {
    out.append(reinterpret_cast<const char*>(label.data()), label.size());
    return;
  }
  for (const std::uint8_t c : label) {
    if (c > 0x20 && c < 0x7f) {
      if (!is_plain(c))
        out += '\\';
      out += static_cast<char>(c);
    } else {
      out += '\\';
      out += static_cast<char>('0' + c / 100);
      out += static_cast<char>('0' + c / 10 % 10);
      out += static_cast<char>('0' + c % 10);
    }
  }
}

} // namespace detail

/// Reads presentation form: "example.org", "example.org.", "a\.b.example", "a\046b.example", "." is the root.
///
/// Errors: empty name, empty label, label above 63 bytes, name above 255 wire bytes, a byte of 0x80 and above
/// (U-labels become A-labels before they come here; raw UTF-8 is never sent).
/// Example: "_dmarc.example.org" gives 20 wire bytes.
[[nodiscard]] inline result<name> parse_name(std::string_view s) {
  name n;
  if (s == ".")
    return n;
  if (s.empty())
    return failure{0, "empty name", "RFC 1035 2.3.1"};
  std::array<std::uint8_t, name::max_label_size> label;
  std::size_t at = 0;
  while (at < s.size()) {
    const std::size_t start = at;
    std::size_t size = 0;
    while (at < s.size() && s[at] != '.') {
      const auto byte = detail::unescape(s, at);
      if (!byte)
        return failure(byte.error());
      if (size == label.size())
        return failure{start, "label longer than 63 bytes", "RFC 1035 2.3.4"};
      label[size++] = *byte;
    }
    if (size == 0)
      return failure{start, "empty label", "RFC 1035 2.3.1"};
    if (!n.append(std::span<const std::uint8_t>(label.data(), size)))
      return failure{start, "name longer than 255 bytes", "RFC 1035 2.3.4"};
    ++at; // the dot, which may be the last character
  }
  return n;
}

/// Presentation form as the bytes are, without the trailing dot; the root is ".".
///
/// A dot or backslash inside a label is escaped with a backslash, a byte outside 0x21..0x7e as \DDD, so that
/// a reader cannot mistake one label for two. parse_name(to_string(n)) == n for every name without bytes >=
/// 0x80 in the clear: those come out escaped and are read back, too.
[[nodiscard]] inline std::string to_string(const name& n) {
  if (n.is_root())
    return ".";
  std::string out;
  const auto wire = n.wire();
  out.reserve(wire.size());
  for (std::size_t i = 0; wire[i] != 0; i += wire[i] + 1u) {
    if (i != 0)
      out += '.';
    detail::append_label(out, wire.subspan(i + 1, wire[i]));
  }
  return out;
}

struct name_hash {
  [[nodiscard]] std::size_t operator()(const name& n) const noexcept { return n.hash(); }
};

} // namespace postroad::dns
