/// Servers that are broken, slow or hostile, and what the client makes of them.
#include "asking.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace dns_test;

namespace {

/// When each query came, in milliseconds after the first.
struct arrivals {
  std::mutex mutex;
  std::vector<std::chrono::steady_clock::time_point> at;
  void note() {
    const std::lock_guard lock(mutex);
    at.push_back(std::chrono::steady_clock::now());
  }
};

} // namespace

TEST_CASE("a flood of replies that nobody asked for hides nothing and is counted") {
  scripted_dns server([](const request& r) {
    replies all;
    for (unsigned i = 1; i <= 2000; ++i) {
      auto forged = r.mx(2);
      forged[0] = static_cast<std::uint8_t>(forged[0] + i / 250 + 1);
      forged[1] = static_cast<std::uint8_t>(forged[1] + i);
      all.push_back({forged});
    }
    all.push_back({r.mx(1)});
    return all;
  });
  asking a(settings_for({&server}));
  const auto got = a.mx();
  CHECK(got->what == outcome::ok);
  CHECK(to_string(got->mx.at(0).exchange) == "mx1.example");
  CHECK(got->replies == 1);
  CHECK(a.client.counts().bad_id > 100); // what the socket's buffer held of them
}

TEST_CASE("each bit of a reply turned over on the way: the answer that follows is the one that counts") {
  unsigned wrong = 0, asked = 0;
  std::size_t bit = 0, bits = 1, fixed = 0;
  scripted_dns server([&](const request& r) {
    auto bent = r.mx(1);
    bits = 8 * bent.size();
    fixed = 12 + r.question().size() + 2 + 4; // up to the TTL; behind it a flip makes another value
    bent[bit / 8] ^= static_cast<std::uint8_t>(0x80u >> (bit % 8));
    return replies{{bent}, {r.mx(1), 3ms}};
  });
  auto s = settings_for({&server});
  s.use_tcp = false;
  asking a(s);
  for (; bit < bits && (fixed == 0 || bit < 8 * fixed); ++bit, ++asked) {
    const auto got = a.mx();
    wrong += got->what == outcome::ok && to_string(got->mx.at(0).exchange) != "mx1.example" ? 1 : 0;
  }
  CHECK(asked > 250);
  CHECK(wrong == 0);
}

TEST_CASE("RFC 6891 7: NOTIMP and BADVERS to EDNS, too, are asked for once more without") {
  for (const unsigned code : {4u, 16u}) {
    scripted_dns server([code](const request& r) {
      if (!r.edns)
        return replies{{r.mx()}};
      if (code == 4)
        return replies{{r.reply(0x8184)}};
      auto badvers = r.reply(0x8180, 0, {0, 0, 41, 4, 0xd0, 1, 0, 0, 0, 0, 0}); // upper rcode 1
      badvers[11] = 1;
      return replies{{badvers}};
    });
    asking a(settings_for({&server}));
    const auto got = a.mx();
    CHECK(got->what == outcome::ok);
    CHECK(got->tries == 2);
    CHECK(a.mx("b.example")->tries == 1);
  }
}

TEST_CASE("RFC 3225 and RFC 4035 3.2.2: DO and CD are sent when asked for, and not else") {
  for (const bool wanted : {false, true}) {
    scripted_dns server([](const request& r) { return replies{{r.mx()}}; });
    auto s = settings_for({&server});
    s.dnssec_ok = wanted;
    s.checking_disabled = wanted;
    asking a(s);
    a.mx();
    const auto q = server.seen().at(0).raw;
    CHECK(((q[3] & 0x10) != 0) == wanted);
    CHECK(((q[q.size() - 4] & 0x80) != 0) == wanted);
  }
}

