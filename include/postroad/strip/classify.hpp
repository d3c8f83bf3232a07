/// From what a mail server said to what somebody did to the dialog on its way: pure text in, classes out.
/// Study section 5.1.
#pragma once

#include <postroad/smtp/ehlo.hpp>
#include <postroad/strip/echo.hpp>
#include <postroad/strip/rules.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::strip {

/// One extra verb that was said to the same server, and what it answered.
struct control {
  std::string_view sent;
  int code = 0;
  std::string_view reply;
};

/// A dialog, replies as received: codes kept, lines joined by LF. Empty texts did not come.
struct heard {
  std::string_view banner;
  std::string_view ehlo;
  std::string_view sent = "STARTTLS"; ///< empty: STARTTLS was not said
  int code = 0;                       ///< of the reply to it
  std::string_view reply;
  std::vector<control> controls = {};
};

enum class verdict : std::uint8_t { stripped, suspect, no_evidence, not_stripped };
inline constexpr auto verdict_words =
    std::to_array<std::string_view>({"stripped", "suspect", "no_evidence", "not_stripped"});
[[nodiscard]] constexpr std::string_view to_string(verdict v) noexcept {
  return verdict_words[static_cast<std::size_t>(v)];
}

enum class confidence : std::uint8_t { low, medium, high };
inline constexpr auto confidence_words = std::to_array<std::string_view>({"low", "medium", "high"});
[[nodiscard]] constexpr std::string_view to_string(confidence c) noexcept {
  return confidence_words[static_cast<std::size_t>(c)];
}

/// The bytes that a rule went by.
struct evidence {
  std::string_view rule;  ///< id of a row of rules.hpp
  std::string_view where; ///< banner, ehlo, starttls or control
  std::string bytes;
};

struct finding {
  strip::verdict verdict = strip::verdict::no_evidence;
  strip::confidence confidence = strip::confidence::low;
  style hand = style::none; ///< none unless stripped or suspect
  reply_class reply = reply_class::no_reply_class;
  ehlo_class ehlo = ehlo_class::none;
  bool banner_masked = false;
  std::string echo;                   ///< the verb as the server received it; empty: it does not tell
  std::optional<reply_class> control; ///< what the reply to the first control shows
  std::vector<strip::evidence> evidence;
};

