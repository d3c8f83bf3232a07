/// The page of spfcheck.
#pragma once

#include <postroad/flow/page.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace postroad::flow {

namespace detail {

/// What a result means for the receiver of a message.
inline std::string check_verdict(std::string_view result) {
  static constexpr std::pair<std::string_view, std::pair<tone, std::string_view>> words[] = {
      {"pass", {tone::good, "may send"}},
      {"fail", {tone::bad, "MUST NOT send"}},
      {"softfail", {tone::warn, "should not send"}},
      {"neutral", {tone::warn, "is neither let in nor shut out"}},
      {"none", {tone::warn, "no policy to check against"}},
      {"temperror", {tone::bad, "the policy could not be fetched just now"}},
      {"permerror", {tone::bad, "the policy is broken"}},
  };
  for (const auto& [word, meaning] : words)
    if (word == result)
      return tinted(meaning.first, meaning.second) + " (" + std::string(result) + ")";
  return tinted(tone::bad, "not checked");
}

} // namespace detail

/// Example:
///   192.0.2.1 for example.org: MUST NOT send (fail)
///     decided by    -all
[[nodiscard]] inline std::string page_of_spf_check(std::string_view line) {
  page_view v(line);
  std::string out = tinted(tone::bold, safe(v.one("ip")) + " for " + safe(v.one("spf_check.domain"))) + ": " +
                    detail::check_verdict(v.one("spf_check.result")) + '\n';
  for (const auto& [label, path] :
       {std::pair("decided by", "spf_check.term"), std::pair("because", "spf_check.explanation"),
        std::pair("problem", "spf_check.problem"), std::pair("detail", "spf_check.detail")})
    if (const auto text = v.one(path); !text.empty())
      out += row(label, safe(text));
  if (const auto n = v.one("spf_check.lookups"); !n.empty())
    out += row("cost", n + " terms that ask, " + v.one("spf_check.void") + " void look-ups");
  return out + '\n';
}

} // namespace postroad::flow
