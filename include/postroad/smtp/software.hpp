/// Which mail server software speaks: a table of rules over banner, EHLO and error texts.
#pragma once

#include <postroad/result.hpp>
#include <postroad/smtp/ehlo.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::smtp {

/// `software` is exim postfix qmail sendmail exchange gmail godaddy yandex qq (the study's Table 6 and its
/// providers), `other` for what is known but none of these (the rule's id says which), or `unknown`.
/// `version` is empty where the text names none.
struct fingerprint {
  std::string_view software = "unknown";
  std::string_view rule;
  std::string version;
};

/// The texts a rule may look at.
struct spoken {
  std::string_view banner; ///< as received, codes kept, joined by LF
  std::string_view ehlo;
  std::string_view starttls_reply;
};

enum class look_at : std::uint8_t {
  banner,   ///< the banner's text: codes and the host name left out; letters in any case
  domain,   ///< the host name that the banner begins with, lower case: the pattern is how it ends
  keywords, ///< the keywords of EHLO in their order, "PIPELINING SIZE ...", extensions of no weight left out
  reply,    ///< the text of the reply to STARTTLS, enhanced code kept; case matters, it tells servers apart
};

/// One row of the table. In `pattern`, `*` stands for any text; without one at an end the pattern is bound
/// there. `version_after` is the text that a version number follows.
struct software_rule {
  std::string_view id;
  look_at where;
  std::string_view pattern;
  std::string_view software;
  std::string_view version_after = {};
};

// Banners are the defaults of each package. Where operators change the banner, the order of the EHLO keywords
// is compiled in and stays. Error texts: tried on Debian 12's packages, or from the servers' documentation.
inline constexpr std::array software_rules = std::to_array<software_rule>({
    {"gmail-banner", look_at::banner, "*- gsmtp*", "gmail"},
    {"godaddy-banner", look_at::banner, "*bizsmtp*", "godaddy"},
    {"yandex-banner", look_at::banner, "*yandex.mail for your domain*", "yandex"},
    {"qq-banner", look_at::banner, "*qq mail server*", "qq"},
    {"exim-banner", look_at::banner, "*esmtp exim*", "exim", "exim "},
    {"postfix-banner", look_at::banner, "*esmtp postfix*", "postfix", "postfix ("},
    {"sendmail-banner", look_at::banner, "*sendmail*; *", "sendmail", "sendmail "},
    {"exchange-banner", look_at::banner, "*microsoft esmtp mail service*", "exchange", "version: "},
    {"exchange-banner-5", look_at::banner, "*microsoft exchange internet mail service*", "exchange",
     "service "},
    {"mailenable-banner", look_at::banner, "*mailenable service*", "other", "version: "},
    {"opensmtpd-banner", look_at::banner, "*opensmtpd*", "other"},
    {"haraka-banner", look_at::banner, "*haraka*", "other", "haraka/"},
    {"hmailserver-banner", look_at::banner, "*hmailserver*", "other"},
    {"courier-banner", look_at::banner, "*courier*", "other"},
    {"ideasmtp-banner", look_at::banner, "*ideasmtpserver*", "other", "ideasmtpserver "},
    {"aiosmtpd-banner", look_at::banner, "*python smtp*", "other", "python smtp "},
    {"zimbra-banner", look_at::banner, "*zimbra*", "other"},
    {"mdaemon-banner", look_at::banner, "*mdaemon*", "other", "mdaemon "},
    {"icewarp-banner", look_at::banner, "*icewarp*", "other", "icewarp "},
    {"kerio-banner", look_at::banner, "*kerio*", "other", "kerio connect "},
    {"axigen-banner", look_at::banner, "*axigen*", "other"},
    {"communigate-banner", look_at::banner, "*communigate pro*", "other", "communigate pro "},
    {"domino-banner", look_at::banner, "*lotus domino*", "other", "release "},
    {"domino-banner-ibm", look_at::banner, "*ibm domino*", "other", "release "},
    {"groupwise-banner", look_at::banner, "*groupwise internet agent*", "other", "agent "},
    {"james-banner", look_at::banner, "*james smtp server*", "other", "james smtp server "},
    {"smartermail-banner", look_at::banner, "*smartermail*", "other", "smartermail "},
    {"xmail-banner", look_at::banner, "*xmail *esmtp server*", "other", "xmail "},
    {"argosoft-banner", look_at::banner, "*argosoft*", "other", "version "},
    {"surgemail-banner", look_at::banner, "*surgemail*", "other", "version "},
    {"merak-banner", look_at::banner, "*merak *", "other", "merak "},
    {"powermta-banner", look_at::banner, "*powermta*", "other", "powermta(tm) v"},
    {"ecelerity-banner", look_at::banner, "*ecelerity*", "other", "ecelerity "},
    {"netqmail-banner", look_at::banner, "*netqmail*", "qmail", "netqmail-"},
    {"qmail-banner", look_at::banner, "*qmail*", "qmail"},
    {"qpsmtpd-banner", look_at::banner, "*qpsmtpd*", "other", "qpsmtpd "},
    {"exim-banner-bare", look_at::banner, "*exim *", "exim", "exim "},
    {"postfix-banner-bare", look_at::banner, "*postfix*", "postfix", "postfix ("},
    {"outlook-banner", look_at::banner, "*sending unsolicited commercial or bulk e-mail to microsoft*",
     "other"},
    {"yahoo-domain", look_at::domain, "*.yahoo.com", "other"},
    {"gmail-domain", look_at::domain, "mx.google.com", "gmail"},

    {"node-ehlo", look_at::keywords, "PIPELINING 8BITMIME SMTPUTF8", "other"}, // smtp-server of npm
    {"qmail-ehlo", look_at::keywords, "PIPELINING 8BITMIME", "qmail"},
    {"postfix-ehlo", look_at::keywords, "PIPELINING SIZE VRFY ETRN ENHANCEDSTATUSCODES 8BITMIME DSN*",
     "postfix"},
    {"postfix-ehlo-novrfy", look_at::keywords, "PIPELINING SIZE ETRN ENHANCEDSTATUSCODES 8BITMIME DSN*",
     "postfix"},
    {"sendmail-ehlo", look_at::keywords, "ENHANCEDSTATUSCODES PIPELINING *8BITMIME SIZE DSN *DELIVERBY HELP",
     "sendmail"},
    {"exim-ehlo", look_at::keywords, "SIZE 8BITMIME PIPELINING *HELP", "exim"},
    {"exchange-ehlo", look_at::keywords, "*X-ANONYMOUSTLS*", "exchange"},
    {"exchange-ehlo-exps", look_at::keywords, "*X-EXPS*", "exchange"},
    {"exchange-ehlo-xexch50", look_at::keywords, "*XEXCH50*", "exchange"},

    {"qmail-reply", look_at::reply, "unimplemented (#5.5.1)", "qmail"},
    {"postfix-reply", look_at::reply, "5.5.1 Error: command not implemented", "postfix"},
    {"postfix-reply-unknown", look_at::reply, "5.5.2 Error: command not recognized", "postfix"},
    {"exim-reply", look_at::reply, "unrecognized command", "exim"},
    {"exim-reply-hidden", look_at::reply, "STARTTLS command used when not advertised", "exim"},
    {"sendmail-reply", look_at::reply, "5.5.1 Command unrecognized: \"*\"", "sendmail"},
    {"exchange-reply", look_at::reply, "5.3.3 Unrecognized command*", "exchange"},
    {"opensmtpd-reply", look_at::reply, "*Invalid command: Command not supported", "other"},
    {"courier-reply", look_at::reply, "ESMTP command error", "other"},
    {"hmailserver-reply", look_at::reply, "Unimplemented command", "other"},
    {"ironport-reply", look_at::reply, "#5.5.1 command not recognized", "other"},
    {"aiosmtpd-reply", look_at::reply, "Error: command \"*\" not recognized", "other"},
    {"haraka-reply", look_at::reply, "Unrecognized command", "other"},
});

