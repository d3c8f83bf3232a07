/// Between what and what a share may be, seen from a sample.
#pragma once

#include <postroad/study/table.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace postroad::study {

struct interval {
  double low, high; ///< fractions
};

/// The 95 % score interval of a proportion (Wilson 1927): it holds for small numbers, and for none and all of
/// them, too.
///
/// Example: wilson(0, 10) is from 0 to 0.278.
[[nodiscard]] inline std::optional<interval> wilson(std::uint64_t n, std::uint64_t of) {
  if (of == 0 || n > of)
    return std::nullopt;
  constexpr double z = 1.959963984540054;
  const auto all = static_cast<double>(of);
  const double p = static_cast<double>(n) / all, z2 = z * z / all;
  const double middle = p + z2 / 2, wide = z * std::sqrt(p * (1 - p) / all + z2 / (4 * all));
  return interval{n == 0 ? 0 : std::max(0.0, (middle - wide) / (1 + z2)),
                  n == of ? 1 : std::min(1.0, (middle + wide) / (1 + z2))};
}

[[nodiscard]] inline std::optional<interval> wilson(const cell& c) {
  return c.has_share ? wilson(c.n, c.of) : std::nullopt;
}

} // namespace postroad::study
