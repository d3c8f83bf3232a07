#pragma once

#include <postroad/dmarc/reporting.hpp>

#include <algorithm>
#include <utility>

namespace postroad::dmarc {

namespace detail {

inline void add_destinations(std::vector<destination>& all, std::string_view kind,
                             const std::vector<std::string>& uris) {
  for (std::size_t i = 0; i < std::min(uris.size(), max_destinations); ++i)
    all.push_back({kind, uris[i], domain_of_uri(uris[i]).value_or(std::string{}), {}, {}, {}});
}
[[nodiscard]] inline std::vector<destination> destinations_of(const finding& f) {
  std::vector<destination> all;
  if (f.has) {
    add_destinations(all, "rua", f.has->rua);
    add_destinations(all, "ruf", f.has->ruf);
  }
  return all;
}

/// A list of tags that begins with v=DMARC1, and is one.
[[nodiscard]] inline bool says_yes(const std::string& txt) {
  return is_dmarc(txt) && !parse_record(txt).duplicates;
}

/// Asks a destination of another organization.
inline net::task<void> ask_consent(lookup ask, std::string policy_domain, destination& d) {
  const auto n = dns::parse_name(policy_domain + "._report._dmarc." + d.domain);
  if (!n) { // too long: nobody can have published anything there
    d.authorized = false;
    co_return;
  }
  const auto said = co_await ask(*n, dns::type::txt);
  d.what = said->what;
  if (dns::is_settled(said->what))
    d.authorized = std::any_of(said->texts.begin(), said->texts.end(), says_yes);
}

inline net::task<void> verify(lookup ask, organization_of of, const finding& about, std::string ours,
                              destination& d) {
  if (d.domain == ours || d.domain == about.policy_domain) {
    d.external = false;
    co_return;
  }
  const auto theirs = co_await of(d.domain);
  if (!theirs.domain) {
    d.what = theirs.what;
    co_return;
  }
  d.external = *theirs.domain != ours;
  if (*d.external)
    co_await ask_consent(ask, about.policy_domain, d);
}

} // namespace detail

POSTROAD_DECL std::optional<std::string> domain_of_uri(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  auto rest = uri.substr(colon + 1);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const bool mail = text::iequals(uri.substr(0, colon), "mailto");
  if (!mail) { // scheme://user@host:port/path
    if (!rest.starts_with("//"))
      return std::nullopt;
    rest = rest.substr(2);
    rest = rest.substr(0, rest.find('/'));
  }
  const auto at = rest.rfind('@');
  if (mail && at == std::string_view::npos)
    return std::nullopt;
  rest = at == std::string_view::npos ? rest : rest.substr(at + 1);
  rest = mail ? rest : rest.substr(0, rest.find(':'));
  auto domain = text::lowered(rest);
  if (domain.ends_with('.'))
    domain.pop_back();
  const auto n = dns::parse_name(domain);
  if (domain.starts_with('[')) // an address literal is nobody's domain
    return std::nullopt;
  return n && !n->is_root() ? std::optional(std::move(domain)) : std::nullopt;
}

POSTROAD_DECL net::task<organization> walked_organization(lookup ask, std::string domain) {
  std::vector<std::string> queries;
  const auto w = co_await walk_up(std::move(ask), std::move(domain), queries);
  organization o;
  o.what = w.what;
  if (!w.failed)
    o.domain = organizational_domain(w);
  co_return o;
}

POSTROAD_DECL net::task<std::vector<destination>> verify_destinations(lookup ask, organization_of of,
                                                                      finding about) {
  auto all = detail::destinations_of(about);
  const auto ours = about.from == source::psd ? about.policy_domain : about.org_domain;
  for (auto& d : all)
    if (!d.domain.empty())
      co_await detail::verify(ask, of, about, ours, d);
  co_return all;
}

} // namespace postroad::dmarc
