/// Draws the generated part of the world: domains and servers in the proportions of the paper.
///
/// Shares come from paper-tables.json (tables 3 to 6) and sections 4.1 and 4.2 of the paper; where its text
/// has lost a table (most rows of Table 1) they are plausible guesses and marked so. Domains are dealt to
/// servers class by class, so that the shares by domain are met to the last domain where a class has enough
/// servers.
#include "plan.hpp"

#include "random.hpp"
#include "resolvers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>

namespace world {

namespace {

using asio::ip::address;
using asio::ip::make_address;

std::size_t part_of(std::size_t whole, double share) {
  return static_cast<std::size_t>(std::llround(static_cast<double>(whole) * share));
}

/// Splits `whole` by weights, largest remainder first; the parts add up to the whole.
std::vector<std::size_t> apportion(std::size_t whole, const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::size_t> parts;
  std::vector<std::pair<double, std::size_t>> rests;
  std::size_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double exact = static_cast<double>(whole) * weights[i] / sum;
    parts.push_back(static_cast<std::size_t>(exact));
    given += parts.back();
    rests.emplace_back(exact - std::floor(exact), i);
  }
  std::stable_sort(rests.begin(), rests.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; given < whole; ++i, ++given)
    ++parts[rests[i % rests.size()].second];
  return parts;
}

/// Sizes of `servers` hosters that share `domains`, few of them large, each at most `cap`; descending.
std::vector<std::size_t> hoster_sizes(std::size_t domains, std::size_t servers, std::size_t cap) {
  std::vector<double> weights;
  for (std::size_t i = 0; i < servers; ++i)
    weights.push_back(1.0 / std::pow(static_cast<double>(i + 3), 0.9));
  std::vector<std::size_t> sizes(servers, 0);
  const std::size_t floor = domains >= servers ? 1 : 0;
  auto parts = apportion(domains - floor * servers, weights);
  std::size_t over = 0;
  for (std::size_t i = 0; i < servers; ++i) {
    sizes[i] = parts[i] + floor;
    if (sizes[i] > cap) {
      over += sizes[i] - cap;
      sizes[i] = cap;
    }
  }
  for (std::size_t i = 0, idle = 0; over > 0 && idle < servers; i = (i + 1) % servers) {
    idle = sizes[i] < cap ? 0 : idle + 1;
    if (sizes[i] < cap) {
      ++sizes[i];
      --over;
    }
  }
  return sizes;
}

/// How a working server stands in Tables 3 and 5: trusted or untrusted, matching domain, server or neither;
/// or handshake failing, or no STARTTLS at all.
enum class standing : std::uint8_t { td, ud, us, ts, tn, un, failing, without };

/// What a domain's slot in the list is.
enum class setup : std::uint8_t {
  gmail,
  godaddy,
  yandex,
  qq,
  ovh,
  served,
  dead,
  no_address,
  null_mx,
  nothing,
  no_name,
  dns_fails,
  malformed
};

struct slot {
  setup is{};
  std::size_t host = 0; ///< index into hosts_ for served and dead
  std::string name;
};

/// A generated server and the domains dealt to it.
struct hosting {
  server what;
  standing stands = standing::without;
  bool fails = false;       ///< not operational
  bool by_customer = false; ///< each domain names it in its own domain: mail.<domain>
  std::size_t size = 0;
  std::vector<std::size_t> slots;
  std::string zone_name; ///< the hoster's own domain
};

class generator {
public:
  generator(plan& to, const sizes& wanted)
      : to_(to), wanted_(wanted), draw_(wanted.seed, "layout"), names_(wanted.seed, "names"),
        traits_(wanted.seed, "traits") {}

  void run() {
    add_providers();
    plan_slots();
    plan_hosts();
    deal_domains();
    give_traits();
    raise_hosts();
    for (auto& one : slots_)
      lay_out(one);
  }

private:
  // names and addresses
  std::string fresh_name(std::string_view suffix);
  address fresh_address();
  address fresh_address_6();
  void point(const std::string& name, const server& at);
  void mx(const std::string& domain, unsigned preference, const std::string& host);

  void add_providers();
  void add_provider(const std::vector<std::string>& hosts, server what, bool six);
  void plan_slots();
  void plan_hosts();
  void plan_class(standing stands, std::size_t domains, std::size_t servers, std::size_t cap);
  void plan_failing(std::size_t servers);
  void deal_domains();
  void give_traits();
  static temper working_temper(const hosting& host, std::size_t& hidden);
  void give_tempers();
  void give_keys();
  static void give_other_ages(server& what, std::size_t i);
  void give_suites();
  void give_verdicts();
  void give_software();
  void give_manners();
  void raise_hosts();
  void certify(hosting& host);

