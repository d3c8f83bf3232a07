#pragma once

#include <postroad/dns/auditor.hpp>

#include <algorithm>
#include <utility>

namespace postroad::dns::audit {

// ---- the truth

POSTROAD_DECL net::task<void> reference::ask_one(client& c, net::endpoint at, name n, type t,
                                                 answer_ptr& into, net::join& all) {
  client::party one(c, at);
  into = co_await one.ask(n, t);
  all.arrive();
}

/// The union of what all trusted resolvers say. A name is nobody's only when none of them knows better.
POSTROAD_DECL net::task<truth> reference::ask(name n, type t) {
  net::join all(trusted_.size());
  std::vector<answer_ptr> answers(trusted_.size());
  for (std::size_t i = 0; i < trusted_.size(); ++i)
    net::spawn(ask_one(*client_, trusted_[i], n, t, answers[i], all));
  co_await all;
  truth known;
  bool doubted = false;
  for (const auto& a : answers) {
    const bool settled = a->what == outcome::ok || a->what == outcome::nodata || a->what == outcome::nxdomain;
    any_answer_ = any_answer_ || settled;
    doubted = doubted || !settled || a->what != outcome::nxdomain;
    if (settled)
      known.add(*a);
  }
  known.nonexistent = known.nonexistent && !doubted;
  co_return known;
}

POSTROAD_DECL void reference::put(question q) {
  for (const auto& other : plan_)
    if (other.asked == q.asked && other.rtype == q.rtype && other.provider == q.provider)
      return;
  plan_.push_back(std::move(q));
}

POSTROAD_DECL net::task<void> reference::plan_addresses(name n, std::string provider, part of) {
  std::vector<net::address> ipv4;
  for (const auto t : {type::a, type::aaaa}) {
    if (t == type::a ? !use_.ipv4 : !use_.ipv6)
      continue;
    auto known = co_await ask(n, t);
    if (known.addresses.empty())
      continue;
    // An AAAA may be made of an A (DNS64, RFC 6147).
    known.addresses.insert(known.addresses.end(), ipv4.begin(), ipv4.end());
    if (t == type::a)
      ipv4 = known.addresses;
    put({n, t, of, provider, std::move(known)});
  }
}

POSTROAD_DECL net::task<void> reference::plan_name(std::string text) {
  const auto n = parse_name(text);
  const auto before = plan_.size();
  if (n) {
    auto known = co_await ask(*n, type::mx);
    const auto exchanges = known.exchanges;
    if (!exchanges.empty())
      put({*n, type::mx, part::mail_exchange, text, std::move(known)});
    for (const auto& exchange : exchanges)
      co_await plan_addresses(exchange, text, part::mail_address);
    co_await plan_addresses(*n, text, part::mail_address); // the paper asks for these, too
  }
  if (plan_.size() == before)
    unknown_names_.push_back(std::move(text));
}

POSTROAD_DECL net::task<void> reference::plan_control() {
  const auto n = parse_name(use_.control);
  if (!n)
    co_return;
  co_await plan_addresses(*n, {}, part::control);
  auto known = co_await ask(*n, type::mx);
  if (!known.exchanges.empty())
    put({*n, type::mx, part::control, {}, std::move(known)});
}

/// Random names below `suffix` are nobody's only if a trusted resolver says so of one.
POSTROAD_DECL net::task<void> reference::plan_nonexistent(std::string suffix) {
  random_stream random(use_.seed);
  const auto n = parse_name(random_label(random) + "." + suffix);
  if (!n)
    co_return;
  const auto known = co_await ask(*n, type::a);
  if (known.nonexistent)
    void_suffixes_.push_back(n->parent());
}

/// The MX of the first name and the address of the control come first: they tell most about a resolver that
/// answers little.
POSTROAD_DECL void reference::order() {
  const auto rank = [](const question& q) {
    if (q.of == part::mail_exchange)
      return 0;
    return q.of == part::control ? 1 : 2;
  };
  std::stable_sort(plan_.begin(), plan_.end(),
                   [&](const question& a, const question& b) { return rank(a) < rank(b); });
  const auto control =
      std::find_if(plan_.begin(), plan_.end(), [](const question& q) { return q.of == part::control; });
  if (control != plan_.end() && control - plan_.begin() > 1)
    std::rotate(plan_.begin() + 1, control, control + 1);
  ages_.resize(plan_.size());
  for (auto& a : ages_)
    a.asked_at = clock::now();
}

POSTROAD_DECL net::task<void> reference::gather() {
  for (const auto& n : use_.names)
    co_await plan_name(n);
  const bool any_mail = !plan_.empty();
  co_await plan_control();
  co_await plan_nonexistent(use_.control);
  co_await plan_nonexistent("com");
  if (!any_mail)
    plan_.clear();
  order();
}

POSTROAD_DECL reference::age* reference::age_of(const question& q) {
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (&plan_[i] == &q)
      return &ages_[i];
  return nullptr;
}

POSTROAD_DECL net::task<void> reference::renew(const question& q) {
  constexpr std::chrono::seconds fresh{60};
  auto* const mine = age_of(q);
  if (mine == nullptr)
    co_return;
  turn wait{*mine};
  co_await wait;
  if (clock::now() - mine->asked_at < fresh)
    co_return;
  mine->renewing = true;
  const auto known = co_await ask(q.asked, q.rtype);
  const_cast<question&>(q).expected.join(known); // it is ours: age_of found it in the plan
  mine->asked_at = clock::now();
  mine->renewing = false;
  const auto waiting = std::exchange(mine->waiting, {});
  for (const auto h : waiting)
    h.resume();
}

namespace detail {

[[nodiscard]] inline std::string domain_of(const name& n) {
  return std::string(registrable_domain(to_lower_string(n)));
}

[[nodiscard]] inline bool is_related(const name& stranger, const std::vector<name>& known) {
  const auto domain = domain_of(stranger);
  return std::any_of(known.begin(), known.end(), [&](const name& n) { return domain_of(n) == domain; });
}

/// The name under which an address is looked up backwards. RFC 1035 3.5, RFC 3596 2.5.
[[nodiscard]] inline std::string reverse_name(const net::address& ip) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = ip.v6 ? 16 : 4; i-- > 0;)
    if (ip.v6)
      out += {digits[ip.bytes[i] & 15u], '.', digits[ip.bytes[i] >> 4], '.'};
    else
      out += std::to_string(ip.bytes[i]) + '.';
  return out + (ip.v6 ? "ip6.arpa" : "in-addr.arpa");
}

