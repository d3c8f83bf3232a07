/// Is an answer about mail servers the truth? The rules, without a socket. Study 5.2.
#pragma once

#include <postroad/dns/answer.hpp>
#include <postroad/dns/provider.hpp>
#include <postroad/net/pool.hpp>
#include <postroad/net/prefix.hpp>
#include <postroad/net/special.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::dns::audit {

/// What trusted resolvers say to one question: the union of all that they said, so that a provider who
/// answers differently from place to place and from hour to hour is no liar's victim.
struct truth {
  std::vector<name> exchanges;          ///< MX
  std::vector<std::vector<name>> heard; ///< the sets of exchanges that make the union, each as it was said
  std::vector<net::address> addresses;  ///< A or AAAA
  bool nonexistent = false;             ///< nobody has such a name
  bool deniable = false;                ///< one of them finds nothing, be it that others do

  void add(const answer& a);
  void join(const truth& other);
  [[nodiscard]] bool empty() const noexcept { return exchanges.empty() && addresses.empty() && !nonexistent; }
};

/// What a question is asked for.
enum class part : std::uint8_t {
  mail_exchange, ///< MX of a mail provider
  mail_address,  ///< address of the provider, or of one of its true exchanges
  control,       ///< MX or address of a name that has nothing to do with mail
  nonexistent,   ///< address of a name that nobody has
};

[[nodiscard]] constexpr std::string_view word_of(type t) noexcept {
  return t == type::mx ? "MX" : t == type::aaaa ? "AAAA" : "A";
}

struct question {
  name asked;
  type rtype = type::a; ///< MX, A or AAAA
  part of = part::mail_exchange;
  std::string provider; ///< the mail name it is for, "gmail.com"
  truth expected;
};

/// What one answer is, held against the truth. From `missing` to `foreign` they deviate.
enum class verdict : std::uint8_t {
  match,
  near,     ///< not the truth, but in its network: another of the provider's many addresses
  missing,  ///< part of the truth and nothing else
  flip,     ///< one bit from the truth
  reserved, ///< an address in special-purpose space that is neither of the next two
  private_,
  loopback,
  foreign, ///< somebody else's name or address
  denied,  ///< no such data, says the resolver
  failed,  ///< SERVFAIL, REFUSED and other refusals to answer
  silent,  ///< no reply
};
inline constexpr std::array verdict_words =
    std::to_array<std::string_view>({"match", "near", "missing", "flip", "reserved", "private", "loopback",
                                     "foreign", "denied", "failed", "silent"});
[[nodiscard]] constexpr std::string_view to_string(verdict v) noexcept {
  return verdict_words[static_cast<std::size_t>(v)];
}
[[nodiscard]] constexpr bool deviates(verdict v) noexcept {
  return v >= verdict::missing && v <= verdict::foreign;
}
[[nodiscard]] constexpr bool is_special(verdict v) noexcept {
  return v == verdict::loopback || v == verdict::private_ || v == verdict::reserved;
}
[[nodiscard]] constexpr bool is_true(verdict v) noexcept {
  return v == verdict::match || v == verdict::near;
}

/// One answer and what it is.
struct reading {
  verdict is = verdict::silent;
  answer_ptr got;
};

/// A question with its answers, one for each pass in which it was asked. Audits come by the million, and
/// their memory from a pool.
struct entry {
  const question* asked = nullptr;
  std::vector<reading, net::pool_allocator<reading>> passes{};
};
using entry_log = std::vector<entry, net::pool_allocator<entry>>;

namespace detail {

[[nodiscard]] inline std::optional<net::address> embedded_ipv4(const net::address& a) noexcept {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; // RFC 4291 2.5.5.2
  constexpr std::array<std::uint8_t, 12> translated{0, 0x64, 0xff, 0x9b};                  // RFC 6052 2.1
  const bool holds = a.v6 && (std::equal(mapped.begin(), mapped.end(), a.bytes.begin()) ||
                              std::equal(translated.begin(), translated.end(), a.bytes.begin()));
  return holds ? std::optional(net::address::from_bytes(&a.bytes[12], 4)) : std::nullopt;
}

/// Made of an IPv4 address by DNS64 with the well-known prefix (RFC 6052 2.1).
[[nodiscard]] inline bool is_translated(const net::address& a) {
  static const net::prefix_set well_known = {"64:ff9b::/96"};
  return well_known.contains(a);
}

[[nodiscard]] inline unsigned bits_apart(std::span<const std::uint8_t> a,
                                         std::span<const std::uint8_t> b) noexcept {
  unsigned bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    bits += static_cast<unsigned>(std::popcount(static_cast<unsigned>(a[i] ^ b[i])));
  return bits;
}

[[nodiscard]] inline verdict kind_of_special(const net::address& a) {
  static const net::prefix_set loopback = {"127.0.0.0/8", "::1/128"};
  static const net::prefix_set internal = {"0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",
                                           "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
                                           "::/128",         "fc00::/7",      "fe80::/10"};
  if (loopback.contains(a))
    return verdict::loopback;
  return internal.contains(a) ? verdict::private_ : verdict::reserved;
}

/// Networks so close that one operator runs them: what BGP announces at the least, and, with less right, the
/// next classful step.
[[nodiscard]] inline bool is_near(const net::address& a, const net::address& b) noexcept {
  const unsigned bits = a.v6 ? 32 : 16;
  return a.v6 == b.v6 && net::network_of(a, bits) == net::network_of(b, bits);
}

/// Whether all of some set that was heard is there: trusted resolvers in two places may know two.
[[nodiscard]] inline bool is_whole(const std::vector<name>& matched, const truth& expected) {
  return std::any_of(expected.heard.begin(), expected.heard.end(), [&](const std::vector<name>& set) {
    return std::all_of(set.begin(), set.end(), [&](const name& n) {
      return std::find(matched.begin(), matched.end(), n) != matched.end();
    });
  });
}

} // namespace detail

