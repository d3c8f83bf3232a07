/// CIDR prefixes and sets of them. RFC 4632, RFC 4291 2.3.
#pragma once

#include <postroad/net/address.hpp>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace postroad::net {

struct prefix {
  address base; ///< host bits are zero
  unsigned length = 0;

  [[nodiscard]] address last() const noexcept;
  [[nodiscard]] bool contains(const address& a) const noexcept;
  friend bool operator==(const prefix&, const prefix&) = default;
};

namespace detail {
/// Sets all bits behind the first `keep` to `bit`.
inline address with_tail(address a, unsigned keep, bool bit) noexcept {
  for (unsigned i = keep; i < a.bits(); ++i) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (i % 8));
    auto& byte = a.bytes[i / 8];
    byte = static_cast<std::uint8_t>(bit ? byte | mask : byte & ~mask);
  }
  return a;
}
} // namespace detail

/// The network of `length` bits that holds `a`. Example: network_of(192.0.2.77, 24) is 192.0.2.0/24.
[[nodiscard]] inline prefix network_of(const address& a, unsigned length) noexcept {
  return {detail::with_tail(a, length, false), length};
}
inline address prefix::last() const noexcept {
  return detail::with_tail(base, length, true);
}
inline bool prefix::contains(const address& a) const noexcept {
  return a.v6 == base.v6 && network_of(a, length).base == base;
}

/// Reads "192.0.2.0/24", "2001:db8::/32" or a single address. Host bits are cleared.
[[nodiscard]] inline std::optional<prefix> parse_prefix(std::string_view s) noexcept {
  const auto slash = s.find('/');
  const auto ip = parse_address(s.substr(0, slash));
  if (!ip)
    return std::nullopt;
  if (slash == std::string_view::npos)
    return prefix{*ip, ip->bits()};
  const auto length = text::number<unsigned>(s.substr(slash + 1));
  if (!length || *length > ip->bits())
    return std::nullopt;
  return network_of(*ip, *length);
}

/// A set of addresses that answers in O(log n). Overlapping prefixes are fine.
class prefix_set {
public:
  prefix_set() = default;
  prefix_set(std::initializer_list<std::string_view> texts) {
    for (const auto text : texts)
      insert(*parse_prefix(text));
  }
  void insert(const prefix& p) {
    ranges_.push_back({p.base, p.last()});
    sorted_ = false;
  }
  [[nodiscard]] bool contains(const address& a) const {
    if (!sorted_)
      sort();
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), a,
                                        [](const address& x, const range& r) { return x < r.first; });
    return after != ranges_.begin() && a <= std::prev(after)->last;
  }
  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }

  struct range {
    address first, last;
  };
  /// What was inserted, as ranges; some may overlap.
  [[nodiscard]] const std::vector<range>& ranges() const noexcept { return ranges_; }

private:
  /// Sorts and merges, so that one look at the neighbour below decides.
  void sort() const {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const range& a, const range& b) { return a.first < b.first; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      if (kept > 0 && ranges_[i].first <= ranges_[kept - 1].last)
        ranges_[kept - 1].last = std::max(ranges_[kept - 1].last, ranges_[i].last);
      else
        ranges_[kept++] = ranges_[i];
    }
    ranges_.resize(kept);
    sorted_ = true;
  }
  mutable std::vector<range> ranges_;
  mutable bool sorted_ = true;
};

} // namespace postroad::net
