#pragma once

#include <postroad/spf/impl/expand_node.hpp>

namespace postroad::spf {

POSTROAD_DECL void expander::node::complain(std::string_view code, std::string_view term,
                                            std::string detail) {
  const bool again = code == "cap" && !out.problems.empty() && out.problems.back().code == code &&
                     out.problems.back().at == out.at; // thousands of terms behind a cap are one complaint
  if (!again && out.problems.size() < max_problems)
    out.problems.push_back({code, out.at, std::string(term), std::move(detail)});
  if (!out.branches.empty())
    note(code);
}

POSTROAD_DECL void expander::node::widest(const net::prefix& p, qualifier sign) {
  if (sign == qualifier::pass)
    detail::narrow(p.base.v6 ? out.largest6 : out.largest4, p.length);
}

POSTROAD_DECL void expander::node::match(const net::address_set& what, qualifier sign) {
  if (sign == qualifier::pass)
    out.united |= what;
  adopt(what, sign);
}

POSTROAD_DECL void expander::node::adopt(const net::address_set& what, qualifier sign) {
  if (sign == qualifier::pass) {
    const auto adds = what - matched;
    if (keeps_branches)
      out.branches.back().adds |= adds;
    out.pass |= adds;
  }
  matched |= what;
}

/// What matches everybody of a family, and is no network that was published.
POSTROAD_DECL void expander::node::match_all(const net::address_set& what, qualifier sign) {
  out.all4 = out.all4 || (sign == qualifier::pass && !(what.ipv4 - matched.ipv4).empty());
  out.all6 = out.all6 || (sign == qualifier::pass && !(what.ipv6 - matched.ipv6).empty());
  match(what, sign);
}

/// Networks in a row are one step: a record of ten thousand must not cost the square of it.
POSTROAD_DECL void expander::node::run_on(const directive& d, bool alone) {
  if (alone || run_sign != d.sign)
    end_run();
  if (run.empty())
    begin_branch(d.text);
  run_sign = d.sign;
  run.push_back(d.network);
}
POSTROAD_DECL void expander::node::end_run() {
  if (!run.empty())
    match(net::address_set::of(std::exchange(run, {})), run_sign);
}

/// The networks that addresses stand for under a prefix length, and what they cost a client of that family.
POSTROAD_DECL void expander::take(node& n, const directive& d, const dns::answer_ptr& said, bool v6,
                                  net::address_set& into) {
  if (!said) {
    n.out.cut = true;
    return n.complain("cap", d.text, "too many questions, or too long a walk, for one domain");
  }
  if (!is_settled(said->what)) {
    n.complain(detail::code_of(said->what), d.text, std::string(to_string(said->what)));
    return n.end_here(true);
  }
  std::vector<net::prefix> all;
  for (const auto& ip : said->addresses)
    if (ip.v6 == v6) {
      all.push_back(net::network_of(ip, v6 ? d.length6 : d.length4));
      n.widest(all.back(), d.sign);
    }
  into |= net::address_set::of(all);
}

POSTROAD_DECL void expander::step_a(node& n, const directive& d, const found& f) {
  net::address_set set;
  const bool void4 = f.said4 && is_void(*f.said4), void6 = f.said6 && is_void(*f.said6);
  take(n, d, f.said4, false, set);
  take(n, d, f.said6, true, set);
  n.out.voids.ip4 += void4;
  n.out.voids.ip6 += void6;
  n.out.voids.both += void4 && void6;
  if (void4 && void6)
    n.note("void");
  n.match(set, d.sign);
}

/// Addresses of the exchanges for clients of one family.
POSTROAD_DECL void expander::take_hosts(node& n, const directive& d, const found& f, bool v6,
                                        net::address_set& into) {
  const auto& said = v6 ? f.said6 : f.said4;
  const auto& hosts = v6 ? f.hosts6 : f.hosts4;
  auto& empty = v6 ? n.out.voids.ip6 : n.out.voids.ip4;
  empty += is_void(*said);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (said->mx[i].exchange.is_root()) // RFC 7505
      continue;
    empty += hosts[i] && is_void(*hosts[i]);
    take(n, d, hosts[i], v6, into);
  }
}

