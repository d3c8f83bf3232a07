// Any text as a DMARC record: what is read is in bounds, says the same when read again, and no policy is made
// up.
#include <postroad/dmarc/reporting.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace postroad;

namespace {

void expect(bool holds) {
  if (!holds)
    std::abort();
}

bool has(const dmarc::record& r, dmarc::flaw f) {
  return std::find(r.flaws.begin(), r.flaws.end(), f) != r.flaws.end();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bare(reinterpret_cast<const char*>(data), size);
  (void)dmarc::is_dmarc(bare);
  const auto text = "v=DMARC1;" + bare;
  expect(dmarc::is_dmarc(text));
  const auto r = dmarc::parse_record(text);
  expect(r.text == text);
  expect(std::string_view("rs").find(r.adkim) != std::string_view::npos &&
         std::string_view("ynu").find(r.psd) != std::string_view::npos);
  expect(!r.pct || *r.pct <= 100);
  expect(r.flaws.size() <= dmarc::flaw_words.size());
  expect(r.p.has_value() || has(r, dmarc::flaw::no_p) || has(r, dmarc::flaw::bad_p));
  const auto own = r.own_policy();
  expect(!own || own == r.p || (own == dmarc::policy::none && r.any_rua));
  expect(!has(r, dmarc::flaw::duplicate_tag) || !own);
  for (const auto& uri : r.rua) {
    expect(uri.size() <= size);
    const auto domain = dmarc::domain_of_uri(uri);
    expect(!domain ||
           (!domain->empty() && domain->find('@') == std::string::npos && dns::parse_name(*domain)));
  }
  const auto again = dmarc::parse_record(r.text);
  expect(again.flaws == r.flaws && again.rua == r.rua && again.own_policy() == own);
  return 0;
}
