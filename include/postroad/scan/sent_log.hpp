/// When which step of a scan was taken, for the round-trip times of the answers.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace postroad::scan {

/// The last quarter of a minute, a note each quarter of a millisecond: 1 MiB. One thread writes, one reads,
/// neither waits.
class sent_log {
public:
  using clock = std::chrono::steady_clock;

  /// Steps from `step` on leave at `now`; steps and times only grow.
  void note(std::uint64_t step, clock::time_point now) noexcept {
    if (now < next_)
      return;
    next_ = now + resolution;
    const auto head = head_.load(std::memory_order_relaxed);
    auto& mine = notes_[head % size];
    mine.time.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    mine.step.store(step, std::memory_order_release);
    head_.store(head + 1, std::memory_order_release);
  }

  /// When that step was taken, to a quarter of a millisecond; nothing when that is too long ago.
  [[nodiscard]] std::optional<clock::time_point> time_of(std::uint64_t step) const noexcept {
    const auto head = head_.load(std::memory_order_acquire);
    std::uint64_t low = head > usable ? head - usable : 0, high = head; // the last note not above `step`
    if (low == high || notes_[low % size].step.load(std::memory_order_acquire) > step)
      return std::nullopt;
    while (high - low > 1) {
      const auto middle = low + (high - low) / 2;
      (notes_[middle % size].step.load(std::memory_order_acquire) <= step ? low : high) = middle;
    }
    const auto& found = notes_[low % size];
    const clock::time_point at{clock::duration{found.time.load(std::memory_order_relaxed)}};
    return head_.load(std::memory_order_acquire) - low < size ? std::optional(at) : std::nullopt;
  }

  /// The last step that was noted before `when`; nothing when the log does not reach so far.
  [[nodiscard]] std::optional<std::uint64_t> step_before(clock::time_point when) const noexcept {
    const auto head = head_.load(std::memory_order_acquire);
    const auto low = head > usable ? head - usable : 0;
    for (auto at = head; at-- > low;) {
      const auto& mine = notes_[at % size];
      if (clock::time_point{clock::duration{mine.time.load(std::memory_order_acquire)}} < when)
        return mine.step.load(std::memory_order_relaxed);
    }
    return std::nullopt;
  }

private:
  static constexpr std::chrono::microseconds resolution{250};
  static constexpr std::size_t size = 1 << 16, usable = size - 64; // the writer may be that far ahead

  struct entry {
    std::atomic<std::uint64_t> step{0};
    std::atomic<clock::rep> time{0};
  };
  std::array<entry, size> notes_{};
  std::atomic<std::uint64_t> head_{0};
  clock::time_point next_{};
};

} // namespace postroad::scan
