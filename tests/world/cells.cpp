/// The tables of the study, counted from what was worked out, by code of its own.
#include "cell_table.hpp"
#include "truth.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace world {

namespace {

using records = std::vector<const expected_record*>;
using condition = std::function<bool(const expected_record&)>;

std::size_t count(const records& of, const condition& that) {
  return static_cast<std::size_t>(
      std::count_if(of.begin(), of.end(), [&](const auto* r) { return that(*r); }));
}

bool operational(const expected_record& r) {
  return r.smtp.outcome == "ok";
}
bool supports(const expected_record& r) {
  return r.smtp.starttls_code == 220;
}
bool shook(const expected_record& r) {
  return r.tls.outcome == "ok";
}
bool trusted(const expected_record& r) {
  return shook(r) && r.tls.verify_errors.empty();
}

bool has_address(const expected_record& r) {
  return std::any_of(r.mx.hosts.begin(), r.mx.hosts.end(),
                     [](const auto& h) { return !h.ipv4.empty() || !h.ipv6.empty(); });
}

bool any_failure(const expected_record& r) {
  const auto failed = [](const std::string& outcome) {
    return !outcome.empty() && outcome != "ok" && outcome != "nodata" && outcome != "nxdomain";
  };
  return std::any_of(r.mx.hosts.begin(), r.mx.hosts.end(),
                     [&](const auto& h) { return failed(h.ipv4_outcome) || failed(h.ipv6_outcome); });
}

std::string setup_of(const expected_record& r) {
  if (operational(r))
    return "operational SMTP server";
  if (r.mx.kind == "mx" || r.mx.kind == "implicit") {
    if (has_address(r))
      return "mail servers, none operational";
    return any_failure(r) ? "DNS failure" : "MX without an address";
  }
  if (r.mx.kind == "null")
    return "null MX";
  if (r.mx.outcome == "nodata" && r.mx.kind == "none")
    return "no MX and no address";
  if (r.mx.outcome == "nxdomain")
    return "no such domain";
  return r.mx.outcome == "malformed" ? "malformed name" : "DNS failure";
}

void count_setups(const records& all, std::vector<std::string>& out) {
  table t1("t1", out);
  for (const char* row :
       {"operational SMTP server", "mail servers, none operational", "MX without an address", "null MX",
        "no MX and no address", "no such domain", "DNS failure", "malformed name"})
    t1.count(row, "domains", count(all, [row](const auto& r) { return setup_of(r) == row; }));
}

void count_starttls(const records& of, std::vector<std::string>& out) {
  table t3("t3", out);
  const auto with = count(of, supports);
  t3.count("SMTP server without STARTTLS", "domains", of.size() - with);
  t3.count("SMTP server with STARTTLS", "domains", with);
}

void count_provider(table& t4, const std::string& row, const records& of) {
  t4.count(row, "domains", of.size());
  t4.count(row, "starttls", count(of, supports));
  t4.count(row, "trusted", count(of, trusted));
  std::string most = "null";
  std::size_t best = 0;
  for (const char* word : {"domain", "server", "neither"}) {
    const auto n = count(of, [word](const auto& r) { return shook(r) && r.tls.matches == word; });
    if (n > best) {
      best = n;
      most = quoted(word);
    }
  }
  t4.value(row, "matches", most);
}

void count_providers(const records& of, std::vector<std::string>& out) {
  table t4("t4", out);
  std::map<std::string, records> by_provider;
  for (const auto* r : of)
    by_provider[r->mx.provider].push_back(r);
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const auto& [name, those] : by_provider)
    order.emplace_back(those.size(), name);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  records rest;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& those = by_provider[order[i].second];
    if (i < 5)
      count_provider(t4, order[i].second, those);
    else
      rest.insert(rest.end(), those.begin(), those.end());
  }
  count_provider(t4, "Other", rest);
}

void count_trust(const records& of, std::vector<std::string>& out) {
  table t5("t5", out);
  for (const char* column : {"domain", "server", "neither"}) {
    const auto matches = [column](const auto& r) { return shook(r) && r.tls.matches == column; };
    const auto sure = count(of, [&](const auto& r) { return matches(r) && trusted(r); });
    const auto total = count(of, matches);
    t5.count("trusted", column, sure);
    t5.count("untrusted", column, total - sure);
    t5.count("total", column, total);
  }
}

void count_words(const char* name, const records& of, std::vector<std::string>& out,
                 const std::function<std::string(const expected_record&)>& word_of) {
  std::map<std::string, std::size_t> counts;
  for (const auto* r : of)
    ++counts[word_of(*r)];
  table words(name, out);
  for (const auto& [row, n] : counts)
    words.count(row, "domains", n);
}

const suite& chosen(const expected_record& r) {
  return suite_of(r.smtp.at->suite_id);
}

} // namespace

std::vector<std::string> cells(const std::vector<expected_record>& all) {
  std::vector<std::string> out;
  records everyone, working, protected_ones;
  for (const auto& r : all) {
    everyone.push_back(&r);
    if (operational(r))
      working.push_back(&r);
    if (shook(r))
      protected_ones.push_back(&r);
  }
  count_setups(everyone, out);
  count_starttls(working, out);
  count_providers(working, out);
  count_trust(working, out);
  count_words("t6", working, out, [](const auto& r) { return std::string(word(r.smtp.at->runs)); });
  count_words("keys", protected_ones, out, [](const auto& r) {
    const auto key = r.smtp.at->shows.key;
    return (is_ec(key) ? "ec-" : "rsa-") + std::to_string(key_bits[static_cast<std::size_t>(key)]);
  });
  count_words("suites", protected_ones, out, [](const auto& r) { return std::string(chosen(r).name); });
  count_words("bulk", protected_ones, out, [](const auto& r) { return std::string(chosen(r).bulk); });
  count_words("pfs", protected_ones, out,
              [](const auto& r) { return std::string(chosen(r).key_exchange == "RSA" ? "false" : "true"); });
  return out;
}

} // namespace world
