#include <doctest/doctest.h>

#include <postroad/record/edit.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace postroad::record;

namespace {

/// Where `value` stands in `line` for the nth time.
present at(std::string_view line, std::string_view name, std::string_view value, int nth = 1) {
  std::size_t where = std::string_view::npos;
  for (; nth > 0; --nth)
    where = line.find(value, where + 1);
  return {name, line.substr(where, value.size())};
}

std::string edited(std::string_view line, const std::vector<present>& there,
                   const std::vector<member>& members) {
  std::string out = "before\n";
  append_record(out, line, there, members);
  return out.substr(7);
}

} // namespace

TEST_CASE("a member is appended and every other byte stays") {
  CHECK(edited(R"({"a" : 1.0e2,"b":"\u00e9"})", {}, {{"mx", "{}"}}) ==
        "{\"a\" : 1.0e2,\"b\":\"\\u00e9\",\"mx\":{}}\n");
  CHECK(edited("{}", {}, {{"mx", "1"}}) == "{\"mx\":1}\n");
  CHECK(edited("{ }", {}, {{"mx", "1"}}) == "{\"mx\":1}\n");
  CHECK(edited("  {\"a\":1} \r", {}, {{"x", "1"}, {"y", "2"}}) == "{\"a\":1,\"x\":1,\"y\":2}\n");
}

TEST_CASE("a member that is there is replaced where it stands") {
  const std::string_view line = R"({"a":1,"mx":{"x":1},"b":2})";
  CHECK(edited(line, {at(line, "mx", R"({"x":1})")}, {{"mx", "[]"}}) == "{\"a\":1,\"mx\":[],\"b\":2}\n");
}

TEST_CASE("a member that is there twice is there once afterwards") {
  const std::string_view line = R"({"mx":7,"a":1, "mx" : 8 ,"b":2})";
  CHECK(edited(line, {at(line, "mx", "7"), at(line, "mx", "8")}, {{"mx", "{}"}}) ==
        "{\"mx\":{},\"a\":1 ,\"b\":2}\n");
}

TEST_CASE("replacing and appending together") {
  const std::string_view line = R"({"ip":"192.0.2.1","mx":7})";
  CHECK(edited(line, {at(line, "ip", R"("192.0.2.1")"), at(line, "mx", "7")},
               {{"mx", "8"}, {"host", "\"h\""}, {"ip", "\"192.0.2.2\""}}) ==
        "{\"ip\":\"192.0.2.2\",\"mx\":8,\"host\":\"h\"}\n");
}
