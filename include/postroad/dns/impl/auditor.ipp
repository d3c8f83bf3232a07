#pragma once

#include <postroad/dns/auditor.hpp>

#include <algorithm>
#include <utility>

namespace postroad::dns::audit {

/// An audit under way.
struct auditor::visit {
  visit(client& c, const net::endpoint& at, bool with_pauses) : who(c, at), paced(with_pauses) {}
  client::party who;
  bool paced;
  report out;
  std::vector<std::pair<name, answer_ptr>> looked_up; ///< false exchanges
  unsigned silences = 0;                              ///< about these
};

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
  for (const auto& [q, age] : known_.questions()) {
    if (q.of != part::control && detail::keeps_silent(log))
      continue;
    log.push_back({&q, {}});
    co_await ask(v, log.back());
    if (naps_.aborted() || detail::is_hopeless(log))
      co_return;
  }
  for (const auto& suffix : known_.void_suffixes()) {
    question nobodys{random_name(suffix), known_.address_type(), part::nonexistent, {}, {}};
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
    auto is = said->addresses.empty() ? verdict::foreign : judge_records(*said, known_.address_type(), known);
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
  auto said = co_await v.who.ask(exchange, known_.address_type());
  v.out.tries += said->tries;
  v.silences += judge(*said, known_.address_type(), {}) == verdict::silent ? 1 : 0;
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

/// Whether any of the entries that `is` deviates at first.
[[nodiscard]] inline bool any_deviates(const entry_log& log, bool (*is)(const entry&) noexcept) {
  return std::any_of(log.begin(), log.end(),
                     [is](const entry& e) { return is(e) && deviates(e.passes[0].is); });
}

[[nodiscard]] inline bool has_truth(const entry& e) noexcept {
  return e.asked->of != part::nonexistent;
}

/// The outcome of a whole audit: ok when the resolver resolves, else what its first answer came to.
[[nodiscard]] inline outcome outcome_of(const report& r, bool aborted) {
  if (aborted || r.log.empty() || r.log[0].passes.empty())
    return outcome::aborted;
  const bool resolves = r.found.is != kind::no_answer && r.found.is != kind::not_resolving;
  return resolves ? outcome::ok : r.log[0].passes[0].got->what;
}

} // namespace detail

POSTROAD_DECL net::task<report> auditor::run(net::endpoint at, bool paced, std::function<void()> all_asked) {
  const auto begun = net::naps::clock::now();
  const auto& use = known_.settings();
  visit v(client_, at, paced && use.pace.count() > 0);
  v.out.at = at;
  v.out.log.reserve(known_.questions().size() + known_.void_suffixes().size());
  co_await first_pass(v);
  co_await take_back(v);
  const bool wrong = detail::any_deviates(v.out.log, detail::is_mail);
  const bool doubtful = detail::any_deviates(v.out.log, detail::has_truth);
  const bool hopeless = detail::is_hopeless(v.out.log);
  const auto passes = std::max(use.passes, doubtful ? 2u : 1u);
  while (!naps_.aborted() && !hopeless && v.out.passes < passes) {
    co_await further_pass(v, use.passes > 1);
    co_await take_back(v);
  }
  for (auto& e : v.out.log)
    settle(e);
  if (!naps_.aborted() && wrong)
    co_await find_targets(v);
  if (all_asked)
    all_asked();
  co_await naps_.until(net::naps::clock::now() + client_.settings().grace);
  v.out.found = classify(v.out.log);
  v.out.what = detail::outcome_of(v.out, naps_.aborted());
  v.out.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(net::naps::clock::now() - begun);
  co_return std::move(v.out);
}

} // namespace postroad::dns::audit
