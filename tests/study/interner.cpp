#include <postroad/study/interner.hpp>
#include <postroad/study/pair_counts.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>

using namespace postroad::study;

TEST_CASE("each string has one number, in the order of arrival, and comes back") {
  interner names;
  CHECK(names.index_of("") == 0);
  CHECK(names.index_of("a") == 1);
  CHECK(names.index_of(std::string_view("a\0", 2)) == 2);
  CHECK(names.index_of("a") == 1);
  for (int i = 0; i < 100'000; ++i)
    REQUIRE(names.index_of("name" + std::to_string(i)) == static_cast<std::uint32_t>(i + 3));
  for (int i = 0; i < 100'000; ++i)
    REQUIRE(names.index_of("name" + std::to_string(i)) == static_cast<std::uint32_t>(i + 3));
  CHECK(names.size() == 100'003);
  CHECK(names.key(2) == std::string_view("a\0", 2));
  CHECK(names.key(50'003) == "name50000");
}

TEST_CASE("who knows the hash, but not the seed of the run, makes no keys that collide") {
  using namespace postroad::study::detail;
  std::set<std::uint64_t> known, in_this_run;
  std::mt19937_64 random(9);
  for (int i = 0; i < 1000; ++i) {
    std::string key(24, 't'); // a second word that is the state before it makes the state 0, whatever it was
    const auto first = random();
    const auto state = mixed(usual_seed ^ key.size() ^ first, 0x13198a2e03707345);
    std::memcpy(key.data(), &first, sizeof first);
    std::memcpy(key.data() + sizeof first, &state, sizeof state);
    known.insert(hash_of(key));
    in_this_run.insert(hash_of(key, table_seed));
  }
  CHECK(known.size() == 1);
  CHECK(in_this_run.size() == 1000);
}

TEST_CASE("strings that differ in one byte differ, at every length") {
  interner names;
  std::size_t different = 0;
  for (std::size_t size = 1; size < 40; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string s(size, 'x');
      s[at] = 'y';
      CHECK(names.index_of(s) == different++);
    }
}

TEST_CASE("pairs are counted, the pair (0, 0) too") {
  pair_counts counts;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> expected, got;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    counts.add(i % 7, i % 1000, i);
    if (i != 0)
      expected[{i % 7, i % 1000}] += i;
  }
  counts.add(0, 0, 1);
  expected[{0, 0}] += 1;
  counts.each([&](std::uint32_t row, std::uint32_t column, std::uint64_t n) { got[{row, column}] += n; });
  CHECK(got == expected);
}

TEST_CASE("pairs that count once, in the first rows and behind them") {
  pair_counts counts;
  counts.count_once();
  std::set<std::pair<std::uint32_t, std::uint32_t>> expected, got;
  std::mt19937 random(5);
  for (int i = 0; i < 20000; ++i) {
    const auto row = static_cast<std::uint32_t>(random() % 200),
               column = static_cast<std::uint32_t>(random() % 700);
    counts.add(row, column, 1 + (row + column) % 3);
    expected.emplace(row, column);
  }
  counts.each([&](std::uint32_t row, std::uint32_t column, std::uint64_t n) {
    CHECK(n == 1);
    CHECK(got.emplace(row, column).second);
  });
  CHECK(got == expected);
}

TEST_CASE("a dictionary tells kinds apart, and gives keys that are parts") {
  dictionary d;
  CHECK(d.index_of('v', "null") == 0);
  CHECK(d.index_of('n', "null") == 1);
  CHECK(d.index_of('v', "") == 2);
  CHECK(d.index_of('v', "null") == 0);
  CHECK(d.key(1) == std::string_view("n\4\0\0\0null", 9));
  CHECK(d.index_of(d.key(1)) == 1);
  for (int i = 0; i < 1000; ++i)
    CHECK(d.index_of('v', std::string(static_cast<std::size_t>(i % 40), 'x') + std::to_string(i)) ==
          3u + static_cast<unsigned>(i));
  CHECK(d.size() == 1003);
}
