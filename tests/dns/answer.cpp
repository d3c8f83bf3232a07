#include <postroad/dns/answer.hpp>

#include "wire.hpp"

#include <doctest/doctest.h>

using namespace postroad;
using dns::parse_name;
using wire::bytes;

namespace {

dns::answer read(const wire::message& m, dns::type t, std::string_view asked = "a.example") {
  const auto raw = m.done();
  const auto parsed = dns::parse_message(raw);
  REQUIRE(parsed);
  dns::answer a;
  a.canonical = *parse_name(asked);
  dns::read_answer(*parsed, t, a);
  return a;
}
wire::message mx_reply(unsigned flags = 0x8180) {
  return wire::message(1, flags).question("a.example", 15);
}

} // namespace

TEST_CASE("RFC 1035 3.3.9: MX records of the name asked for are the answer") {
  const auto a = read(mx_reply()
                          .record(wire::pointer(12), 15, wire::mx(20, wire::name("two.example")), 300)
                          .record(wire::pointer(12), 15, wire::mx(10, wire::name("one.example")), 60),
                      dns::type::mx);
  CHECK(a.what == outcome::ok);
  REQUIRE(a.mx.size() == 2);
  CHECK(a.mx[1].preference == 10);
  CHECK(to_string(a.mx[1].exchange) == "one.example");
  CHECK(a.ttl == 60);
}

TEST_CASE("RFC 6840 5.8: AD is reported as the resolver's claim") {
  CHECK(read(mx_reply(0x81a0), dns::type::mx).authenticated);
  CHECK_FALSE(read(mx_reply(0x8180), dns::type::mx).authenticated);
}

TEST_CASE("RFC 2308 2.2: NOERROR without the type is nodata, its TTL the lesser of SOA TTL and MINIMUM") {
  const auto a =
      read(mx_reply().section(2).record(wire::name("example"), 6, wire::soa(30), 900), dns::type::mx);
  CHECK(a.what == outcome::nodata);
  CHECK(a.ttl == 30);
  CHECK(read(mx_reply(), dns::type::mx).what == outcome::nodata);
}

TEST_CASE("RFC 2308 2.2: NS without SOA, not authoritative, is a referral and thus lame") {
  const auto referral =
      mx_reply(0x8100).section(2).record(wire::name("example"), 2, wire::name("ns.example"));
  CHECK(read(referral, dns::type::mx).what == outcome::lame);
  const auto own = mx_reply(0x8500).section(2).record(wire::name("example"), 2, wire::name("ns.example"));
  CHECK(read(own, dns::type::mx).what == outcome::nodata);
}

TEST_CASE("RFC 1035 4.1.1: response codes have their words") {
  CHECK(read(mx_reply(0x8181), dns::type::mx).what == outcome::formerr);
  CHECK(read(mx_reply(0x8182), dns::type::mx).what == outcome::servfail);
  CHECK(read(mx_reply(0x8183), dns::type::mx).what == outcome::nxdomain);
  CHECK(read(mx_reply(0x8184), dns::type::mx).what == outcome::notimp);
  CHECK(read(mx_reply(0x8185), dns::type::mx).what == outcome::query_refused);
  const auto other = read(mx_reply(0x8189), dns::type::mx);
  CHECK(other.what == outcome::rcode_other);
  CHECK(other.detail == "rcode 9");
}

TEST_CASE("RFC 6891 9: the upper bits of OPT make BADVERS") {
  const auto a = read(mx_reply().section(3).record({0}, 41, {}, 0x01000000, 1232), dns::type::mx);
  CHECK(a.code == dns::rcode::badvers);
  CHECK(a.what == outcome::rcode_other);
}

TEST_CASE("RFC 1034 3.6.2: CNAMEs are followed inside the message, in any order") {
  const auto a = read(mx_reply()
                          .record(wire::name("c.example"), 15, wire::mx(5, wire::name("mx.example")))
                          .record(wire::name("b.example"), 5, wire::name("c.example"), 10)
                          .record(wire::pointer(12), 5, wire::name("b.example")),
                      dns::type::mx);
  CHECK(a.what == outcome::ok);
  CHECK(a.cname_hops == 2);
  CHECK(to_string(a.canonical) == "c.example");
  CHECK(a.ttl == 10);
}

TEST_CASE("RFC 6672 3.1: DNAME counts through the CNAME made from it") {
  const auto a = read(wire::message(1)
                          .question("a.old.example", 1)
                          .record(wire::name("old.example"), 39, wire::name("new.example"))
                          .record(wire::pointer(12), 5, wire::name("a.new.example"))
                          .record(wire::name("a.new.example"), 1, {192, 0, 2, 7}),
                      dns::type::a, "a.old.example");
  CHECK(a.what == outcome::ok);
  CHECK(to_string(a.canonical) == "a.new.example");
}

TEST_CASE("RFC 2181 5.4.1: records of owners off the chain are ignored") {
  const auto a = read(mx_reply()
                          .record(wire::name("evil.example"), 15, wire::mx(1, wire::name("mx.evil.example")))
                          .record(wire::pointer(12), 15, wire::mx(5, wire::name("mx.example"))),
                      dns::type::mx);
  REQUIRE(a.mx.size() == 1);
  CHECK(to_string(a.mx[0].exchange) == "mx.example");
  const auto only_foreign = read(
      mx_reply().record(wire::name("b.example"), 15, wire::mx(1, wire::name("mx.b.example"))), dns::type::mx);
  CHECK(only_foreign.what == outcome::nodata);
}

TEST_CASE("RFC 1035 3.2.4: records of another class are ignored") {
  CHECK(read(mx_reply().record(wire::pointer(12), 15, wire::mx(1, wire::name("b")), 300, 3), dns::type::mx)
            .what == outcome::nodata);
}

