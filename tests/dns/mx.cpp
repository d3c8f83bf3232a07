#include <postroad/dns/mx.hpp>

#include "../support/scripted_dns.hpp"
#include "wire.hpp"

#include <asio/io_context.hpp>
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace postroad;
using support::scripted_dns;
using wire::bytes;

namespace {

struct rr {
  std::string owner;
  unsigned type;
  bytes rdata;
};

/// Serves these records; `rcodes` overrides by "name/type". Names that occur nowhere are NXDOMAIN.
struct zone {
  std::vector<rr> records;
  std::map<std::string, unsigned> rcodes;
  unsigned flags = 0x8180;

  zone& mx(const char* owner, unsigned preference, const char* exchange) {
    return add(owner, 15, wire::mx(preference, wire::name(exchange)));
  }
  zone& a(const char* owner, const char* text) { return address(owner, text); }
  zone& cname(const char* owner, const char* target) { return add(owner, 5, wire::name(target)); }
  zone& fail(const char* name_and_type, unsigned code) { return rcodes[name_and_type] = code, *this; }
  zone& add(const char* owner, unsigned type, bytes rdata) {
    records.push_back({owner, type, std::move(rdata)});
    return *this;
  }
  zone& address(const char* owner, const char* text) {
    const auto ip = *net::parse_address(text);
    return add(owner, ip.v6 ? 28 : 1, bytes(ip.bytes.begin(), ip.bytes.begin() + (ip.v6 ? 16 : 4)));
  }

  [[nodiscard]] std::vector<scripted_dns::reply> answer(const scripted_dns::request& r) const {
    std::string owner = r.lower_qname();
    const auto code = rcodes.find(owner + "/" + std::to_string(r.type));
    if (code != rcodes.end())
      return {{r.reply(0x8180 | code->second)}};
    wire::message m(r.id, flags);
    m.question(r.question());
    bool exists = false;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i].owner != owner)
        continue;
      exists = true;
      if (records[i].type == r.type || records[i].type == 5)
        m.record(wire::name(owner), records[i].type, records[i].rdata);
      if (records[i].type == 5)
        owner = dotted(records[i].rdata), i = static_cast<std::size_t>(-1);
    }
    auto out = m.done();
    if (!exists)
      out[3] = static_cast<std::uint8_t>(out[3] | 3);
    return {{out}};
  }
  static std::string dotted(const bytes& wire_name) {
    std::string out;
    for (std::size_t i = 0; wire_name[i] != 0; i += wire_name[i] + 1u) {
      out += out.empty() ? "" : ".";
      out.append(wire_name.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                 wire_name.begin() + static_cast<std::ptrdiff_t>(i + wire_name[i] + 1));
    }
    return out;
  }
};

net::task<void> find_into(dns::client& c, std::string domain, dns::mx_options options,
                          std::optional<dns::mail_route>& out) {
  out = co_await dns::find_mail_hosts(c, domain, options);
}

struct looked_up {
  dns::mail_route route;
  unsigned queries = 0;
};

looked_up look_up(const zone& z, const char* domain, dns::mx_options options = {}) {
  scripted_dns server([z](const scripted_dns::request& r) { return z.answer(r); });
  asio::io_context io{1};
  dns::client client(io, {.resolvers = {{*net::parse_address("127.0.0.1"), server.port()}}});
  std::optional<dns::mail_route> route;
  net::spawn(find_into(client, domain, options, route));
  io.run_for(std::chrono::seconds(8));
  REQUIRE(route);
  return {*route, server.queries()};
}

std::string text_of(const std::vector<net::address>& list) {
  std::string out;
  for (const auto& ip : list)
    out += (out.empty() ? "" : " ") + to_string(ip);
  return out;
}

std::string json_of(const dns::mail_route& route) {
  std::string out;
  text::json_writer json(out);
  dns::write_mx(json, route, "2026-11-24T00:00:00Z");
  return out;
}

} // namespace

TEST_CASE("RFC 5321 5.1: hosts by preference, then name, with all their addresses") {
  zone z;
  z.mx("a.test", 20, "MX2.a.test").mx("a.test", 10, "mx1.a.test").mx("a.test", 20, "mx0.a.test");
  z.a("mx1.a.test", "8.8.8.8")
      .a("mx1.a.test", "8.8.4.4")
      .a("mx1.a.test", "2600::2")
      .a("mx1.a.test", "2600::1");
  z.a("mx2.a.test", "8.8.8.8").a("mx0.a.test", "2600::1");
  const dns::provider_map providers;
  const auto [route, queries] = look_up(z, "A.test.", {.providers = &providers});
  CHECK(route.what == outcome::ok);
  CHECK(route.kind == dns::mx_kind::mx);
  CHECK(route.provider == "a.test");
  REQUIRE(route.hosts.size() == 3);
  CHECK(route.hosts[0].name == "mx1.a.test");
  CHECK(route.hosts[1].name == "mx0.a.test");
  CHECK(route.hosts[2].name == "mx2.a.test");
  CHECK(text_of(route.hosts[0].ipv4) == "8.8.4.4 8.8.8.8");
  CHECK(text_of(route.hosts[0].ipv6) == "2600::1 2600::2");
  CHECK(route.hosts[1].ipv4_outcome == outcome::nodata);
  CHECK(route.hosts[1].ipv6_outcome == outcome::ok);
  CHECK_FALSE(route.hosts[1].unresolvable);
  CHECK(route.hosts[1].no_ipv4);
  CHECK(route.hosts[2].no_ipv6);
  CHECK_FALSE((route.hosts[0].no_ipv4 || route.hosts[0].no_ipv6));
  CHECK(queries == 7);
}