TEST_CASE("RFC 1035 4.2.1: the time between tries grows, and all of it ends with the time-out") {
  arrivals times;
  scripted_dns server([&](const request&) {
    times.note();
    return silence();
  });
  auto s = settings_for({&server});
  s.timeout = 4s;
  s.retries = 3;
  asking a(s);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(a.mx()->what == outcome::timeout);
  CHECK(std::chrono::steady_clock::now() - begun < 4500ms);
  REQUIRE(times.at.size() == 4);
  const auto gap = [&](std::size_t i) { return times.at[i + 1] - times.at[i]; };
  CHECK(gap(1) > gap(0) * 3 / 2);
  CHECK(gap(2) > gap(1) * 3 / 2);
}

TEST_CASE("a resolver that answers nothing is left alone while another does the work, and is found again") {
  std::atomic<bool> awake{false};
  scripted_dns sleepy([&](const request& r) { return awake ? replies{{r.mx()}} : silence(); });
  scripted_dns good([](const request& r) { return replies{{r.mx()}}; });
  asking a(settings_for({&sleepy, &good}));
  const auto ask_many = [&](int n) {
    int ok = 0;
    for (int i = 0; i < n; ++i)
      a.client.ask_uncached(*dns::parse_name("n" + std::to_string(i) + ".example"), dns::type::mx,
                            [&](const dns::answer_ptr& got) { ok += got->what == outcome::ok ? 1 : 0; });
    a.run();
    return ok;
  };
  CHECK(ask_many(200) == 200);
  const auto before = sleepy.queries();
  CHECK(ask_many(500) == 500);
  CHECK(sleepy.queries() - before < 100);
  awake = true;
  std::this_thread::sleep_for(1100ms);
  bool found = false; // on a busy machine perhaps not at once
  for (int round = 0; round < 5 && !found; ++round) {
    const auto asleep = sleepy.queries();
    CHECK(ask_many(500) == 500);
    found = sleepy.queries() - asleep > 100;
  }
  CHECK(found);
}

TEST_CASE("waiting for a place in the window is no time-out, however slow the server is") {
  scripted_dns server([](const request& r) { return replies{{r.mx(), 60ms}}; });
  auto s = settings_for({&server});
  s.window = 2;
  s.timeout = 700ms;
  s.retries = 0;
  asking a(s);
  int ok = 0;
  for (int i = 0; i < 60; ++i) // 1.8 s of work
    a.client.ask_uncached(
        *dns::parse_name("n" + std::to_string(i) + ".example"), dns::type::mx,
        [&](const dns::answer_ptr& got) { ok += got->what == outcome::ok && got->elapsed < 400ms ? 1 : 0; });
  a.run();
  CHECK(ok == 60);
}

TEST_CASE("RFC 7766 8: TCP that stalls inside the length prefix, or inside the message, ends in time") {
  for (const std::size_t sent : {std::size_t{1}, std::size_t{10}}) {
    scripted_dns server([sent](const request& r) {
      if (!r.tcp)
        return replies{{r.reply(0x8380)}};
      return replies{{r.mx(), 0ms, sent == 1 ? manner::stall_in_prefix : manner::stall_in_message}};
    });
    auto s = settings_for({&server});
    s.timeout = 600ms;
    asking a(s);
    const auto got = a.mx();
    CHECK(got->what == outcome::tcp_failed);
    CHECK(got->truncated);
    CHECK(got->elapsed < 1s);
  }
}

TEST_CASE("no name is asked for in place of one that cannot be asked for") {
  for (const char* bad : {"", ".a", "a..b", "a b.example", " a.example", "b\xc3\xbc.example",
                          "a123456789012345678901234567890123456789012345678901234567890123.example"})
    CHECK_FALSE(dns::parse_name(bad));
  std::string longest;
  for (int i = 0; i < 4; ++i)
    longest += std::string(62, 'a') + ".";
  CHECK_FALSE(dns::parse_name(longest + "aaa")); // 257 wire bytes
  scripted_dns server([](const request& r) { return replies{{r.mx()}}; });
  asking a(settings_for({&server}));
  a.mx("a\\046b.example"); // one label with a dot in it
  CHECK(server.seen().at(0).raw[12] == 3);
}
