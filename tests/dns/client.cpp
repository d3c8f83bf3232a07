#include <postroad/dns/client.hpp>

#include "asking.hpp"

#include <asio/steady_timer.hpp>
#include <doctest/doctest.h>

#include <set>

using namespace dns_test;

namespace {

net::task<void> ask_into(dns::client& c, std::string n, dns::type t, std::vector<dns::answer_ptr>& out) {
  auto a = co_await c.ask(*dns::parse_name(n), t);
  out.push_back(std::move(a));
}

} // namespace

TEST_CASE("an answer brings server, tries, replies and time with it") {
  scripted_dns server([](const request& r) { return replies{{r.mx(), 20ms}}; });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  REQUIRE(got->mx.size() == 1);
  CHECK(to_string(got->mx[0].exchange) == "mx1.example");
  CHECK(got->server == at(server));
  CHECK(got->tries == 1);
  CHECK(got->replies == 1);
  CHECK(got->elapsed >= 19ms);
  CHECK(got->elapsed < 1s);
  CHECK(a.client.pending() == 0);
}

TEST_CASE("queries carry RD, AD, EDNS 1232, and letters by chance (0x20)") {
  scripted_dns server([](const request& r) { return replies{{r.mx()}}; });
  asking a(settings_for({&server}));
  std::set<std::string> spellings;
  for (int i = 0; i < 8; ++i)
    a.mx("abcdefghijklmnopqrstuvwxyz.example");
  for (const auto& r : server.seen()) {
    CHECK((r.raw[2] & 1) == 1);
    CHECK((r.raw[3] & 0x20) == 0x20);
    CHECK(r.edns);
    CHECK(std::vector<std::uint8_t>(r.raw.end() - 8, r.raw.end() - 6) ==
          std::vector<std::uint8_t>{0x04, 0xd0});
    spellings.insert(r.qname);
  }
  CHECK(spellings.size() == 8);
}

TEST_CASE("RFC 5452 9.2: ids and source ports differ from question to question") {
  scripted_dns server([](const request& r) { return replies{{r.mx()}}; });
  asking a(settings_for({&server}));
  std::set<unsigned> ids, ports;
  for (int i = 0; i < 64; ++i)
    a.mx();
  for (const auto& r : server.seen())
    ids.insert(r.id), ports.insert(r.port);
  CHECK(ids.size() > 60);
  CHECK(ports.size() > 10);
  CHECK(ports.size() <= 16);
}

