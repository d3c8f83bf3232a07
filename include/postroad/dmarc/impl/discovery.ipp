#pragma once

#include <postroad/dmarc/discovery.hpp>

#include <algorithm>
#include <utility>

namespace postroad::dmarc {

namespace detail {

[[nodiscard]] inline std::string_view without_first_label(std::string_view name) noexcept {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}
[[nodiscard]] inline std::size_t labels_of(std::string_view name) noexcept {
  return name.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(name.begin(), name.end(), '.'));
}

/// The name just below `above` on the way from `start` to it.
[[nodiscard]] inline std::string_view one_label_below(std::string_view above,
                                                      std::string_view start) noexcept {
  while (!start.empty() && without_first_label(start) != above)
    start = without_first_label(start);
  return start;
}

/// What the TXT records at _dmarc.NAME come to.
[[nodiscard]] inline step read_step(std::string at, const dns::answer& said) {
  step s{std::move(at), std::nullopt, false};
  for (const auto& text : said.texts) {
    if (!is_dmarc(text))
      continue;
    s.several = s.several || s.has.has_value();
    s.has = parse_record(text);
  }
  if (s.several)
    s.has.reset();
  return s;
}

/// Asks about one name of a walk. False: the walk ends here, well or badly.
inline net::task<bool> take_step(lookup ask, std::string at, walk& w, std::vector<std::string>& queries) {
  const auto n = dns::parse_name("_dmarc." + at);
  if (!n) { // too long with the label in front: nobody can have published anything there
    w.what = w.steps.empty() ? outcome::nxdomain : w.what;
    w.steps.push_back({at, std::nullopt, false});
    co_return true;
  }
  queries.push_back("_dmarc." + at);
  const auto said = co_await ask(*n, dns::type::txt);
  w.failed = !dns::is_settled(said->what);
  if (w.steps.empty() || w.failed)
    w.what = said->what;
  if (w.failed)
    co_return false;
  w.steps.push_back(read_step(std::move(at), *said));
  const auto& has = w.steps.back().has;
  co_return !has || has->psd == 'u';
}

[[nodiscard]] inline finding failed_finding(outcome what) {
  finding f;
  f.what = what;
  f.flaws = {flaw::temperror};
  return f;
}

/// Which RFC a record is read by: 9989 after a tree walk, 7489 (no np, no t) after a look into the list.
enum class reading : std::uint8_t { walk, list };

/// Files a record and the policy that it has for a name that is, or is not, its own.
inline void apply(finding& f, const step& s, source from, bool nonexistent, reading by) {
  const auto& r = *s.has;
  const bool walks = by == reading::walk;
  f.has = r;
  f.policy_domain = s.at;
  f.from = from;
  for (const auto one : r.flaws)
    if (std::find(f.flaws.begin(), f.flaws.end(), one) == f.flaws.end())
      f.flaws.push_back(one);
  f.tag = from == source::author ? "p" : walks && nonexistent && r.np ? "np" : r.sp ? "sp" : "p";
  f.wanted = r.own_policy(walks);
  if (f.wanted && !r.broken(walks))
    f.wanted = f.tag == "np" ? r.np : f.tag == "sp" ? r.sp : r.p;
  if (f.wanted)
    f.effective = walks && r.testing ? softened(*f.wanted) : *f.wanted;
}

[[nodiscard]] inline const step* step_at(const walk& w, std::string_view at) noexcept {
  const auto found = std::find_if(w.steps.begin(), w.steps.end(), [&](const step& s) { return s.at == at; });
  return found != w.steps.end() && found->has ? &*found : nullptr;
}

/// Whether the domain's not existing would change its policy.
[[nodiscard]] inline bool hangs_on_existence(const finding& f) noexcept {
  return f.has && f.from != source::author && f.has->np.has_value();
}

/// Asks whether anybody has the domain.
inline net::task<outcome> ask_existence(lookup ask, std::string domain) {
  const auto n = dns::parse_name(domain);
  if (!n)
    co_return outcome::nodata;
  const auto said = co_await ask(*n, dns::type::a);
  co_return said->what;
}

} // namespace detail

