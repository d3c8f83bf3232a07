#include "dmarc.hpp"

#include "json.hpp"
#include "truth.hpp"

#include <algorithm>

namespace world {

namespace {

std::vector<std::string> labels_of(const std::string& name) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', at)) {
    out.push_back(name.substr(at, dot - at));
    at = dot + 1;
  }
  out.push_back(name.substr(at));
  return out;
}

/// The last n labels.
std::string tail(const std::vector<std::string>& labels, std::size_t n) {
  std::string out;
  for (std::size_t i = labels.size() - n; i < labels.size(); ++i)
    out += (out.empty() ? "" : ".") + labels[i];
  return out;
}

struct found {
  std::size_t labels; ///< of the name that has it
  const dmarc_policy* what;
};

std::string softer(const std::string& policy) {
  return policy == "reject" ? "quarantine" : "none";
}

/// The policy that a record has for a domain: its own, or one below it. Nothing: none.
std::string wanted_of(const dmarc_policy& what, bool own, bool nobody_has_it) {
  if (what.duplicate)
    return "";
  if (what.broken)
    return what.wants_reports ? "none" : "";
  if (own)
    return *what.p;
  if (nobody_has_it && what.np)
    return *what.np;
  return what.sp ? *what.sp : *what.p;
}

} // namespace

expected_dmarc expect_dmarc(const plan& all, const std::string& domain) {
  expected_dmarc out;
  if (domain.empty()) {
    out.outcome = "malformed";
    return out;
  }
  const auto labels = labels_of(domain);
  std::vector<found> records;
  for (std::size_t n = labels.size(); n > 0; n = n > 8 ? 7 : n - 1) {
    const auto name = tail(labels, n);
    const auto said = all.names.look_up("_dmarc." + name, rrtype::txt);
    const auto outcome = outcome_word(said, rrtype::txt);
    out.queries.push_back("_dmarc." + name);
    if (n == labels.size())
      out.outcome = outcome;
    if (is_failure(outcome)) {
      out.outcome = outcome;
      out.failed = true;
      out.errors = {"temperror"};
      return out;
    }
    const auto at = all.published.dmarc.find(name);
    if (at == all.published.dmarc.end() || !said.holds(rrtype::txt))
      continue;
    if (at->second.size() > 1) {
      out.errors = {"multiple_records"};
      continue;
    }
    records.push_back({n, &at->second.front()});
    if (records.back().what->psd != "u")
      break;
  }
  out.org_domain = domain;
  std::size_t org = labels.size();
  for (const auto& one : records) {
    if (one.what->psd == "y" && one.labels < labels.size()) {
      org = one.labels + 1;
      break;
    }
    org = one.labels;
  }
  out.org_domain = tail(labels, org);
  const auto holder = [&](std::size_t n) {
    const auto at =
        std::find_if(records.begin(), records.end(), [n](const found& f) { return f.labels == n; });
    return at == records.end() ? nullptr : at->what;
  };
  std::size_t of = labels.size();
  out.has = holder(of);
  out.source = "author";
  if (!out.has) {
    out.has = holder(of = org);
    out.source = "org";
  }
  if (!out.has && !records.empty() && records.back().what->psd == "y") {
    out.has = holder(of = records.back().labels);
    out.source = "psd";
  }
  if (!out.has)
    return out;
  out.policy_domain = tail(labels, of);
  const bool own = out.source == "author";
  bool nobody = false;
  if (!own && out.has->np) {
    out.queries.push_back(domain);
    nobody = all.names.look_up(domain, rrtype::a).code == rcode::nxdomain;
  }
  out.policy = wanted_of(*out.has, own, nobody);
  out.effective = out.policy.empty() || out.has->t == "n" ? out.policy : softer(out.policy);
  out.errors.insert(out.errors.end(), out.has->flaws.begin(), out.has->flaws.end());
  return out;
}

std::string to_json(const expected_dmarc& from) {
  const auto word = [](const std::string& text) { return text.empty() ? std::string("null") : quoted(text); };
  const auto maybe = [&](const std::optional<std::string>& text) {
    return text ? quoted(*text) : std::string("null");
  };
  auto out = object();
  out.text("outcome", from.outcome);
  if (from.outcome == "malformed")
    return out.add("found", "null").close();
  out.add("errors", quoted_list(from.errors)).add("queries", quoted_list(from.queries));
  if (from.failed)
    return out.add("found", "null").add("policy", "null").close();
  out.flag("found", from.has != nullptr).text("org_domain", from.org_domain);
  if (!from.has)
    return out.add("policy_domain", "null").add("p", "null").close();
  const auto& what = *from.has;
  out.text("policy_domain", from.policy_domain).text("source", from.source).text("record", what.text);
  out.add("policy", word(from.policy))
      .add("effective", word(from.effective))
      .flag("applies", !from.policy.empty());
  out.add("p", maybe(what.p))
      .add("sp", maybe(what.sp))
      .add("np", maybe(what.np))
      .text("t", what.t)
      .text("psd", what.psd);
  out.text("adkim", what.adkim).text("aspf", what.aspf).text("fo", what.fo);
  out.add("rua", quoted_list(what.rua)).add("ruf", quoted_list(what.ruf));
  return out.add("pct", what.pct ? std::to_string(*what.pct) : "null").close();
}

} // namespace world
