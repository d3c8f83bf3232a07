/// Whom a scan asks: addresses and ports, counted through.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/net/address_set.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace postroad::scan {

/// Every address of a set on every port of a list, each with a number from 0 to size() - 1.
///
/// IPv4 comes first; the ports of one address are neighbours. Sets of up to 2^62 targets.
/// Example: targets({192.0.2.0/30}, {25, 587}) has 8; number 3 is 192.0.2.1, port 587.
class targets {
public:
  static constexpr std::uint64_t most = std::uint64_t{1} << 62;

  targets(const net::address_set& addresses, std::vector<std::uint16_t> ports)
      : ports_(std::move(ports)), v4_(addresses.ipv4), v6_(addresses.ipv6) {}

  /// How many there are; nothing when they are more than can be counted.
  [[nodiscard]] static std::optional<std::uint64_t> count(const net::address_set& addresses,
                                                          std::size_t ports) noexcept {
    if (addresses.ipv6.is_whole())
      return std::nullopt;
    const auto in_v6 = addresses.ipv6.size();
    if (in_v6 > most)
      return std::nullopt;
    const auto all = (addresses.ipv4.size() + in_v6) * ports;
    return all > most ? std::nullopt : std::optional(static_cast<std::uint64_t>(all));
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return addresses() * ports_.size(); }
  [[nodiscard]] std::uint64_t addresses() const noexcept { return v4_.size + v6_.size; }
  [[nodiscard]] const std::vector<std::uint16_t>& ports() const noexcept { return ports_; }

  /// The target of a number below size().
  [[nodiscard]] net::endpoint at(std::uint64_t number) const noexcept {
    const auto address = ports_.size() == 1 ? number : number / ports_.size();
    const auto port = ports_.size() == 1 ? 0 : number % ports_.size();
    if (address < v4_.size)
      return {net::address::v4(v4_.at(address)), ports_[port]};
    return {net::to_address(v6_.at(address - v4_.size), true), ports_[port]};
  }

  /// The number of a target, or nothing when it is none of these.
  [[nodiscard]] std::optional<std::uint64_t> number_of(const net::endpoint& e) const noexcept {
    const auto port = std::find(ports_.begin(), ports_.end(), e.port);
    if (port == ports_.end())
      return std::nullopt;
    auto address = e.ip.v6 ? v6_.number_of(net::to_number(e.ip)) : v4_.number_of(e.ip.to_v4());
    if (!address)
      return std::nullopt;
    if (e.ip.v6)
      *address += v4_.size;
    return *address * ports_.size() + static_cast<std::uint64_t>(port - ports_.begin());
  }

private:
  /// The ranges of one family with the number of the first address of each.
  template <class U>
  struct counted {
    std::vector<net::interval<U>> ranges;
    std::vector<std::uint64_t> starts;
    std::uint64_t size = 0;

    explicit counted(const net::interval_set<U>& set) : ranges(set.ranges()) {
      starts.reserve(ranges.size());
      for (const auto& r : ranges) {
        starts.push_back(size);
        size += static_cast<std::uint64_t>(r.last - r.first) + 1;
      }
    }
    [[nodiscard]] U at(std::uint64_t number) const noexcept {
      const auto i = last_not_above(number);
      return static_cast<U>(ranges[i].first + static_cast<U>(number - starts[i]));
    }
    [[nodiscard]] std::optional<std::uint64_t> number_of(U address) const noexcept {
      const auto after = std::upper_bound(ranges.begin(), ranges.end(), address,
                                          [](U x, const net::interval<U>& r) { return x < r.first; });
      if (after == ranges.begin() || address > std::prev(after)->last)
        return std::nullopt;
      const auto i = static_cast<std::size_t>(after - ranges.begin()) - 1;
      return starts[i] + static_cast<std::uint64_t>(address - ranges[i].first);
    }

  private:
    /// The index of the last start that is not above `number`: a binary search without branches, since the
    /// numbers come at random.
    [[nodiscard]] std::size_t last_not_above(std::uint64_t number) const noexcept {
      const auto* base = starts.data();
      for (std::size_t left = starts.size(); left > 1;) {
        const auto half = left / 2;
        base += base[half] <= number ? half : 0;
        left -= half;
      }
      return static_cast<std::size_t>(base - starts.data());
    }
  };

  std::vector<std::uint16_t> ports_;
  counted<std::uint32_t> v4_;
  counted<net::uint128> v6_;
};

} // namespace postroad::scan
