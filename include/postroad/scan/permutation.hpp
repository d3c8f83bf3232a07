/// A random order of the numbers below a bound in which every place is computed by itself, both ways.
#pragma once

#include <postroad/net/interval_set.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace postroad::scan {

/// The numbers 0 to size - 1 in an order that the seed chooses.
///
/// A place is all there is to know about how far a scan has come: shards take every n-th place, a scan that
/// was interrupted goes on at the next, and an answer's place tells when its probe left. It is a Feistel
/// network over pairs (row, column), whose rounds add to one half a hash of the other; the pairs are a few
/// more than the numbers, and a pair beyond them is put through again until it is one of them ("cycle
/// walking": Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002).
///
/// Up to 2^63 numbers. Not for secrets: who sees a few places may find the seed.
/// Example: permutation order(1000, 7); order.place_of(order.at(42)) is 42.
class permutation {
public:
  static constexpr std::uint64_t most = std::uint64_t{1} << 63;

  permutation(std::uint64_t size, std::uint64_t seed) noexcept : size_(size) {
    columns_ = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(size)));
    while (columns_ == 0 || columns_ * columns_ < size) // the root is rounded
      ++columns_;
    rows_ = (size + columns_ - 1) / columns_;
    if (rows_ == 0)
      rows_ = 1;
    for (auto& key : keys_)
      key = next_key(seed);
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// The number at a place below size().
  [[nodiscard]] std::uint64_t at(std::uint64_t place) const noexcept {
    do
      place = once(place);
    while (place >= size_);
    return place;
  }

  /// The place of a number below size().
  [[nodiscard]] std::uint64_t place_of(std::uint64_t number) const noexcept {
    do
      number = back(number);
    while (number >= size_);
    return number;
  }

private:
  static constexpr std::size_t rounds =
      8; // four for each half: the first and the last pair mix, two to spare

  /// splitmix64 (Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, 2014).
  static std::uint64_t next_key(std::uint64_t& state) noexcept {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  /// A number below `bound`, which is at most 2^32: the halves of a product of 128 bits, one over the other
  /// (as in wyhash), whose upper bits then are scaled.
  static std::uint64_t mixed(std::uint64_t key, std::uint64_t half, std::uint64_t bound) noexcept {
    const auto product = static_cast<net::uint128>(half ^ key) * (key | 1);
    const auto z = static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
    return (z >> 32) * bound >> 32;
  }

  [[nodiscard]] std::uint64_t once(std::uint64_t x) const noexcept {
    std::uint64_t row = x / columns_, column = x % columns_;
    for (std::size_t i = 0; i < rounds; i += 2) {
      row += mixed(keys_[i], column, rows_);
      row -= row >= rows_ ? rows_ : 0;
      column += mixed(keys_[i + 1], row, columns_);
      column -= column >= columns_ ? columns_ : 0;
    }
    return row * columns_ + column;
  }
  [[nodiscard]] std::uint64_t back(std::uint64_t x) const noexcept {
    std::uint64_t row = x / columns_, column = x % columns_;
    for (std::size_t i = rounds; i > 0; i -= 2) {
      column += columns_ - mixed(keys_[i - 1], row, columns_);
      column -= column >= columns_ ? columns_ : 0;
      row += rows_ - mixed(keys_[i - 2], column, rows_);
      row -= row >= rows_ ? rows_ : 0;
    }
    return row * columns_ + column;
  }

  std::uint64_t size_, rows_ = 1, columns_ = 1;
  std::array<std::uint64_t, rounds> keys_{};
};

} // namespace postroad::scan
