/// The page of spfexpand: a verdict, and the tree that it comes from.
#pragma once

#include <postroad/flow/page.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::flow {

namespace detail {

/// "1,027"; a count of IPv6 addresses as a power of two, since nobody reads forty digits.
inline std::string readable(const std::string& count) {
  if (count.size() > 15) {
    const auto power = fmt::format("{:.1f}", std::log2(std::strtod(count.c_str(), nullptr)));
    return "about 2^" + (power.ends_with(".0") ? power.substr(0, power.size() - 2) : power);
  }
  std::string out;
  for (std::size_t i = 0; i < count.size(); ++i)
    (out += i != 0 && (count.size() - i) % 3 == 0 ? "," : "") += count[i];
  return out;
}

/// "1 network", "2 networks".
inline std::string counted(const std::string& n, std::string_view one, std::string_view many) {
  return readable(n) + ' ' + std::string(n == "1" ? one : many);
}

inline std::string spf_verdict(page_view& v) {
  static constexpr std::pair<std::string_view, std::string_view> policies[] = {
      {"hard", "all others fail (-all)"},
      {"soft", "all others softfail (~all)"},
      {"neutral", "others are neutral (?all)"},
      {"pass", "EVERYBODY passes (+all)"},
      {"none", "others are neutral (no all)"}};
  const auto status = v.one("spf.status"), policy = v.one("spf.policy_recursive");
  if (status == "valid")
    for (const auto& [word, meaning] : policies)
      if (word == policy)
        return tinted(policy == "hard" || policy == "soft" ? tone::good
                      : policy == "pass"                   ? tone::bad
                                                           : tone::warn,
                      "publishes SPF") +
               ": " + std::string(meaning);
  if (status == "none")
    return tinted(tone::warn, "publishes no SPF record");
  if (status == "multiple")
    return tinted(tone::bad, "publishes several SPF records") + ", which is none (permerror)";
  if (status == "syntax")
    return tinted(tone::bad, "publishes a broken SPF record") + " (permerror)";
  if (status == "valid")
    return tinted(tone::bad, "publishes SPF") + ": where its redirect leads is not known";
  return tinted(tone::bad, "SPF is not known") + ": " + v.one("spf.outcome");
}

/// Of which family, where +all lets in one alone or what terms before it left.
inline std::string who_by_all(page_view& v) {
  const bool four = v.is("spf.ip4.all", "true"), six = v.is("spf.ip6.all", "true");
  if (four != six)
    return four ? " with IPv4" : " with IPv6";
  return v.is("spf.ip4.count", "4294967296") ? "" : " whom no term before it takes out";
}

struct spf_branch {
  std::size_t depth = 0;
  std::string term, ip4, ip6, trouble;
};
inline std::map<std::size_t, spf_branch> branches_of_page(page_view& v) {
  std::map<std::size_t, spf_branch> all;
  for (auto& i : v.all("spf.tree[].depth"))
    all[i.ordinal].depth = text::number<std::size_t>(i.text).value_or(0);
  for (const auto& [path, into] :
       {std::pair("spf.tree[].term", &spf_branch::term), std::pair("spf.tree[].ip4", &spf_branch::ip4),
        std::pair("spf.tree[].ip6", &spf_branch::ip6), std::pair("spf.tree[].trouble", &spf_branch::trouble)})
    for (auto& i : v.all(path))
      all[i.ordinal].*into = safe(i.text);
  return all;
}

/// What a branch adds, in words.
inline std::string branch_worth(const spf_branch& b) {
  std::string out;
  if (b.ip4 != "0" && !b.ip4.empty())
    out += readable(b.ip4) + " IPv4";
  if (b.ip6 != "0" && !b.ip6.empty())
    out += (out.empty() ? "" : ", ") + readable(b.ip6) + " IPv6";
  if (!b.trouble.empty())
    out += (out.empty() ? "" : "  ") + tinted(b.trouble == "dynamic" ? tone::warn : tone::bad, b.trouble);
  return out;
}

inline std::string spf_tree(page_view& v) {
  const auto all = branches_of_page(v);
  std::size_t widest = 0;
  for (const auto& [n, b] : all)
    widest = std::max(widest, 2 * b.depth + b.term.size());
  widest = std::min<std::size_t>(widest, 60);
  std::string out;
  for (const auto& [n, b] : all) {
    const auto name = std::string(2 * b.depth, ' ') + b.term;
    const auto worth = branch_worth(b);
    out += "    " + name;
    if (!worth.empty())
      out += std::string(name.size() < widest ? widest - name.size() + 2 : 2, ' ') + worth;
    out += '\n';
  }
  return out;
}

inline std::string spf_errors(page_view& v) {
  std::map<std::size_t, std::string> all;
  for (const auto* path :
       {"spf.errors[].code", "spf.errors[].at", "spf.errors[].term", "spf.errors[].detail"})
    for (auto& i : v.all(path))
      all[i.ordinal] += (all[i.ordinal].empty() ? "" : "  ") + safe(i.text);
  std::string out;
  for (const auto& [n, text] : all)
    out += row("error", tinted(tone::bad, text));
  return out;
}

} // namespace detail

/// Example:
///   example.org: publishes SPF: all others fail (-all)
///     IPv4          1,027 addresses in 4 networks, the widest /22
[[nodiscard]] inline std::string page_of_spf(std::string_view line) {
  page_view v(line);
  std::string out = tinted(tone::bold, headline(v)) + ": " + detail::spf_verdict(v) + '\n';
  if (const auto record = v.one("spf.record"); !record.empty())
    out += row("record", safe(record));
  for (const auto& [family, label] : {std::pair("spf.ip4.", "IPv4"), std::pair("spf.ip6.", "IPv6")}) {
    const std::string at = family;
    const auto count = v.one(at + "count"), largest = v.one(at + "largest");
    if (v.is(at + "all", "true") || count.empty() || count == "0")
      continue;
    out += row(label, fmt::format("{} in {}{}", detail::counted(count, "address", "addresses"),
                                  detail::counted(v.one(at + "cidrs"), "network", "networks"),
                                  largest == "null" ? "" : ", the widest published /" + largest));
  }
  if (v.is("spf.ip4.all", "true") || v.is("spf.ip6.all", "true"))
    out += row("lets in", tinted(tone::bad, "everybody") + detail::who_by_all(v));
  else if (v.is("spf.ip4.count", "0") && v.is("spf.ip6.count", "0"))
    out += row("lets in", "nobody");
  if (const auto result = v.one("spf.result_class"); v.is("spf.status", "valid") && result != "ok")
    out += row("receivers",
               tinted(tone::bad, "come to " + result) + " for whom nothing before the error matches");
  if (const auto lookups = v.one("spf.lookups"); !lookups.empty())
    out += row("cost",
               fmt::format("{} of 10 terms that ask, {} of 2 void look-ups", lookups, v.one("spf.void.ip4")));
  out += detail::spf_errors(v);
  if (const auto tree = detail::spf_tree(v); !tree.empty())
    out += row("tree", "what each term lets in that none before it in its record did") + tree;
  if (const auto detail = v.one("spf.detail"); !detail.empty())
    out += row("detail", safe(detail));
  if (const auto server = v.one("spf.server"); !server.empty())
    out += row("asked", fmt::format("{} in {} ms", server, v.one("spf.elapsed_ms")));
  return out + '\n';
}

} // namespace postroad::flow
