/// Publishes SPF and DMARC: for the generated domains in the proportions of the paper's section 6 (Tables 20
/// to 22 and the figures in the text), for the senders that many of them include, and, by the dozen, what
/// goes wrong.
#include "dmarc_records.hpp"
#include "oddities.hpp"
#include "plan.hpp"
#include "random.hpp"
#include "spell.hpp"
#include "terms.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace world {

namespace {

using asio::ip::make_address;

class publisher {
public:
  explicit publisher(plan& to) : to_(to), draw_(to.seed, "senders"), spelling_(to.seed, "spelling") {}

  void run() {
    raise_shared();
    raise_large();
    raise_small();
    publish_domains();
    publish_reports();
    list_senders();
  }

private:
  void publish(const std::string& name, const sender_policy& what, bool plain = false);
  void text(const std::string& name, const std::string& words) {
    to_.names.add(name, {rrtype::txt, 0, words, {}, cut(words, spelling_, false)});
  }
  void ip(const std::string& name, const std::string& address) {
    const auto at = make_address(address);
    to_.names.add(name, {at.is_v4() ? rrtype::a : rrtype::aaaa, 0, "", at});
  }
  void fails(const std::string& name, trouble how) { to_.names.afflict(name, rrtype::any, how); }

  void raise_shared();
  void raise_large();
  void raise_small();
  std::string public_address();
  term some_network();

  void publish_domains();
  void publish_ordinary(const std::vector<std::string>& domains);
  void publish_other_words(const std::string& name);
  std::vector<char> deal(std::size_t n, double share);

  void publish_reports();
  void publish_report(const std::string& domain, dmarc_policy what);
  void publish_hand_reports();
  void list_senders();
  void add_sender(const std::string& name, const char* kind, const std::string& shows);

