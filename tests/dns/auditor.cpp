#include "asking.hpp"

#include <postroad/dns/auditor.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <sstream>
#include <string>

using namespace postroad;
using namespace dns_test;
namespace audit = dns::audit;
using audit::part;

namespace {

using bytes = scripted_dns::bytes;

bytes wire_of(const std::string& dotted) {
  bytes out;
  std::istringstream labels(dotted);
  for (std::string label; std::getline(labels, label, '.');) {
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
  }
  out.push_back(0);
  return out;
}

bytes rdata_of(unsigned type, const std::string& value) {
  if (type == 1 || type == 28) {
    const auto ip = *net::parse_address(value);
    return {ip.bytes.begin(), ip.bytes.begin() + (ip.v6 ? 16 : 4)};
  }
  bytes out = type == 15 ? bytes{0, 10} : bytes{};
  const auto n = wire_of(value);
  out.insert(out.end(), n.begin(), n.end());
  return out;
}

/// What a server knows: "MX gmail.test" -> values with blanks between. What it does not know is NXDOMAIN.
struct book {
  std::map<std::string, std::string> pages;

  [[nodiscard]] bytes look_up(const request& r) const {
    static const std::map<unsigned, std::string> words{{1, "A"}, {28, "AAAA"}, {15, "MX"}, {12, "PTR"}};
    const auto page = pages.find(words.at(r.type) + " " + r.lower_qname());
    if (page == pages.end())
      return r.reply(0x8183);
    bytes more;
    unsigned n = 0;
    std::istringstream values(page->second);
    for (std::string value; values >> value; ++n) {
      const auto data = rdata_of(r.type, value);
      const bytes head{0xc0, 12, 0, static_cast<std::uint8_t>(r.type),     0, 1, 0, 0,
                       1,    44, 0, static_cast<std::uint8_t>(data.size())};
      more.insert(more.end(), head.begin(), head.end());
      more.insert(more.end(), data.begin(), data.end());
    }
    return r.reply(0x8180, n, more);
  }
  [[nodiscard]] book with(const std::string& page, const std::string& values) const {
    book other = *this;
    other.pages[page] = values;
    return other;
  }
};

const book truth{{{"MX gmail.test", "mx1.gmail.test mx2.gmail.test"},
                  {"A mx1.gmail.test", "45.1.1.1"},
                  {"A mx2.gmail.test", "45.1.1.2"},
                  {"AAAA mx1.gmail.test", "2a00:1::1"},
                  {"AAAA mx2.gmail.test", "2a00:1::2"},
                  {"MX mail.test", "mx.mail.test"},
                  {"A mx.mail.test", "45.2.2.2"},
                  {"AAAA mx.mail.test", "2a00:2::2"},
                  {"A umich.test", "45.3.3.3"},
                  {"AAAA umich.test", "2a00:3::3"}}};

scripted_dns::script from(book b) {
  return [b](const request& r) { return replies{{b.look_up(r)}}; };
}

/// Trusted resolvers, and one that is audited.
struct audited {
  explicit audited(scripted_dns::script suspect_does,
                   std::vector<scripted_dns::script> trusted_do = {from(truth)})
      : suspect(std::move(suspect_does)) {
    for (auto& t : trusted_do)
      trusted.push_back(std::make_unique<scripted_dns>(std::move(t)));
    use.names = {"gmail.test", "mail.test"};
    use.control = "umich.test";
    use.seed = 1;
  }
  const audit::report& run() {
    dns::client_settings s;
    s.timeout = 1s;
    s.cache_bytes = 0;
    dns::client client(io, s);
    std::vector<net::endpoint> ends;
    for (const auto& t : trusted)
      ends.push_back(at(*t));
    known = std::make_unique<audit::reference>(client, ends, use);
    auditor = std::make_unique<audit::auditor>(io, client, *known, 1);
    net::spawn(go());
    io.run_for(20s);
    CHECK_MESSAGE(io.stopped(), "something keeps the context running");
    return got;
  }
  net::task<void> go() {
    co_await known->gather();
    got = co_await auditor->run(at(suspect), false);
  }
  [[nodiscard]] bool has(audit::flag f) const { return got.found.flags.has(f); }
  [[nodiscard]] std::string is() const { return std::string(to_string(got.found.is)); }

  asio::io_context io{1};
  scripted_dns suspect;
  std::vector<std::unique_ptr<scripted_dns>> trusted;
  audit::options use;
  std::unique_ptr<audit::reference> known;
  std::unique_ptr<audit::auditor> auditor;
  audit::report got;
};

} // namespace

