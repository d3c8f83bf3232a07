#include <postroad/dns/message.hpp>

#include "wire.hpp"

#include <doctest/doctest.h>

using namespace postroad;
using dns::parse_message;
using dns::parse_name;
using wire::bytes;

namespace {

bytes encoded(std::string_view n, dns::type t, const dns::query& ask) {
  std::array<std::uint8_t, dns::max_query_size> out;
  const auto size = dns::encode_query(out, *parse_name(n), t, ask);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

std::optional<dns::record> first_record(const dns::message& m) {
  auto cursor = m.records();
  return cursor.next();
}

/// A reply with one answer whose owner is a pointer to the question.
bytes reply_with(unsigned type, const bytes& rdata) {
  return wire::message().question("a.example", type).record(wire::pointer(12), type, rdata).done();
}

} // namespace

TEST_CASE("RFC 1035 4.1: a query is header, name, type and class") {
  const auto q = encoded("a.example", dns::type::mx, {.id = 0x0102, .edns_size = 0});
  CHECK(q == wire::message(0x0102, 0x0100).question("a.example", 15).done());
}

TEST_CASE("RFC 6891 6.1.2: EDNS adds an OPT with the payload size; RFC 3225: DO; RFC 6840 5.7: AD") {
  const auto q = encoded(
      "a.example", dns::type::txt,
      {.id = 1, .edns_size = 1232, .authentic_data = true, .checking_disabled = true, .dnssec_ok = true});
  const auto expected =
      wire::message(1, 0x0130).question("a.example", 16).section(3).record({0}, 41, {}, 0x8000, 1232).done();
  CHECK(q == expected);
}

TEST_CASE("draft-vixie-dnsext-dns0x20: bits choose the letters, and only letters") {
  const auto n = *parse_name("Ab-1.Example");
  const auto upper = n.spelled(~std::uint64_t{0}), lower = n.spelled(0);
  CHECK(to_string(upper) == "AB-1.EXAMPLE");
  CHECK(to_string(lower) == "ab-1.example");
  CHECK(to_string(n.spelled(1u << 1 | 1u << 6)) == "Ab-1.Example");
  CHECK(to_string(parse_name("@[`{.x")->spelled(~std::uint64_t{0})) == "@[`{.X");
  const auto q = encoded("AB-1.EXAMPLE", dns::type::a, {.edns_size = 0});
  const auto m = *parse_message(q);
  CHECK(dns::match_question(m, upper, dns::type::a) == dns::question_match::exact);
  CHECK(dns::match_question(m, lower, dns::type::a) == dns::question_match::other_case);
  CHECK(dns::match_question(m, upper, dns::type::mx) == dns::question_match::no);
  CHECK(dns::match_question(m, *parse_name("AB-2.EXAMPLE"), dns::type::a) == dns::question_match::no);
  CHECK(dns::match_question(m, *parse_name("ab-1.example.org"), dns::type::a) == dns::question_match::no);
}

TEST_CASE("RFC 1035 4.1.2: two questions or another class match nothing") {
  const auto n = *parse_name("a.example");
  const auto two = wire::message().question("a.example", 1).question("a.example", 1).done();
  CHECK(dns::match_question(*parse_message(two), n, dns::type::a) == dns::question_match::no);
  auto chaos = wire::message().question("a.example", 1).done();
  chaos.back() = 3;
  CHECK(dns::match_question(*parse_message(chaos), n, dns::type::a) == dns::question_match::no);
}

TEST_CASE("RFC 1035 4.1.1: header flags are where they belong") {
  const auto raw = wire::message(0xbeef, 0x86a3).done();
  const auto m = *parse_message(raw);
  CHECK(m.id() == 0xbeef);
  CHECK(m.is_response());
  CHECK(m.opcode() == 0);
  CHECK(m.is_authoritative());
  CHECK(m.is_truncated());
  CHECK(m.recursion_available());
  CHECK(m.is_authenticated());
  CHECK(m.header_rcode() == 3);
}

TEST_CASE("RFC 1035 4.1: a message cut anywhere is an error or ends early, never a read past the end") {
  const auto whole =
      wire::message()
          .question("a.example", 15)
          .record(wire::pointer(12), 15, wire::mx(10, wire::join({{2, 'm', 'x'}, wire::pointer(12)})))
          .done();
  REQUIRE(parse_message(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    const auto m = parse_message(cut);
    if (n < 27) { // 12 header, 11 name, 4 type and class
      CHECK_FALSE(m);
      continue;
    }
    REQUIRE(m);
    auto cursor = m->records();
    CHECK_FALSE(cursor.next());
    CHECK(cursor.problem());
  }
}

TEST_CASE("RFC 1035 4.1.4: a compressed name is read through its pointers") {
  const auto raw = reply_with(15, wire::mx(10, wire::join({{2, 'm', 'x'}, wire::pointer(12)})));
  const auto m = *parse_message(raw);
  const auto rr = first_record(m);
  REQUIRE(rr);
  CHECK(dns::owner_is(m, *rr, *parse_name("A.example")));
  CHECK_FALSE(dns::owner_is(m, *rr, *parse_name("b.example")));
  const auto mx = dns::read_mx(m, *rr);
  REQUIRE(mx);
  CHECK(mx->preference == 10);
  CHECK(to_string(mx->exchange) == "mx.a.example");
}

TEST_CASE("RFC 1035 4.1.4: pointers to themselves, forward, into the header or past the end are refused") {
  const unsigned rdata_at = 12 + 11 + 4 + 12; // question, then the answer up to its RDATA
  for (const unsigned target : {rdata_at, rdata_at + 4, 0u, 11u, 0x3fffu}) {
    const auto raw = reply_with(5, wire::join({wire::pointer(target), {0}}));
    const auto m = *parse_message(raw);
    const auto n = dns::read_target(m, *first_record(m));
    REQUIRE_FALSE(n);
    CHECK(n.error().why == "compression pointer does not lead back");
  }
}

TEST_CASE("RFC 1035 4.1.4: two pointers that lead to each other end") {
  bytes raw(12);
  raw.insert(raw.end(), {1, 'a', 0xc0, 16, 1, 'b', 0xc0, 12}); // 12: a + ->16, 16: b + ->12
  std::size_t at = 16;
  CHECK_FALSE(dns::read_name(raw, at));
}

TEST_CASE("RFC 1035 4.1.4: a ladder of 127 pointers is read, of 128 not") {
  bytes raw(12);
  raw.insert(raw.end(), {1, 'a', 0}); // at 12
  unsigned last = 12;
  for (unsigned i = 0; i < 128; ++i) {
    const auto here = static_cast<unsigned>(raw.size());
    const auto p = wire::pointer(last);
    raw.insert(raw.end(), p.begin(), p.end());
    last = here;
  }
  std::size_t at = last - 2; // the 127th
  CHECK(dns::read_name(raw, at));
  at = last;
  const auto n = dns::read_name(raw, at);
  REQUIRE_FALSE(n);
  CHECK(n.error().why == "too many compression pointers");
}

TEST_CASE("RFC 1035 2.3.4: a name that grows past 255 bytes through pointers is refused") {
  bytes raw(12);
  for (int i = 0; i < 4; ++i) {
    raw.push_back(63);
    raw.insert(raw.end(), 63, 'x');
  }
  raw.push_back(0);
  std::size_t at = 12;
  CHECK_FALSE(dns::read_name(raw, at));
  at = 12 + 64;
  CHECK(dns::read_name(raw, at)->size() == 193);
}

TEST_CASE("RFC 6891 5: label types 0x40 and 0x80 are refused") {
  for (const unsigned kind : {0x40u, 0x41u, 0x80u, 0xbfu}) {
    bytes raw(12);
    raw.insert(raw.end(), {static_cast<std::uint8_t>(kind), 'a', 0, 0, 0});
    std::size_t at = 12;
    CHECK_FALSE(dns::read_name(raw, at));
    at = 12;
    CHECK_FALSE(dns::skip_name(raw, at));
  }
}

TEST_CASE("RFC 1035 3.3: RDATA must be used up exactly") {
  const auto check = [](unsigned type, const bytes& rdata, auto read) {
    const auto raw = reply_with(type, rdata);
    const auto m = *parse_message(raw);
    return read(m, *first_record(m)).has_value();
  };
  const auto target = [](const auto& m, const auto& rr) { return dns::read_target(m, rr); };
  const auto mx = [](const auto& m, const auto& rr) { return dns::read_mx(m, rr); };
  const auto ip = [](const auto& m, const auto& rr) { return dns::read_address(m, rr); };
  const auto soa = [](const auto& m, const auto& rr) { return dns::read_soa(m, rr); };
  CHECK(check(5, wire::name("b.example"), target));
  CHECK_FALSE(check(5, wire::join({wire::name("b.example"), {0}}), target));
  CHECK_FALSE(check(5, {}, target));
  CHECK_FALSE(check(15, {0, 10}, mx));
  CHECK_FALSE(check(15, {0}, mx));
  CHECK_FALSE(check(15, wire::join({wire::mx(1, wire::name("b")), {1}}), mx));
  CHECK(check(1, {192, 0, 2, 1}, ip));
  CHECK_FALSE(check(1, {192, 0, 2}, ip));
  CHECK_FALSE(check(1, bytes(16), ip));
  CHECK(check(28, bytes(16), ip));
  CHECK_FALSE(check(28, bytes(4), ip));
  CHECK(check(6, wire::soa(300), soa));
  CHECK_FALSE(check(6, wire::join({wire::soa(300), {0}}), soa));
}

TEST_CASE("RFC 1035 3.3: a name in RDATA may not run on into the next record") {
  const auto raw = wire::message()
                       .question("a.example", 5)
                       .record(wire::pointer(12), 5, {3, 'a', 'b'})
                       .record(wire::pointer(12), 5, wire::name("c"))
                       .done();
  const auto m = *parse_message(raw);
  CHECK_FALSE(dns::read_target(m, *first_record(m)));
}

TEST_CASE("RFC 1035 3.3.14: the strings of a TXT are joined, bytes exact") {
  const auto read = [](const bytes& rdata) {
    const auto raw = reply_with(16, rdata);
    const auto m = *parse_message(raw);
    return dns::read_txt(m, *first_record(m));
  };
  CHECK(*read(wire::join({wire::text("v=spf1 ip4:192.0."), wire::text("2.1 -all")})) ==
        "v=spf1 ip4:192.0.2.1 -all");
  CHECK(*read(wire::text(std::string("\0\xff\"", 3))) == std::string("\0\xff\"", 3));
  CHECK(read(wire::text("")).value().empty());
  CHECK(read({}).value().empty()); // illegal, and harmless
  CHECK_FALSE(read({5, 'a'}));
}

TEST_CASE("RFC 2308 4: the SOA's MINIMUM is its last number") {
  const auto raw = reply_with(6, wire::soa(0x01020304));
  const auto m = *parse_message(raw);
  const auto soa = dns::read_soa(m, *first_record(m));
  REQUIRE(soa);
  CHECK(soa->minimum == 0x01020304);
  CHECK(to_string(soa->primary) == "ns.example");
}

TEST_CASE("RFC 6891 6.1.3: OPT carries size, upper rcode, version, DO and options") {
  const bytes options{0, 10, 0, 2, 0xab, 0xcd};
  const auto raw = wire::message().section(3).record({0}, 41, options, 0x01008000, 4096).done();
  const auto m = *parse_message(raw);
  const auto opt = dns::read_opt(m, *first_record(m));
  REQUIRE(opt);
  CHECK(opt->udp_size == 4096);
  CHECK(opt->upper_rcode == 1);
  CHECK(opt->dnssec_ok);
  CHECK(opt->options.size() == 6);
}

TEST_CASE("RFC 6891 6.1.1: OPT elsewhere, with an owner or with broken options is refused") {
  const auto read = [](const bytes& raw) {
    const auto m = *parse_message(raw);
    return dns::read_opt(m, *first_record(m)).has_value();
  };
  CHECK_FALSE(read(wire::message().section(1).record({0}, 41, {}, 0, 512).done()));
  CHECK_FALSE(read(wire::message().section(3).record(wire::name("a"), 41, {}, 0, 512).done()));
  CHECK_FALSE(read(wire::message().section(3).record({0}, 41, {0, 1, 0, 9, 1}, 0, 512).done()));
}

TEST_CASE("RFC 1035 4.1.1: counts are hints, more records than bytes end the reading with a reason") {
  const auto raw = wire::message()
                       .question("a.example", 1)
                       .record(wire::pointer(12), 1, {192, 0, 2, 1})
                       .count(1, 65535)
                       .done();
  const auto m = *parse_message(raw);
  auto cursor = m.records();
  CHECK(cursor.next());
  CHECK_FALSE(cursor.next());
  REQUIRE(cursor.problem());
  CHECK(cursor.problem()->why == "fewer records than counted");
}

TEST_CASE("RFC 2181 8: a TTL with its top bit set is 0") {
  const auto raw = wire::message().record({0}, 1, {192, 0, 2, 1}, 0x80000001).done();
  CHECK(first_record(*parse_message(raw))->ttl == 0);
}

TEST_CASE("RFC 3597 5: unknown types have a generic form") {
  const auto raw = reply_with(4711, {0xc0, 0x00, 0x02, 0x01});
  const auto m = *parse_message(raw);
  CHECK(dns::generic_rdata(m, *first_record(m)) == "\\# 4 c0000201");
  CHECK(to_string(dns::type{4711}) == "TYPE4711");
}
