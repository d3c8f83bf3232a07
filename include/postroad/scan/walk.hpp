/// The course of a scan: step by step through its share of the targets, as often as each is tried.
#pragma once

#include <postroad/scan/permutation.hpp>

#include <cstdint>
#include <optional>

namespace postroad::scan {

/// Shard `part` (from 0) of `of`.
struct shard {
  std::uint64_t part = 0, of = 1;
  friend bool operator==(const shard&, const shard&) = default;
};

/// One step: the target's number and which try at it this is, from 0.
struct step {
  std::uint64_t number = 0;
  std::uint32_t attempt = 0;
  friend bool operator==(const step&, const step&) = default;
};

/// All steps of one shard, counted from 0: first every target once in the order of a permutation, then all
/// of them once more in the same order, and so on. The tries at a target thus lie a whole round apart.
///
/// The shards of a scan have no target in common and have all of them together, whoever runs them in however
/// many pieces: a step's number says everything.
class walk {
public:
  walk(std::uint64_t targets, std::uint64_t seed, shard mine, std::uint32_t attempts) noexcept
      : order_(targets, seed), mine_(mine),
        round_(targets > mine.part ? (targets - mine.part + mine.of - 1) / mine.of : 0), attempts_(attempts) {
  }

  [[nodiscard]] std::uint64_t steps() const noexcept { return round_ * attempts_; }
  /// The targets of this shard.
  [[nodiscard]] std::uint64_t round() const noexcept { return round_; }

  /// The step of a number below steps().
  [[nodiscard]] step at(std::uint64_t n) const noexcept {
    if (n < round_) // most often
      return {order_.at(mine_.part + n * mine_.of), 0};
    return {order_.at(mine_.part + n % round_ * mine_.of), static_cast<std::uint32_t>(n / round_)};
  }

  /// The number of a step, or nothing when it belongs to another shard.
  [[nodiscard]] std::optional<std::uint64_t> number_of(const step& s) const noexcept {
    const auto place = order_.place_of(s.number);
    if (place % mine_.of != mine_.part || s.attempt >= attempts_)
      return std::nullopt;
    return s.attempt * round_ + place / mine_.of;
  }

private:
  permutation order_;
  shard mine_;
  std::uint64_t round_;
  std::uint32_t attempts_;
};

} // namespace postroad::scan
