/// The page of stripdetect.
#pragma once

#include <postroad/flow/page.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace postroad::flow {

namespace detail {

inline std::string strip_verdict(page_view& v) {
  const auto verdict = v.one("strip.verdict"), style = v.one("strip.style");
  if (verdict == "stripped")
    return tinted(tone::bad, "STARTTLS is stripped on the way") +
           (style == "cisco"  ? ", as Cisco's SMTP inspection does it"
            : style == "bluf" ? ", as the device does that the study met in Ukraine"
                              : "");
  if (verdict == "suspect")
    return tinted(tone::warn, "somebody meddles") + ", but STARTTLS was not seen to suffer";
  if (verdict == "not_stripped")
    return tinted(tone::good, "not stripped") + ": STARTTLS arrived as it was sent";
  if (verdict == "no_evidence")
    return tinted(tone::plain, "no evidence") + ": the server does not tell what arrived";
  return tinted(tone::warn, v.one("strip.outcome"));
}

/// A class of the records for people.
inline std::string_view class_in_words(std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"tls_ready", "answered 220, TLS may begin"},
      {"echo_intact", "refused, and it arrived whole"},
      {"echo_replaced_x", "arrived as a run of X"},
      {"echo_replaced_other", "arrived as another word"},
      {"echo_truncated", "the server reads four letters of a verb"},
      {"noop_substituted", "answered 2xx, as if it were NOOP"},
      {"refused_recognized", "refused by one who knows the verb"},
      {"no_echo", "refused, and nothing tells what arrived"},
      {"no_reply_class", "no answer to it"},
      {"ehlo_starttls", "offers STARTTLS"},
      {"ehlo_starttls_and_masked", "offers STARTTLS, and hides other keywords"},
      {"ehlo_starttls_in_greeting", "says STARTTLS in the greeting line, where nobody looks"},
      {"ehlo_masked_len8", "hides a keyword as long as STARTTLS"},
      {"ehlo_masked_other", "hides keywords, none as long as STARTTLS"},
      {"ehlo_masked_keyword", "has keywords with a letter changed"},
      {"ehlo_no_starttls", "does not offer STARTTLS"},
      {"banner_plain", "as a server writes it"},
      {"banner_masked", "written over"},
  };
  for (const auto& [name, plain] : words)
    if (name == word)
      return plain;
  return word;
}

inline std::string class_row(page_view& v, std::string_view label, std::string_view path) {
  const auto word = v.one(path);
  return word.empty() ? std::string() : row(label, fmt::format("{} ({})", class_in_words(word), word));
}

} // namespace detail

/// Example:
///   192.0.2.1: STARTTLS is stripped on the way, as Cisco's SMTP inspection does it
///     STARTTLS      arrived as a run of X (echo_replaced_x)
///     evidence      echo-x  500 5.5.1 Command unrecognized: "XXXXXXXX"
[[nodiscard]] inline std::string page_of_strip(std::string_view line) {
  page_view v(line);
  std::string out = tinted(tone::bold, headline(v)) + ": " + detail::strip_verdict(v) + '\n';
  if (const auto ip = v.one("smtp.ip"); !ip.empty())
    out += row("server", safe(fmt::format("{}{}{} port {}", v.one("smtp.host"),
                                          v.one("smtp.host").empty() ? "" : "  ", ip, v.one("smtp.port"))));
  out += detail::class_row(v, "banner", "strip.banner");
  out += detail::class_row(v, "EHLO", "strip.ehlo");
  out += detail::class_row(v, "STARTTLS", "strip.reply");
  out += detail::class_row(v, "control", "strip.control");
  const auto rules = v.all("strip.evidence[].rule"), bytes = v.all("strip.evidence[].bytes");
  std::string_view label = "evidence";
  for (std::size_t i = 0; i < rules.size() && i < bytes.size(); ++i)
    out += row(std::exchange(label, ""), fmt::format("{}  {}", rules[i].text, safe(bytes[i].text)));
  if (const auto other = v.one("strip.other.verdict"); !other.empty())
    out += row("elsewhere", fmt::format("{}: {}", other, detail::class_in_words(v.one("strip.other.reply"))));
  if (const auto sure = v.one("strip.confidence"); !sure.empty() && !v.is("strip.verdict", "no_evidence"))
    out += row("confidence", sure);
  if (const auto why = v.one("strip.detail"); !why.empty())
    out += row("detail", safe(why));
  return out + '\n';
}

} // namespace postroad::flow
