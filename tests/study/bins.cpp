#include <postroad/study/bins.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace postroad;
using study::binning;

namespace {

std::string bin_of(std::string_view how, std::string_view text, bool number = false) {
  record::value v;
  v.is = number ? record::value::kind::real : record::value::kind::text;
  v.text = v.raw = text;
  return binning::parse(how)->of(v).value_or("none");
}
std::string number_bin(std::string_view how, std::string_view number) {
  return bin_of(how, number, true);
}
std::string after(std::string_view how, std::string_view bin) {
  return binning::parse(how)->after(bin).value_or("none");
}

} // namespace

TEST_CASE("times go to the hour, day, week, month and year in UTC") {
  const auto t = "2015-04-26T23:30:00.5-02:00"; // Sunday, the 27th in UTC, a Monday
  CHECK(bin_of("hour", t) == "2015-04-27T01Z");
  CHECK(bin_of("day", t) == "2015-04-27");
  CHECK(bin_of("week", t) == "2015-04-27");
  CHECK(bin_of("week", "2015-04-26T23:30:00Z") == "2015-04-20");
  CHECK(bin_of("week", "2016-01-01") == "2015-12-28");
  CHECK(bin_of("month", t) == "2015-04");
  CHECK(bin_of("year", "2015-12-31T23:59:60Z") == "2016"); // a leap second
  CHECK(bin_of("day", "2016-02-29") == "2016-02-29");
}

TEST_CASE("what is no time has no bin") {
  for (const auto* t : {"", "2015", "2015-13-01", "2015-02-29", "2015-04-26T24:00:00Z", "2015-04-26T10:00:00",
                        "2015-04-26T10:00:00+1:00", "2015-04-26T10:00:00Zx", "20150426T100000Z", "monday"})
    CHECK_MESSAGE(bin_of("day", t) == "none", t);
  CHECK(number_bin("day", "20150426") == "none");
}

TEST_CASE("numbers go to bins of one width, and to powers") {
  CHECK(number_bin("10", "0") == "0");
  CHECK(number_bin("10", "9.999") == "0");
  CHECK(number_bin("10", "10") == "10");
  CHECK(number_bin("10", "-0.5") == "-10");
  CHECK(number_bin("0.25", "0.7") == "0.5");
  CHECK(number_bin("2.5", "-3") == "-5");
  CHECK(number_bin("log2", "0.5") == "0");
  CHECK(number_bin("log2", "1") == "1");
  CHECK(number_bin("log2", "255") == "128");
  CHECK(number_bin("log2", "256") == "256");
  CHECK(number_bin("log10", "99999") == "10000");
  CHECK(number_bin("log10", "-1") == "none");
  CHECK(number_bin("log2", "170141183460469231731687303715884105727") ==
        "85070591730234615865843651857942052864");
  CHECK(bin_of("log2", "340282366920938463463374607431768211456") == "none"); // beyond 128 bits
  CHECK(bin_of("10", "42") == "40");                                          // a count above 2^53 is text
  CHECK(number_bin("10", "1e40") == "none");
}

TEST_CASE("the bin behind a bin") {
  CHECK(after("hour", "2015-12-31T23Z") == "2016-01-01T00Z");
  CHECK(after("day", "2015-02-28") == "2015-03-01");
  CHECK(after("week", "2015-12-28") == "2016-01-04");
  CHECK(after("month", "2015-01") == "2015-02");
  CHECK(after("month", "2015-12") == "2016-01");
  CHECK(after("year", "2015") == "2016");
  CHECK(after("0.25", "0.75") == "1");
  CHECK(after("10", "-10") == "0");
  CHECK(after("log2", "0") == "1");
  CHECK(after("log10", "100") == "1000");
  CHECK(after("log2", "85070591730234615865843651857942052864") == "none");
  CHECK(after("day", "junk") == "none");
}

TEST_CASE("words that are no bins") {
  for (const auto* word : {"", "0", "-5", "days", "log3", "1e30", "x"})
    CHECK_MESSAGE(!binning::parse(word), word);
}