  void lay_out(slot& one);
  void lay_out_provider(const slot& one);
  void lay_out_mail(const slot& one, const hosting& host);
  void dress(const std::string& domain, const std::string& primary);
  void lay_out_blocked(const std::string& domain);
  void lay_out_no_address(const std::string& domain);
  void lay_out_failure(const std::string& domain);
  std::string malformed_word();

  std::vector<hosting*> those(bool (*that)(const hosting&));
  template <class Value>
  std::vector<Value> deal(const std::vector<hosting*>& to,
                          const std::vector<std::pair<Value, double>>& quotas);

  plan& to_;
  sizes wanted_;
  random_stream draw_, names_, traits_;
  std::set<std::string> taken_ = {"google.com", "googlemail.com", "secureserver.net", "yandex.net",
                                  "yandex.ru",  "qq.com",         "ovh.net",          "world.net"};
  std::vector<slot> slots_;
  std::vector<hosting> hosts_;
  std::vector<std::string> backups_; ///< names of working hosts
  std::vector<address> dead_;        ///< addresses where nobody listens
  std::size_t addresses_ = 0, addresses_6_ = 0, troubles_ = 0, malformed_ = 0, operational_ = 0;
  std::size_t provider_domains_[5] = {};
};

bool has_tls(const hosting& h) {
  return !h.fails && h.stands != standing::failing && h.stands != standing::without;
}
bool is_untrusted(const hosting& h) {
  return has_tls(h) && (h.stands == standing::ud || h.stands == standing::us || h.stands == standing::un);
}
bool is_working(const hosting& h) {
  return !h.fails;
}

std::string generator::fresh_name(std::string_view suffix) {
  static const std::vector<std::string> onsets = {"b", "d", "f", "g", "k", "l",  "m",  "n",  "p",
                                                  "r", "s", "t", "v", "z", "br", "st", "tr", "kl"};
  static const std::vector<std::string> vowels = {"a", "e", "i", "o", "u", "ai", "ou"};
  static const std::vector<std::string> tops = {"com", "com", "com", "com", "com", "com",
                                                "net", "org", "ru",  "de",  "info"};
  for (;;) {
    std::string name;
    for (std::size_t i = 0, n = 2 + names_.below(3); i < n; ++i)
      name += names_.pick(onsets) + names_.pick(vowels);
    name += std::string(suffix) + "." + names_.pick(tops);
    if (taken_.insert(name).second)
      return name;
  }
}

/// Every server has a /24 of its own, since a polite scanner spaces its connections by /24. All octets but
/// the first two have fixed lengths, so that addresses sort alike as text and as numbers.
address generator::fresh_address() {
  constexpr std::size_t thirds = 156; // 100 to 255
  constexpr std::size_t first_range = 16 * thirds;
  const std::size_t i = addresses_++;
  const std::string tail = std::to_string(100 + i % thirds) + "." + std::to_string(10 + (i * 7) % 90);
  const std::size_t second = i / thirds;
  if (i >= first_range + 29 * thirds)
    throw std::runtime_error("too many servers for the world's addresses");
  return make_address(i < first_range ? "20." + std::to_string(48 + second) + "." + tail
                                      : "45." + std::to_string(34 + second - 16) + "." + tail);
}

address generator::fresh_address_6() {
  char text[40];
  std::snprintf(text, sizeof text, "2a00:20%02zx:%zx::25", 1 + addresses_6_ % 255, 1 + addresses_6_ / 255);
  ++addresses_6_;
  return make_address(text);
}

void generator::point(const std::string& name, const server& at) {
  for (const auto& one : at.addresses)
    to_.names.add(name, {one.is_v4() ? rrtype::a : rrtype::aaaa, 0, "", one});
}

void generator::mx(const std::string& domain, unsigned preference, const std::string& host) {
  to_.names.add(domain, {rrtype::mx, static_cast<std::uint16_t>(preference), host, {}});
}

// The five large providers, Table 4 and the incoming half of Table 7.

void generator::add_provider(const std::vector<std::string>& hosts, server what, bool six) {
  for (const auto& host : hosts) {
    what.host = host;
    what.addresses = {fresh_address()};
    if (six)
      what.addresses.push_back(fresh_address_6());
    point(host, what);
    add_server(to_, what);
  }
}

void generator::add_providers() {
  const auto make = [](mta runs, std::vector<std::string> names, std::uint16_t suite_id, tls_version top) {
    server out;
    out.runs = runs;
    out.shows.common_name = names.front();
    out.shows.names = std::move(names);
    out.suite_id = suite_id;
    out.top = top;
    return out;
  };
  const std::vector<std::string> google = {"aspmx.l.google.com", "alt1.aspmx.l.google.com",
                                           "alt2.aspmx.l.google.com", "aspmx2.googlemail.com",
                                           "aspmx3.googlemail.com"};
  auto google_names = google;
  google_names.insert(google_names.begin(), "mx.google.com");
  add_provider(google, make(mta::gmail, google_names, 0xc02f, tls_version::v1_2), true);
  add_provider({"smtp.secureserver.net", "mailstore1.secureserver.net"},
               make(mta::godaddy, {"*.secureserver.net", "secureserver.net"}, 0x0005, tls_version::v1_2),
               false);
  add_provider({"mx.yandex.net"},
               make(mta::yandex, {"mx.yandex.ru", "mx.yandex.net"}, 0x009c, tls_version::v1_2), true);
  add_provider({"mxbiz1.qq.com", "mxbiz2.qq.com"}, make(mta::qq, {"*.qq.com"}, 0x0005, tls_version::v1_1),
               false);
  add_provider({"mx1.ovh.net"}, make(mta::postfix, {"ssl0.ovh.net"}, 0x009c, tls_version::v1_2), false);
}

void generator::lay_out_provider(const slot& one) {
  const auto upper = [this](std::string host) { // zones of the time were written in either case
    if (draw_.chance(0.05))
      std::transform(host.begin(), host.end(), host.begin(),
                     [](char c) { return static_cast<char>(std::toupper(c)); });
    return host;
  };
  switch (one.is) {
  case setup::gmail:
    mx(one.name, 1, upper("aspmx.l.google.com"));
    mx(one.name, 5, "alt1.aspmx.l.google.com");
    mx(one.name, 5, "alt2.aspmx.l.google.com");
    if (draw_.chance(0.7)) {
      mx(one.name, 10, "aspmx2.googlemail.com");
      mx(one.name, 10, "aspmx3.googlemail.com");
    }
    return;
  case setup::godaddy:
    mx(one.name, 0, upper("smtp.secureserver.net"));
    return mx(one.name, 10, "mailstore1.secureserver.net");
  case setup::yandex:
    return mx(one.name, 10, "mx.yandex.net");
  case setup::qq:
    mx(one.name, 5, "mxbiz1.qq.com");
    return mx(one.name, 10, "mxbiz2.qq.com");
  default:
    return mx(one.name, 1, upper("mx1.ovh.net"));
  }
}

// How many domains of each kind.

void generator::plan_slots() {
  const std::size_t n = wanted_.domains;
  operational_ = part_of(n, 0.792494); // section 3: 792,494 of 1,000,000
  static constexpr double provider_shares[5] = {0.15952, 0.04572, 0.01555, 0.01425, 0.01074}; // Table 4
  std::vector<std::pair<setup, std::size_t>> counts;
  std::size_t others = operational_;
  for (std::size_t i = 0; i < 5; ++i) {
    provider_domains_[i] = part_of(operational_, provider_shares[i]);
    others -= provider_domains_[i];
    counts.emplace_back(static_cast<setup>(i), provider_domains_[i]);
  }
  counts.emplace_back(setup::served, others);
  // The text of the paper has lost how the other 20.8 % are split: a guess.
  const auto rest = apportion(n - operational_, {0.36, 0.12, 0.015, 0.20, 0.19, 0.105, 0.01});
  for (std::size_t i = 0; i < rest.size(); ++i)
    counts.emplace_back(static_cast<setup>(static_cast<std::size_t>(setup::dead) + i), rest[i]);
  for (const auto& [is, count] : counts)
    slots_.insert(slots_.end(), count, slot{is, 0, ""});
  draw_.shuffle(slots_);
  for (auto& one : slots_)
    one.name = fresh_name("");
}

void generator::plan_class(standing stands, std::size_t domains, std::size_t servers, std::size_t cap) {
  for (const auto size : hoster_sizes(domains, servers, cap)) {
    hosting host;
    host.stands = stands;
    host.size = size;
    hosts_.push_back(std::move(host));
  }
}

void generator::plan_failing(std::size_t servers) {
  std::size_t domains = 0;
  for (const auto& one : slots_)
    domains += one.is == setup::dead ? 1 : 0;
  auto sizes_left = hoster_sizes(domains, servers, domains);
  draw_.shuffle(sizes_left);
  constexpr std::size_t tempers = static_cast<std::size_t>(temper::silent_on_starttls) + 1;
  for (std::size_t i = 0; i < servers; ++i) {
    hosting host;
    host.fails = true;
    host.size = sizes_left[i];
    host.what.does = static_cast<temper>(i % tempers);
    hosts_.push_back(std::move(host));
  }
}

void generator::plan_hosts() {
  const std::size_t reserved = to_.servers.size() + hand_written_servers();
  if (wanted_.servers < reserved + 100)
    throw std::runtime_error("at least " + std::to_string(reserved + 100) + " servers are needed");
  const std::size_t servers = wanted_.servers - reserved;
  const std::size_t failing = std::max<std::size_t>(22, part_of(servers, 0.14)), working = servers - failing;
  const auto of_all = [this](double share) { return part_of(operational_, share); };
  // Table 5, all domains with an operational server as denominator; the providers' domains are in it already.
  const std::size_t large = std::accumulate(provider_domains_, provider_domains_ + 5, std::size_t{0});
  const std::size_t ovh = provider_domains_[4];
  std::vector<std::size_t> domains = {of_all(0.00581), of_all(0.00548), of_all(0.02657),
                                      of_all(0.34161), of_all(0.18058), of_all(0.22870)};
  domains[3] -= std::min(domains[3], large - ovh);
  domains[4] -= std::min(domains[4], ovh);
  const std::size_t with = of_all(0.817709) - large; // Table 3: 648,030 of 792,494
  const std::size_t handshakes = std::accumulate(domains.begin(), domains.end(), std::size_t{0});
  domains.push_back(with - std::min(with, handshakes)); // answered 220, no certificate: 22,948 in the paper
  domains.push_back(operational_ - large - with);
  const auto counts = apportion(working, {0.04, 0.04, 0.10, 0.22, 0.15, 0.22, 0.07, 0.16});
  const std::size_t cap = std::max<std::size_t>(1, ovh - ovh / 5); // no hoster may pass the fifth provider
  for (std::size_t i = 0; i < domains.size(); ++i) {
    const auto stands = static_cast<standing>(i);
    const bool named = stands == standing::ts || stands == standing::us;
    plan_class(stands, domains[i], counts[i], named ? cap : operational_);
  }
  plan_failing(failing);
}

void generator::deal_domains() {
  std::vector<std::size_t> served, dead;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].is == setup::served)
      served.push_back(i);
    else if (slots_[i].is == setup::dead)
      dead.push_back(i);
  }
  draw_.shuffle(served); // a hoster's domains are of all ranks
  draw_.shuffle(dead);
  for (std::size_t h = 0; h < hosts_.size(); ++h) {
    auto& from = hosts_[h].fails ? dead : served;
    for (std::size_t i = 0; i < hosts_[h].size && !from.empty(); ++i) {
      slots_[from.back()].host = h;
      hosts_[h].slots.push_back(from.back());
      from.pop_back();
    }
  }
  if (!served.empty() || !dead.empty())
    throw std::logic_error("domains without a server");
}

