#include "senders.hpp"

#include "check.hpp"
#include "json.hpp"
#include "truth.hpp"

#include <algorithm>

namespace world {

namespace {

using asio::ip::address;
using asio::ip::make_address;

constexpr std::size_t index_of(mechanism is) {
  constexpr std::array<std::size_t, 8> at = {0, 1, 2, 3, 4, 5, 6, 7};
  return at[static_cast<std::size_t>(is)];
}
constexpr std::size_t redirect_index = 8, exp_index = 9, unknown_index = 10;
constexpr const char* policy_words[] = {"pass", "hard", "soft", "neutral"}; // by sign

struct family {
  ranges pass, united, matched;
};

/// One walk through a policy and all that it leads to.
class walker {
public:
  walker(const plan& all, std::string root) : all_(all), root_(std::move(root)) {}

  expected_spf walk(const std::string& name) {
    expected_spf out;
    out.at = name;
    const auto said = all_.names.look_up(name, rrtype::txt);
    out.outcome = outcome_word(said, rrtype::txt);
    if (is_failure(out.outcome)) {
      out.status = "temperror";
      out.errors.emplace_back(error_of(out.outcome), name);
      return out;
    }
    const auto* what = policy_at(name, said);
    out.status = what == nullptr                  ? "none"
                 : what->wrong == fault::multiple ? "multiple"
                 : what->wrong == fault::syntax   ? "syntax"
                                                  : "valid";
    if (what == nullptr)
      return out;
    read(*what, name, out);
    return out;
  }

private:
  static std::string error_of(const std::string& outcome) {
    return outcome == "timeout"         ? "dns_timeout"
           : outcome == "servfail"      ? "dns_servfail"
           : outcome == "query_refused" ? "dns_refused"
                                        : "dns_failed";
  }

  /// The policy that stands at a name, or where its CNAME leads.
  const sender_policy* policy_at(const std::string& name, const answer& said) const {
    std::string owner = name;
    for (const auto& [from, record] : said.records)
      if (record->kind == rrtype::cname)
        owner = lower(record->text);
    const auto found = all_.published.spf.find(owner);
    return found == all_.published.spf.end() || !said.holds(rrtype::txt) ? nullptr : &found->second;
  }

  void read(const sender_policy& what, const std::string& name, expected_spf& out) {
    out.records = 1;
    for (const auto& one : what.terms)
      ++out.top[index_of(one.is)];
    out.top[redirect_index] = what.redirect.empty() ? 0 : 1;
    out.top[exp_index] = what.explains ? 1 : 0;
    out.top[unknown_index] = what.unknown;
    out.all = out.top;
    const auto last = std::find_if(what.terms.begin(), what.terms.end(),
                                   [](const term& t) { return t.is == mechanism::all; });
    out.policy = last != what.terms.end() ? policy_words[static_cast<std::size_t>(last->says)]
                 : what.redirect.empty()  ? "none"
                                          : "redirect";
    out.policy_recursive = out.policy == "redirect" ? "" : out.policy;
    if (what.wrong != fault::none) {
      out.errors.emplace_back(what.wrong == fault::multiple ? "multiple" : "syntax", name);
      return;
    }
    family four, six;
    on_the_way_.push_back(name);
    for (auto it = what.terms.begin(); it != what.terms.end(); ++it) {
      take(*it, name, out, four, six);
      if (it == last)
        break;
    }
    if (last == what.terms.end() && !what.redirect.empty())
      redirect(what, name, out, four, six);
    on_the_way_.pop_back();
    out.pass4 = std::move(four.pass);
    out.pass6 = std::move(six.pass);
    out.union4 = std::move(four.united);
    out.union6 = std::move(six.united);
  }

  std::string target_of(const std::string& target, const std::string& name, bool v6) const {
    if (target.empty())
      return name;
    std::string out = target;
    for (const auto& [macro, value] : {std::pair<std::string, std::string>("%{d}", name),
                                       {"%{o}", root_},
                                       {"%{v}", v6 ? "ip6" : "in-addr"}})
      for (auto at = out.find(macro); at != std::string::npos; at = out.find(macro, at + value.size()))
        out.replace(at, macro.size(), value);
    return out;
  }

  static void match(family& to, qualifier says, const ranges& what) {
    if (says == qualifier::pass) {
      to.united = both(to.united, what);
      to.pass = both(to.pass, without(what, to.matched));
    }
    to.matched = both(to.matched, what);
  }

