#include <postroad/dns/wheel.hpp>

#include <doctest/doctest.h>

#include <random>
#include <vector>

using postroad::dns::timing_wheel;

TEST_CASE("every deadline comes once, never early, and not later than the next advance") {
  timing_wheel<int> w;
  std::mt19937 random(1);
  std::vector<std::uint64_t> due;
  std::vector<int> seen;
  std::uint64_t now = 0;
  for (int round = 0; round < 3000; ++round) {
    for (int i = 0; i < 5; ++i) {
      due.push_back(now + random() % 2000); // up to four turns of the wheel
      seen.push_back(0);
      w.add(due.back(), static_cast<int>(due.size()) - 1);
    }
    const auto last = now;
    now += random() % 4;
    w.advance(now, [&](int i) {
      const auto at = static_cast<std::size_t>(i);
      CHECK(due[at] <= now);
      CHECK(due[at] + 4 > last);
      ++seen[at];
    });
  }
  w.advance(now + 3000, [&](int i) { ++seen[static_cast<std::size_t>(i)]; });
  for (const int n : seen)
    CHECK(n == 1);
}

TEST_CASE("a long pause brings everything that is due, and what is not due stays") {
  timing_wheel<int> w;
  w.add(10, 1);
  w.add(1000, 2);
  w.add(2'000'000, 3);
  std::vector<int> got;
  w.advance(1'000'000, [&](int i) { got.push_back(i); });
  CHECK(got.size() == 2);
  w.advance(2'000'000, [&](int i) { got.push_back(i); });
  CHECK(got.back() == 3);
}

TEST_CASE("a deadline may be added while others are handed out, even one that has passed") {
  timing_wheel<int> w;
  w.add(5, 0);
  int calls = 0;
  for (std::uint64_t now = 5; now < 10; ++now)
    w.advance(now, [&](int) { ++calls, w.add(now, 0); });
  CHECK(calls == 5);
}
