#include "policy_cells.hpp"

#include "cell_table.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace world {

namespace {

using senders = std::vector<const expected_sender*>;
using condition = std::function<bool(const expected_sender&)>;

senders those(const senders& of, const condition& that) {
  senders out;
  std::copy_if(of.begin(), of.end(), std::back_inserter(out), [&](const auto* s) { return that(*s); });
  return out;
}

void count(const char* name, const senders& of, const std::vector<std::pair<std::string, condition>>& rows,
           std::vector<std::string>& out) {
  table to(name, out);
  for (const auto& [row, that] : rows)
    to.count(row, "domains", those(of, that).size());
}

/// Rows by the words that a domain has, each once.
using words = std::function<std::set<std::string>(const expected_sender&)>;
std::map<std::string, std::size_t> tally(const senders& of, const words& has) {
  std::map<std::string, std::size_t> out;
  for (const auto* one : of)
    for (const auto& word : has(*one))
      ++out[word];
  return out;
}
void count_words(const char* name, const senders& of, const words& has, std::vector<std::string>& out) {
  table to(name, out);
  for (const auto& [word, n] : tally(of, has))
    to.count(word, "domains", n);
}

/// The most frequent words, and what is left in one row.
void count_top(const char* name, std::size_t rows, const senders& of, const words& has,
               std::vector<std::string>& out) {
  table to(name, out);
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const auto& [word, n] : tally(of, has))
    order.emplace_back(n, word);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::size_t rest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i < rows)
      to.count(order[i].second, "domains", order[i].first);
    else
      rest += order[i].first;
  }
  if (order.size() > rows)
    to.count("Other", "domains", rest);
}

bool receives(const expected_sender& s) {
  return s.mx_kind == "mx" || s.mx_kind == "implicit";
}
bool has_error(const expected_sender& s, const std::set<std::string>& codes) {
  return std::any_of(s.spf.errors.begin(), s.spf.errors.end(),
                     [&](const auto& e) { return codes.contains(e.first); });
}

// Table 17.

void count_providers(const senders& all, std::vector<std::string>& out) {
  table t17("t17", out);
  for (const auto* one : all) {
    if (one->line->kind != "provider")
      continue;
    const bool own = one->dmarc.has && one->dmarc.source == "author" && !one->dmarc.policy.empty();
    t17.value(one->line->name, "spf",
              one->spf.status == "valid" ? quoted(one->spf.policy_recursive) : "null");
    t17.count(one->line->name, "look-up failed", 0);
    t17.value(one->line->name, "dmarc", own ? quoted(one->dmarc.policy) : "null");
  }
}

void count_errors(const senders& mail, std::vector<std::string>& out) {
  const auto asked = those(mail, [](const auto& s) { return !s.spf.status.empty(); });
  std::map<std::string, std::size_t> rows;
  for (const auto* s : asked)
    ++rows[has_error(*s, {"dns_timeout"})                                 ? "DNS timeout"
           : has_error(*s, {"dns_servfail", "dns_refused", "dns_failed"}) ? "temporary error"
           : has_error(*s, {"syntax", "multiple"})                        ? "invalid record"
           : has_error(*s, {"include_none", "redirect_none", "loop", "lookups", "void", "mx_names"})
               ? "permanent error"
               : "no error"];
  table t19("t19", out);
  for (const char* row : {"DNS timeout", "temporary error", "invalid record", "permanent error", "no error"})
    t19.count(row, "domains", rows[row]);
  count_words(
      "t19-codes", those(asked, [](const auto& s) { return !s.spf.errors.empty(); }),
      [](const auto& s) {
        std::set<std::string> codes;
        for (const auto& e : s.spf.errors)
          codes.insert(e.first);
        return codes;
      },
      out);
}

