/// Sets of numbers as sorted ranges: exact unions, differences, sizes, and the fewest prefixes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace postroad::net {

__extension__ using uint128 = unsigned __int128;

/// Both ends belong to it: an end behind the last would not fit the type.
template <class U>
struct interval {
  U first{}, last{};
  friend bool operator==(const interval&, const interval&) = default;
};

/// A block of addresses: the numbers whose first `length` bits are those of `base`.
template <class U>
struct block {
  U base{};
  unsigned length = 0;
  friend bool operator==(const block&, const block&) = default;
};

template <class U>
[[nodiscard]] constexpr interval<U> range_of(const block<U>& b) noexcept {
  constexpr unsigned bits = 8 * sizeof(U);
  const U host = b.length == 0 ? static_cast<U>(~U{0}) : static_cast<U>((U{1} << (bits - b.length)) - 1);
  const U first = static_cast<U>(b.base & static_cast<U>(~host));
  return {first, static_cast<U>(first | host)};
}

/// n in decimal.
[[nodiscard]] inline std::string to_decimal(uint128 n) {
  std::string reversed;
  do {
    reversed += static_cast<char>('0' + static_cast<unsigned>(n % 10));
    n /= 10;
  } while (n != 0);
  return {reversed.rbegin(), reversed.rend()};
}

/// A set of unsigned numbers of one width: IPv4 addresses in 32 bits, IPv6 addresses in 128.
///
/// Kept as ranges, ascending, with a gap between any two: two sets are equal when their ranges are. Union,
/// difference and intersection are one sweep over both.
/// Example: interval_set<std::uint32_t>::of({{0, 4}, {5, 9}}).ranges() is {{0, 9}}.
template <class U>
class interval_set {
public:
  static constexpr unsigned bits = 8 * sizeof(U);
  static constexpr U top = static_cast<U>(~U{0});
  using range = interval<U>;

  interval_set() = default;
  /// Of ranges in any order, overlapping or not.
  [[nodiscard]] static interval_set of(std::vector<range> all) {
    std::sort(all.begin(), all.end(), [](const range& a, const range& b) { return a.first < b.first; });
    interval_set s;
    s.ranges_.reserve(all.size());
    for (const auto& r : all)
      s.append(r);
    return s;
  }
  [[nodiscard]] static interval_set whole() { return of({{0, top}}); }

  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  [[nodiscard]] bool is_whole() const noexcept { return ranges_.size() == 1 && ranges_[0] == range{0, top}; }
  [[nodiscard]] const std::vector<range>& ranges() const noexcept { return ranges_; }
  [[nodiscard]] bool contains(U n) const noexcept {
    const auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), n, [](U x, const range& r) { return x < r.first; });
    return after != ranges_.begin() && n <= std::prev(after)->last;
  }
  /// How many numbers it holds, modulo 2^128: of all that IPv6 has, that is 0.
  [[nodiscard]] uint128 size() const noexcept {
    uint128 n = 0;
    for (const auto& r : ranges_)
      n += static_cast<uint128>(r.last) - r.first + 1;
    return n;
  }
  /// The same in decimal, without the modulo.
  [[nodiscard]] std::string count() const {
    if (bits == 128 && is_whole())
      return "340282366920938463463374607431768211456";
    return to_decimal(size());
  }

  interval_set& operator|=(const interval_set& other) {
    if (!other.empty())
      *this = empty() ? other : merged(other);
    return *this;
  }
  interval_set& operator-=(const interval_set& other) {
    if (!empty() && !other.empty())
      *this = without(other);
    return *this;
  }
  interval_set& operator&=(const interval_set& other) {
    *this = common(other);
    return *this;
  }
  friend interval_set operator|(interval_set a, const interval_set& b) { return a |= b; }
  friend interval_set operator-(interval_set a, const interval_set& b) { return a -= b; }
  friend interval_set operator&(interval_set a, const interval_set& b) { return a &= b; }
  friend bool operator==(const interval_set&, const interval_set&) = default;

  /// Calls `f` for the fewest blocks that make up the set, ascending.
  template <class F>
  void each_block(F&& f) const {
    for (const auto& r : ranges_)
      split(r, f);
  }
  [[nodiscard]] std::size_t blocks() const {
    std::size_t n = 0;
    each_block([&](const block<U>&) { ++n; });
    return n;
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return ranges_.capacity() * sizeof(range); }

private:
  /// Behind all others, or touching the last.
  void append(const range& r) {
    const bool touches =
        !ranges_.empty() && (ranges_.back().last == top || r.first <= ranges_.back().last + 1);
    if (touches)
      ranges_.back().last = std::max(ranges_.back().last, r.last);
    else
      ranges_.push_back(r);
  }
  [[nodiscard]] interval_set merged(const interval_set& other) const {
    interval_set s;
    s.ranges_.reserve(ranges_.size() + other.ranges_.size());
    auto a = ranges_.begin(), b = other.ranges_.begin();
    while (a != ranges_.end() || b != other.ranges_.end()) {
      const bool left = b == other.ranges_.end() || (a != ranges_.end() && a->first < b->first);
      s.append(left ? *a++ : *b++);
    }
    return s;
  }
  [[nodiscard]] interval_set without(const interval_set& other) const {
    interval_set s;
    auto hole = other.ranges_.begin();
    for (auto r : ranges_) {
      while (hole != other.ranges_.end() && hole->last < r.first)
        ++hole;
      bool used_up = false;
      for (; hole != other.ranges_.end() && hole->first <= r.last; ++hole) {
        if (r.first < hole->first)
          s.ranges_.push_back({r.first, static_cast<U>(hole->first - 1)});
        used_up = hole->last >= r.last;
        if (used_up) // and it may reach into the next range
          break;
        r.first = static_cast<U>(hole->last + 1);
      }
      if (!used_up)
        s.ranges_.push_back(r);
    }
    return s;
  }
  [[nodiscard]] interval_set common(const interval_set& other) const {
    interval_set s;
    auto a = ranges_.begin(), b = other.ranges_.begin();
    while (a != ranges_.end() && b != other.ranges_.end()) {
      const U first = std::max(a->first, b->first), last = std::min(a->last, b->last);
      if (first <= last)
        s.ranges_.push_back({first, last});
      a->last < b->last ? ++a : ++b;
    }
    return s;
  }

  [[nodiscard]] static unsigned zeros_behind(U n) noexcept {
    if constexpr (bits == 128) {
      const auto low = static_cast<std::uint64_t>(n), high = static_cast<std::uint64_t>(n >> 64);
      return static_cast<unsigned>(low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(high));
    } else {
      return static_cast<unsigned>(std::countr_zero(n));
    }
  }
  /// The largest block that starts where the range does and fits it, again and again.
  template <class F>
  static void split(range r, F& f) {
    for (;;) {
      unsigned size = zeros_behind(r.first); // of the block, as a power of two; of 0: all bits
      const U rest = static_cast<U>(r.last - r.first);
      while (size > 0 && (size == bits ? top : static_cast<U>((U{1} << size) - 1)) > rest)
        --size;
      f(block<U>{r.first, bits - size});
      const U step = size == bits ? top : static_cast<U>((U{1} << size) - 1);
      if (step >= rest)
        return;
      r.first = static_cast<U>(r.first + step + 1);
    }
  }

  std::vector<range> ranges_;
};

using ipv4_set = interval_set<std::uint32_t>;
using ipv6_set = interval_set<uint128>;

} // namespace postroad::net
