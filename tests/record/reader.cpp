#include <postroad/record/reader.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

using namespace postroad;
using namespace postroad::record;

namespace {

struct found {
  std::size_t path;
  std::string shown; ///< text as it is, else the raw JSON
  std::size_t ordinal;
  friend bool operator==(const found&, const found&) = default;
};

struct reading {
  std::vector<found> all;
  std::optional<parse_error> error;
};

reading read(std::string line, const std::vector<std::string>& paths, checking how) {
  path_set compiled;
  for (const auto& p : paths)
    REQUIRE(compiled.add(p).has_value());
  reader r;
  reading out;
  const auto size = line.size();
  line.append(line_slack, '"'); // what stands behind a line must not matter
  out.error = r.read(
      std::string_view(line).substr(0, size), compiled,
      [&](std::size_t path, const value& v, std::size_t ordinal) {
        out.all.push_back({path, std::string(v.is == value::kind::text ? v.text : v.raw), ordinal});
      },
      how);
  return out;
}

std::vector<found> both(const std::string& line, const std::vector<std::string>& paths) {
  const auto touched = read(line, paths, checking::touched);
  const auto whole = read(line, paths, checking::whole);
  INFO(line);
  CHECK_FALSE(touched.error.has_value());
  CHECK_FALSE(whole.error.has_value());
  CHECK(touched.all == whole.all);
  return whole.all;
}

value only(std::string line, std::string_view path) {
  path_set paths;
  REQUIRE(paths.add(path).has_value());
  static reader r; // it and the line hold what the value looks at
  static std::string kept;
  kept = std::move(line);
  const auto size = kept.size();
  kept.append(line_slack, '9');
  value out;
  int calls = 0;
  const auto see = [&](std::size_t, const value& v, std::size_t) { out = v, ++calls; };
  CHECK_FALSE(r.read(std::string_view(kept).substr(0, size), paths, see, checking::whole).has_value());
  CHECK(calls == 1);
  return out;
}

using kind = value::kind;

} // namespace

TEST_CASE("paths are found in any order, in document order") {
  const std::string line = R"( { "b" : { "y" : 1 , "x" : "t" } , "a" : true, "c": null } )";
  CHECK(both(line, {"a", "b.x", "b.y", "c", "d", "a.b"}) ==
        std::vector<found>{{2, "1", 0}, {1, "t", 0}, {0, "true", 0}, {3, "null", 0}});
}

TEST_CASE("an object or array is reported from bracket to bracket, before what is in it") {
  CHECK(both(R"({"a":{"b":[1, 2] },"c":[{}]})", {"a", "a.b", "c"}) ==
        std::vector<found>{{0, R"({"b":[1, 2] })", 0}, {1, "[1, 2]", 0}, {2, "[{}]", 0}});
}

TEST_CASE("[] fans out over an array, with the index of the outermost one as ordinal") {
  const std::string line = R"({"hosts":[{"name":"a","ip":["1","2"]},{"name":"b","ip":[]},{"ip":["3"]},7]})";
  CHECK(both(line, {"hosts[].name", "hosts[].ip[]", "hosts[]"}) ==
        std::vector<found>{{2, R"({"name":"a","ip":["1","2"]})", 0},
                           {0, "a", 0},
                           {1, "1", 0},
                           {1, "2", 0},
                           {2, R"({"name":"b","ip":[]})", 1},
                           {0, "b", 1},
                           {2, R"({"ip":["3"]})", 2},
                           {1, "3", 2},
                           {2, "7", 3}});
  CHECK(both(R"({"hosts":{"name":"a"}})", {"hosts[].name"}).empty());
}