[[nodiscard]] inline bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace detail

POSTROAD_DECL bool reference::is_near_truth(const truth& addresses, const std::string& provider) const {
  return std::any_of(plan_.begin(), plan_.end(), [&](const question& q) {
    return q.of == part::mail_address && q.provider == provider &&
           std::any_of(addresses.addresses.begin(), addresses.addresses.end(), [&](const net::address& ip) {
             return is_true(judge_address(ip, q.expected.addresses));
           });
  });
}

POSTROAD_DECL net::task<bool> reference::knows_cousin(name stranger, const question& q, truth& addresses) {
  if (!detail::is_related(stranger, q.expected.exchanges))
    co_return false;
  addresses = co_await ask(stranger, type::a);
  co_return is_near_truth(addresses, q.provider);
}

POSTROAD_DECL net::task<std::vector<name>> reference::ask_names(name n) {
  net::join all(1);
  answer_ptr said;
  net::spawn(ask_one(*client_, trusted_[0], n, type::ptr, said, all));
  co_await all;
  co_return said->names;
}

POSTROAD_DECL net::task<std::string> reference::owner_of(net::address ip) {
  const auto backwards = parse_name(detail::reverse_name(ip)).value_or(name{});
  const auto names = co_await ask_names(backwards);
  std::string owner;
  if (names.empty())
    co_return owner;
  const auto forwards = co_await ask(names[0], ip.v6 ? type::aaaa : type::a);
  const auto& all = forwards.addresses;
  if (std::find(all.begin(), all.end(), ip) != all.end())
    owner = detail::domain_of(names[0]);
  co_return owner;
}

