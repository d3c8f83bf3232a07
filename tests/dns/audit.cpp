#include <postroad/dns/audit_class.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

using namespace postroad;
namespace audit = dns::audit;
using audit::kind;
using audit::part;
using audit::verdict;

namespace {

dns::name named(const char* s) {
  return *dns::parse_name(s);
}
net::address at(const char* s) {
  return *net::parse_address(s);
}

/// An answer that says so: addresses, exchanges, or a word for what went wrong.
dns::answer_ptr says(std::initializer_list<const char*> values, outcome what = outcome::ok) {
  auto a = std::make_shared<dns::answer>();
  a->what = what;
  for (const auto* v : values)
    if (const auto ip = net::parse_address(v))
      a->addresses.push_back(*ip);
    else
      a->mx.push_back({10, named(v)});
  return a;
}

audit::truth knows(std::initializer_list<const char*> values) {
  audit::truth t;
  t.add(*says(values));
  return t;
}

verdict judged(dns::answer_ptr a, const audit::truth& t) {
  return audit::judge(*a, t.exchanges.empty() ? dns::type::a : dns::type::mx, t);
}

/// The log of one resolver: two providers with an exchange each, a control, and nobody's name.
struct story {
  story() {
    add("gmail.com", part::mail_exchange, "gmail.com", {"mx.google.com"});
    add("umich.edu", part::control, "", {"45.1.1.1"});
    add("mail.ru", part::mail_exchange, "mail.ru", {"mx1.mail.ru", "mx2.mail.ru"});
    add("mx.google.com", part::mail_address, "gmail.com", {"45.2.2.2"});
    add("mx1.mail.ru", part::mail_address, "mail.ru", {"45.3.3.3"});
    add("mx2.mail.ru", part::mail_address, "mail.ru", {"45.3.3.4"});
    add("xyz.com", part::nonexistent, "", {});
    questions.back().expected.nonexistent = true;
    for (const auto& q : questions) {
      log.push_back({&q, {}});
      if (q.expected.nonexistent)
        answer(log.size() - 1, says({}, outcome::nxdomain));
      else
        answer(log.size() - 1, truth_of(q));
    }
  }
  void add(const char* n, part of, const char* provider, std::initializer_list<const char*> truth) {
    auto known = knows(truth);
    questions.push_back(
        {named(n), known.exchanges.empty() ? dns::type::a : dns::type::mx, of, provider, known});
  }
  static dns::answer_ptr truth_of(const audit::question& q) {
    auto a = std::make_shared<dns::answer>();
    a->what = outcome::ok;
    a->addresses = q.expected.addresses;
    for (const auto& n : q.expected.exchanges)
      a->mx.push_back({10, n});
    return a;
  }
  void answer(std::size_t i, dns::answer_ptr a) {
    const auto& q = *log[i].asked;
    log[i].passes.push_back({audit::judge(*a, q.rtype, q.expected), std::move(a)});
  }
  /// What it says first, and when asked again, to the questions of this name.
  story& instead(const char* n, std::vector<dns::answer_ptr> answers) {
    for (std::size_t i = 0; i < log.size(); ++i)
      if (log[i].asked->asked == named(n)) {
        log[i].passes.clear();
        for (auto& a : answers)
          answer(i, a);
      }
    return *this;
  }
  story& always(const char* n, std::initializer_list<const char*> values) {
    return instead(n, {says(values), says(values)});
  }
  story& all(const dns::answer_ptr& a) {
    for (const auto& q : questions)
      instead(to_string(q.asked).c_str(), {a});
    return *this;
  }
  [[nodiscard]] audit::finding found() {
    for (auto& e : log)
      audit::settle(e);
    return audit::classify(log);
  }
  [[nodiscard]] std::string is() { return std::string(to_string(found().is)); }
  [[nodiscard]] std::string flags() {
    std::string all;
    for (const auto w : found().flags.words())
      all += (all.empty() ? "" : " ") + std::string(w);
    return all;
  }

  std::deque<audit::question> questions;
  std::vector<audit::entry> log;
};

} // namespace