void count_policies(const senders& valid, std::vector<std::string>& out) {
  for (const bool recursive : {false, true}) {
    const auto says = [recursive](const char* word) {
      return [recursive, word](const expected_sender& s) {
        return (recursive ? s.spf.policy_recursive : s.spf.policy) == word;
      };
    };
    std::vector<std::pair<std::string, condition>> rows = {
        {"SPF policy present", [](const auto&) { return true; }},
        {"hard fail", says("hard")},
        {"soft fail", says("soft")},
        {"neutral", [=](const auto& s) { return says("neutral")(s) || says("none")(s); }},
        {"pass", says("pass")}};
    if (!recursive)
      rows.emplace_back("redirect", says("redirect"));
    else
      rows.emplace_back("no policy (the redirect leads to none, or was not answered)", says(""));
    count(recursive ? "t20-recursive" : "t20", valid, rows, out);
  }
  std::map<std::pair<std::string, std::string>, std::size_t> pairs;
  for (const auto* s : valid)
    ++pairs[{s->spf.policy, s->spf.policy_recursive.empty() ? "null" : s->spf.policy_recursive}];
  table cross("t20-words", out);
  for (const auto& [pair, n] : pairs)
    cross.count(pair.first, pair.second, n);
}

void count_terms(const senders& valid, std::vector<std::string>& out) {
  for (const bool recursive : {false, true}) {
    const auto uses = [recursive](std::size_t kind) {
      return [recursive, kind](const expected_sender& s) {
        return (recursive ? s.spf.all : s.spf.top)[kind] > 0;
      };
    };
    std::vector<std::pair<std::string, condition>> rows = {
        {"IPv4", uses(5)}, {"IPv6", uses(6)}, {"A", uses(2)}, {"MX", uses(3)}};
    if (!recursive)
      rows.emplace_back("REDIRECT", uses(8));
    count(recursive ? "t21-recursive" : "t21", valid, rows, out);
    count_words(
        recursive ? "t21-terms-recursive" : "t21-terms", valid,
        [recursive](const auto& s) {
          std::set<std::string> kinds;
          for (std::size_t i = 0; i < term_words.size(); ++i)
            if ((recursive ? s.spf.all : s.spf.top)[i] > 0)
              kinds.insert(term_words[i]);
          return kinds;
        },
        out);
  }
}

void count_reports(const senders& mail, std::vector<std::string>& out) {
  const auto own = [](const char* policy) {
    return [policy](const expected_sender& s) {
      return s.dmarc.has && s.dmarc.source == "author" && s.dmarc.policy == policy;
    };
  };
  count("t22", mail,
        {{"not known", [](const auto& s) { return s.dmarc.failed; }},
         {"quarantine", own("quarantine")},
         {"none", own("none")},
         {"reject", own("reject")},
         {"record without effect", own("")},
         {"not published",
          [](const auto& s) { return !s.dmarc.failed && (!s.dmarc.has || s.dmarc.source != "author"); }}},
        out);
  std::map<std::pair<std::string, std::string>, std::size_t> pairs;
  for (const auto* s : mail)
    if (s->dmarc.has && !s->dmarc.effective.empty())
      ++pairs[{s->dmarc.effective, s->dmarc.source}];
  table effective("t22-effective", out);
  for (const auto& [pair, n] : pairs)
    effective.count(pair.first, pair.second, n);
  count_words(
      "t22-errors", mail,
      [](const auto& s) { return std::set<std::string>(s.dmarc.errors.begin(), s.dmarc.errors.end()); }, out);
}

void count_sizes(const senders& valid, std::vector<std::string>& out) {
  const auto at_most = [](wide n) {
    return [n](const expected_sender& s) { return count_of(s.spf.pass4) <= n; };
  };
  std::vector<std::pair<std::string, condition>> rows = {{"nobody", at_most(0)}};
  for (unsigned bits = 33; bits-- > 0;)
    rows.emplace_back("/" + std::to_string(bits), at_most(wide{1} << (32 - bits)));
  count("f4", valid, rows, out);
  const auto networks = [](wide n) { // 2^128 counts as 0 in 128 bits
    return [n](const expected_sender& s) {
      const auto all = count_of(s.spf.pass6);
      return all == 0 ? s.spf.pass6.empty() || n == wide{1} << 64
                      : (all >> 64) + ((all & ~std::uint64_t{0}) != 0 ? 1 : 0) <= n;
    };
  };
  rows = {{"nobody", networks(0)}};
  for (const unsigned bits : {64U, 56U, 48U, 40U, 32U, 24U, 16U, 8U, 0U})
    rows.emplace_back("/" + std::to_string(bits), networks(wide{1} << (64 - bits)));
  count("f4-ip6", valid, rows, out);
}