// Traits of servers, dealt by the number of domains they stand for.

std::vector<hosting*> generator::those(bool (*that)(const hosting&)) {
  std::vector<hosting*> out;
  for (auto& host : hosts_)
    if (that(host))
      out.push_back(&host);
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->size > b->size; });
  return out;
}

/// Deals values to servers so that by domains the quotas are met: a server takes one of the values that still
/// lack its size, drawn by how much they lack.
template <class Value>
std::vector<Value> generator::deal(const std::vector<hosting*>& to,
                                   const std::vector<std::pair<Value, double>>& quotas) {
  std::vector<double> lacking;
  for (const auto& [value, quota] : quotas)
    lacking.push_back(std::max(0.0, quota));
  std::vector<Value> out;
  for (const auto* host : to) {
    const auto size = static_cast<double>(host->size);
    double sum = 0;
    for (const double l : lacking)
      sum += l >= size ? l : 0;
    std::size_t chosen =
        static_cast<std::size_t>(std::max_element(lacking.begin(), lacking.end()) - lacking.begin());
    double at = traits_.share() * sum;
    for (std::size_t i = 0; sum > 0 && i < lacking.size(); ++i) {
      if (lacking[i] < size)
        continue;
      chosen = i;
      if ((at -= lacking[i]) < 0)
        break;
    }
    lacking[chosen] -= size;
    out.push_back(quotas[chosen].first);
  }
  return out;
}

