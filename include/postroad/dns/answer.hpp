/// What a question came to: the outcome of one look-up and the records behind it.
#pragma once

#include <postroad/dns/message.hpp>
#include <postroad/net/address.hpp>
#include <postroad/outcome.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postroad::dns {

inline constexpr unsigned max_cname_hops =
    16; // as BIND 9 and unbound's default of 11 allow; RFC 1034 3.6.2 sets none

/// One look-up. Records of owners that are not on the CNAME chain from the question are never in here.
///
/// outcome: ok (records of the type asked for), nodata (none at the end of the chain), nxdomain, servfail,
/// query_refused, formerr, notimp, rcode_other (number in `detail`), lame (a referral), timeout, refused and
/// unreachable (ICMP), tcp_failed (what the truncated UDP reply held is kept), truncated (TCP switched off),
/// malformed (what was sound is kept), send_error, aborted.
struct answer {
  outcome what = outcome::aborted;
  rcode code = rcode::noerror;
  bool authenticated = false; ///< AD: the resolver claims to have validated (RFC 6840 5.8); we check nothing
  bool authoritative = false; ///< AA
  bool truncated = false;     ///< these records come from a reply with TC set
  bool case_mismatch = false; ///< a reply repeated the question in other letters (0x20) and was not taken
  bool open_chain = false;    ///< the reply ends in a CNAME whose target has to be asked for
  unsigned tries = 0;         ///< packets and connections spent on it
  unsigned replies = 0;       ///< replies that belonged to it; more than one differing: `others`
  unsigned damaged = 0;       ///< replies from the right place with a bit or two wrong in the question
  std::optional<net::endpoint>
      elsewhere; ///< a reply in all else ours came from there: a forwarder. Not taken
  unsigned cname_hops = 0;
  std::uint32_t ttl = 0; ///< seconds: the least of the records and CNAMEs, RFC 2308 5 for negative answers
  net::endpoint server;  ///< who answered, or who was asked last
  std::chrono::microseconds elapsed{0}; ///< from the first packet, without the time spent in our own queue
  name canonical;                       ///< the end of the CNAME chain
  std::vector<mx_record> mx;            ///< in the order of the reply
  std::vector<net::address> addresses;  ///< A or AAAA
  std::vector<std::string> texts; ///< TXT: strings joined, bytes exact; types without a reader: RFC 3597
  std::vector<name> names;        ///< NS, PTR, CNAME, DNAME
  std::vector<answer> others;     ///< second, different replies within the grace period
  std::string detail;             ///< more in plain words, mostly empty

  /// Memory held, for caches that are bounded in bytes.
  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t n = sizeof *this + mx.capacity() * sizeof(mx_record) +
                    addresses.capacity() * sizeof(net::address) + names.capacity() * sizeof(name) +
                    detail.capacity();
    for (const auto& t : texts)
      n += sizeof t + t.capacity();
    for (const auto& o : others)
      n += o.bytes();
    return n;
  }

  /// Whether it brought any record that was asked for.
  [[nodiscard]] bool holds_data() const noexcept {
    return !mx.empty() || !addresses.empty() || !texts.empty() || !names.empty();
  }

  /// Whether two replies say the same: outcome and records, whatever their order.
  [[nodiscard]] bool says_the_same(const answer& other) const {
    const auto same = [](const auto& a, const auto& b) {
      return a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
    };
    return what == other.what && code == other.code && canonical == other.canonical && same(mx, other.mx) &&
           same(addresses, other.addresses) && same(texts, other.texts) && same(names, other.names);
  }
};

using answer_ptr = std::shared_ptr<const answer>;

[[nodiscard]] constexpr outcome outcome_of(rcode code) noexcept {
  switch (code) {
  case rcode::noerror:
    return outcome::ok;
  case rcode::formerr:
    return outcome::formerr;
  case rcode::servfail:
    return outcome::servfail;
  case rcode::nxdomain:
    return outcome::nxdomain;
  case rcode::notimp:
    return outcome::notimp;
  case rcode::refused:
    return outcome::query_refused;
  default:
    return outcome::rcode_other;
  }
}

namespace detail {

/// What the sections beside the answer tell, and whether the message is sound from end to end.
struct survey {
  bool soa = false, delegation = false, opt = false;
  std::uint32_t negative_ttl = 0; ///< RFC 2308 5: the lesser of the SOA's own TTL and its MINIMUM
  unsigned upper_rcode = 0;
  std::optional<parse_error> problem;

