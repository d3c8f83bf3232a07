#include <postroad/dns/rtt.hpp>

#include <doctest/doctest.h>

using postroad::dns::rtt_estimator;
using namespace std::chrono_literals;

TEST_CASE("an unknown server has 376 ms, a fast one never less than 100 ms") {
  rtt_estimator e;
  CHECK(e.timeout() == 376ms);
  for (int i = 0; i < 1000; ++i)
    e.sample(200us);
  CHECK(e.timeout() == 100ms);
  CHECK(e.mean() == 200us);
}

TEST_CASE("overdue is what is later than nearly all, but no hiccup") {
  rtt_estimator e;
  CHECK(e.overdue() == e.timeout()); // nothing is known
  for (int i = 0; i < 1000; ++i)
    e.sample(200us);
  CHECK(e.overdue() == 25ms);
  rtt_estimator slow;
  for (int i = 0; i < 1000; ++i)
    slow.sample(i % 20 == 0 ? 400ms : 1ms);
  CHECK(slow.overdue() > 400ms);
  CHECK(slow.overdue() <= slow.timeout());
}

TEST_CASE("RFC 6298 2: the time-out follows mean and deviation") {
  rtt_estimator e;
  e.sample(200ms);
  CHECK(e.timeout() == 600ms); // 200 + 4 * 100
  for (int i = 0; i < 100; ++i)
    e.sample(200ms);
  CHECK(e.timeout() > 200ms);
  CHECK(e.timeout() < 350ms);
}

TEST_CASE("a resolver that is slow for one name in twenty is not asked twice for it") {
  rtt_estimator e;
  for (int i = 0; i < 2000; ++i)
    e.sample(i % 20 == 0 ? 400ms : 1ms);
  for (int i = 0; i < 100; ++i)
    e.sample(1ms);
  CHECK(e.timeout() > 400ms);
  CHECK(e.timeout() < 1s);
}

TEST_CASE("a server that has become fast is believed after a while") {
  rtt_estimator e;
  for (int i = 0; i < 1000; ++i)
    e.sample(2s);
  CHECK(e.timeout() > 2s);
  for (int i = 0; i < 100'000; ++i)
    e.sample(1ms);
  CHECK(e.timeout() == 100ms);
}

TEST_CASE("hours are no more than 5 s, and nothing is no less than 100 ms") {
  rtt_estimator e;
  for (int i = 0; i < 300; ++i)
    e.sample(100h);
  CHECK(e.timeout() == 5s);
  rtt_estimator zero;
  for (int i = 0; i < 300; ++i)
    zero.sample(0us);
  CHECK(zero.timeout() == 100ms);
}
