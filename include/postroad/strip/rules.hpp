/// What middleboxes do to a mail dialog, as tables: a new device is a new row.
///
/// Every row has an id, which stands in the evidence of a record, and a source.
#pragma once

#include <postroad/smtp/ehlo.hpp>
#include <postroad/smtp/software.hpp>
#include <postroad/strip/echo.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postroad::strip {

/// What the reply to STARTTLS shows.
enum class reply_class : std::uint8_t {
  tls_ready,           ///< 220: TLS may begin
  echo_intact,         ///< refused, and the verb arrived as it was sent
  echo_replaced_x,     ///< the verb arrived as a run of X
  echo_replaced_other, ///< the verb arrived as another word
  echo_truncated,      ///< four letters of it: a server that looks no further
  noop_substituted,    ///< 2xx, but not 220: the verb arrived as NOOP
  refused_recognized,  ///< refused in words that only one who knows the verb says
  no_echo,             ///< refused, and the reply does not tell what arrived
  no_reply_class,      ///< not said, not answered, or 421
};
inline constexpr auto reply_words = std::to_array<std::string_view>(
    {"tls_ready", "echo_intact", "echo_replaced_x", "echo_replaced_other", "echo_truncated",
     "noop_substituted", "refused_recognized", "no_echo", "no_reply_class"});
[[nodiscard]] constexpr std::string_view to_string(reply_class c) noexcept {
  return reply_words[static_cast<std::size_t>(c)];
}

/// What the reply to EHLO shows.
enum class ehlo_class : std::uint8_t {
  none, ///< EHLO was not answered
  ehlo_starttls,
  ehlo_starttls_and_masked,
  ehlo_starttls_in_greeting, ///< in the first line, which is no place for it
  ehlo_masked_len8,          ///< a mask as long as STARTTLS
  ehlo_masked_other,
  ehlo_masked_keyword, ///< a keyword with a letter changed
  ehlo_no_starttls,
};
inline constexpr auto ehlo_words = std::to_array<std::string_view>(
    {"", "ehlo_starttls", "ehlo_starttls_and_masked", "ehlo_starttls_in_greeting", "ehlo_masked_len8",
     "ehlo_masked_other", "ehlo_masked_keyword", "ehlo_no_starttls"});
[[nodiscard]] constexpr std::string_view to_string(ehlo_class c) noexcept {
  return ehlo_words[static_cast<std::size_t>(c)];
}

/// Whose handwriting it is: the rows of the study's Table 13.
enum class style : std::uint8_t { none, cisco, bluf, other };
inline constexpr auto style_words = std::to_array<std::string_view>({"", "cisco", "bluf", "other"});
[[nodiscard]] constexpr std::string_view to_string(style s) noexcept {
  return style_words[static_cast<std::size_t>(s)];
}

/// A row for the verb that a server repeats. `is` is asked in order, the first row that fits speaks.
struct echo_rule {
  std::string_view id;
  bool (*is)(const echo&, std::string_view sent);
  reply_class means;
  style hand;
  std::string_view source;
};
inline constexpr auto echo_rules = std::to_array<echo_rule>({
    {"echo-intact", [](const echo& e, std::string_view sent) { return text::iequals(e.word, sent); },
     reply_class::echo_intact, style::none, "study 5.1"},
    {"echo-x", [](const echo& e, std::string_view) { return is_x_run(e.word); }, reply_class::echo_replaced_x,
     style::cisco, "study 5.1, Table 11; Cisco ASA inspect esmtp overwrites a verb with X of its length"},
    {"echo-four-letters", [](const echo& e, std::string_view sent) { return is_cut_of(e.word, sent); },
     reply_class::echo_truncated, style::none,
     "study 5.1, Table 11: parsers of four letters (RFC 821 verbs)"},
    {"echo-bluf", [](const echo& e, std::string_view) { return text::iequals(e.word, "BLUF"); },
     reply_class::echo_replaced_other, style::bluf, "study 5.1, Table 13: Ukraine"},
    {"echo-other", [](const echo& e, std::string_view) { return e.quoted; }, reply_class::echo_replaced_other,
     style::other, "study 5.1: any other word where the verb is quoted"},
});

/// A row for refusals that repeat nothing: the words of one who knows the verb. `text` is lower case, `*`
/// stands for anything.
struct wording_rule {
  std::string_view id;
  std::string_view text;
  std::string_view source;
};
inline constexpr auto wording_rules = std::to_array<wording_rule>({
    {"tls-not-available", "*tls*not*available*", "RFC 3207 4; Postfix, sendmail, qmail, Exchange"},
    {"tls-unavailable", "*tls*unavailable*", "Exim: TLS currently unavailable"},
    {"tls-temporary", "*tls*temporar*", "RFC 3207 4: TLS not available due to temporary reason"},
    {"tls-disabled", "*tls*disabled*", "MDaemon, hMailServer"},
    {"tls-not-supported", "*tls*not supported*", "several"},
    {"tls-not-enabled", "*tls*not enabled*", "several"},
    {"tls-already", "*tls*already*", "several"},
    {"no-parameters", "*no parameters allowed*", "RFC 3207 4: 501 Syntax error (no parameters allowed)"},
    {"encryption-not-available", "*encryption*not available*", "several"},
});

/// A row for keyword lines of EHLO that a middlebox wrote over.
struct keyword_rule {
  std::string_view id;
  bool (*is)(std::string_view line);
  bool masked; ///< nothing of the keyword is left; its length tells
  style hand;
  std::string_view source;
};

