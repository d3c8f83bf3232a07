/// Any bytes as a DNS message: nothing may crash or hang, names survive a round trip through text, and what
/// the message says does not depend on the bytes that lie behind it.
#include <postroad/dns/answer.hpp>

#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace postroad;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

void check_name(const dns::name& n) {
  const auto again = dns::parse_name(to_string(n));
  require(again && *again == n && again->hash() == n.hash());
  require(n.size() <= dns::name::max_size && n.labels() <= 127);
  require(n.is_within(n.parent()) && n.lowered() == n);
}

void check_records(const dns::message& m) {
  auto cursor = m.records();
  std::size_t last = 0;
  while (const auto rr = cursor.next()) {
    require(rr->owner_at >= last && rr->rdata_at + rr->rdata_size <= m.bytes().size());
    last = rr->rdata_at + rr->rdata_size;
    if (const auto owner = dns::read_owner(m, *rr)) {
      check_name(*owner);
      require(dns::owner_is(m, *rr, *owner));
    }
    if (const auto mx = dns::read_mx(m, *rr))
      check_name(mx->exchange);
    if (const auto txt = dns::read_txt(m, *rr))
      require(txt->size() < rr->rdata_size || rr->rdata_size == 0); // each string has its length in front
    (void)dns::read_soa(m, *rr);
    (void)dns::read_opt(m, *rr);
    (void)dns::read_address(m, *rr);
    require(dns::generic_rdata(m, *rr).size() >= 2 * rr->rdata_size);
  }
}

void check_answer(const dns::message& m, dns::type t) {
  dns::answer a;
  if (m.questions() != 0)
    if (const auto n = m.question_name())
      a.canonical = *n;
  dns::read_answer(m, t, a);
  require(a.cname_hops <= dns::max_cname_hops + 1 && a.bytes() >= sizeof a && a.says_the_same(a));
  require(a.what != outcome::ok || !a.mx.empty() || !a.addresses.empty() || !a.texts.empty() ||
          !a.names.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  const auto asked = *dns::parse_name("mail.example");
  require(dns::question_damage(bytes, asked, dns::type::mx) <= 8 * (dns::name::max_size + 4));
  const auto m = dns::parse_message(bytes);
  if (!m)
    return 0;
  require((dns::match_question(*m, asked, dns::type::mx) == dns::question_match::exact) <=
          (dns::question_damage(bytes, asked, dns::type::mx) == 0));
  check_records(*m);
  for (const auto t :
       {dns::type::mx, dns::type::a, dns::type::aaaa, dns::type::txt, dns::type::cname, dns::type::tlsa})
    check_answer(*m, t);
  if (m->questions() == 1)
    if (const auto n = m->question_name()) {
      std::array<std::uint8_t, dns::max_query_size> out;
      const dns::query ask{.id = m->id()};
      const auto sent = n->spelled(m->id() * 0x9e3779b97f4a7c15u);
      const auto written = dns::encode_query(out, sent, m->question_type(), ask);
      const auto back = dns::parse_message({out.data(), written});
      require(sent == *n && back && back->id() == ask.id &&
              dns::match_question(*back, sent, m->question_type()) == dns::question_match::exact);
    }
  return 0;
}
