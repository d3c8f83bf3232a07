#include <postroad/net/fifo.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <string>
#include <utility>

using postroad::net::fifo_store;

namespace {

std::string_view look(const fifo_store& s, std::uint64_t hash, std::string_view value) {
  return s.find(hash, [&](std::string_view v) { return v == value; });
}

} // namespace

TEST_CASE("what was put is found under its hash, and nothing else is") {
  fifo_store s(1 << 20);
  s.put(7, "a");
  s.put(7, "b");
  s.put(8, "a");
  CHECK(look(s, 7, "a") == "a");
  CHECK(look(s, 7, "b") == "b");
  CHECK(look(s, 8, "b").data() == nullptr);
  CHECK(look(s, 9, "a").data() == nullptr);
  s.put(10, "");
  CHECK(look(s, 10, "").data() != nullptr);
}

TEST_CASE("of several values that fit, the newest is found") {
  fifo_store s(1 << 20);
  for (const char* v : {"k1", "k2", "k3"})
    s.put(7, v);
  CHECK(s.find(7, [](std::string_view v) { return v.starts_with('k'); }) == "k3");
}

TEST_CASE("a budget too small for anything keeps nothing") {
  for (const std::size_t budget : {std::size_t{0}, std::size_t{1}, std::size_t{4000}}) {
    fifo_store s(budget);
    s.put(7, "a");
    CHECK(look(s, 7, "a").data() == nullptr);
    CHECK(s.bytes() <= budget);
  }
  fifo_store s(1 << 20);
  s.put(7, std::string(s.longest() + 1, 'x'));
  CHECK(s.find(7, [](std::string_view) { return true; }).data() == nullptr);
  s.put(7, std::string(s.longest(), 'x'));
  CHECK(s.find(7, [](std::string_view) { return true; }).size() == s.longest());
}

TEST_CASE("memory stays within the budget, the newest are there, the oldest are not") {
  for (const std::size_t budget : {std::size_t{20'000}, std::size_t{300'000}, std::size_t{3'000'000}}) {
    fifo_store s(budget);
    std::mt19937 random(1);
    for (std::uint64_t i = 1; i <= 60'000; ++i) {
      s.put(i * 0x9e3779b97f4a7c15u, std::to_string(i) + std::string(random() % 100, 'x'));
      REQUIRE(s.bytes() <= budget);
    }
    const auto has = [&](std::uint64_t i) {
      return s.find(i * 0x9e3779b97f4a7c15u, [&](std::string_view v) {
                return v.starts_with(std::to_string(i));
              }).data() != nullptr;
    };
    std::size_t kept = 0;
    for (std::uint64_t i = 60'000; i > 0 && has(i); --i)
      ++kept;
    CHECK(kept * 150 > budget / 3); // 62 bytes and a slot each, on average
    CHECK_FALSE(has(1));
  }
}

TEST_CASE("it agrees with a plain queue however the hashes collide") {
  fifo_store s(100'000);
  std::deque<std::pair<std::uint64_t, std::string>> recent;
  std::mt19937_64 random(1);
  for (int step = 0; step < 30'000; ++step) {
    const std::uint64_t hash = (random() % 4) << 60 | (random() % 50);
    const auto value = std::to_string(step);
    s.put(hash, value);
    recent.emplace_back(hash, value);
    if (recent.size() > 300) // a few blocks are always there
      recent.pop_front();
    const auto& [h, v] = recent[random() % recent.size()];
    REQUIRE(look(s, h, v) == v);
    REQUIRE(look(s, h + 100, v).data() == nullptr);
  }
}