temper generator::working_temper(const hosting& host, std::size_t& hidden) {
  if (host.stands != standing::un || hidden >= 5)
    return temper::good;
  return hidden++ < 3 ? temper::hidden : temper::covered;
}

void generator::give_tempers() {
  static const std::vector<temper> rare = {temper::unavailable_454, temper::helo_only, temper::masked,
                                           temper::noop_250,        temper::bluf,      temper::masked,
                                           temper::four_letter};
  static const std::vector<temper> failures = {temper::alert_handshake_failure,
                                               temper::silent_on_tls,
                                               temper::alert_internal_error,
                                               temper::closes_on_tls,
                                               temper::alert_protocol_version,
                                               temper::garbage_on_tls,
                                               temper::resets_on_tls};
  std::size_t failed = 0, without = 0, hidden = 0;
  auto smallest_first = those(is_working);
  std::reverse(smallest_first.begin(), smallest_first.end());
  for (auto* host : smallest_first) {
    if (host->stands == standing::failing)
      host->what.does = failures[failed++ % failures.size()];
    else if (host->stands == standing::without)
      host->what.does = without < rare.size() ? rare[without] : temper::no_starttls, ++without;
    else
      host->what.does = working_temper(*host, hidden);
  }
}

void generator::give_verdicts() {
  struct verdict {
    signer by;
    validity when;
    bool md5 = false;
  };
  // Section 4.1: 33,281 of 206,644 untrusted certificates are expired, 60 of an unknown authority, most of
  // the rest are self-signed; the smaller classes are larger here than in the paper so that each of them
  // occurs.
  const auto all = those(is_untrusted);
  double domains = 0;
  for (const auto* host : all)
    domains += static_cast<double>(host->size);
  const auto verdicts = deal<verdict>(all, {{{signer::itself, validity::now}, 0.70 * domains},
                                            {{signer::itself, validity::over}, 0.08 * domains},
                                            {{signer::world, validity::over}, 0.08 * domains},
                                            {{signer::stranger, validity::now}, 0.05 * domains},
                                            {{signer::world_leaf_only, validity::now}, 0.06 * domains},
                                            {{signer::world, validity::to_come}, 0.01 * domains},
                                            {{signer::forger, validity::now}, 0.01 * domains},
                                            {{signer::world, validity::now, true}, 0.01 * domains}});
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->what.shows.by = verdicts[i].by;
    all[i]->what.shows.when = verdicts[i].when;
    all[i]->what.shows.md5 = verdicts[i].md5;
  }
}