namespace detail {

struct reply_reading {
  reply_class is = reply_class::no_reply_class;
  style hand = style::none;
  std::string_view rule;
  std::string echo;
};

[[nodiscard]] inline reply_reading read_refusal(std::string_view reply, std::string_view sent) {
  if (auto found = find_echo(reply, sent))
    for (const auto& rule : echo_rules)
      if (rule.is(*found, sent))
        return {rule.means, rule.hand, rule.id, std::move(found->word)};
  const auto lowered = text::lowered(text_of(reply));
  for (const auto& rule : wording_rules)
    if (smtp::glob_match(rule.text, lowered))
      return {reply_class::refused_recognized, style::none, rule.id, {}};
  return {reply_class::no_echo, style::none, {}, {}};
}

[[nodiscard]] inline reply_reading read_reply(int code, std::string_view reply, std::string_view sent) {
  constexpr int leaving = 421; // RFC 5321 3.8
  if (sent.empty() || code == 0 || code == leaving)
    return {};
  if (code == 220)
    return {reply_class::tls_ready, style::none, {}, {}};
  if (code >= 200 && code < 300)
    return {reply_class::noop_substituted, style::cisco, "reply-noop", {}};
  return code >= 400 ? read_refusal(reply, sent) : reply_reading{};
}

inline void note(finding& f, std::string_view rule, std::string_view where, std::string_view bytes) {
  constexpr std::size_t longest = 200, most = 16; // a hostile server is quoted no further
  if (f.evidence.size() < most)
    f.evidence.push_back({rule, where, std::string(bytes.substr(0, longest))});
}

struct ehlo_reading {
  bool starttls = false, len8 = false, masked = false, misspelled = false;
  bool replaced = false; ///< a device's word stands where STARTTLS was
  style hand = style::none;
};

inline ehlo_reading read_keywords(std::string_view ehlo, finding& f) {
  constexpr std::size_t starttls_size = 8;
  ehlo_reading r;
  smtp::for_each_capability(ehlo, [&](std::string_view line) {
    r.starttls = r.starttls || text::iequals(smtp::keyword_of(line), "STARTTLS");
    for (const auto& rule : keyword_rules) {
      if (!rule.is(line))
        continue;
      r.len8 = r.len8 || (rule.masked && line.size() == starttls_size);
      r.masked = r.masked || rule.masked;
      r.misspelled = r.misspelled || !rule.masked;
      r.replaced = r.replaced || rule.hand == style::bluf;
      if (r.hand == style::none || rule.hand == style::bluf)
        r.hand = rule.hand;
      note(f, rule.id, "ehlo", line);
      break;
    }
  });
  return r;
}

[[nodiscard]] inline bool greets_with_starttls(std::string_view ehlo) {
  auto first = ehlo.substr(0, ehlo.find('\n'));
  first.remove_prefix(std::min<std::size_t>(4, first.size()));
  return text::iequals(first_word(first), "STARTTLS");
}

[[nodiscard]] inline std::string_view last_line(std::string_view reply) noexcept {
  return reply.substr(reply.rfind('\n') + 1); // npos + 1 is 0
}

/// Begins it well, and is no refusal at its end as "250-mx", "550 no" is?
[[nodiscard]] inline bool is_positive(std::string_view ehlo) noexcept {
  return ehlo.starts_with('2') && smtp::reply_code(last_line(ehlo)).value_or(0) < 400;
}

/// Was EHLO answered to the end? Of half an answer nobody knows what it would have offered.
[[nodiscard]] inline bool is_whole(std::string_view ehlo) noexcept {
  const auto last = last_line(ehlo);
  return smtp::reply_code(last) && !smtp::continues(last);
}

[[nodiscard]] inline ehlo_class class_of(const ehlo_reading& r, std::string_view ehlo) {
  if (r.starttls)
    return r.masked || r.misspelled ? ehlo_class::ehlo_starttls_and_masked : ehlo_class::ehlo_starttls;
  if (greets_with_starttls(ehlo))
    return ehlo_class::ehlo_starttls_in_greeting;
  if (r.len8)
    return ehlo_class::ehlo_masked_len8;
  if (r.masked)
    return ehlo_class::ehlo_masked_other;
  if (r.misspelled)
    return ehlo_class::ehlo_masked_keyword;
  return is_whole(ehlo) ? ehlo_class::ehlo_no_starttls : ehlo_class::none;
}

/// A server that says the same to a verb of eight other letters has not repeated ours: its text is fixed.
inline void doubt_echo(reply_reading& r, const heard& what) {
  if (r.is != reply_class::echo_replaced_other || r.hand == style::bluf || what.controls.empty())
    return;
  const auto& c = what.controls.front();
  const auto same = find_echo(c.reply, c.sent);
  if (same && text::iequals(same->word, r.echo))
    r = {reply_class::no_echo, style::none, {}, {}};
}

struct signs {
  reply_reading reply;
  ehlo_reading keywords;
  style banner = style::none;
};

[[nodiscard]] inline bool is_masked(const finding& f) {
  return f.banner_masked || f.ehlo == ehlo_class::ehlo_masked_len8 ||
         f.ehlo == ehlo_class::ehlo_masked_other || f.ehlo == ehlo_class::ehlo_starttls_and_masked;
}

/// The server repeats verbs, but not ours: somebody else may have answered in its name.
[[nodiscard]] inline bool answers_for_another(const finding& f) {
  return f.reply == reply_class::no_echo && f.control == reply_class::echo_intact;
}

[[nodiscard]] inline verdict verdict_of(const finding& f, const ehlo_reading& keywords) {
  using enum reply_class;
  const bool truncates_all = !f.control || *f.control == echo_truncated || *f.control == noop_substituted;
  switch (f.reply) {
  case echo_replaced_x:
  case echo_replaced_other:
    return verdict::stripped;
  case noop_substituted: // a server may say 250 to anything; behind a mask it is the mask's doing
    return is_masked(f) ? verdict::stripped : verdict::suspect;
  case echo_truncated: // its own parser, unless it takes in other verbs whole
    return truncates_all ? verdict::not_stripped : verdict::suspect;
  default:
    break;
  }
  if (keywords.replaced && !keywords.starttls)
    return f.reply == echo_intact ? verdict::suspect : verdict::stripped;
  if (f.ehlo == ehlo_class::ehlo_masked_len8) // the study's second set: STARTTLS is as long as this
    return f.reply == echo_intact ? verdict::suspect : verdict::stripped;
  switch (f.reply) {
  case tls_ready:
  case echo_intact:
  case refused_recognized:
    return f.ehlo == ehlo_class::ehlo_masked_keyword ? verdict::suspect : verdict::not_stripped;
  default:
    return f.banner_masked || answers_for_another(f) || f.ehlo == ehlo_class::ehlo_masked_other ||
                   f.ehlo == ehlo_class::ehlo_masked_keyword
               ? verdict::suspect
               : verdict::no_evidence;
  }
}

[[nodiscard]] inline style style_of(const signs& s) {
  for (const auto hand : {s.reply.hand, s.keywords.hand, s.banner})
    if (hand != style::none)
      return s.keywords.hand == style::bluf ? style::bluf : hand;
  return style::other;
}

/// How sure: what else points the same way, and what a control says about it.
[[nodiscard]] inline confidence confidence_of(const finding& f, std::string_view sent) {
  using enum reply_class;
  const bool control_agrees = f.control && *f.control == f.reply;
  const bool in_ehlo = f.ehlo >= ehlo_class::ehlo_masked_len8 && f.ehlo <= ehlo_class::ehlo_masked_keyword;
  switch (f.verdict) {
  case verdict::stripped:
    if (f.reply == echo_replaced_x && f.echo.size() == sent.size())
      return confidence::high;
    if (f.reply == echo_replaced_other && f.hand == style::bluf)
      return confidence::high;
    if (f.reply == tls_ready) // it would have served TLS, and its keyword is hidden
      return confidence::high;
    return (f.banner_masked || control_agrees) && (in_ehlo || f.reply != no_echo) ? confidence::high
                                                                                  : confidence::medium;
  case verdict::suspect:
    return f.banner_masked && in_ehlo ? confidence::medium : confidence::low;
  case verdict::not_stripped:
    return f.reply == echo_truncated && !f.control ? confidence::medium : confidence::high;
  default:
    return confidence::low;
  }
}

} // namespace detail

