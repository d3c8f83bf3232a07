/// How long a server takes, and when to stop waiting for the first packet.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace postroad::dns {

/// Round-trip times of one server, and the time-out they suggest.
///
/// Resolvers are two servers in one: what they know comes at once, what they must look up takes a hundred
/// times as long. Mean and deviation (RFC 6298) follow the first and would ask twice for most of the second,
/// so the time-out also covers the 99th percentile of a fading histogram.
class rtt_estimator {
public:
  using microseconds = std::chrono::microseconds;
  static constexpr microseconds initial{376'000};    // unbound's guess for an unknown server
  static constexpr microseconds least{100'000};      // below, one scheduling hiccup costs a packet
  static constexpr microseconds greatest{5'000'000}; // dig's and resolv.conf(5)'s time-out

  void sample(microseconds rtt) noexcept {
    const double r = static_cast<double>(std::max<std::int64_t>(rtt.count(), 1));
    if (samples_ == 0) {
      mean_ = r, deviation_ = r / 2;
    } else { // RFC 6298 2.3
      deviation_ += (std::abs(mean_ - r) - deviation_) / 4;
      mean_ += (r - mean_) / 8;
    }
    ++histogram_[bucket(static_cast<std::uint64_t>(r))];
    if (++samples_ % refresh == 0)
      find_percentile();
  }

  [[nodiscard]] microseconds mean() const noexcept { return microseconds(static_cast<std::int64_t>(mean_)); }

  /// How long to wait for an answer before asking again.
  [[nodiscard]] microseconds timeout() const noexcept {
    if (samples_ == 0)
      return initial;
    const auto want = std::max(mean_ + 4 * deviation_, 1.5 * std::max(mean_, percentile_));
    return std::clamp(microseconds(static_cast<std::int64_t>(want)), least, greatest);
  }

  /// When an answer is later than nearly all answers are. It may still come, and asking again so soon would
  /// punish every hiccup; but whoever counts what is under way need not count on it.
  [[nodiscard]] microseconds overdue() const noexcept {
    constexpr microseconds soonest{25'000}; // a few turns of a busy machine
    const auto want = std::max(mean_ + 4 * deviation_, 2 * percentile_);
    return samples_ < refresh ? timeout()
                              : std::clamp(microseconds(static_cast<std::int64_t>(want)), soonest, timeout());
  }

private:
  static constexpr std::size_t per_octave = 4, octaves = 24; // up to 16 s, in steps of 19 %
  static constexpr std::uint32_t refresh = 256;              // samples between two looks at the histogram

  [[nodiscard]] static std::size_t bucket(std::uint64_t us) noexcept {
    const auto octave = static_cast<std::size_t>(std::bit_width(us)) - 1;
    const auto within = octave < 2 ? 0 : (us >> (octave - 2)) & 3;
    return std::min(octave * per_octave + within, per_octave * octaves - 1);
  }
  [[nodiscard]] static double upper_end(std::size_t bucket) noexcept {
    const double base = static_cast<double>(std::uint64_t{1} << (bucket / per_octave));
    return base * (1 + static_cast<double>(bucket % per_octave + 1) / per_octave);
  }

  void find_percentile() noexcept {
    std::uint64_t total = 0, seen = 0;
    for (const auto n : histogram_)
      total += n;
    std::size_t at = histogram_.size();
    while (at > 0 && (seen + histogram_[at - 1]) * 100 <= total)
      seen += histogram_[--at];
    percentile_ = at == 0 ? 0 : upper_end(at - 1);
    if (total > 16 * refresh) // half of what was seen counts no more: servers change
      for (auto& n : histogram_)
        n /= 2;
  }

  double mean_ = 0, deviation_ = 0, percentile_ = 0; // microseconds
  std::uint32_t samples_ = 0;
  std::array<std::uint32_t, per_octave * octaves> histogram_{};
};

} // namespace postroad::dns