  plan& to_;
  random_stream draw_, spelling_;
  std::vector<std::string> small_, small_ends_; ///< names to include, names to redirect to
  std::vector<std::string> extra_;              ///< names that only the list of senders has
};

void publisher::publish(const std::string& name, const sender_policy& what, bool plain) {
  const auto words = spell(what, spelling_, plain);
  to_.names.add(name, {rrtype::txt, 0, words, {}, cut(words, spelling_, !plain && spelling_.chance(0.08))});
  if (what.wrong == fault::multiple)
    text(name, spelling_.chance(0.5) ? "v=spf1 a mx ?all" : "v=spf1 -all");
  if (!to_.published.spf.emplace(name, what).second)
    throw std::logic_error("two policies for " + name);
}

// What other people's policies lead to.

void publisher::raise_shared() {
  const auto at = [](const char* label) { return below_shared(label); };
  publish(at("good"),
          policy_of({net("45.67.0.0", 20), net("2a00:2067::", 48), everybody(qualifier::softfail)}));
  ip(at("good"), "45.67.1.1");
  ip(at("good"), "2a00:2067::1");
  ip(at("four"), "45.67.1.4");
  publish(at("wide"), policy_of({net("45.64.0.0", 16), everybody(qualifier::fail)}));
  publish(at("loop-a"),
          policy_of({net("45.67.32.0", 24), named(include, at("loop-b")), everybody(qualifier::fail)}));
  publish(at("loop-b"),
          policy_of({net("45.67.33.0", 24), named(include, at("loop-a")), everybody(qualifier::fail)}));
  publish(at("turn-a"), policy_of({net("45.67.34.0", 24)}, at("turn-b")));
  publish(at("turn-b"), policy_of({net("45.67.35.0", 24)}, at("turn-a")));
  text(at("empty"), "no policy here");
  auto broken = policy_of({net("45.67.36.0", 24), everybody(qualifier::fail)});
  broken.wrong = fault::syntax;
  broken.broken = "ip4:45.67.37.0/33";
  publish(at("broken"), broken);
  auto several = policy_of({net("45.67.38.0", 24), everybody(qualifier::fail)});
  several.wrong = fault::multiple;
  publish(at("several"), several);
  fails(at("fails"), trouble::servfail);
  fails(at("refuses"), trouble::refused);
  fails(at("mute"), trouble::silence);
  for (int i = 1; i < 14; ++i)
    publish(at(("deep" + std::to_string(i)).c_str()),
            policy_of({net("45.68." + std::to_string(i) + ".0", 24),
                       named(include, i < 13 ? at(("deep" + std::to_string(i + 1)).c_str()) : at("good")),
                       everybody(qualifier::fail)}));
  for (int i = 0; i < 11; ++i) {
    const auto host = "mx" + std::to_string(i) + "." + at("eleven");
    to_.names.add(at("eleven"), {rrtype::mx, static_cast<std::uint16_t>(10 + i), host, {}});
    ip(host, "45.69.0." + std::to_string(10 + i));
  }
  to_.names.add(at("null"), {rrtype::mx, 0, "", {}});
  publish(at("inherits"), policy_of({named(a, "%{o}"), named(a, "mail.%{o}"), everybody(qualifier::fail)}));
  ip(at("in-addr.families"), "45.69.1.4");
  ip(at("ip6.families"), "2a00:2069::6");
  publish(at("in-addr.families"),
          policy_of({net("45.69.2.0", 24), net("2a00:2068::", 48), everybody(qualifier::fail)}));
  publish(at("ip6.families"),
          policy_of({net("45.69.3.0", 24), net("2a00:2069::", 48), everybody(qualifier::fail)}));
  to_.names.add(at("alias"), {rrtype::cname, 0, at("good"), {}});
}

/// The five that most domains include, and the five that most redirects lead to (section 6.1), with networks
/// of about the widths that they had.
void publisher::raise_large() {
  publish("_spf.google.com",
          policy_of({named(include, "_netblocks.google.com"), named(include, "_netblocks2.google.com"),
                     named(include, "_netblocks3.google.com"), everybody(qualifier::softfail)}));
  publish("_netblocks.google.com",
          policy_of({net("64.18.0.0", 20), net("64.233.160.0", 19), net("66.102.0.0", 20),
                     net("66.249.80.0", 20), net("72.14.192.0", 18), net("74.125.0.0", 16),
                     net("173.194.0.0", 16), net("207.126.144.0", 20), net("209.85.128.0", 17),
                     net("216.58.192.0", 19), net("216.239.32.0", 19), everybody(qualifier::softfail)}));
  publish("_netblocks2.google.com",
          policy_of({net("2001:4860:4000::", 36), net("2404:6800:4000::", 36), net("2607:f8b0:4000::", 36),
                     net("2800:3f0:4000::", 36), net("2a00:1450:4000::", 36), net("2c0f:fb50:4000::", 36),
                     everybody(qualifier::softfail)}));
  publish("_netblocks3.google.com", policy_of({everybody(qualifier::softfail)}));
  publish("spf.protection.outlook.com",
          policy_of({net("207.46.101.128", 26), net("207.46.108.0", 25), net("207.46.100.0", 24),
                     net("207.46.163.0", 24), net("65.55.169.0", 24), net("157.56.110.0", 23),
                     net("157.55.234.0", 24), net("213.199.154.0", 24), net("213.199.180.0", 24),
                     net("157.56.112.0", 24), net("104.40.0.0", 14),
                     named(include, "spfa.protection.outlook.com"), everybody(qualifier::fail)}));
  publish("spfa.protection.outlook.com",
          policy_of({net("157.56.120.0", 25), net("134.170.132.0", 24), net("134.170.140.0", 24),
                     net("157.55.206.0", 24), net("2a01:111:f400::", 48), net("2a01:111:f403::", 48),
                     everybody(qualifier::fail)}));
  publish("websitewelcome.com",
          policy_of({named(include, "spf1.websitewelcome.com"), named(include, "spf2.websitewelcome.com"),
                     everybody(qualifier::softfail)}));
  publish("spf1.websitewelcome.com", policy_of({net("192.185.0.0", 17), net("50.87.152.0", 21),
                                                net("69.41.248.0", 21), everybody(qualifier::softfail)}));
  publish("spf2.websitewelcome.com", policy_of({net("67.18.0.0", 20), net("70.84.0.0", 22),
                                                net("74.54.0.0", 20), everybody(qualifier::softfail)}));
  publish("spf.mandrillapp.com",
          policy_of({net("198.2.128.0", 18), net("205.201.128.0", 20), everybody(qualifier::neutral)}));
  publish("sendgrid.net",
          policy_of({net("208.115.214.0", 24), net("74.63.202.0", 24), net("75.126.200.128", 27),
                     net("167.89.0.0", 17), everybody(qualifier::softfail)}));
  publish("_spf.yandex.net",
          policy_of({net("37.9.109.0", 24), net("77.88.0.0", 18), net("87.250.224.0", 19),
                     net("95.108.128.0", 17), net("2a02:6b8::", 32), everybody(qualifier::softfail)}));
  publish("spf.mailhostbox.com",
          policy_of({net("209.99.16.0", 24), net("162.222.225.0", 24), everybody(qualifier::softfail)}));
  publish("spf.nicmail.ru",
          policy_of({net("194.85.88.0", 21), net("91.189.112.0", 21), everybody(qualifier::neutral)}));
  publish("spf.serveriai.lt", policy_of({net("79.98.24.0", 21), everybody(qualifier::fail)}));
  publish("_spf.mail.ru",
          policy_of({net("94.100.176.0", 20), net("217.69.128.0", 20), everybody(qualifier::softfail)}));
}

std::string publisher::public_address() {
  static const std::vector<unsigned> first = {5, 23, 46, 62, 77, 80, 91, 104, 130, 151, 176, 185, 194, 212};
  return std::to_string(draw_.pick(first)) + "." + std::to_string(draw_.below(256)) + "." +
         std::to_string(draw_.below(256)) + "." + std::to_string(1 + draw_.below(254));
}

/// Mostly single addresses and small networks; one in a hundred has a /16.
term publisher::some_network() {
  const double kind = draw_.share();
  const unsigned bits = kind < 0.65    ? 32
                        : kind < 0.90  ? 24 + static_cast<unsigned>(draw_.below(6))
                        : kind < 0.985 ? 18 + static_cast<unsigned>(draw_.below(6))
                                       : 16;
  const auto number = make_address(public_address()).to_v4().to_uint();
  const auto base = asio::ip::address_v4(bits == 32 ? number : number & ~(0xffffffffU >> bits)).to_string();
  return net(base, bits);
}

/// Hosters that some hundred domains include, or redirect to.
void publisher::raise_small() {
  for (int i = 0; i < 60; ++i) {
    const auto name = "_spf.sender" + std::to_string(i) + ".net";
    sender_policy what;
    for (std::size_t n = 1 + draw_.below(12); n > 0; --n)
      what.terms.push_back(some_network());
    if (draw_.chance(0.1))
      what.terms.push_back(net("2a00:2" + std::to_string(100 + i) + "::", 32));
    if (draw_.chance(0.2))
      what.terms.push_back(named(a, "mail.sender" + std::to_string(i) + ".net"));
    if (draw_.chance(0.15))
      what.terms.push_back(named(mx, "sender" + std::to_string(i) + ".net"));
    if (i >= 40 && draw_.chance(0.7)) // one level deeper
      what.terms.push_back(named(include, draw_.pick(small_)));
    what.terms.push_back(everybody(i % 3 == 0   ? qualifier::fail
                                   : i % 3 == 1 ? qualifier::softfail
                                                : qualifier::neutral));
    ip("mail.sender" + std::to_string(i) + ".net", "45.70." + std::to_string(i) + ".25");
    if (i % 2 == 0)
      ip("mail.sender" + std::to_string(i) + ".net", "2a00:2070:" + std::to_string(i) + "::25");
    to_.names.add("sender" + std::to_string(i) + ".net",
                  {rrtype::mx, 10, "mail.sender" + std::to_string(i) + ".net", {}});
    publish(name, what);
    small_.push_back(name);
  }
  static constexpr qualifier ends[] = {qualifier::fail, qualifier::fail,     qualifier::softfail,
                                       qualifier::fail, qualifier::softfail, qualifier::neutral};
  for (int i = 0; i < 12; ++i) {
    const auto name = "spf.hosting" + std::to_string(i) + ".info";
    publish(name, policy_of({some_network(), some_network(), everybody(ends[i % 6])}));
    small_ends_.push_back(name);
  }
}

// The domains.

/// `share` of n, at random places.
std::vector<char> publisher::deal(std::size_t n, double share) {
  std::vector<char> out(n, 0);
  std::fill_n(out.begin(),
              std::min(n, static_cast<std::size_t>(std::llround(static_cast<double>(n) * share))), 1);
  draw_.shuffle(out);
  return out;
}

/// TXT records that are no SPF, some of them nearly.
void publisher::publish_other_words(const std::string& name) {
  static const std::vector<std::string> nearly = {"v=spf10 -all",    "v=spf1;-all",     " v=spf1 -all",
                                                  "v=spf1\t-all",    "spf2.0/pra -all", "v=spf1",
                                                  "\"v=spf1 -all\"", "vspf1 -all"};
  const double kind = draw_.share();
  if (kind < 0.20)
    return text(name,
                "google-site-verification=" + std::to_string(draw_.next()) + std::to_string(draw_.next()));
  if (kind < 0.24)
    return text(name, "MS=ms" + std::to_string(draw_.below(100000000)));
  if (kind < 0.26) // does not fit into 512 bytes: over TCP for who knows no EDNS
    return text(name, "key=" + std::string(600, 'k'));
  if (kind < 0.28 && !to_.published.spf.contains(name)) {
    const auto& words = draw_.pick(nearly);
    text(name, words);
    if (words == "v=spf1") // the least of all policies
      to_.published.spf.emplace(name, policy_of({}));
  }
}

void publisher::publish_domains() {
  std::vector<std::string> able, receivers;
  for (const auto& one : to_.inputs) {
    const bool receives = one.kind == "gmail" || one.kind == "godaddy" || one.kind == "yandex" ||
                          one.kind == "qq" || one.kind == "ovh" || one.kind == "served";
    if (receives || one.kind == "dead")
      (receives ? receivers : able).push_back(one.name);
    if (receives && !to_.names.look_up(one.name, rrtype::a).holds(rrtype::a) &&
        draw_.chance(0.92)) // where its pages are
      ip(one.name,
         "45.44." + std::to_string(100 + draw_.below(100)) + "." + std::to_string(10 + draw_.below(90)));
    if (one.kind == "parked" || (one.kind == "null_mx" && draw_.chance(0.6)))
      publish(one.name, policy_of({everybody(qualifier::fail)}));
    if (one.kind == "dns_fails") { // a server that is down is down for every name
      const auto said = to_.names.look_up(one.name, rrtype::txt);
      fails("_dmarc." + one.name, said.silence                  ? trouble::silence
                                  : said.code == rcode::refused ? trouble::refused
                                                                : trouble::servfail);
    }
  }
  std::vector<std::string> with;
  const auto published = deal(receivers.size(), 401356.0 / 792494), some = deal(able.size(), 0.25);
  for (std::size_t i = 0; i < receivers.size(); ++i)
    if (published[i])
      with.push_back(receivers[i]);
  for (std::size_t i = 0; i < able.size(); ++i)
    if (some[i])
      with.push_back(able[i]);
  draw_.shuffle(with);
  const auto kinds = oddities();
  std::size_t syntax = 0;
  const auto among = static_cast<double>(with.size());
  for (const auto& kind : kinds) {
    const bool broken = std::string_view(kind.kind) == "syntax"; // there are many of it
    const auto name = kind.kind + (broken ? "-" + std::to_string(++syntax) : "") + ".odd-senders.org";
    publish(name, kind.make(name), true);
    extra_.push_back(name);
    for (auto n = std::llround(kind.share * among); n > 0 && !with.empty(); --n) {
      publish(with.back(), kind.make(with.back()));
      with.pop_back();
    }
  }
  publish_ordinary(with);
  for (const auto* list : {&receivers, &able})
    for (const auto& name : *list)
      publish_other_words(name);
}

/// Tables 20 and 21: what ends the record, and which terms list the hosts.
void publisher::publish_ordinary(const std::vector<std::string>& domains) {
  const std::size_t n = domains.size();
  const auto redirects = deal(n, 10045.0 / 401357);
  const std::size_t others = n - static_cast<std::size_t>(std::count(redirects.begin(), redirects.end(), 1));
  const double with_all = 391312; // domains that do not redirect
  const auto four = deal(others, 200976 / with_all), six = deal(others, 6862 / with_all),
             own = deal(others, 139979 / with_all), exchanges = deal(others, 249345 / with_all),
             include_some = deal(others, 213464 / with_all);
  auto hard = deal(others, 84801 / with_all), soft = deal(others, 226117 / (with_all - 84801));
  static constexpr std::array<std::pair<const char*, double>, 5> large = {
      {{"_spf.google.com", 59660.0 / 213464},
       {"spf.protection.outlook.com", 44216.0 / 213464},
       {"websitewelcome.com", 20291.0 / 213464},
       {"spf.mandrillapp.com", 16606.0 / 213464},
       {"sendgrid.net", 10700.0 / 213464}}};
  static constexpr std::array<std::pair<const char*, double>, 5> ends = {{{"_spf.yandex.net", 0.357},
                                                                          {"spf.mailhostbox.com", 0.167},
                                                                          {"spf.nicmail.ru", 0.080},
                                                                          {"spf.serveriai.lt", 0.039},
                                                                          {"_spf.mail.ru", 0.035}}};
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (redirects[i]) {
      double kind = draw_.share();
      std::string target;
      for (const auto& [name, share] : ends)
        if (target.empty() && (kind -= share) < 0)
          target = name;
      publish(domains[i], policy_of({}, target.empty() ? draw_.pick(small_ends_) : target));
      continue;
    }
    std::vector<term> terms;
    if (four[at])
      for (std::size_t k = 1 + draw_.below(3); k > 0; --k)
        terms.push_back(some_network());
    if (six[at])
      terms.push_back(net("2a00:2" + std::to_string(200 + draw_.below(700)) + ":" +
                              std::to_string(1 + draw_.below(9000)) + "::",
                          draw_.chance(0.5) ? 64 : 48));
    if (own[at])
      terms.push_back(draw_.chance(0.1)   ? named(a, "%{d}")
                      : draw_.chance(0.2) ? named(a, "mail." + domains[i])
                                          : of_kind(a));
    if (exchanges[at])
      terms.push_back(draw_.chance(0.1) ? named(mx, domains[i]) : of_kind(mx));
    if (include_some[at]) {
      bool any = false;
      for (const auto& [name, share] : large)
        if (draw_.chance(share)) {
          terms.push_back(named(include, name));
          any = true;
        }
      if (!any || draw_.chance(0.1))
        terms.push_back(named(include, draw_.pick(small_)));
    }
    draw_.shuffle(terms);
    const qualifier end = hard[at] ? qualifier::fail : soft[at] ? qualifier::softfail : qualifier::neutral;
    if (end != qualifier::neutral ||
        draw_.chance(0.7)) // else nothing ends it, and the result is neutral as well
      terms.push_back(everybody(end));
    publish(domains[i], policy_of(std::move(terms)));
    ++at;
  }
}

