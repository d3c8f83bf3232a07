#include <postroad/dns/cache.hpp>

#include <doctest/doctest.h>

using namespace postroad;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const dns::answer> answer_with(outcome what, std::uint32_t ttl) {
  auto a = std::make_shared<dns::answer>();
  a->what = what;
  a->ttl = ttl;
  return a;
}
dns::question_key key(const char* n, dns::type t = dns::type::mx) {
  return {*dns::parse_name(n), t};
}
const dns::answer_cache::time start{1h};

} // namespace

TEST_CASE("RFC 4343 3: names that differ in case are one key; types are not") {
  CHECK(key("A.Example") == key("a.eXample"));
  CHECK(key("a.example").hash == key("A.EXAMPLE").hash);
  CHECK_FALSE(key("a.example") == key("a.example", dns::type::a));
  CHECK_FALSE(key("a.example") == key("b.example"));
}

TEST_CASE("one name asked for under two types has two answers, packed side by side") {
  dns::answer_cache c(1 << 20);
  c.store(key("a.example"), answer_with(outcome::ok, 60), start);
  c.store(key("a.example", dns::type::a), answer_with(outcome::nodata, 60), start);
  CHECK(c.find(key("a.example"), start)->what == outcome::ok);
  CHECK(c.find(key("a.example", dns::type::a), start)->what == outcome::nodata);
  CHECK(c.find(key("a.example", dns::type::aaaa), start) == nullptr);
}

TEST_CASE("RFC 1035 3.2.1: an answer lives as long as its TTL") {
  dns::answer_cache c(1 << 20);
  c.store(key("a.example"), answer_with(outcome::ok, 60), start);
  CHECK(c.find(key("A.example"), start + 59s) != nullptr);
  CHECK(c.find(key("a.example"), start + 60s) == nullptr);
  CHECK(c.find(key("b.example"), start) == nullptr);
}

TEST_CASE("RFC 2308 5: negative answers are kept for their TTL; RFC 9520 3.2: failures for a while") {
  CHECK(dns::lifetime(*answer_with(outcome::nxdomain, 300)) == 300s);
  CHECK(dns::lifetime(*answer_with(outcome::nodata, 0)) == 1s);
  CHECK(dns::lifetime(*answer_with(outcome::ok, 0x7fffffff)) == 86400s);
  CHECK(dns::lifetime(*answer_with(outcome::timeout, 0)) == 30s);
  CHECK(dns::lifetime(*answer_with(outcome::servfail, 7)) == 30s);
}

TEST_CASE("an aborted look-up is not remembered") {
  dns::answer_cache c(1 << 20);
  c.store(key("a.example"), answer_with(outcome::aborted, 60), start);
  CHECK(c.find(key("a.example"), start) == nullptr);
}

TEST_CASE("memory stays within the budget however much is stored") {
  dns::answer_cache c(100'000);
  for (int i = 0; i < 5000; ++i) {
    auto a = std::make_shared<dns::answer>();
    a->what = outcome::ok;
    a->ttl = 60;
    a->texts.assign(static_cast<std::size_t>(i % 5), std::string(300, 'x'));
    c.store(key(("n" + std::to_string(i) + ".example").c_str()), a, start);
    CHECK(c.bytes() <= 100'000);
  }
  CHECK(c.find(key("n4999.example"), start) != nullptr);
  CHECK(c.find(key("n0.example"), start) == nullptr);
}

TEST_CASE("an answer that is asked for again outlives any number that are not") {
  dns::answer_cache c(200'000);
  c.store(key("shared.example"), answer_with(outcome::ok, 3600), start);
  REQUIRE(c.find(key("shared.example"), start) != nullptr);
  for (int i = 0; i < 20'000; ++i)
    c.store(key(("n" + std::to_string(i) + ".example").c_str()), answer_with(outcome::ok, 3600), start);
  CHECK(c.find(key("shared.example"), start) != nullptr);
  CHECK(c.find(key("n0.example"), start) == nullptr);
}

TEST_CASE("a newer answer takes the place of an older one") {
  dns::answer_cache c(1 << 20);
  c.store(key("a.example"), answer_with(outcome::servfail, 0), start);
  CHECK(c.find(key("a.example"), start)->what == outcome::servfail);
  CHECK(c.find(key("a.example"), start + 31s) == nullptr);
  c.store(key("a.example"), answer_with(outcome::ok, 60), start + 31s);
  CHECK(c.find(key("a.example"), start + 32s)->what == outcome::ok);
  CHECK(c.find(key("a.example"), start + 32s)->what == outcome::ok);
}

TEST_CASE("without a budget nothing is remembered") {
  dns::answer_cache c(0);
  c.store(key("a.example"), answer_with(outcome::ok, 60), start);
  CHECK(c.find(key("a.example"), start) == nullptr);
  CHECK(c.bytes() == 0);
}