POSTROAD_DECL std::vector<std::string> names_of_walk(std::string_view domain) {
  std::vector<std::string> names{std::string(domain)};
  auto rest = detail::without_first_label(domain);
  while (detail::labels_of(rest) >= max_labels)
    rest = detail::without_first_label(rest);
  for (; !rest.empty(); rest = detail::without_first_label(rest))
    names.emplace_back(rest);
  return names;
}

POSTROAD_DECL std::string organizational_domain(const walk& w) {
  const step* highest = nullptr;
  for (std::size_t i = 0; i < w.steps.size(); ++i) {
    const auto& s = w.steps[i];
    if (!s.has)
      continue;
    if (s.has->psd == 'n')
      return s.at;
    if (s.has->psd == 'y' && i > 0)
      return std::string(detail::one_label_below(s.at, w.steps[0].at));
    highest = &s;
  }
  if (highest != nullptr)
    return highest->at;
  return w.steps.empty() ? std::string{} : w.steps[0].at;
}

POSTROAD_DECL finding policy_of(const walk& w, bool nonexistent) {
  if (w.failed)
    return detail::failed_finding(w.what);
  finding f;
  f.what = w.what;
  f.org_domain = organizational_domain(w);
  for (const auto& s : w.steps)
    if (s.several)
      f.flaws = {flaw::multiple_records};
  if (w.steps.empty())
    return f;
  const auto* const own = w.steps[0].has ? &w.steps[0] : nullptr;
  const auto* const org = detail::step_at(w, f.org_domain);
  const auto* const top = w.steps.back().has && w.steps.back().has->psd == 'y' ? &w.steps.back() : nullptr;
  if (own != nullptr)
    detail::apply(f, *own, source::author, nonexistent, detail::reading::walk);
  else if (org != nullptr)
    detail::apply(f, *org, source::org, nonexistent, detail::reading::walk);
  else if (top != nullptr)
    detail::apply(f, *top, source::psd, nonexistent, detail::reading::walk);
  return f;
}

POSTROAD_DECL net::task<walk> walk_up(lookup ask, std::string domain, std::vector<std::string>& queries) {
  walk w;
  const auto names = names_of_walk(domain);
  for (const auto& n : names) {
    const bool go_on = co_await detail::take_step(ask, n, w, queries);
    if (!go_on)
      break;
  }
  co_return w;
}

POSTROAD_DECL net::task<finding> discover(lookup ask, std::string domain) {
  std::vector<std::string> queries;
  const auto w = co_await walk_up(ask, domain, queries);
  auto f = policy_of(w, false);
  f.queries = std::move(queries);
  if (detail::hangs_on_existence(f)) {
    const auto existence = co_await detail::ask_existence(ask, domain);
    f.queries.push_back(domain);
    auto again = dns::is_settled(existence) ? policy_of(w, existence == outcome::nxdomain)
                                            : detail::failed_finding(existence);
    again.queries = std::move(f.queries);
    co_return again;
  }
  co_return f;
}

POSTROAD_DECL net::task<finding> discover_by_list(lookup ask, std::string domain, std::string registrable) {
  walk w;
  std::vector<std::string> queries, names{domain};
  if (!registrable.empty() && registrable != domain)
    names.push_back(registrable);
  for (const auto& n : names) {
    co_await detail::take_step(ask, n, w, queries);
    if (w.failed || w.steps.back().has || w.steps.back().several) // several are the end: RFC 7489 6.6.3
      break;
  }
  auto f = w.failed ? detail::failed_finding(w.what) : finding{};
  f.what = w.what;
  f.queries = std::move(queries);
  f.org_domain = registrable.empty() ? domain : registrable;
  if (w.failed)
    co_return f;
  for (const auto& s : w.steps)
    if (s.several)
      f.flaws = {flaw::multiple_records};
  if (w.steps.back().has)
    detail::apply(f, w.steps.back(), w.steps.size() == 1 ? source::author : source::org, false,
                  detail::reading::list);
  co_return f;
}

} // namespace postroad::dmarc
