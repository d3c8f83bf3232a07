// A certificate in DER, hostile or not.
//
// Held: an error's offset lies in the input; the facts are no larger than what they were read from; the same
// bytes give the same facts; every name covers itself unless it is a pattern, and matching never disagrees
// with covers().
#include <postroad/tls/certificate.hpp>
#include <postroad/tls/name_match.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace tls = postroad::tls;

namespace {

void hold(bool truth) {
  if (!truth)
    std::abort();
}

void hold_names(const tls::certificate_facts& facts) {
  for (const auto& name : facts.dns_names) {
    const auto found = tls::find_name(facts, name);
    const bool plain = name.find('*') == std::string::npos && !name.empty() && name != ".";
    if (plain && !postroad::net::parse_address(name))
      hold(!found.empty() && tls::covers(found, name));
    const auto match = tls::match_names(facts, name, "mx.example.org");
    hold(match.matched_name.empty() == (match.matches == tls::name_fit::neither));
  }
  for (const auto& ip : facts.ip_names)
    hold(tls::find_name(facts, ip) == ip);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = tls::read_certificate({data, size});
  if (!facts) {
    hold(facts.error().offset <= size);
    return 0;
  }
  std::size_t names = 0;
  for (const auto& name : facts->dns_names)
    names += name.size();
  hold(names <= size);
  hold(facts->key_bits <= 8 * size + 521);
  hold(*facts == *tls::read_certificate({data, size}));
  hold_names(*facts);
  return 0;
}
