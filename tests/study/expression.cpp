#include <postroad/record/reader.hpp>
#include <postroad/study/conditions.hpp>
#include <postroad/study/expression.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

using namespace postroad;
using namespace postroad::study;

namespace {

bool holds(std::string_view condition, std::string line) {
  record::path_set paths;
  const auto e = expression::parse(condition, paths);
  INFO(std::string(condition));
  REQUIRE(e.has_value());
  std::vector<bool> fans_out;
  for (std::size_t path = 0; path < paths.size(); ++path)
    fans_out.push_back(!paths.fan_of(path).empty());
  batch in(fans_out);
  condition_pool pool;
  const auto asked = pool.add(*e, in);
  record::reader reader;
  const auto size = line.size();
  line.append(record::line_slack, ' ');
  REQUIRE_FALSE(
      reader.read(std::string_view(line).substr(0, size), paths,
                  [&](std::size_t path, const record::value& v, std::size_t n) { in.add(path, v, n); }));
  in.accept();
  return pool.holds(asked, in, in.all()).has(0);
}

const std::string domain =
    R"({"domain":"a.example","rank":7,"big":"18446744073709551616","mx":{"kind":"null","hosts":[{"ip":["1","2"]},{"ip":[]}]},)"
    R"("smtp":{"outcome":"ok","code":220,"tls":false,"note":null},"time":"2015-04-26T10:00:00Z","odd name":"x, y"})";

} // namespace

TEST_CASE("a bare path holds unless its value is null, false or missing") {
  CHECK(holds("domain", domain));
  CHECK(holds("smtp", domain));
  CHECK_FALSE(holds("smtp.tls", domain));
  CHECK_FALSE(holds("smtp.note", domain));
  CHECK_FALSE(holds("spf", domain));
  CHECK(holds("smtp.code", R"({"smtp":{"code":0}})"));
}

TEST_CASE("has: null, false and missing are three things") {
  CHECK(holds("has smtp.tls", domain));
  CHECK(holds("has smtp.note", domain));
  CHECK_FALSE(holds("has spf", domain));
  CHECK(holds("smtp.tls = false", domain));
  CHECK(holds("smtp.note = null", domain));
  CHECK_FALSE(holds("smtp.tls = null", domain));
}

TEST_CASE("comparisons with what is not there are false, != too") {
  CHECK_FALSE(holds("spf.policy = hard", domain));
  CHECK_FALSE(holds("spf.policy != hard", domain));
  CHECK(holds("not spf.policy = hard", domain));
  CHECK_FALSE(holds("spf.n < 5", domain));
}

TEST_CASE("numbers compare as numbers, whole numbers in text too") {
  CHECK(holds("smtp.code = 220", domain));
  CHECK(holds("smtp.code = 220.0", domain));
  CHECK(holds("smtp.code=220", domain));
  CHECK(holds("rank < 10", domain));
  CHECK_FALSE(holds("rank > 10", domain));
  CHECK(holds("rank <= 7 and rank >= 7", domain));
  CHECK(holds("big > 18446744073709551615", domain));
  CHECK(holds("big = 18446744073709551616", domain));
  CHECK_FALSE(holds("rank = '7'", domain));
  CHECK(holds("big = '18446744073709551616'", domain));
}

TEST_CASE("numbers of a list compare as numbers, too") {
  for (const auto* record : {R"({"a":1})", R"({"a":1.0})", R"({"a":"01"})", R"({"a":10e-1})"}) {
    CHECK(holds("a in 1,2", record));
    CHECK(holds("a = 1", record));
    CHECK_FALSE(holds("a in 3,x", record));
  }
  CHECK_FALSE(holds("a in '1'", R"({"a":1.0})"));
  CHECK_FALSE(holds("a in 1", R"({"a":true})"));
}

TEST_CASE("a regular expression sees what is behind a NUL, and no more than the value") {
  CHECK(holds("a ~ b", R"({"a":"x\u0000b"})"));
  CHECK_FALSE(holds("a ~ 'x$'", R"({"a":"x\u0000b"})"));
  CHECK(holds("a ~ '^$'", R"({"a":""})"));
  CHECK_FALSE(holds("a ~ 'xy'", R"({"a":"x","y":"y"})"));
}

