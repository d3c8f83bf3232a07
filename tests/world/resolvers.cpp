#include "resolvers.hpp"

#include "json.hpp"
#include "random.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

namespace world {

using asio::ip::address;
using asio::ip::make_address;

const std::vector<std::string> provider_names = {"gmail.com", "yahoo.com", "outlook.com", "qq.com",
                                                 "mail.ru"};

namespace {

struct provider_zone {
  const char* name;
  const char* address; ///< of the name itself
  /// preference, exchange, addresses with blanks between
  std::vector<std::tuple<unsigned, const char*, const char*>> exchanges;
};

/// As the five and the university have it on the Internet, at addresses of this world.
const std::vector<provider_zone>& provider_zones() {
  static const std::vector<provider_zone> all = {
      {"gmail.com",
       "45.40.17.37",
       {{5, "gmail-smtp-in.l.google.com", "45.40.10.26 2a00:2040::1a"},
        {10, "alt1.gmail-smtp-in.l.google.com", "45.40.11.26 2a00:2041::1a"},
        {20, "alt2.gmail-smtp-in.l.google.com", "45.40.12.26 2a00:2042::1a"},
        {30, "alt3.gmail-smtp-in.l.google.com", "45.40.13.26 2a00:2043::1a"},
        {40, "alt4.gmail-smtp-in.l.google.com", "45.40.14.26 2a00:2044::1a"}}},
      {"yahoo.com",
       "45.41.17.37",
       {{1, "mta5.am0.yahoodns.net", "45.41.20.72 45.41.20.77 45.41.21.11"},
        {1, "mta6.am0.yahoodns.net", "45.41.20.74 45.41.22.12"},
        {1, "mta7.am0.yahoodns.net", "45.41.20.79 45.41.22.14"}}},
      {"outlook.com",
       "45.42.17.37",
       {{5, "outlook-com.olc.protection.outlook.com", "45.42.30.34 45.42.31.33"}}},
      {"qq.com",
       "45.43.17.37",
       {{10, "mx3.qq.com", "45.43.40.57"},
        {20, "mx2.qq.com", "45.43.41.82"},
        {30, "mx1.qq.com", "45.43.42.101"}}},
      {"mail.ru", "45.44.17.37", {{10, "mxs.mail.ru", "45.44.50.31 45.44.50.150 2a00:2050::96"}}},
      {"umich.edu", "45.45.17.37", {{10, "mx1.umich.edu", "45.45.60.5"}}},
  };
  return all;
}

struct false_server {
  const char* host;
  const char* address;
  temper does;
};
/// Half of the false servers speak SMTP.
constexpr std::array false_servers = std::to_array<false_server>({
    {"mx.catchall.ru", "45.50.1.25", temper::good},
    {"mail.parking.net", "45.51.2.25", temper::no_starttls},
    {"smtp.portal.info", "45.52.3.25", temper::refused_port},
    {"mx.intercept.org", "45.53.4.25", temper::good},
    {"inbox.hotel.de", "45.54.5.25", temper::greets_554},
    {"relay.transit.net", "45.55.6.25", temper::closes_at_once},
    {"mx.sinkhole.org", "45.56.7.25", temper::no_starttls},
    {"mail.proxy.ru", "45.57.8.25", temper::resets_at_once},
});

std::string backwards(const address& at) {
  const auto raw = at.to_v4().to_bytes();
  std::string name;
  for (std::size_t i = 4; i-- > 0;)
    name += std::to_string(raw[i]) + ".";
  return name + "in-addr.arpa";
}

/// The addresses of one provider, near and far, are called by its name, backwards and forwards.
void add_backward_names(zone& to) {
  unsigned n = 0;
  const auto name_it = [&](const address& at) {
    const auto host = "server-" + std::to_string(++n) + ".1e100.net";
    to.add(backwards(at), {rrtype::ptr, 0, host, {}});
    to.add(host, {rrtype::a, 0, "", at});
  };
  for (const auto& host : hosts_of_provider(to, "gmail.com")) {
    const auto found = to.look_up(host, rrtype::a);
    for (const auto& one : found.records) {
      name_it(one.record->address);
      name_it(far_address(one.record->address));
    }
  }
}

bool is_falsified(const resolver& who) {
  return who.kind->is == "falsified";
}

} // namespace

const std::vector<liar_kind>& liar_kinds() {
  using enum liar;
  static const std::vector<liar_kind> all = {
      {honest, "honest", "honest", "", 120},
      {geo, "geo", "honest", "near", 12},
      {geo_far, "geo_far", "honest", "near", 6},
      {geo_one_bit, "geo_one_bit", "honest", "near", 6},
      {subset, "subset", "honest", "", 8},
      {rotates, "rotates", "honest", "", 8},
      {lower_cases, "lower_cases", "honest", "lower_cased", 8},
      {no_edns, "no_edns", "honest", "", 8},
      {truncates, "truncates", "honest", "", 4},
      {slow, "slow", "honest", "", 4},
      {forgets, "forgets", "honest", "", 6},
      {repeats_itself, "repeats_itself", "honest", "", 6},
      {talkative, "talkative", "honest", "", 6},
      {renames, "renames", "honest", "near", 4},
      {filters_aaaa, "filters_aaaa", "honest", "unanswered", 6},
      {injected_late, "injected_late", "honest", "injected", 4},
      {silent, "silent", "no_answer", "unanswered", 12},
      {closed_port, "closed_port", "no_answer", "unanswered", 8},
      {other_address, "other_address", "no_answer", "unanswered bad_sender", 4},
      {garbage, "garbage", "no_answer", "unanswered", 4},
      {refuses, "refuses", "not_resolving", "unanswered", 20},
      {fails, "fails", "not_resolving", "unanswered", 8},
      {denies_all, "denies_all", "not_resolving", "denied", 4},
      {refers, "refers", "not_resolving", "unanswered", 4},
      {identical_public, "identical_public", "identical",
       "invalid identical foreign denied unanswered nx_rewrite control", 24},
      {identical_loopback, "identical_loopback", "identical",
       "invalid identical loopback denied unanswered nx_rewrite control", 6},
      {identical_private, "identical_private", "identical",
       "invalid identical private denied unanswered nx_rewrite control", 8},
      {counter, "counter", "identical", "invalid sequence reserved denied unanswered nx_rewrite control", 6},
      {loopback_mail, "loopback_mail", "loopback", "invalid loopback", 12},
      {loopback_mx, "loopback_mx", "loopback", "invalid loopback", 4},
      {private_mail, "private_mail", "private", "invalid private", 8},
      {reserved_mail, "reserved_mail", "private", "invalid reserved", 4},
      {rewrites_nobody, "rewrites_nobody", "nx_rewrite", "nx_rewrite", 12},
      {rewrites_and_misses, "rewrites_and_misses", "missing_mx", "invalid missing_mx nx_rewrite", 4},
      {misses, "misses", "missing_mx", "invalid missing_mx", 14},
      {flips_address, "flips_address", "flip", "invalid flip transient", 14},
      {flips_exchange, "flips_exchange", "flip", "invalid flip transient", 6},
      {flips_question, "flips_question", "flip", "flip", 6},
      {wrong_once, "wrong_once", "flip", "invalid foreign transient", 6},
      {blocks_mail, "blocks_mail", "odd", "denied", 6},
      {refuses_mail, "refuses_mail", "odd", "unanswered", 4},
      {mute_on_mail, "mute_on_mail", "odd", "unanswered", 2},
      {refuses_one, "refuses_one", "odd", "unanswered", 4},
      {null_mx, "null_mx", "odd", "denied", 2},
      {ever_new, "ever_new", "odd", "invalid foreign", 4},
      {false_mx, "false_mx", "falsified", "invalid foreign", 10},
      {false_mx_nowhere, "false_mx_nowhere", "falsified", "invalid foreign", 2},
      {false_address, "false_address", "falsified", "invalid foreign", 16},
      {false_both, "false_both", "falsified", "invalid foreign", 8},
      {false_one, "false_one", "falsified", "invalid foreign", 6},
      {false_among_true, "false_among_true", "falsified", "invalid foreign", 4},
      {false_in_front, "false_in_front", "falsified", "invalid foreign", 4},
      {false_pool, "false_pool", "falsified", "invalid foreign", 4},
      {false_alias, "false_alias", "falsified", "invalid foreign", 4},
      {false_and_rewrites, "false_and_rewrites", "falsified", "invalid foreign nx_rewrite", 4},
      {false_everything, "false_everything", "falsified", "invalid foreign control", 4},
      {false_many, "false_many", "falsified", "invalid foreign", 4},
      {false_malformed, "false_malformed", "falsified", "invalid foreign malformed", 4},
      {false_first, "false_first", "falsified", "invalid foreign injected", 4},
  };
  return all;
}

void add_mail_providers(plan& to) {
  for (const auto& p : provider_zones()) {
    to.names.add(p.name, {rrtype::a, 0, "", make_address(p.address)});
    for (const auto& [preference, exchange, addresses] : p.exchanges) {
      to.names.add(p.name, {rrtype::mx, static_cast<std::uint16_t>(preference), exchange, {}});
      std::istringstream each(addresses);
      for (std::string text; each >> text;) {
        const auto at = make_address(text);
        to.names.add(exchange, {at.is_v4() ? rrtype::a : rrtype::aaaa, 0, "", at});
      }
    }
  }
  add_backward_names(to.names);
  // The provider's own exchange that only one resolver names.
  to.names.add("alt9.gmail-smtp-in.l.google.com", {rrtype::a, 0, "", make_address("45.40.15.26")});
  for (const auto& f : false_servers) {
    server one;
    one.host = f.host;
    one.addresses = {make_address(f.address)};
    one.does = f.does;
    one.runs = mta::postfix;
    one.shows.common_name = f.host;
    one.shows.names = {f.host};
    add_server(to, one);
    to.names.add(f.host, {rrtype::a, 0, "", one.addresses[0]});
  }
}

std::vector<resolver> draw_resolvers(std::uint64_t seed, std::size_t wanted) {
  std::vector<const liar_kind*> deck;
  for (const auto& kind : liar_kinds())
    deck.push_back(&kind);
  std::size_t total = 0;
  for (const auto& kind : liar_kinds())
    total += kind.weight;
  random_stream draw(seed, "resolvers");
  while (deck.size() < wanted) {
    std::size_t at = draw.below(total);
    const auto* kind = liar_kinds().data();
    while (at >= kind->weight)
      at -= (kind++)->weight;
    deck.push_back(kind);
  }
  draw.shuffle(deck);
  std::vector<resolver> all;
  for (std::size_t i = 0; i < deck.size(); ++i)
    all.push_back(
        {make_address("20.60." + std::to_string(i / 90) + "." + std::to_string(10 + i % 90)), deck[i], i});
  return all;
}

std::vector<std::string> hosts_of_provider(const zone& names, const std::string& provider) {
  std::vector<std::string> hosts{provider};
  const auto found = names.look_up(provider, rrtype::mx);
  for (const auto& one : found.records)
    hosts.push_back(one.record->text);
  return hosts;
}

address far_address(const address& from) {
  auto raw = from.to_v4().to_bytes();
  raw[1] ^= 0x60;
  return asio::ip::address_v4(raw);
}

std::string provider_of_host(const std::string& name) {
  for (const auto& p : provider_zones()) {
    if (name == p.name)
      return p.name;
    for (const auto& [preference, exchange, addresses] : p.exchanges)
      if (name == exchange)
        return p.name;
  }
  return "";
}

bool falsifies_mx(liar does) {
  using enum liar;
  return does == false_mx || does == false_mx_nowhere || does == false_both || does == false_in_front ||
         does == false_many;
}

bool falsifies_addresses(liar does) {
  return does >= liar::false_mx && (!falsifies_mx(does) || does == liar::false_both);
}

std::vector<std::string> decoy_exchanges(const resolver& who, const std::string& provider) {
  if (who.kind->does == liar::false_mx_nowhere)
    return {"mx.nowhere-" + provider};
  if (who.kind->does != liar::false_many)
    return {false_servers[who.number % false_servers.size()].host};
  std::vector<std::string> all;
  for (const auto& one : false_servers)
    all.emplace_back(one.host);
  return all;
}

address decoy_address(const resolver& who, const std::string& name) {
  const std::size_t shift = who.kind->does == liar::false_everything ? hash(provider_of_host(name)) % 7 : 0;
  return make_address(false_servers[(who.number + shift) % false_servers.size()].address);
}

std::vector<std::string> resolver_lines(const std::vector<resolver>& all) {
  std::vector<std::string> lines;
  for (const auto& one : all)
    lines.push_back(object()
                        .number("rank", one.number + 1)
                        .text("ip", one.at.to_string())
                        .text("kind", one.kind->word)
                        .close());
  return lines;
}

std::vector<std::string> resolver_truth(const std::vector<resolver>& all) {
  std::vector<std::string> lines;
  for (const auto& one : all) {
    std::vector<std::string> flags;
    std::istringstream words{std::string(one.kind->flags)};
    for (std::string word; words >> word;)
      flags.push_back(word);
    auto found = object();
    found.text("class", one.kind->is).add("flags", quoted_list(flags)).text("ip", one.at.to_string());
    lines.push_back(object()
                        .number("rank", one.number + 1)
                        .text("kind", one.kind->word)
                        .add("resolver", found.close())
                        .close());
  }
  return lines;
}

namespace {

/// A false server that some resolver sends a provider's mail to.
struct aim {
  std::string provider;
  bool by_mx;
  std::string host;
  std::string at; ///< empty: nowhere
};

bool lies_about(const resolver& who, const std::string& provider) {
  return who.kind->does != liar::false_one || provider == provider_names[who.number % provider_names.size()];
}

std::string address_in(const zone& names, const std::string& host) {
  const auto found = names.look_up(host, rrtype::a);
  return found.records.empty() ? "" : found.records[0].record->address.to_string();
}

std::vector<aim> aims_of(const plan& world, const resolver& who) {
  using enum liar;
  std::vector<aim> all;
  const auto does = who.kind->does;
  for (const auto& provider : provider_names) {
    if (!lies_about(who, provider))
      continue;
    if (falsifies_mx(does))
      for (const auto& host : decoy_exchanges(who, provider))
        all.push_back({provider, true, host, address_in(world.names, host)});
    if (!falsifies_addresses(does))
      continue;
    for (const auto& host : hosts_of_provider(world.names, provider)) {
      if (does != false_pool) {
        all.push_back({provider, false, host, decoy_address(who, host).to_string()});
        continue;
      }
      for (unsigned last = 101; last <= 102; ++last)
        all.push_back({provider, false, host, "45.58.9." + std::to_string(last)});
    }
  }
  return all;
}

bool has_flag(const resolver& one, std::string_view flag) {
  std::istringstream words{std::string(one.kind->flags)};
  for (std::string word; words >> word;)
    if (word == flag)
      return true;
  return false;
}

std::string cell(const char* table, const std::string& row, const std::string& column, std::size_t n) {
  return object().text("table", table).text("row", row).text("column", column).number("n", n).close();
}

std::size_t count(const std::vector<resolver>& all, const std::function<bool(const resolver&)>& that) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), that));
}