POSTROAD_DECL net::task<bool> reference::confirms(net::address stranger, const question& q) {
  auto* const mine = age_of(q);
  if (mine == nullptr)
    co_return false;
  if (!mine->owners) {
    std::vector<std::string> owners;
    const auto known = q.expected.addresses;
    for (const auto& ip : known) {
      const auto owner = co_await owner_of(ip);
      if (!owner.empty())
        add_once(owners, owner);
    }
    mine->owners = std::move(owners);
  }
  if (mine->owners->empty()) // nobody to belong to
    co_return false;
  const auto owner = co_await owner_of(stranger);
  co_return !owner.empty() && detail::has(*mine->owners, owner);
}

// ---- one resolver

/// An audit under way.
struct auditor::visit {
  visit(client& c, const net::endpoint& at, bool with_pauses) : who(c, at), paced(with_pauses) {}
  client::party who;
  bool paced;
  report out;
  std::vector<std::pair<name, answer_ptr>> looked_up; ///< false exchanges
  unsigned silences = 0;                              ///< about these
};

POSTROAD_DECL std::string random_label(random_stream& random) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string label = "x";     // a digit in front makes some software think of numbers
  for (int i = 0; i < 20; ++i) // 103 bits
    label += letters[random.below(letters.size())];
  return label;
}

POSTROAD_DECL name auditor::random_name(const name& suffix) {
  return parse_name(random_label(random_) + "." + to_string(suffix)).value_or(suffix);
}

POSTROAD_DECL net::task<void> auditor::ask(visit& v, entry& e) {
  reading r;
  r.got = co_await v.who.ask(e.asked->asked, e.asked->rtype);
  r.is = judge(*r.got, e.asked->rtype, e.asked->expected);
  v.out.tries += r.got->tries;
  e.passes.push_back(std::move(r));
  if (v.paced)
    co_await naps_.until(net::naps::clock::now() + known_.settings().pace);
}

namespace detail {

/// Whether it is no use to go on: silence at the first two questions, no data at the first four.
[[nodiscard]] inline bool is_hopeless(const entry_log& log) {
  constexpr std::size_t silences = 2, refusals = 4;
  const auto all = [&](std::size_t n, auto&& is) {
    return log.size() == n &&
           std::all_of(log.begin(), log.end(), [&](const entry& e) { return is(e.passes[0]); });
  };
  return all(silences, [](const reading& r) { return r.is == verdict::silent && r.got->damaged == 0; }) ||
         all(refusals, [](const reading& r) { return !r.got->holds_data(); });
}

/// A resolver that has been silent four times in a row about mail is asked about other things.
[[nodiscard]] inline bool keeps_silent(const entry_log& log) {
  constexpr std::size_t often = 4;
  return log.size() >= often && std::all_of(log.end() - often, log.end(), [](const entry& e) {
           return e.passes.back().is == verdict::silent;
         });
}

} // namespace detail

POSTROAD_DECL net::task<void> auditor::first_pass(visit& v) {
  auto& log = v.out.log;
  v.out.passes = 1;
  for (const auto& q : known_.questions()) {
    if (q.of != part::control && detail::keeps_silent(log))
      continue;
    log.push_back({&q, {}});
    co_await ask(v, log.back());
    if (naps_.aborted() || detail::is_hopeless(log))
      co_return;
  }
  for (const auto& suffix : known_.void_suffixes()) {
    question nobodys{random_name(suffix), type::a, part::nonexistent, {}, {}};
    nobodys.expected.nonexistent = true;
    v.out.own.push_back(std::move(nobodys));
    log.push_back({&v.out.own.back(), {}});
    co_await ask(v, log.back());
    if (naps_.aborted())
      co_return;
  }
}