POSTROAD_DECL void expander::step_mx(node& n, const directive& d, const found& f) {
  net::address_set set;
  for (const bool v6 : {false, true}) {
    const auto& said = v6 ? f.said6 : f.said4;
    if (said && is_settled(said->what))
      take_hosts(n, d, f, v6, set);
    else if (!v6 || !f.to.is_one()) // one MX, one complaint
      take(n, d, said, v6, set);
  }
  if (f.to.is_one() && f.said4) {
    n.out.voids.both += is_void(*f.said4);
    if (is_void(*f.said4))
      n.note("void");
    for (std::size_t i = 0; i < f.hosts4.size(); ++i)
      n.out.voids.both += f.hosts4[i] && f.hosts6[i] && is_void(*f.hosts4[i]) && is_void(*f.hosts6[i]);
  }
  if (f.said4 && f.said4->mx.size() > max_names) {
    n.complain("mx_names", d.text, std::to_string(f.said4->mx.size()) + " exchanges");
    n.end_here(false);
  }
  n.match(set, d.sign);
}

POSTROAD_DECL void expander::step_addresses(walk& w, node& n, const directive& d, const found& f) {
  if (use_.strict && d.what == mechanism::mx && f.said4 && f.said4->mx.size() > max_names) { // RFC 7208 4.6.4
    n.complain("mx_names", d.text, std::to_string(f.said4->mx.size()) + " exchanges");
    n.out.cut = true;
    return n.end_here(false);
  }
  const auto before = n.out.voids.ip4;
  d.what == mechanism::a ? step_a(n, d, f) : step_mx(n, d, f);
  w.voids += n.out.voids.ip4 - before;
}

/// A static exists is the same for everybody; what it asks is not counted as void, since others ask for what
/// depends on the client.
POSTROAD_DECL void expander::step_exists(node& n, const directive& d, const found& f) {
  n.out.exists = true;
  net::address_set set, unused;
  const auto& said6 = f.to.is_one() ? f.said4 : f.said6;
  directive quiet = d;
  quiet.sign = qualifier::fail; // its addresses are no networks of the policy
  take(n, quiet, f.said4, false, unused);
  if (!f.to.is_one())
    take(n, quiet, f.said6, false, unused);
  if (f.said4 && !f.said4->addresses.empty())
    set.ipv4 = net::ipv4_set::whole();
  if (said6 && !said6->addresses.empty())
    set.ipv6 = net::ipv6_set::whole();
  n.match_all(set, d.sign);
}

/// What a subtree costs and brings, added to what is known so far.
POSTROAD_DECL void expander::fold(node& n, const expansion& child) {
  auto& out = n.out;
  if (child.stops && !out.stops)
    out.stops =
        stop{child.stops->temporary, out.lookups + child.stops->lookups, out.voids.ip4 + child.stops->voids};
  for (std::size_t i = 0; i < term_kinds; ++i)
    out.terms[i] += child.terms[i];
  out.lookups += child.lookups;
  out.voids.ip4 += child.voids.ip4;
  out.voids.ip6 += child.voids.ip6;
  out.voids.both += child.voids.both;
  out.records += child.records;
  out.questions += child.questions;
  out.depth = std::max(out.depth, child.depth + 1);
  out.ttl = std::min(out.ttl, child.ttl);
  for (const auto& [mine, its] :
       {std::pair(&out.loop, child.loop), std::pair(&out.include_none, child.include_none),
        std::pair(&out.macro, child.macro), std::pair(&out.ptr, child.ptr),
        std::pair(&out.exists, child.exists), std::pair(&out.host_bits, child.host_bits),
        std::pair(&out.cut, child.cut), std::pair(&out.uses_root, child.uses_root)})
    *mine = *mine || its;
  for (const auto& name : child.includes_all)
    detail::add_new(out.includes_all, name);
  for (const auto& p : child.problems)
    if (out.problems.size() < max_problems)
      out.problems.push_back(p);
}

/// The same of the tree that only clients of IPv6 come to: what is wrong there, and its voids; the costs are
/// those of IPv4.
POSTROAD_DECL void expander::fold_ip6(node& n, const expansion& child) {
  auto& out = n.out;
  if (child.stops && !out.stops)
    out.stops = stop{child.stops->temporary, out.lookups, out.voids.ip4};
  out.voids.ip6 += child.voids.ip6;
  out.loop = out.loop || child.loop;
  out.include_none = out.include_none || child.include_none;
  out.cut = out.cut || child.cut;
  out.uses_root = out.uses_root || child.uses_root;
  out.ttl = std::min(out.ttl, child.ttl);
  out.questions += child.questions;
  for (const auto& p : child.problems)
    if (out.problems.size() < max_problems)
      detail::add_new(out.problems, p);
}

