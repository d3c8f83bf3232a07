#include "check.hpp"

#include "truth.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace world {

namespace {

class check {
public:
  check(const plan& all, std::string root) : all_(all), root_(std::move(root)) {}

  std::string of(const std::string& name) {
    const auto result = record(name);
    return result.empty() ? "ok" : result;
  }

private:
  /// "permerror", "temperror", "none" (no record), or nothing: the client is not matched and nothing is
  /// wrong.
  std::string record(const std::string& name) {
    const auto said = all_.names.look_up(name, rrtype::txt);
    const auto outcome = outcome_word(said, rrtype::txt);
    if (is_failure(outcome))
      return "temperror";
    std::string owner = name;
    for (const auto& [from, r] : said.records)
      if (r->kind == rrtype::cname)
        owner = lower(r->text);
    const auto found = all_.published.spf.find(owner);
    if (found == all_.published.spf.end() || !said.holds(rrtype::txt)) {
      empty_ += outcome == "ok" ? 0 : 1;
      return "none";
    }
    if (found->second.wrong != fault::none || std::count(stack_.begin(), stack_.end(), name) > 0)
      return "permerror"; // who goes round and round comes to the limit
    stack_.push_back(name);
    auto result = terms(found->second, name);
    stack_.pop_back();
    return result;
  }

  std::string terms(const sender_policy& what, const std::string& name) {
    for (const auto& one : what.terms) {
      if (one.is == mechanism::all)
        return "";
      if (one.is == mechanism::ip4 || one.is == mechanism::ip6)
        continue;
      const auto result = ask(one, name);
      if (!result.empty())
        return result;
    }
    if (what.redirect.empty())
      return "";
    if (++asked_ > 10)
      return "permerror";
    if (what.redirect_dynamic)
      return "";
    const auto result = record(fill(what.redirect, name));
    return result == "none" ? "permerror" : result;
  }

  std::string ask(const term& one, const std::string& name) {
    if (++asked_ > 10)
      return "permerror";
    if (one.dynamic || one.is == mechanism::ptr)
      return "";
    const auto target = one.target.empty() ? name : fill(one.target, name);
    if (one.is == mechanism::include) {
      const auto result = record(target);
      return result == "none" || empty_ > 2 ? "permerror" : result;
    }
    if (one.is == mechanism::exists)
      return is_failure(outcome_word(all_.names.look_up(target, rrtype::a), rrtype::a)) ? "temperror" : "";
    return one.is == mechanism::a ? hosts({target}) : exchanges(target);
  }

  std::string exchanges(const std::string& target) {
    const auto said = all_.names.look_up(target, rrtype::mx);
    const auto outcome = outcome_word(said, rrtype::mx);
    if (is_failure(outcome))
      return "temperror";
    if (outcome != "ok")
      return ++empty_ > 2 ? "permerror" : "";
    std::vector<std::string> names;
    std::size_t n = 0;
    for (const auto& [owner, record] : said.records)
      if (record->kind == rrtype::mx && ++n && !record->text.empty())
        names.push_back(lower(record->text));
    return n > 10 ? "permerror" : hosts(names);
  }

  /// A client of IPv4 never sees an AAAA record fail; spfexpand asks for both, and says so.
  std::string hosts(const std::vector<std::string>& names) {
    for (const auto& host : names) {
      const auto four = outcome_word(all_.names.look_up(host, rrtype::a), rrtype::a);
      if (is_failure(four) || is_failure(outcome_word(all_.names.look_up(host, rrtype::aaaa), rrtype::aaaa)))
        return "temperror";
      if (four != "ok" && ++empty_ > 2)
        return "permerror";
    }
    return "";
  }

  [[nodiscard]] std::string fill(std::string target, const std::string& name) const {
    for (const auto& [macro, value] :
         {std::pair<std::string, std::string>("%{d}", name), {"%{o}", root_}, {"%{v}", "in-addr"}})
      if (const auto at = target.find(macro); at != std::string::npos)
        target.replace(at, macro.size(), value);
    return target;
  }

  const plan& all_;
  std::string root_;
  std::vector<std::string> stack_;
  std::size_t asked_ = 0, empty_ = 0;
};

} // namespace

std::string result_for_strangers(const plan& all, const std::string& domain) {
  const auto result = check(all, domain).of(domain);
  return result == "none" ? "ok" : result; // no policy is no error
}

} // namespace world
