/// Seeded draws. Every part of the world draws from a stream of its own, named by its purpose, so that a new
/// draw in one part leaves all others as they were.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace world {

/// FNV-1a, 64 bits: a name becomes a number that is the same on every machine.
inline std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const char c : text)
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return h;
}

/// splitmix64 (Steele, Lea, Flood 2014): small, seedable by any number, and the same everywhere; the engines
/// of <random> are as well, but its distributions are not.
class random_stream {
public:
  random_stream(std::uint64_t seed, std::string_view purpose) : state_(seed ^ hash(purpose)) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  /// A number in [0, limit); limit > 0. The bias of the remainder is below 2^-32 for the limits used here.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }
  /// A number in [0, 1).
  double share() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double p) { return share() < p; }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  template <class T>
  void shuffle(std::vector<T>& all) {
    for (std::size_t i = all.size(); i > 1; --i)
      std::swap(all[i - 1], all[below(i)]);
  }

private:
  std::uint64_t state_;
};

} // namespace world
