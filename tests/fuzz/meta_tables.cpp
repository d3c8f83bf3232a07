// Any lines as tables of addresses: what is taken in is found again, and the longest prefix holds the
// address.
#include <postroad/meta/origin_table.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace postroad;

namespace {

void expect(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  meta::origin_table table;
  std::size_t said = 0;
  for (auto rest = all; !rest.empty();) {
    const auto line = text::take_until(rest, '\n');
    const auto before = table.routes();
    const auto wrong = table.add_route(line);
    expect(!wrong || (!wrong->empty() && table.routes() == before));
    said += wrong ? 1 : 0;
    for (const auto& complaint : {table.add_delegation(line), table.add_name(line), table.add_type(line)})
      said += complaint ? 1 : 0;
  }
  table.build();
  for (auto rest = all; !rest.empty();) {
    auto line = text::take_until(rest, '\n');
    const auto ip = net::parse_address(line.substr(0, line.find_first_of("\t /")));
    if (!ip)
      continue;
    auto found = table.find(*ip);
    table.describe(found);
    expect(!found.prefix || (found.prefix->contains(*ip) && !found.asns.empty()));
    expect(found.country.empty() || found.country.size() == 2);
  }
  return said > size + 4 ? 1 : 0;
}