/// Looks at deviations once more, with fresher truth: providers move, and have more addresses than anybody
/// sees from one place.
POSTROAD_DECL net::task<void> auditor::take_back(visit& v) {
  for (auto& e : v.out.log)
    for (auto& r : e.passes) {
      const bool open = r.is == verdict::foreign || r.is == verdict::missing || r.is == verdict::flip;
      if (!open || e.asked->of == part::nonexistent)
        continue;
      co_await known_.renew(*e.asked);
      r.is = judge(*r.got, e.asked->rtype, e.asked->expected);
      if (e.asked->rtype == type::mx && (r.is == verdict::foreign || r.is == verdict::flip))
        co_await reconsider_exchanges(v, e, r);
      else if (r.is == verdict::foreign)
        co_await reconsider_addresses(e, r);
    }
}

namespace detail {

/// So many strangers in one answer are looked at: it is the resolver that says how many there are.
inline constexpr std::size_t most_strangers = 8;

} // namespace detail

POSTROAD_DECL net::task<void> auditor::reconsider_addresses(entry& e, reading& r) {
  std::size_t strangers = 0;
  for (const auto& ip : r.got->addresses) {
    if (judge_address(ip, e.asked->expected.addresses) != verdict::foreign)
      continue;
    if (++strangers > detail::most_strangers)
      co_return;
    const bool confirmed = co_await known_.confirms(ip, *e.asked);
    if (!confirmed)
      co_return;
  }
  r.is = verdict::near;
}

/// Foreign exchanges are judged by where they are: the provider's after all, when trusted resolvers know them
/// at the same addresses; or all of them at addresses that nobody can reach.
POSTROAD_DECL net::task<void> auditor::reconsider_exchanges(visit& v, entry& e, reading& r) {
  auto mildest = verdict::foreign, gravest = verdict::match;
  std::size_t strangers = 0;
  for (const auto& rr : r.got->mx) {
    const auto by_name = judge_exchange(rr.exchange, e.asked->expected.exchanges);
    if (is_true(by_name))
      continue;
    if (++strangers > detail::most_strangers)
      co_return;
    truth known;
    const bool cousin = co_await known_.knows_cousin(rr.exchange, *e.asked, known);
    const auto said = co_await look_up(v, rr.exchange);
    if (!said)
      co_return;
    auto is = said->addresses.empty() ? verdict::foreign : judge_records(*said, type::a, known);
    if (by_name == verdict::flip ? !cousin || !is_true(is) : is_true(is) && !cousin)
      is = by_name;
    mildest = std::min(mildest, is);
    gravest = std::max(gravest, is);
  }
  if (is_true(gravest))
    r.is = verdict::near;
  else if (is_special(mildest) && is_special(gravest))
    r.is = gravest;
}

/// An address of a false exchange, says the resolver; asked once an audit, paced as any question. Null once
/// it has kept silent twice.
POSTROAD_DECL net::task<answer_ptr> auditor::look_up(visit& v, name exchange) {
  constexpr unsigned enough = 2;
  for (const auto& [known, said] : v.looked_up)
    if (known == exchange)
      co_return said;
  if (v.silences >= enough)
    co_return nullptr;
  auto said = co_await v.who.ask(exchange, type::a);
  v.out.tries += said->tries;
  v.silences += judge(*said, type::a, {}) == verdict::silent ? 1 : 0;
  v.looked_up.emplace_back(exchange, said);
  if (v.paced)
    co_await naps_.until(net::naps::clock::now() + known_.settings().pace);
  co_return said;
}

POSTROAD_DECL net::task<void> auditor::further_pass(visit& v, bool everything) {
  ++v.out.passes;
  const bool slept = co_await naps_.until(net::naps::clock::now() + known_.settings().between);
  if (!slept)
    co_return;
  for (auto& e : v.out.log) {
    const bool again = deviates(e.passes[0].is) || e.asked->of == part::control;
    if (!again && !everything)
      continue;
    co_await ask(v, e);
    if (naps_.aborted())
      co_return;
  }
}