/// A term that leads to no policy: permerror for whoever comes there. RFC 7208 5.2, 6.1
POSTROAD_DECL void expander::settle_none(node& n, bool is_name, const shared& child, std::string_view term,
                                         bool redirect) {
  if (is_name && (!child || child->is != status::none))
    return;
  n.out.include_none = n.out.include_none || !redirect;
  if (child)
    n.complain(redirect ? "redirect_none" : "include_none", term);
  n.end_here(false);
}

/// What an include or a redirect leads to, held against the rules; its costs become ours.
POSTROAD_DECL void expander::settle(walk& w, node& n, const found& f, std::string_view term, bool redirect) {
  const auto finds_nothing = [](const shared& child) {
    return child && child->what != outcome::ok && is_settled(child->what);
  };
  const bool one = f.to.is_one(), empty4 = finds_nothing(f.known4),
             empty6 = one ? empty4 : finds_nothing(f.known6);
  n.out.voids.ip4 += empty4;
  n.out.voids.ip6 += empty6;
  n.out.voids.both += empty4 && empty6;
  w.voids += empty4;
  settle_none(n, f.to.name4.has_value(), f.known4, term, redirect);
  if (!one)
    settle_none(n, f.to.name6.has_value(), f.known6, term, redirect);
  if (f.known4) {
    const auto ip6 = n.out.voids.ip6;
    fold(n, *f.known4);
    n.out.voids.ip6 = one ? n.out.voids.ip6 : ip6;
  }
  if (!one && f.known6)
    fold_ip6(n, *f.known6);
}

/// The child of a term that is settled, and what it brings; for %{v}, another tree for the other family.
POSTROAD_DECL void expander::bring_in(node& n, const found& f, qualifier sign) {
  net::address_set set, united;
  for (const bool v6 : {false, true}) {
    const auto& child = v6 && !f.to.is_one() ? f.known6 : f.known4;
    if (!child)
      continue;
    if (v6)
      set.ipv6 = child->pass.ipv6, united.ipv6 = child->united.ipv6;
    else
      set.ipv4 = child->pass.ipv4, united.ipv4 = child->united.ipv4;
    if (sign != qualifier::pass)
      continue;
    (v6 ? n.out.all6 : n.out.all4) |= v6 ? child->all6 && !(set.ipv6 - n.matched.ipv6).empty()
                                         : child->all4 && !(set.ipv4 - n.matched.ipv4).empty();
    detail::narrow(v6 ? n.out.largest6 : n.out.largest4, v6 ? child->largest6 : child->largest4);
  }
  if (sign == qualifier::pass)
    n.out.united |= united;
  n.adopt(set, sign);
  n.note_child(f.known4);
}

/// One term that needs no other record, in its turn. False: it leads to one.
POSTROAD_DECL bool expander::step(walk& w, node& n, const directive& d, const found& f) {
  n.out.host_bits = n.out.host_bits || d.host_bits;
  if (d.what == mechanism::ip4 || d.what == mechanism::ip6) {
    n.widest(d.network, d.sign);
    n.run_on(d, use_.branches);
    return true;
  }
  n.end_run();
  n.begin_branch(d.text);
  if (d.what == mechanism::all) {
    n.match_all(net::address_set::whole(), d.sign);
    return true;
  }
  ++n.out.lookups;
  ++w.lookups;
  n.out.ptr = n.out.ptr || d.what == mechanism::ptr;
  n.out.exists = n.out.exists || d.what == mechanism::exists;
  n.out.macro = n.out.macro || f.to.dynamic;
  if (d.what == mechanism::ptr || f.to.dynamic)
    n.note("dynamic");
  else if (d.what == mechanism::include)
    return false;
  else if (!f.to.name4) // RFC 7208 4.8: it does not match
    n.complain("macro", d.text, "expands to no name: " + f.to.text4);
  else if (d.what == mechanism::exists)
    step_exists(n, d, f);
  else
    step_addresses(w, n, d, f);
  return true;
}

} // namespace postroad::spf
