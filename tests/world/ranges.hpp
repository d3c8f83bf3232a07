/// Sets of addresses, plainly: for counting, not for speed.
#pragma once

#include <asio/ip/address.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace world {

__extension__ using wide = unsigned __int128;

/// Addresses of one family, as ascending ranges that neither touch nor overlap; both ends belong to them.
using ranges = std::vector<std::pair<wide, wide>>;

inline constexpr wide last4 = 0xffffffffU, last6 = ~wide{0};

ranges tidy(ranges all);
ranges both(ranges a, const ranges& b);
ranges without(const ranges& from, const ranges& holes);
ranges common(const ranges& a, const ranges& b);

/// The fewest networks that make up a set, counted by halving: a block is whole, or empty, or both of its
/// halves are looked at.
struct networks {
  std::size_t count = 0;
  std::optional<unsigned> widest; ///< bits
};
networks networks_of(const ranges& set, wide last);

/// The network of an address.
std::pair<wide, wide> network(const asio::ip::address& ip, unsigned bits);
/// IANA's IPv4 registry, what is not globally reachable; multicast; class E.
const ranges& special4();

/// How many addresses; all of 2^128 is 0.
wide count_of(const ranges& set);
/// Decimal digits.
std::string decimal(wide n);

} // namespace world