TEST_CASE("{} gives the keys of an object, and a step behind it goes on with the members") {
  const std::string line = R"({"t":{"ip4":3,"a\u0062":{"n":[5,6]},"x":{"n":7}}})";
  CHECK(both(line, {"t{}"}) == std::vector<found>{{0, "ip4", 0}, {0, "ab", 1}, {0, "x", 2}});
  CHECK(
      both(line, {"t{}.n", "t.ab.n[]", "t{}"}) ==
      std::vector<found>{
          {2, "ip4", 0}, {1, "5", 0}, {1, "6", 1}, {2, "ab", 1}, {0, "[5,6]", 1}, {2, "x", 2}, {0, "7", 2}});
  CHECK(both(line, {"t{}.n[]"}) == std::vector<found>{{0, "5", 1}, {0, "6", 1}});
}

TEST_CASE("null, false and a member that is not there are three things") {
  CHECK(only(R"({"a":null})", "a").is == kind::null);
  const auto v = only(R"({"a":false})", "a");
  CHECK(v.is == kind::boolean);
  CHECK_FALSE(v.boolean);
  CHECK(both(R"({"a":{}})", {"a.b"}).empty());
}

TEST_CASE("RFC 8259 6: numbers keep their kind") {
  for (const auto* number : {"0", "-0", "-9223372036854775808", "18446744073709551616"}) {
    const auto v = only(std::string("{\"a\":") + number + "}", "a");
    CHECK(v.is == kind::integer);
    CHECK(v.raw == number);
  }
  for (const auto* number : {"-0.5e1", "1e2", "1E+999", "-1e-999", "0.0"}) {
    const auto v = only(std::string("{\"a\":") + number + " }", "a");
    CHECK(v.is == kind::real);
    CHECK(v.raw == number);
  }
}

TEST_CASE("RFC 8259 7: escapes are undone, in names too") {
  CHECK(only(R"({"a":"\"\\\/\b\f\n\r\t\u00e4\u20ac\ud83d\ude00"})", "a").text == "\"\\/\b\f\n\r\tä€😀");
  CHECK(only(R"({"\u0061":"x"})", "a").text == "x");
  CHECK(only(R"({"a":"\u0000"})", "a").text == std::string_view("\0", 1));
  CHECK(only(R"({"a":"x\ud800y"})", "a").text == "x\xef\xbf\xbdy");
  CHECK(only(R"({"a":"\udc00\ud800\u0041"})", "a").text == "\xef\xbf\xbd\xef\xbf\xbd"
                                                           "A");
  CHECK(only(R"({"a":"q\"q","b":1})", "a").raw == R"("q\"q")");
}

TEST_CASE("escapes are undone where a name and {} ask for the same") {
  CHECK(both(R"({"o":{"k":{"name":"\u0061","z":"\u0062"},"\u006b2":{"name":"\u0063"}}})",
             {"o{}.name", "o.k.name", "o.k.z", "o{}"}) ==
        std::vector<found>{{1, "a", 0}, {2, "b", 0}, {3, "k", 0}, {0, "a", 0}, {3, "k2", 1}, {0, "c", 1}});
  const auto bad = read(R"({"o":{"k":{"a":"\u0061","b":"\q"}}})", {"o.k.a", "o{}.a"}, checking::whole);
  CHECK(bad.error.has_value());
}

TEST_CASE("texts of one line are all valid until the next") {
  path_set paths;
  REQUIRE(paths.add("a[]").has_value());
  std::string line = R"({"a":[)";
  for (int i = 0; i < 3000; ++i)
    line += (i ? "," : "") + ("\"\\u0061" + std::to_string(i) + '"');
  line += "]}";
  const auto size = line.size();
  line.append(line_slack, ' ');
  std::vector<std::string_view> texts;
  reader r;
  REQUIRE_FALSE(
      r.read(std::string_view(line).substr(0, size), paths, [&](std::size_t, const value& v, std::size_t) {
         texts.push_back(v.text);
       }).has_value());
  REQUIRE(texts.size() == 3000);
  for (std::size_t i = 0; i < texts.size(); ++i)
    REQUIRE(texts[i] == "a" + std::to_string(i));
}