// DMARC.

void publisher::publish_report(const std::string& domain, dmarc_policy what) {
  to_.names.add("_dmarc." + domain,
                {rrtype::txt, 0, what.text, {}, cut(what.text, spelling_, spelling_.chance(0.1))});
  to_.published.dmarc[domain].push_back(std::move(what));
}

/// Table 22: of domains with mail servers 0.09 % quarantine, 0.82 % none, 0.22 % reject; and one in a
/// thousand gets it wrong.
void publisher::publish_reports() {
  std::vector<std::string> free;
  for (const auto& one : to_.inputs) {
    if (one.kind == "parked" && draw_.chance(0.1))
      publish_report(one.name, dmarc_record("v=DMARC1; p=reject", [](auto& r) { r.p = "reject"; }));
    if (one.kind == "gmail" || one.kind == "godaddy" || one.kind == "yandex" || one.kind == "qq" ||
        one.kind == "ovh" || one.kind == "served" || one.kind == "dead")
      free.push_back(one.name);
  }
  draw_.shuffle(free);
  const auto next = [&free] {
    auto name = free.back();
    free.pop_back();
    return name;
  };
  const auto of = static_cast<double>(free.size());
  const auto good = good_records();
  std::size_t i = 0;
  for (const auto& [policy, share] : {std::pair<std::string, double>("quarantine", 709.0 / 792741),
                                      {"none", 6461.0 / 792741},
                                      {"reject", 1720.0 / 792741}})
    for (auto n = std::llround(of * share); n > 0; --n) {
      const auto name = next();
      publish_report(name, good[i++ % good.size()](policy, name));
    }
  for (std::size_t k = 0; k < std::max<std::size_t>(1, static_cast<std::size_t>(of / 8000)); ++k) {
    for (const auto& make : bad_records()) {
      const auto name = next();
      publish_report(name, make(name));
    }
    const auto two = next(), alias = next();
    publish_report(two, good[0]("none", two));
    publish_report(two, good[1]("reject", two));
    to_.names.add("_dmarc." + alias, {rrtype::cname, 0, "_dmarc.reports.shared-senders.net", {}});
    to_.published.dmarc[alias] = {good[1]("quarantine", alias)};
    for (const char* words : {"v=dmarc1; p=reject", "v=DMARC1.0; p=reject", "v=DMARC1 p=reject",
                              "p=reject; v=DMARC1", "v=spf1 -all", "DMARC1; p=reject"})
      text("_dmarc." + next(), words);
  }
  publish_report("reports.shared-senders.net", good[1]("quarantine", ""));
  publish_hand_reports();
}

