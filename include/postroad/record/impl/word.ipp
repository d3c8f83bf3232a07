#pragma once

#include <postroad/record/word.hpp>

#include <postroad/text/ascii.hpp>
#include <postroad/text/json.hpp>
#include <postroad/text/server.hpp>
#include <postroad/text/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include <idn2.h>

namespace postroad::record {

namespace detail {

inline bool is_json_number(std::string_view s) {
  if (s.starts_with('-'))
    s.remove_prefix(1);
  if (s.empty() || !text::is_digit(s[0]))
    return false;
  const auto ip_like = std::count(s.begin(), s.end(), '.') > 1;
  return !ip_like && std::all_of(s.begin(), s.end(), [](char c) {
    return text::is_digit(c) || c == '.' || c == '+' || c == '-' || c == 'e' || c == 'E';
  });
}

inline bool is_bracketed_address(std::string_view s) {
  const auto split = text::split_port(s);
  return split && text::canonical_address(split->host);
}

/// Takes "rank," off the front, when it is there.
inline std::optional<std::uint64_t> take_rank(std::string_view& s) {
  const auto comma = s.find(',');
  if (comma == std::string_view::npos)
    return std::nullopt;
  const auto rank = text::number<std::uint64_t>(text::trimmed(s.substr(0, comma)));
  if (rank)
    s = text::trimmed(s.substr(comma + 1));
  return rank;
}

} // namespace detail

POSTROAD_DECL line_kind kind_of_line(std::string_view s) {
  if (s.empty() || s[0] == '#')
    return line_kind::blank;
  if (s[0] == '{')
    return line_kind::object;
  if (s[0] == '[')
    return detail::is_bracketed_address(s) ? line_kind::word : line_kind::other_json;
  if (s[0] == '"' || s == "true" || s == "false" || s == "null" || detail::is_json_number(s))
    return line_kind::other_json;
  return line_kind::word;
}

POSTROAD_DECL std::string to_a_label(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.') && !name.ends_with("\\.") && !name.ends_with(".."))
    name.remove_suffix(1);
  if (text::is_ascii(name))
    return text::lowered(name);
  const std::string given(name);
  char* ascii = nullptr;
  if (idn2_to_ascii_8z(given.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
    return given;
  std::string out(ascii);
  idn2_free(ascii);
  return out;
}

POSTROAD_DECL std::string record_of_word(std::string_view word) {
  std::string out;
  text::json_writer json(out);
  json.object();
  if (const auto rank = detail::take_rank(word))
    json.member("rank", *rank);
  const auto split = text::split_port(word);
  if (const auto ip = split ? text::canonical_address(split->host) : std::nullopt) {
    json.member("ip", *ip);
    if (split->port)
      json.member("port", *split->port);
  } else if (split && split->port) {
    const auto host = to_a_label(split->host);
    json.member("host", host).member("port", *split->port);
    if (host != split->host)
      json.member("input", word);
  } else {
    const auto domain = to_a_label(word);
    json.member("domain", domain);
    if (domain != word)
      json.member("input", word);
  }
  json.end();
  return out;
}

} // namespace postroad::record
