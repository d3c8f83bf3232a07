#include <postroad/scan/pace.hpp>
#include <postroad/scan/sent_log.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <random>

using namespace postroad;
using namespace std::chrono_literals;
using scan::pace;

namespace {

/// Sends until `end` of a clock that is late by up to `late` at each turn, and stalls once.
struct simulation {
  double rate;
  std::chrono::microseconds late{0};
  std::chrono::milliseconds stall_at{-1}, stall{0};
  std::uint64_t sent = 0;
  double fastest = 0; ///< the most packets in 20 ms, as a share of what the rate allows

  void run(std::chrono::seconds length) {
    const pace::time start{1'000s};
    auto now = start;
    pace p(rate, start);
    std::mt19937 random(1);
    std::uint64_t window_start_sent = 0;
    auto window = start;
    bool stalled = false;
    while (now - start < length) {
      now = std::max(now, p.due()) +
            std::chrono::microseconds(late.count() > 0 ? random() % static_cast<std::uint64_t>(late.count())
                                                       : 0);
      if (stall.count() > 0 && !stalled && now - start >= stall_at) {
        now += stall;
        stalled = true;
      }
      p.sent(p.batch(), now);
      sent += p.batch();
      now += 5us;
      if (now - window >= 20ms) {
        const double share = static_cast<double>(sent - window_start_sent) /
                             (rate * std::chrono::duration<double>(now - window).count());
        fastest = std::max(fastest, share);
        window = now;
        window_start_sent = sent;
      }
    }
  }
};

} // namespace

TEST_CASE("the rate is kept within a thousandth, whoever is late") {
  for (const double rate : {1000.0, 10'000.0, 50'000.0, 333'333.0}) {
    simulation s{rate};
    s.late = 300us;
    s.run(10s);
    CHECK(static_cast<double>(s.sent) == doctest::Approx(rate * 10).epsilon(0.002));
  }
}

TEST_CASE("what a stall has cost is not sent in a burst") {
  simulation s{50'000};
  s.stall_at = 3000ms;
  s.stall = 500ms;
  s.run(20s);
  CHECK(s.fastest < 1.35); // a quarter above the rate, and the edges of the window
  CHECK(static_cast<double>(s.sent) == doctest::Approx(50'000 * 20).epsilon(0.005)); // made up in time
}

TEST_CASE("a stall of more than a second is lost time") {
  simulation s{50'000};
  s.stall_at = 1000ms;
  s.stall = 5000ms;
  s.run(15s);
  CHECK(s.fastest < 1.35);
  CHECK(static_cast<double>(s.sent) == doctest::Approx(50'000 * 10).epsilon(0.01));
}

TEST_CASE("batches are small where the rate is") {
  const pace::time start{1s};
  CHECK(pace(10, start).batch() == 1);
  CHECK(pace(10'000, start).batch() == 12);
  CHECK(pace(1e6, start).batch() == 64);
  CHECK(pace(0, start).batch() == 64);
  CHECK_FALSE(pace(0, start).limited());
}

TEST_CASE("the log tells when a step was taken, for as long as it remembers") {
  const auto log = std::make_unique<scan::sent_log>();
  using clock = scan::sent_log::clock;
  const clock::time_point start{1'000s};
  CHECK_FALSE(log->time_of(0).has_value());
  for (int quarter = 0; quarter < 4 * 60'000; ++quarter) // 50 a millisecond
    log->note(static_cast<std::uint64_t>(quarter) * 50 / 4, start + std::chrono::microseconds(250 * quarter));
  CHECK_FALSE(log->time_of(0).has_value()); // a minute ago
  for (int ms = 45'000; ms < 60'000; ms += 137) {
    const auto when = log->time_of(static_cast<std::uint64_t>(ms) * 50 + 5);
    REQUIRE(when.has_value());
    REQUIRE(*when - start == std::chrono::milliseconds(ms));
  }
}

TEST_CASE("the log tells which step was the last before some time") {
  const auto log = std::make_unique<scan::sent_log>();
  const scan::sent_log::clock::time_point start{1'000s};
  CHECK_FALSE(log->step_before(start).has_value());
  for (int ms = 0; ms < 1000; ++ms)
    log->note(static_cast<std::uint64_t>(ms) * 7, start + std::chrono::milliseconds(ms));
  CHECK(log->step_before(start + 500ms).value() == 499 * 7);
  CHECK(log->step_before(start + 5s).value() == 999 * 7);
  CHECK_FALSE(log->step_before(start).has_value());
}