/// Does `s` match `pattern`, in which `*` stands for any text? Time is the product of the lengths at worst.
[[nodiscard]] constexpr bool glob_match(std::string_view pattern, std::string_view s) noexcept {
  bool bound = true; // the next piece must begin where the last ended
  for (auto star = pattern.find('*'); star != std::string_view::npos; star = pattern.find('*')) {
    const auto piece = pattern.substr(0, star);
    const auto at = bound ? (s.starts_with(piece) ? 0 : std::string_view::npos) : s.find(piece);
    if (at == std::string_view::npos)
      return false;
    s.remove_prefix(at + piece.size());
    pattern.remove_prefix(star + 1);
    bound = false;
  }
  return bound ? s == pattern : s.ends_with(pattern);
}

namespace detail {

[[nodiscard]] inline std::string_view without_code(std::string_view line) noexcept {
  if (!reply_code(line))
    return line;
  return line.substr(std::min<std::size_t>(4, line.size()));
}

struct banner_text {
  std::string domain, rest;
};

/// "220-mx.example ESMTP x\n220 hi" gives domain "mx.example" and rest "esmtp x\nhi". A banner of one word
/// has no host name: then the word is the rest.
[[nodiscard]] inline banner_text read_banner(std::string_view banner) {
  banner_text out;
  auto first = without_code(text::take_until(banner, '\n'));
  if (const auto blank = first.find(' '); blank != std::string_view::npos) {
    out.domain = text::lowered(first.substr(0, blank));
    first.remove_prefix(blank + 1);
  }
  out.rest = text::lowered(text::trimmed(first));
  while (!banner.empty())
    out.rest += "\n" + text::lowered(without_code(text::take_until(banner, '\n')));
  return out;
}

/// Keywords that operators switch on and off without changing the software; they say nothing about the order.
[[nodiscard]] inline bool weightless(std::string_view keyword) noexcept {
  constexpr std::array<std::string_view, 5> optional = {"STARTTLS", "AUTH", "AUTH=LOGIN", "LIMITS",
                                                        "CHUNKING"};
  return std::ranges::any_of(optional, [&](auto word) { return text::iequals(word, keyword); });
}

[[nodiscard]] inline std::string keywords_in_order(std::string_view ehlo) {
  std::string out;
  out.reserve(ehlo.size());
  for_each_capability(ehlo, [&](std::string_view line) {
    const auto keyword = keyword_of(line);
    if (!weightless(keyword))
      out.append(out.empty() ? 0 : 1, ' ').append(keyword);
  });
  for (char& c : out)
    c = text::to_upper(c);
  return out;
}

/// The number that follows `after`: digits, dots, and what versions carry ("4.76_rc1", "8.14.4/8.14.4" up to
/// the slash). Empty when it begins with no digit.
[[nodiscard]] inline std::string version_in(std::string_view s, std::string_view after) {
  const auto at = after.empty() ? std::string_view::npos : s.find(after);
  if (at == std::string_view::npos)
    return {};
  s.remove_prefix(at + after.size());
  std::size_t n = 0;
  while (n < s.size() && (text::is_alnum(s[n]) || s[n] == '.' || s[n] == '_' || s[n] == '-'))
    ++n;
  while (n > 0 && !text::is_alnum(s[n - 1]))
    --n;
  return n > 0 && text::is_digit(s[0]) ? std::string(s.substr(0, n)) : std::string{};
}

/// The texts in the shape that the rules look at. Most servers are known by their banner, so the order of the
/// keywords is worked out when it is first asked for.
class looked_at {
public:
  explicit looked_at(const spoken& heard)
      : heard_(heard), banner_(read_banner(heard.banner)),
        reply_(text::trimmed(without_code(heard.starttls_reply))) {}

