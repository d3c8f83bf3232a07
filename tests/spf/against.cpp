// The exact set of an expansion held against check_host(), address by address, for random policies.
#include "zone.hpp"

#include <postroad/spf/check.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace postroad;
using namespace spf_test;

namespace {

class policies {
public:
  explicit policies(std::uint64_t seed) : dice_(seed) {}

  /// A zone whose "d.example" includes and redirects to others, few enough for the limits.
  zone draw() {
    zone z;
    for (int i = 0; i < 3; ++i) {
      const auto host = "h" + std::to_string(i) + ".example";
      z.add(host + " A " + ipv4() + "\n" + host + " AAAA " + ipv6());
      z.add("m" + std::to_string(i) + ".example MX " + host);
    }
    z.add("deep.example TXT " + record({}, 4));
    z.add("i0.example TXT " + record({"include:deep.example"}, 5));
    z.add("i1.example TXT " + record({}, 5));
    z.add("r.example TXT " + record({}, 4));
    z.add("d.example TXT " + record({"include:i0.example", "include:i1.example", "redirect=r.example"}, 6));
    return z;
  }

private:
  unsigned below(unsigned n) { return static_cast<unsigned>(dice_() % n); }
  std::string ipv4() {
    return "45." + std::to_string(below(4)) + "." + std::to_string(below(4)) + "." +
           std::to_string(below(256));
  }
  std::string ipv6() { return fmt::format("2a00:{:x}:{:x}::{:x}", below(4), below(4), below(0x10000)); }
  std::string sign() { return std::vector<std::string>{"", "+", "-", "~", "?", "", ""}[below(7)]; }
  std::string term() {
    switch (below(8)) {
    case 0:
      return "a:h" + std::to_string(below(3)) + ".example/" + std::to_string(16 + below(17)) + "//" +
             std::to_string(24 + below(105));
    case 1:
      return "mx:m" + std::to_string(below(3)) + ".example/" + std::to_string(16 + below(17));
    case 2:
    case 3:
      return "ip6:" + ipv6() + "/" + std::to_string(16 + below(113));
    default:
      return "ip4:" + ipv4() + "/" + std::to_string(8 + below(25));
    }
  }
  std::string record(const std::vector<std::string>& others, unsigned terms) {
    std::string out = "v=spf1";
    std::vector<unsigned> places; // each of the others once, or not at all
    for (std::size_t i = 0; i < others.size(); ++i)
      places.push_back(below(terms + 1));
    unsigned asking = 0;
    for (unsigned i = 0; i < terms; ++i) {
      auto t = term();
      while ((t[0] == 'a' || t[0] == 'm') && ++asking > 1)
        t = term();
      out += " " + sign() + t;
      for (std::size_t o = 0; o < others.size(); ++o)
        if (places[o] == i && others[o].find('=') == std::string::npos)
          out += " " + sign() + others[o];
    }
    for (const auto& o : others)
      if (o.find('=') != std::string::npos && below(2) == 0)
        out += " " + o;
    if (below(3) != 0)
      out += " " + sign() + "all";
    return out;
  }
  std::mt19937_64 dice_;
};

/// The ends of all ranges, and their neighbours.
std::vector<net::address> borders(const net::address_set& s) {
  std::vector<net::address> all;
  for (const auto& r : s.ipv4.ranges())
    for (const auto n : {r.first, r.first - 1, r.last, r.last + 1})
      all.push_back(net::address::v4(n));
  for (const auto& r : s.ipv6.ranges())
    for (const auto n : {r.first, r.first - 1, r.last, r.last + 1})
      all.push_back(net::to_address(n, true));
  return all;
}

} // namespace

TEST_CASE("1,000 random policies: the set is what check_host lets pass, at every border of it") {
  policies draw(7208);
  unsigned checked = 0, passed = 0;
  for (int i = 0; i < 1000; ++i) {
    auto z = draw.draw();
    spf::expander e(z.ask(), {}, 1 << 20);
    const auto found = now(e.of("d.example"));
    INFO(found->text);
    REQUIRE(found->is == spf::status::valid);
    REQUIRE(found->lookups <= 10);
    auto both = borders(found->pass);
    const auto more = borders(found->united);
    both.insert(both.end(), more.begin(), more.end());
    for (const auto& ip : both) {
      if (net::to_string(ip).starts_with("::ffff:"))
        continue;
      const auto c = now(spf::check_host(z.ask(), {ip, "client.example", "a@d.example", "unknown"}));
      INFO(net::to_string(ip), " ", to_string(c.result), " ", c.problem);
      REQUIRE(found->pass.contains(ip) == (c.result == spf::check_result::pass));
      ++checked;
      passed += c.result == spf::check_result::pass ? 1 : 0;
    }
  }
  MESSAGE(checked, " addresses, ", passed, " pass");
  CHECK(checked > 10'000);
  CHECK(passed > 1'000);
}

TEST_CASE("adding a term with + never takes an address away; the order of such terms is no matter") {
  std::mt19937_64 dice(11);
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> terms;
    for (int t = 0; t < 8; ++t)
      terms.push_back(fmt::format("ip4:45.{}.{}.0/{}", dice() % 3, dice() % 256, 8 + dice() % 25));
    const auto set_of = [](const std::vector<std::string>& all) {
      zone z(fmt::format("d.example TXT v=spf1 {} -all", fmt::join(all, " ")));
      spf::expander e(z.ask(), {}, 0);
      return now(e.of("d.example"))->pass;
    };
    const auto whole = set_of(terms);
    auto fewer = terms;
    fewer.pop_back();
    CHECK((set_of(fewer) - whole).empty());
    std::shuffle(terms.begin(), terms.end(), dice);
    CHECK(set_of(terms) == whole);
    net::uint128 in_blocks = 0;
    whole.ipv4.each_block(
        [&](const net::block<std::uint32_t>& b) { in_blocks += net::uint128{1} << (32 - b.length); });
    CHECK(net::to_decimal(in_blocks) == whole.ipv4.count());
  }
}

TEST_CASE("check_host: macros that would grow into gigabytes do not") {
  std::string bomb;
  for (int i = 0; i < 12'000; ++i)
    bomb += "%{S}";
  zone z("d.example TXT v=spf1 exp=e.example -all\ne.example TXT " + bomb);
  const auto long_one = now(
      spf::check_host(z.ask(), {*net::parse_address("45.1.1.1"), "", std::string(900, 'x') + "@d.example"}));
  CHECK(long_one.result == spf::check_result::fail);
  CHECK(long_one.explanation.empty());
  const auto too_long = now(spf::check_host(
      z.ask(), {*net::parse_address("45.1.1.1"), "", std::string(30'000, 'x') + "@d.example"}));
  CHECK(too_long.what == outcome::malformed);
  CHECK(too_long.result == spf::check_result::none);
}
