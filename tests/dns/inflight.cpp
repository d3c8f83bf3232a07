#include <postroad/dns/inflight.hpp>

#include <doctest/doctest.h>

#include <random>
#include <unordered_map>

using postroad::dns::inflight_table;

TEST_CASE("it agrees with std::unordered_map over a long random run") {
  inflight_table table;
  std::unordered_map<std::uint32_t, std::uint32_t> model;
  std::mt19937 random(1);
  for (std::uint32_t step = 0; step < 200'000; ++step) {
    const auto key = static_cast<std::uint32_t>((random() % 4) << 16 | (random() % 700));
    const auto at = model.find(key);
    REQUIRE(table.find(key) == (at == model.end() ? inflight_table::none : at->second));
    if (random() % 2 == 0 && at == model.end()) {
      table.insert(key, step);
      model[key] = step;
    } else {
      table.erase(key);
      model.erase(key);
    }
    REQUIRE(table.size() == model.size());
  }
  for (const auto& [key, value] : model)
    CHECK(table.find(key) == value);
}
