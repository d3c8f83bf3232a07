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
#include <utility>

namespace postroad::dns {

namespace detail {

/// Eight bytes at a time (Mycroft): which of them lie in [first, last], as 0x80 in their places. ASCII bounds
/// only.
[[nodiscard]] constexpr std::uint64_t bytes_between(std::uint64_t eight, std::uint8_t first,
                                                    std::uint8_t last) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  const std::uint64_t low = eight & ~tops;
  const std::uint64_t from = low + (0x80u - first) * ones, beyond = low + (0x7fu - last) * ones;
  return (from ^ beyond) & ~eight & tops;
}

/// Sets bit 5 of the letters among eight bytes: lower case.
[[nodiscard]] constexpr std::uint64_t lower_eight(std::uint64_t eight) noexcept {
  return eight | bytes_between(eight, 'A', 'Z') >> 2;
}

[[nodiscard]] inline std::uint64_t load_eight(const std::uint8_t* at) noexcept {
  std::uint64_t eight;
  std::memcpy(&eight, at, sizeof eight);
  return eight;
}
inline void store_eight(std::uint8_t* at, std::uint64_t eight) noexcept {
  std::memcpy(at, &eight, sizeof eight);
}

} // namespace detail

/// A domain name: length-prefixed labels up to the root.
///
/// Names of up to 63 wire bytes, which is nearly all there are, lie inside the object of one cache line;
/// longer ones on the heap. The bytes stay as they came; equality and hash ignore ASCII case (RFC 4343 3).
/// Length bytes are at most 63 and thus below 'A', so that lower-casing the whole wire form touches letters
/// of labels only.
class name {
public:
  static constexpr std::size_t max_size = 255;      // RFC 1035 2.3.4, the root's byte included
  static constexpr std::size_t max_label_size = 63; // RFC 1035 2.3.4

  name() noexcept = default; ///< the root
  name(const name& other) : size_(other.size_), storage_(other.storage_) {
    if (is_long())
      take_heap(other.data());
  }
  name(name&& other) noexcept : size_(other.size_), storage_(other.storage_) {
    if (is_long())
      other.become_root();
  }
  name& operator=(const name& other) {
    if (this != &other)
      *this = name(other);
    return *this;
  }
  name& operator=(name&& other) noexcept {
    if (this == &other)
      return *this;
    if (is_long())
      delete[] heap();
    size_ = other.size_;
    storage_ = other.storage_;
    if (is_long())
      other.become_root();
    return *this;
  }
  ~name() {
    if (is_long())
      delete[] heap();
  }

