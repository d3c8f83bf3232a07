#include "zone.hpp"

#include <postroad/spf/overlap.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace postroad;
using namespace spf_test;

namespace {

using range = net::interval<std::uint32_t>;
using weighted = std::vector<std::pair<range, std::uint64_t>>;

std::string told(const weighted& ranges) {
  std::string out;
  for (const auto& l : spf::layers_of(ranges))
    out += std::to_string(l.range.first) + ".." + std::to_string(l.range.last) + ":" +
           std::to_string(l.domains) + " ";
  return out;
}

spf::overlap folded(const std::string& lines, const std::vector<std::string>& domains) {
  zone z(lines);
  spf::expander expand(z.ask(), {}, 1 << 20);
  spf::overlap all;
  for (const auto& d : domains)
    all.add(d, *now(expand.of(d)));
  return all;
}

bool has_line(const std::string& report, const std::string& line) {
  return ("\n" + report).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("layers: how many domains let an address in") {
  CHECK(told({}) == "");
  CHECK(told({{{1, 4}, 2}, {{3, 9}, 1}}) == "1..2:2 3..4:3 5..9:1 ");
  CHECK(told({{{1, 4}, 2}, {{5, 9}, 2}}) == "1..9:2 ");
  CHECK(told({{{0, 0xffffffff}, 1}, {{0xffffffff, 0xffffffff}, 1}, {{0, 0}, 1}}) ==
        "0..0:2 1..4294967294:1 4294967295..4294967295:2 ");
  CHECK(told({{{1, 2}, 1}, {{7, 7}, 3}}) == "1..2:1 7..7:3 ");
}

TEST_CASE("layers agree with counting address by address") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    weighted ranges;
    std::vector<std::uint64_t> expected(64, 0), got(64, 0);
    for (unsigned i = 0; i < random() % 12; ++i) {
      const std::uint32_t a = random() % 64, b = random() % 64;
      const std::uint64_t n = 1 + random() % 3;
      ranges.push_back({{std::min(a, b), std::max(a, b)}, n});
      for (auto at = std::min(a, b); at <= std::max(a, b); ++at)
        expected[at] += n;
    }
    for (const auto& l : spf::layers_of(ranges))
      for (auto at = l.range.first; at <= l.range.last; ++at)
        got[at] += l.domains;
    CHECK(got == expected);
  }
}

TEST_CASE("equal sets are one, however they are written; +all, nobody and no policy are told apart") {
  const auto all = folded(
      "a.org TXT v=spf1 ip4:45.1.0.0/24 -all\nb.org TXT v=spf1 ip4:45.1.0.128/25 ip4:45.1.0.0/25 ~all\n"
      "c.org TXT v=spf1 ip4:45.1.0.0/25 ip6:2a00::/64 -all\nd.org TXT v=spf1 +all\ne.org TXT v=spf1 "
      "-all\nf.org TXT hello",
      {"a.org", "b.org", "c.org", "d.org", "e.org", "f.org"});
  REQUIRE(all.sets().size() == 2);
  CHECK(all.sets()[0].domains == 2);
  CHECK(all.sets()[0].first == "a.org");
  const auto report = all.report();
  CHECK(has_line(
      report,
      R"({"overlap":"summary","domains":6,"sets":2,"without_policy":1,"unreadable":0,"not_known":0,"everybody":1,"nobody":1})"));
  CHECK(has_line(report, R"({"overlap":"space","family":"ip4","domains":1,"count":"256"})"));
  CHECK(has_line(report, R"({"overlap":"space","family":"ip4","domains":3,"count":"128"})"));
  CHECK(has_line(report,
                 R"({"overlap":"most","family":"ip4","domains":3,"count":"128","nets":["45.1.0.0/25"]})"));
  CHECK(has_line(
      report,
      R"({"overlap":"most","family":"ip6","domains":1,"count":"18446744073709551616","nets":["2a00::/64"]})"));
  CHECK(report.find(R"({"overlap":"set","set":")" + spf::set_name(all.sets()[0].set) +
                    R"(","domains":2,"ip4":"256","ip6":"0","first":"a.org"})") != std::string::npos);
}

TEST_CASE("sets that overlap in part are pairs") {
  std::string lines;
  std::vector<std::string> domains;
  for (int i = 0; i < 3; ++i) {
    lines += "a" + std::to_string(i) + ".org TXT v=spf1 ip4:45.1.0.0/24 -all\nb" + std::to_string(i) +
             ".org TXT v=spf1 ip4:45.1.0.0/25 ip4:45.2.0.0/24 -all\n";
    domains.push_back("a" + std::to_string(i) + ".org");
    domains.push_back("b" + std::to_string(i) + ".org");
  }
  const auto all = folded(lines, domains);
  const auto a = spf::set_name(all.sets()[0].set), b = spf::set_name(all.sets()[1].set);
  CHECK(has_line(all.report(), R"({"overlap":"pair","sets":[")" + a + R"(",")" + b +
                                   R"("],"domains":[3,3],"ip4":"128","ip6":"0"})"));
}
