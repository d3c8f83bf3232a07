/// Any bytes as a packet that comes in during a scan: nothing may crash or hang, no answer may come of a
/// packet whose cookie is not ours, and what is written of an answer is a record.
#include <postroad/scan/heard.hpp>
#include <postroad/scan/member.hpp>
#include <postroad/scan/referee.hpp>
#include <postroad/scan/walk.hpp>
#include <postroad/text/utf8.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using namespace postroad;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// A scan of its own for each kind of probe, with the key, targets and source of tests/scan/packet.cpp, from
/// which the corpus comes.
struct scene {
  scan::probe probe;
  scan::targets whom;
  scan::referee judge;

  scene(scan::probe p, std::uint16_t port, const scan::siphash_key& key)
      : probe(p), whom(net::address_set::of(
                           {*net::parse_prefix("192.0.2.0/24"), *net::parse_prefix("2001:db8:ff::/112")}),
                       {port}),
        judge(whom, probe, key, {}, 3) {}
};

void check_answer(const scene& in, const scan::heard& h, const scan::answer& a) {
  require(a.of.attempt < 3 && in.whom.at(a.of.number) == a.target);
  require((a.is == scan::answer_kind::icmp) == (h.is == scan::heard::kind::error));
  require(h.is == scan::heard::kind::error || h.from == a.target);
  static const auto all = [] {
    std::vector<const scan::field*> fields;
    for (const auto& f : scan::fields)
      fields.push_back(&f);
    return fields;
  }();
  std::string line;
  scan::write_record(line, {a, h, in.probe.is, std::nullopt, "2026-01-01T00:00:00Z"}, all);
  require(line.front() == '{' && line.back() == '}' && text::is_utf8(line));
  require(line.find('\n') == std::string::npos);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const scan::siphash_key ours{11, 22}, others{11, 23};
  const auto dns =
      scan::probe{scan::probe_kind::dns, *dns::parse_name("www.mail-test.example"), dns::type::a};
  static const std::array<scene, 3> scenes{scene({}, 25, ours), scene(dns, 53, ours),
                                           scene({scan::probe_kind::icmp}, 0, ours)};
  static const std::array<scene, 3> strangers{scene({}, 25, others), scene(dns, 53, others),
                                              scene({scan::probe_kind::icmp}, 0, others)};
  for (const bool checked : {false, true}) {
    const auto h = scan::read_packet({data, size}, checked);
    if (!h) {
      require(h.error().offset <= size && !h.error().why.empty());
      continue;
    }
    require(h->payload.size() <= size);
    for (std::size_t i = 0; i < scenes.size(); ++i)
      if (const auto a = scenes[i].judge.judge(*h)) {
        check_answer(scenes[i], *h, *a);
        // Of one packet, two keys do not both say yes; an error about an echo quotes 16 bits, where they may.
        require(h->is == scan::heard::kind::error || !strangers[i].judge.judge(*h));
      }
  }
  return 0;
}
