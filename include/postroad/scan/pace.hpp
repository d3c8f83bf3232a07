/// When the next packets may leave.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace postroad::scan {

/// Spreads packets evenly over time, by a clock that never forgets: the n-th is due at start + n / rate, so
/// that no error adds up. It only computes; the caller sleeps until due().
///
/// A sender that was late by more than a millisecond makes it up slowly, at a quarter above the rate; what a
/// stall of more than a second has cost is not made up at all. So lateness never ends in a burst.
///
/// Example: for (pace p(50'000, now());;) { sleep_until(p.due()); send(p.batch()); p.sent(n, now()); }
class pace {
public:
  using clock = std::chrono::steady_clock;
  using time = clock::time_point;

  /// `rate` in packets a second; 0 = no limit.
  pace(double rate, time start) noexcept : gap_(rate > 0 ? 1e9 / rate : 0), due_(start), earliest_(start) {
    constexpr double turns = 800; // a second: a wake-up costs as much as a few packets
    batch_ = rate > 0 ? static_cast<std::size_t>(std::clamp(rate / turns, 1.0, double{largest})) : largest;
  }

  /// How many packets may leave in one go.
  [[nodiscard]] std::size_t batch() const noexcept { return batch_; }
  [[nodiscard]] bool limited() const noexcept { return gap_ > 0; }
  /// When the next batch may leave; a time in the past means now.
  [[nodiscard]] time due() const noexcept { return std::max(due_, earliest_); }

  /// `n` packets have left at `now`, in one batch.
  void sent(std::size_t n, time now) noexcept {
    if (gap_ == 0)
      return;
    if (now - due_ > longest_debt)
      due_ = now;
    exact_ += static_cast<double>(n) * gap_;
    const auto whole = std::floor(exact_);
    exact_ -= whole;
    due_ += std::chrono::nanoseconds(static_cast<std::int64_t>(whole));
    constexpr double hurry = 1.25;
    const auto slowly =
        std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(n) * gap_ / hurry));
    earliest_ = std::max(earliest_, now - every_timer_is_late) + slowly;
  }

private:
  static constexpr std::size_t largest = 64;
  static constexpr std::chrono::milliseconds every_timer_is_late{1};
  static constexpr std::chrono::seconds longest_debt{1};

  double gap_; ///< nanoseconds between two packets
  double exact_ = 0;
  std::size_t batch_ = 1;
  time due_, earliest_;
};

} // namespace postroad::scan