TEST_CASE("RFC 7505 3: null MX is its own kind, with no hosts and nothing more asked") {
  const auto [route, queries] = look_up(zone{}.mx("a.test", 0, ""), "a.test");
  CHECK(route.what == outcome::ok);
  CHECK(route.kind == dns::mx_kind::null);
  CHECK(route.hosts.empty());
  CHECK(queries == 1);
}

TEST_CASE("RFC 7505 3: a null MX beside others is no null MX") {
  zone z;
  z.mx("a.test", 0, "").mx("a.test", 10, "mx.a.test").a("mx.a.test", "8.8.8.8");
  const auto route = look_up(z, "a.test").route;
  CHECK(route.kind == dns::mx_kind::mx);
  REQUIRE(route.hosts.size() == 2);
  CHECK(route.hosts[0].name == ".");
  CHECK(route.hosts[0].unresolvable);
  CHECK(route.hosts[0].ipv4_outcome == outcome::skipped);
}

TEST_CASE("RFC 5321 5.1: no MX but an address is an implicit MX") {
  const auto [route, queries] = look_up(zone{}.a("a.test", "8.8.8.8"), "A.test");
  CHECK(route.what == outcome::nodata);
  CHECK(route.kind == dns::mx_kind::implicit);
  REQUIRE(route.hosts.size() == 1);
  CHECK(route.hosts[0].name == "a.test");
  CHECK(route.hosts[0].preference == 0);
  CHECK(text_of(route.hosts[0].ipv4) == "8.8.8.8");
  CHECK(queries == 3);
}

TEST_CASE("neither MX nor address, or no such domain, is kind none") {
  const auto nodata = look_up(zone{}.add("a.test", 16, wire::text("x")), "a.test").route;
  CHECK(nodata.what == outcome::nodata);
  CHECK(nodata.kind == dns::mx_kind::none);
  const auto nxdomain = look_up(zone{}, "a.test");
  CHECK(nxdomain.route.what == outcome::nxdomain);
  CHECK(nxdomain.route.kind == dns::mx_kind::none);
  CHECK(nxdomain.queries == 1);
}

TEST_CASE("unknown is said: a failed look-up leaves the kind absent") {
  CHECK_FALSE(look_up(zone{}.fail("a.test/15", 2), "a.test").route.kind);
  zone half;
  half.add("a.test", 16, wire::text("x")).fail("a.test/28", 2);
  const auto route = look_up(half, "a.test").route;
  CHECK(route.what == outcome::nodata);
  CHECK_FALSE(route.kind);
  zone known;
  known.a("a.test", "8.8.8.8").fail("a.test/28", 2);
  const auto implicit = look_up(known, "a.test").route;
  CHECK(implicit.kind == dns::mx_kind::implicit);
  CHECK(implicit.hosts.at(0).ipv6_outcome == outcome::servfail);
}

TEST_CASE("unknown is said: half of the families asked for is no ground for kind none") {
  zone z;
  z.add("a.test", 16, wire::text("x"));
  CHECK_FALSE(look_up(z, "a.test", {.ipv6 = false}).route.kind);
}

TEST_CASE("a name that cannot be asked for is malformed and costs no query") {
  for (const char* bad : {"a..test", "", "b\xc3\xbc.test"}) {
    const auto [route, queries] = look_up(zone{}, bad);
    CHECK(route.what == outcome::malformed);
    CHECK_FALSE(route.kind);
    CHECK_FALSE(route.detail.empty());
    CHECK(queries == 0);
  }
}

TEST_CASE("without addresses only the MX question is asked and no address member is written") {
  const auto [route, queries] = look_up(zone{}.mx("a.test", 10, "mx.a.test"), "a.test", {.addresses = false});
  CHECK(queries == 1);
  CHECK(json_of(route).find("ipv") == std::string::npos);
  CHECK_FALSE(look_up(zone{}.a("a.test", "8.8.8.8"), "a.test", {.addresses = false}).route.kind);
}

TEST_CASE("-4 asks for no IPv6 address and writes nothing about it") {
  zone z;
  z.mx("a.test", 10, "mx.a.test").a("mx.a.test", "8.8.8.8").a("mx.a.test", "2600::1");
  const auto [route, queries] = look_up(z, "a.test", {.ipv6 = false});
  CHECK(queries == 2);
  CHECK_FALSE(route.hosts.at(0).ipv6_outcome);
  CHECK(json_of(route).find("ipv6") == std::string::npos);
}

