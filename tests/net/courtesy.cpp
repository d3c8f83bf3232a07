#include <doctest/doctest.h>

#include <postroad/net/courtesy.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace postroad::net;
using namespace std::chrono_literals;

namespace {

struct scene {
  asio::io_context io;
  std::vector<std::string> log;
  std::size_t open = 0, most_open = 0;
};

endpoint at(const char* ip, std::uint16_t port = 25) {
  return {*parse_address(ip), port};
}

task<void> visit(scene& s, courtesy& manners, endpoint to, std::chrono::milliseconds stay) {
  auto permit = co_await manners.enter(to);
  if (!permit) {
    s.log.push_back("refused");
    co_return;
  }
  s.most_open = std::max(s.most_open, ++s.open);
  asio::steady_timer timer(s.io, stay);
  co_await timer.async_wait(use_task);
  --s.open;
  s.log.push_back(to_string(to));
}

} // namespace

TEST_CASE("one connection per address at a time, whatever the port") {
  scene s;
  courtesy manners(s.io, {.per_network = 0});
  for (std::uint16_t port = 1; port <= 5; ++port)
    spawn(visit(s, manners, at("8.8.8.8", port), 2ms));
  s.io.run();
  CHECK(s.most_open == 1);
  REQUIRE(s.log.size() == 5);
  CHECK(s.log[0] == "8.8.8.8:1"); // in order of arrival
  CHECK(s.log[4] == "8.8.8.8:5");
}

TEST_CASE("inside a laboratory the limit is one connection per address and port") {
  scene s;
  courtesy manners(s.io, {.allowed = {"127.0.0.0/8"}, .per_network = 1});
  for (std::uint16_t port = 1; port <= 5; ++port)
    spawn(visit(s, manners, at("127.0.0.1", port), 20ms));
  s.io.run();
  CHECK(s.most_open == 5);
}

TEST_CASE("new connections into one /24 are spaced, into others not") {
  scene s;
  courtesy manners(s.io, {.per_network = 50});
  const auto begun = std::chrono::steady_clock::now();
  for (const char* ip : {"8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4"})
    spawn(visit(s, manners, at(ip), 0ms));
  spawn(visit(s, manners, at("8.8.9.1"), 0ms));
  s.io.run();
  CHECK(std::chrono::steady_clock::now() - begun >= 60ms); // three gaps of 20 ms
  CHECK(s.log.size() == 5);
  CHECK((s.log[0] == "8.8.9.1:25" || s.log[1] == "8.8.9.1:25"));
}

TEST_CASE("special-purpose space is closed, a laboratory is open, the blocklist wins") {
  asio::io_context io;
  courtesy manners(io, {.blocked = {"127.0.0.9", "8.8.4.0/24"}, .allowed = {"127.0.0.0/8"}});
  CHECK(manners.may_contact(*parse_address("8.8.8.8")));
  CHECK(manners.may_contact(*parse_address("127.0.0.1")));
  CHECK_FALSE(manners.may_contact(*parse_address("127.0.0.9")));
  CHECK_FALSE(manners.may_contact(*parse_address("8.8.4.4")));
  CHECK_FALSE(manners.may_contact(*parse_address("10.0.0.1")));
}

TEST_CASE("abort lets nobody wait") {
  scene s;
  courtesy manners(s.io, {.per_network = 0.001});
  spawn(visit(s, manners, at("8.8.8.1"), 1ms));
  spawn(visit(s, manners, at("8.8.8.1"), 1ms)); // waits for the address
  spawn(visit(s, manners, at("8.8.8.2"), 1ms)); // waits for the network, 1000 s
  asio::post(s.io, [&] { manners.abort(); });
  s.io.run();
  CHECK(std::count(s.log.begin(), s.log.end(), "refused") == 2);
  CHECK(std::count(s.log.begin(), s.log.end(), "8.8.8.1:25") == 1); // it was inside already
  spawn(visit(s, manners, at("8.8.8.9"), 1ms));
  CHECK(s.log.back() == "refused");
}
