/// What a server says it can do, from its reply to EHLO. RFC 5321 4.1.1.1.
#pragma once

#include <postroad/smtp/reply.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::smtp {

/// Calls `take` with each keyword line of an EHLO reply (`reply::text`), code and blanks at the end taken
/// off. The first line is the greeting and no keyword, whatever it says; a line that lost its code is kept
/// whole.
template <class Take>
void for_each_capability(std::string_view ehlo, Take take) {
  auto lf = ehlo.find('\n');
  while (lf != std::string_view::npos) {
    ehlo.remove_prefix(lf + 1);
    lf = ehlo.find('\n');
    auto line = ehlo.substr(0, lf);
    if (reply_code(line))
      line.remove_prefix(line.size() > 3 ? 4 : 3);
    while (!line.empty() && text::is_space(line.back()))
      line.remove_suffix(1);
    if (!line.empty())
      take(line);
  }
}

/// The same as a list. Example: "250-mx.example\n250-SIZE 1000\n250 STARTTLS" gives {"SIZE 1000",
/// "STARTTLS"}.
[[nodiscard]] inline std::vector<std::string> capabilities(std::string_view ehlo) {
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(std::ranges::count(ehlo, '\n')));
  for_each_capability(ehlo, [&](std::string_view line) { out.emplace_back(line); });
  return out;
}

/// The keyword of a capability line, its parameters left out. Example: "SIZE 1000" gives "SIZE".
[[nodiscard]] constexpr std::string_view keyword_of(std::string_view capability) noexcept {
  std::size_t n = 0;
  while (n < capability.size() && capability[n] != ' ' && capability[n] != '\t' && capability[n] != '=')
    ++n;
  return capability.substr(0, n);
}

/// Is `keyword` among the capabilities of an EHLO reply? Keywords know no case (RFC 5321 2.4).
[[nodiscard]] inline bool offers(std::string_view ehlo, std::string_view keyword) noexcept {
  bool found = false;
  for_each_capability(
      ehlo, [&](std::string_view line) { found = found || text::iequals(keyword_of(line), keyword); });
  return found;
}

} // namespace postroad::smtp
