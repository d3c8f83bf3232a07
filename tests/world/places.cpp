#include "places.hpp"

#include "cell_table.hpp"
#include "json.hpp"
#include "random.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

namespace world {

namespace {

using asio::ip::address;

/// The network of an address that is announced: a /24 or a /48.
std::string prefix_of(const address& at) {
  if (at.is_v4()) {
    const auto raw = at.to_v4().to_bytes();
    return std::to_string(raw[0]) + "." + std::to_string(raw[1]) + "." + std::to_string(raw[2]) + ".0/24";
  }
  auto raw = at.to_v6().to_bytes();
  std::fill(raw.begin() + 6, raw.end(), std::uint8_t{0});
  return asio::ip::address_v6(raw).to_string() + "/48";
}

struct kind {
  std::string_view word;
  unsigned of_423; ///< Table 12
};
constexpr std::array kinds = std::to_array<kind>({{"Corporation", 182},
                                                  {"ISP", 74},
                                                  {"Financial", 57},
                                                  {"Academic", 35},
                                                  {"Government", 30},
                                                  {"Healthcare", 14},
                                                  {"", 12},
                                                  {"Airport", 9},
                                                  {"Hosting", 7},
                                                  {"NGO", 3}});
constexpr std::array countries =
    std::to_array<std::string_view>({"US", "DE", "FR", "RU", "CN", "BR", "IN", "JP", "GB", "NL",
                                     "TN", "IQ", "PG", "NP", "KE", "UG", "UA", "IT", "PL", "SE"});
constexpr std::uint32_t transit = 64999; ///< announces all of 20.48.0.0/12

std::string kind_of(std::size_t i, std::size_t of) {
  const auto place = (2 * i + 1) * 423 / (2 * of);
  std::size_t upto = 0;
  for (const auto& k : kinds)
    if (place < (upto += k.of_423))
      return std::string(k.word);
  return "NGO";
}

bool is_inspected(const server& one) {
  return one.does == temper::masked || one.does == temper::noop_250 || one.does == temper::bluf ||
         one.does == temper::covered;
}

} // namespace

void places::make_networks(std::size_t hosters, std::size_t inspectors) {
  networks_ = {{transit, "WORLD-TRANSIT - World, Transit and Sons", "", "CH"},
               {15169, "GOOGLE", "Content", "US"},
               {26496, "GO-DADDY-COM-LLC", "Hosting", "US"},
               {13238, "YANDEX", "Content", "RU"},
               {45090, "TENCENT-NET-AP", "Content", "CN"},
               {16276, "OVH", "Hosting", "FR"}};
  first_hoster_ = networks_.size();
  for (std::size_t i = 0; i < hosters; ++i)
    networks_.push_back({static_cast<std::uint32_t>(64512 + i), "HOSTER-" + std::to_string(i),
                         i % 9 == 8   ? ""
                         : i % 3 == 0 ? "Hosting"
                         : i % 3 == 1 ? "ISP"
                                      : "Corporation",
                         std::string(countries[i % countries.size()])});
  first_inspector_ = networks_.size();
  for (std::size_t i = 0; i < inspectors; ++i)
    networks_.push_back({static_cast<std::uint32_t>(4200000000 + i), "INSPECTED, Office " + std::to_string(i),
                         kind_of(i, inspectors), std::string(countries[(3 * i) % countries.size()])});
}

/// Who comes first to a prefix says whose it is.
void places::settle(const address& at, std::size_t network, std::size_t number) {
  place one{network, number % 41 == 40,
            number % 10 == 9 ? std::string(countries[(number + 7) % countries.size()]) : ""};
  by_prefix_.emplace(prefix_of(at), std::move(one));
}

places::places(const plan& all, const std::vector<resolver>& resolvers, std::uint64_t seed) {
  const auto inspected =
      static_cast<std::size_t>(std::count_if(all.servers.begin(), all.servers.end(), is_inspected));
  const std::size_t hosters = 20 + all.servers.size() / 12, inspectors = 10 + inspected / 2;
  make_networks(hosters, inspectors);
  random_stream draw(seed, "places");
  std::size_t number = 0;
  const auto hoster = [&] { return first_hoster_ + draw.below(hosters); };
  for (const auto& one : all.servers) {
    const std::pair<mta, std::size_t> large[] = {
        {mta::gmail, 1}, {mta::godaddy, 2}, {mta::yandex, 3}, {mta::qq, 4}};
    auto whose = is_inspected(one) && draw.chance(0.7) ? first_inspector_ + draw.below(inspectors) : hoster();
    for (const auto& [runs, owner] : large)
      if (one.runs == runs)
        whose = owner;
    if (one.host == "mx1.ovh.net")
      whose = 5;
    const bool announced = !draw.chance(0.04);
    for (const auto& at : one.addresses)
      if (++number; announced)
        settle(at, whose, number);
  }
  for (const auto& one : resolvers)
    settle(one.at, hoster(), ++number);
}

const places::place* places::place_of(const address& at) const {
  const auto found = by_prefix_.find(prefix_of(at));
  return found == by_prefix_.end() ? nullptr : &found->second;
}

const network* places::of(const address& at) const {
  if (const auto* own = place_of(at))
    return &networks_[own->network];
  const bool covered = at.is_v4() && at.to_v4().to_bytes()[0] == 20 && at.to_v4().to_bytes()[1] / 16 == 3;
  return covered ? &networks_[0] : nullptr;
}

std::string places::country_of(const address& at) const {
  const auto* own = place_of(at);
  const auto* whose = of(at);
  return own != nullptr && !own->country.empty() ? own->country : whose != nullptr ? whose->country : "";
}

std::string places::meta_of(const address& at) const {
  const auto* whose = of(at);
  auto out = object();
  if (whose == nullptr)
    return out.text("outcome", "nodata")
        .text("ip", at.to_string())
        .add("asn", "null")
        .add("country", "null")
        .close();
  const auto* own = place_of(at);
  out.text("outcome", "ok").text("ip", at.to_string()).number("asn", whose->asn).text("as_name", whose->name);
  out.add("as_type", whose->type.empty() ? "null" : quoted(whose->type));
  out.add("asns", own != nullptr && own->two_origins
                      ? "[" + std::to_string(whose->asn) + "," + std::to_string(transit) + "]"
                      : "null");
  return out.text("country", country_of(at))
      .text("prefix", own != nullptr ? prefix_of(at) : "20.48.0.0/12")
      .close();
}

std::string places::meta_of(const expected_record& record) const {
  if (record.smtp.at != nullptr)
    return meta_of(record.smtp.ip);
  // Special-purpose space is nobody's.
  return object()
      .text("outcome", record.smtp.outcome == "blocked" ? "nodata" : "skipped")
      .add("asn", "null")
      .close();
}

/// In the columns of CAIDA for IPv4, in the common ones for IPv6; the widest last, since the order must not
/// matter.
std::vector<std::string> places::routes() const {
  std::vector<std::string> out = {"# prefixes of the world"};
  for (const auto& [prefix, at] : by_prefix_) {
    const auto slash = prefix.find('/');
    const auto origin =
        std::to_string(networks_[at.network].asn) + (at.two_origins ? "_" + std::to_string(transit) : "");
    out.push_back(prefix.find(':') == std::string::npos
                      ? prefix.substr(0, slash) + "\t" + prefix.substr(slash + 1) + "\t" + origin
                      : prefix + " " + origin);
  }
  out.push_back("20.48.0.0\t12\t" + std::to_string(transit));
  return out;
}

std::vector<std::string> places::names() const {
  std::vector<std::string> out;
  for (const auto& n : networks_)
    out.push_back(std::to_string(n.asn) + " " + n.name + ", " + n.country);
  return out;
}

std::vector<std::string> places::types() const {
  std::vector<std::string> out = {"# kinds of the world's networks"};
  for (const auto& n : networks_)
    if (!n.type.empty())
      out.push_back(std::to_string(n.asn) + "|world|" + n.type);
  return out;
}

std::vector<std::string> places::delegations() const {
  std::vector<std::string> out = {"2|world|20150426|1|19830705|20150425|+0000", "world|*|ipv4|*|1|summary"};
  for (const auto& [prefix, at] : by_prefix_)
    if (const auto slash = prefix.find('/'); !at.country.empty()) {
      const bool six = prefix.find(':') != std::string::npos;
      out.push_back("world|" + at.country + "|" + (six ? "ipv6" : "ipv4") + "|" + prefix.substr(0, slash) +
                    "|" + (six ? prefix.substr(slash + 1) : "256") + "|20150101|allocated");
    }
  return out;
}

namespace {

struct of_network {
  std::set<address> servers;
  std::size_t records = 0, stripped = 0;
};

/// The ten largest, of several as large the one that text puts first, as aggregate does.
using ranking = std::vector<std::pair<std::string, std::size_t>>;
void put_largest(table& into, ranking all, const std::string& column, std::size_t top) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::size_t rest = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i < top)
      into.count(all[i].first, column, all[i].second);
    else
      rest += all[i].second;
  if (rest > 0)
    into.count("Other", column, rest);
}
std::string label_of(const network& n) {
  return std::to_string(n.asn) + " " + n.name;
}

} // namespace

