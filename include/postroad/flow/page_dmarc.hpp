/// The page of dmarcq.
#pragma once

#include <postroad/flow/page.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace postroad::flow {

namespace detail {

/// What happens to mail that only claims to be from the domain.
inline std::string dmarc_verdict(page_view& v) {
  static constexpr std::pair<std::string_view, std::pair<tone, std::string_view>> words[] = {
      {"reject", {tone::good, "asks to reject mail that fails"}},
      {"quarantine", {tone::good, "asks to quarantine mail that fails"}},
      {"none", {tone::warn, "asks for reports only (p=none)"}},
  };
  const auto effective = v.one("dmarc.effective");
  for (const auto& [word, meaning] : words)
    if (word == effective)
      return tinted(meaning.first, meaning.second);
  if (v.is("dmarc.found", "true"))
    return tinted(tone::bad, "publishes a DMARC record that asks for nothing");
  if (v.is("dmarc.found", "false"))
    return tinted(tone::bad, "has no DMARC policy");
  return tinted(tone::bad, "DMARC is not known") + ": " + v.one("dmarc.outcome");
}

inline std::string joined(page_view& v, std::string_view path) {
  std::string all;
  for (auto& i : v.all(path))
    all += (all.empty() ? "" : " ") + safe(i.text);
  return all;
}

} // namespace detail

/// Example:
///   example.org: asks to reject mail that fails
///     record        v=DMARC1; p=reject; rua=mailto:d@example.org
///     published at  example.org (author)
[[nodiscard]] inline std::string page_of_dmarc(std::string_view line) {
  page_view v(line);
  std::string out = tinted(tone::bold, headline(v)) + ": " + detail::dmarc_verdict(v) + '\n';
  if (const auto record = v.one("dmarc.record"); !record.empty()) {
    out += row("record", safe(record));
    out += row("published at", safe(v.one("dmarc.policy_domain")) + " (" + v.one("dmarc.source") + ")");
  }
  if (v.is("dmarc.t", "y"))
    out += row("testing",
               "t=y: the policy is " + v.one("dmarc.policy") + ", and receivers go one step below it");
  if (const auto org = v.one("dmarc.org_domain"); !org.empty())
    out += row("organization", safe(org));
  for (const auto& [label, path] :
       {std::pair("reports to", "dmarc.rua[]"), std::pair("failures to", "dmarc.ruf[]"),
        std::pair("asked", "dmarc.queries[]")})
    if (const auto text = detail::joined(v, path); !text.empty())
      out += row(label, text);
  for (const auto& uri : v.all("dmarc.reports[].uri"))
    for (const auto& yes : v.all("dmarc.reports[].authorized"))
      if (yes.ordinal == uri.ordinal && yes.text == "false")
        out += row("reports", tinted(tone::bad, "nobody has agreed") + " to take them: " + safe(uri.text));
  if (const auto errors = detail::joined(v, "dmarc.errors[]"); !errors.empty())
    out += row("errors", tinted(tone::bad, errors));
  if (const auto differs = detail::joined(v, "dmarc.differs[]"); !differs.empty())
    out += row("by the list", tinted(tone::warn, "differs in " + differs) + ": " +
                                  safe(v.one("dmarc.by_list.org_domain")) + " " +
                                  v.one("dmarc.by_list.effective"));
  if (const auto detail = v.one("dmarc.detail"); !detail.empty())
    out += row("detail", safe(detail));
  return out + '\n';
}

} // namespace postroad::flow
