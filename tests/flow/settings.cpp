#include <doctest/doctest.h>

#include <postroad/flow/settings.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace postroad;
using namespace postroad::flow;

namespace {

/// A file with that text, for as long as it lives.
class scratch {
public:
  explicit scratch(const std::string& text) {
    const int fd = mkstemp(name_.data());
    REQUIRE(fd >= 0);
    std::FILE* f = fdopen(fd, "w");
    std::fwrite(text.data(), 1, text.size(), f);
    std::fclose(f);
  }
  ~scratch() { std::remove(name_.c_str()); }
  [[nodiscard]] const std::string& name() const { return name_; }

private:
  std::string name_ = "/tmp/postroad-test-XXXXXX";
};

} // namespace

TEST_CASE("a blocklist holds CIDRs, addresses and domains with all below them") {
  const scratch file(
      "# asked us to\n192.0.2.0/24 # a network\n2001:db8::1\n\nExample.ORG.\nb\u00fccher.example\n");
  blocklist list;
  list.load(file.name());
  CHECK(list.has("example.org"));
  CHECK(list.has("a.b.example.org"));
  CHECK(list.has("xn--bcher-kva.example"));
  CHECK_FALSE(list.has("notexample.org"));
  CHECK_FALSE(list.has("org"));
  CHECK(list.addresses().contains(*net::parse_address("192.0.2.9")));
  CHECK(list.addresses().contains(*net::parse_address("2001:db8::1")));
  CHECK_FALSE(list.addresses().contains(*net::parse_address("192.0.3.9")));
}

TEST_CASE("a blocklist that cannot be read whole stops the tool") {
  blocklist list;
  CHECK_THROWS_AS(list.load("/nonexistent"), cli::usage_error);
  for (const char* line :
       {"192.0.2.0/33", "192.0.2.4-192.0.2.9", "a..b", "-", "\xff", "a b", "example.org/24", "*.*.a"}) {
    const scratch file(std::string(line) + '\n');
    CHECK_THROWS_AS_MESSAGE(list.load(file.name()), cli::usage_error, line);
  }
}

TEST_CASE("a blocklist knows the common ways to say `and all below'") {
  const scratch file("*.a.example\n.b.example\n");
  blocklist list;
  list.load(file.name());
  CHECK(list.has("x.a.example"));
  CHECK(list.has("a.example"));
  CHECK(list.has("x.b.example"));
}

TEST_CASE("settings mean what they say, or throw") {
  settings use;
  CHECK_THROWS_AS((void)resolvers_of(use, {}), cli::usage_error);
  use.resolvers = {"192.0.2.1", "[2001:db8::1]:5300"};
  const auto resolvers = resolvers_of(use, {});
  REQUIRE(resolvers.size() == 2);
  CHECK(resolvers[0].port == 53);
  CHECK(resolvers[1].port == 5300);
  use.only = {"timeout", "servfail"};
  CHECK(only_of(use).size() == 2);
  use.only = {"late"};
  CHECK_THROWS_AS((void)only_of(use), cli::usage_error);
  use.allow = {"127.0.0.0/8"};
  CHECK(allowed_of(use).contains(*net::parse_address("127.1.2.3")));
  use.allow = {"lab"};
  CHECK_THROWS_AS((void)allowed_of(use), cli::usage_error);
}
