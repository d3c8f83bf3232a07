#include <postroad/net/address_set.hpp>

#include <doctest/doctest.h>

#include <bitset>
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

using namespace postroad::net;

namespace {

using small = interval_set<std::uint8_t>;
using bits = std::bitset<256>;

std::mt19937_64& dice() {
  static std::mt19937_64 d(20151028);
  return d;
}

small random_small(bits& same, unsigned ranges) {
  std::vector<small::range> all;
  for (unsigned i = 0; i < ranges; ++i) {
    const auto a = static_cast<std::uint8_t>(dice()()), b = static_cast<std::uint8_t>(a + dice()() % 24);
    all.push_back({std::min(a, b), std::max(a, b)});
    for (unsigned n = all.back().first; n <= all.back().last; ++n)
      same.set(n);
  }
  return small::of(all);
}

bits bits_of(const small& s) {
  bits b;
  for (const auto& r : s.ranges())
    for (unsigned n = r.first; n <= r.last; ++n) {
      CHECK(!b.test(n));
      b.set(n);
    }
  return b;
}

bool is_tidy(const small& s) { // ascending, with gaps
  for (std::size_t i = 1; i < s.ranges().size(); ++i)
    if (unsigned{s.ranges()[i].first} < s.ranges()[i - 1].last + 2u)
      return false;
  return true;
}

/// The fewest blocks that make up a set, by going through all of them from the largest.
std::size_t fewest_blocks(bits left) {
  std::size_t n = 0;
  for (unsigned size = 256; size > 0; size /= 2)
    for (unsigned base = 0; base < 256; base += size) {
      bool all = true;
      for (unsigned i = base; all && i < base + size; ++i)
        all = left.test(i);
      if (!all)
        continue;
      ++n;
      for (unsigned i = base; i < base + size; ++i)
        left.reset(i);
    }
  return n;
}

address_set nets(std::initializer_list<const char*> texts) {
  std::vector<prefix> all;
  for (const auto* t : texts)
    all.push_back(*parse_prefix(t));
  return address_set::of(all);
}

std::vector<std::string> texts(const address_set& s) {
  std::vector<std::string> all;
  s.ipv4.each_block([&](const block<std::uint32_t>& b) {
    all.push_back(to_string(address::v4(b.base)) + "/" + std::to_string(b.length));
  });
  s.ipv6.each_block([&](const block<uint128>& b) {
    all.push_back(to_string(to_address(b.base, true)) + "/" + std::to_string(b.length));
  });
  return all;
}

} // namespace

TEST_CASE("union, difference and intersection are those of the numbers, one by one") {
  for (int i = 0; i < 4000; ++i) {
    bits x, y;
    const auto a = random_small(x, static_cast<unsigned>(dice()() % 9)),
               b = random_small(y, static_cast<unsigned>(dice()() % 9));
    REQUIRE(bits_of(a) == x);
    REQUIRE(bits_of(a | b) == (x | y));
    REQUIRE(bits_of(a - b) == (x & ~y));
    REQUIRE(bits_of(a & b) == (x & y));
    REQUIRE(is_tidy(a | b));
    REQUIRE(is_tidy(a - b));
    REQUIRE(is_tidy(a & b));
    REQUIRE(a.size() == x.count());
    const auto n = static_cast<std::uint8_t>(dice()());
    REQUIRE(a.contains(n) == x.test(n));
  }
}

TEST_CASE("blocks are aligned, disjoint, the whole set, and the fewest") {
  for (int i = 0; i < 2000; ++i) {
    bits x, seen;
    const auto a = random_small(x, static_cast<unsigned>(dice()() % 12));
    a.each_block([&](const block<std::uint8_t>& b) {
      const auto r = range_of(b);
      REQUIRE(r.first == b.base);
      for (unsigned n = r.first; n <= r.last; ++n) {
        REQUIRE(!seen.test(n));
        seen.set(n);
      }
    });
    REQUIRE(seen == x);
    REQUIRE(a.blocks() == fewest_blocks(x));
  }
  CHECK(small::whole().blocks() == 1);
  CHECK(small::of({{1, 255}}).blocks() == 8);
}

TEST_CASE("the ends of the space") {
  CHECK(ipv4_set::whole().count() == "4294967296");
  CHECK(ipv6_set::whole().count() == "340282366920938463463374607431768211456");
  CHECK((ipv6_set::whole() - ipv6_set::of({{0, 0}})).count() == "340282366920938463463374607431768211455");
  CHECK(ipv4_set{}.count() == "0");
  const auto last = ipv4_set::of({{ipv4_set::top, ipv4_set::top}});
  CHECK((last | ipv4_set::of({{0, 0}})).ranges().size() == 2);
  CHECK(((ipv4_set::whole() - last) | last).is_whole());
  CHECK((ipv4_set::whole() - ipv4_set::whole()).empty());
}

TEST_CASE("prefixes in, the fewest prefixes out") {
  CHECK(texts(nets({"192.0.2.0/25", "192.0.2.128/25", "10.0.0.0/8", "10.1.2.3"})) ==
        std::vector<std::string>{"10.0.0.0/8", "192.0.2.0/24"});
  CHECK(texts(nets({"2001:db8::/33", "2001:db8:8000::/33"})) == std::vector<std::string>{"2001:db8::/32"});
  CHECK(texts(nets({"0.0.0.0/0"}) - nets({"128.0.0.0/1"})) == std::vector<std::string>{"0.0.0.0/1"});
  CHECK(texts(nets({"192.0.2.0/30"}) - nets({"192.0.2.0"})) ==
        std::vector<std::string>{"192.0.2.1/32", "192.0.2.2/31"});
  CHECK(nets({"192.0.2.0/24", "2001:db8::/64"}).contains(*parse_address("192.0.2.77")));
  CHECK(!nets({"192.0.2.0/24"}).contains(*parse_address("::ffff:192.0.2.77")));
}

TEST_CASE("everything with 10,000 holes is exact") {
  std::vector<ipv4_set::range> holes;
  std::uint64_t away = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const std::uint32_t at = i * 400'000 + 7, last = at + i % 300;
    holes.push_back({at, last});
    away += i % 300 + 1;
  }
  const auto left = ipv4_set::whole() - ipv4_set::of(holes);
  CHECK(left.count() == std::to_string((std::uint64_t{1} << 32) - away));
  CHECK(left.ranges().size() == 10'001);
  uint128 in_blocks = 0;
  left.each_block([&](const block<std::uint32_t>& b) { in_blocks += uint128{1} << (32 - b.length); });
  CHECK(in_blocks == left.size());
  CHECK((left | ipv4_set::of(holes)).is_whole());
}

TEST_CASE("100,000 random prefixes become the fewest in a moment") {
  std::vector<prefix> all;
  for (int i = 0; i < 100'000; ++i)
    all.push_back(network_of(address::v4(static_cast<std::uint32_t>(dice()())),
                             static_cast<unsigned>(12 + dice()() % 21)));
  const auto begun = std::chrono::steady_clock::now();
  const auto set = address_set::of(all);
  const auto blocks = set.ipv4.blocks();
  const auto took = std::chrono::steady_clock::now() - begun;
  CHECK(blocks > 1000);
  MESSAGE("100,000 prefixes to ", blocks, " in ",
          std::chrono::duration_cast<std::chrono::microseconds>(took).count(), " us");
}
