#include <postroad/net/deadline.hpp>

#include <postroad/net/task.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <vector>

using namespace postroad;
using namespace std::chrono_literals;
using clock_type = net::deadline::clock;

namespace {

/// Two ends of a connection on loopback on which nothing is ever said.
struct quiet_pair {
  explicit quiet_pair(asio::io_context& io) : ours(io), theirs(io) {
    asio::ip::tcp::acceptor door(io, {asio::ip::address_v4::loopback(), 0});
    ours.connect(door.local_endpoint());
    door.accept(theirs);
  }
  asio::ip::tcp::socket ours, theirs;
};

struct seen {
  std::error_code ec;
  bool expired = false, aborted = false, armed = false;
  clock_type::duration after{};
};

net::task<> wait_once(quiet_pair& pair, std::chrono::milliseconds patience, clock_type::time_point at_most,
                      seen& out) {
  const auto began = clock_type::now();
  net::deadline limit(pair.ours, at_most);
  out.armed = limit.arm(patience);
  if (!out.armed)
    co_return;
  out.ec = co_await pair.ours.async_wait(asio::socket_base::wait_read, net::use_task);
  out.expired = limit.expired();
  out.aborted = limit.aborted();
  out.after = clock_type::now() - began;
}

net::task<> arm_again_and_again(quiet_pair& pair, int times, seen& out) {
  net::deadline limit(pair.ours);
  for (int i = 0; i < times; ++i) {
    out.armed = limit.arm(60ms);
    const char byte = 'x';
    pair.theirs.send(asio::buffer(&byte, 1));
    out.ec = co_await pair.ours.async_wait(asio::socket_base::wait_read, net::use_task);
    char got[4];
    pair.ours.receive(asio::buffer(got));
    out.expired = out.expired || limit.expired();
    asio::steady_timer nap(pair.ours.get_executor(), 30ms);
    co_await nap.async_wait(net::use_task);
  }
}

} // namespace

TEST_CASE("a wait ends when its time has run out, not before, and at most two ticks later") {
  asio::io_context io;
  quiet_pair pair(io);
  seen out;
  net::spawn(wait_once(pair, 50ms, clock_type::time_point::max(), out));
  io.run();
  CHECK(out.ec == asio::error::operation_aborted);
  CHECK(out.expired);
  CHECK_FALSE(out.aborted);
  CHECK(out.after >= 50ms);
  CHECK(out.after < 250ms); // two ticks, and a busy machine
}

TEST_CASE("the bound on the whole is the lower one") {
  asio::io_context io;
  quiet_pair pair(io);
  seen out;
  net::spawn(wait_once(pair, 10s, clock_type::now() + 50ms, out));
  io.run();
  CHECK(out.expired);
  CHECK(out.after < 1s);
}

TEST_CASE("time that had run out before is noticed at the next tick") {
  asio::io_context io;
  quiet_pair pair(io);
  seen out;
  net::spawn(wait_once(pair, 10s, clock_type::now() - 1s, out));
  io.run();
  CHECK(out.expired);
}

TEST_CASE("arming again starts afresh, step by step") {
  asio::io_context io;
  quiet_pair pair(io);
  seen out;
  net::spawn(arm_again_and_again(pair, 6, out)); // 180 ms in all, 60 ms for a step of 30
  io.run();
  CHECK_FALSE(out.ec);
  CHECK_FALSE(out.expired);
}

TEST_CASE("many deadlines share the wheel and each keeps its own time") {
  asio::io_context io;
  std::vector<std::unique_ptr<quiet_pair>> pairs;
  std::vector<seen> out(20);
  for (std::size_t i = 0; i < out.size(); ++i) {
    pairs.push_back(std::make_unique<quiet_pair>(io));
    net::spawn(wait_once(*pairs.back(), std::chrono::milliseconds(20 * (out.size() - i)),
                         clock_type::time_point::max(), out[i]));
  }
  io.run();
  for (std::size_t i = 0; i < out.size(); ++i) {
    CHECK(out[i].expired);
    CHECK(out[i].after >= std::chrono::milliseconds(20 * (out.size() - i)));
  }
}

TEST_CASE("a deadline farther than one turn of the wheel does not fire early") {
  asio::io_context io;
  quiet_pair pair(io);
  seen out;
  net::spawn(wait_once(pair, net::detail::deadline_wheel::tick * net::detail::deadline_wheel::slots + 30ms,
                       clock_type::time_point::max(), out));
  io.run_for(200ms); // its slot comes by once in this time
  CHECK(out.after == clock_type::duration{});
  net::abort_all(io);
  io.run();
  CHECK(out.aborted);
}

TEST_CASE("an io_context whose deadlines are disarmed has nothing to wait for") {
  asio::io_context io;
  quiet_pair pair(io);
  net::deadline limit(pair.ours);
  CHECK(limit.arm(30s));
  limit.disarm();
  const auto began = clock_type::now();
  io.run();
  CHECK(clock_type::now() - began < 1s);
}

TEST_CASE("abort_all ends all waits and lets none begin") {
  asio::io_context io;
  quiet_pair one(io), two(io), three(io);
  seen first, second, third;
  net::spawn(wait_once(one, 10s, clock_type::time_point::max(), first));
  net::spawn(wait_once(two, 20s, clock_type::time_point::max(), second));
  net::abort_all(io);
  net::spawn(wait_once(three, 10s, clock_type::time_point::max(), third));
  io.run();
  CHECK(first.aborted);
  CHECK_FALSE(first.expired);
  CHECK(second.aborted);
  CHECK_FALSE(third.armed);
}