std::vector<std::string> places::cells(const std::vector<expected_record>& all) const {
  std::vector<std::string> out;
  std::map<const network*, of_network> networks;
  std::set<address> servers[2];
  std::set<std::uint32_t> asns[2];
  std::set<std::string> lands[2];
  for (const auto& record : all) {
    if (record.strip.outcome != "ok")
      continue;
    const bool stripped = record.strip.verdict == "stripped";
    const auto* whose = of(record.smtp.ip);
    for (const int row : {0, 1}) {
      if (row == 0 && !stripped)
        continue;
      servers[row].insert(record.smtp.ip);
      if (whose != nullptr)
        asns[row].insert(whose->asn);
      if (const auto land = country_of(record.smtp.ip); !land.empty())
        lands[row].insert(land);
    }
    if (whose == nullptr)
      continue;
    auto& n = networks[whose];
    n.servers.insert(record.smtp.ip);
    ++n.records;
    n.stripped += stripped ? 1 : 0;
  }
  std::map<std::string, std::pair<std::size_t, std::size_t>> by_kind;
  ranking whole, some;
  for (const auto& [whose, n] : networks) {
    std::set<address> those;
    for (const auto& record : all)
      if (record.strip.verdict == "stripped" && of(record.smtp.ip) == whose)
        those.insert(record.smtp.ip);
    if (!those.empty())
      some.emplace_back(label_of(*whose), those.size());
    if (n.stripped != n.records)
      continue;
    auto& row = by_kind[whose->type.empty() ? "Unknown" : whose->type];
    ++row.first;
    row.second += n.servers.size();
    whole.emplace_back(label_of(*whose), n.servers.size());
  }
  table t12("t12", out), t12_networks("t12-networks", out), reach("stripping-places", out),
      largest("stripping-networks", out);
  for (const auto& [type, n] : by_kind) {
    t12.count(type, "ASes", n.first);
    t12.value(type, "servers", std::to_string(n.second));
  }
  put_largest(t12_networks, whole, "servers", 10);
  for (const int row : {0, 1}) {
    const std::string label = row == 0 ? "stripped" : "all with SMTP";
    reach.count(label, "servers", servers[row].size());
    reach.count(label, "ASes", asns[row].size());
    reach.count(label, "countries", lands[row].size());
  }
  put_largest(largest, some, "servers", 10);
  return out;
}

std::vector<std::string> places::resolver_cells(const plan& world, const std::vector<resolver>& all) const {
  std::vector<std::string> out;
  std::map<std::string, std::size_t> networks, lands;
  std::map<std::string, std::set<std::string>> targets;
  for (const auto& one : all) {
    if (!is_falsifying(one))
      continue;
    ++networks[label_of(*of(one.at))];
    ++lands[country_of(one.at)];
    for (const auto& at : targets_of(world, one))
      if (const auto* whose = of(asio::ip::make_address(at)))
        targets[label_of(*whose)].insert(at);
  }
  table by_network("false-networks", out), by_land("false-countries", out), by_target("false-targets", out);
  put_largest(by_network, ranking(networks.begin(), networks.end()), "resolvers", 5);
  put_largest(by_land, ranking(lands.begin(), lands.end()), "resolvers", 5);
  ranking aims;
  for (const auto& [name, addresses] : targets)
    aims.emplace_back(name, addresses.size());
  put_largest(by_target, aims, "targets", 5);
  return out;
}

} // namespace world
