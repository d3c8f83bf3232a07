/// Any text as a domain name: what is accepted survives the way through wire and presentation form.
#include <postroad/dns/message.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using namespace postroad;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto n = dns::parse_name(text);
  if (!n)
    return 0;
  const auto again = dns::parse_name(to_string(*n));
  if (!again || *again != *n || to_string(*again) != to_string(*n))
    std::abort();
  std::vector<std::uint8_t> bytes(dns::header_size);
  bytes.insert(bytes.end(), n->wire().begin(), n->wire().end());
  std::size_t at = dns::header_size;
  const auto read = dns::read_name(bytes, at);
  if (!read || *read != *n || at != bytes.size())
    std::abort();
  return 0;
}
