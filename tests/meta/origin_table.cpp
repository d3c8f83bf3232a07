#include <postroad/meta/origin_table.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

using namespace postroad;
using meta::origin_table;

namespace {

meta::origin find(const origin_table& t, std::string_view ip) {
  auto found = t.find(*net::parse_address(ip));
  t.describe(found);
  return found;
}
using list = std::vector<std::uint32_t>;

} // namespace

TEST_CASE("prefixes in CAIDA's columns and in the common ones, with one origin or several") {
  origin_table t;
  for (const auto* line : {"192.0.2.0\t24\t64496", "192.0.2.128\t25\t64497_64498", "198.51.100.0/24 AS64499",
                           "2001:db8::\t32\t64500,64501", "2001:db8:1::/48  {64502}",
                           "203.0.113.0\t24\t64496_64503,64504\r", "", "# comment", "   "})
    CHECK_FALSE(t.add_route(line).has_value());
  t.build();
  CHECK(t.routes() == 6);
  CHECK(find(t, "192.0.2.1").asns == list{64496});
  CHECK(find(t, "192.0.2.200").asns == list{64497, 64498});
  CHECK(find(t, "192.0.2.200").prefix == net::parse_prefix("192.0.2.128/25"));
  CHECK(find(t, "198.51.100.7").asns == list{64499});
  CHECK(find(t, "2001:db8::1").asns == list{64500, 64501});
  CHECK(find(t, "2001:db8:1::1").asns == list{64502});
  CHECK(find(t, "203.0.113.9").asns == list{64496, 64503, 64504});
  CHECK(find(t, "203.0.114.9").empty());
  CHECK(find(t, "::ffff:192.0.2.1").empty()); // is IPv6
}

TEST_CASE("what is no prefix is named, and nothing is taken from it") {
  origin_table t;
  for (const auto* line : {"192.0.2.0", "192.0.2.0\t24", "192.0.2.0\t33\t1", "192.0.2.0/24", "192.0.2\t24\t1",
                           "x/24 1", "192.0.2.0/24 x", "192.0.2.0/24 {}", "192.0.2.0/24 4294967296",
                           "2001:db8::/129 1", "192.0.2.0/ 1", "192.0.2.0/24 1_x"})
    CHECK_MESSAGE(t.add_route(line).has_value(), line);
  t.build();
  CHECK(t.routes() == 0);
}

TEST_CASE("delegations: countries of ranges that are no prefixes, and of AS numbers") {
  origin_table t;
  for (const auto* line :
       {"2|ripencc|20150426|3|19830705|20150425|+0200", "ripencc|*|ipv4|*|3|summary",
        "ripencc|FR|ipv4|192.0.2.0|24|20100101|allocated",
        "ripencc|DE|ipv4|198.51.100.0|256|20100101|assigned|x",
        "ripencc|EU|ipv4|203.0.113.0|256|20100101|allocated", "ripencc||ipv4|203.0.114.0|256||available",
        "apnic|jp|ipv6|2001:db8::|32|20100101|allocated", "arin|US|asn|64496|2|20100101|assigned",
        "arin|US|ipv4|255.255.255.0|256|x|assigned"})
    CHECK_FALSE_MESSAGE(t.add_delegation(line).has_value(), line);
  static_cast<void>(t.add_route("100.0.0.0/8 64497"));
  t.build();
  CHECK(find(t, "192.0.2.0").country == "FR");
  CHECK(find(t, "192.0.2.23").country == "FR");
  CHECK(find(t, "192.0.2.24").country.empty());
  CHECK(find(t, "198.51.100.255").country == "DE");
  CHECK(find(t, "203.0.113.1").country.empty()); // no country
  CHECK(find(t, "2001:db8:ffff::").country == "JP");
  CHECK(find(t, "255.255.255.255").country == "US");
  CHECK(find(t, "100.1.2.3").country == "US"); // of its AS
  for (const auto* line :
       {"ripencc|FR|ipv4|192.0.2|1|x|allocated", "ripencc|FR|ipv4|192.0.2.0|x|x|allocated",
        "ripencc|FR|ipv5|192.0.2.0|1|x|allocated", "ripencc|FR|ipv6|192.0.2.0|1|x|allocated",
        "arin|US|ipv4|255.255.255.0|257|x|assigned", "x|FR|ipv6|2001:db8::|129|x|y", "x|FR|asn|a|1|x|y",
        "x|FR|asn|1|99999999|x|y", "nonsense"})
    CHECK_MESSAGE(t.add_delegation(line).has_value(), line);
}

TEST_CASE("names and kinds of AS") {
  origin_table t;
  static_cast<void>(t.add_route("192.0.2.0/24 64496"));
  static_cast<void>(t.add_route("198.51.100.0/24 64497"));
  static_cast<void>(t.add_route("203.0.113.0/24 64498"));
  for (const auto* line :
       {"64496 EXAMPLE-NET - Example, Inc., DE", "AS64497\tOther Net", "64498|Third, with comma", ""})
    CHECK_FALSE(t.add_name(line).has_value());
  for (const auto* line :
       {"# AS|source|class", "64496|CAIDA_class|Content", "64497\thosting company", "64498 edu\r"})
    CHECK_FALSE(t.add_type(line).has_value());
  CHECK(t.add_name("NAME 64496").has_value());
  CHECK(t.add_type("64496").has_value());
  CHECK(t.add_type("x|y|z").has_value());
  t.build();
  CHECK(find(t, "192.0.2.1").as_name == "EXAMPLE-NET - Example, Inc.");
  CHECK(find(t, "192.0.2.1").country == "DE");
  CHECK(find(t, "192.0.2.1").as_type == "Content");
  CHECK(find(t, "198.51.100.1").as_name == "Other Net");
  CHECK(find(t, "198.51.100.1").as_type == "hosting company");
  CHECK(find(t, "203.0.113.1").as_name == "Third, with comma");
  CHECK(find(t, "203.0.113.1").country.empty());
  CHECK(find(t, "203.0.113.1").as_type == "edu");
}
