// The fingerprint of any three texts: within its vocabulary, and the same again.
#include <postroad/smtp/software.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace postroad::smtp;

// NUL bytes part banner, EHLO and reply.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  spoken heard;
  heard.banner = postroad::text::take_until(rest, '\0');
  heard.ehlo = postroad::text::take_until(rest, '\0');
  heard.starttls_reply = rest;
  const auto found = identify(heard);
  if ((found.software == "unknown") != found.rule.empty())
    std::abort();
  if (!found.version.empty() && !postroad::text::is_digit(found.version[0]))
    std::abort();
  if (found.version.size() > size)
    std::abort();
  const auto capability_lines = capabilities(heard.ehlo);
  for (std::string_view line : capability_lines)
    if (line.empty() || line.find('\n') != std::string_view::npos)
      std::abort();
  return 0;
}
