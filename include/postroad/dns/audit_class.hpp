/// What is a resolver that answered so? The rules, without a socket. Study 5.2, Table 14.
#pragma once

#include <postroad/dns/audit.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::dns::audit {

/// What a resolver is. The order is that of precedence: the first that fits is the class.
enum class kind : std::uint8_t {
  no_answer,
  not_resolving, ///< it answers, and nothing it says is data
  flip,          ///< it was wrong, by a bit or just once, and right when asked again
  identical,     ///< one set of addresses, or one counter, for every name
  loopback,      ///< mail servers are at loopback addresses
  private_,      ///< or at other special-purpose addresses
  falsified,     ///< mail servers are other people's servers, twice the same
  missing_mx,    ///< part of the MX records is left out
  nx_rewrite,    ///< right but for names that nobody has, which get an address
  odd,           ///< it deviates in a way that no rule covers
  honest,
};
inline constexpr std::array kind_words =
    std::to_array<std::string_view>({"no_answer", "not_resolving", "flip", "identical", "loopback", "private",
                                     "falsified", "missing_mx", "nx_rewrite", "odd", "honest"});
[[nodiscard]] constexpr std::string_view to_string(kind k) noexcept {
  return kind_words[static_cast<std::size_t>(k)];
}

/// All that was seen of a resolver. Unlike the classes, flags overlap.
enum class flag : std::uint8_t {
  invalid,     ///< some answer about mail deviates: the paper's "any invalid MX response"
  identical,   ///< the same addresses whatever is asked
  sequence,    ///< addresses of one /24, counting on, whatever is asked
  loopback,    ///< of answers about mail
  private_,    ///< likewise
  reserved,    ///< likewise
  foreign,     ///< likewise
  missing_mx,  ///< likewise
  flip,        ///< a bit was wrong, in an answer or in the question it repeats
  transient,   ///< a deviation that did not come again
  unrepeated,  ///< a deviation that could not be looked at again
  near,        ///< an answer beside the truth, in its network
  denied,      ///< the truth exists, says the truth, and does not, says the resolver
  unanswered,  ///< some questions about mail brought no reply, or no answer
  nx_rewrite,  ///< a name that nobody has got an address
  control,     ///< the control deviates, too, and not just once
  injected,    ///< two different replies to one packet
  lower_cased, ///< it does not repeat the letters of the question (0x20)
  malformed,   ///< a reply that breaks the rules of the format
  bad_sender,  ///< a reply came from another address than the one asked: a forwarder
};
inline constexpr std::array flag_words = std::to_array<std::string_view>(
    {"invalid",    "identical", "sequence",  "loopback",    "private",   "reserved",  "foreign",
     "missing_mx", "flip",      "transient", "unrepeated",  "near",      "denied",    "unanswered",
     "nx_rewrite", "control",   "injected",  "lower_cased", "malformed", "bad_sender"});

class flag_set {
public:
  void set(flag f, bool on = true) noexcept { bits_ |= on ? 1u << static_cast<unsigned>(f) : 0u; }
  [[nodiscard]] bool has(flag f) const noexcept { return (bits_ >> static_cast<unsigned>(f) & 1) != 0; }
  [[nodiscard]] std::vector<std::string_view> words() const {
    std::vector<std::string_view> all;
    for (std::size_t i = 0; i < flag_words.size(); ++i)
      if (has(static_cast<flag>(i)))
        all.push_back(flag_words[i]);
    return all;
  }
  friend bool operator==(const flag_set&, const flag_set&) = default;

private:
  std::uint32_t bits_ = 0;
};

struct finding {
  kind is = kind::no_answer;
  flag_set flags;
};