void generator::give_keys() {
  auto all = those(has_tls);
  const auto large =
      static_cast<double>(std::accumulate(provider_domains_, provider_domains_ + 5, std::size_t{0}));
  double domains = large; // all of the providers' keys have 2048 bits
  for (const auto* host : all)
    domains += static_cast<double>(host->size);
  // Section 4.1: two servers with elliptic curves, 316 domains with 512 bits; both from the small end.
  std::size_t weak = 0, curves = 0;
  std::vector<hosting*> rest;
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    auto& shows = (*it)->what.shows;
    const bool plain = shows.when == validity::now && shows.by == signer::itself;
    if (weak < 2 && is_untrusted(**it) && plain) {
      shows.key = key_kind::rsa_512;
      if (weak++ == 0)
        shows.by = signer::world; // nothing but the key is wrong
    } else if (curves < 2 && (*it)->stands == standing::ts) {
      shows.key = key_kind::ec_256;
      ++curves;
    } else {
      rest.push_back(*it);
    }
  }
  std::reverse(rest.begin(), rest.end());
  const auto keys = deal<key_kind>(rest, {{key_kind::rsa_1024, 0.100 * domains},
                                          {key_kind::rsa_2048, 0.864 * domains - large},
                                          {key_kind::rsa_4096, 0.030 * domains}});
  for (std::size_t i = 0; i < rest.size(); ++i)
    rest[i]->what.shows.key = keys[i];
}

/// What came before and after 2015: each of them at many servers. A hello of 2015 sees nothing of TLS 1.3,
/// nor of EXPORT where there is something better.
void generator::give_other_ages(server& what, std::size_t i) {
  const bool is_canned = suite_of(what.suite_id).openssl.empty();
  if (is_canned) {
    what.takes_export = i % 5 == 0;
    what.top = i % 16 == 3 ? tls_version::ssl3 : what.top;
  } else if (what.top == tls_version::v1_2 && what.shows.key != key_kind::rsa_512 && i % 2 == 1) {
    what.top = tls_version::v1_3;
  }
}

