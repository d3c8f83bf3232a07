#include <postroad/dns/packed.hpp>

#include <doctest/doctest.h>

using namespace postroad;

namespace {

std::string_view asked() {
  static const auto n = *dns::parse_name("a.example");
  return {reinterpret_cast<const char*>(n.wire().data()), n.size()};
}
dns::answer again(const dns::answer& a) {
  std::string packed;
  dns::pack(a, packed);
  return dns::unpack(packed, asked());
}

} // namespace

TEST_CASE("everything in an answer survives being packed") {
  dns::answer a;
  a.what = outcome::rcode_other;
  a.code = dns::rcode{4000};
  a.authenticated = a.truncated = a.open_chain = true;
  a.tries = 3;
  a.replies = 2;
  a.cname_hops = 1;
  a.ttl = 86401;
  a.server = *net::parse_endpoint("[2001:db8::53]:5353", 53);
  a.elapsed = std::chrono::microseconds(12'345'678'901);
  a.canonical = *dns::parse_name(std::string(63, 'x') + "." + std::string(63, 'y') + ".example");
  a.mx = {{10, *dns::parse_name("mx.example")}, {0, dns::name()}};
  a.addresses = {*net::parse_address("192.0.2.1"), *net::parse_address("2001:db8::1")};
  a.names = {*dns::parse_name("ns.example")};
  a.texts = {"", std::string("v=spf1\0\xff", 8), std::string(5000, 't')};
  a.detail = "rcode 4000";
  REQUIRE(dns::is_packable(a));
  const auto b = again(a);
  CHECK(a.says_the_same(b));
  CHECK(b.mx == a.mx);
  CHECK(b.texts == a.texts);
  CHECK(b.authenticated);
  CHECK_FALSE(b.authoritative);
  CHECK(b.truncated);
  CHECK_FALSE(b.case_mismatch);
  CHECK(b.open_chain);
  CHECK(b.tries == 3);
  CHECK(b.replies == 2);
  CHECK(b.cname_hops == 1);
  CHECK(b.ttl == 86401);
  CHECK(b.server == a.server);
  CHECK(b.elapsed == a.elapsed);
  CHECK(b.detail == a.detail);
}

TEST_CASE("an answer without CNAMEs is about the name that was asked") {
  dns::answer a;
  a.what = outcome::nxdomain;
  a.canonical = *dns::parse_name("a.example");
  const auto b = again(a);
  CHECK(b.canonical == a.canonical);
  CHECK(b.what == outcome::nxdomain);
}

TEST_CASE("evidence of second replies is not packed") {
  dns::answer a;
  CHECK(dns::is_packable(a));
  a.others.emplace_back();
  CHECK_FALSE(dns::is_packable(a));
}