TEST_CASE("an address: true, special, a bit off, near, foreign, in this order") {
  const auto t = knows({"45.2.2.2", "2a00:1450::1"});
  const auto judge = [&](const char* a) { return to_string(audit::judge_address(at(a), t.addresses)); };
  CHECK(judge("45.2.2.2") == "match");
  CHECK(judge("127.0.0.1") == "loopback");
  CHECK(judge("::1") == "loopback");
  CHECK(judge("::ffff:127.0.0.1") == "loopback");
  CHECK(judge("10.1.1.1") == "private");
  CHECK(judge("0.0.0.0") == "private");
  CHECK(judge("100.64.1.1") == "private");
  CHECK(judge("fd00::1") == "private");
  CHECK(judge("198.18.1.1") == "reserved");
  CHECK(judge("240.0.0.1") == "reserved");
  CHECK(judge("2001:db8::1") == "reserved");
  CHECK(judge("45.2.2.3") == "flip");
  CHECK(judge("173.2.2.2") == "flip");
  CHECK(judge("45.2.2.9") == "near");
  CHECK(judge("45.2.9.9") == "near");
  CHECK(judge("2a00:1450::77") == "near");
  CHECK(judge("45.9.9.9") == "foreign");
  CHECK(judge("64:ff9b::2d02:202") == "match"); // DNS64 of the true one
  CHECK(judge("::ffff:45.2.2.2") == "match");
}

TEST_CASE("an answer is as bad as its worst record") {
  CHECK(judged(says({"45.2.2.2"}), knows({"45.2.2.2", "45.2.3.3"})) == verdict::match);
  CHECK(judged(says({"45.2.2.2", "66.6.6.6"}), knows({"45.2.2.2"})) == verdict::foreign);
  CHECK(judged(says({"45.2.2.2", "127.0.0.1"}), knows({"45.2.2.2"})) == verdict::loopback);
  CHECK(judged(says({"a.test", "b.test"}), knows({"b.test", "a.test"})) == verdict::match);
  CHECK(judged(says({"A.TEST", "b.test"}), knows({"b.test", "a.test"})) == verdict::match);
  CHECK(judged(says({"a.test"}), knows({"b.test", "a.test"})) == verdict::missing);
  CHECK(judged(says({"a.test", "a.test"}), knows({"b.test", "a.test"})) == verdict::missing);
  CHECK(judged(says({"a.test", "b.test", "c.evil"}), knows({"b.test", "a.test"})) == verdict::foreign);
  CHECK(judged(says({"a.uest"}), knows({"a.test"})) == verdict::flip);
  CHECK(judged(says({"."}), knows({"a.test"})) == verdict::denied); // RFC 7505
}

TEST_CASE("what is no answer is no lie") {
  const auto t = knows({"45.2.2.2"});
  CHECK(judged(says({}, outcome::nodata), t) == verdict::denied);
  CHECK(judged(says({}, outcome::nxdomain), t) == verdict::denied);
  for (const auto o :
       {outcome::servfail, outcome::query_refused, outcome::formerr, outcome::notimp, outcome::lame,
        outcome::truncated, outcome::tcp_failed, outcome::malformed, outcome::rcode_other})
    CHECK(judged(says({}, o), t) == verdict::failed);
  for (const auto o : {outcome::timeout, outcome::refused, outcome::unreachable, outcome::aborted})
    CHECK(judged(says({}, o), t) == verdict::silent);
  audit::truth nobody;
  nobody.nonexistent = true;
  CHECK(audit::judge(*says({}, outcome::nxdomain), dns::type::a, nobody) == verdict::match);
  CHECK(audit::judge(*says({"127.0.0.1"}), dns::type::a, nobody) == verdict::foreign);
}

TEST_CASE("honest: nothing deviates") {
  CHECK(story().is() == "honest");
  CHECK(story().flags().empty());
  CHECK(story().always("mx.google.com", {"45.2.2.77"}).is() == "honest");
  CHECK(story().always("mx.google.com", {"45.2.2.77"}).flags() == "near");
}

TEST_CASE("honest: a neighbour of the truth that differs in one bit, again and again, is no flip") {
  CHECK(story().always("mx.google.com", {"45.2.2.3"}).is() == "honest");
  CHECK(story().instead("mx.google.com", {says({"45.2.2.3"}), says({"45.2.2.6"})}).is() == "honest");
}

TEST_CASE("no_answer and not_resolving") {
  CHECK(story().all(says({}, outcome::timeout)).is() == "no_answer");
  CHECK(story().all(says({}, outcome::refused)).is() == "no_answer"); // ICMP
  for (const auto o : {outcome::servfail, outcome::query_refused, outcome::nxdomain, outcome::lame})
    CHECK(story().all(says({}, o)).is() == "not_resolving");
}