  static void match_all(family& to, qualifier says, wide last, bool& lets_in) {
    lets_in = lets_in || (says == qualifier::pass && !without({{0, last}}, to.matched).empty());
    match(to, says, {{0, last}});
  }

  static void note_width(std::optional<unsigned>& widest, unsigned bits, qualifier says) {
    if (says == qualifier::pass && (!widest || bits < *widest))
      widest = bits;
  }

  void take(const term& what, const std::string& name, expected_spf& out, family& four, family& six) {
    if (!what.written.empty())
      out.host_bits = true;
    switch (what.is) {
    case mechanism::ip4:
      note_width(out.largest4, what.bits, what.says);
      return match(four, what.says, {network(make_address(what.network), what.bits)});
    case mechanism::ip6:
      note_width(out.largest6, what.bits, what.says);
      return match(six, what.says, {network(make_address(what.network), what.bits)});
    case mechanism::all:
      match_all(four, what.says, last4, out.everybody4);
      return match_all(six, what.says, last6, out.everybody6);
    default:
      break;
    }
    ++out.lookups;
    out.ptr = out.ptr || what.is == mechanism::ptr;
    out.exists = out.exists || what.is == mechanism::exists;
    out.macro = out.macro || what.dynamic;
    if (what.is == mechanism::ptr || what.dynamic)
      return;
    if (what.is == mechanism::include)
      return include(what, name, out, four, six);
    if (what.is == mechanism::exists)
      return exists(what, name, out, four, six);
    // a, mx
    const auto asked4 = target_of(what.target, name, false), asked6 = target_of(what.target, name, true);
    const bool one = asked4 == asked6;
    const auto set4 = hosts(what, asked4, name, out, false, true),
               set6 = hosts(what, asked6, name, out, true, !one);
    for (std::size_t i = 0; one && i < set4.empty.size(); ++i)
      out.void_both += set4.empty[i] && set6.empty[i] ? 1 : 0;
    if (what.is == mechanism::mx && set4.exchanges > 10)
      out.errors.emplace_back("mx_names", name);
    match(four, what.says, set4.addresses);
    match(six, what.says, set6.addresses);
  }

  struct asked {
    ranges addresses;
    std::vector<bool> empty; ///< by question: it found nothing
    std::size_t exchanges = 0;
  };

  /// The addresses of one family that an a or mx term stands for.
  asked hosts(const term& what, const std::string& target, const std::string& name, expected_spf& out,
              bool v6, bool complains_of_mx) {
    asked found;
    std::vector<std::string> names{target};
    if (what.is == mechanism::mx) {
      names.clear();
      const auto said = all_.names.look_up(target, rrtype::mx);
      const auto outcome = outcome_word(said, rrtype::mx);
      note_empty(found, out, outcome, v6);
      if (is_failure(outcome) && complains_of_mx)
        out.errors.emplace_back(error_of(outcome), name);
      for (const auto& [owner, record] : said.records)
        if (record->kind == rrtype::mx) {
          ++found.exchanges;
          if (!record->text.empty())
            names.push_back(lower(record->text));
        }
    }
    ranges all;
    for (const auto& host : names) {
      const auto kind = v6 ? rrtype::aaaa : rrtype::a;
      const auto said = all_.names.look_up(host, kind);
      const auto outcome = outcome_word(said, kind);
      note_empty(found, out, outcome, v6);
      if (is_failure(outcome))
        out.errors.emplace_back(error_of(outcome), name);
      for (const auto& [owner, record] : said.records)
        if (record->kind == kind) {
          const unsigned bits = v6 ? what.bits6 : what.bits4;
          note_width(v6 ? out.largest6 : out.largest4, bits, what.says);
          all.push_back(network(record->address, bits));
        }
    }
    found.addresses = tidy(std::move(all));
    return found;
  }

  static void note_empty(asked& found, expected_spf& out, const std::string& outcome, bool v6) {
    const bool empty = outcome == "nodata" || outcome == "nxdomain";
    found.empty.push_back(empty);
    (v6 ? out.void6 : out.void4) += empty ? 1 : 0;
  }