void add_table_14(const std::vector<resolver>& all, std::vector<std::string>& out) {
  const auto row = [&](const char* label, const std::function<bool(const resolver&)>& that) {
    out.push_back(cell("t14", label, "resolvers", count(all, that)));
  };
  const auto flagged = [](std::string_view flag) {
    return [flag](const resolver& r) { return has_flag(r, flag); };
  };
  row("DNS servers", [](const auto& r) { return r.kind->is != "no_answer"; });
  row("responsive DNS servers",
      [](const auto& r) { return r.kind->is != "no_answer" && r.kind->is != "not_resolving"; });
  row("any invalid MX response",
      [](const auto& r) { return has_flag(r, "invalid") || r.kind->is == "flip"; });
  row("same answer whatever is asked",
      [](const auto& r) { return has_flag(r, "identical") || has_flag(r, "sequence"); });
  row("loopback address", flagged("loopback"));
  row("private address", [](const auto& r) { return has_flag(r, "private") || has_flag(r, "reserved"); });
  row("flipped bits", [](const auto& r) { return r.kind->is == "flip"; });
  row("falsified DNS record", [](const auto& r) { return has_flag(r, "invalid") && r.kind->is != "flip"; });
  std::map<std::string, std::size_t> classes;
  for (const auto& one : all)
    ++classes[std::string(one.kind->is)];
  for (const auto& [name, n] : classes)
    out.push_back(cell("t14-classes", name, "resolvers", n));
}

