// Any text as an SPF record: what is read lies within the text, says the same when read again, and expands to
// names that are names.
#include <postroad/spf/grammar.hpp>
#include <postroad/spf/lookup.hpp>

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

bool lies_within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void expand(std::string_view spec, spf::macro_place where) {
  const auto pieces = spf::parse_macro_string(spec, where);
  if (!pieces)
    return;
  std::string out;
  for (const auto& p : *pieces)
    out += spf::expand_piece(p, [](char letter) { return std::string(3, letter) + ".a-b+c.example"; });
  const auto fitted = spf::fitted_domain(out);
  expect(fitted.size() <= 253 || fitted.find('.') == std::string::npos);
  (void)spf::name_of(fitted);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = "v=spf1 " + std::string(reinterpret_cast<const char*>(data), size);
  expect(spf::is_spf(text));
  const auto read = spf::parse_record(text);
  std::string again = "v=spf1";
  for (const auto& d : read.directives) {
    expect(lies_within(d.text, text) && lies_within(d.domain, d.text));
    expect(d.length4 <= 32 && d.length6 <= 128 && d.network.length <= d.network.base.bits());
    expand(d.domain, spf::macro_place::domain_spec);
    again.append(" ").append(d.text);
  }
  for (const auto* m : {&read.redirect, &read.exp})
    if (*m) {
      expect(lies_within((*m)->value, text));
      expand((*m)->value, spf::macro_place::domain_spec);
    }
  for (const auto& e : read.errors)
    expect(e.offset <= text.size() && !e.why.empty());
  expect(read.errors.size() <= spf::max_errors);
  const auto second = spf::parse_record(again);
  expect(second.valid() && second.directives.size() == read.directives.size());
  expand(text, spf::macro_place::explanation);
  return 0;
}