/// Names for which the way up the tree decides. RFC 9989 4.10
void publisher::publish_hand_reports() {
  const auto says = [this](const std::string& name, const std::string& text,
                           const std::function<void(dmarc_policy&)>& means) {
    publish_report(name, dmarc_record(text, means));
  };
  const auto ask = [this](const std::string& name, bool there) {
    if (there)
      ip(name, "45.71.1.1");
    extra_.push_back(name);
  };
  says("hand-tree.org", "v=DMARC1; p=reject; sp=quarantine; np=reject",
       [](auto& r) { r.p = "reject", r.sp = "quarantine", r.np = "reject"; });
  says("mail.hand-tree.org", "v=DMARC1; p=none", [](auto& r) { r.p = "none"; });
  ask("hand-tree.org", true);
  ask("mail.hand-tree.org", true);
  ask("news.hand-tree.org", true);   // sp
  ask("typo.hand-tree.org", false);  // np: nobody has it
  ask("a.mail.hand-tree.org", true); // the organization's sp, not its parent's p
  ask("b.mail.hand-tree.org", false);
  says("bank", "v=DMARC1; p=reject; sp=quarantine; psd=y",
       [](auto& r) { r.p = "reject", r.sp = "quarantine", r.psd = "y"; });
  says("beta.bank", "v=DMARC1; p=none", [](auto& r) { r.p = "none"; });
  ask("bank", true);
  ask("alpha.bank", true);
  ask("www.alpha.bank", true);
  ask("beta.bank", true);
  ask("www.beta.bank", true);
  says("unit.hand-group.org", "v=DMARC1; p=quarantine; psd=n",
       [](auto& r) { r.p = "quarantine", r.psd = "n"; });
  says("hand-group.org", "v=DMARC1; p=reject; t=y", [](auto& r) { r.p = "reject", r.t = "y"; });
  ask("x.unit.hand-group.org", true);
  ask("y.hand-group.org", true);
  says("hand-deep.org", "v=DMARC1; p=reject", [](auto& r) { r.p = "reject"; });
  says("d.e.f.g.h.hand-deep.org", "v=DMARC1; p=none", [](auto& r) { r.p = "none"; }); // seven labels: asked
  ask("b.c.d.e.f.g.h.hand-deep.org", true);
  ask("z.a.b.c.d.e.f.g.h.hand-deep.org", true);
  says("hand-fails.org", "v=DMARC1; p=reject", [](auto& r) { r.p = "reject"; });
  fails("_dmarc.sub.hand-fails.org", trouble::servfail);
  fails("_dmarc.hand-refuses.org", trouble::refused);
  ask("www.sub.hand-fails.org", true);
  ask("www.hand-refuses.org", true);
  says("hand-several.org", "v=DMARC1; p=reject; sp=none", [](auto& r) { r.p = "reject", r.sp = "none"; });
  says("m.hand-several.org", "v=DMARC1; p=none", [](auto& r) { r.p = "none"; });
  says("m.hand-several.org", "v=DMARC1; p=none", [](auto& r) { r.p = "none"; });
  ask("m.hand-several.org", true);
  const std::vector<std::string> to = {"mailto:d@hand-reports.org", "mailto:d@takes-reports.net",
                                       "mailto:d@never-asked.net"};
  says("hand-reports.org", "v=DMARC1; p=quarantine; rua=" + to[0] + "," + to[1] + "," + to[2],
       [&](auto& r) { r.p = "quarantine", r.rua = to, r.wants_reports = true; });
  text("hand-reports.org._report._dmarc.takes-reports.net", "v=DMARC1");
  ask("hand-reports.org", true);
}