namespace detail {

inline void add_target(report& r, target t) {
  if (std::find(r.targets.begin(), r.targets.end(), t) == r.targets.end())
    r.targets.push_back(std::move(t));
}

inline void add_false_addresses(report& r, const question& q, const answer& a) {
  for (const auto& ip : a.addresses) {
    const auto is = judge_address(ip, q.expected.addresses);
    if (is == verdict::foreign || is == verdict::flip)
      add_target(r, {q.provider, "a", to_lower_string(q.asked), ip});
  }
}

/// The false exchanges of an entry, each once.
[[nodiscard]] inline std::vector<name> false_exchanges(const entry& e) {
  std::vector<name> all;
  for (const auto& r : e.passes)
    for (const auto& rr : r.got->mx) {
      const bool is_false = !is_true(judge_exchange(rr.exchange, e.asked->expected.exchanges));
      if (is_false && all.size() < most_strangers)
        add_once(all, rr.exchange);
    }
  return all;
}

} // namespace detail

POSTROAD_DECL net::task<void> auditor::find_exchange(visit& v, std::string provider, name exchange) {
  const auto said = co_await look_up(v, exchange);
  if (said)
    for (const auto& ip : said->addresses)
      detail::add_target(v.out, {provider, "mx", to_lower_string(exchange), ip});
  if (!said || said->addresses.empty())
    detail::add_target(v.out, {provider, "mx", to_lower_string(exchange), std::nullopt});
}

/// Where the false exchanges are, says the resolver, and which addresses of true ones are false.
POSTROAD_DECL net::task<void> auditor::find_targets(visit& v) {
  for (const auto& e : v.out.log) {
    if (!detail::is_mail(e) || detail::lasting(e) != verdict::foreign)
      continue;
    for (const auto& r : e.passes)
      if (e.asked->rtype != type::mx)
        detail::add_false_addresses(v.out, *e.asked, *r.got);
    const auto strangers = detail::false_exchanges(e);
    for (const auto& exchange : strangers)
      co_await find_exchange(v, e.asked->provider, exchange);
  }
}

namespace detail {

[[nodiscard]] inline bool deviates_about_mail(const entry_log& log) {
  return std::any_of(log.begin(), log.end(),
                     [](const entry& e) { return is_mail(e) && deviates(e.passes[0].is); });
}

/// The outcome of a whole audit: ok when the resolver resolves, else what its first answer came to.
[[nodiscard]] inline outcome outcome_of(const report& r, bool aborted) {
  if (aborted || r.log.empty() || r.log[0].passes.empty())
    return outcome::aborted;
  const bool resolves = r.found.is != kind::no_answer && r.found.is != kind::not_resolving;
  return resolves ? outcome::ok : r.log[0].passes[0].got->what;
}

} // namespace detail

POSTROAD_DECL net::task<report> auditor::run(net::endpoint at, bool paced) {
  const auto begun = net::naps::clock::now();
  const auto& use = known_.settings();
  visit v(client_, at, paced && use.pace.count() > 0);
  v.out.at = at;
  v.out.log.reserve(known_.questions().size() + known_.void_suffixes().size());
  co_await first_pass(v);
  co_await take_back(v);
  const bool wrong = detail::deviates_about_mail(v.out.log), hopeless = detail::is_hopeless(v.out.log);
  const auto passes = std::max(use.passes, wrong ? 2u : 1u);
  while (!naps_.aborted() && !hopeless && v.out.passes < passes) {
    co_await further_pass(v, use.passes > 1);
    co_await take_back(v);
  }
  for (auto& e : v.out.log)
    settle(e);
  if (!naps_.aborted() && wrong)
    co_await find_targets(v);
  co_await naps_.until(net::naps::clock::now() + client_.settings().grace);
  v.out.found = classify(v.out.log);
  v.out.what = detail::outcome_of(v.out, naps_.aborted());
  v.out.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(net::naps::clock::now() - begun);
  co_return std::move(v.out);
}

} // namespace postroad::dns::audit
