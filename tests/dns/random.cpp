#include <postroad/dns/random.hpp>

#include <doctest/doctest.h>

#include <set>

TEST_CASE("RFC 8439 2.3.2: the block function's test vector") {
  const std::array<std::uint32_t, 16> state = {
      0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
      0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c, 0x00000001, 0x09000000, 0x4a000000, 0x00000000};
  const std::array<std::uint32_t, 16> expected = {
      0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
      0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
  CHECK(postroad::dns::chacha_block<20>(state) == expected);
}

TEST_CASE("a seed names one stream, no seed a new one each time") {
  postroad::dns::random_stream a(7), b(7), c(8), d, e;
  const auto first = a.word64();
  CHECK(first == b.word64());
  CHECK(first != c.word64());
  CHECK(d.word64() != e.word64());
}

TEST_CASE("no block comes twice, and below() stays below") {
  postroad::dns::random_stream r(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i)
    seen.insert(r.word64());
  CHECK(seen.size() == 10'000);
  std::array<int, 5> hits{};
  for (int i = 0; i < 10'000; ++i)
    ++hits.at(r.below(5));
  for (const int n : hits)
    CHECK(n > 1800);
}
