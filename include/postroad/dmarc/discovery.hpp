/// Which DMARC policy holds for mail of a domain, and who is responsible for it: the DNS tree walk of RFC
/// 9989, and the public-suffix list of RFC 7489.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dmarc/record.hpp>
#include <postroad/dns/ask.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::dmarc {

using lookup = dns::ask_function;

inline constexpr std::size_t max_labels = 8; // RFC 9989 4.10: a walk asks no more than eight questions

/// What stands at one name on the way up.
struct step {
  std::string at;            ///< the name without "_dmarc."
  std::optional<record> has; ///< the one policy record there
  bool several = false;      ///< more than one: all of them are left out
};

/// A walk up the tree, from the name itself.
struct walk {
  std::vector<step> steps;
  outcome what = outcome::aborted; ///< of the first question, or of the one that failed
  bool failed = false;             ///< nothing is known then
};

/// Where the policy comes from.
enum class source : std::uint8_t { author, org, psd };
inline constexpr std::array source_words = std::to_array<std::string_view>({"author", "org", "psd"});

/// The policy for one author domain.
struct finding {
  outcome what = outcome::aborted;
  std::string org_domain;    ///< the organizational domain
  std::optional<record> has; ///< the record that holds
  std::string policy_domain; ///< whose it is
  source from = source::author;
  std::string_view tag;             ///< "p", "sp" or "np": what of it holds
  std::optional<policy> wanted;     ///< that policy; nothing: DMARC does not apply
  std::optional<policy> effective;  ///< softened where the domain only tests
  std::vector<flaw> flaws;          ///< of the record, and of the way to it
  std::vector<std::string> queries; ///< names asked for, in order
  [[nodiscard]] bool failed() const noexcept {
    return std::find(flaws.begin(), flaws.end(), flaw::temperror) != flaws.end();
  }
};

/// The names that a walk from `domain` asks about, without "_dmarc.": itself, then, from seven labels down,
/// one label less each time to the top-level domain. RFC 9989 4.10
///
/// Example: of a.b.c.d.e.f.g.h.i.example these are itself, then e.f.g.h.i.example without a to d, ...
/// example.
[[nodiscard]] POSTROAD_DECL std::vector<std::string> names_of_walk(std::string_view domain);

/// The organizational domain that a walk found. RFC 9989 4.10.2
[[nodiscard]] POSTROAD_DECL std::string organizational_domain(const walk& w);

/// The policy for the domain that the walk started from. `nonexistent`: nobody has that name. RFC 9989 4.10.1
[[nodiscard]] POSTROAD_DECL finding policy_of(const walk& w, bool nonexistent);

/// Walks up from a domain. `queries` takes the names asked for.
[[nodiscard]] POSTROAD_DECL net::task<walk> walk_up(lookup ask, std::string domain,
                                                    std::vector<std::string>& queries);

/// Discovers by tree walk. Whether the domain exists is only asked for where the policy depends on it.
[[nodiscard]] POSTROAD_DECL net::task<finding> discover(lookup ask, std::string domain);

/// Discovers as RFC 7489 6.6.3 has it: at the domain, then at its organizational domain, which `registrable`
/// knows.
[[nodiscard]] POSTROAD_DECL net::task<finding> discover_by_list(lookup ask, std::string domain,
                                                                std::string registrable);

} // namespace postroad::dmarc

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/dmarc/impl/discovery.ipp>
#endif