/// Classifies one dialog.
///
///   stripped      the verb arrived changed, or a mask covers the place of STARTTLS
///   suspect       something meddles, but STARTTLS was not seen to suffer
///   no_evidence   a plain refusal: the server may have no TLS, or somebody refused in its name. Absence is
///                 never evidence by itself; compare two vantage points (compare.hpp)
///   not_stripped  the verb arrived
///
/// Example: classify({.banner = "220 mx", .ehlo = "250 mx", .code = 500, .reply = "500 Command unrecognized:
/// \"XXXXXXXX\""}).verdict == verdict::stripped.
[[nodiscard]] inline finding classify(const heard& what) {
  finding f;
  detail::signs s;
  s.reply = detail::read_reply(what.code, what.reply, what.sent);
  detail::doubt_echo(s.reply, what);
  f.reply = s.reply.is;
  f.echo = s.reply.echo;
  if (!s.reply.rule.empty())
    detail::note(f, s.reply.rule, "starttls", what.reply);
  if (detail::is_positive(what.ehlo)) {
    s.keywords = detail::read_keywords(what.ehlo, f);
    f.ehlo = detail::class_of(s.keywords, what.ehlo);
  }
  for (const auto& rule : banner_rules)
    if (!f.banner_masked && rule.is(what.banner)) {
      f.banner_masked = true;
      s.banner = rule.hand;
      detail::note(f, rule.id, "banner", what.banner);
    }
  if (!what.controls.empty()) {
    const auto& c = what.controls.front();
    const auto read = detail::read_reply(c.code, c.reply, c.sent);
    f.control = read.is;
    if (detail::answers_for_another(f))
      detail::note(f, "control-echoes", "control", c.reply);
    else if (!read.rule.empty())
      detail::note(f, read.rule, "control", c.reply);
  }
  f.verdict = detail::verdict_of(f, s.keywords);
  if (f.verdict == verdict::stripped || f.verdict == verdict::suspect)
    f.hand = detail::style_of(s);
  f.confidence = detail::confidence_of(f, what.sent);
  return f;
}

} // namespace postroad::strip