  [[nodiscard]] std::span<const std::uint8_t> wire() const noexcept { return {data(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_root() const noexcept { return size_ == 1; }
  /// What it holds beside itself, for caches that are bounded in bytes.
  [[nodiscard]] std::size_t heap_bytes() const noexcept { return is_long() ? max_size : 0; }

  /// Adds a label before the root; false, and nothing done, when it is empty, too long or does not fit.
  bool append(std::span<const std::uint8_t> label) {
    const std::size_t grown = size_ + label.size() + 1;
    if (label.empty() || label.size() > max_label_size || grown > max_size)
      return false;
    if (!is_long() && grown > short_size)
      take_heap(storage_.data());
    const std::size_t root = size_ - 1u;
    size_ = static_cast<std::uint8_t>(grown);
    std::uint8_t* at = data() + root;
    *at = static_cast<std::uint8_t>(label.size());
    std::memcpy(at + 1, label.data(), label.size());
    at[1 + label.size()] = 0;
    return true;
  }
  bool append(std::string_view label) {
    return append(std::span(reinterpret_cast<const std::uint8_t*>(label.data()), label.size()));
  }

  /// Without its first label; the root's parent is the root.
  [[nodiscard]] name parent() const {
    name up;
    const auto bytes = wire();
    for (std::size_t i = is_root() ? 0 : bytes[0] + 1u; bytes[i] != 0; i += bytes[i] + 1u)
      up.append(bytes.subspan(i + 1, bytes[i]));
    return up;
  }

  [[nodiscard]] unsigned labels() const noexcept {
    unsigned n = 0;
    const auto bytes = wire();
    for (std::size_t i = 0; bytes[i] != 0; i += bytes[i] + 1u)
      ++n;
    return n;
  }

  /// Example: mx.example.org is within example.org, and example.org is within itself.
  [[nodiscard]] bool is_within(const name& zone) const noexcept {
    const auto bytes = wire();
    std::size_t i = 0;
    while (bytes.size() - i > zone.size())
      i += bytes[i] + 1u;
    return bytes.size() - i == zone.size() && same(&bytes[i], zone.data(), zone.size());
  }

  [[nodiscard]] name lowered() const {
    name low(*this);
    std::uint8_t* const bytes = low.data();
    std::size_t i = 0;
    for (; i + 8 <= size_; i += 8)
      detail::store_eight(bytes + i, detail::lower_eight(detail::load_eight(bytes + i)));
    for (; i < size_; ++i)
      bytes[i] = lower(bytes[i]);
    return low;
  }

  /// With the case of letters set by `bits` (0x20, draft-vixie-dnsext-dns0x20): all bits 0, all lower case;
  /// all bits 1, all upper case; else each bit governs the letters at every 64th byte of the wire form.
  [[nodiscard]] name spelled(std::uint64_t bits) const {
    name out = lowered();
    std::uint8_t* const bytes = out.data();
    std::size_t i = 0;
    for (; i + 8 <= size_; i += 8) {
      const auto eight = detail::load_eight(bytes + i);
      // Byte k of the product keeps bit k of the eight bits, then any bit becomes 0x80.
      const auto chosen =
          ((bits >> (i & 63) & 0xff) * 0x0101010101010101 & 0x8040201008040201) + 0x7f7f7f7f7f7f7f7f;
      detail::store_eight(bytes + i, eight ^ (chosen & detail::bytes_between(eight, 'a', 'z')) >> 2);
    }
    for (; i < size_; ++i)
      if (bytes[i] >= 'a' && bytes[i] <= 'z')
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ (bits >> (i & 63) & 1) << 5);
    return out;
  }

  friend bool operator==(const name& a, const name& b) noexcept {
    return a.size_ == b.size_ && same(a.data(), b.data(), a.size_);
  }

  /// FNV-1a over the lower-cased wire form.
  [[nodiscard]] std::size_t hash() const noexcept {
    std::uint64_t h = 0xcbf29ce484222325u;
    for (const std::uint8_t c : wire())
      h = (h ^ lower(c)) * 0x100000001b3u;
    return h ^ h >> 32;
  }

  [[nodiscard]] static constexpr std::uint8_t lower(std::uint8_t c) noexcept {
    return static_cast<std::uint8_t>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  [[nodiscard]] static bool same(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
      if (detail::lower_eight(detail::load_eight(a + i)) != detail::lower_eight(detail::load_eight(b + i)))
        return false;
    for (; i < n; ++i)
      if (lower(a[i]) != lower(b[i]))
        return false;
    return true;
  }

private:
  static constexpr std::size_t short_size = 63; // with the size a cache line of 64

  [[nodiscard]] bool is_long() const noexcept { return size_ > short_size; }
  [[nodiscard]] std::uint8_t* heap() const noexcept {
    std::uint8_t* at;
    std::memcpy(&at, storage_.data(), sizeof at);
    return at;
  }
  [[nodiscard]] const std::uint8_t* data() const noexcept { return is_long() ? heap() : storage_.data(); }
  [[nodiscard]] std::uint8_t* data() noexcept { return is_long() ? heap() : storage_.data(); }

  /// Moves to a heap block of its own, with the `size_` bytes at `from` in it.
  void take_heap(const std::uint8_t* from) {
    auto* const block = new std::uint8_t[max_size];
    std::memcpy(block, from, size_);
    std::memcpy(storage_.data(), &block, sizeof block);
  }
  void become_root() noexcept {
    size_ = 1;
    storage_[0] = 0;
  }

  std::uint8_t size_ = 1;
  std::array<std::uint8_t, short_size> storage_{}; ///< the bytes, or the address of the heap block
};

namespace detail {

/// A character that stands for itself in presentation form, and is no separator.
[[nodiscard]] constexpr bool is_plain(std::uint8_t c) noexcept {
  return c > 0x20 && c < 0x7f && c != '.' && c != '\\';
}

/// Reads the escape at `at`, which moves past it: \c or \DDD (RFC 1035 5.1). Any other byte there is one that
/// a name cannot hold in the clear.
[[nodiscard]] inline result<std::uint8_t> unescape(std::string_view s, std::size_t& at) {
  const auto is_outside = [](char c) { return static_cast<std::uint8_t>(c) >= 0x80; };
  if (is_outside(s[at]))
    return failure{at, "byte outside ASCII: IDN goes as A-labels", "RFC 5890 2.3.2.1"};
  if (s[at] != '\\')
    return failure{at, "a blank or control character, which needs an escape", "RFC 1035 5.1"};
  if (at + 1 >= s.size())
    return failure{at, "escape at the end", "RFC 1035 5.1"};
  if (is_outside(s[at + 1]))
    return failure{at + 1, "byte outside ASCII: IDN goes as A-labels", "RFC 5890 2.3.2.1"};
  if (!text::is_digit(s[at + 1]))
    return at += 2, static_cast<std::uint8_t>(s[at - 1]);
  const auto value = text::number<unsigned>(s.substr(at + 1, 3));
  if (at + 3 >= s.size() || !value || *value > 255)
    return failure{at, "escape is not \\000 to \\255", "RFC 1035 5.1"};
  return at += 4, static_cast<std::uint8_t>(*value);
}

/// Appends a label, escaped where it needs to be.
inline void append_label(std::string& out, std::span<const std::uint8_t> label) {
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
      if (size == label.size())
        return failure{start, "label longer than 63 bytes", "RFC 1035 2.3.4"};
      if (const auto c = static_cast<std::uint8_t>(s[at]); detail::is_plain(c)) {
        label[size++] = c;
        ++at;
        continue;
      }
      const auto byte = detail::unescape(s, at);
      if (!byte)
        return failure(byte.error());
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

/// The same in lower case: how records spell names.
[[nodiscard]] inline std::string to_lower_string(const name& n) {
  std::string s = to_string(n);
  for (char& c : s)
    c = text::to_lower(c);
  return s;
}

struct name_hash {
  [[nodiscard]] std::size_t operator()(const name& n) const noexcept { return n.hash(); }
};

} // namespace postroad::dns
