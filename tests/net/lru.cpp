#include <postroad/net/lru.hpp>

#include <doctest/doctest.h>

#include <list>
#include <memory>
#include <random>
#include <string>
#include <utility>

using cache = postroad::net::lru<std::string, int>;

TEST_CASE("what was used least recently goes first") {
  cache c(3 * (cache::overhead() + 10));
  c.put("a", 1, 10);
  c.put("b", 2, 10);
  c.put("c", 3, 10);
  REQUIRE(c.find("a") != nullptr); // now b is the oldest
  c.put("d", 4, 10);
  CHECK(c.find("b") == nullptr);
  CHECK(*c.find("a") == 1);
  CHECK(*c.find("c") == 3);
  CHECK(*c.find("d") == 4);
  CHECK(c.size() == 3);
}

TEST_CASE("bytes never exceed the budget, and heavy values push out several") {
  cache c(10 * (cache::overhead() + 10));
  for (int i = 0; i < 10; ++i)
    c.put(std::to_string(i), i, 10);
  CHECK(c.size() == 10);
  c.put("heavy", 1, 5 * (cache::overhead() + 10));
  CHECK(c.bytes() <= c.max_bytes());
  CHECK(c.size() < 7);
  CHECK(c.find("9") != nullptr);
}

TEST_CASE("a value heavier than the budget is not kept, nor the older one under its key") {
  cache c(1000);
  c.put("a", 1, 10);
  CHECK_FALSE(c.put("a", 2, 2000));
  CHECK(c.find("a") == nullptr);
  CHECK(c.bytes() == 0);
  cache nothing(0);
  CHECK_FALSE(nothing.put("a", 1, 0));
  CHECK(nothing.find("a") == nullptr);
}

TEST_CASE("putting again replaces value and weight") {
  cache c(10'000);
  c.put("a", 1, 100);
  c.put("a", 2, 50);
  CHECK(c.size() == 1);
  CHECK(*c.find("a") == 2);
  CHECK(c.bytes() == 50 + cache::overhead());
  CHECK(c.erase("a"));
  CHECK_FALSE(c.erase("a"));
  CHECK(c.bytes() == 0);
}

TEST_CASE("values are freed when they go") {
  postroad::net::lru<int, std::shared_ptr<int>> c(1 << 20);
  const auto value = std::make_shared<int>(1);
  c.put(1, value, 8);
  CHECK(value.use_count() == 2);
  c.erase(1);
  CHECK(value.use_count() == 1);
  c.put(2, value, 8);
  c.clear();
  CHECK(value.use_count() == 1);
  CHECK(c.size() == 0);
}

TEST_CASE("it agrees with a plain list over a long random run") {
  std::mt19937 random(1);
  using map = postroad::net::lru<int, int>;
  map c(50 * (map::overhead() + 8));
  std::list<std::pair<int, int>> model; // youngest first
  const auto in_model = [&](int key) {
    auto i = model.begin();
    while (i != model.end() && i->first != key)
      ++i;
    return i;
  };
  for (int step = 0; step < 50'000; ++step) {
    const int key = static_cast<int>(random() % 120);
    const auto at = in_model(key);
    switch (random() % 4) {
    case 0:
    case 1: {
      const int* found = c.find(key);
      REQUIRE((found != nullptr) == (at != model.end()));
      if (found != nullptr) {
        REQUIRE(*found == at->second);
        model.splice(model.begin(), model, at);
      }
      break;
    }
    case 2:
      if (at != model.end())
        model.erase(at);
      c.put(key, step, 8);
      model.emplace_front(key, step);
      if (model.size() > 50)
        model.pop_back();
      break;
    default:
      REQUIRE(c.erase(key) == (at != model.end()));
      if (at != model.end())
        model.erase(at);
    }
    REQUIRE(c.size() == model.size());
  }
}
