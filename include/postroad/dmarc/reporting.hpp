/// Whether those whom a DMARC record wants reports sent to have agreed. RFC 9990 4, RFC 7489 7.1.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dmarc/discovery.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::dmarc {

inline constexpr std::size_t max_destinations = 10; // of each kind; a record of 64 KB could name thousands

/// A place for reports.
struct destination {
  std::string_view kind; ///< "rua" or "ruf"
  std::string uri;
  std::string domain;           ///< of the address; empty: the URI has none
  std::optional<bool> external; ///< it is of another organization; nothing: not known
  /// Those of another organization have to say that they take the reports. Nothing: nobody had to be asked,
  /// or the look-up failed.
  std::optional<bool> authorized;
  std::optional<outcome> what; ///< of the look-up that decided
};

/// The domain that a report URI leads to, in lower case: behind the @ of mailto, the host of others.
///
/// Example: "mailto:d@Example.ORG?subject=x" gives "example.org", "https://r.example.net:8443/in"
/// r.example.net.
[[nodiscard]] POSTROAD_DECL std::optional<std::string> domain_of_uri(std::string_view uri);

/// What a domain's organization is; nothing: not known.
struct organization {
  std::optional<std::string> domain;
  outcome what = outcome::ok; ///< of the look-up that failed
};
using organization_of = std::function<net::task<organization>(std::string domain)>;

/// The organization by tree walk.
[[nodiscard]] POSTROAD_DECL net::task<organization> walked_organization(lookup ask, std::string domain);

/// Holds the destinations of a record that was found against the rule: one in another organization must have
/// a TXT record "v=DMARC1" at <policy_domain>._report._dmarc.<its domain>.
[[nodiscard]] POSTROAD_DECL net::task<std::vector<destination>>
verify_destinations(lookup ask, organization_of of, finding about);

} // namespace postroad::dmarc

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/dmarc/impl/reporting.ipp>
#endif