void generator::give_suites() {
  const auto all = those(has_tls);
  double domains =
      static_cast<double>(std::accumulate(provider_domains_, provider_domains_ + 5, std::size_t{0}));
  for (const auto* host : all)
    domains += static_cast<double>(host->size);
  const auto given = [this](std::size_t i) { return static_cast<double>(provider_domains_[i]); };
  // Section 4.2: RC4 59.2 %, AES 40.8 %, 25 domains with 3DES; forward secrecy 25.3 %.
  const double rc4 = 0.592 * domains - given(1) - given(3), secret = 0.253 * domains - given(0);
  const double plain = 0.408 * domains - 0.253 * domains - given(2) - given(4);
  const auto ids = deal<std::uint16_t>(all, {{0x0005, 0.97 * rc4},
                                             {0x0004, 0.03 * rc4},
                                             {0xc02f, 0.40 * secret},
                                             {0xc030, 0.10 * secret},
                                             {0xc014, 0.20 * secret},
                                             {0xc013, 0.10 * secret},
                                             {0x009e, 0.08 * secret},
                                             {0x0039, 0.12 * secret},
                                             {0x009c, 0.40 * plain},
                                             {0x009d, 0.10 * plain},
                                             {0x002f, 0.20 * plain},
                                             {0x0035, 0.30 * plain}});
  const std::size_t triple[] = {all.size() - 3, all.size() - 7}; // among the smallest
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& what = all[i]->what;
    what.suite_id = ids[i];
    if (is_ec(what.shows.key))
      what.suite_id = 0xc02b;
    else if (what.shows.key == key_kind::rsa_512)
      what.suite_id = 0x002f; // the only kind that 512 bits are enough for everywhere
    else if (triple[0] == i || triple[1] == i)
      what.suite_id = 0x000a;
    const double old = traits_.share();
    what.top = suite_of(what.suite_id).needs_tls12 || old < 0.5 ? tls_version::v1_2
               : old < 0.93                                     ? tls_version::v1_0
                                                                : tls_version::v1_1;
    give_other_ages(what, i);
  }
}

void generator::give_software() {
  const auto speaks_for_itself = [](const hosting& h) {
    return !h.fails && h.what.does != temper::masked && h.what.does != temper::noop_250 &&
           h.what.does != temper::bluf && h.what.does != temper::four_letter &&
           h.what.does != temper::helo_only;
  };
  const auto all = those(speaks_for_itself);
  const auto share = [this](double s) { return s * static_cast<double>(operational_); };
  // Table 6, Top Million; "Unknown" less the four providers whose software is their own. OVH counts as
  // postfix.
  const auto kinds = deal<mta>(all, {{mta::exim, share(0.34)},
                                     {mta::postfix, share(0.18 - 0.01074)},
                                     {mta::qmail, share(0.06)},
                                     {mta::sendmail, share(0.05)},
                                     {mta::exchange, share(0.04)},
                                     {mta::other, share(0.03)},
                                     {mta::unknown, share(0.065)}});
  for (std::size_t i = 0; i < all.size(); ++i)
    // qmail is known by its keywords alone, which the middlebox of `covered` writes over.
    all[i]->what.runs =
        kinds[i] == mta::qmail && all[i]->what.does == temper::covered ? mta::postfix : kinds[i];
}

void generator::give_manners() {
  static const std::vector<manner> odd = {manner::slow,       manner::drip,       manner::bare_lf,
                                          manner::multi_line, manner::multi_line, manner::long_lines,
                                          manner::eight_bit};
  for (auto& host : hosts_) {
    host.what.variant = static_cast<unsigned>(traits_.below(12));
    const bool wants = traits_.chance(0.2);
    const manner drawn = traits_.pick(odd);
    const bool touches_banner = drawn >= manner::multi_line;
    // A middlebox rewrites the banner anyway, and qmail is known by a bare one.
    const bool plain_banner = host.what.runs == mta::qmail ||
                              (host.what.does >= temper::masked && host.what.does <= temper::four_letter);
    if (wants && !host.fails && !(touches_banner && plain_banner))
      host.what.speaks = drawn;
  }
}

void generator::give_traits() {
  give_tempers();
  give_verdicts();
  give_keys();
  give_suites();
  give_software();
  give_manners();
  for (auto& host : hosts_) {
    const bool named = host.stands == standing::ts || host.stands == standing::us;
    const bool owned = host.stands == standing::td || host.stands == standing::ud;
    const std::size_t cap = std::max<std::size_t>(1, provider_domains_[4] - provider_domains_[4] / 5);
    host.by_customer = owned || (!named && (host.size > cap || traits_.chance(0.6)));
  }
}

