/// The `spf` member of a record, as JSON.
#pragma once

#include <postroad/config.hpp>
#include <postroad/spf/expand.hpp>
#include <postroad/text/json.hpp>

#include <optional>
#include <string_view>

namespace postroad::spf {

struct member_options {
  bool nets = false; ///< the fewest prefixes that make up the set
  bool tree = false; ///< terms and what they add, for who wants to see where an address comes from
  /// The space that shares are of; null: public_ipv4, and none of IPv6.
  const net::address_set* routed = nullptr;
};

/// Writes the member as one object. `time` is RFC 3339 UTC. What a domain without a valid record does not
/// have is left out.
///
/// Example: {"outcome":"ok","status":"valid","record":"v=spf1 -all","policy":"hard",...}
POSTROAD_DECL void write_spf(text::json_writer& json, const expansion& e, const member_options& with,
                             std::string_view time);

/// Addresses that IPv4 has for the public, as they are usually counted: all but 588,514,304 reserved ones.
inline constexpr double public_ipv4 = 3'706'452'992;

} // namespace postroad::spf

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/spf/impl/expand_member.ipp>
#endif