TEST_CASE("text compares by bytes") {
  CHECK(holds("time >= 2015-04-26 and time < 2015-04-27", domain));
  CHECK(holds("mx.kind = null", domain));
  CHECK(holds("mx.kind = \"null\"", domain));
  CHECK_FALSE(holds("smtp.note = 'null'", domain));
  CHECK(holds("\"odd name\" = 'x, y'", domain));
  CHECK(holds("domain != b.example", domain));
}

TEST_CASE("in: a list, or the lines of a file") {
  CHECK(holds("smtp.outcome in refused, ok", domain));
  CHECK_FALSE(holds("smtp.outcome in refused,timeout", domain));
  CHECK(holds("smtp.code in 220,250 and rank = 7", domain));
  char name[] = "/tmp/postroad-list-XXXXXX";
  const int fd = mkstemp(name);
  REQUIRE(fd >= 0);
  const std::string text = "# domains\n\n a.example \nb.example";
  REQUIRE(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(fd);
  CHECK(holds("domain in @" + std::string(name), domain));
  CHECK(holds("(domain in @'" + std::string(name) + "') and rank = 7", domain));
  CHECK_FALSE(holds("smtp.outcome in @" + std::string(name), domain));
  unlink(name);
  record::path_set paths;
  CHECK_FALSE(expression::parse("domain in @/nonexistent/list", paths).has_value());
}

TEST_CASE("~ is an extended regular expression that fits somewhere") {
  CHECK(holds("domain ~ ^a\\.", domain));
  CHECK(holds("domain ~ 'exam(ple|pel)$'", domain));
  CHECK_FALSE(holds("domain ~ ^example", domain));
}

TEST_CASE("where a path fans out, one value that fits is enough") {
  CHECK(holds("mx.hosts[].ip[] = 2", domain));
  CHECK(holds("mx.hosts[].ip[]", domain));
  CHECK_FALSE(holds("mx.hosts[].ipv6[]", domain));
  CHECK(holds("{} = smtp", domain));
  CHECK(holds("mx.hosts[].ip[] != 2", domain));
}

TEST_CASE("not binds tighter than and, and tighter than or") {
  CHECK(holds("rank = 1 and rank = 2 or rank = 7", domain));
  CHECK_FALSE(holds("rank = 1 and (rank = 2 or rank = 7)", domain));
  CHECK(holds("rank = 7 or rank = 1 and rank = 2", domain));
  CHECK(holds("not rank = 1 and rank = 7", domain));
  CHECK_FALSE(holds("not (rank = 1 or rank = 7)", domain));
  CHECK(holds("!spf", domain));
  CHECK(holds("!!domain", domain));
  CHECK(holds("not(spf)", domain));
}

TEST_CASE("else holds when no row above does") {
  record::path_set paths;
  const auto e = expression::parse("else", paths);
  batch two({});
  condition_pool pool;
  const auto asked = pool.add(*e, two);
  two.accept();
  two.accept();
  auto taken = selection::first(1);
  CHECK(pool.holds(asked, two, two.all()) == selection::first(2));
  CHECK(pool.holds(asked, two, two.all(), taken) == selection::first(2) - taken);
}

TEST_CASE("what is no condition says where and why") {
  for (const auto* bad : {"", "and", "a and", "a =", "a = 1 b", "(a", "a)", "a = 'x", "a in", "a in b,",
                          "a..b", "a ~ [", "not", "= 3", "a or or b", "has", "a ~ (", "a b"}) {
    INFO(std::string(bad));
    record::path_set paths;
    const auto e = expression::parse(bad, paths);
    REQUIRE_FALSE(e.has_value());
    CHECK(e.error().offset <= std::string_view(bad).size());
    CHECK_FALSE(e.error().why.empty());
  }
  record::path_set paths;
  CHECK_FALSE(expression::parse(std::string(100'000, '('), paths).has_value());
  CHECK_FALSE(expression::parse(std::string(100'000, '!'), paths).has_value());
}