// The list.

void publisher::add_sender(const std::string& name, const char* kind, const std::string& shows) {
  to_.senders.push_back({name, name, kind, shows, ""});
}

/// The domains of the study, the names above, and Table 17's providers.
void publisher::list_senders() {
  struct provider {
    const char* name;
    qualifier end;
    const char* dmarc;
  };
  static constexpr auto providers = std::to_array<provider>({
      {"gmail.com", qualifier::softfail, "none"},
      {"yahoo.com", qualifier::neutral, "reject"},
      {"outlook.com", qualifier::softfail, "none"},
      {"icloud.com", qualifier::softfail, "none"},
      {"hushmail.com", qualifier::softfail, ""},
      {"lycos.com", qualifier::softfail, ""},
      {"mail.com", qualifier::fail, ""},
      {"zoho.com", qualifier::softfail, ""},
      {"mail.ru", qualifier::softfail, "none"},
      {"aol.com", qualifier::softfail, "reject"},
      {"qq.com", qualifier::softfail, "none"},
      {"me.com", qualifier::softfail, "none"},
      {"facebook.com", qualifier::fail, "reject"},
      {"godaddy.com", qualifier::fail, "none"},
      {"yandex.ru", qualifier::softfail, ""},
      {"ovh.net", qualifier::neutral, ""},
      {"comcast.net", qualifier::neutral, "none"},
      {"att.net", qualifier::pass, ""},
      {"verizon.net", qualifier::neutral, ""},
  });
  to_.senders = to_.inputs;
  for (auto& one : to_.senders)
    one.expected.clear();
  for (const auto& name : extra_)
    add_sender(name, "odd", "");
  const auto write = good_records()[0];
  for (const auto& one : providers) {
    const std::string name = one.name;
    if (name == "att.net")
      text(name, "v=spf1;-all"); // Table 17: nothing valid
    else if (name == "yandex.ru")
      publish(name, policy_of({}, "_spf.yandex.net"));
    else
      publish(name, policy_of({some_network(), everybody(one.end)}));
    if (*one.dmarc != '\0')
      publish_report(name, write(one.dmarc, name));
    add_sender(name, "provider", "");
  }
}

} // namespace

void publish_policies(plan& to) {
  publisher(to).run();
}

} // namespace world
