/// The page of mxaudit.
#pragma once

#include <postroad/flow/page.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace postroad::flow {

namespace detail {

/// What a class means, in words for somebody who uses that resolver.
inline std::string resolver_verdict(std::string_view is, std::string_view what) {
  static constexpr std::pair<std::string_view, std::pair<tone, std::string_view>> words[] = {
      {"honest", {tone::good, "tells the truth about mail servers"}},
      {"nx_rewrite", {tone::warn, "is right about mail, but gives names that nobody has an address"}},
      {"flip", {tone::warn, "was wrong once, by a bit or by chance, and right when asked again"}},
      {"missing_mx", {tone::warn, "leaves out part of the MX records"}},
      {"identical", {tone::bad, "gives the same answer whatever is asked"}},
      {"loopback", {tone::bad, "puts mail servers at loopback addresses"}},
      {"private", {tone::bad, "puts mail servers at addresses that are not public"}},
      {"falsified", {tone::bad, "FALSIFIES mail servers"}},
      {"odd", {tone::warn, "deviates in a way that no rule covers"}},
      {"not_resolving", {tone::warn, "answers, but does not resolve"}},
      {"no_answer", {tone::bad, "does not answer"}},
  };
  for (const auto& [word, meaning] : words)
    if (word == is)
      return tinted(meaning.first, meaning.second) + " (" + std::string(is) + ")";
  return tinted(tone::bad, what);
}

} // namespace detail

/// Example:
///   192.0.2.53: tells the truth about mail servers (honest)
///     gmail.com     match
///     control       umich.edu A match
[[nodiscard]] inline std::string page_of_resolver(std::string_view line) {
  page_view v(line);
  const auto subject = v.one("resolver.ip");
  std::string out = tinted(tone::bold, subject.empty() ? headline(v) : safe(subject)) + ": " +
                    detail::resolver_verdict(v.one("resolver.class"), v.one("resolver.outcome")) + '\n';
  std::string flags;
  for (auto& i : v.all("resolver.flags[]"))
    flags += (flags.empty() ? "" : " ") + i.text;
  if (!flags.empty())
    out += row("flags", flags);
  std::map<std::size_t, std::pair<std::string, std::string>> names, controls;
  for (auto& i : v.all("resolver.answers[].name"))
    names[i.ordinal].first = safe(i.text);
  for (auto& i : v.all("resolver.answers[].verdict"))
    names[i.ordinal].second = i.text;
  for (const auto& [n, name] : names)
    out += row(name.first,
               tinted(name.second == "match" || name.second == "near" ? tone::good : tone::bad, name.second));
  for (auto& i : v.all("resolver.controls[].name"))
    controls[i.ordinal].first = safe(i.text);
  for (const auto* path :
       {"resolver.controls[].type", "resolver.controls[].outcome", "resolver.controls[].verdict"})
    for (auto& i : v.all(path))
      controls[i.ordinal].second += ' ' + i.text;
  for (const auto& [n, control] : controls)
    out += row("control", control.first + control.second);
  std::map<std::size_t, std::string> targets;
  for (const auto* path : {"resolver.targets[].provider", "resolver.targets[].via", "resolver.targets[].host",
                           "resolver.targets[].ip"})
    for (auto& i : v.all(path))
      targets[i.ordinal] += (targets[i.ordinal].empty() ? "" : "  ") + safe(i.text);
  for (const auto& [n, target] : targets)
    out += row("false server", tinted(tone::bad, target));
  for (auto& i : v.all("resolver.evidence[].what"))
    out += row("evidence", tinted(tone::warn, i.text));
  if (const auto detail = v.one("resolver.detail"); !detail.empty())
    out += row("detail", safe(detail));
  if (const auto asked = v.one("resolver.questions"); !asked.empty())
    out +=
        row("asked", fmt::format("{} questions, {} tries, passes {}, {} ms", asked, v.one("resolver.tries"),
                                 v.one("resolver.passes"), v.one("resolver.elapsed_ms")));
  return out + '\n';
}

} // namespace postroad::flow
