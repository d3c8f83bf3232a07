/// One valid reply of each type, each of its bits turned over once: never a wrong "ok".
///
/// What a flip may do undetected is what no check of a message can see: another value of the same form, in
/// the RDATA or the TTL. Everything else must end in a reply that is not ours, or in an outcome that is not
/// ok.
#include <postroad/dns/answer.hpp>

#include "wire.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace postroad;
using wire::bytes;

namespace {

constexpr unsigned our_id = 0x1234;

struct sample {
  const char* what;
  dns::type rtype;
  bytes raw;
  std::size_t values = 0, values_end = 0; ///< where a flip makes another value: TTL and RDATA
};

/// The reply to "mail.example" with one record and an OPT, as resolvers send it.
sample with_record(const char* what, unsigned rtype, const bytes& rdata) {
  sample s{what, static_cast<dns::type>(rtype), {}};
  auto m = wire::message(our_id, 0x8180).question("mail.example", rtype);
  const auto before = m.done().size();
  m.record(wire::pointer(12), rtype, rdata).section(3).record({0}, 41, {}, 0, 1232);
  s.raw = m.done();
  const auto ttl = before + 2 + 4, size = ttl + 4, data = size + 2;
  s.values = ttl;
  s.values_end = data + rdata.size();
  // the size of the RDATA, between the two, is no value
  return s;
}

std::vector<sample> samples() {
  return {with_record("A", 1, {45, 2, 2, 2}),
          with_record("AAAA", 28, {0x2a, 0, 0x14, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
          with_record("MX", 15, wire::mx(10, wire::name("mx.example"))),
          with_record("MX, compressed", 15, wire::mx(10, wire::join({{2, 'm', 'x'}, wire::pointer(17)}))),
          with_record("TXT", 16, wire::text("v=spf1 -all")),
          with_record("NS", 2, wire::name("ns.example")),
          with_record("CNAME", 5, wire::name("real.example")),
          with_record("PTR", 12, wire::name("host.example")),
          with_record("unknown", 4711, {1, 2, 3, 4})};
}

/// As the client does: nothing when the reply is not to our question.
std::optional<dns::answer> taken(const bytes& raw, dns::type t) {
  const auto m = dns::parse_message(raw);
  const auto asked = *dns::parse_name("mail.example");
  if (!m || !m->is_response() || m->opcode() != 0 || m->id() != our_id ||
      dns::match_question(*m, asked, t) != dns::question_match::exact)
    return std::nullopt;
  dns::answer a;
  a.canonical = asked;
  dns::read_answer(*m, t, a);
  return a;
}

/// Whether the records are the same; TTL, flags and AD are claims of the sender, not content.
bool same_records(const dns::answer& a, const dns::answer& b) {
  return a.mx == b.mx && a.addresses == b.addresses && a.texts == b.texts && a.names == b.names &&
         a.canonical == b.canonical;
}

} // namespace

TEST_CASE("each bit of a reply turned over once: never a wrong ok") {
  std::size_t bits = 0, ignored = 0, failed = 0, harmless = 0, other_value = 0;
  for (const auto& s : samples()) {
    INFO(s.what);
    const auto truth = taken(s.raw, s.rtype);
    REQUIRE(truth);
    REQUIRE(truth->what == outcome::ok);
    for (std::size_t bit = 0; bit < 8 * s.raw.size(); ++bit, ++bits) {
      auto raw = s.raw;
      raw[bit / 8] ^= static_cast<std::uint8_t>(0x80u >> (bit % 8));
      const auto a = taken(raw, s.rtype);
      const bool in_values = bit / 8 >= s.values && bit / 8 < s.values_end;
      if (!a)
        ++ignored;
      else if (a->what != outcome::ok || a->truncated)
        ++failed;
      else if (same_records(*a, *truth))
        ++harmless;
      else if (++other_value, !in_values)
        FAIL_CHECK("bit " << bit % 8 << " of byte " << bit / 8 << " makes a wrong ok");
    }
  }
  MESSAGE(bits << " flips: " << ignored << " not ours, " << failed << " not ok, " << harmless
               << " the same records, " << other_value << " another value of the same form");
  CHECK(bits > 4000);
}

TEST_CASE("each bit of a negative or truncated reply turned over once: never an ok") {
  auto nodata = wire::message(our_id, 0x8180).question("mail.example", 15);
  nodata.section(2).record(wire::name("example"), 6, wire::soa(30), 900);
  auto nxdomain = wire::message(our_id, 0x8183).question("mail.example", 15);
  nxdomain.section(2).record(wire::name("example"), 6, wire::soa(30), 900);
  const auto truncated = wire::message(our_id, 0x8380).question("mail.example", 15);
  const auto servfail = wire::message(our_id, 0x8182).question("mail.example", 15);
  for (const auto& whole : {nodata.done(), nxdomain.done(), truncated.done(), servfail.done()})
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      auto raw = whole;
      raw[bit / 8] ^= static_cast<std::uint8_t>(0x80u >> (bit % 8));
      if (const auto a = taken(raw, dns::type::mx))
        CHECK_MESSAGE(a->what != outcome::ok, "bit " << bit);
    }
}