/// Names on the certificate, so that the server stands in Table 5 where it was planned.
void generator::certify(hosting& host) {
  auto& shows = host.what.shows;
  const auto name = [&shows](std::vector<std::string> names) {
    shows.common_name = names.front();
    shows.names = std::move(names);
  };
  switch (host.stands) {
  case standing::td:
  case standing::ud: {
    std::vector<std::string> names;
    for (const auto i : host.slots)
      names.push_back(slots_[i].name);
    names.push_back("mail." + (names.empty() ? host.zone_name : names.front()));
    return name(std::move(names));
  }
  case standing::ts:
  case standing::us: {
    const auto kind = traits_.below(4);
    name(kind == 0 ? std::vector<std::string>{"*." + host.zone_name}
                   : std::vector<std::string>{host.what.host});
    if (kind == 1)
      shows.names.clear(); // the name only in the subject, as most did in 2015
    return;
  }
  default:
    break;
  }
  const auto kind = traits_.below(4);
  if (shows.by == signer::itself && kind < 2) {
    shows.common_name = kind == 0 ? "localhost.localdomain" : "Parallels Panel";
    shows.names.clear();
  } else if (kind == 2) {
    name({"*." + registrable_domain(host.zone_name), host.zone_name}); // one label too many below it
  } else {
    name({"server" + std::to_string(100 + traits_.below(900)) + ".shared-" + host.zone_name});
  }
}

void generator::raise_hosts() {
  static const std::vector<std::string> labels = {"mx", "mx1", "mail", "smtp", "relay", "in", "mx01", "gate"};
  for (auto& host : hosts_) {
    host.zone_name = fresh_name(draw_.chance(0.5) ? "host" : "serv");
    // Below a second label, so that a wildcard for the hoster's domain does not reach it.
    const bool deep = host.stands == standing::tn || host.stands == standing::un;
    host.what.host = draw_.pick(labels) + (deep ? ".mx." : ".") + host.zone_name;
    if (host.what.does == temper::unreachable)
      host.what.addresses = {make_address("45.31." + std::to_string(100 + dead_.size()) + ".10")};
    else
      host.what.addresses = {fresh_address()};
    if (host.fails && host.what.does == temper::refused_port)
      dead_.push_back(host.what.addresses.front());
    if (!host.fails && draw_.chance(0.06))
      host.what.addresses.push_back(fresh_address_6());
    certify(host);
    point(host.what.host, host.what);
    if (!host.fails)
      backups_.push_back(host.what.host);
    add_server(to_, host.what);
  }
}

// Where each domain's mail goes.

/// The small oddities of real zones around the host that takes the mail; they do not change who that is.
void generator::dress(const std::string& domain, const std::string& primary) {
  const double kind = draw_.share();
  if (kind < 0.20) {
    mx(domain, 20, draw_.pick(backups_));
  } else if (kind < 0.24) {
    const auto& other = draw_.pick(backups_);
    mx(domain, other > primary ? 10 : 15, other); // equal preferences go by name
  } else if (kind < 0.27) {
    mx(domain, 5, "old." + domain);
    to_.names.add("old." + domain, {rrtype::a, 0, "", draw_.pick(dead_)});
  } else if (kind < 0.29) {
    mx(domain, 5, "gone." + domain);
  } else if (kind < 0.30) {
    mx(domain, 30, primary);
  } else if (kind < 0.31) {
    mx(domain, 1, "office." + domain);
    to_.names.add("office." + domain,
                  {rrtype::a, 0, "", make_address("192.168.1." + std::to_string(1 + draw_.below(254)))});
  } else if (kind < 0.33) {
    mx(domain, 20, draw_.pick(backups_));
    mx(domain, 30, draw_.pick(backups_));
    mx(domain, 40, "last." + domain);
    to_.names.exists("last." + domain);
  }
}

void generator::lay_out_mail(const slot& one, const hosting& host) {
  const std::string& domain = one.name;
  if (!host.by_customer) {
    mx(domain, 10, host.what.host);
    return dress(domain, host.what.host);
  }
  const double kind = draw_.share();
  if (kind < 0.12)
    return point(domain, host.what); // no MX at all
  if (kind < 0.40) {                 // as cPanel sets it up
    mx(domain, 10, domain);
    point(domain, host.what);
    return dress(domain, domain);
  }
  const std::string mail = "mail." + domain;
  mx(domain, 10, mail);
  const bool neither = host.stands != standing::td && host.stands != standing::ud;
  if (kind < 0.45 && neither)
    to_.names.add(mail, {rrtype::cname, 0, host.what.host, {}});
  else
    point(mail, host.what);
  if (kind > 0.97 && neither) // an address that is not there any more, tried first or last as it sorts
    to_.names.add(mail, {rrtype::a, 0, "", draw_.pick(dead_)});
  dress(domain, mail);
}