namespace detail {

[[nodiscard]] inline bool is_mail(const entry& e) noexcept {
  return e.asked->of == part::mail_exchange || e.asked->of == part::mail_address;
}

/// The least network that is routed.
[[nodiscard]] inline net::prefix small_network(const net::address& a) noexcept {
  return net::network_of(a, a.v6 ? 48 : 24);
}

/// Whether two answers say the same thing, or point into the same /24 (IPv6: /48).
[[nodiscard]] inline bool same_value(const answer& a, const answer& b) {
  for (const auto& x : a.addresses)
    for (const auto& y : b.addresses)
      if (x.v6 == y.v6 && small_network(x) == small_network(y))
        return true;
  for (const auto& x : a.mx)
    for (const auto& y : b.mx)
      if (x.exchange == y.exchange)
        return true;
  return false;
}

[[nodiscard]] inline std::size_t count(const entry& e, verdict v) {
  return static_cast<std::size_t>(
      std::count_if(e.passes.begin(), e.passes.end(), [v](const reading& r) { return r.is == v; }));
}

[[nodiscard]] inline bool ever(const entry& e, bool (*is)(verdict) noexcept) {
  return std::any_of(e.passes.begin(), e.passes.end(), [is](const reading& r) { return is(r.is); });
}

/// Whether the very same wrong bit came twice: then it is no accident.
[[nodiscard]] inline bool same_flip_twice(const entry& e) {
  for (std::size_t i = 0; i < e.passes.size(); ++i)
    for (std::size_t j = i + 1; j < e.passes.size(); ++j)
      if (e.passes[i].is == verdict::flip && e.passes[j].is == verdict::flip &&
          e.passes[i].got->says_the_same(*e.passes[j].got))
        return true;
  return false;
}

/// The deviation that came at least twice to this question; `match` when none did.
[[nodiscard]] inline verdict lasting(const entry& e) {
  if (count(e, verdict::foreign) >= 2 || same_flip_twice(e))
    return verdict::foreign;
  const auto special =
      count(e, verdict::loopback) + count(e, verdict::private_) + count(e, verdict::reserved);
  if (special >= 2)
    for (const auto v : {verdict::loopback, verdict::private_, verdict::reserved})
      if (count(e, v) > 0)
        return v;
  return count(e, verdict::missing) >= 2 ? verdict::missing : verdict::match;
}

/// Whether all that this question saw of deviation is one bit, or was taken back.
[[nodiscard]] inline bool is_transient(const entry& e) {
  if (deviates(lasting(e)))
    return false;
  const bool all_flips = std::all_of(e.passes.begin(), e.passes.end(), [](const reading& r) {
    return !deviates(r.is) || r.is == verdict::flip;
  });
  return all_flips || ever(e, is_true);
}

/// The first answers with addresses of one type, one for each name.
struct address_answers {
  std::vector<const answer*> all;
  std::size_t matches = 0;
  bool control = false; ///< a control is among them

  address_answers(std::span<const entry> log, type t) {
    std::vector<const name*> names;
    for (const auto& e : log) {
      if (e.asked->rtype != t || e.passes.empty() || e.passes[0].got->addresses.empty())
        continue;
      const auto known =
          std::any_of(names.begin(), names.end(), [&](const name* n) { return *n == e.asked->asked; });
      if (known)
        continue;
      names.push_back(&e.asked->asked);
      all.push_back(e.passes[0].got.get());
      control = control || !is_mail(e);
      matches += e.passes[0].is == verdict::match ? 1 : 0;
    }
  }
  /// Whether they can tell anything: alike by chance are two or three names of one provider.
  [[nodiscard]] bool are_enough() const noexcept { return all.size() >= 4 && control && matches <= 1; }
};

/// One set of addresses for names that have nothing in common, a control among them.
[[nodiscard]] inline bool is_identical(const address_answers& said) {
  const auto as_set = [](std::vector<net::address> list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
  };
  if (!said.are_enough())
    return false;
  const auto first = as_set(said.all[0]->addresses);
  return std::all_of(said.all.begin(), said.all.end(),
                     [&](const answer* a) { return as_set(a->addresses) == first; });
}

/// A counter: one address for each name, all of one network, whatever is asked.
[[nodiscard]] inline bool is_sequence(const address_answers& said) {
  if (!said.are_enough())
    return false;
  const auto first = small_network(said.all[0]->addresses[0]);
  return std::all_of(said.all.begin(), said.all.end(), [&](const answer* a) {
    return a->addresses.size() == 1 && small_network(a->addresses[0]) == first;
  });
}

/// Whether a foreign value of one pass came again in another, be it for another question.
[[nodiscard]] inline bool foreign_repeats(std::span<const entry> log) {
  std::vector<std::pair<std::size_t, const answer*>> seen;
  for (const auto& e : log)
    for (std::size_t pass = 0; pass < e.passes.size() && is_mail(e); ++pass)
      if (e.passes[pass].is == verdict::foreign || e.passes[pass].is == verdict::flip)
        seen.emplace_back(pass, e.passes[pass].got.get());
  for (const auto& [pass, a] : seen)
    for (const auto& [other, b] : seen)
      if (other > pass && same_value(*a, *b))
        return true;
  return false;
}

inline void flag_mail(const entry& e, flag_set& flags) {
  static constexpr std::pair<verdict, flag> shown[] = {
      {verdict::loopback, flag::loopback},  {verdict::private_, flag::private_},
      {verdict::reserved, flag::reserved},  {verdict::foreign, flag::foreign},
      {verdict::missing, flag::missing_mx}, {verdict::flip, flag::flip},
      {verdict::near, flag::near},          {verdict::denied, flag::denied},
      {verdict::failed, flag::unanswered},  {verdict::silent, flag::unanswered}};
  for (const auto& r : e.passes) {
    if (r.is == verdict::match)
      continue;
    for (const auto& [v, f] : shown)
      flags.set(f, r.is == v);
  }
  if (!ever(e, deviates))
    return;
  flags.set(flag::invalid);
  const bool lasts = deviates(lasting(e));
  flags.set(flag::transient, !lasts && ever(e, is_true));
  flags.set(flag::unrepeated, !lasts && !ever(e, is_true));
}

[[nodiscard]] inline flag_set flags_of(std::span<const entry> log) {
  flag_set flags;
  for (const auto& e : log) {
    if (is_mail(e))
      flag_mail(e, flags);
    if (e.asked->of == part::control && ever(e, deviates))
      flags.set(is_transient(e) ? flag::transient : flag::control);
    flags.set(flag::nx_rewrite, e.asked->of == part::nonexistent && count(e, verdict::foreign) > 0);
    for (const auto& r : e.passes) {
      flags.set(flag::injected, !r.got->others.empty());
      flags.set(flag::flip, r.got->damaged > 0);
      flags.set(flag::lower_cased, r.got->case_mismatch && r.got->damaged == 0);
      flags.set(flag::malformed, r.got->what == outcome::malformed);
      flags.set(flag::bad_sender, r.got->elsewhere.has_value());
    }
  }
  const address_answers ipv4(log, type::a), ipv6(log, type::aaaa);
  flags.set(flag::identical, is_identical(ipv4) || is_identical(ipv6));
  flags.set(flag::sequence, !flags.has(flag::identical) && (is_sequence(ipv4) || is_sequence(ipv6)));
  return flags;
}

/// The class of a resolver whose wrong answers about mail came again.
[[nodiscard]] inline kind kind_of_lasting(std::span<const entry> log) {
  bool loopback = false, special = false, foreign = false, missing = false;
  for (const auto& e : log) {
    if (!is_mail(e))
      continue;
    const auto v = lasting(e);
    loopback = loopback || v == verdict::loopback;
    special = special || is_special(v);
    foreign = foreign || v == verdict::foreign;
    missing = missing || v == verdict::missing;
  }
  if (foreign)
    return foreign_repeats(log) ? kind::falsified : kind::odd;
  if (special)
    return loopback ? kind::loopback : kind::private_;
  return missing ? kind::missing_mx : kind::odd;
}

[[nodiscard]] inline bool any_reply(std::span<const entry> log) {
  return std::any_of(log.begin(), log.end(), [](const entry& e) {
    return std::any_of(e.passes.begin(), e.passes.end(),
                       [](const reading& r) { return r.is != verdict::silent || r.got->damaged > 0; });
  });
}
[[nodiscard]] inline bool any_data(std::span<const entry> log) {
  return std::any_of(log.begin(), log.end(), [](const entry& e) {
    return std::any_of(e.passes.begin(), e.passes.end(),
                       [](const reading& r) { return r.got->holds_data(); });
  });
}

/// Whether it said some truth about each of the mail names.
[[nodiscard]] inline bool true_of_each(std::span<const entry> log) {
  return std::all_of(log.begin(), log.end(), [&](const entry& e) {
    return !is_mail(e) || std::any_of(log.begin(), log.end(), [&](const entry& other) {
      return is_mail(other) && other.asked->provider == e.asked->provider && ever(other, is_true);
    });
  });
}

} // namespace detail

