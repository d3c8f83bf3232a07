/// How many different values there were, nearly, in 16 KiB at most: HyperLogLog with 2^14 registers.
#pragma once

#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::study {

/// Sketches of parts merge, in any order, to exactly the sketch of the whole. Estimates by Ertl, "New
/// cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6; the standard error is 0.8
/// %.
///
/// Example: sketch s; s.add(hash_of("a")); s.add(hash_of("a")); s.estimate() is 1.
class sketch {
public:
  void add(std::uint64_t hash) {
    const auto at = static_cast<std::uint32_t>(hash >> rest_bits);
    const auto rest = hash << precision | std::uint64_t{1} << (precision - 1);
    raise(at, static_cast<std::uint8_t>(std::countl_zero(rest) + 1));
  }

  void merge(const sketch& other) {
    for (const auto& [at, rank] : other.few_)
      raise(at, rank);
    for (std::uint32_t at = 0; at < other.all_.size(); ++at)
      if (other.all_[at] != 0)
        raise(at, other.all_[at]);
  }

  [[nodiscard]] std::uint64_t estimate() const {
    constexpr double m = registers;
    std::array<std::uint32_t, rest_bits + 2> counts{}; // registers by rank
    counts[0] = registers - static_cast<std::uint32_t>(few_.size());
    for (const auto& [at, rank] : few_)
      ++counts[rank];
    if (!all_.empty())
      counts = {};
    for (const auto rank : all_)
      ++counts[rank];
    double z = m * tau(1 - counts[rest_bits + 1] / m);
    for (unsigned k = rest_bits; k >= 1; --k)
      z = 0.5 * (z + counts[k]);
    z += m * sigma(counts[0] / m);
    constexpr double alpha = 0.72134752044448170368; // 1 / (2 ln 2)
    return static_cast<std::uint64_t>(std::llround(alpha * m * m / z));
  }

  /// The registers as text: "12:3 77:1" while few are set, else one character for each.
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& [at, rank] : few_)
      out += (out.empty() ? "" : " ") + std::to_string(at) + ':' + std::to_string(rank);
    for (const auto rank : all_)
      out += static_cast<char>(zero + rank);
    return out;
  }
  [[nodiscard]] static std::optional<sketch> from(std::string_view text) {
    sketch s;
    if (text.size() == registers) {
      for (std::uint32_t at = 0; at < registers; ++at) {
        const auto rank = static_cast<unsigned char>(text[at]) - zero;
        if (rank < 0 || rank > static_cast<int>(rest_bits) + 1)
          return std::nullopt;
        if (rank != 0)
          s.raise(at, static_cast<std::uint8_t>(rank));
      }
      return s;
    }
    while (!text.empty()) {
      auto pair = text::take_until(text, ' ');
      const auto at = text::number<std::uint32_t>(text::take_until(pair, ':'));
      const auto rank = text::number<std::uint8_t>(pair);
      if (!at || *at >= registers || !rank || *rank == 0 || *rank > rest_bits + 1)
        return std::nullopt;
      s.raise(*at, *rank);
    }
    return s;
  }

private:
  static constexpr unsigned precision = 14, rest_bits = 64 - precision;
  static constexpr std::uint32_t registers = 1u << precision;
  static constexpr std::size_t most_few = 1024; ///< pairs, of 8 bytes: half of what all registers take
  static constexpr int zero =
      '0'; ///< of registers as text: less than 9,216 characters of pairs are never as many

  void raise(std::uint32_t at, std::uint8_t rank) {
    if (!all_.empty()) {
      all_[at] = std::max(all_[at], rank);
      return;
    }
    const auto place = std::lower_bound(few_.begin(), few_.end(), std::pair(at, std::uint8_t{0}));
    if (place != few_.end() && place->first == at)
      place->second = std::max(place->second, rank);
    else
      few_.insert(place, {at, rank});
    if (few_.size() > most_few)
      spread();
  }
  void spread() {
    all_.assign(registers, 0);
    for (const auto& [at, rank] : few_)
      all_[at] = rank;
    few_.clear();
    few_.shrink_to_fit();
  }

  [[nodiscard]] static double sigma(double x) {
    if (x == 1)
      return HUGE_VAL;
    double y = 1, z = x, before = 0;
    do {
      x *= x;
      before = z;
      z += x * y;
      y += y;
    } while (z != before);
    return z;
  }
  [[nodiscard]] static double tau(double x) {
    if (x == 0 || x == 1)
      return 0;
    double y = 1, z = 1 - x, before = 0;
    do {
      x = std::sqrt(x);
      before = z;
      y *= 0.5;
      z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
  }

  std::vector<std::pair<std::uint32_t, std::uint8_t>> few_; ///< registers that are set, by number
  std::vector<std::uint8_t> all_;                           ///< or all of them
};

} // namespace postroad::study
