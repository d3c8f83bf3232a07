#pragma once

#include <postroad/spf/expand.hpp>

#include <algorithm>
#include <utility>

namespace postroad::spf {

/// One domain on its way through the tree.
struct expander::walk {
  std::string root;                ///< what %{o} stands for
  std::vector<std::string> stack;  ///< the names whose records are being read
  unsigned records, questions;     ///< left
  unsigned lookups = 0, voids = 0; ///< used; they only matter when strict
  bool stopped = false;            ///< strict: a limit was met
  bool aborted = false;
};

/// What a domain-spec stands for, for clients of either family: %{v} tells them apart.
struct expander::target {
  bool dynamic = false; ///< it depends on the client
  std::string text4, text6;
  std::optional<dns::name> name4, name6; ///< nothing: what it expands to is no name
  [[nodiscard]] bool is_one() const noexcept { return text4 == text6; }
};

/// A term's target and the answers about it.
struct expander::found {
  target to;
  dns::answer_ptr said4, said6;                ///< a: A, AAAA; mx: MX; include, redirect: TXT; exists: A
  std::vector<dns::answer_ptr> hosts4, hosts6; ///< mx: A, AAAA of the exchanges
  std::shared_ptr<const expansion> known4, known6;
};

/// One record under way.
struct expander::node {
  expansion out;
  record read;
  std::size_t live = 0;         ///< so many directives are looked at: those in front of `all`, and it
  net::address_set matched;     ///< by any term so far
  std::vector<found> founds;    ///< one for each live directive, and redirect's behind them
  std::vector<net::prefix> run; ///< networks of one sign in a row
  qualifier run_sign = qualifier::pass;

  void complain(std::string_view code, std::string_view term, std::string detail = {});
  void end_here(bool temporary) {
    if (!out.stops)
      out.stops = stop{temporary, out.lookups, out.voids.ip4};
  }
  void widest(const net::prefix& p, qualifier sign);
  /// What a term of its own matches.
  void match(const net::address_set& what, qualifier sign);
  /// The same of a subtree, whose union is known already.
  void adopt(const net::address_set& what, qualifier sign);
  void run_on(const directive& d, bool alone);
  void end_run();

  // branches, when they are kept
  bool keeps_branches = false;
  void begin_branch(std::string_view term) {
    if (keeps_branches)
      out.branches.push_back({std::string(term), {}, nullptr, {}});
  }
  void note(std::string_view trouble) {
    if (keeps_branches && out.branches.back().trouble.empty())
      out.branches.back().trouble = trouble;
  }
  void note_child(const std::shared_ptr<const expansion>& child) {
    if (keeps_branches)
      out.branches.back().leads_to = child;
  }
};

namespace detail {

[[nodiscard]] inline std::string_view code_of(outcome o) noexcept {
  switch (o) {
  case outcome::timeout:
    return "dns_timeout";
  case outcome::servfail:
    return "dns_servfail";
  case outcome::query_refused:
  case outcome::refused:
    return "dns_refused";
  default:
    return "dns_failed";
  }
}
[[nodiscard]] inline bool is_temporary(std::string_view code) noexcept {
  return code.starts_with("dns_");
}

template <class T>
void add_new(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end())
    list.push_back(value);
}

[[nodiscard]] inline policy policy_of(const record& r) noexcept {
  if (const auto* all = r.all()) {
    constexpr std::array by_sign = {policy::pass, policy::hard, policy::soft, policy::neutral};
    return by_sign[static_cast<std::size_t>(all->sign)];
  }
  return r.redirect ? policy::redirect : policy::none;
}

[[nodiscard]] inline term_counts counts_of(const record& r) noexcept {
  term_counts n{};
  for (const auto& d : r.directives)
    ++n[static_cast<std::size_t>(d.what)];
  n[mechanism_words.size()] = r.redirect ? 1 : 0;
  n[mechanism_words.size() + 1] = r.exp ? 1 : 0;
  n[mechanism_words.size() + 2] = static_cast<std::uint32_t>(r.others.size());
  return n;
}

inline void narrow(std::optional<unsigned>& widest, const std::optional<unsigned>& other) noexcept {
  if (other && (!widest || *other < *widest))
    widest = other;
}

inline void note_limit(expansion& of, std::string_view code, unsigned used, unsigned most) {
  if (used > most)
    of.problems.insert(of.problems.begin(),
                       {code, of.at, {}, std::to_string(used) + " of " + std::to_string(most)});
}

/// The term that the byte at `offset` belongs to.
[[nodiscard]] inline std::string_view term_at(std::string_view text, std::size_t offset) noexcept {
  offset = std::min(offset, text.size());
  const auto space = offset == 0 ? std::string_view::npos : text.rfind(' ', offset - 1);
  const auto first = space == std::string_view::npos ? 0 : space + 1;
  return text.substr(first, text.find(' ', first) - first);
}
/// An error as one line.
[[nodiscard]] inline std::string told(const parse_error& e) {
  return std::string(e.why) + " at byte " + std::to_string(e.offset) + " (" + std::string(e.rfc) + ")";
}

/// What a domain-spec expands to, where the client is only known by its family.
struct static_text {
  std::string text4, text6;
  bool dynamic = false, uses_root = false;
};
[[nodiscard]] inline static_text expand_static(std::string_view spec, const std::string& at,
                                               const std::string& root) {
  static_text out;
  const auto pieces = parse_macro_string(spec, macro_place::domain_spec);
  if (!pieces)
    return out;
  for (const auto& p : *pieces) {
    out.uses_root = out.uses_root || p.letter == 'o';
    out.dynamic =
        out.dynamic || (p.letter != 0 && std::string_view("dov").find(p.letter) == std::string_view::npos);
    for (const bool v6 : {false, true})
      (v6 ? out.text6 : out.text4) += expand_piece(p, [&](char letter) -> std::string {
        return letter == 'd' ? at : letter == 'o' ? root : v6 ? "ip6" : "in-addr";
      });
  }
  return out;
}

} // namespace detail