void count_coarseness(const senders& valid, const plan& published, std::vector<std::string>& out) {
  const auto at_least = [](wide n) {
    return [n](const expected_sender& s) { return count_of(s.spf.pass4) >= n; };
  };
  count("coarseness", those(valid, at_least(1)),
        {{"more than a /24", at_least(257)},
         {"at least a /16", at_least(1 << 16)},
         {"at least a /8", at_least(1 << 24)},
         {"more than a /8", at_least((1 << 24) + 1)},
         {"everybody left (+all)", [](const auto& s) { return s.spf.everybody4; }},
         {"special-purpose addresses", [](const auto& s) { return lets_in_special(s.spf); }}},
        out);
  const auto wider = [](unsigned bits) {
    return [bits](const expected_sender& s) { return *s.spf.largest4 <= bits; };
  };
  const auto writes = [&published](const std::function<bool(const term&)>& that) {
    return [&published, that](const expected_sender& s) {
      const auto found = published.published.spf.find(s.line->name);
      return found != published.published.spf.end() &&
             std::any_of(found->second.terms.begin(), found->second.terms.end(), that);
    };
  };
  count("coarseness-widest", those(valid, [](const auto& s) { return s.spf.largest4.has_value(); }),
        {{"more than a /24", wider(23)},
         {"at least a /16", wider(16)},
         {"at least a /8", wider(8)},
         {"more than a /8", wider(7)},
         {"10.0.0.0/8 in the own record", writes([](const term& t) {
            return t.network == "10.0.0.0" && t.bits == 8 && t.says == qualifier::pass;
          })},
         {"a mask for an address (255.255.255.255/8)",
          writes([](const term& t) { return t.written.starts_with("255.255."); })},
         {"address bits behind the length, in either family", [](const auto& s) { return s.spf.host_bits; }}},
        out);
}

void count_delegation(const senders& valid, std::vector<std::string>& out) {
  const auto set_of = [](const std::vector<std::string>& list) {
    return std::set<std::string>(list.begin(), list.end());
  };
  count_top(
      "includes", 20, valid, [&](const auto& s) { return set_of(s.spf.includes); }, out);
  count_top(
      "includes-all", 20, valid, [&](const auto& s) { return set_of(s.spf.includes_all); }, out);
  count_top(
      "redirects", 20, valid,
      [](const auto& s) {
        return s.spf.redirect.empty() ? std::set<std::string>() : std::set<std::string>{s.spf.redirect};
      },
      out);
}

void count_costs(const senders& valid, std::vector<std::string>& out) {
  const auto histogram = [&](const char* name, std::size_t most,
                             const std::function<std::size_t(const expected_sender&)>& cost) {
    std::vector<std::pair<std::string, condition>> rows;
    for (std::size_t n = 0; n <= most; ++n)
      rows.emplace_back(std::to_string(n), [=](const auto& s) { return cost(s) == n; });
    rows.emplace_back("more than " + std::to_string(most), [=](const auto& s) { return cost(s) > most; });
    count(name, valid, rows, out);
  };
  histogram("lookups", 10, [](const auto& s) { return s.spf.lookups; });
  histogram("void", 2, [](const auto& s) { return s.spf.void4; });
  histogram("void-both", 2, [](const auto& s) { return s.spf.void_both; });
}

} // namespace

