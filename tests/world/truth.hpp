/// What a faultless study finds in the world, worked out from the plan.
///
/// Expected records hold a subset of the members; what they do not name may be anything. `null` for an
/// expected member says that it must be missing (or null). Rules (man/postroad-records.5 is the authority on
/// the words):
///
/// mx. Outcome of the MX question: ok nodata nxdomain servfail query_refused formerr timeout malformed. Kind:
/// mx, null (RFC 7505), implicit (no MX but an address: RFC 5321 5.1; the host is the domain itself,
/// preference 0), none (no MX and no address, or no such name); missing where a look-up failed. Hosts by
/// (preference, name), lower case, addresses ascending; a host named twice stands once, with its lowest
/// preference and the flag `duplicate`. Flags: `address_literal` (the name reads as an IPv4 address; it is
/// not asked for), `cname`, `reserved` (an address in IANA special-purpose space), `no_ipv4` and `no_ipv6`
/// (answered, and only the other family has addresses), `unresolvable` (A and AAAA were answered and hold no
/// address). Provider: gmail godaddy yandex qq ovh, else the registrable domain of the most preferred host;
/// only with kind mx or implicit.
///
/// smtp. Hosts in their order, of each first IPv4 then IPv6 ascending, until one greets with 220; where none
/// does, the first that was tried. Special-purpose addresses are passed over: `blocked` when there is nothing
/// else. No address at all: `skipped`. `advertised` is what EHLO said, after it was answered.
///
/// tls. At smtp's address; `skipped` where STARTTLS was not answered 220. The client runs the 2015 profile:
/// at most TLS 1.2, ECDHE DHE RSA with AES-GCM, AES-CBC, RC4 and 3DES. Trusted when `verify_errors` is empty:
/// expired not_yet_valid self_signed unknown_ca incomplete_chain weak_key (RSA below 1024 bits). Names: the
/// mail domain first, then the MX host; a wildcard is the whole left-most label and stands for one label; the
/// common name counts only where there is no dNSName.
///
/// strip. `skipped` where no code greeted. The verdict follows from what stands in front of the server:
/// masked, noop_250 and covered are Cisco's, bluf its own; a verb that arrived is not stripped, silence no
/// evidence.
///
/// Cells of the tables count input lines, hand-written ones too.
#pragma once

#include "plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace world {

struct expected_host {
  std::uint16_t preference = 0;
  std::string name;
  std::vector<asio::ip::address> ipv4, ipv6;
  std::string ipv4_outcome, ipv6_outcome; ///< empty: not asked
  std::string alias;                      ///< where a CNAME leads
  std::vector<std::string> flags;
};

struct expected_mx {
  std::string outcome;
  std::string kind; ///< empty: unknown
  std::string provider;
  bool secure = false;
  std::vector<expected_host> hosts;
};

struct expected_smtp {
  std::string outcome = "skipped";
  std::string stage;
  std::string host;
  const server* at = nullptr;
  asio::ip::address ip;
  std::optional<int> banner_code, starttls_code;
  std::optional<bool> advertised;
};

struct expected_tls {
  std::string outcome = "skipped";
  std::string stage;
  std::string alert;
  std::string matches;
  std::vector<std::string> verify_errors;
};

struct expected_strip {
  std::string outcome = "skipped";
  std::string verdict, style, reply, ehlo; ///< the words of the member; empty: not there
  bool masked = false;                     ///< the banner
};

struct expected_record {
  const input* line = nullptr;
  std::size_t rank = 0;
  expected_mx mx;
  expected_smtp smtp;
  expected_tls tls;
  expected_strip strip;
};

std::vector<expected_record> work_out(const plan& all);

/// The expected record as one JSON object, rank and domain included.
std::string to_json(const expected_record& from);
/// The same with the members that the hand-written table states.
std::string hand_json(const expected_record& from);

/// One cell a line: {"table":"t3","row":"SMTP server with STARTTLS","column":"domains","n":1299}; a cell that
/// holds a word has "value" instead of "n".
std::vector<std::string> cells(const std::vector<expected_record>& all);

/// "domain", "server" or "neither".
std::string match_names(const certificate& shown, const std::string& domain, const std::string& host);

/// Kind of the mail set-up, as in the member mx: mx, null, implicit, none; empty: unknown.
std::string mx_kind(const plan& all, const std::string& name);

/// How a question ended, in the words of the records: ok nodata nxdomain servfail query_refused formerr
/// notimp timeout.
std::string outcome_word(const answer& from, rrtype kind);
/// Whether nothing is known after that.
bool is_failure(const std::string& outcome);

bool is_special(const asio::ip::address& address);

} // namespace world
