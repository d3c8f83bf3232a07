/// The page of smtpgrab.
#pragma once

#include <postroad/flow/page.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace postroad::flow {

namespace detail {

inline std::string smtp_verdict(page_view& v) {
  const auto what = v.one("smtp.outcome"), at = v.one("smtp.stage"), code = v.one("smtp.starttls.code");
  if (code == "220")
    return tinted(tone::good, "supports STARTTLS") +
           (v.is("smtp.starttls.advertised", "true") ? "" : ", though it does not advertise it");
  if (!code.empty())
    return tinted(tone::bad, "no STARTTLS") + fmt::format(" (answered {})", code) +
           (v.is("smtp.starttls.advertised", "true") ? ", though it advertises it" : "");
  if (what == "skipped")
    return tinted(tone::warn, "skipped") + ": no mail server to visit";
  if (what == "blocked")
    return tinted(tone::warn, "blocked") + ": it may not be contacted";
  return tinted(tone::bad, what) + (at.empty() ? "" : " at " + at);
}

/// A reply of several lines, the later ones under the first.
inline std::string reply_rows(std::string_view label, std::string_view reply) {
  std::string out;
  while (!reply.empty())
    out += row(std::exchange(label, ""), safe(text::take_until(reply, '\n')));
  return out;
}

} // namespace detail

/// Example:
///   example.org: supports STARTTLS
///     server        mx1.example.org 192.0.2.1 port 25
///     banner        220 mx1.example.org ESMTP Postfix
[[nodiscard]] inline std::string page_of_smtp(std::string_view line) {
  page_view v(line);
  std::string out = tinted(tone::bold, headline(v)) + ": " + detail::smtp_verdict(v) + '\n';
  if (const auto ip = v.one("smtp.ip"); !ip.empty())
    out += row("server", safe(fmt::format("{}{}{} port {}", v.one("smtp.host"),
                                          v.one("smtp.host").empty() ? "" : "  ", ip, v.one("smtp.port"))));
  if (const auto software = v.one("smtp.software"); !software.empty())
    out +=
        row("software", safe(software + (v.one("smtp.version").empty() ? "" : " " + v.one("smtp.version"))));
  out += detail::reply_rows("banner", v.one("smtp.banner"));
  out += detail::reply_rows("EHLO", v.one("smtp.ehlo"));
  out += detail::reply_rows("HELO", v.one("smtp.helo"));
  out += detail::reply_rows("STARTTLS", v.one("smtp.starttls.reply"));
  if (const auto why = v.one("smtp.detail"); !why.empty())
    out += row("detail", safe(why));
  if (const auto took = v.one("smtp.elapsed_ms"); !took.empty())
    out += row("took", took + " ms");
  return out + '\n';
}

} // namespace postroad::flow
