/// Sets of addresses of both families, exact.
#pragma once

#include <postroad/net/interval_set.hpp>
#include <postroad/net/prefix.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace postroad::net {

[[nodiscard]] inline uint128 to_number(const address& a) noexcept {
  uint128 n = 0;
  for (std::size_t i = 0; i < (a.v6 ? 16u : 4u); ++i)
    n = n << 8 | a.bytes[i];
  return n;
}

[[nodiscard]] inline address to_address(uint128 n, bool v6) noexcept {
  address a;
  a.v6 = v6;
  for (std::size_t i = v6 ? 16 : 4; i-- > 0; n >>= 8)
    a.bytes[i] = static_cast<std::uint8_t>(n);
  return a;
}

/// Which addresses, of both families.
struct address_set {
  ipv4_set ipv4;
  ipv6_set ipv6;

  [[nodiscard]] static address_set whole() { return {ipv4_set::whole(), ipv6_set::whole()}; }
  [[nodiscard]] static address_set of(const std::vector<prefix>& all) {
    std::vector<ipv4_set::range> v4;
    std::vector<ipv6_set::range> v6;
    for (const auto& p : all)
      if (p.base.v6)
        v6.push_back(range_of(block<uint128>{to_number(p.base), p.length}));
      else
        v4.push_back(range_of(block<std::uint32_t>{p.base.to_v4(), p.length}));
    return {ipv4_set::of(std::move(v4)), ipv6_set::of(std::move(v6))};
  }
  [[nodiscard]] static address_set of(const prefix_set& all) {
    std::vector<ipv4_set::range> v4;
    std::vector<ipv6_set::range> v6;
    for (const auto& r : all.ranges())
      if (r.first.v6)
        v6.push_back({to_number(r.first), to_number(r.last)});
      else
        v4.push_back({r.first.to_v4(), r.last.to_v4()});
    return {ipv4_set::of(std::move(v4)), ipv6_set::of(std::move(v6))};
  }
  [[nodiscard]] bool contains(const address& a) const noexcept {
    return a.v6 ? ipv6.contains(to_number(a)) : ipv4.contains(a.to_v4());
  }
  [[nodiscard]] bool empty() const noexcept { return ipv4.empty() && ipv6.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return ipv4.bytes() + ipv6.bytes(); }

  address_set& operator|=(const address_set& o) { return ipv4 |= o.ipv4, ipv6 |= o.ipv6, *this; }
  address_set& operator-=(const address_set& o) { return ipv4 -= o.ipv4, ipv6 -= o.ipv6, *this; }
  address_set& operator&=(const address_set& o) { return ipv4 &= o.ipv4, ipv6 &= o.ipv6, *this; }
  friend address_set operator|(address_set a, const address_set& b) { return a |= b; }
  friend address_set operator-(address_set a, const address_set& b) { return a -= b; }
  friend address_set operator&(address_set a, const address_set& b) { return a &= b; }
  friend bool operator==(const address_set&, const address_set&) = default;
};

} // namespace postroad::net