namespace {

/// For each number of domains, how many addresses exactly so many let in: a running sum over the ends of all
/// ranges.
std::map<long, wide> depths(const senders& of, bool v6) {
  std::map<wide, long> steps;
  const wide end = v6 ? 0 : wide{1} << 32; // of IPv6 the end is 2^128, which is 0 here
  for (const auto* s : of)
    for (const auto& [low, high] : v6 ? s->spf.pass6 : s->spf.pass4) {
      ++steps[low];
      if (high + 1 != end)
        --steps[high + 1];
    }
  std::map<long, wide> out;
  long now = 0;
  for (auto at = steps.begin(); at != steps.end(); ++at) {
    now += at->second;
    const auto next = std::next(at);
    out[now] += (next == steps.end() ? end : next->first) - at->first;
  }
  return out;
}

void add_space(std::vector<std::string>& out, const senders& of, bool v6) {
  const auto exactly = depths(of, v6);
  const long most = exactly.empty() ? 0 : exactly.rbegin()->first;
  std::vector<long> steps;
  for (long ten = 1; ten <= most; ten *= 10)
    for (const long step : {1, 2, 5})
      if (ten * step < most)
        steps.push_back(ten * step);
  steps.push_back(most);
  for (const long k : steps) {
    wide n = 0;
    for (auto at = exactly.lower_bound(k); at != exactly.end(); ++at)
      n += at->second;
    const auto count =
        n == 0 ? "340282366920938463463374607431768211456" : decimal(n); // 2^128 is 0 in 128 bits
    auto line = object();
    line.text("overlap", "space")
        .text("family", v6 ? "ip6" : "ip4")
        .number("domains", static_cast<std::uint64_t>(k));
    out.push_back(line.text("count", count).close());
  }
}

} // namespace

std::vector<std::string> overlap_lines(const std::vector<expected_sender>& all) {
  senders of;
  std::size_t without = 0, unreadable = 0, unknown = 0, everybody = 0, nobody = 0;
  std::set<std::pair<ranges, ranges>> sets;
  for (const auto& s : all) {
    if (s.spf.status == "none" || s.spf.status.empty()) {
      ++without;
    } else if (has_error(s, {"dns_timeout", "dns_servfail", "dns_refused", "dns_failed"})) {
      ++unknown;
    } else if (s.spf.status != "valid") {
      ++unreadable;
    } else if (s.spf.everybody4 || s.spf.everybody6) {
      ++everybody;
    } else if (s.spf.pass4.empty() && s.spf.pass6.empty()) {
      ++nobody;
    } else {
      of.push_back(&s);
      sets.emplace(s.spf.pass4, s.spf.pass6);
    }
  }
  auto summary = object();
  summary.text("overlap", "summary").number("domains", all.size()).number("sets", sets.size());
  summary.number("without_policy", without).number("unreadable", unreadable).number("not_known", unknown);
  std::vector<std::string> out = {summary.number("everybody", everybody).number("nobody", nobody).close()};
  add_space(out, of, false);
  add_space(out, of, true);
  return out;
}

std::vector<expected_sender> work_out_senders(const plan& all) {
  std::vector<expected_sender> out;
  for (const auto& line : all.senders) {
    expected_sender one;
    one.line = &line;
    one.rank = out.size() + 1;
    one.mx_kind = mx_kind(all, line.name);
    one.spf = expect_spf(all, line.name);
    one.dmarc = expect_dmarc(all, line.name);
    out.push_back(std::move(one));
  }
  return out;
}

std::string to_json(const expected_sender& from) {
  auto out = object();
  out.number("rank", from.rank);
  if (!from.line->name.empty())
    out.text("domain", from.line->name);
  return out.add("spf", to_json(from.spf)).add("dmarc", to_json(from.dmarc)).close();
}

std::vector<std::string> policy_cells(const std::vector<expected_sender>& all, const plan& published) {
  std::vector<std::string> out;
  senders everyone;
  for (const auto& one : all)
    everyone.push_back(&one);
  const auto mail = those(everyone, receives);
  const auto valid = those(mail, [](const auto& s) { return s.spf.status == "valid"; });
  count_providers(everyone, out);
  count_errors(mail, out);
  count_policies(valid, out);
  count_terms(valid, out);
  count_reports(mail, out);
  const auto known = those(valid, [](const auto& s) {
    return !has_error(s, {"dns_timeout", "dns_servfail", "dns_refused", "dns_failed"});
  });
  count_sizes(known, out);
  count_coarseness(known, published, out);
  count_delegation(valid, out);
  count_costs(valid, out);
  return out;
}

} // namespace world