POSTROAD_DECL result_class expansion::result() const noexcept {
  const unsigned cost = stops ? stops->lookups : lookups, empty = stops ? stops->voids : voids.ip4;
  if (cost > max_lookups || empty > max_voids || (stops && !stops->temporary))
    return result_class::permerror;
  return stops ? result_class::temperror : result_class::ok;
}

POSTROAD_DECL std::size_t expansion::bytes() const noexcept {
  std::size_t n = sizeof *this + at.capacity() + text.capacity() + pass.bytes() + united.bytes();
  for (const auto* list : {&includes, &includes_all})
    for (const auto& s : *list)
      n += sizeof s + s.capacity();
  for (const auto& p : problems)
    n += sizeof p + p.at.capacity() + p.term.capacity() + p.detail.capacity();
  for (const auto& b : branches)
    n += sizeof b + b.term.capacity() + b.adds.bytes();
  return n;
}

POSTROAD_DECL void expander::node::complain(std::string_view code, std::string_view term,
                                            std::string detail) {
  if (out.problems.size() < max_problems)
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

POSTROAD_DECL net::task<void> expander::ask_one(const lookup& ask, dns::name n, dns::type t,
                                                dns::answer_ptr& into, net::join& all) {
  into = co_await ask(n, t);
  all.arrive();
}

POSTROAD_DECL net::task<void> expander::ask_all(walk& w, node& n, std::vector<detail::question> questions) {
  if (questions.size() > w.questions)
    questions.resize(w.questions); // who finds no answer then complains of a cap
  w.questions -= static_cast<unsigned>(questions.size());
  n.out.questions += static_cast<unsigned>(questions.size());
  net::join all(questions.size());
  for (const auto& q : questions)
    net::spawn(ask_one(ask_, q.asked, q.rtype, *q.into, all));
  co_await all;
  for (const auto& q : questions) {
    n.out.ttl = std::min(n.out.ttl, (*q.into)->ttl);
    w.aborted = w.aborted || (*q.into)->what == outcome::aborted;
  }
}

/// Asks for all that the terms of a record need, the trees behind includes apart.
POSTROAD_DECL net::task<void> expander::gather(walk& w, node& n) {
  const auto& terms = n.read.directives;
  std::vector<detail::question> first, second;
  n.founds.resize(n.live + 1);
  unsigned askers = 0;
  for (std::size_t i = 0; i < n.live; ++i) {
    if (!asks(terms[i].what))
      continue;
    n.founds[i].to = aim(w, n, terms[i].domain);
    if (use_.strict && w.lookups + ++askers > max_lookups)
      break;
    plan(w, terms[i].what, n.founds[i], first);
  }
  const bool redirects = n.read.redirect && n.read.all() == nullptr;
  if (redirects) {
    n.founds[n.live].to = aim(w, n, n.read.redirect->value);
    plan(w, mechanism::include, n.founds[n.live], first);
  }
  co_await ask_all(w, n, std::move(first));
  for (std::size_t i = 0; i < n.live; ++i)
    if (terms[i].what == mechanism::mx)
      plan_hosts(n.founds[i], second);
  co_await ask_all(w, n, std::move(second));
}

POSTROAD_DECL expander::target expander::aim(const walk& w, node& n, std::string_view spec) {
  target t;
  if (spec.empty()) {
    t.text4 = t.text6 = n.out.at;
  } else {
    auto text = detail::expand_static(spec, n.out.at, w.root);
    t.dynamic = text.dynamic;
    n.out.uses_root = n.out.uses_root || text.uses_root;
    t.text4 = text::lowered(fitted_domain(std::move(text.text4)));
    t.text6 = text::lowered(fitted_domain(std::move(text.text6)));
  }
  t.name4 = name_of(t.text4);
  t.name6 = t.is_one() ? t.name4 : name_of(t.text6);
  return t;
}

POSTROAD_DECL void expander::plan(const walk& w, mechanism what, found& f,
                                  std::vector<detail::question>& questions) {
  if (f.to.dynamic || what == mechanism::ptr)
    return;
  const auto ask = [&](const std::optional<dns::name>& n, dns::type t, dns::answer_ptr& into) {
    if (n)
      questions.push_back({*n, t, &into});
  };
  switch (what) {
  case mechanism::a:
    ask(f.to.name4, dns::type::a, f.said4);
    ask(f.to.name6, dns::type::aaaa, f.said6);
    return;
  case mechanism::exists: // A, whatever the client's family: RFC 7208 5.7
    ask(f.to.name4, dns::type::a, f.said4);
    if (!f.to.is_one())
      ask(f.to.name6, dns::type::a, f.said6);
    return;
  case mechanism::mx:
    ask(f.to.name4, dns::type::mx, f.said4);
    if (!f.to.is_one())
      ask(f.to.name6, dns::type::mx, f.said6);
    return;
  default:
    f.known4 = recall(w, f.to.text4);
    f.known6 = f.to.is_one() ? f.known4 : recall(w, f.to.text6);
    if (!f.known4)
      ask(f.to.name4, dns::type::txt, f.said4);
    if (!f.to.is_one() && !f.known6)
      ask(f.to.name6, dns::type::txt, f.said6);
  }
}

/// Addresses of the exchanges, once the MX is known.
POSTROAD_DECL void expander::plan_hosts(found& f, std::vector<detail::question>& questions) {
  if (f.to.is_one())
    f.said6 = f.said4;
  const auto ask = [&](const dns::answer_ptr& said, dns::type t, std::vector<dns::answer_ptr>& into) {
    if (!said)
      return;
    into.resize(said->mx.size());
    for (std::size_t i = 0; i < into.size(); ++i)
      if (!said->mx[i].exchange.is_root())
        questions.push_back({said->mx[i].exchange, t, &into[i]});
  };
  ask(f.said4, dns::type::a, f.hosts4);
  ask(f.said6, dns::type::aaaa, f.hosts6);
}

/// The networks that addresses stand for under a prefix length, and what they cost a client of that family.
POSTROAD_DECL void expander::take(node& n, const directive& d, const dns::answer_ptr& said, bool v6,
                                  net::address_set& into) {
  if (!said) {
    n.out.cut = true;
    return n.complain("cap", d.text, "too many questions for one domain");
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
  n.out.all = n.out.all || (d.sign == qualifier::pass && !set.empty());
  n.match(set, d.sign);
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

/// Whether the tree at a name must not be entered; then it says why.
POSTROAD_DECL bool expander::refuses(const walk& w, node& n, const std::string& at, std::string_view term,
                                     bool is_there) const {
  if (std::find(w.stack.begin(), w.stack.end(), at) != w.stack.end()) {
    n.out.loop = n.out.cut = true;
    n.complain("loop", term);
    n.end_here(false);
    return true;
  }
  const std::string_view why = w.stack.size() > use_.max_depth ? "records too deep"
                               : w.records == 0                ? "too many records for one domain"
                               : !is_there                     ? "too many questions for one domain"
                                                               : "";
  if (why.empty())
    return false;
  n.out.cut = true;
  n.complain("cap", term, std::string(why));
  return true;
}

/// Whether a term leads to a record that has to be read for clients of this family. What is known already is
/// taken here and now: ten thousand includes must not pile up as many frames of coroutines.
POSTROAD_DECL bool expander::leads_on(walk& w, node& n, found& f, std::string_view term, bool v6) {
  if (v6 && f.to.is_one())
    return false;
  auto& known = v6 ? f.known6 : f.known4;
  const auto& at = v6 ? f.to.text6 : f.to.text4;
  if (!(v6 ? f.to.name6 : f.to.name4)) {
    n.complain("macro", term, "expands to no name: " + at);
    return false;
  }
  if (refuses(w, n, at, term, known || (v6 ? f.said6 : f.said4))) {
    known = nullptr;
    return false;
  }
  if (!known)
    return true;
  ++remembered_;
  w.records -= std::min(w.records, known->records);
  w.questions -= std::min(w.questions, known->questions + 1); // and the one for the record itself
  ++n.out.questions;
  w.lookups += known->lookups;
  w.voids += known->voids.ip4;
  return false;
}

/// What an include or a redirect leads to, held against the rules; its costs become ours.
POSTROAD_DECL void expander::settle(walk& w, node& n, const found& f, std::string_view term, bool redirect) {
  const auto& child = f.known4;
  if (child && child->what != outcome::ok && is_settled(child->what)) {
    ++n.out.voids.ip4;
    ++n.out.voids.ip6;
    ++n.out.voids.both;
    ++w.voids;
  }
  if (!f.to.name4 || (child && child->is == status::none)) {
    n.out.include_none = n.out.include_none || !redirect;
    if (child)
      n.complain(redirect ? "redirect_none" : "include_none", term);
    n.end_here(false);
  }
  if (child)
    fold(n, *child);
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
    n.out.all = n.out.all || child->all;
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
    n.out.all = n.out.all || d.sign == qualifier::pass;
    n.match(net::address_set::whole(), d.sign);
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

/// Strict: whether a limit, or something fatal, ends the walk in front of the next term.
POSTROAD_DECL bool expander::must_stop(const walk& w, node& n, bool would_ask, std::string_view term) const {
  if (!use_.strict || n.out.stops)
    return use_.strict;
  const bool many = would_ask && w.lookups >= max_lookups, voids = w.voids > max_voids;
  if (!many && !voids)
    return false;
  n.complain(voids ? "void" : "lookups", term, "the check ends here");
  n.end_here(false);
  n.out.cut = true;
  return true;
}

/// Reads what stands at a name, and walks on.
POSTROAD_DECL net::task<std::shared_ptr<const expansion>> expander::expand(walk& w, std::string at,
                                                                           dns::answer_ptr said) {
  node n;
  n.keeps_branches = use_.branches;
  auto& out = n.out;
  out.at = at;
  out.what = said->what;
  out.ttl = said->ttl;
  const auto texts = spf_texts(*said);
  if (!is_settled(said->what)) {
    out.is = status::temperror;
    n.complain(detail::code_of(said->what), {}, std::string(to_string(said->what)));
    n.end_here(true);
  } else if (!texts.empty()) {
    out.text = texts[0];
    out.records = 1;
    w.records -= std::min(w.records, 1u);
    n.read = parse_record(out.text);
    out.top = out.terms = detail::counts_of(n.read);
    out.says = out.in_the_end = detail::policy_of(n.read);
    out.is = texts.size() > 1 ? status::multiple : n.read.valid() ? status::valid : status::syntax;
  }
  if (out.is == status::multiple)
    n.complain("multiple", {}, std::to_string(texts.size()) + " records");
  for (const auto& e : n.read.errors)
    n.complain("syntax", detail::term_at(out.text, e.offset), detail::told(e));
  if (out.is == status::multiple || out.is == status::syntax)
    n.end_here(false);
  if (out.is == status::valid)
    co_await walk_terms(w, n);
  auto done = std::make_shared<const expansion>(std::move(out));
  remember(w, done);
  co_return done;
}

/// A redirect, for those whom nothing has matched. RFC 7208 6.1
POSTROAD_DECL net::task<void> expander::walk_redirect(walk& w, node& n) {
  auto& f = n.founds[n.live];
  const auto term = n.read.redirect->text;
  n.begin_branch(term);
  ++n.out.lookups;
  ++w.lookups;
  n.out.in_the_end = policy::none;
  n.out.redirect = f.to.dynamic ? std::string(n.read.redirect->value) : f.to.text4;
  if (f.to.dynamic) {
    n.out.macro = true;
    n.note("dynamic");
    co_return;
  }
  for (const bool v6 : {false, true}) {
    if (!leads_on(w, n, f, term, v6))
      continue;
    auto child = co_await expand(w, v6 ? f.to.text6 : f.to.text4, v6 ? f.said6 : f.said4);
    (v6 ? f.known6 : f.known4) = std::move(child);
  }
  settle(w, n, f, term, true);
  if (f.known4)
    n.out.in_the_end = f.known4->in_the_end;
  bring_in(n, f, qualifier::pass);
}

POSTROAD_DECL net::task<void> expander::walk_terms(walk& w, node& n) {
  const auto& terms = n.read.directives;
  const auto* const all = n.read.all();
  n.live = all == nullptr ? terms.size() : static_cast<std::size_t>(all - terms.data()) + 1;
  w.stack.push_back(n.out.at);
  co_await gather(w, n);
  for (std::size_t i = 0; i < n.live; ++i) {
    const auto& d = terms[i];
    if (must_stop(w, n, asks(d.what), d.text))
      break;
    if (step(w, n, d, n.founds[i]))
      continue;
    auto& f = n.founds[i];
    detail::add_new(n.out.includes, f.to.text4);
    detail::add_new(n.out.includes_all, f.to.text4);
    for (const bool v6 : {false, true}) {
      if (!leads_on(w, n, f, d.text, v6))
        continue;
      auto child = co_await expand(w, v6 ? f.to.text6 : f.to.text4, v6 ? f.said6 : f.said4);
      (v6 ? f.known6 : f.known4) = std::move(child);
    }
    settle(w, n, f, d.text, false);
    bring_in(n, f, d.sign);
  }
  n.end_run();
  if (n.read.redirect && all == nullptr && !must_stop(w, n, true, n.read.redirect->text))
    co_await walk_redirect(w, n);
  w.stack.pop_back();
}

POSTROAD_DECL std::shared_ptr<const expansion> expander::recall(const walk& w, const std::string& at) {
  auto* known = known_.find(at);
  if (known != nullptr && known->what->uses_root)
    known = known_.find(at + '\n' + w.root);
  if (known == nullptr || clock::now() >= known->until)
    return nullptr;
  const auto& it = *known->what;
  const bool fits = it.records <= w.records && it.questions <= w.questions &&
                    w.stack.size() + 1 + it.depth <= use_.max_depth + 1;
  const bool allowed = !use_.strict || (!it.stops && w.lookups + 1 + it.lookups <= max_lookups &&
                                        w.voids + it.voids.ip4 <= max_voids);
  return fits && allowed ? known->what : nullptr;
}

/// What holds for whoever comes here: whole, and without a look-up that failed.
POSTROAD_DECL void expander::remember(const walk& w, const std::shared_ptr<const expansion>& what) {
  const bool failed = std::any_of(what->problems.begin(), what->problems.end(),
                                  [](const problem& p) { return detail::is_temporary(p.code); });
  if (what->cut || failed || w.aborted || what->is != status::valid)
    return;
  const entry k{what, clock::now() + std::chrono::seconds(what->ttl)};
  if (what->uses_root)
    known_.put(what->at + '\n' + w.root, k, what->bytes() + what->at.size() + w.root.size());
  known_.put(what->at, k, what->bytes() + what->at.size());
}

POSTROAD_DECL net::task<std::shared_ptr<const expansion>> expander::of(std::string domain) {
  walk w{text::lowered(domain), {}, use_.max_records, use_.max_questions};
  const auto n = dns::parse_name(domain);
  auto none = std::make_shared<expansion>();
  none->at = w.root;
  none->what = outcome::malformed;
  if (!n)
    co_return none;
  auto said = co_await ask_(*n, dns::type::txt);
  const auto tree = co_await expand(w, dns::to_lower_string(*n), said);
  auto out = std::make_shared<expansion>(*tree);
  out->answer = std::move(said);
  out->questions += 1;
  if (w.aborted)
    out->what = outcome::aborted;
  if (!use_.strict) {
    detail::note_limit(*out, "void", out->voids.ip4, max_voids);
    detail::note_limit(*out, "lookups", out->lookups, max_lookups);
  }
  co_return out;
}

} // namespace postroad::spf
