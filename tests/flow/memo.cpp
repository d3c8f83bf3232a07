#include <doctest/doctest.h>

#include <postroad/flow/memo.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace postroad;
using namespace postroad::flow;
using namespace std::chrono_literals;

namespace {

struct number {
  int is = 0;
  [[nodiscard]] std::size_t bytes() const noexcept { return sizeof *this; }
};

struct scene {
  asio::io_context io;
  desk at{io, 2};
  memo<number> known;
  int fetches = 0;
  std::vector<int> got;
  explicit scene(std::size_t bytes) : known(io, bytes) {}
};

net::task<void> slow(scene& s, int value, number& n) {
  ++s.fetches;
  asio::steady_timer timer(s.io, 5ms);
  co_await timer.async_wait(net::use_task);
  n.is = value;
}

net::task<void> want(scene& s, job& record, std::string key, int value) {
  memo<number>::fetch fetch = [&s, value](number& n) { return slow(s, value, n); };
  const auto answer = co_await s.known.get(record, std::move(key), std::move(fetch));
  s.got.push_back(answer->is);
}

} // namespace

TEST_CASE("what several records need is fetched once, and who waits holds no place") {
  scene s(1 << 20);
  job a(s.at), b(s.at), c(s.at);
  s.at.at_work.take();
  s.at.at_work.take();
  net::spawn(want(s, a, "k", 7));
  CHECK_FALSE(s.at.at_work.any_free());
  net::spawn(want(s, b, "k", 8));
  CHECK(b.is_parked());
  CHECK(s.at.at_work.any_free());
  s.io.run();
  s.io.restart();
  net::spawn(want(s, c, "k", 9));
  s.io.run();
  CHECK(s.fetches == 1);
  CHECK(s.got == std::vector<int>{7, 7, 7});
  CHECK(s.known.counts().joined == 1);
  CHECK(s.known.counts().remembered == 1);
}

TEST_CASE("what does not fit is fetched again, and counted") {
  scene s(0);
  job a(s.at);
  for (int i = 1; i <= 3; ++i) {
    net::spawn(want(s, a, "k", i));
    s.io.run();
    s.io.restart();
  }
  CHECK(s.fetches == 3);
  CHECK(s.known.counts().repeated == 2);
}

TEST_CASE("a place is handed on to who waits for one, in order") {
  scene s(0);
  places one(s.io, 1);
  one.take();
  std::vector<int> order;
  const auto wait = [](places& p, std::vector<int>& log, int n) -> net::task<void> {
    co_await p.take_when_free();
    log.push_back(n);
    p.give_back();
  };
  net::spawn(wait(one, order, 1));
  net::spawn(wait(one, order, 2));
  CHECK_FALSE(one.any_free());
  one.give_back();
  s.io.run();
  CHECK(order == std::vector<int>{1, 2});
  CHECK(one.any_free());
}
