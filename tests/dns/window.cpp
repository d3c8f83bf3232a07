#include <postroad/dns/window.hpp>

#include <doctest/doctest.h>

#include <queue>
#include <random>

using postroad::dns::window;
using namespace std::chrono_literals;

namespace {

using time_point = window::time;

/// A server that answers 100,000 queries a second, keeps at most `buffer` waiting and drops `loss` of the
/// answers. A lost packet is noticed 100 ms later and proved by the retry that is answered.
struct simulation {
  explicit simulation(double buffer_size, double loss_share) : buffer(buffer_size), loss(loss_share) {}

  window w{1024};
  double buffer, loss;
  std::mt19937 random{1};
  time_point now{1h};
  std::queue<time_point> lost_at;
  unsigned queued = 0, sent = 0, dropped = 0;

  bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(random) < p; }
  void lose() {
    ++dropped;
    lost_at.push(now + 100ms);
  }
  void step() { // 10 microseconds: one answer, and what fits is sent
    now += 10us;
    if (queued > 0) {
      --queued;
      if (chance(loss)) {
        lose();
      } else {
        w.on_answer(now);
        w.on_gone();
      }
    }
    while (!lost_at.empty() && lost_at.front() <= now) {
      lost_at.pop();
      w.on_gone();
      w.on_loss(now);
    }
    while (w.has_room()) {
      w.on_sent();
      ++sent;
      if (queued < buffer)
        ++queued;
      else
        lose();
    }
  }
  void run(int steps) {
    for (int i = 0; i < steps; ++i)
      step();
  }
};

} // namespace

TEST_CASE("the window opens while everything is answered, up to its cap") {
  window w(100);
  time_point now{1h};
  CHECK(w.size() == 64);
  for (int i = 0; i < 10'000; ++i) {
    while (w.has_room())
      w.on_sent();
    now += 1ms;
    w.on_answer(now);
    w.on_gone();
  }
  CHECK(w.size() == 100);
  CHECK(w.in_flight() <= 100);
}

TEST_CASE("a window that is not used does not open") {
  window w(1000);
  time_point now{1h};
  for (int i = 0; i < 10'000; ++i) {
    w.on_sent();
    w.on_answer(now += 1ms);
    w.on_gone();
  }
  CHECK(w.size() == 64);
}

TEST_CASE("a buffer of 195 packets: the window finds it, and less than 1 % is lost") {
  simulation s(195, 0);
  s.run(2'000'000);
  CHECK(s.w.size() < 400);
  CHECK(s.w.size() > 100);
  CHECK(s.dropped < s.sent / 100);
}

TEST_CASE("a path that loses 2 % by itself does not close the window") {
  simulation s(1e9, .02);
  s.run(2'000'000);
  CHECK(s.w.size() > 64);
}

TEST_CASE("a server that answers nothing gets little, and all again when it is back") {
  window w(1024);
  time_point now{1h};
  for (int i = 0; i < 300; ++i) {
    while (w.has_room())
      w.on_sent();
    now += 50ms;
    while (w.in_flight() > 0)
      w.on_gone(), w.on_silence(now);
  }
  CHECK(w.size() == 4);
  for (int i = 0; i < 5000; ++i) {
    while (w.has_room())
      w.on_sent();
    w.on_answer(now += 1ms);
    w.on_gone();
  }
  CHECK(w.size() > 64);
}

TEST_CASE("names that nobody answers do not close the window while others are answered") {
  window w(1024);
  time_point now{1h};
  for (int i = 0; i < 10'000; ++i) {
    while (w.has_room())
      w.on_sent();
    now += 1ms;
    w.on_gone();
    if (i % 10 == 0)
      w.on_silence(now);
    else
      w.on_answer(now);
  }
  CHECK(w.size() > 100);
}
