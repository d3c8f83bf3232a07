/// How many questions one server is asked at the same time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace postroad::dns {

/// An additive-increase, multiplicative-decrease window that tells three kinds of silence apart.
///
/// A *loss* is a packet that brought nothing while a later try for the same question did: too many of them
/// shrink the window. A name that nobody answers is not our doing and changes nothing. A server that answers
/// nothing at all gets half as much, again and again. When a window of half the size does not lower the share
/// of losses, the path is lossy by itself: the old window comes back and that share is put up with. Example:
/// knot with Linux' default buffer holds about 195 queries; the window swings just below and above.
class window {
public:
  using time = std::chrono::steady_clock::time_point;
  static constexpr double initial = 64;   // fits three times into a receive buffer of 212,992 bytes
  static constexpr double least = 4;      // keeps a trickle going that shows when a server is back
  static constexpr double decrease = 0.7; // gentler than TCP's half: buffers here are short
  static constexpr double base_tolerance =
      .005; // share of losses; steady congestion shows more within an epoch
  static constexpr double max_tolerance = .3;
  static constexpr double careful = .8; // share of the ceiling from which on growth is slow
  static constexpr std::chrono::milliseconds epoch{
      100}; // no less than the least time-out: losses show that late

  explicit window(unsigned cap) : cap_(std::max<double>(cap, 1)), size_(std::min(initial, cap_)) {}

  [[nodiscard]] unsigned in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] double size() const noexcept { return size_; }

  /// May another question go out? Once full, it stays so until a batch fits: single packets cost a call each.
  [[nodiscard]] bool has_room() noexcept {
    const double batch = std::min(32.0, size_ / 2);
    full_ = in_flight_ + (full_ ? batch : 1.0) > size_;
    return !full_;
  }

  void on_sent() noexcept { ++in_flight_; }
  void on_gone() noexcept { --in_flight_; } ///< answered, or waited for long enough

  void on_answer(time now) noexcept {
    ++answers_;
    const bool used = in_flight_ + 1 >= size_ / 2;
    if (used && !judging_)
      grow();
    end_epoch(now);
  }
  void on_loss(time now) noexcept { ++losses_, end_epoch(now); }
  void on_silence(time now) noexcept { ++silences_, end_epoch(now); }

private:
  /// Slowly where the server was full before, as CUBIC (RFC 9438 4.1) does; beyond that, at full pace again.
  void grow() noexcept {
    if (size_ > ceiling_)
      ceiling_ = 0;
    const double pace = size_ > careful * ceiling_ && ceiling_ > 0 ? .1 : 1;
    size_ = std::min(cap_, size_ + pace / size_);
  }

  void end_epoch(time now) noexcept {
    if (now - since_ < epoch)
      return;
    since_ = now;
    const unsigned answers = std::exchange(answers_, 0), losses = std::exchange(losses_, 0),
                   silences = std::exchange(silences_, 0);
    if (answers == 0) {
      if (silences >= least)
        size_ = std::max(std::min(least, cap_), size_ / 2);
      return;
    }
    judge(static_cast<double>(losses) / (answers + losses), losses);
  }

  void judge(double share, unsigned losses) noexcept {
    if (judging_ != 0) {
      if (--judging_ == 0)
        conclude(share);
    } else if (share > tolerance_ && losses >= least) {
      size_before_ = size_, share_before_ = share, steps_ = 0;
      step_down();
    } else if (losses == 0) {
      tolerance_ = std::max(base_tolerance, .95 * tolerance_);
    }
  }

  void step_down() noexcept {
    ++steps_;
    size_ = std::max(std::min(least, cap_), size_ * decrease);
    judging_ = 3; // two epochs in which losses of the old window still come to light, one to judge
  }

  /// A smaller window has been tried: did it help?
  void conclude(double share) noexcept {
    if (share <= share_before_ / 2) {
      ceiling_ = size_before_;
    } else if (steps_ < 2) { // it may have been far too large
      step_down();
    } else {
      size_ = size_before_;
      tolerance_ = std::min(max_tolerance, 1.5 * std::max(share, share_before_));
    }
  }

  double cap_, size_;
  double size_before_ = 0, share_before_ = 0, tolerance_ = base_tolerance;
  double ceiling_ = 0; ///< at this size losses were ours; 0: not known
  time since_{};
  unsigned in_flight_ = 0, answers_ = 0, losses_ = 0, silences_ = 0, judging_ = 0, steps_ = 0;
  bool full_ = false;
};

} // namespace postroad::dns