  void exists(const term& what, const std::string& name, expected_spf& out, family& four, family& six) {
    for (const bool v6 : {false, true}) {
      const auto target = target_of(what.target, name, v6);
      const auto said = all_.names.look_up(target, rrtype::a);
      if (is_failure(outcome_word(said, rrtype::a)) && (!v6 || target != target_of(what.target, name, false)))
        out.errors.emplace_back(error_of(outcome_word(said, rrtype::a)), name);
      if (!said.holds(rrtype::a))
        continue;
      v6 ? match_all(six, what.says, last6, out.everybody6)
         : match_all(four, what.says, last4, out.everybody4);
    }
  }

  /// Reads what an include or redirect leads to. Nothing when the way is closed.
  std::optional<expected_spf> follow(const std::string& target, const std::string& name, expected_spf& out,
                                     bool redirect) {
    if (std::find(on_the_way_.begin(), on_the_way_.end(), target) != on_the_way_.end()) {
      out.loop = true;
      out.errors.emplace_back("loop", name);
      return std::nullopt;
    }
    auto child = walk(target);
    if (child.outcome == "nodata" || child.outcome == "nxdomain") {
      ++out.void4;
      ++out.void6;
      ++out.void_both;
    }
    if (child.status == "none") {
      out.include_none = out.include_none || !redirect;
      out.errors.emplace_back(redirect ? "redirect_none" : "include_none", name);
    }
    add(child, out);
    return child;
  }

  /// A subtree's costs and troubles become those of the tree.
  static void add(const expected_spf& child, expected_spf& out) {
    for (std::size_t i = 0; i < child.all.size(); ++i)
      out.all[i] += child.all[i];
    out.lookups += child.lookups;
    out.void4 += child.void4;
    out.void6 += child.void6;
    out.void_both += child.void_both;
    out.records += child.records;
    out.depth = std::max(out.depth, child.depth + 1);
    out.loop = out.loop || child.loop;
    out.include_none = out.include_none || child.include_none;
    out.macro = out.macro || child.macro;
    out.ptr = out.ptr || child.ptr;
    out.exists = out.exists || child.exists;
    out.host_bits = out.host_bits || child.host_bits;
    for (const auto& one : child.includes_all)
      note_new(out.includes_all, one);
    out.errors.insert(out.errors.end(), child.errors.begin(), child.errors.end());
  }

  static void note_new(std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end())
      list.push_back(name);
  }

  /// What passes in a subtree is what the term matches; where %{v} stands in the target, each family has one
  /// of its own.
  void bring(const expected_spf& child, const std::string& target6, qualifier says, expected_spf& out,
             family& four, family& six) {
    const auto other = child.at == target6 ? child : walk(target6);
    const auto bring_family = [says](family& to, const ranges& pass, const ranges& united) {
      if (says == qualifier::pass) {
        to.united = both(to.united, united);
        to.pass = both(to.pass, without(pass, to.matched));
      }
      to.matched = both(to.matched, pass);
    };
    const bool left4 = !without(child.pass4, four.matched).empty(),
               left6 = !without(other.pass6, six.matched).empty();
    bring_family(four, child.pass4, child.union4);
    bring_family(six, other.pass6, other.union6);
    if (says != qualifier::pass)
      return;
    out.everybody4 = out.everybody4 || (child.everybody4 && left4);
    out.everybody6 = out.everybody6 || (other.everybody6 && left6);
    if (child.largest4)
      note_width(out.largest4, *child.largest4, says);
    if (other.largest6)
      note_width(out.largest6, *other.largest6, says);
  }

  void include(const term& what, const std::string& name, expected_spf& out, family& four, family& six) {
    const auto target = target_of(what.target, name, false);
    note_new(out.includes, target);
    note_new(out.includes_all, target);
    if (const auto child = follow(target, name, out, false))
      bring(*child, target_of(what.target, name, true), what.says, out, four, six);
  }

  void redirect(const sender_policy& what, const std::string& name, expected_spf& out, family& four,
                family& six) {
    ++out.lookups;
    out.policy_recursive.clear();
    out.redirect = what.redirect_dynamic ? what.redirect : target_of(what.redirect, name, false);
    if (what.redirect_dynamic) {
      out.macro = true;
      return;
    }
    const auto child = follow(out.redirect, name, out, true);
    if (!child)
      return;
    if (child->status == "valid")
      out.policy_recursive = child->policy_recursive;
    bring(*child, target_of(what.redirect, name, true), qualifier::pass, out, four, six);
  }