TEST_CASE("flip: a bit off and right when asked again, or a damaged question") {
  const auto t = says({"45.2.2.2"});
  CHECK(story().instead("mx.google.com", {says({"45.2.2.3"}), t}).is() == "flip");
  CHECK(story().instead("mx.google.com", {says({"45.2.2.3"}), t}).flags() == "invalid flip transient");
  CHECK(story().instead("mx.google.com", {says({"45.66.2.2"}), says({}, outcome::timeout)}).is() == "flip");
  CHECK(story().instead("gmail.com", {says({"mx.goofle.com"}), says({"mx.google.com"})}).is() == "flip");
  auto damaged = std::make_shared<dns::answer>(*t);
  damaged->damaged = 1;
  CHECK(story().instead("mx.google.com", {damaged}).is() == "flip");
}

TEST_CASE("flip: wrong once and right when asked again is transient, whatever it was") {
  const auto t = says({"45.2.2.2"});
  CHECK(story().instead("mx.google.com", {says({"66.6.6.6"}), t}).is() == "flip");
  CHECK(story().instead("mx.google.com", {says({"66.6.6.6"}), t}).flags() == "invalid foreign transient");
}

TEST_CASE("the same wrong bit twice is no accident") {
  CHECK(story().always("mx.google.com", {"45.66.2.2"}).is() == "falsified");
}

TEST_CASE("identical: one answer for names that have nothing in common, one of them a control") {
  for (const auto* ip : {"66.6.6.6", "127.0.0.1", "10.0.0.1"}) {
    story s;
    for (const auto* n : {"mx.google.com", "mx1.mail.ru", "mx2.mail.ru", "umich.edu", "xyz.com"})
      s.always(n, {ip});
    CHECK(s.is() == "identical");
  }
  story s;
  for (const auto* n : {"mx.google.com", "mx1.mail.ru", "mx2.mail.ru"})
    s.always(n, {"66.6.6.6"});
  CHECK(s.is() == "falsified"); // the control is right: it is aimed at mail
}

TEST_CASE("identical: of AAAA answers, too, where only those are asked for") {
  story s;
  for (auto& q : s.questions)
    q.rtype = q.rtype == dns::type::a ? dns::type::aaaa : q.rtype;
  for (const auto* n : {"mx.google.com", "mx1.mail.ru", "mx2.mail.ru", "umich.edu", "xyz.com"})
    s.always(n, {"2a00:6666::6"});
  CHECK(s.is() == "identical");
}

TEST_CASE("identical: a counter in one /24") {
  story s;
  int i = 0;
  for (const auto* n : {"mx.google.com", "mx1.mail.ru", "mx2.mail.ru", "umich.edu", "xyz.com"}) {
    const auto ip = "198.18.1." + std::to_string(++i);
    s.always(n, {ip.c_str()});
  }
  CHECK(s.is() == "identical");
  CHECK(s.flags() == "invalid sequence reserved nx_rewrite control");
}

TEST_CASE("loopback and private: mail servers where nobody can reach them") {
  CHECK(story().always("mx.google.com", {"127.0.0.1"}).is() == "loopback");
  CHECK(story().always("mx.google.com", {"192.168.1.1"}).is() == "private");
  CHECK(story().always("mx.google.com", {"198.18.0.1"}).flags() == "invalid reserved");
  CHECK(story().always("mx.google.com", {"198.18.0.1"}).is() == "private");
  CHECK(story().always("mx.google.com", {"192.168.1.1"}).always("mx1.mail.ru", {"127.0.0.1"}).is() ==
        "loopback");
  CHECK(story().always("mx.google.com", {"66.6.6.6"}).always("mx1.mail.ru", {"127.0.0.1"}).is() ==
        "falsified");
}

TEST_CASE("falsified: somebody else's server, twice the same or in the same /24") {
  CHECK(story().always("mx.google.com", {"66.6.6.6"}).is() == "falsified");
  CHECK(story().always("gmail.com", {"mx.evil.example"}).is() == "falsified");
  CHECK(story().instead("mx.google.com", {says({"66.6.6.6"}), says({"66.6.6.9"})}).is() == "falsified");
  CHECK(story().always("mx.google.com", {"66.6.6.6"}).always("umich.edu", {"67.7.7.7"}).flags() ==
        "invalid foreign control");
  CHECK(story().always("mx.google.com", {"66.6.6.6"}).always("umich.edu", {"67.7.7.7"}).is() == "falsified");
}

TEST_CASE("odd: foreign each time, and each time another; looked at once; denied; half the truth withheld") {
  CHECK(story().instead("mx.google.com", {says({"66.6.6.6"}), says({"99.9.9.9"})}).is() == "odd");
  story once;
  once.instead("mx.google.com", {says({"66.6.6.6"}), says({}, outcome::timeout)});
  CHECK(once.is() == "odd");
  CHECK(once.flags() == "invalid foreign unrepeated unanswered");
  CHECK(story().instead("mx.google.com", {says({}, outcome::nxdomain)}).is() == "odd");
  CHECK(story().always("umich.edu", {"66.6.6.6"}).is() == "odd");
  story refuses;
  for (const auto* n : {"gmail.com", "mail.ru", "mx.google.com", "mx1.mail.ru", "mx2.mail.ru"})
    refuses.instead(n, {says({}, outcome::query_refused)});
  CHECK(refuses.is() == "odd"); // nothing that it said about mail is true
}

