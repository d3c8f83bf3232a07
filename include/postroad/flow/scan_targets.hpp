/// Whom a scan may ask: what was named, without what nobody scans.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/settings.hpp>
#include <postroad/net/address_set.hpp>
#include <postroad/net/prefix.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::flow {

/// The targets of a scan and how they came about.
struct scan_targets {
  net::address_set addresses;
  net::uint128 named = 0;   ///< addresses that the words and lines name
  net::uint128 special = 0; ///< of those, taken out as special-purpose (RFC 6890)
  net::uint128 blocked = 0; ///< of those, taken out by a blocklist
  std::uint64_t rejected = 0;
};

/// Reads the words, or where there are none the lines of the input; takes out special-purpose space that no
/// --allow opens and what the blocklists name. Throws usage_error when nothing is left, with the reason, and
/// when a /0 is named but `whole_internet` is false. Lines that name nothing are counted, and named on
/// stderr.
[[nodiscard]] scan_targets read_targets(const settings&, const std::vector<std::string>& words,
                                        bool whole_internet);

/// Example: "16,777,216 addresses to ask; 256 special-purpose and 12 blocked ones left out".
[[nodiscard]] std::string summary_of(const scan_targets&);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/scan_targets.ipp>
#endif
