#include <doctest/doctest.h>

#include <postroad/text/server.hpp>

using namespace postroad::text;

TEST_CASE("a server is a host with or without a port") {
  const auto split = split_port("[2001:db8::1]:25");
  REQUIRE(split);
  CHECK(split->host == "2001:db8::1");
  CHECK(split->port == 25);
  CHECK(split_port("2001:db8::1")->host == "2001:db8::1");
  CHECK_FALSE(split_port("2001:db8::1")->port);
  CHECK(split_port("a.example:1")->port == 1);
}

TEST_CASE("a port that is announced has to be one") {
  for (const char* bad : {"a:", "a:0", "a:65536", "a:x", "[::1", "[::1]x", "[::1]:"})
    CHECK_FALSE(split_port(bad));
}

TEST_CASE("RFC 5952: addresses have one text") {
  CHECK(canonical_address("2001:DB8:0:0::1") == "2001:db8::1");
  CHECK(canonical_address("192.0.2.1") == "192.0.2.1");
  for (const char* bad : {"192.0.2", "192.0.2.256", "0x7f.1", "01.2.3.4", "::1%lo", "", "example.org"})
    CHECK_FALSE(canonical_address(bad));
  CHECK_FALSE(canonical_address(std::string_view("1.2.3.4\0x", 9)));
}
