#include <doctest/doctest.h>

#include <postroad/net/prefix.hpp>
#include <postroad/net/special.hpp>

using namespace postroad::net;

namespace {
address ip(const char* text) {
  return *parse_address(text);
}
} // namespace

TEST_CASE("RFC 4632 3.1: a prefix holds what shares its first bits") {
  const auto p = parse_prefix("192.0.2.77/24");
  REQUIRE(p);
  CHECK(to_string(p->base) == "192.0.2.0");
  CHECK(to_string(p->last()) == "192.0.2.255");
  CHECK(p->contains(ip("192.0.2.200")));
  CHECK_FALSE(p->contains(ip("192.0.3.0")));
  CHECK_FALSE(p->contains(ip("2001:db8::1")));
  CHECK(parse_prefix("0.0.0.0/0")->contains(ip("255.255.255.255")));
  CHECK(parse_prefix("2001:db8::/33")->last() == ip("2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"));
}

TEST_CASE("text that is no prefix") {
  for (const char* bad : {"", "/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "::/129", "example.org/8"})
    CHECK_FALSE(parse_prefix(bad));
}

TEST_CASE("a set answers for overlapping and nested prefixes of both families") {
  const prefix_set set = {"10.0.0.0/8", "10.1.0.0/16", "9.255.255.0/24", "2001:db8::/32", "10.255.255.255"};
  for (const char* in :
       {"10.0.0.0", "10.1.2.3", "10.200.0.1", "10.255.255.255", "9.255.255.1", "2001:db8:ffff::1"})
    CHECK(set.contains(ip(in)));
  for (const char* out : {"9.255.254.255", "11.0.0.0", "0.0.0.0", "2001:db9::", "::a00:1"})
    CHECK_FALSE(set.contains(ip(out)));
  CHECK_FALSE(prefix_set{}.contains(ip("10.0.0.1")));
}

TEST_CASE("RFC 6890: special-purpose space is left alone") {
  for (const char* special : {"127.0.0.1",      "10.1.2.3",    "100.64.0.1", "169.254.1.1",
                              "172.31.255.255", "192.168.0.1", "192.0.2.1",  "198.18.1.7",
                              "198.19.255.255", "203.0.113.9", "224.0.0.1",  "255.255.255.255",
                              "0.0.0.0",        "::1",         "::",         "::ffff:8.8.8.8",
                              "fe80::1",        "fd00::1",     "ff02::1",    "2001:db8::1",
                              "2002:808:808::1"})
    CHECK_MESSAGE(is_special(ip(special)), special);
  for (const char* open : {"8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.0", "198.20.0.0",
                           "192.0.1.1", "223.255.255.255", "2a00:1450::1", "2001:4860::8888"})
    CHECK_MESSAGE(!is_special(ip(open)), open);
}
