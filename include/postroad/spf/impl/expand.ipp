#pragma once

#include <postroad/spf/impl/expand_node.hpp>

#include <map>

namespace postroad::spf {

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

namespace detail {

/// Leaves one of equal questions, and says where the answers of the others come from.
inline std::vector<std::pair<dns::answer_ptr*, dns::answer_ptr*>> take_out_twins(std::vector<question>& all) {
  std::map<std::pair<std::string, dns::type>, dns::answer_ptr*> first;
  std::vector<std::pair<dns::answer_ptr*, dns::answer_ptr*>> twins;
  std::erase_if(all, [&](const question& q) {
    const auto [at, fresh] = first.try_emplace({dns::to_lower_string(q.asked), q.rtype}, q.into);
    if (!fresh)
      twins.emplace_back(q.into, at->second);
    return !fresh;
  });
  return twins;
}

} // namespace detail

POSTROAD_DECL net::task<void> expander::ask_one(const lookup& ask, dns::name n, dns::type t,
                                                dns::answer_ptr& into, net::join& all) {
  into = co_await ask(n, t);
  all.arrive();
}

POSTROAD_DECL net::task<void> expander::ask_all(walk& w, node& n, std::vector<detail::question> questions) {
  const auto twins = detail::take_out_twins(questions);
  if (clock::now() >= w.until)
    questions.clear();
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
  for (const auto& [into, from] : twins)
    *into = *from;
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
                               : !is_there ? "too many questions, or too long a walk, for one domain"
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
  if (known &&
      !fits_in(w,
               *known)) // it did when the terms in front had not been walked: it is walked as far as it goes
    known = nullptr;
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
    out.says = detail::policy_of(n.read);
    if (out.says != policy::redirect)
      out.in_the_end = out.says;
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
  if (!w.stack.empty()) // a domain of the list: hardly anybody else leads there
    remember(w, done);
  co_return done;
}

/// Reads the tree that a term leads to, for clients of one family.
POSTROAD_DECL net::task<void> expander::read_target(walk& w, node& n, found& f, std::string_view term,
                                                    bool v6) {
  auto& said = v6 ? f.said6 : f.said4;
  if (!said) { // it was known when the questions of the record were asked, and does not fit now
    std::vector<detail::question> missing;
    missing.push_back({v6 ? *f.to.name6 : *f.to.name4, dns::type::txt, &said});
    co_await ask_all(w, n, std::move(missing));
  }
  if (!said) {
    n.out.cut = true;
    n.complain("cap", term, "too many questions, or too long a walk, for one domain");
    co_return;
  }
  auto child = co_await expand(w, v6 ? f.to.text6 : f.to.text4, said);
  (v6 ? f.known6 : f.known4) = std::move(child);
}

/// A redirect, for those whom nothing has matched. RFC 7208 6.1
POSTROAD_DECL net::task<void> expander::walk_redirect(walk& w, node& n) {
  auto& f = n.founds[n.live];
  const auto term = n.read.redirect->text;
  n.begin_branch(term);
  ++n.out.lookups;
  ++w.lookups;
  n.out.redirect = f.to.dynamic ? std::string(n.read.redirect->value) : f.to.text4;
  if (f.to.dynamic) {
    n.out.macro = true;
    n.note("dynamic");
    co_return;
  }
  for (const bool v6 : {false, true})
    if (leads_on(w, n, f, term, v6))
      co_await read_target(w, n, f, term, v6);
  settle(w, n, f, term, true);
  if (f.known4 && f.known4->is == status::valid)
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
    for (const bool v6 : {false, true})
      if (leads_on(w, n, f, d.text, v6))
        co_await read_target(w, n, f, d.text, v6);
    settle(w, n, f, d.text, false);
    bring_in(n, f, d.sign);
  }
  n.end_run();
  if (n.read.redirect && all == nullptr && !must_stop(w, n, true, n.read.redirect->text))
    co_await walk_redirect(w, n);
  w.stack.pop_back();
}

/// Whether a tree that is known can be taken whole, by what is left for this domain.
POSTROAD_DECL bool expander::fits_in(const walk& w, const expansion& it) const noexcept {
  return it.records <= w.records && it.questions <= w.questions &&
         w.stack.size() + 1 + it.depth <= use_.max_depth + 1;
}

POSTROAD_DECL std::shared_ptr<const expansion> expander::recall(const walk& w, const std::string& at) {
  if (use_.strict) // where a strict walk stops hangs on what it has spent before: no two are alike
    return nullptr;
  auto* known = known_.find(at);
  if (known != nullptr && known->what->uses_root)
    known = known_.find(at + '\n' + w.root);
  if (known == nullptr || clock::now() >= known->until)
    return nullptr;
  const auto& it = *known->what;
  const bool fits = fits_in(w, it);
  return fits ? known->what : nullptr;
}

/// What holds for whoever comes here: whole, and without a look-up that failed.
POSTROAD_DECL void expander::remember(const walk& w, const std::shared_ptr<const expansion>& what) {
  if (what->cut || detail::has_temporary(*what) || w.aborted || what->is != status::valid)
    return;
  const entry k{what, clock::now() + std::chrono::seconds(what->ttl)};
  if (what->uses_root)
    known_.put(what->at + '\n' + w.root, k, what->bytes() + what->at.size() + w.root.size());
  known_.put(what->at, k, what->bytes() + what->at.size());
}

POSTROAD_DECL net::task<std::shared_ptr<const expansion>> expander::of(std::string domain) {
  walk w{text::lowered(domain), {}, use_.max_records, use_.max_questions, clock::now() + use_.max_time};
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
  out->what = w.aborted ? outcome::aborted : detail::first_failure(*out).value_or(out->what);
  if (!use_.strict ||
      !out->stops) // a strict walk complains where it stops; at the last term there is no such place
    detail::note_limit(*out, "void", out->voids.ip4, max_voids);
  if (!use_.strict)
    detail::note_limit(*out, "lookups", out->lookups, max_lookups);
  co_return out;
}

} // namespace postroad::spf
