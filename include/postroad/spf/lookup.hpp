/// How SPF asks the DNS, and what its answers mean there.
#pragma once

#include <postroad/dns/ask.hpp>
#include <postroad/spf/grammar.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::spf {

using lookup = dns::ask_function;
using dns::is_settled; // else it is a temperror: RFC 7208 2.6.6
using dns::is_void;    // RFC 7208 4.6.4

inline constexpr unsigned max_lookups = 10; // RFC 7208 4.6.4: terms that ask
inline constexpr unsigned max_voids = 2;    // RFC 7208 4.6.4: look-ups that find nothing
inline constexpr unsigned max_names = 10;   // RFC 7208 4.6.4: of an MX, of a PTR

/// The SPF records among the TXT records of an answer. RFC 7208 4.5
[[nodiscard]] inline std::vector<std::string> spf_texts(const dns::answer& a) {
  std::vector<std::string> all;
  for (const auto& t : a.texts)
    if (is_spf(t))
      all.push_back(t);
  return all;
}

/// The name that a text stands for, in which a dot parts labels and every other byte is a letter of one,
/// blanks and backslashes too. Nothing when it is none: too long, an empty label, or the root.
[[nodiscard]] inline std::optional<dns::name> name_of(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (text::is_alnum(c) || c == '.' || c == '-' || c == '_')
      escaped += c;
    else
      escaped += {'\\', static_cast<char>('0' + byte / 100), static_cast<char>('0' + byte / 10 % 10),
                  static_cast<char>('0' + byte % 10)};
  }
  const auto n = dns::parse_name(escaped);
  if (!n || n->is_root())
    return std::nullopt;
  return *n;
}

} // namespace postroad::spf
