#include <postroad/meta/prefix_map.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

using postroad::meta::prefix_map;

namespace {

template <class Number>
struct slow_map { // looks at every prefix
  struct entry {
    Number base;
    unsigned length;
    std::uint32_t value;
  };
  std::vector<entry> entries;
  static constexpr unsigned bits = sizeof(Number) * 8;

  static bool holds(const entry& e, Number address) {
    return e.length == 0 || (e.base >> (bits - e.length)) == (address >> (bits - e.length));
  }
  std::optional<std::uint32_t> find(Number address) const {
    std::optional<std::uint32_t> best;
    unsigned longest = 0;
    for (const auto& e : entries)
      if (holds(e, address) && (!best || e.length >= longest))
        best = e.value, longest = e.length;
    return best;
  }
};

template <class Number>
void agree(unsigned seed, unsigned dense_bits) {
  std::mt19937_64 random(seed);
  constexpr unsigned bits = sizeof(Number) * 8;
  const auto draw = [&] { // near each other, so that prefixes nest and meet
    Number n = 0;
    for (unsigned i = 0; i < bits; i += 32)
      n = static_cast<Number>(n << 16 << 16) | static_cast<Number>(random() & 0xffffffffu);
    return static_cast<Number>(n >> (bits - dense_bits) << (bits - dense_bits)) >>
           (dense_bits < bits && random() % 3 == 0 ? dense_bits : 0);
  };
  prefix_map<Number> fast;
  slow_map<Number> slow;
  const auto count = seed % 50 == 24 ? 4000 : random() % 300; // few and many are indexed otherwise
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto base = draw();
    const auto length = static_cast<unsigned>(random() % (dense_bits + 1));
    fast.add(base, length, i);
    slow.entries.push_back({base, length, i});
  }
  fast.build();
  const auto check = [&](Number address) {
    const auto* got = fast.find(address);
    const auto expected = slow.find(address);
    REQUIRE((got != nullptr) == expected.has_value());
    if (got != nullptr)
      REQUIRE(got->value == *expected);
  };
  for (int i = 0; i < 500; ++i)
    check(draw());
  for (const auto& e : slow.entries) { // the edges of every prefix
    const auto first =
        e.length == 0 ? Number{0} : static_cast<Number>(e.base >> (bits - e.length) << (bits - e.length));
    const auto last = static_cast<Number>(
        first | (e.length == 0 ? ~Number{0} : static_cast<Number>((Number{1} << (bits - e.length)) - 1)));
    for (const auto a : {first, last, static_cast<Number>(first - 1), static_cast<Number>(last + 1)})
      check(a);
  }
}

__extension__ using uint128 = unsigned __int128;

} // namespace

TEST_CASE("the longest prefix that holds an address, as a search of all finds it") {
  for (unsigned seed = 0; seed < 150; ++seed) {
    agree<std::uint32_t>(seed, 4 + seed % 29);
    agree<uint128>(seed, 4 + seed % 125);
  }
}

TEST_CASE("nothing, everything, and one address") {
  prefix_map<std::uint32_t> none;
  CHECK(none.find(1) == nullptr);
  none.build();
  CHECK(none.find(1) == nullptr);
  prefix_map<std::uint32_t> m;
  m.add(0xffffffff, 32, 3);
  m.add(0x12345678, 0, 1);
  m.add(0, 32, 2);
  m.build();
  CHECK(m.find(0)->value == 2);
  CHECK(m.find(1)->value == 1);
  CHECK(m.find(0xfffffffe)->value == 1);
  CHECK(m.find(0xffffffff)->value == 3);
  CHECK(m.find(1)->length == 0);
}

TEST_CASE("of one prefix that stands twice the last counts") {
  prefix_map<std::uint32_t> m;
  m.add(0x0a000000, 8, 1);
  m.add(0x0a123456, 8, 2);
  m.build();
  CHECK(m.size() == 1);
  CHECK(m.find(0x0a000001)->value == 2);
}