  void note(const parse_error& e) {
    if (!problem)
      problem = e;
  }
};

inline void look_at_opt(const message& m, const record& rr, survey& s) {
  const auto opt = read_opt(m, rr);
  if (!opt)
    return s.note(opt.error());
  if (s.opt)
    return s.note({rr.owner_at, "more than one OPT", "RFC 6891 6.1.1"});
  s.opt = true;
  s.upper_rcode = opt->upper_rcode;
}

inline void look_at(const message& m, const record& rr, survey& s) {
  if (rr.rtype == type::opt)
    return look_at_opt(m, rr, s);
  if (rr.where != section::authority || rr.rclass != class_in)
    return;
  s.delegation = s.delegation || rr.rtype == type::ns;
  if (rr.rtype != type::soa)
    return;
  const auto soa = read_soa(m, rr);
  if (!soa)
    return s.note(soa.error());
  s.soa = true;
  s.negative_ttl = std::min(rr.ttl, std::min(soa->minimum, 0x7fffffffu));
}

/// Puts the RDATA of `rr` where it belongs in `a`; a reason when it is broken.
[[nodiscard]] inline std::optional<parse_error> take(const message& m, const record& rr, answer& a) {
  const auto keep = [](auto& list, auto&& value) -> std::optional<parse_error> {
    if (!value)
      return value.error();
    list.push_back(*std::forward<decltype(value)>(value));
    return std::nullopt;
  };
  switch (rr.rtype) {
  case type::a:
  case type::aaaa:
    return keep(a.addresses, read_address(m, rr));
  case type::mx:
    return keep(a.mx, read_mx(m, rr));
  case type::txt:
  case type::spf:
    return keep(a.texts, read_txt(m, rr));
  case type::ns:
  case type::ptr:
  case type::cname:
  case type::dname:
    return keep(a.names, read_target(m, rr));
  default:
    a.texts.push_back(generic_rdata(m, rr));
    return std::nullopt;
  }
}

/// One step along the chain: the records of a.canonical, or where its CNAME leads.
struct chain_step {
  bool found = false;
  std::optional<name> target;
  std::optional<parse_error> problem;
};

inline void step_over(const message& m, const record& rr, type t, answer& a, chain_step& step) {
  const bool alias = rr.rtype == type::cname && t != type::cname;
  if (rr.rclass != class_in || (rr.rtype != t && !alias) || (alias && step.target) ||
      !owner_is(m, rr, a.canonical))
    return;
  a.ttl = std::min(a.ttl, rr.ttl);
  if (!alias) {
    const auto broken = take(m, rr, a);
    if (broken)
      step.problem = broken;
    else
      step.found = true;
    return;
  }
  const auto target = read_target(m, rr);
  if (target)
    step.target = *target;
  else
    step.problem = target.error();
}

/// Follows the CNAMEs from the step taken at a.canonical as far as this message goes, and collects the
/// records at the end.
inline void walk_chain(const message& m, type t, answer& a, chain_step& step) {
  const name start = a.canonical;
  while (!step.found && step.target && !step.problem) {
    if (++a.cname_hops > max_cname_hops) {
      step.problem = parse_error{0, "CNAME chain longer than 16 or a loop", "RFC 1034 3.6.2"};
      return;
    }
    if (*step.target == start || *step.target == a.canonical) {
      step.problem = parse_error{0, "CNAME loop", "RFC 1034 3.6.2"};
      return;
    }
    a.canonical = *step.target;
    step = {};
    auto cursor = m.records();
    while (const auto rr = cursor.next()) {
      if (rr->where != section::answer)
        break;
      step_over(m, *rr, t, a, step);
    }
  }
}

} // namespace detail

/// Judges a reply to (a.canonical, t, IN) and files its records in `a`: outcome, code, flags, ttl, records.
///
/// `a.canonical` is the name that was asked, `a.cname_hops` the CNAMEs that led there; both move on.
/// Example: a reply with "x CNAME y" and nothing about y, and no SOA: outcome nodata, canonical y,
/// open_chain.
inline void read_answer(const message& m, type t, answer& a) {
  a.ttl = 0x7fffffff;
  const unsigned hops = a.cname_hops;
  detail::survey survey;
  detail::chain_step step;
  auto cursor = m.records();
  while (const auto rr = cursor.next()) {
    if (rr->where == section::answer && rr->rtype != type::opt)
      detail::step_over(m, *rr, t, a, step);
    else
      detail::look_at(m, *rr, survey);
  }
  if (cursor.problem())
    survey.note(*cursor.problem());
  else if (cursor.at() != m.bytes().size()) // a count is too small: who knows what else is missing
    survey.note({cursor.at(), "bytes behind the last record", "RFC 1035 4.1.1"});
  detail::walk_chain(m, t, a, step);

  a.code = static_cast<rcode>(survey.upper_rcode << 4 | m.header_rcode());
  a.authenticated = m.is_authenticated();
  a.authoritative = m.is_authoritative();
  a.truncated = m.is_truncated();
  a.what = outcome_of(a.code);
  if (a.what == outcome::rcode_other)
    a.detail = "rcode " + std::to_string(static_cast<unsigned>(a.code));
  if (a.what == outcome::ok && !step.found) {
    a.open_chain = a.cname_hops > hops && !survey.soa;
    const bool referral = survey.delegation && !survey.soa && !m.is_authoritative();
    a.what = referral && !a.open_chain ? outcome::lame : outcome::nodata;
  }
  if (!step.found && !a.open_chain)
    a.ttl = survey.soa ? std::min(a.ttl, survey.negative_ttl) : 0;
  const auto& problem = step.problem ? step.problem : survey.problem;
  if (problem && !a.truncated) { // a reply cut at a record is what TC announces
    a.what = outcome::malformed;
    a.open_chain = false;
    a.detail = std::string(problem->why);
  }
}

} // namespace postroad::dns
