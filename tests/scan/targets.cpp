#include <postroad/scan/number_set.hpp>
#include <postroad/scan/targets.hpp>

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace postroad;

namespace {

net::address_set set_of(std::initializer_list<std::string_view> texts) {
  std::vector<net::prefix> all;
  for (const auto t : texts)
    all.push_back(*net::parse_prefix(t));
  return net::address_set::of(all);
}

std::string told(const scan::targets& t, std::uint64_t number) {
  return to_string(t.at(number));
}

} // namespace

TEST_CASE("targets are counted through: addresses in order, the ports of each together, IPv4 first") {
  const scan::targets t(set_of({"192.0.2.0/30", "198.51.100.9", "2001:db8::/127"}), {25, 587});
  REQUIRE(t.size() == 14);
  CHECK(t.addresses() == 7);
  CHECK(told(t, 0) == "192.0.2.0:25");
  CHECK(told(t, 3) == "192.0.2.1:587");
  CHECK(told(t, 8) == "198.51.100.9:25");
  CHECK(told(t, 10) == "[2001:db8::]:25");
  CHECK(told(t, 13) == "[2001:db8::1]:587");
}

TEST_CASE("a target knows its number, and nobody else has one") {
  const auto whole = net::address_set{net::ipv4_set::whole(), {}};
  std::vector<net::prefix> holes;
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i)
    holes.push_back(net::network_of(net::address::v4(static_cast<std::uint32_t>(random())),
                                    16 + static_cast<unsigned>(random() % 17)));
  const auto lost = net::address_set::of(holes);
  const scan::targets t(whole - lost, {25, 53, 465});
  CHECK(t.size() == (net::ipv4_set::whole() - lost.ipv4).size() * 3);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = (std::uint64_t{random()} << 32 | random()) % t.size();
    const auto to = t.at(number);
    REQUIRE_FALSE(lost.contains(to.ip));
    REQUIRE(t.number_of(to).value() == number);
  }
  for (int i = 0; i < 1000; ++i) {
    const auto& hole = holes[random() % holes.size()];
    REQUIRE_FALSE(t.number_of({hole.base, 25}).has_value());
  }
  CHECK_FALSE(t.number_of({t.at(0).ip, 26}).has_value());
  CHECK_FALSE(t.number_of({*net::parse_address("2001:db8::1"), 25}).has_value());
}

TEST_CASE("what cannot be counted is told before anything is made") {
  CHECK(scan::targets::count({net::ipv4_set::whole(), {}}, 65'536).value() == std::uint64_t{1} << 48);
  CHECK_FALSE(scan::targets::count(net::address_set::whole(), 1).has_value());
  CHECK_FALSE(scan::targets::count(set_of({"2001:db8::/32"}), 1).has_value());
  CHECK(scan::targets::count(set_of({"2001:db8::/64", "2001:db9::/64"}), 1).has_value() == false);
  CHECK(scan::targets::count(set_of({"2001:db8::/96"}), 2).value() == std::uint64_t{1} << 33);
}

TEST_CASE("a set of numbers is exact, sparse and dense") {
  scan::number_set mine;
  std::set<std::uint64_t> truth;
  std::mt19937_64 random(9);
  for (int i = 0; i < 200'000; ++i) {
    const auto number =
        i % 2 == 0 ? random() % 70'000 : random() % (std::uint64_t{1} << 48); // one block fills
    REQUIRE(mine.contains(number) == truth.contains(number));
    REQUIRE(mine.insert(number) == truth.insert(number).second);
  }
  CHECK(mine.size() == truth.size());
  for (const auto number : truth)
    REQUIRE(mine.contains(number));
}