/// One address held against the true ones. First match wins: true, special, a bit off, near, foreign.
///
/// An IPv4 address inside an IPv6 one (mapped, or made by DNS64) counts as the IPv4 address.
/// Example: 172.217.218.27 beside 142.250.110.27 is foreign, 142.250.110.26 is a flip.
[[nodiscard]] inline verdict judge_address(const net::address& a, std::span<const net::address> expected) {
  if (std::find(expected.begin(), expected.end(), a) != expected.end())
    return verdict::match;
  if (const auto inner = detail::embedded_ipv4(a))
    return judge_address(*inner, expected);
  if (net::is_special(a))
    return detail::kind_of_special(a);
  bool near = false;
  for (const auto& e : expected) {
    if (e.v6 == a.v6 && detail::bits_apart(a.bytes, e.bytes) == 1)
      return verdict::flip;
    near = near || detail::is_near(a, e);
  }
  return near ? verdict::near : verdict::foreign;
}

[[nodiscard]] inline verdict judge_exchange(const name& n, std::span<const name> expected) {
  if (std::find(expected.begin(), expected.end(), n) != expected.end())
    return verdict::match;
  const name low = n.lowered();
  for (const auto& e : expected)
    if (e.size() == n.size() && detail::bits_apart(low.wire(), e.lowered().wire()) == 1)
      return verdict::flip;
  return verdict::foreign;
}

/// The graver of two: what a whole answer is, is its gravest record.
[[nodiscard]] inline verdict graver(verdict a, verdict b) noexcept {
  return std::max(a, b); // match < near < missing < flip < special < foreign
}

[[nodiscard]] inline verdict judge_records(const answer& a, type t, const truth& expected) {
  auto worst = verdict::match;
  if (t != type::mx) {
    for (const auto& ip : a.addresses)
      worst = graver(worst, judge_address(ip, expected.addresses));
    return worst;
  }
  if (a.mx.size() == 1 && a.mx[0].exchange.is_root()) // RFC 7505: "takes no mail"
    return verdict::denied;
  std::vector<name> matched;
  for (const auto& rr : a.mx) {
    const auto is = judge_exchange(rr.exchange, expected.exchanges);
    worst = graver(worst, is);
    if (is == verdict::match && std::find(matched.begin(), matched.end(), rr.exchange) == matched.end())
      matched.push_back(rr.exchange);
  }
  return worst == verdict::match && !detail::is_whole(matched, expected) ? verdict::missing : worst;
}

/// What an answer is, held against the truth of its question.
///
/// A name that nobody has matches when it is denied, and is foreign when it gets an address, whatever it is.
/// Of a malformed reply counts what is sound in it: stub resolvers believe that, too. That a name has no AAAA
/// is what many resolvers say on purpose, and no denial of the name.
[[nodiscard]] inline verdict judge(const answer& a, type t, const truth& expected) {
  switch (a.what) {
  case outcome::malformed:
    if (a.mx.empty() && a.addresses.empty())
      return verdict::failed;
    [[fallthrough]];
  case outcome::ok:
    return expected.nonexistent ? verdict::foreign : judge_records(a, t, expected);
  case outcome::nodata:
    if (expected.deniable)
      return verdict::match;
    if (!expected.nonexistent && t == type::aaaa)
      return verdict::failed;
    [[fallthrough]];
  case outcome::nxdomain:
    return expected.nonexistent || expected.deniable ? verdict::match : verdict::denied;
  case outcome::timeout:
  case outcome::refused:
  case outcome::unreachable:
  case outcome::send_error:
  case outcome::aborted:
  case outcome::blocked:
    return verdict::silent;
  default:
    return verdict::failed;
  }
}

template <class T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end())
    list.push_back(value);
}

inline void truth::add(const answer& a) {
  std::vector<name> set;
  for (const auto& rr : a.mx)
    if (!rr.exchange.is_root())
      add_once(set, rr.exchange);
  for (const auto& n : set)
    add_once(exchanges, n);
  if (!set.empty())
    heard.push_back(std::move(set));
  for (const auto& ip : a.addresses)
    if (!detail::is_translated(ip)) // made up by a trusted resolver that serves a network without IPv4
      add_once(addresses, ip);
  nonexistent = nonexistent || a.what == outcome::nxdomain;
  deniable = deniable || a.what == outcome::nxdomain || a.what == outcome::nodata;
}

inline void truth::join(const truth& other) {
  for (const auto& n : other.exchanges)
    add_once(exchanges, n);
  for (const auto& ip : other.addresses)
    add_once(addresses, ip);
  deniable = deniable || other.deniable;
  for (const auto& set : other.heard)
    if (std::none_of(heard.begin(), heard.end(), [&](const auto& known) {
          return known.size() == set.size() && std::is_permutation(known.begin(), known.end(), set.begin());
        }))
      heard.push_back(set);
}

} // namespace postroad::dns::audit