TEST_CASE("members of one name are each reported when the whole line is read, else the first") {
  const std::string line = R"({"a":1,"b":2,"a":3})";
  CHECK(read(line, {"a", "b"}, checking::whole).all ==
        std::vector<found>{{0, "1", 0}, {1, "2", 0}, {0, "3", 0}});
  CHECK(read(line, {"a", "b"}, checking::touched).all == std::vector<found>{{0, "1", 0}, {1, "2", 0}});
  CHECK(read(line, {"a", "c"}, checking::touched).all == std::vector<found>{{0, "1", 0}});
  CHECK(read(line, {"a", "b"}, checking::whole_first).all == std::vector<found>{{0, "1", 0}, {1, "2", 0}});
  CHECK(read(line + "x", {"a", "b"}, checking::whole_first).error.has_value());
}

TEST_CASE("the whole line: what RFC 8259 does not allow is an error") {
  for (const auto* bad : {"",
                          " ",
                          "[]",
                          "7",
                          "\"a\"",
                          "{",
                          "}",
                          "{}}",
                          "{}{}",
                          "{} x",
                          "{}1",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{,}",
                          "{\"a\" 1}",
                          "{a:1}",
                          "{1:1}",
                          "{\"a\":1 \"b\":2}",
                          "{\"a\":1\"b\":2}",
                          "{\"a\":[1,]}",
                          "{\"a\":[,1]}",
                          "{\"a\":[1 2]}",
                          "{\"a\":[1}",
                          "{\"a\":{]}",
                          "{\"a\":[}]",
                          "{\"a\":01}",
                          "{\"a\":1.}",
                          "{\"a\":.5}",
                          "{\"a\":+1}",
                          "{\"a\":-}",
                          "{\"a\":1e}",
                          "{\"a\":1e+}",
                          "{\"a\":0x1}",
                          "{\"a\":NaN}",
                          "{\"a\":tru}",
                          "{\"a\":truex}",
                          "{\"a\":True}",
                          "{\"a\":nul}",
                          "{\"a\":\"\\x\"}",
                          "{\"a\":\"\\u12g4\"}",
                          "{\"a\":\"\\u12\"}",
                          "{\"\\q\":1}",
                          "{\"a\":\"\x01\"}",
                          "{\"a\":\"",
                          "{\"a\":\"b}",
                          "{\"a\":\"\\\"}",
                          "{\"a\":\"\xff\"}",
                          "{\"a\":\"\xc0\x80\"}",
                          "{\"a\":\"\xed\xa0\x80\"}",
                          "{\"a\":1\x0c}",
                          "{\x0c}",
                          "{\"a\":1\x01}",
                          "\xef\xbb\xbf{}",
                          "{\"a\":\\u0031}",
                          "{\"a\":[[[[]]]}",
                          "{\"a\":{\"b\":1}"}) {
    INFO(bad);
    const auto r = read(bad, {}, checking::whole);
    REQUIRE(r.error.has_value());
    CHECK(r.error->offset <= std::string_view(bad).size());
    CHECK_FALSE(r.error->why.empty());
    CHECK(read(bad, {"a", "a.b", "a[]", "{}"}, checking::whole).error.has_value());
  }
  CHECK(read(std::string("{\"a\":1}\0", 8), {}, checking::whole).error.has_value());
  CHECK(read(std::string("{\"a\":\"\0\"}", 9), {}, checking::whole).error.has_value());
}

TEST_CASE("the whole line: what RFC 8259 allows is no error") {
  for (const auto* good : {"{}", " {} ", "{\t}\r", "{\"a\":[]}", "{\"\":\"\"}", "{\"a\":[[],{},[{}]]}",
                           "{\"a\":-0}", "{\"a\":0.0e-0}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\x7f\"}",
                           "{\"a\":1e400}", "{\"a\":[1 , 2 ]}\r", "{\"a\":123456789012345678901234567890}"}) {
    INFO(good);
    CHECK_FALSE(read(good, {}, checking::whole).error.has_value());
    CHECK_FALSE(read(good, {"a", "a.b", "a[]", "{}"}, checking::whole).error.has_value());
    CHECK_FALSE(read(good, {"a", "a.b", "a[]", "{}"}, checking::touched).error.has_value());
  }
}