/// Corrects the readings of a question once all of its passes are there: a wrong bit that leads to a
/// neighbour of the truth is damage only if it is gone when asked again, else another of the provider's
/// addresses.
inline void settle(entry& e) {
  const auto leads_to_neighbours = [&](const reading& r) {
    return std::all_of(r.got->addresses.begin(), r.got->addresses.end(), [&](const net::address& a) {
      return std::any_of(e.asked->expected.addresses.begin(), e.asked->expected.addresses.end(),
                         [&](const net::address& t) { return detail::is_near(a, t); });
    });
  };
  if (e.asked->rtype == type::mx || e.passes.size() < 2 || detail::count(e, verdict::match) > 0)
    return;
  for (auto& r : e.passes)
    if (r.is == verdict::flip && leads_to_neighbours(r))
      r.is = verdict::near;
}

/// What a resolver is, told from all that it answered. Every reading has its answer, every entry is settled.
///
/// Example: gmail.com's exchange at 198.51.100.7 in both passes, umich.edu right: falsified, flags invalid
/// and foreign.
[[nodiscard]] inline finding classify(std::span<const entry> log) {
  finding f;
  f.flags = detail::flags_of(log);
  bool wrong = f.flags.has(flag::flip), all_transient = true;
  for (const auto& e : log)
    if (detail::is_mail(e) && detail::ever(e, deviates)) {
      wrong = true;
      all_transient = all_transient && detail::is_transient(e);
    }
  const bool odd = f.flags.has(flag::denied) || f.flags.has(flag::control) || !detail::true_of_each(log);
  if (!detail::any_reply(log))
    f.is = kind::no_answer;
  else if (!detail::any_data(log))
    f.is = kind::not_resolving;
  else if (wrong && all_transient && !f.flags.has(flag::denied))
    f.is = kind::flip;
  else if (f.flags.has(flag::identical) || f.flags.has(flag::sequence))
    f.is = kind::identical;
  else if (f.flags.has(flag::invalid))
    f.is = detail::kind_of_lasting(log);
  else if (odd)
    f.is = kind::odd;
  else
    f.is = f.flags.has(flag::nx_rewrite) ? kind::nx_rewrite : kind::honest;
  return f;
}

} // namespace postroad::dns::audit
