#pragma once

#include <postroad/dns/audit_reference.hpp>

#include <algorithm>
#include <utility>

namespace postroad::dns::audit {

POSTROAD_DECL std::string random_label(random_stream& random) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string label = "x";     // a digit in front makes some software think of numbers
  for (int i = 0; i < 20; ++i) // 103 bits
    label += letters[random.below(letters.size())];
  return label;
}

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
    const bool settled = is_settled(a->what);
    any_answer_ = any_answer_ || settled;
    doubted = doubted || !settled || a->what != outcome::nxdomain;
    if (settled)
      known.add(*a);
  }
  known.nonexistent = known.nonexistent && !doubted;
  co_return known;
}

POSTROAD_DECL void reference::put(question q) {
  for (const auto& [other, age] : plan_)
    if (other.asked == q.asked && other.rtype == q.rtype && other.provider == q.provider)
      return;
  plan_.push_back({std::move(q)});
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
  const auto known = co_await ask(*n, address_type());
  if (known.nonexistent)
    void_suffixes_.push_back(n->parent());
}

/// What tells most about a resolver that answers little comes first: the MX of the first name, an address of
/// the control, an address of a true exchange.
POSTROAD_DECL void reference::order() {
  const auto rank = [](const planned& p) {
    if (p.ask.of == part::mail_exchange)
      return 0;
    return p.ask.of == part::control ? 1 : 2;
  };
  std::stable_sort(plan_.begin(), plan_.end(),
                   [&](const planned& a, const planned& b) { return rank(a) < rank(b); });
  std::ptrdiff_t place = 1;
  for (const auto wanted : {part::control, part::mail_address}) {
    const auto found =
        std::find_if(plan_.begin(), plan_.end(), [&](const planned& p) { return p.ask.of == wanted; });
    if (found == plan_.end() || found - plan_.begin() < place)
      continue;
    std::rotate(plan_.begin() + place, found, found + 1);
    ++place;
  }
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

POSTROAD_DECL reference::planned* reference::find(const question& q) {
  for (auto& p : plan_)
    if (&p.ask == &q)
      return &p;
  return nullptr;
}

POSTROAD_DECL net::task<void> reference::renew(const question& q) {
  auto* const mine = find(q);
  if (mine == nullptr)
    co_return;
  auto& age = mine->of_truth;
  turn wait{age};
  co_await wait;
  if (clock::now() - age.asked_at < use_.fresh)
    co_return;
  age.renewing = true;
  const auto known = co_await ask(q.asked, q.rtype);
  mine->ask.expected.join(known);
  age.asked_at = clock::now();
  age.renewing = false;
  const auto waiting = std::exchange(age.waiting, {});
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

[[nodiscard]] inline bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace detail

POSTROAD_DECL bool reference::is_near_truth(const truth& addresses, const std::string& provider) const {
  return std::any_of(plan_.begin(), plan_.end(), [&](const planned& p) {
    return p.ask.of == part::mail_address && p.ask.provider == provider &&
           std::any_of(addresses.addresses.begin(), addresses.addresses.end(), [&](const net::address& ip) {
             return is_true(judge_address(ip, p.ask.expected.addresses));
           });
  });
}

POSTROAD_DECL net::task<bool> reference::knows_cousin(name stranger, const question& q, truth& addresses) {
  if (!detail::is_related(stranger, q.expected.exchanges))
    co_return false;
  addresses = co_await ask(stranger, address_type());
  co_return is_near_truth(addresses, q.provider);
}

POSTROAD_DECL net::task<std::string> reference::find_owner(net::address ip) {
  std::string owner;
  client::party one(*client_, trusted_[0]);
  const auto said = co_await one.ask(parse_name(reverse_name(ip)).value_or(name{}), type::ptr);
  if (said->names.empty())
    co_return owner;
  const auto forwards = co_await ask(said->names[0], ip.v6 ? type::aaaa : type::a);
  const auto& all = forwards.addresses;
  if (std::find(all.begin(), all.end(), ip) != all.end())
    owner = detail::domain_of(said->names[0]);
  co_return owner;
}

POSTROAD_DECL net::task<std::string> reference::owner_of(net::address ip) {
  constexpr std::size_t most = 4096; // a resolver may name as many addresses as it likes
  const auto known = owners_.find(ip);
  if (known != owners_.end())
    co_return known->second;
  auto owner = co_await find_owner(ip);
  if (owners_.size() < most)
    owners_.emplace(ip, owner);
  co_return owner;
}

POSTROAD_DECL net::task<void> reference::find_owners(planned& p) {
  std::vector<std::string> owners;
  const auto known = p.ask.expected.addresses;
  for (const auto& ip : known) {
    const auto owner = co_await owner_of(ip);
    if (!owner.empty())
      add_once(owners, owner);
  }
  p.of_truth.owners = std::move(owners);
}

POSTROAD_DECL net::task<bool> reference::confirms(net::address stranger, const question& q) {
  auto* const mine = find(q);
  if (mine == nullptr)
    co_return false;
  if (!mine->of_truth.owners)
    co_await find_owners(*mine);
  const auto& owners = *mine->of_truth.owners;
  if (owners.empty()) // nobody to belong to
    co_return false;
  const auto owner = co_await owner_of(stranger);
  co_return !owner.empty() && detail::has(owners, owner);
}

} // namespace postroad::dns::audit
