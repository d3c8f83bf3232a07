#include <postroad/study/decimal.hpp>
#include <postroad/study/pair_counts.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace postroad::study;

namespace {
std::string again(std::string_view s) {
  const auto d = decimal_of(s);
  return d ? to_string(*d) : "none";
}
} // namespace

TEST_CASE("decimals are read and written exactly") {
  for (const auto* same : {"0", "7", "-7", "12.5", "-0.5", "0.000000001", "-0.000000001",
                           "18446744073709551616", "170141183460469231731687303715884105720", "-3.25"}) {
    INFO(std::string(same));
    CHECK(again(same) == same);
  }
  CHECK(again("1.50") == "1.5");
  CHECK(again("-0") == "0");
  CHECK(again("1e3") == "1000");
  CHECK(again("2.5E-1") == "0.25");
  CHECK(again("0.1234567899") == "0.123456789");
  CHECK(again("007") == "7");
}

TEST_CASE("what is no number, or too large, is none") {
  for (const auto* bad : {"", "-", ".5", "5.", "1e", "x", "1 ", " 1", "+1", "1.2.3", "0x1", "1e99",
                          "999999999999999999999999999999999999999"}) {
    INFO(std::string(bad));
    CHECK(again(bad) == "none");
  }
}

TEST_CASE("decimals compare by size") {
  const std::vector<std::string> ascending = {
      "-10", "-1.5", "-1", "-0.5", "0", "0.25", "2", "10", "18446744073709551616"};
  for (std::size_t i = 0; i < ascending.size(); ++i)
    for (std::size_t j = 0; j < ascending.size(); ++j)
      CHECK((*decimal_of(ascending[i]) < *decimal_of(ascending[j])) == (i < j));
}

TEST_CASE("numbers of records: JSON numbers, and text that is a whole number") {
  using postroad::record::value;
  value v;
  v.is = value::kind::text;
  v.text = "340282366920938463463";
  CHECK(to_string(*decimal_of(v)) == "340282366920938463463");
  v.text = "1.5";
  CHECK_FALSE(decimal_of(v).has_value());
  v.text = "198.18.0.1";
  CHECK_FALSE(decimal_of(v).has_value());
  v.is = value::kind::integer;
  v.raw = "18446744073709551615";
  CHECK(to_string(*decimal_of(v)) == "18446744073709551615");
  v.is = value::kind::null;
  CHECK_FALSE(decimal_of(v).has_value());
}

TEST_CASE("a sum does not depend on order or grouping") {
  std::vector<decimal> terms;
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i)
    terms.push_back(*decimal_of(std::to_string(static_cast<long>(random() % 2'000'000) - 1'000'000) + "." +
                                std::to_string(random() % 1'000'000'000)));
  decimal_sum in_order;
  for (const auto& t : terms)
    in_order.add(t);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(terms.begin(), terms.end(), random);
    decimal_sum left, right;
    const auto cut = random() % terms.size();
    for (std::size_t i = 0; i < terms.size(); ++i)
      (i < cut ? left : right).add(terms[i]);
    right.merge(left);
    CHECK(right.total == in_order.total);
    CHECK(right.terms == 1000);
  }
}

TEST_CASE("a sum beyond 128 bits says so") {
  decimal_sum sum;
  const auto large = *decimal_of("170141183460469231731687303715884105720");
  sum.add(large);
  CHECK_FALSE(sum.overflow());
  sum.add(large);
  CHECK(sum.overflow());
}

TEST_CASE("whether a sum is too large does not depend on the order, the grouping or the times") {
  const auto sum_of = [](const std::vector<std::string>& terms) {
    decimal_sum sum;
    for (const auto& t : terms)
      sum.add(*decimal_of(t));
    return sum;
  };
  const std::string up = "160000000000000000000000000000000000000", down = "-" + up;
  CHECK(sum_of({up, up, down}).overflow());
  CHECK(sum_of({up, down, up}).overflow());
  CHECK(sum_of({down, down, up}).overflow());
  CHECK_FALSE(sum_of({up, "-1.5", "0.25"}).overflow());
  CHECK(to_string(sum_of({up, "-1.5", "0.25"}).total) == "159999999999999999999999999999999999998.75");
  auto first = sum_of({up, "-1.5"});
  first.merge(sum_of({up, down}));
  CHECK(first.overflow());
  decimal_sum once, thrice;
  for (int i = 0; i < 3; ++i)
    once.add(*decimal_of("-2.7"));
  thrice.add(*decimal_of("-2.7"), 3);
  CHECK(once.total == thrice.total);
  CHECK(once.size == thrice.size);
  CHECK(once.terms == thrice.terms);
  thrice.add(*decimal_of(up), 3);
  CHECK(thrice.overflow());
}

TEST_CASE("nearly stays near, up to the largest number") {
  const auto largest = *decimal_of("170141183460469231731687303715884105727");
  CHECK(roughly(largest) == largest);
  CHECK(roughly(*decimal_of("1.7e38")) == largest); // halves up, and no further
  CHECK(roughly(*decimal_of("-1.7e38")) < *decimal_of("-1.69e38"));
  CHECK(roughly(*decimal_of("1000")) > *decimal_of("998"));
  CHECK(roughly(*decimal_of("1000")) < *decimal_of("1002"));
}

TEST_CASE("a list of numbers has each once, small and large") {
  number_list list;
  std::uint32_t next = 0;
  for (const auto* text : {"0", "0.000000001", "-1", "-0.5", "2147483647", "2147483648", "-2147483649",
                           "170141183460469231731687303715884105727", "1.5"}) {
    const auto d = *decimal_of(text);
    CHECK(list.index_of(d) == next);
    CHECK(list.number(next) == d);
    CHECK(list.index_of(d) == next++);
  }
  CHECK(list.size() == next);
}

TEST_CASE("numbers with an exponent are as exact as those without") {
  const auto is = [](std::string_view text, std::string_view same) {
    const auto d = decimal_of(text);
    INFO(text);
    REQUIRE(d.has_value());
    CHECK(to_string(*d) == same);
  };
  is("1e23", "100000000000000000000000");
  is("123456789.123456789e0", "123456789.123456789");
  is("-1.25E+3", "-1250");
  is("1.25e1", "12.5");
  is("125e-1", "12.5");
  is("-5e-9", "-0.000000005");
  is("5e-10", "0");
  is("1e-999999999999", "0");
  is("0e999999999999", "0");
  is("0.000001e12", "1000000");
  is("1.7e38", "170000000000000000000000000000000000000");
  for (const auto* none :
       {"1e39", "1.8e38", "1e999999999999", "1e", "e5", "1e+", "1e++1", "1.e5", "1e5x", "1x5", "-"})
    CHECK_MESSAGE(!decimal_of(none), none);
}
