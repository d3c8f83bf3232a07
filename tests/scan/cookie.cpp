#include <postroad/scan/cookie.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace postroad;

TEST_CASE("SipHash-2-4: the vectors of its paper and of its authors' code") {
  // Appendix A has 15 bytes; whole words only are hashed here, so these are vectors of 0, 8 and 16 bytes
  // 00 01 02 ... with the key 00 01 ... 0f, from vectors.h of the reference implementation.
  const scan::siphash_key key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  CHECK(scan::siphash<0>(key, {}) == 0x726fdb47dd0e0e31);
  CHECK(scan::siphash<1>(key, {0x0706050403020100}) == 0x93f5f5799a932462);
  CHECK(scan::siphash<2>(key, {0x0706050403020100, 0x0f0e0d0c0b0a0908}) == 0x3f2acc7f57c29bdb);
}

TEST_CASE("marks differ by target, port, try and key, and spread over the source ports") {
  const scan::siphash_key key{1, 2};
  const scan::port_range ports;
  std::set<std::uint32_t> numbers;
  std::set<std::uint16_t> sources;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const auto m = scan::marks_of(key, ports, {net::address::v4(0x0b000000 + i), 25}, 0);
    REQUIRE(ports.contains(m.source_port));
    REQUIRE(m.id != 0);
    numbers.insert(m.number);
    sources.insert(m.source_port);
  }
  CHECK(numbers.size() > 9'995);
  CHECK(sources.size() > 7'500); // of 20,000 ports 10,000 draws hit 7,869
  const net::endpoint to{*net::parse_address("2001:db8::1"), 25};
  const auto m = scan::marks_of(key, ports, to, 0);
  CHECK(m.number != scan::marks_of(key, ports, to, 1).number);
  CHECK(m.number != scan::marks_of(key, ports, {to.ip, 26}, 0).number);
  CHECK(m.number != scan::marks_of({1, 3}, ports, to, 0).number);
  CHECK(m.number != scan::marks_of(key, ports, {*net::parse_address("2001:db8::2"), 25}, 0).number);
  CHECK(m.number == scan::marks_of(key, ports, to, 0).number);
}
