/// The `dmarc` member of a record, as JSON.
#pragma once

#include <postroad/dmarc/discovery.hpp>
#include <postroad/dmarc/reporting.hpp>
#include <postroad/text/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::dmarc {

namespace detail {

inline void write_word(text::json_writer& json, std::string_view name, const std::optional<policy>& p) {
  if (p)
    json.member(name, to_string(*p));
  else
    json.member(name, nullptr);
}

/// Which policy holds, and whose it is: what two ways of discovery may differ in.
inline void write_verdict(text::json_writer& json, const finding& f) {
  if (f.failed())
    return;
  json.member("found", f.has.has_value());
  if (f.has) {
    json.member_bytes("policy_domain", f.policy_domain);
    json.member("source", source_words[static_cast<std::size_t>(f.from)]);
  }
  json.member_bytes("org_domain", f.org_domain);
  if (!f.has)
    return;
  write_word(json, "policy", f.wanted);
  write_word(json, "effective", f.effective);
  json.member("applies", f.wanted.has_value());
}

/// What the record says, tag by tag.
inline void write_tags(text::json_writer& json, const record& r) {
  const auto letter = [](const char& c) { return std::string_view(&c, 1); };
  json.member_bytes("record", r.text);
  write_word(json, "p", r.p);
  write_word(json, "sp", r.sp);
  write_word(json, "np", r.np);
  json.member("t", r.testing ? "y" : "n").member("psd", letter(r.psd));
  json.member("adkim", letter(r.adkim)).member("aspf", letter(r.aspf)).member("fo", r.fo);
  json.member_list("rua", r.rua).member_list("ruf", r.ruf);
  if (r.pct)
    json.member("pct", *r.pct);
  else
    json.member("pct", nullptr);
}

inline void write_flaws(text::json_writer& json, const std::vector<flaw>& all) {
  json.key("errors").array();
  for (const auto f : all)
    json.value(to_string(f));
  json.end();
}

inline void write_flag(text::json_writer& json, std::string_view name, const std::optional<bool>& is) {
  if (is)
    json.member(name, *is);
  else
    json.member(name, nullptr);
}

inline void write_destinations(text::json_writer& json, const std::vector<destination>& all) {
  json.key("reports").array();
  for (const auto& d : all) {
    json.object().member("kind", d.kind).member_bytes("uri", d.uri);
    if (d.domain.empty())
      json.member("domain", nullptr);
    else
      json.member_bytes("domain", d.domain);
    write_flag(json, "external", d.external);
    write_flag(json, "authorized", d.authorized);
    if (d.what)
      json.member("outcome", to_string(*d.what));
    json.end();
  }
  json.end();
}

} // namespace detail

/// In what two findings for one domain differ: "found", "policy_domain", "org_domain", "effective". Both are
/// known.
[[nodiscard]] inline std::vector<std::string_view> differences(const finding& a, const finding& b) {
  std::vector<std::string_view> all;
  if (a.has.has_value() != b.has.has_value())
    all.emplace_back("found");
  if (a.policy_domain != b.policy_domain)
    all.emplace_back("policy_domain");
  if (a.org_domain != b.org_domain)
    all.emplace_back("org_domain");
  if (a.effective != b.effective)
    all.emplace_back("effective");
  return all;
}

/// What was found out besides the policy itself.
struct member_extras {
  const finding* by_list = nullptr;                  ///< the other way of discovery
  const std::vector<destination>* reports = nullptr; ///< whether those who get reports agreed
};

/// Writes the member as one object. `time` is RFC 3339 UTC.
///
/// Example: {"outcome":"ok","found":true,"policy_domain":"example.org","source":"author",...}
inline void write_dmarc(text::json_writer& json, const finding& f, const member_extras& more,
                        std::string_view time) {
  json.object().member("outcome", to_string(f.what));
  if (f.what != outcome::malformed && f.what != outcome::aborted) {
    detail::write_verdict(json, f);
    if (f.has)
      detail::write_tags(json, *f.has);
    detail::write_flaws(json, f.flaws);
    json.member_list("queries", f.queries);
    if (more.reports != nullptr && f.has)
      detail::write_destinations(json, *more.reports);
  }
  if (more.by_list != nullptr) {
    json.key("by_list").object().member("outcome", to_string(more.by_list->what));
    detail::write_verdict(json, *more.by_list);
    json.end();
    if (f.failed() || more.by_list->failed())
      json.member("differs", nullptr); // what is not known differs in nothing, and is equal in nothing
    else
      json.member_list("differs", differences(f, *more.by_list));
  }
  json.member("time", time).end();
}

} // namespace postroad::dmarc