TEST_CASE("missing_mx and nx_rewrite") {
  CHECK(story().always("mail.ru", {"mx1.mail.ru"}).is() == "missing_mx");
  CHECK(story().always("xyz.com", {"66.6.6.6"}).is() == "nx_rewrite");
  CHECK(story().always("xyz.com", {"66.6.6.6"}).flags() == "nx_rewrite");
  CHECK(story().always("mail.ru", {"mx1.mail.ru"}).always("xyz.com", {"66.6.6.6"}).is() == "missing_mx");
  CHECK(story().always("mx.google.com", {"66.6.6.6"}).always("xyz.com", {"66.6.6.6"}).is() == "falsified");
}

TEST_CASE("a control that is wrong once and right when asked again is transient, and nothing about mail") {
  story s;
  s.instead("umich.edu", {says({"66.6.6.6"}), says({"45.1.1.1"})});
  CHECK(s.is() == "honest");
  CHECK(s.flags() == "transient");
}

TEST_CASE("malformed replies, and replies from elsewhere, are flags") {
  CHECK(story().instead("mx.google.com", {says({}, outcome::malformed)}).flags() == "unanswered malformed");
  auto a = std::make_shared<dns::answer>(*says({}, outcome::timeout));
  a->elsewhere = net::endpoint{at("66.6.6.6"), 53};
  CHECK(story().all(a).is() == "no_answer");
  CHECK(story().all(a).flags() == "unanswered bad_sender");
}

TEST_CASE("two replies to one packet are a flag, whatever the class") {
  auto a = std::make_shared<dns::answer>(*says({"45.2.2.2"}));
  a->others.push_back(*says({"66.6.6.6"}));
  CHECK(story().instead("mx.google.com", {a}).is() == "honest");
  CHECK(story().instead("mx.google.com", {a}).flags() == "injected");
}

TEST_CASE("trusted resolvers in two places: all of what one of them heard is nothing missing") {
  audit::truth t;
  t.add(*says({"a.test", "b.test"}));
  t.add(*says({"b.test", "c.test"}));
  CHECK(judged(says({"a.test", "b.test"}), t) == verdict::match);
  CHECK(judged(says({"c.test", "b.test"}), t) == verdict::match);
  CHECK(judged(says({"a.test", "b.test", "c.test"}), t) == verdict::match);
  CHECK(judged(says({"b.test"}), t) == verdict::missing);
  CHECK(judged(says({"a.test", "c.test"}), t) == verdict::missing);
}

TEST_CASE("truth that is joined keeps its sets apart, each once") {
  auto t = knows({"a.test", "b.test"});
  t.join(knows({"b.test", "a.test"}));
  CHECK(t.heard.size() == 1);
  t.join(knows({"d.test"}));
  CHECK(t.heard.size() == 2);
  CHECK(t.exchanges.size() == 3);
}

TEST_CASE("RFC 6147: what a trusted DNS64 makes up is no truth") {
  CHECK(knows({"64:ff9b::2d02:202"}).empty());
  CHECK(knows({"64:ff9b::2d02:202", "2a00:1450::1"}).addresses.size() == 1);
}

TEST_CASE("a malformed reply is judged by what is sound in it: stub resolvers believe that") {
  CHECK(judged(says({"66.6.6.6"}, outcome::malformed), knows({"45.2.2.2"})) == verdict::foreign);
  CHECK(judged(says({"45.2.2.2"}, outcome::malformed), knows({"45.2.2.2"})) == verdict::match);
  CHECK(judged(says({}, outcome::malformed), knows({"45.2.2.2"})) == verdict::failed);
}

TEST_CASE("a resolver that filters AAAA denies nothing") {
  const auto t = knows({"2a00:1450::1"});
  CHECK(audit::judge(*says({}, outcome::nodata), dns::type::aaaa, t) == verdict::failed);
  CHECK(audit::judge(*says({}, outcome::nxdomain), dns::type::aaaa, t) == verdict::denied);
}

TEST_CASE("who says nothing true about one of the providers is not honest") {
  story s;
  for (const auto* n : {"gmail.com", "mx.google.com"})
    s.instead(n, {says({}, outcome::query_refused)});
  CHECK(s.is() == "odd");
}
