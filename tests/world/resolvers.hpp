/// The resolvers of the world: honest ones, broken ones and liars, each of a kind with a known class.
///
/// They speak of five mail providers and a university, which have names, exchanges and addresses here as they
/// have on the Internet. What an auditor finds is written down from the kinds, never from what one saw.
#pragma once

#include "plan.hpp"

#include <asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace world {

/// What a resolver does.
enum class liar : std::uint8_t {
  // honest, each with a habit that must not be held against it
  honest,
  geo,            ///< other addresses of the providers, from their networks
  geo_far,        ///< addresses of a provider in networks that only their names tell
  geo_one_bit,    ///< the neighbouring address, one bit away, every time
  subset,         ///< one address where there are several
  rotates,        ///< the records in another order each time
  lower_cases,    ///< repeats the question in lower case: no 0x20
  no_edns,        ///< FORMERR to EDNS
  truncates,      ///< TC on everything, the truth over TCP
  slow,           ///< a third of a second
  forgets,        ///< leaves every fourth packet unanswered
  repeats_itself, ///< sends each reply twice
  talkative,      ///< other people's records beside the answer
  renames,        ///< names an exchange of the provider that others do not
  filters_aaaa,   ///< has no IPv6 for anybody
  injected_late,  ///< the truth, and behind it somebody else's lie
  // no resolvers
  silent,
  closed_port,   ///< ICMP
  other_address, ///< the reply comes from somewhere else: a forwarder
  garbage,
  refuses,
  fails,
  denies_all,
  refers, ///< a name server that is lame for everything
  // liars by accident
  identical_public,
  identical_loopback,
  identical_private,
  counter, ///< 198.18.1.1, .2, .3, whatever is asked: the paper's Telecom Italia
  loopback_mail,
  loopback_mx, ///< MX localhost
  private_mail,
  reserved_mail,
  rewrites_nobody,
  rewrites_and_misses, ///< names that nobody has get an address, and MX records are missing
  misses,
  flips_address, ///< one bit, once
  flips_exchange,
  flips_question,
  wrong_once,
  blocks_mail, ///< NXDOMAIN
  refuses_mail,
  mute_on_mail,
  refuses_one, ///< one provider only
  null_mx,
  ever_new, ///< another foreign address each time
  // liars by intent
  false_mx,
  false_mx_nowhere, ///< the false exchange has no address
  false_address,
  false_both,
  false_one, ///< one provider only
  false_among_true,
  false_in_front, ///< one more MX, with preference 0
  false_pool,     ///< several addresses of one /24
  false_alias,    ///< by way of a CNAME
  false_and_rewrites,
  false_everything, ///< the control, too, each at another address
  false_many,       ///< all the false exchanges there are
  false_malformed,  ///< in replies with bytes too many
  false_first,      ///< somebody is faster than the truth
};

struct liar_kind {
  liar does;
  std::string_view word;
  std::string_view is;    ///< class
  std::string_view flags; ///< all of them, with blanks between
  unsigned weight;        ///< how many there are, relatively
};

const std::vector<liar_kind>& liar_kinds();

struct resolver {
  asio::ip::address at;
  const liar_kind* kind = nullptr;
  std::size_t number = 0;
};

inline constexpr std::string_view control_name = "umich.edu";
extern const std::vector<std::string> provider_names;

/// Gives the providers their names, and their false friends servers. Call before the zone is served.
void add_mail_providers(plan& to);

/// At least one of each kind, `wanted` in all.
std::vector<resolver> draw_resolvers(std::uint64_t seed, std::size_t wanted);

/// The host names that stand for a provider: itself and its exchanges.
std::vector<std::string> hosts_of_provider(const zone& names, const std::string& provider);
/// The provider that a name belongs to, or "".
std::string provider_of_host(const std::string& name);

/// Another address of a provider, far from the true one.
asio::ip::address far_address(const asio::ip::address& from);

/// How a resolver that falsifies does it.
bool falsifies_mx(liar does);
bool falsifies_addresses(liar does);

/// Where resolver `who` sends the mail of a provider: the false exchanges and the false address.
std::vector<std::string> decoy_exchanges(const resolver& who, const std::string& provider);
asio::ip::address decoy_address(const resolver& who, const std::string& name);

/// Does it falsify on purpose, and to which addresses?
bool is_falsifying(const resolver& who);
std::vector<std::string> targets_of(const plan& world, const resolver& who);

/// Lines of what a faultless audit finds, and the cells of tables 8 and 14.
std::vector<std::string> resolver_lines(const std::vector<resolver>& all);
std::vector<std::string> resolver_truth(const std::vector<resolver>& all);
std::vector<std::string> resolver_cells(const plan& world, const std::vector<resolver>& all);

} // namespace world