  const plan& all_;
  std::string root_;
  std::vector<std::string> on_the_way_;
};

std::string bits_or_null(const std::optional<unsigned>& bits) {
  return bits ? std::to_string(*bits) : "null";
}

std::string terms_json(const std::array<std::size_t, 11>& counts) {
  auto out = object();
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0)
      out.number(term_words[i], counts[i]);
  return out.close();
}

/// A count as the record has it; all of 2^128 addresses do not fit in 128 bits.
std::string count_json(const ranges& set) {
  if (set.size() == 1 && set[0].first == 0 && set[0].second == last6)
    return quoted("340282366920938463463374607431768211456");
  return quoted(decimal(count_of(set)));
}

std::string family_json(const expected_spf& from, bool v6) {
  const auto& pass = v6 ? from.pass6 : from.pass4;
  const auto fewest = networks_of(pass, v6 ? last6 : last4);
  auto out = object();
  out.add("count", count_json(pass)).add("union_count", count_json(v6 ? from.union6 : from.union4));
  out.number("cidrs", fewest.count).add("largest", bits_or_null(v6 ? from.largest6 : from.largest4));
  out.add("largest_union", bits_or_null(fewest.widest)).flag("all", v6 ? from.everybody6 : from.everybody4);
  if (!v6) {
    out.add("special", count_json(common(pass, special4())));
    return out.close();
  }
  const bool whole = pass.size() == 1 && pass[0].first == 0 && pass[0].second == last6;
  const wide n = count_of(pass);
  return out
      .text("n64",
            whole ? "18446744073709551616" : decimal((n >> 64) + ((n & ~std::uint64_t{0}) != 0 ? 1 : 0)))
      .close();
}

} // namespace

bool lets_in_special(const expected_spf& from) {
  return !common(from.pass4, special4()).empty();
}

expected_spf expect_spf(const plan& all, const std::string& domain) {
  expected_spf out;
  if (domain.empty()) {
    out.outcome = "malformed";
    return out;
  }
  out = walker(all, domain).walk(domain);
  for (const auto& [code, outcome] : {std::pair("dns_timeout", "timeout"),
                                      {"dns_servfail", "servfail"},
                                      {"dns_refused", "query_refused"}}) {
    const auto first = std::find_if(out.errors.begin(), out.errors.end(),
                                    [](const auto& e) { return e.first.starts_with("dns_"); });
    if (first != out.errors.end() && first->first == code)
      out.outcome = outcome;
  }
  const bool many = out.lookups > 10, empty = out.void4 > 2;
  out.over_limit = many || empty || std::any_of(out.errors.begin(), out.errors.end(), [](const auto& e) {
                     return e.first == "mx_names";
                   });
  if (empty)
    out.errors.insert(out.errors.begin(), {"void", domain});
  if (many)
    out.errors.insert(out.errors.begin(), {"lookups", domain});
  out.result_class = result_for_strangers(all, domain);
  return out;
}

std::string to_json(const expected_spf& from) {
  auto out = object();
  out.text("outcome", from.outcome);
  if (from.status.empty())
    return out.add("status", "null").close();
  out.text("status", from.status);
  if (!from.policy.empty()) {
    out.text("policy", from.policy)
        .add("policy_recursive", from.policy_recursive.empty() ? "null" : quoted(from.policy_recursive));
    out.add("redirect", from.redirect.empty() ? "null" : quoted(from.redirect));
    out.add("includes", quoted_list(from.includes)).add("includes_all", quoted_list(from.includes_all));
    out.add("terms", object().add("top", terms_json(from.top)).add("all", terms_json(from.all)).close());
  }
  if (from.status == "valid") {
    out.number("lookups", from.lookups);
    out.add(
        "void",
        object().number("ip4", from.void4).number("ip6", from.void6).number("both", from.void_both).close());
    out.flag("over_limit", from.over_limit).number("records", from.records).number("depth", from.depth);
    out.flag("loop", from.loop)
        .flag("include_none", from.include_none)
        .flag("macro", from.macro)
        .flag("ptr", from.ptr);
    out.flag("exists", from.exists).flag("host_bits", from.host_bits);
    out.add("ip4", family_json(from, false)).add("ip6", family_json(from, true));
  }
  auto errors = array();
  for (const auto& [code, at] : from.errors)
    errors.item(object().text("code", code).text("at", at).close());
  return out.add("errors", errors.close()).text("result_class", from.result_class).close();
}

} // namespace world