namespace detail {

/// At least three X and, behind them, at most one letter that counts the masks: Cisco writes A, B, C ...
[[nodiscard]] inline bool is_keyword_mask(std::string_view line) noexcept {
  constexpr std::size_t least = 3;
  const auto run =
      static_cast<std::size_t>(std::ranges::find_if(line, [](char c) { return c != 'X'; }) - line.begin());
  const bool counted = run + 1 == line.size() && line.back() >= 'A' && line.back() <= 'Z';
  return run >= least && (run == line.size() || counted);
}

inline constexpr auto length_of = [](std::string_view word) { return word.size(); };

/// Keywords of the IANA registry "SMTP Service Extensions" and what servers say beside them, by length.
// clang-format off
inline constexpr auto known_keywords = std::to_array<std::string_view>({
    "DSN", "ATRN", "AUTH", "BURL", "EHLO", "ETRN", "EXPN", "HELO", "HELP", "MTRK", "ONEX", "RRVS",
    "SAML", "SEND", "SIZE", "SOML", "TURN", "VERB", "VERP", "VRFY", "XADR", "XGEN", "XONE", "XSTA",
    "XTRN", "XUSR", "XQUEU", "XRDST", "XVERP", "CONNEG", "LIMITS", "X-EXPS", "CONPERM", "XCLIENT",
    "XEXCH50", "XSHADOW", "8BITMIME", "CHUNKING", "SMTPUTF8", "STARTTLS", "UTF8SMTP", "XFORWARD",
    "DELIVERBY", "SUBMITTER", "BINARYMIME", "CHECKPOINT", "PIPELINING", "REQUIRETLS", "XIRCREMOTE",
    "MT-PRIORITY", "X-LINK2STATE", "XREMOTEQUEUE", "FUTURERELEASE", "NO-SOLICITING", "X-ANONYMOUSTLS",
    "ENHANCEDSTATUSCODES"});
// clang-format on
static_assert(std::ranges::is_sorted(known_keywords, {}, length_of));

/// A known keyword with one letter changed, and none itself: HIPELINING, PHUNKING. Short ones are too near to
/// each other to tell.
[[nodiscard]] inline bool is_misspelled_keyword(std::string_view line) {
  constexpr std::size_t shortest = 6;
  const auto word = smtp::keyword_of(line);
  if (word.size() < shortest)
    return false;
  bool near = false;
  auto at = std::ranges::lower_bound(known_keywords, word.size(), {}, length_of);
  for (; at != known_keywords.end() && at->size() == word.size(); ++at) {
    std::size_t differ = 0;
    for (std::size_t i = 0; i < word.size() && differ < 2; ++i)
      differ += text::to_upper(word[i]) != (*at)[i] ? 1U : 0U;
    if (differ == 0)
      return false;
    near = near || differ == 1;
  }
  return near;
}

} // namespace detail

inline constexpr auto keyword_rules = std::to_array<keyword_rule>({
    {"ehlo-mask", detail::is_keyword_mask, true, style::cisco,
     "study 5.1; Cisco ASA inspect esmtp: a line it does not allow keeps its length, X and a counting "
     "letter"},
    {"ehlo-bluf", [](std::string_view line) { return text::iequals(smtp::keyword_of(line), "BLUF"); }, false,
     style::bluf, "study 5.1: Ukraine"},
    {"ehlo-misspelled", detail::is_misspelled_keyword, false, style::other,
     "study 5.1: HIPELINING, PHUNKING beside BLUF"},
});

/// A row for banners that a middlebox wrote over.
struct banner_rule {
  std::string_view id;
  bool (*is)(std::string_view banner); ///< as received
  style hand;
  std::string_view source;
};

namespace detail {

/// Is most of the text behind the codes the sign `filler`, and no word left?
[[nodiscard]] inline bool is_filled_with(std::string_view banner, char filler) noexcept {
  constexpr std::size_t word = 3, least = 4;
  if (banner.find(filler) == std::string_view::npos) // as nearly always
    return false;
  std::size_t filled = 0, size = 0, letters = 0, longest = 0;
  while (!banner.empty()) {
    auto line = text::take_until(banner, '\n');
    if (line.size() >= 3 && text::is_digit(line[0]))
      line.remove_prefix(3);
    for (const char c : line) {
      size += text::is_space(c) ? 0U : 1U;
      filled += c == filler ? 1U : 0U;
      letters = text::is_alpha(c) ? letters + 1 : 0;
      longest = std::max(longest, letters);
    }
    letters = 0;
  }
  return filled >= least && filled * 10 >= size * 6 && longest < word; // 60 %
}

} // namespace detail

inline constexpr auto banner_rules = std::to_array<banner_rule>({
    {"banner-stars", [](std::string_view b) { return detail::is_filled_with(b, '*'); }, style::cisco,
     "Cisco ASA mask-banner: stars, but for the characters 2, 0 and blank"},
    {"banner-cmap", [](std::string_view b) { return b.find("SMTP/cmap") != std::string_view::npos; },
     style::cisco, "early Cisco PIX: SMTP/cmap"},
    {"banner-lines", [](std::string_view b) { return detail::is_filled_with(b, '_'); }, style::cisco,
     "early Cisco PIX: underscores"},
});

} // namespace postroad::strip