  [[nodiscard]] std::string_view at(look_at where) {
    switch (where) {
    case look_at::banner:
      return banner_.rest;
    case look_at::domain:
      return banner_.domain;
    case look_at::keywords:
      return keywords();
    default:
      return reply_;
    }
  }

private:
  [[nodiscard]] std::string_view keywords() {
    if (!keywords_)
      keywords_ = heard_.ehlo.starts_with('2') ? keywords_in_order(heard_.ehlo) : std::string{};
    return *keywords_;
  }

  const spoken& heard_;
  banner_text banner_;
  std::string_view reply_;
  std::optional<std::string> keywords_;
};

} // namespace detail

/// Reads rules from text, one a line: id, where (banner, domain, keywords or reply), pattern, software and,
/// where a version follows, the text before it; tabs between. Empty lines and those that begin with # are
/// comments. Banner patterns are compared in lower case. `text` must outlive the rules. The error's offset is
/// that of the line.
///
/// Example: "mine\tbanner\t*esmtp mine*\tother\tmine ".
[[nodiscard]] inline result<std::vector<software_rule>> read_rules(std::string_view text) {
  std::vector<software_rule> rules;
  const auto all = text;
  while (!text.empty()) {
    const auto at = static_cast<std::size_t>(text.data() - all.data());
    auto line = text::take_until(text, '\n');
    if (line.empty() || line.starts_with('#'))
      continue;
    software_rule rule;
    rule.id = text::take_until(line, '\t');
    const auto where = text::take_until(line, '\t');
    rule.pattern = text::take_until(line, '\t');
    rule.software = text::take_until(line, '\t');
    rule.version_after = line;
    constexpr std::array<std::string_view, 4> places{"banner", "domain", "keywords", "reply"};
    const auto place = std::ranges::find(places, where);
    if (place == places.end())
      return failure{at, "a rule looks at banner, domain, keywords or reply"};
    if (rule.id.empty() || rule.pattern.empty() || rule.software.empty())
      return failure{at, "a rule has an id, a place, a pattern and a name"};
    rule.where = static_cast<look_at>(place - places.begin());
    rules.push_back(rule);
  }
  return rules;
}

/// The first rule that fits names the software: banner rules stand before those of EHLO, and these before
/// error texts.
///
/// Example: the banner "220 mx.example ESMTP Exim 4.82 #2 Sun, 26 Apr" gives {exim, "exim-banner", "4.82"}.
[[nodiscard]] inline fingerprint identify(const spoken& heard,
                                          std::span<const software_rule> rules = software_rules) {
  detail::looked_at texts(heard);
  for (const auto& rule : rules) {
    const auto text = texts.at(rule.where);
    if (!text.empty() && glob_match(rule.pattern, text))
      return {rule.software, rule.id, detail::version_in(text, rule.version_after)};
  }
  return {};
}

} // namespace postroad::smtp