TEST_CASE("touched: a line cut off is an error even when every path was seen") {
  CHECK(read(R"({"a":1,"b":{"c":2)", {"a"}, checking::touched).error.has_value());
  CHECK(read(R"({"a":1,"b":")", {"a"}, checking::touched).error.has_value());
  CHECK(read(R"({"a":{"b":{"c":1})", {"a.b.c", "x"}, checking::touched).error.has_value());
  CHECK(read(R"({"b":"\x","a":1})", {"a"}, checking::touched).error.has_value() == false);
}

TEST_CASE("a sink is asked first whether it knows a scalar") {
  struct knowing {
    std::vector<found>&asked, &read;
    void operator()(std::size_t path, const value& v, std::size_t ordinal) const {
      read.push_back({path, std::string(v.raw), ordinal});
    }
    bool knows(std::size_t path, std::string_view json, std::size_t ordinal) const {
      asked.push_back({path, std::string(json), ordinal});
      return json == "\"b\"" || json == "true";
    }
  };
  path_set paths;
  for (const auto* path : {"a[]", "c", "d{}"})
    REQUIRE(paths.add(path).has_value());
  reader r;
  const auto with = [&](std::string line) {
    std::vector<found> asked, read;
    const auto size = line.size();
    line.append(line_slack, 'e');
    const bool good =
        !r.read(std::string_view(line).substr(0, size), paths, knowing{asked, read}, checking::touched);
    return std::tuple(good, asked, read);
  };
  const auto [good, asked, read] = with(R"({"a":["b",1,"b"],"c":true,"d":{"b":1,"x":2}})");
  CHECK(good);
  CHECK(asked ==
        std::vector<found>{
            {0, "\"b\"", 0}, {0, "1", 1}, {0, "\"b\"", 2}, {1, "true", 0}, {2, "\"b\"", 0}, {2, "\"x\"", 1}});
  CHECK(read == std::vector<found>{{0, "1", 1}, {2, "\"x\"", 1}});
  CHECK_FALSE(std::get<bool>(with(R"({"c":true"b"})")));
  CHECK_FALSE(std::get<bool>(with(R"({"c":truely})")));
  for (const auto* no_scalar : {R"({"c":})", R"({"c":,"b":1})", R"({"c"::1})", R"({"a":[]})"})
    CHECK(std::get<1>(with(no_scalar)).empty());
}

TEST_CASE("nesting is bounded, not by the stack") {
  const auto nested = [](std::size_t n) {
    return "{\"a\":" + std::string(n, '[') + std::string(n, ']') + "}";
  };
  CHECK_FALSE(read(nested(1000), {}, checking::whole).error.has_value());
  CHECK(read(nested(1'000'000), {}, checking::whole).error.has_value());
  CHECK_FALSE(read(nested(1'000'000), {"b"}, checking::touched).error.has_value());
}

TEST_CASE("a line of 16 MiB is read, and a short one after it") {
  path_set paths;
  REQUIRE(paths.add("b").has_value());
  std::string line = "{\"a\":\"" + std::string((16u << 20) - 20, 'x') + "\",\"b\":1}";
  const auto size = line.size();
  line.append(line_slack, ' ');
  reader r;
  int calls = 0;
  const auto count = [&](std::size_t, const value&, std::size_t) { ++calls; };
  CHECK_FALSE(r.read(std::string_view(line).substr(0, size), paths, count, checking::whole).has_value());
  const std::string small = "{\"b\":1}" + std::string(line_slack, ' ');
  CHECK_FALSE(r.read(std::string_view(small).substr(0, 7), paths, count, checking::whole).has_value());
  CHECK(calls == 2);
}
