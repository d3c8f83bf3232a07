/// Which verb a server says that it did not understand: the one word that tells what became of ours on the
/// way.
#pragma once

#include <postroad/smtp/reply.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postroad::strip {

/// A word of a reply that may be the verb as the server received it.
struct echo {
  std::string word;    ///< as it stands in the reply
  bool quoted = false; ///< it stood between quotes or brackets
};

namespace detail {

[[nodiscard]] inline bool is_word(char c) noexcept {
  return text::is_alnum(c) || c == '-' || c == '_';
}

/// "STARTTLS now" gives "STARTTLS".
[[nodiscard]] inline std::string_view first_word(std::string_view s) noexcept {
  const auto begin = std::ranges::find_if(s, is_word);
  const auto end = std::find_if_not(begin, s.end(), is_word);
  return {begin, end};
}

/// "5.5.1" and "#5.5.1": RFC 3463 2.
[[nodiscard]] inline bool is_enhanced_code(std::string_view word) noexcept {
  if (word.starts_with('#'))
    word.remove_prefix(1);
  const bool numbers = std::ranges::all_of(word, [](char c) { return text::is_digit(c) || c == '.'; });
  return numbers && std::ranges::count(word, '.') == 2;
}
[[nodiscard]] inline bool is_code(std::string_view word) noexcept {
  return word.size() == 3 && std::ranges::all_of(word, [](char c) { return text::is_digit(c); });
}

/// The text of a reply: its lines joined, without codes, enhanced or not, and without a code said twice.
[[nodiscard]] inline std::string text_of(std::string_view reply) {
  std::string out;
  while (!reply.empty()) {
    auto line = text::take_until(reply, '\n');
    if (smtp::reply_code(line))
      line.remove_prefix(std::min<std::size_t>(4, line.size()));
    line = text::trimmed(line);
    while (!line.empty()) {
      const auto word = line.substr(0, line.find(' '));
      if (!is_code(word) && !is_enhanced_code(word))
        break;
      line = text::trimmed(line.substr(word.size()));
    }
    out.append(out.empty() ? 0 : 1, ' ').append(line);
  }
  constexpr std::size_t enough = 1024; // twice the longest line of RFC 5321 4.5.3.1.5
  out.resize(std::min(out.size(), enough));
  return out;
}

struct quotes {
  char open, close;
};
inline constexpr auto quote_pairs =
    std::to_array<quotes>({{'"', '"'}, {'\'', '\''}, {'`', '\''}, {'`', '`'}, {'<', '>'}, {'[', ']'}});

/// What stands between quotes or brackets, in order of place. A quote inside a word, as in "can't", is none.
template <class Take>
void for_each_quoted(std::string_view s, Take take) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (i > 0 && is_word(s[i - 1]))
      continue;
    for (const auto& q : quote_pairs) {
      if (s[i] != q.open)
        continue;
      const auto end = s.find(q.close, i + 1);
      if (end == std::string_view::npos || (end + 1 < s.size() && is_word(s[end + 1])))
        continue;
      take(s.substr(i + 1, end - i - 1));
      i = end;
      break;
    }
  }
}

/// Words behind which a server names what it did not understand.
inline constexpr auto complaints = std::to_array<std::string_view>(
    {"unrecognized command", "unrecognised command", "command unrecognized", "command unrecognised",
     "unknown command", "invalid command", "command not recognized", "command not recognised",
     "not recognized", "not recognised", "not understood", "command not implemented", "command unknown",
     "bad command", "syntax error", "unimplemented command", "unsupported command"});

/// "command unrecognized: STARTTLS" gives "STARTTLS"; so does "unknown command STARTTLS".
[[nodiscard]] inline std::string_view word_behind_complaint(std::string_view lowered,
                                                            std::string_view s) noexcept {
  for (const auto complaint : complaints) {
    const auto at = lowered.find(complaint);
    if (at == std::string_view::npos)
      continue;
    auto rest = s.substr(at + complaint.size());
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == ':' || rest[0] == ','))
      rest.remove_prefix(1);
    if (const auto word = rest.substr(0, first_word(rest).size()); !word.empty() && is_word(rest[0]))
      return word;
  }
  return {};
}

/// "STARTTLS not recognized" gives "STARTTLS".
[[nodiscard]] inline std::string_view word_before_complaint(std::string_view s) noexcept {
  const auto word = first_word(s);
  if (word.empty() || word.data() != s.data())
    return {};
  auto rest = s.substr(word.size());
  if (rest.starts_with(':'))
    return word;
  rest = text::trimmed(rest);
  const auto next = text::lowered(first_word(rest));
  constexpr auto after =
      std::to_array<std::string_view>({"command", "not", "unknown", "unrecognized", "unrecognised", "is",
                                       "unsupported", "unavailable", "isn"});
  return std::ranges::find(after, next) != after.end() ? word : std::string_view{};
}

} // namespace detail