bool speaks_smtp(const plan& world, const std::string& at) {
  const auto found = world.server_at.find(make_address(at));
  if (found == world.server_at.end())
    return false;
  const auto does = world.servers[found->second].does;
  return does == temper::good || does == temper::no_starttls;
}

void add_table_8(const plan& world, const std::vector<resolver>& all, std::vector<std::string>& out) {
  for (const auto& provider : provider_names) {
    std::set<std::size_t> by_mx, by_address;
    std::set<std::string> hosts, addresses, responsive;
    for (const auto& one : all) {
      if (!is_falsified(one))
        continue;
      for (const auto& a : aims_of(world, one)) {
        if (a.provider != provider)
          continue;
        (a.by_mx ? by_mx : by_address).insert(one.number);
        if (a.by_mx)
          hosts.insert(a.host);
        if (!a.at.empty())
          addresses.insert(a.at);
        if (!a.at.empty() && speaks_smtp(world, a.at))
          responsive.insert(a.at);
      }
    }
    out.push_back(cell("t8", provider, "servers with invalid MX", by_mx.size()));
    out.push_back(cell("t8", provider, "servers with invalid IP", by_address.size()));
    out.push_back(cell("t8", provider, "invalid MX", hosts.size()));
    out.push_back(cell("t8", provider, "invalid IP", addresses.size()));
    out.push_back(cell("t8", provider, "responsive", responsive.size()));
  }
}

} // namespace

bool is_falsifying(const resolver& who) {
  return is_falsified(who);
}

std::vector<std::string> targets_of(const plan& world, const resolver& who) {
  std::vector<std::string> all;
  for (const auto& a : aims_of(world, who))
    if (!a.at.empty())
      all.push_back(a.at);
  return all;
}

std::vector<std::string> resolver_cells(const plan& world, const std::vector<resolver>& all) {
  std::vector<std::string> out;
  add_table_8(world, all, out);
  add_table_14(all, out);
  return out;
}

} // namespace world
