/// Macros of SPF: reading and expanding them. RFC 7208 7.
#pragma once

#include <postroad/result.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::spf {

/// Where a macro stands: c, r and t mean something in explanations only, and these may hold spaces.
enum class macro_place : std::uint8_t { domain_spec, explanation };

/// One piece of a macro-string: literal text, or a macro.
struct macro_piece {
  std::string_view literal;         ///< as it is to appear; of a macro: empty
  char letter = 0;                  ///< lower case; 0: a literal
  unsigned keep = 0;                ///< so many parts from the right; 0: all
  bool reverse = false;             ///< the parts, turned round
  std::string_view delimiters = ""; ///< what parts it, "." when empty
  bool url_escape = false;          ///< the letter was a capital
  std::size_t size = 0;             ///< bytes of the text that it took
};

namespace detail {

[[nodiscard]] constexpr bool is_delimiter(char c) noexcept {
  return std::string_view(".-+,/_=").find(c) != std::string_view::npos;
}

[[nodiscard]] constexpr bool is_macro_letter(char c, macro_place where) noexcept {
  const std::string_view known = where == macro_place::explanation ? "slodiphcrtv" : "slodiphv";
  return known.find(c) != std::string_view::npos;
}

/// "%{d2r.-}" from its "{" on, which is at `at`.
[[nodiscard]] inline result<macro_piece> read_expand(std::string_view text, std::size_t at,
                                                     macro_place where) {
  constexpr std::string_view rule = "RFC 7208 7.1";
  macro_piece m;
  std::size_t i = at + 2;
  if (i >= text.size() || !is_macro_letter(text::to_lower(text[i]), where))
    return failure{std::min(i, text.size()), "no such macro letter", rule};
  m.letter = text::to_lower(text[i]);
  m.url_escape = text[i] != m.letter;
  ++i;
  const auto digits = i;
  for (; i < text.size() && text::is_digit(text[i]); ++i)
    m.keep = std::min(m.keep * 10 + static_cast<unsigned>(text[i] - '0'), 1000u); // more parts there are not
  if (i != digits && m.keep == 0)
    return failure{digits, "a macro that keeps nothing", rule};
  if (i < text.size() && (text[i] == 'r' || text[i] == 'R')) {
    m.reverse = true;
    ++i;
  }
  const auto first = i;
  while (i < text.size() && is_delimiter(text[i]))
    ++i;
  m.delimiters = text.substr(first, i - first);
  if (i >= text.size() || text[i] != '}')
    return failure{std::min(i, text.size()), "macro without an end", rule};
  m.size = i + 1 - at;
  return m;
}

} // namespace detail

/// The piece that starts at `at`, which is inside the text.
///
/// Example: of "%{d2}._spf" the first piece is the macro d, keep 2, and 5 bytes long; the next the literal.
[[nodiscard]] inline result<macro_piece> read_macro_piece(std::string_view text, std::size_t at,
                                                          macro_place where) {
  macro_piece m;
  if (text[at] == '%') {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == '{')
      return detail::read_expand(text, at, where);
    m.size = 2;
    m.literal = next == '%' ? "%" : next == '_' ? " " : next == '-' ? "%20" : "";
    if (m.literal.empty())
      return failure{at, "% that starts no macro", "RFC 7208 7.1"};
    return m;
  }
  std::size_t end = at;
  while (end < text.size() && text[end] != '%') {
    const char c = text[end];
    if (!(c > ' ' && c < 0x7f) && !(c == ' ' && where == macro_place::explanation))
      return failure{end, "not a visible character", "RFC 7208 7.1"};
    ++end;
  }
  m.literal = text.substr(at, end - at);
  m.size = end - at;
  return m;
}

/// What a macro-string is made of, or where it breaks the rules.
[[nodiscard]] inline result<std::vector<macro_piece>> parse_macro_string(std::string_view text,
                                                                         macro_place where) {
  std::vector<macro_piece> all;
  for (std::size_t at = 0; at < text.size();) {
    const auto piece = read_macro_piece(text, at, where);
    if (!piece)
      return failure{piece.error()};
    at += piece->size;
    all.push_back(*piece);
  }
  return all;
}

namespace detail {

/// Parts of a value, parted by any of the delimiters, the last `keep`, turned round when asked for, with
/// dots.
[[nodiscard]] inline std::string transformed(std::string_view value, const macro_piece& m) {
  const auto delimiters = m.delimiters.empty() ? std::string_view(".") : m.delimiters;
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= value.size();) {
    const auto end = std::min(value.find_first_of(delimiters, from), value.size());
    parts.push_back(value.substr(from, end - from));
    from = end + 1;
  }
  if (m.reverse)
    std::reverse(parts.begin(), parts.end());
  if (m.keep != 0 && m.keep < parts.size())
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(m.keep));
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out.append(i == 0 ? "" : ".").append(parts[i]);
  return out;
}

/// All but what RFC 3986 2.3 leaves unreserved.
[[nodiscard]] inline std::string url_escaped(std::string_view s) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if (text::is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos)
      out += c;
    else
      out.append("%") += {hex[byte >> 4], hex[byte & 15u]};
  }
  return out;
}

} // namespace detail

/// The text of a piece, where `value_of(letter)` gives what its macro stands for.
template <class ValueOf>
[[nodiscard]] std::string expand_piece(const macro_piece& m, ValueOf&& value_of) {
  if (m.letter == 0)
    return std::string(m.literal);
  const auto value = detail::transformed(value_of(m.letter), m);
  return m.url_escape ? detail::url_escaped(value) : value;
}

/// Adds a piece to a name that is being expanded. What cannot be in its last 253 bytes is dropped now and
/// then: a record of 60 KB full of macros must not become a text of megabytes.
inline void append_to_name(std::string& name, std::string_view piece) {
  constexpr std::size_t most = 4096, kept = 1024; // more than fitted_domain() looks at
  name += piece;
  if (name.size() > most)
    name.erase(0, name.size() - kept);
}

/// The name that a domain-spec expands to: no longer than 253 bytes, for which whole labels are taken off the
/// left (RFC 7208 7.3), and without a final dot.
[[nodiscard]] inline std::string fitted_domain(std::string name) {
  constexpr std::size_t longest = 253;
  if (name.ends_with('.'))
    name.pop_back();
  if (name.size() <= longest)
    return name;
  // The first dot from the byte in front of the last 253; without one the last label is too long for any
  // name.
  const auto dot = name.find('.', name.size() - longest - 1);
  if (dot != std::string::npos)
    name.erase(0, dot + 1);
  return name;
}

} // namespace postroad::spf
