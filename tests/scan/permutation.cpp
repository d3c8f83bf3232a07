#include <postroad/scan/permutation.hpp>
#include <postroad/scan/walk.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <random>
#include <vector>

using namespace postroad;
using scan::permutation;

TEST_CASE("every number below the size has one place, whatever the size") {
  for (std::uint64_t size : {1u, 2u, 3u, 4u, 5u, 15u, 16u, 17u, 255u, 256u, 257u, 1000u, 65'535u, 65'537u})
    for (std::uint64_t seed : {0u, 1u, 99u}) {
      const permutation order(size, seed);
      std::vector<bool> seen(size);
      for (std::uint64_t place = 0; place < size; ++place) {
        const auto number = order.at(place);
        REQUIRE(number < size);
        REQUIRE_FALSE(seen[number]);
        seen[number] = true;
        REQUIRE(order.place_of(number) == place);
      }
    }
}

TEST_CASE("the two directions undo each other far beyond what can be enumerated") {
  std::mt19937_64 random(5);
  for (const auto size :
       {std::uint64_t{1} << 32, (std::uint64_t{1} << 32) * 65'536, (std::uint64_t{1} << 32) * 3,
        std::uint64_t{3'702'258'432}, permutation::most, permutation::most - 1}) {
    const permutation order(size, size ^ 77);
    for (int i = 0; i < 20'000; ++i) {
      const auto place = random() % size;
      const auto number = order.at(place);
      REQUIRE(number < size);
      REQUIRE(order.place_of(number) == place);
    }
    CHECK(order.place_of(order.at(size - 1)) == size - 1);
    CHECK(order.place_of(order.at(0)) == 0);
  }
}

TEST_CASE("an order looks like chance: neighbours in place are far apart in number, no digit stays") {
  const std::uint64_t size = 1 << 20;
  const permutation order(size, 3);
  double distance = 0;
  std::vector<int> in_bin(64);
  std::uint64_t near = 0;
  for (std::uint64_t place = 0; place + 1 < 200'000; ++place) {
    const auto a = order.at(place), b = order.at(place + 1);
    distance += std::abs(static_cast<double>(a) - static_cast<double>(b));
    near += a >> 8 == b >> 8;
    ++in_bin[a * in_bin.size() / size];
  }
  // The mean distance of two numbers drawn at random is a third of the range.
  CHECK(distance / 200'000 == doctest::Approx(size / 3.0).epsilon(0.01));
  CHECK(near < 200'000 / 4096 * 2); // of 4096 networks, twice what chance gives
  double chi = 0;
  for (const auto n : in_bin) {
    const double expected = 199'999.0 / static_cast<double>(in_bin.size());
    chi += (n - expected) * (n - expected) / expected;
  }
  CHECK(chi < 112); // 63 degrees of freedom: more once in ten thousand times
}

TEST_CASE("another seed is another order") {
  const permutation a(100'000, 1), b(100'000, 2);
  int same = 0;
  for (std::uint64_t place = 0; place < 100'000; ++place)
    same += a.at(place) == b.at(place);
  CHECK(same < 10); // one, by chance
  const permutation again(100'000, 1);
  CHECK(again.at(77) == a.at(77));
}

TEST_CASE("shards and tries: every target once in each round, together, by anybody") {
  for (std::uint64_t size : {1u, 7u, 100u, 1001u})
    for (std::uint64_t shards : {1u, 2u, 3u, 10u}) {
      std::vector<int> asked(size);
      std::uint64_t steps = 0;
      for (std::uint64_t k = 0; k < shards; ++k) {
        const scan::walk mine(size, 4, {k, shards}, 3);
        steps += mine.steps();
        for (std::uint64_t n = 0; n < mine.steps(); ++n) {
          const auto s = mine.at(n);
          REQUIRE(s.attempt == n / mine.round());
          REQUIRE(mine.number_of(s).value() == n);
          ++asked[s.number];
          for (std::uint64_t other = 0; other < shards; ++other)
            if (other != k)
              REQUIRE_FALSE(scan::walk(size, 4, {other, shards}, 3).number_of(s).has_value());
        }
      }
      CHECK(steps == 3 * size);
      for (const auto n : asked)
        REQUIRE(n == 3);
    }
}

TEST_CASE("more shards than targets: some have nothing to do") {
  const scan::walk none(3, 1, {5, 9}, 2);
  CHECK(none.steps() == 0);
}

TEST_CASE("shards of the Internet on every port, by arithmetic") {
  const std::uint64_t size = (std::uint64_t{1} << 32) * 65'536;
  std::uint64_t steps = 0;
  for (std::uint64_t k = 0; k < 7; ++k)
    steps += scan::walk(size, 1, {k, 7}, 1).steps();
  CHECK(steps == size);
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) { // every target belongs to one of them
    const scan::step s{random() % size, 0};
    int owners = 0;
    for (std::uint64_t k = 0; k < 7; ++k) {
      const scan::walk mine(size, 1, {k, 7}, 1);
      if (const auto n = mine.number_of(s)) {
        ++owners;
        REQUIRE(mine.at(*n) == s);
      }
    }
    REQUIRE(owners == 1);
  }
}
