/// The tables of the study, counted from what was worked out, by code of its own.
#include "cell_table.hpp"
#include "truth.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <set>
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

const suite& chosen(const expected_record& r) {
  return suite_of(r.smtp.at->suite_id);
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

void count_trust(const char* name, const records& of, std::vector<std::string>& out) {
  table t5(name, out);
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

std::size_t addresses(const records& of, const condition& that) {
  std::set<asio::ip::address> seen;
  for (const auto* r : of)
    if (r->smtp.at != nullptr && that(*r))
      seen.insert(r->smtp.ip);
  return seen.size();
}

/// Rows that are conditions, columns domains and addresses.
struct row_of {
  const char* label;
  condition is;
};
void count_rows(const char* name, const records& of, const std::vector<row_of>& rows,
                std::vector<std::string>& out) {
  table t(name, out);
  for (const auto& row : rows) {
    t.count(row.label, "domains", count(of, row.is));
    t.count(row.label, "addresses", addresses(of, row.is));
  }
}

records only(const records& of, const condition& that) {
  records out;
  std::copy_if(of.begin(), of.end(), std::back_inserter(out), [&](const auto* r) { return that(*r); });
  return out;
}

void count_funnel(const records& everyone, std::vector<std::string>& out) {
  const auto stands = [](const auto& r) { return r.smtp.banner_code || r.smtp.stage == "banner"; };
  count_rows("t10", only(everyone, [](const auto& r) { return r.smtp.at != nullptr; }),
             {{"TCP port 25 open", stands},
              {"responsive SMTP server", [](const auto& r) { return r.smtp.banner_code == 220; }},
              {"STARTTLS handshake succeeded", shook}},
             out);
}

void count_stripping(const records& everyone, std::vector<std::string>& out) {
  const auto replied = [](const char* word) {
    return [word](const auto& r) { return r.strip.reply == word; };
  };
  const auto replaced = [](const auto& r) {
    return r.strip.reply == "echo_replaced_x" || r.strip.reply == "echo_replaced_other";
  };
  count_rows("t11", only(everyone, [](const auto& r) { return r.smtp.banner_code == 220 && !shook(r); }),
             {{"command not echoed", [](const auto& r) { return r.strip.reply.rfind("echo_", 0) != 0; }},
              {"STARTTLS echoed intact", replied("echo_intact")},
              {"STARTTLS replaced", replaced},
              {"command cut to four characters", replied("echo_truncated")}},
             out);
  const auto styled = [](const char* word) {
    return [word](const auto& r) { return r.strip.style == word; };
  };
  count_rows("t13", everyone,
             {{"Cisco-style (X substitution)", styled("cisco")},
              {"BLUF", styled("bluf")},
              {"other", styled("other")}},
             out);
  std::vector<row_of> verdicts;
  for (const char* word : {"no_evidence", "not_stripped", "stripped"})
    verdicts.push_back({word, [word](const auto& r) { return r.strip.verdict == word; }});
  count_rows("stripping", everyone, verdicts, out);
}

using word_of_record = std::function<std::string(const expected_record&)>;

/// The most frequent word; of several the one that comes first.
std::string most_frequent(const records& of, const word_of_record& word_of) {
  std::map<std::string, std::size_t> counts;
  for (const auto* r : of)
    ++counts[word_of(*r)];
  const auto best = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == counts.end() ? "null" : quoted(best->first);
}

/// The groups by provider, largest first, those of one size by name; behind `top` of them the rest together.
std::vector<std::pair<std::string, records>> by_provider(const records& of, std::size_t top) {
  std::map<std::string, records> groups;
  for (const auto* r : of)
    groups[r->mx.provider].push_back(r);
  std::vector<std::pair<std::string, records>> order(groups.begin(), groups.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  records rest;
  while (order.size() > top) {
    rest.insert(rest.end(), order.back().second.begin(), order.back().second.end());
    order.pop_back();
  }
  if (!rest.empty())
    order.emplace_back("Other", rest);
  return order;
}

void count_provider_tls(const records& with_tls, std::vector<std::string>& out) {
  table t7("t7", out);
  for (const auto& [name, those] : by_provider(with_tls, 19)) {
    t7.count(name, "domains", those.size());
    const std::pair<const char*, word_of_record> words[] = {
        {"version", [](const auto& r) { return std::string(word(in_2015(r.smtp.at->top))); }},
        {"key_exchange", [](const auto& r) { return std::string(chosen(r).key_exchange); }},
        {"cipher", [](const auto& r) { return std::string(chosen(r).bulk); }},
        {"matches", [](const auto& r) { return r.tls.matches; }}};
    for (const auto& [column, word_of] : words)
      t7.value(name, column, most_frequent(those, word_of));
  }
}

void count_certificates(const records& working, const records& with_tls, std::vector<std::string>& out) {
  std::vector<row_of> reasons;
  for (const char* word : {"bad_parent", "expired", "incomplete_chain", "not_yet_valid", "self_signed",
                           "unknown_ca", "weak_key", "weak_signature"})
    reasons.push_back({word, [word](const auto& r) {
                         const auto& errors = r.tls.verify_errors;
                         return std::find(errors.begin(), errors.end(), word) != errors.end();
                       }});
  count_rows("reasons", with_tls, reasons, out);
  table mismatches("mismatches", out);
  for (const auto& [name, those] :
       by_provider(only(with_tls, [](const auto& r) { return trusted(r) && r.tls.matches == "neither"; }), 5))
    mismatches.count(name, "domains", those.size());
  count_trust("t5-signed", only(working, [](const auto& r) { return r.mx.secure; }), out);
}

void count_ranks(const records& working, std::vector<std::string>& out) {
  struct bucket {
    const char* label;
    std::size_t above, up_to;
  };
  table ranks("ranks", out);
  for (const auto& b :
       {bucket{"top 50", 0, 50}, bucket{"51 to 1,000", 50, 1000}, bucket{"1,001 to 10,000", 1000, 10000},
        bucket{"10,001 to 100,000", 10000, 100000}, bucket{"above 100,000", 100000, SIZE_MAX}}) {
    const auto in = only(working, [&b](const auto& r) { return r.rank > b.above && r.rank <= b.up_to; });
    ranks.count(b.label, "domains", in.size());
    ranks.count(b.label, "starttls", count(in, supports));
    ranks.count(b.label, "trusted", count(in, trusted));
  }
  table top("top-50", out);
  for (const auto* r : working)
    if (r->rank <= 50 && !supports(*r))
      top.count(r->line->name, "domains", 1);
}

void count_all_providers(const records& working, const records& everyone, std::vector<std::string>& out) {
  table providers("providers", out);
  for (const auto& [name, those] : by_provider(working, 20)) {
    providers.count(name, "domains", those.size());
    providers.count(name, "servers", addresses(those, [](const auto&) { return true; }));
    providers.count(name, "starttls", count(those, supports));
    providers.count(name, "trusted", count(those, trusted));
  }
  const auto receiving =
      only(everyone, [](const auto& r) { return r.mx.kind == "mx" || r.mx.kind == "implicit"; });
  const auto sure = count(receiving, [](const auto& r) { return r.mx.secure; });
  table dnssec("dnssec", out);
  dnssec.count("MX answer authenticated (DNSSEC)", "domains", sure);
  dnssec.count("not authenticated", "domains", receiving.size() - sure);
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
  count_trust("t5", working, out);
  std::vector<row_of> software;
  for (const auto word : mta_words)
    if (count(working, [word](const auto& r) { return world::word(r.smtp.at->runs) == word; }) > 0)
      software.push_back(
          {word.data(), [word](const auto& r) { return world::word(r.smtp.at->runs) == word; }});
  count_rows("t6", working, software, out);
  count_words("keys", protected_ones, out, [](const auto& r) {
    const auto key = r.smtp.at->shows.key;
    return (is_ec(key) ? "ec-" : "rsa-") + std::to_string(key_bits[static_cast<std::size_t>(key)]);
  });
  count_words("suites", protected_ones, out, [](const auto& r) { return std::string(chosen(r).name); });
  count_words("bulk", protected_ones, out, [](const auto& r) { return std::string(chosen(r).bulk); });
  count_words("pfs", protected_ones, out,
              [](const auto& r) { return std::string(chosen(r).key_exchange == "RSA" ? "false" : "true"); });
  count_funnel(everyone, out);
  count_stripping(everyone, out);
  count_provider_tls(protected_ones, out);
  count_certificates(working, protected_ones, out);
  count_ranks(working, out);
  count_all_providers(working, everyone, out);
  return out;
}

} // namespace world
