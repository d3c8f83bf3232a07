/// A line that is no JSON object: a domain, an address, a server, or "rank,domain". postroad-records(5),
/// "Input".
#pragma once

#include <postroad/config.hpp>

#include <string>
#include <string_view>

namespace postroad::record {

/// What a line of input is before anyone parses it.
enum class line_kind {
  blank,      ///< nothing, or a comment: skipped
  object,     ///< begins like a JSON object
  word,       ///< a bare word
  other_json, ///< JSON of another kind, which is no record: [1], "a", 12, true, null
};

/// Looks at the line without blanks around it.
[[nodiscard]] line_kind kind_of_line(std::string_view trimmed);

/// Whether the word is a domain as it is asked for and written, and nothing else: letters of a name in lower
/// case, no final dot, and for certain no address, rank or number. Most words of most lists are.
[[nodiscard]] inline bool is_plain_domain(std::string_view word) noexcept {
  bool letter = false;
  for (const char c : word) {
    letter |= c >= 'a' && c <= 'z';
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'))
      return false;
  }
  return letter && !word.ends_with('.');
}

/// The record of a bare word: a JSON object in one line. Every word has one; a name that cannot be asked for
/// is found out when it is asked for. `word` must be UTF-8.
///
/// "example.org"      {"domain":"example.org"}
/// "Bücher.example"   {"domain":"xn--bcher-kva.example","input":"Bücher.example"}
/// "7,example.org"    {"rank":7,"domain":"example.org"}
/// "192.0.2.1:2525"   {"ip":"192.0.2.1","port":2525}
/// "mx.example.org:25" {"host":"mx.example.org","port":25}
[[nodiscard]] std::string record_of_word(std::string_view word);

/// The name as it is asked for in the DNS: A-labels, lower case, no trailing dot (RFC 5891 section 4). Where
/// that cannot be, the name as it was given, so that the outcome can say `malformed`.
[[nodiscard]] std::string to_a_label(std::string_view name);

} // namespace postroad::record

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/record/impl/word.ipp>
#endif