TEST_CASE("RFC 5452 9.1: a reply with another id is ignored, the question waits on") {
  scripted_dns server([](const request& r) {
    auto wrong = r.mx(2);
    wrong[0] ^= 0x55;
    return replies{{wrong}, {r.mx(), 20ms}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
  CHECK(got->tries == 1);
  CHECK(a.client.counts().bad_id == 1);
}

TEST_CASE("RFC 5452 9.1: a reply from another port is ignored, the question waits on") {
  scripted_dns server([](const request& r) {
    return replies{{r.mx(2), 0ms, manner::other_port}, {r.mx(), 20ms}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
  CHECK(a.client.counts().bad_sender == 1);
  REQUIRE(got->elsewhere);
  CHECK(got->elsewhere->ip == at(server).ip);
  CHECK(got->elsewhere->port != at(server).port);
}

TEST_CASE("a stranger's reply with another question leaves no trace but the count") {
  scripted_dns server([](const request& r) {
    auto other_name = r.mx(2), other_case = r.mx(2);
    other_name[13] ^= 1;
    other_case[13] ^= 0x20;
    return replies{
        {other_name, 0ms, manner::other_port}, {other_case, 0ms, manner::other_port}, {r.mx(), 20ms}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(a.client.counts().bad_sender == 2);
  CHECK(!got->elsewhere);
}

TEST_CASE(
    "RFC 5452 9.1: a reply to another question is ignored, be it name, type, class, count or no reply") {
  scripted_dns server([](const request& r) {
    auto other_name = r.mx(2), other_type = r.mx(2), other_class = r.mx(2), two = r.mx(2), query = r.mx(2),
         notify = r.mx(2);
    other_name[13] ^= 1;
    const auto end = 12 + r.question().size();
    other_type[end - 3] = 1;
    other_class[end - 1] = 3;
    two[5] = 2;
    query[2] &= 0x7f;
    notify[2] |= 0x20;
    auto none = r.reply(0x8180);
    none.resize(12);
    none[5] = 0;
    return replies{{other_name}, {other_type}, {other_class}, {two},
                   {query},      {notify},     {none},        {r.mx(), 20ms}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
  CHECK(got->replies == 1);
  CHECK(a.client.counts().bad_question == 7);
}

TEST_CASE("0x20: a question that comes back in lower case is asked once more without, and then taken") {
  scripted_dns server([](const request& r) {
    auto reply = r.mx();
    for (std::size_t i = 12; i < 12 + r.question().size() - 4; ++i)
      reply[i] = static_cast<std::uint8_t>(reply[i] >= 'A' && reply[i] <= 'Z' ? reply[i] + 32 : reply[i]);
    return replies{{reply}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx("abcdefghijklmnopqrstuvwxyz.example");
  CHECK(got->what == outcome::ok);
  CHECK(got->case_mismatch);
  CHECK(got->tries == 2);
  CHECK(a.client.counts().case_mismatch == 1);
  for (int i = 0; i < 5; ++i)
    a.mx("abcdefghijklmnopqrstuvwxyz.example");
  const auto later = a.mx("abcdefghijklmnopqrstuvwxyz.example");
  CHECK(later->tries == 1); // the server is known by now
  CHECK_FALSE(later->case_mismatch);
}

TEST_CASE("0x20: the reply in the right letters wins over an earlier one in wrong letters") {
  scripted_dns server([](const request& r) {
    if (r.number > 1)
      return silence();
    auto forged = r.mx(2);
    forged[13] ^= 0x20;
    return replies{{forged}, {r.mx(), 50ms}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
  CHECK(got->case_mismatch);
}

TEST_CASE("RFC 6891 7: a server that says FORMERR to EDNS is asked without, and remembered") {
  scripted_dns server([](const request& r) {
    if (!r.edns)
      return replies{{r.mx()}};
    auto bare = r.reply(0x8181);
    bare.resize(12);
    bare[5] = 0;
    return replies{{bare}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  CHECK(got->tries == 2);
  CHECK(a.client.counts().without_edns == 1);
  CHECK(a.mx("b.example")->tries == 1);
}

TEST_CASE("RFC 6891 7: FORMERR without EDNS, too, is the answer") {
  scripted_dns server([](const request& r) { return replies{{r.reply(0x8181)}}; });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(got->what == outcome::formerr);
  CHECK(got->tries == 2);
}

TEST_CASE("RFC 7766 5: a truncated reply is asked for over TCP, byte by byte if need be") {
  scripted_dns server([](const request& r) {
    if (!r.tcp)
      return replies{{r.reply(0x8380)}};
    return replies{{r.mx(3), 0ms, manner::byte_by_byte}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  CHECK_FALSE(got->truncated);
  CHECK(to_string(got->mx.at(0).exchange) == "mx3.example");
  CHECK(got->tries == 2);
  CHECK(a.client.counts().tcp == 1);
}

TEST_CASE("RFC 7766 6.2.1: a TCP connection is used again, and opened again when the server has closed it") {
  scripted_dns server([](const request& r) {
    if (!r.tcp)
      return replies{{r.reply(0x8380)}};
    if (r.number == 4)
      return replies{{{}, 0ms, manner::close}};
    return replies{{r.mx(3)}};
  });
  asking a(settings_for({&server}));
  for (int i = 0; i < 3; ++i)
    CHECK(a.mx()->what == outcome::ok);
}

TEST_CASE("RFC 7766 8: TCP that closes early keeps the truncated answer and says tcp_failed") {
  for (const auto how : {manner::close, manner::half_a_prefix, manner::half_a_message}) {
    scripted_dns server([how](const request& r) {
      if (!r.tcp)
        return replies{{r.mx(1, 0x8380)}};
      return replies{{r.mx(3), 0ms, how}};
    });
    asking a(settings_for({&server}));
    const auto got = a.mx();
    CHECK(got->what == outcome::tcp_failed);
    CHECK(got->truncated);
    CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
    CHECK(got->detail == "closed before the answer");
  }
}

TEST_CASE("TCP refused, or never answered, is tcp_failed") {
  scripted_dns refusing([](const request& r) { return replies{{r.reply(0x8380)}}; }, false);
  asking a(settings_for({&refusing}));
  CHECK(a.mx()->what == outcome::tcp_failed);
  scripted_dns mute([](const request& r) { return r.tcp ? silence() : replies{{r.reply(0x8380)}}; });
  auto s = settings_for({&mute});
  s.timeout = 300ms;
  asking b(s);
  const auto got = b.mx();
  CHECK(got->what == outcome::tcp_failed);
  CHECK(got->elapsed >= 290ms);
  CHECK(got->elapsed < 1s);
}

TEST_CASE("TC without TCP is the outcome `truncated`") {
  scripted_dns server([](const request& r) { return replies{{r.mx(1, 0x8380)}}; });
  auto s = settings_for({&server});
  s.use_tcp = false;
  asking a(s);
  const auto got = a.mx();
  CHECK(got->what == outcome::truncated);
  CHECK(got->mx.size() == 1);
}

TEST_CASE("more truncated answers than connections: all are answered") {
  scripted_dns server(
      [](const request& r) { return r.tcp ? replies{{r.mx()}} : replies{{r.reply(0x8380)}}; });
  asking a(settings_for({&server}));
  unsigned ok = 0;
  for (int i = 0; i < 300; ++i)
    a.client.ask_uncached(*dns::parse_name("n" + std::to_string(i) + ".example"), dns::type::mx,
                          [&](const dns::answer_ptr& got) { ok += got->what == outcome::ok ? 1 : 0; });
  a.run();
  CHECK(ok == 300);
}

TEST_CASE("a duplicate of the answer changes nothing and is counted as late") {
  scripted_dns server([](const request& r) {
    return r.number == 1 ? replies{{r.mx()}, {r.mx()}} : replies{{r.mx(), 50ms}};
  });
  asking a(settings_for({&server}));
  unsigned called = 0;
  for (int i = 0; i < 2; ++i)
    a.client.ask_uncached(*dns::parse_name("a.example"), dns::type::mx,
                          [&](const dns::answer_ptr&) { ++called; });
  a.run();
  CHECK(called == 2);
  CHECK(a.client.counts().late + a.client.counts().bad_id <= 1);
}

TEST_CASE("within the grace period a second, different reply is kept beside the first") {
  scripted_dns server([](const request& r) {
    return replies{{r.mx(1)}, {r.mx(1), 10ms}, {r.mx(2), 20ms}, {r.mx(2), 30ms}};
  });
  auto s = settings_for({&server});
  s.grace = 150ms;
  asking a(s);
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
  CHECK(got->replies == 4);
  CHECK(got->elapsed < 100ms);
  REQUIRE(got->others.size() == 1);
  CHECK(to_string(got->others[0].mx.at(0).exchange) == "mx2.example");
}

TEST_CASE("the grace period keeps nobody waiting: the answer is there before its rivals") {
  scripted_dns server([](const request& r) { return replies{{r.mx(1)}, {r.mx(2), 300ms}}; });
  auto s = settings_for({&server});
  s.grace = 600ms;
  asking a(s);
  std::vector<dns::answer_ptr> got;
  net::spawn(ask_into(a.client, "a.example", dns::type::mx, got));
  a.io.run_for(150ms);
  REQUIRE(got.size() == 1);
  CHECK(got[0]->others.empty());
  a.run();
  CHECK(got[0]->others.size() == 1);
}

TEST_CASE("a different reply to a retransmission is no evidence: resolvers turn their records around") {
  scripted_dns server([](const request& r) {
    return r.number == 1 ? replies{{r.mx(1), 500ms}} : replies{{r.mx(2), 200ms}};
  });
  auto s = settings_for({&server});
  s.grace = 400ms;
  asking a(s);
  const auto got = a.mx();
  CHECK(got->tries == 2);
  CHECK(got->others.empty());
}

TEST_CASE("a duplicate of the truncated reply is no rival of the whole one") {
  scripted_dns server([](const request& r) {
    return r.tcp ? replies{{r.mx(1)}} : replies{{r.reply(0x8380)}, {r.reply(0x8380), 50ms}};
  });
  auto s = settings_for({&server});
  s.grace = 200ms;
  asking a(s);
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  CHECK(got->others.empty());
}

TEST_CASE("a reply whose question has a bit or two wrong is ignored, and kept in mind") {
  struct {
    const char* what;
    unsigned at, bits;
    bool counts;
  } cases[] = {{"one bit of the name", 13, 0x01, true},     {"two bits of the name", 13, 0x05, true},
               {"three bits of the name", 13, 0x07, false}, {"a length byte", 12, 0x10, true},
               {"the letter case", 14, 0x20, true},         {"the type", 12 + 8 + 8 + 2, 0x01, true}};
  for (const auto& c : cases) {
    INFO(c.what);
    scripted_dns server([&](const request& r) {
      if (r.number > 1)
        return replies{{r.mx(1)}};
      auto bent = r.mx(2);
      bent[c.at] ^= static_cast<std::uint8_t>(c.bits);
      return replies{{bent}};
    });
    asking a(settings_for({&server}));
    const auto got = a.mx("gmailab.example");
    CHECK(got->what == outcome::ok);
    CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
    CHECK(got->damaged == (c.counts ? 1 : 0));
  }
}

namespace {

struct party_story {
  std::vector<dns::answer_ptr> got;
  net::task<void> ask(dns::client& c, net::endpoint at, unsigned n) {
    dns::client::party one(c, at);
    for (unsigned i = 0; i < n; ++i) {
      const auto name = *dns::parse_name("n" + std::to_string(i) + ".example");
      auto a = co_await one.ask(name, dns::type::mx);
      got.push_back(std::move(a));
    }
  }
};

} // namespace

TEST_CASE("a party is asked by itself: no cache, no other server, whatever it answers") {
  scripted_dns good([](const request& r) { return replies{{r.mx(1)}}; });
  scripted_dns bad([](const request& r) { return replies{{r.reply(0x8182)}}; });
  scripted_dns mute([](const request&) { return silence(); });
  auto s = settings_for({&good});
  s.timeout = 700ms;
  asking a(s);
  party_story from_bad, from_mute, from_good;
  net::spawn(from_bad.ask(a.client, at(bad), 2));
  net::spawn(from_mute.ask(a.client, at(mute), 1));
  net::spawn(from_good.ask(a.client, at(good), 2));
  net::spawn(from_good.ask(a.client, at(good), 2));
  a.run();
  REQUIRE(from_bad.got.size() == 2);
  CHECK(from_bad.got[0]->what == outcome::servfail);
  CHECK(from_bad.got[0]->server == at(bad));
  REQUIRE(from_mute.got.size() == 1);
  CHECK(from_mute.got[0]->what == outcome::timeout);
  CHECK(from_mute.got[0]->server == at(mute));
  CHECK(from_good.got.size() == 4);
  CHECK(good.queries() == 4);
}

TEST_CASE("parties come and go: their places are used again") {
  scripted_dns one([](const request& r) { return replies{{r.mx(1)}}; });
  scripted_dns two([](const request& r) { return r.tcp ? replies{{r.mx(2)}} : replies{{r.reply(0x8380)}}; });
  auto s = settings_for({});
  s.grace = 20ms;
  asking a(s);
  for (int round = 0; round < 50; ++round) {
    party_story first, second;
    net::spawn(first.ask(a.client, at(round % 2 == 0 ? one : two), 3));
    net::spawn(second.ask(a.client, at(round % 2 == 0 ? two : one), 3));
    a.run();
    for (const auto* story : {&first, &second}) {
      REQUIRE(story->got.size() == 3);
      for (const auto& got : story->got)
        CHECK(to_string(got->mx.at(0).exchange) == (got->server == at(one) ? "mx1.example" : "mx2.example"));
    }
  }
}

TEST_CASE("a client without resolvers still asks parties; cancel_all ends their questions, too") {
  scripted_dns mute([](const request&) { return silence(); });
  auto s = settings_for({});
  s.timeout = 60s;
  asking a(s);
  party_story story;
  net::spawn(story.ask(a.client, at(mute), 1));
  asio::steady_timer soon(a.io, 50ms);
  soon.async_wait([&](const std::error_code&) { a.client.cancel_all(); });
  a.run();
  REQUIRE(story.got.size() == 1);
  CHECK(story.got[0]->what == outcome::aborted);
}

TEST_CASE("a late reply to the first packet still counts after the second was sent") {
  scripted_dns server([](const request& r) { return r.number == 1 ? replies{{r.mx(1), 600ms}} : silence(); });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  CHECK(got->tries == 2);
  CHECK(got->elapsed >= 590ms);
}

TEST_CASE("silence is a timeout, within the time allowed and after all tries") {
  scripted_dns server([](const request&) { return silence(); });
  auto s = settings_for({&server});
  s.timeout = 1500ms;
  s.retries = 1;
  asking a(s);
  const auto got = a.mx();
  CHECK(got->what == outcome::timeout);
  CHECK(got->tries == 2);
  CHECK(got->replies == 0);
  CHECK(got->elapsed >= 1490ms);
  CHECK(got->elapsed < 2200ms);
  CHECK(server.queries() == 2);
}

TEST_CASE("after a time-out the next server is asked") {
  scripted_dns silent([](const request&) { return silence(); });
  scripted_dns good([](const request& r) { return replies{{r.mx()}}; });
  asking a(settings_for({&silent, &good}));
  for (int i = 0; i < 4; ++i) {
    const auto got = a.mx();
    CHECK(got->what == outcome::ok);
    CHECK(got->server == at(good));
    CHECK(got->tries <= 2);
  }
  CHECK(silent.queries() > 0);
}

TEST_CASE("SERVFAIL, REFUSED, a broken or a lame reply: once more at another server") {
  for (const int kind : {0, 1, 2, 3}) {
    scripted_dns bad([kind](const request& r) {
      auto broken = r.mx();
      broken.pop_back();
      auto lame = r.reply(0x8100, 0, {0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 1, 0, 2, 0xc0, 12});
      lame[9] = 1;
      return replies{{kind == 0 ? r.reply(0x8182) : kind == 1 ? r.reply(0x8185) : kind == 2 ? broken : lame}};
    });
    scripted_dns good([](const request& r) { return replies{{r.mx()}}; });
    asking a(settings_for({&bad, &good}));
    for (int i = 0; i < 4; ++i)
      CHECK(a.mx()->what == outcome::ok);
    CHECK(bad.queries() > 0);
    CHECK(bad.queries() <= 4);
  }
}

TEST_CASE("SERVFAIL from the only server, or from both, is the answer") {
  const auto fails = [](const request& r) { return replies{{r.reply(0x8182)}}; };
  scripted_dns one(fails), two(fails);
  asking a(settings_for({&one}));
  const auto alone = a.mx();
  CHECK(alone->what == outcome::servfail);
  CHECK(alone->tries == 1);
  asking b(settings_for({&one, &two}));
  const auto both = b.mx();
  CHECK(both->what == outcome::servfail);
  CHECK(both->tries == 2);
  CHECK(both->replies == 2);
}

TEST_CASE("SERVFAIL stands when the other server keeps silent, without waiting for all its tries") {
  scripted_dns bad([](const request& r) { return replies{{r.reply(0x8182)}}; });
  scripted_dns silent([](const request&) { return silence(); });
  auto s = settings_for({&bad, &silent});
  s.timeout = 6s;
  asking a(s);
  for (int i = 0; i < 2; ++i) {
    const auto got = a.mx();
    CHECK(got->what == outcome::servfail);
    CHECK(got->elapsed < 3s);
  }
}

TEST_CASE("NXDOMAIN and NODATA are answers, nobody else is asked") {
  scripted_dns one(
      [](const request& r) { return replies{{r.reply(r.lower_qname()[0] == 'x' ? 0x8183 : 0x8180)}}; });
  asking a(settings_for({&one, &one}));
  CHECK(a.mx("x.example")->what == outcome::nxdomain);
  CHECK(a.mx("y.example")->what == outcome::nodata);
  CHECK(one.queries() == 2);
}

TEST_CASE("ICMP port unreachable is `refused`, at once; with another server it costs nothing") {
  std::uint16_t nobody;
  {
    scripted_dns gone([](const request&) { return silence(); }, false);
    nobody = gone.port();
  }
  dns::client_settings s;
  s.resolvers = {{*net::parse_address("127.0.0.1"), nobody}};
  asking a(s);
  const auto got = a.mx();
  CHECK(got->what == outcome::refused);
  CHECK(got->elapsed < 500ms);
  scripted_dns good([](const request& r) { return replies{{r.mx()}}; });
  s.resolvers.push_back(at(good));
  asking b(s);
  for (int i = 0; i < 4; ++i) {
    const auto other = b.mx();
    CHECK(other->what == outcome::ok);
    CHECK(other->elapsed < 300ms);
  }
}

TEST_CASE("RFC 1034 3.6.2: a CNAME whose target is not in the reply is asked for") {
  scripted_dns server([](const request& r) {
    if (r.lower_qname() == "b.test")
      return replies{{r.mx()}};
    return replies{
        {r.reply(0x8180, 1, {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 8, 1, 'b', 4, 't', 'e', 's', 't', 0})}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  CHECK(got->cname_hops == 1);
  CHECK(to_string(got->canonical) == "b.test");
  CHECK(got->ttl == 9);
  CHECK(got->tries == 2);
}

TEST_CASE("RFC 1034 3.6.2: a CNAME loop over several replies ends") {
  scripted_dns server([](const request& r) {
    const std::uint8_t other = r.lower_qname() == "a.test" ? 'b' : 'a';
    return replies{
        {r.reply(0x8180, 1, {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 8, 1, other, 4, 't', 'e', 's', 't', 0})}};
  });
  asking a(settings_for({&server}));
  const auto got = a.mx("a.test");
  CHECK(got->what == outcome::malformed);
  CHECK(server.queries() <= 17);
}

TEST_CASE("garbage in front of the answer does no harm") {
  scripted_dns server([](const request& r) {
    replies all;
    for (std::uint8_t n = 0; n < 30; ++n)
      all.push_back({std::vector<std::uint8_t>(n, static_cast<std::uint8_t>(r.raw[n % 2]))});
    auto cut = r.mx();
    cut.resize(20);
    all.push_back({cut});
    all.push_back({r.mx(), 20ms});
    return all;
  });
  asking a(settings_for({&server}));
  CHECK(a.mx()->what == outcome::ok);
}

TEST_CASE("equal questions under way are one question; its answer is remembered, negative ones too") {
  scripted_dns server([](const request& r) {
    return replies{{r.lower_qname() == "none.example" ? r.reply(0x8183) : r.mx(), 20ms}};
  });
  asking a(settings_for({&server}));
  std::vector<dns::answer_ptr> got;
  for (int i = 0; i < 100; ++i)
    net::spawn(ask_into(a.client, i % 2 == 0 ? "a.example" : "A.EXAMPLE", dns::type::mx, got));
  a.run();
  CHECK(got.size() == 100);
  CHECK(server.queries() == 1);
  CHECK(a.client.counts().coalesced == 99);
  for (int i = 0; i < 3; ++i) {
    net::spawn(ask_into(a.client, "a.example", dns::type::mx, got));
    net::spawn(ask_into(a.client, "none.example", dns::type::mx, got));
    a.run();
  }
  CHECK(got.size() == 106);
  CHECK(server.queries() == 2);
  CHECK(got.back()->what == outcome::nxdomain);
  CHECK(a.client.counts().cache_hits == 5);
}

TEST_CASE("many questions at once: each is answered once and rightly, whatever gets lost") {
  scripted_dns server([](const request& r) {
    if (r.number % 10 == 0) // every tenth packet
      return silence();
    return replies{{r.mx(static_cast<unsigned>(r.lower_qname()[1] - '0'))}};
  });
  auto s = settings_for({&server});
  s.timeout = 60s;
  s.retries = 9; // with 3, one of 10,000 questions loses all of its packets
  asking a(s);
  unsigned right = 0, called = 0;
  for (int i = 0; i < 3000; ++i)
    a.client.ask_uncached(*dns::parse_name("n" + std::to_string(i) + ".example"), dns::type::mx,
                          [&, i](const dns::answer_ptr& got) {
                            ++called;
                            const std::string expected = "mx" + std::to_string(i).substr(0, 1) + ".example";
                            right += got->what == outcome::ok && to_string(got->mx.at(0).exchange) == expected
                                         ? 1
                                         : 0;
                          });
  a.run();
  CHECK(called == 3000);
  CHECK(right == 3000);
}

TEST_CASE("cancel_all ends everything under way as aborted; stop ends what comes later, too") {
  scripted_dns server([](const request& r) { return r.tcp ? silence() : replies{{r.reply(0x8380)}}; });
  scripted_dns mute([](const request&) { return silence(); });
  auto s = settings_for({&server, &mute});
  s.timeout = 60s;
  s.window = 8;
  asking a(s);
  unsigned aborted = 0;
  for (int i = 0; i < 200; ++i)
    a.client.ask_uncached(
        *dns::parse_name("n" + std::to_string(i) + ".example"), dns::type::mx,
        [&](const dns::answer_ptr& got) { aborted += got->what == outcome::aborted ? 1 : 0; });
  asio::steady_timer soon(a.io, 100ms);
  soon.async_wait([&](const std::error_code&) { a.client.cancel_all(); });
  const auto start = std::chrono::steady_clock::now();
  a.run();
  CHECK(aborted == 200);
  CHECK(std::chrono::steady_clock::now() - start < 2s);
  a.client.stop();
  CHECK(a.mx()->what == outcome::aborted);
  CHECK(a.mx()->tries == 0);
}

TEST_CASE("the rate limits packets, and waiting for it is no time-out") {
  scripted_dns server([](const request& r) { return replies{{r.mx()}}; });
  auto s = settings_for({&server});
  s.rate = 100;
  s.timeout = 200ms;
  asking a(s);
  unsigned ok = 0;
  for (int i = 0; i < 60; ++i)
    a.client.ask_uncached(*dns::parse_name("n" + std::to_string(i) + ".example"), dns::type::mx,
                          [&](const dns::answer_ptr& got) { ok += got->what == outcome::ok ? 1 : 0; });
  const auto start = std::chrono::steady_clock::now();
  a.run();
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(ok == 60);
  CHECK(took > 500ms);
  CHECK(took < 1500ms);
}

TEST_CASE("without a resolver the outcome is send_error, with a source that is not ours, too") {
  asking a(dns::client_settings{});
  CHECK(a.mx()->what == outcome::send_error);
  scripted_dns server([](const request& r) { return replies{{r.mx()}}; });
  auto s = settings_for({&server});
  s.source = net::parse_address("192.0.2.77");
  asking b(s);
  CHECK(b.mx()->what == outcome::send_error);
  s.source = net::parse_address("127.0.0.9");
  asking c(s);
  CHECK(c.mx()->what == outcome::ok);
}

TEST_CASE("a client that goes while questions are open leaves nothing behind") {
  scripted_dns server([](const request& r) { return r.tcp ? silence() : replies{{r.reply(0x8380), 5ms}}; });
  asio::io_context io{1};
  unsigned called = 0;
  {
    dns::client client(io, settings_for({&server}));
    for (int i = 0; i < 10; ++i)
      client.ask_uncached(*dns::parse_name("a.example"), dns::type::mx,
                          [&](const dns::answer_ptr&) { ++called; });
    io.run_for(50ms);
  }
  io.restart();
  io.run_for(2s);
  CHECK(io.stopped());
  CHECK(called == 0);
}
