#include <postroad/record/path.hpp>

#include <doctest/doctest.h>

#include <string>

using postroad::record::path_set;

namespace {
std::string spelled(std::string_view path) {
  path_set paths;
  const auto index = paths.add(path);
  return index ? paths.name(*index) : std::string(index.error().why);
}
} // namespace

TEST_CASE("a path is names joined by dots, and a leading dot is tolerated") {
  CHECK(spelled("mx") == "mx");
  CHECK(spelled("tls.certificate.trusted") == "tls.certificate.trusted");
  CHECK(spelled(".tls.version") == "tls.version");
  CHECK(spelled("mx.hosts[].name") == "mx.hosts[].name");
  CHECK(spelled("spf.terms.all{}") == "spf.terms.all{}");
  CHECK(spelled("{}") == "{}");
  CHECK(spelled("a[][].b{}.c") == "a[][].b{}.c");
}

TEST_CASE("quotes hold names with other characters and go where they are not needed") {
  CHECK(spelled(R"(mx."a.b")") == R"(mx."a.b")");
  CHECK(spelled(R"("mx"."a")") == "mx.a");
  CHECK(spelled(R"("a\"b\\c")") == R"("a\"b\\c")");
  CHECK(spelled(R"("")") == R"("")");
}

TEST_CASE("the same path has the same index, however it is spelled") {
  path_set paths;
  CHECK(*paths.add("mx.provider") == 0);
  CHECK(*paths.add("tls.version") == 1);
  CHECK(*paths.add(R"(."mx".provider)") == 0);
  CHECK(*paths.add("mx") == 2);
  CHECK(paths.size() == 3);
}

TEST_CASE("what is no path says where and why") {
  for (const auto* bad :
       {"", ".", "a.", "a..b", "[]", "a[", "a[0]", "a]", "a{b}", "\"a", "a\"b\"", "a b", "a.\"b\"c"}) {
    path_set paths;
    const auto index = paths.add(bad);
    INFO(bad);
    REQUIRE_FALSE(index.has_value());
    CHECK(index.error().offset <= std::string_view(bad).size());
    CHECK(paths.size() == 0);
  }
}

TEST_CASE("at most 64 names are looked up in one object") {
  path_set paths;
  for (int i = 0; i < 64; ++i)
    REQUIRE(paths.add("a.k" + std::to_string(i)).has_value());
  CHECK_FALSE(paths.add("a.k64").has_value());
  CHECK(paths.add("a.k63").has_value());
  CHECK(paths.add("b.k64").has_value());
}
