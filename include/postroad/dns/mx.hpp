/// Where a domain's mail goes: MX, null MX, implicit MX, and the addresses behind them. RFC 5321 5, RFC 7505.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/provider.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>
#include <postroad/text/json.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::dns {

/// How a domain receives mail. `implicit`: no MX, but an address of its own (RFC 5321 5.1); `null`: it says
/// that it takes none (RFC 7505); `none`: neither MX nor address, or no such domain.
enum class mx_kind : std::uint8_t { mx, implicit, null, none };

inline constexpr std::array<std::string_view, 4> mx_kind_words = {"mx", "implicit", "null", "none"};

[[nodiscard]] constexpr std::string_view to_string(mx_kind k) noexcept {
  return mx_kind_words[static_cast<std::size_t>(k)];
}

/// One server of a domain, with what its address look-ups came to. An absent outcome: not asked.
struct mail_host {
  std::uint16_t preference = 0;
  std::string name;                     ///< lower case, no trailing dot, odd bytes escaped
  bool authenticated = false;           ///< AD in every address look-up that was made
  std::vector<net::address> ipv4, ipv6; ///< ascending, each once
  std::optional<outcome> ipv4_outcome, ipv6_outcome;
  std::string
      cname; ///< what the name is an alias of (RFC 5321 5.1 and RFC 2181 10.3 forbid it); empty when not

  bool address_literal =
      false;             ///< the exchange reads as an address: no such name is asked for, see find_mail_hosts
  bool reserved = false; ///< an address in IANA special-purpose space
  /// No address, and no look-up that may have hidden one: both families were answered, or the name does not
  /// exist, or it reads as an address itself.
  bool unresolvable = false;
  bool no_ipv4 = false, no_ipv6 = false; ///< an address of the other family only
  bool duplicate = false;                ///< listed more than once; this is the lowest preference
};

/// What mxcheck knows of one domain: the `mx` member.
struct mail_route {
  outcome what = outcome::aborted; ///< of the MX question alone
  std::optional<mx_kind> kind;     ///< absent: the look-ups that would tell failed or were not made
  bool authenticated = false;      ///< AD in the reply to the MX question
  std::string provider;            ///< of the most preferred host; empty without hosts
  std::vector<mail_host> hosts;    ///< by preference, then name
  bool addresses_asked = false;    ///< else hosts carry no address members
  std::string cname;               ///< the domain is an alias of this name
  std::optional<net::endpoint> server;
  unsigned tries = 0, replies = 0;
  bool case_mismatch = false, truncated = false;
  std::chrono::microseconds elapsed{0}; ///< of the MX question, without our own queue
  std::string detail;
};

struct mx_options {
  bool addresses = true; ///< false: --mx-only
  bool ipv4 = true, ipv6 = true;
  const provider_map* providers = nullptr; ///< none: no provider is named
  /// Hosts whose addresses must not be asked for: their outcome is `blocked`. Null: none.
  const std::function<bool(const std::string& host)>* blocked = nullptr;
};

/// Asks where mail for `domain` goes. `domain` is in presentation form, A-labels for IDN.
///
/// The MX question first, then A and AAAA of all hosts at once. Without MX the domain's own addresses are
/// asked for: one makes it `implicit` with itself as the only host, preference 0. When one of these look-ups
/// fails and none brings an address, the kind stays absent. A name that cannot be asked for is `malformed`.
///
/// An exchange that reads as an address ("192.0.2.1") is flagged address_literal and not asked for, since an
/// MX names a host (RFC 5321 5.1): the outcome of both families is `skipped`.
///
/// Example: null MX "0 ." gives outcome ok, kind null, no hosts.
[[nodiscard]] POSTROAD_DECL net::task<mail_route> find_mail_hosts(client& resolver, std::string domain,
                                                                  mx_options options);

/// Writes the members of `mx` as one object. `time` is RFC 3339 UTC.
///
/// Example: {"outcome":"ok","kind":"mx","authenticated":false,"provider":"gmail","server":"192.0.2.53",...}
POSTROAD_DECL void write_mx(text::json_writer& json, const mail_route& route, std::string_view time);

} // namespace postroad::dns

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/dns/impl/mx.ipp>
#endif