TEST_CASE("RFC 2181 10.3: an exchange that is an alias is resolved and flagged") {
  zone z;
  z.mx("a.test", 10, "alias.test").cname("alias.test", "Real.test").a("real.test", "8.8.8.8");
  z.records[1].rdata = wire::name("real.test");
  const auto route = look_up(z, "a.test").route;
  CHECK(route.hosts.at(0).cname == "real.test");
  CHECK(text_of(route.hosts[0].ipv4) == "8.8.8.8");
  CHECK(json_of(route).find("\"flags\":[\"cname\",\"no_ipv6\"]") != std::string::npos);
}

TEST_CASE("an exchange that reads as an address is flagged and not asked for") {
  const auto [route, queries] = look_up(zone{}.mx("a.test", 10, "192.0.2.1"), "a.test");
  CHECK(queries == 1);
  CHECK(route.hosts.at(0).address_literal);
  CHECK(route.hosts[0].unresolvable);
  CHECK(route.hosts[0].ipv4_outcome == outcome::skipped);
}

TEST_CASE("a look-up that failed leaves it open whether there is an address") {
  zone z;
  z.mx("a.test", 10, "mx1.a.test").mx("a.test", 20, "mx2.a.test").mx("a.test", 30, "mx3.a.test");
  z.a("mx1.a.test", "8.8.8.8").fail("mx1.a.test/28", 2);
  z.add("mx2.a.test", 16, {1, 'x'}).fail("mx2.a.test/28", 2);
  z.add("mx3.a.test", 16, {1, 'x'});
  const auto route = look_up(z, "a.test").route;
  CHECK_FALSE((route.hosts.at(0).no_ipv6 || route.hosts[0].unresolvable));
  CHECK_FALSE((route.hosts[1].no_ipv4 || route.hosts[1].unresolvable));
  CHECK(route.hosts[1].ipv6_outcome == outcome::servfail);
  CHECK(route.hosts[2].unresolvable);
}

TEST_CASE("one family asked for is not both: no address there is no claim about the other") {
  zone z;
  z.mx("a.test", 10, "mx1.a.test").mx("a.test", 20, "mx2.a.test").a("mx1.a.test", "2600::1");
  const auto route = look_up(z, "a.test", {.ipv6 = false}).route;
  CHECK_FALSE((route.hosts.at(0).unresolvable || route.hosts[0].no_ipv4));
  CHECK(route.hosts[1].unresolvable); // NXDOMAIN is said of the name, not of a family (RFC 8020)
}

TEST_CASE("RFC 6890: addresses in special-purpose space are flagged") {
  zone z;
  z.mx("a.test", 10, "mx.a.test").a("mx.a.test", "127.0.0.1").a("mx.a.test", "8.8.8.8");
  CHECK(look_up(z, "a.test").route.hosts.at(0).reserved);
}

TEST_CASE("a host listed twice comes once, with its lowest preference and a flag") {
  zone z;
  z.mx("a.test", 30, "mx.a.test").mx("a.test", 10, "MX.a.test").mx("a.test", 20, "other.test");
  const auto [route, queries] = look_up(z, "a.test");
  REQUIRE(route.hosts.size() == 2);
  CHECK(route.hosts[0].name == "mx.a.test");
  CHECK(route.hosts[0].preference == 10);
  CHECK(route.hosts[0].duplicate);
  CHECK_FALSE(route.hosts[1].duplicate);
  CHECK(route.hosts[0].unresolvable);
  CHECK(queries == 5);
}

TEST_CASE("an exchange with a dot inside a label is escaped, not taken for two labels") {
  zone z;
  const bytes odd{4, 'm', '.', ' ', 'x', 4, 't', 'e', 's', 't', 0};
  z.add("a.test", 15, wire::mx(10, odd));
  CHECK(look_up(z, "a.test").route.hosts.at(0).name == "m\\.\\032x.test");
}

TEST_CASE("the record has the members of postroad-records(5)") {
  zone z;
  z.mx("a.test", 10, "mx.a.test").a("mx.a.test", "8.8.8.8");
  z.flags = 0x81a0;
  const dns::provider_map providers;
  auto route = look_up(z, "a.test", {.providers = &providers}).route;
  route.server = net::parse_endpoint("192.0.2.53", 53);
  route.elapsed = std::chrono::microseconds(1250);
  CHECK(
      json_of(route) ==
      R"({"outcome":"ok","kind":"mx","authenticated":true,"provider":"a.test","server":"192.0.2.53:53","tries":1,)"
      R"("replies":1,"elapsed_ms":1.25,"hosts":[{"preference":10,"name":"mx.a.test","authenticated":true,)"
      R"("ipv4":["8.8.8.8"],"ipv4_outcome":"ok","ipv6":[],"ipv6_outcome":"nodata","flags":["no_ipv6"]}],)"
      R"("time":"2026-11-24T00:00:00Z"})");
}