void generator::lay_out_blocked(const std::string& domain) {
  static const std::vector<std::string> inside = {"127.0.0.1",   "10.1.2.3", "192.168.0.10",
                                                  "169.254.1.1", "0.0.0.0",  "100.64.0.1"};
  mx(domain, 10, "mail." + domain);
  to_.names.add("mail." + domain, {rrtype::a, 0, "", make_address(draw_.pick(inside))});
}

void generator::lay_out_no_address(const std::string& domain) {
  const double kind = draw_.share();
  if (kind < 0.15)
    return mx(domain, 10,
              "20.50." + std::to_string(draw_.below(256)) + "." + std::to_string(draw_.below(256)));
  const std::string mail = "mail." + domain;
  mx(domain, 10, mail);
  if (kind < 0.25)
    to_.names.add(mail, {rrtype::cname, 0, "nowhere." + domain, {}});
  else if (kind < 0.5)
    to_.names.exists(mail);
}

void generator::lay_out_failure(const std::string& domain) {
  const std::size_t silences =
      std::min<std::size_t>(12, 2 + wanted_.domains / 2000); // each costs a client its time-out
  const std::size_t i = troubles_++;
  to_.names.afflict(domain, rrtype::any,
                    i < silences        ? trouble::silence
                    : draw_.chance(0.7) ? trouble::servfail
                                        : trouble::refused);
}

std::string generator::malformed_word() {
  const std::string n = std::to_string(++malformed_);
  switch (malformed_ % 4) {
  case 0:
    return std::string(64, 'l') + n + ".com"; // RFC 1035 2.3.4: a label has 63 octets at most
  case 1:
    return "two..dots" + n + ".com";
  case 2: { // a name has 255 octets at most
    std::string word = "n" + n;
    for (int i = 0; i < 5; ++i)
      word += "." + std::string(60, 'n');
    return word + ".com";
  }
  default:
    return ".leading" + n + ".com";
  }
}

void generator::lay_out(slot& one) {
  static constexpr const char* kinds[] = {"gmail",   "godaddy",   "yandex",     "qq",      "ovh",
                                          "served",  "dead",      "no_address", "null_mx", "nothing",
                                          "no_name", "dns_fails", "malformed"};
  input line{one.name, one.name, kinds[static_cast<std::size_t>(one.is)], "", ""};
  switch (one.is) {
  case setup::served:
    lay_out_mail(one, hosts_[one.host]);
    break;
  case setup::dead:
    if (draw_.chance(0.06))
      lay_out_blocked(one.name);
    else if (hosts_[one.host].by_customer) {
      mx(one.name, 10, "mail." + one.name);
      point("mail." + one.name, hosts_[one.host].what);
    } else {
      mx(one.name, 10, hosts_[one.host].what.host);
    }
    break;
  case setup::no_address:
    lay_out_no_address(one.name);
    break;
  case setup::null_mx:
    mx(one.name, 0, "");
    break;
  case setup::nothing:
    to_.names.exists(one.name);
    if (draw_.chance(0.5))
      line.kind = "parked"; // publish.cpp: says that nobody sends from here
    break;
  case setup::no_name:
    break;
  case setup::dns_fails:
    lay_out_failure(one.name);
    break;
  case setup::malformed:
    line.word = malformed_word();
    line.name.clear();
    break;
  default:
    lay_out_provider(one);
  }
  if (!line.name.empty() && to_.names.has(one.name) && draw_.chance(0.006)) // DNSSEC: 0.6 % of .com and .net
    to_.names.sign(one.name);
  to_.inputs.push_back(std::move(line));
}

} // namespace

std::size_t add_server(plan& to, server one) {
  if (suite_of(one.suite_id).needs_tls12 && one.top < tls_version::v1_2)
    throw std::logic_error(one.host + ": the suite needs TLS 1.2");
  for (const auto& at : one.addresses)
    if (!to.server_at.emplace(at, to.servers.size()).second)
      throw std::logic_error("two servers at " + at.to_string());
  to.servers.push_back(std::move(one));
  return to.servers.size() - 1;
}

plan draw_plan(const sizes& wanted) {
  plan out;
  out.seed = wanted.seed;
  generator(out, wanted).run();
  add_hand_written(out);
  add_mail_providers(out);
  publish_policies(out);
  return out;
}

} // namespace world