TEST_CASE("an honest resolver: each question once, what is decisive first") {
  audited a(from(truth));
  const auto& got = a.run();
  CHECK(a.is() == "honest");
  CHECK(got.passes == 1);
  CHECK(got.tries == got.log.size());
  REQUIRE(got.log.size() > 3);
  CHECK(to_string(got.log[0].asked->asked) == "gmail.test");
  CHECK(got.log[1].asked->of == part::control);
  CHECK(got.log[2].asked->of == part::mail_address);
}

TEST_CASE("a control that deviates is asked again, even when mail does not") {
  std::atomic<unsigned> times{0};
  audited a([&](const request& r) {
    const bool lie = r.lower_qname() == "umich.test" && r.type == 1 && times++ == 0;
    return replies{{(lie ? truth.with("A umich.test", "66.6.6.6") : truth).look_up(r)}};
  });
  const auto& got = a.run();
  CHECK(a.is() == "honest");
  CHECK(a.has(audit::flag::transient));
  CHECK(!a.has(audit::flag::control));
  CHECK(got.passes == 2);
  CHECK(times == 2);
}

TEST_CASE("AAAA alone: one address whatever is asked is found, and no A is asked for") {
  const bytes one = rdata_of(28, "2a00:6666::6");
  bytes record{0xc0, 12, 0, 28, 0, 1, 0, 0, 1, 44, 0, 16};
  record.insert(record.end(), one.begin(), one.end());
  audited a([&](const request& r) {
    return replies{{r.type == 28 ? r.reply(0x8180, 1, record) : truth.look_up(r)}};
  });
  a.use.ipv4 = false;
  a.run();
  CHECK(a.is() == "identical");
  for (const auto& r : a.suspect.seen())
    CHECK(r.type != 1);
}

TEST_CASE("trusted resolvers that differ: what either says is true, what neither says is not") {
  const auto elsewhere =
      truth.with("MX mail.test", "mx.asia.mail.test").with("A mx.asia.mail.test", "45.9.9.9");
  const std::vector<scripted_dns::script> both{from(truth), from(elsewhere)};
  audited first(from(truth), both), second(from(elsewhere), both);
  first.run(), second.run();
  CHECK(first.is() == "honest");
  CHECK(second.is() == "honest");
  audited liar(from(truth.with("MX mail.test", "mx.evil.example").with("A mx.evil.example", "66.6.6.6")),
               both);
  liar.run();
  CHECK(liar.is() == "falsified");
  REQUIRE(liar.got.targets.size() == 1);
  CHECK(liar.got.targets[0].host == "mx.evil.example");
}

TEST_CASE("a provider that moves while the audit runs makes nobody a liar") {
  std::atomic<bool> moved{false};
  const auto later = truth.with("A mx.mail.test", "46.8.8.8");
  const auto now = [&](const request& r) {
    moved = moved || r.port != 0;
    return replies{{later.look_up(r)}};
  };
  const auto trusted = [&](const request& r) { return replies{{(moved ? later : truth).look_up(r)}}; };
  audited a(now, {trusted});
  a.use.fresh = 0ms;
  a.run();
  CHECK(moved);
  CHECK(a.is() == "honest");
  audited stale(now, {from(truth)});
  stale.use.fresh = 0ms;
  stale.run();
  CHECK(stale.is() == "falsified"); // the trusted resolver goes on saying something else
}

TEST_CASE("another of the provider's addresses, far away, is confirmed by its name backwards and forwards") {
  const auto named = truth.with("PTR 2.2.2.45.in-addr.arpa", "mx-a.mail.test")
                         .with("A mx-a.mail.test", "45.2.2.2")
                         .with("PTR 9.9.9.99.in-addr.arpa", "mx-z.mail.test");
  const auto far = from(truth.with("A mx.mail.test", "99.9.9.9"));
  audited friends(far, {from(named.with("A mx-z.mail.test", "99.9.9.9"))});
  friends.run();
  CHECK(friends.is() == "honest");
  CHECK(friends.has(audit::flag::near));
  audited pretends(far, {from(named)}); // anybody can write such a PTR; the name does not lead back
  pretends.run();
  CHECK(pretends.is() == "falsified");
}

TEST_CASE("strangers by the dozen in one answer: a handful is looked at") {
  std::string strangers;
  for (int i = 1; i <= 60; ++i)
    strangers += "mx" + std::to_string(i) + ".evil.example ";
  audited a(from(truth.with("MX mail.test", strangers)));
  const auto& got = a.run();
  CHECK(a.is() == "falsified");
  CHECK(got.targets.size() <= 8);
  CHECK(a.suspect.queries() < 40);
}

TEST_CASE("a forwarder whose replies come from elsewhere: no answer, and where from") {
  audited a([&](const request& r) { return replies{{truth.look_up(r), 0ms, manner::other_port}}; });
  a.run();
  CHECK(a.is() == "no_answer");
  CHECK(a.has(audit::flag::bad_sender));
}