/// At least three letters X and nothing else: what a masking middlebox leaves of a verb.
[[nodiscard]] constexpr bool is_x_run(std::string_view word) noexcept {
  constexpr std::size_t least = 3;
  return word.size() >= least && std::ranges::all_of(word, [](char c) { return c == 'X' || c == 'x'; });
}

/// The beginning or the end of `verb`, of four letters: some servers look no further (STAR, TTLS).
[[nodiscard]] constexpr bool is_cut_of(std::string_view word, std::string_view verb) noexcept {
  constexpr std::size_t letters = 4;
  return word.size() == letters && verb.size() > letters &&
         (text::iequals(word, verb.substr(0, letters)) ||
          text::iequals(word, verb.substr(verb.size() - letters)));
}

/// Words that a known device writes in place of a verb; they count wherever they stand. Each has a row in
/// rules.hpp, too.
inline constexpr auto device_words = std::to_array<std::string_view>({"BLUF"});

[[nodiscard]] constexpr bool is_device_word(std::string_view word) noexcept {
  return std::ranges::any_of(device_words, [word](auto w) { return text::iequals(w, word); });
}

namespace detail {

/// English and SMTP words that stand in quotes or behind colons without being an echo.
[[nodiscard]] inline bool is_stop_word(std::string_view word) {
  constexpr auto stop = std::to_array<std::string_view>(
      {"command", "commands", "error",  "syntax", "bad",  "invalid", "unknown", "unrecognized", "not",
       "ehlo",    "helo",     "mail",   "rcpt",   "data", "quit",    "help",    "noop",         "rset",
       "vrfy",    "expn",     "etrn",   "auth",   "turn", "bdat",    "smtp",    "esmtp",        "tls",
       "ssl",     "ok",       "please", "see",    "http", "https",   "the",     "this",         "a"});
  return std::ranges::find(stop, text::lowered(word)) != stop.end();
}

[[nodiscard]] inline bool is_known_form(std::string_view word, std::string_view sent) noexcept {
  return text::iequals(word, sent) || is_x_run(word) || is_cut_of(word, sent) || is_device_word(word);
}

/// May a quoted word that is no known form be a verb? It is of letters and no word of prose.
[[nodiscard]] inline bool may_be_verb(std::string_view word) {
  constexpr std::size_t shortest = 3, longest = 16;
  return word.size() >= shortest && word.size() <= longest &&
         std::ranges::all_of(word, [](char c) { return text::is_alnum(c); }) &&
         std::ranges::any_of(word, [](char c) { return text::is_alpha(c); }) && !is_stop_word(word);
}

/// "Must issue a STARTTLS command first" names the verb and echoes nothing.
[[nodiscard]] inline bool demands_tls(std::string_view lowered) noexcept {
  constexpr auto demands =
      std::to_array<std::string_view>({"issue a starttls", "issue starttls", "use starttls", "send starttls",
                                       "starttls first", "starttls is required", "starttls required"});
  return std::ranges::any_of(demands, [&](auto d) { return lowered.find(d) != std::string_view::npos; });
}

[[nodiscard]] inline std::optional<echo> quoted_echo(std::string_view s, std::string_view sent) {
  std::optional<echo> known, other;
  for_each_quoted(s, [&](std::string_view inside) {
    const auto word = first_word(inside);
    const bool whole_name = inside.find_first_of(".@/") != std::string_view::npos; // a host, a link
    if (!known && is_known_form(word, sent))
      known = echo{std::string(word), true};
    else if (!other && !whole_name && may_be_verb(word))
      other = echo{std::string(word), true};
  });
  return known ? known : other;
}

[[nodiscard]] inline std::optional<echo> word_of_known_form(std::string_view s, std::string_view sent) {
  while (!s.empty()) {
    const auto word = first_word(s);
    if (word.empty())
      break;
    if (is_known_form(word, sent))
      return echo{std::string(word), false};
    s.remove_prefix(static_cast<std::size_t>(word.data() - s.data()) + word.size());
  }
  return std::nullopt;
}

} // namespace detail

/// The verb that a refusal repeats, or nothing. `reply` is a reply as received, codes kept, lines joined by
/// LF; `sent` is the verb that went out.
///
/// Looked for, in this order: what is quoted; the word behind a complaint; the word before one; any word that
/// is `sent`, a run of X, four letters of `sent` or a device's. A word that is none of these counts only when
/// it was quoted. Only the first 1,024 bytes of text are looked at.
///
/// Example: find_echo("500 5.5.1 Command unrecognized: \"XXXXXXXX\"", "STARTTLS")->word == "XXXXXXXX".
[[nodiscard]] inline std::optional<echo> find_echo(std::string_view reply, std::string_view sent) {
  const auto text = detail::text_of(reply);
  const auto lowered = text::lowered(text);
  if (detail::demands_tls(lowered))
    return std::nullopt;
  if (auto found = detail::quoted_echo(text, sent))
    return found;
  for (const auto word : {detail::word_behind_complaint(lowered, text), detail::word_before_complaint(text)})
    if (detail::is_known_form(word, sent))
      return echo{std::string(word), false};
  return detail::word_of_known_form(text, sent);
}

} // namespace postroad::strip