TEST_CASE("RFC 1034 3.6.2: a CNAME that leads out of the message leaves the chain open; an SOA closes it") {
  const auto open = read(mx_reply().record(wire::pointer(12), 5, wire::name("b.test")), dns::type::mx);
  CHECK(open.open_chain);
  CHECK(to_string(open.canonical) == "b.test");
  const auto closed = read(mx_reply()
                               .record(wire::pointer(12), 5, wire::name("b.example"))
                               .section(2)
                               .record(wire::name("example"), 6, wire::soa(30)),
                           dns::type::mx);
  CHECK_FALSE(closed.open_chain);
  CHECK(closed.what == outcome::nodata);
}

TEST_CASE("RFC 1034 3.6.2: CNAME loops and endless chains are malformed") {
  const auto self = read(mx_reply().record(wire::pointer(12), 5, wire::pointer(12)), dns::type::mx);
  CHECK(self.what == outcome::malformed);
  CHECK(self.detail == "CNAME loop");
  const auto later = read(mx_reply()
                              .record(wire::pointer(12), 5, wire::name("b.example"))
                              .record(wire::name("b.example"), 5, wire::name("c.example"))
                              .record(wire::name("c.example"), 5, wire::name("b.example")),
                          dns::type::mx);
  CHECK(later.what == outcome::malformed);
  auto longest = mx_reply().record(wire::pointer(12), 5, wire::name("n1"));
  for (unsigned i = 1; i < 16; ++i)
    longest.record(wire::name("n" + std::to_string(i)), 5, wire::name("n" + std::to_string(i + 1)));
  longest.record(wire::name("n16"), 15, wire::mx(1, wire::name("mx")));
  CHECK(read(longest, dns::type::mx).what == outcome::ok);
  auto too_long = mx_reply().record(wire::pointer(12), 5, wire::name("n1"));
  for (unsigned i = 1; i < 17; ++i)
    too_long.record(wire::name("n" + std::to_string(i)), 5, wire::name("n" + std::to_string(i + 1)));
  CHECK(read(too_long, dns::type::mx).what == outcome::malformed);
}

TEST_CASE("a CNAME that is asked for is an answer, not a step") {
  const auto a =
      read(wire::message(1).question("a.example", 5).record(wire::pointer(12), 5, wire::name("b.example")),
           dns::type::cname);
  CHECK(a.what == outcome::ok);
  REQUIRE(a.names.size() == 1);
  CHECK(to_string(a.names[0]) == "b.example");
}

TEST_CASE("a broken record makes the answer malformed and leaves the sound ones in it") {
  const auto a = read(mx_reply()
                          .record(wire::pointer(12), 15, wire::mx(5, wire::name("mx.example")))
                          .record(wire::pointer(12), 15, {0, 1}),
                      dns::type::mx);
  CHECK(a.what == outcome::malformed);
  CHECK(a.mx.size() == 1);
  const auto lying =
      read(mx_reply().record(wire::pointer(12), 15, wire::mx(5, wire::name("mx.example"))).count(1, 9),
           dns::type::mx);
  CHECK(lying.what == outcome::malformed);
  CHECK(lying.mx.size() == 1);
}

TEST_CASE("bytes behind the last record: a count is too small, and nothing is to be relied on") {
  const auto record = wire::mx(10, wire::name("mx.example"));
  const auto one_too_many = [&](unsigned counted) {
    return read(mx_reply()
                    .record(wire::pointer(12), 15, record)
                    .record(wire::pointer(12), 15, wire::mx(20, wire::name("two.example")))
                    .count(1, counted),
                dns::type::mx);
  };
  CHECK(one_too_many(2).what == outcome::ok);
  const auto cut = one_too_many(1);
  CHECK(cut.what == outcome::malformed);
  CHECK(cut.mx.size() == 1);
  CHECK(one_too_many(0).what == outcome::malformed);
  CHECK(read(mx_reply(0x8183).raw({0}), dns::type::mx).what == outcome::malformed);
}

TEST_CASE("RFC 6891 6.1.1: two OPTs are malformed") {
  const auto a =
      read(mx_reply().section(3).record({0}, 41, {}, 0, 1232).record({0}, 41, {}, 0, 1232), dns::type::mx);
  CHECK(a.what == outcome::malformed);
}

TEST_CASE("RFC 2181 9: a truncated reply says so and is not called malformed") {
  const auto a =
      read(mx_reply(0x8380).record(wire::pointer(12), 15, wire::mx(5, wire::name("mx.example"))).count(1, 2),
           dns::type::mx);
  CHECK(a.truncated);
  CHECK(a.what == outcome::ok);
}

TEST_CASE("records under NXDOMAIN are kept, the outcome stays nxdomain") {
  const auto a = read(mx_reply(0x8183).record(wire::pointer(12), 15, wire::mx(5, wire::name("mx.example"))),
                      dns::type::mx);
  CHECK(a.what == outcome::nxdomain);
  CHECK(a.mx.size() == 1);
}

TEST_CASE("two replies say the same whatever the order of their records") {
  const auto one = read(mx_reply()
                            .record(wire::pointer(12), 15, wire::mx(1, wire::name("x")))
                            .record(wire::pointer(12), 15, wire::mx(2, wire::name("y"))),
                        dns::type::mx);
  const auto two = read(mx_reply()
                            .record(wire::pointer(12), 15, wire::mx(2, wire::name("Y")))
                            .record(wire::pointer(12), 15, wire::mx(1, wire::name("X"))),
                        dns::type::mx);
  CHECK(one.says_the_same(two));
  CHECK_FALSE(one.says_the_same(read(mx_reply(0x8182), dns::type::mx)));
}
