#include <postroad/scan/state.hpp>

#include <doctest/doctest.h>

using namespace postroad;

namespace {

net::address_set set_of(std::string_view text) {
  return net::address_set::of(std::vector{*net::parse_prefix(text)});
}

} // namespace

TEST_CASE("a state is read as it was written, the largest numbers too") {
  const scan::state s{~std::uint64_t{0}, std::uint64_t{1} << 62, 77, {2, 9}, 4, (std::uint64_t{1} << 63) + 5};
  CHECK(scan::parse_state(scan::to_text(s)).value() == s);
  CHECK(scan::to_text(s).find("\"shard\":\"3/9\"") != std::string::npos); // counted from 1, as in --shard
}

TEST_CASE("what is cut short, or is something else, is no state") {
  const auto text = scan::to_text({1, 2, 3, {0, 1}, 1, 5});
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK_FALSE(scan::parse_state(std::string_view(text).substr(0, size)).has_value());
  for (const std::string_view other : {"{}\n", "{\"synscan\":1,}\n", "", "\n", "{\"synscan\":2}\n"})
    CHECK_FALSE(scan::parse_state(other).has_value());
  auto negative = text;
  negative.replace(negative.find("\"next\":\"5\""), 10, "\"next\":\"-5\"");
  CHECK_FALSE(scan::parse_state(negative).has_value());
}

TEST_CASE("shards are written K/N with K from 1 to N") {
  CHECK(scan::parse_shard("1/1").value() == scan::shard{0, 1});
  CHECK(scan::parse_shard("3/7").value() == scan::shard{2, 7});
  for (const auto* bad : {"0/1", "2/1", "1/0", "1", "/", "1/", "/1", "a/b", "1/2/3", "-1/2", " 1/2"})
    CHECK_FALSE(scan::parse_shard(bad).has_value());
}

TEST_CASE("other targets, ports or probes have another fingerprint") {
  const auto one = scan::fingerprint_of(set_of("192.0.2.0/24"), {25}, "syn");
  CHECK(one == scan::fingerprint_of(set_of("192.0.2.0/24"), {25}, "syn"));
  CHECK(one != scan::fingerprint_of(set_of("192.0.2.0/25"), {25}, "syn"));
  CHECK(one != scan::fingerprint_of(set_of("192.0.2.0/24"), {26}, "syn"));
  CHECK(one != scan::fingerprint_of(set_of("192.0.2.0/24"), {25}, "dns a.example/A"));
  CHECK(one != scan::fingerprint_of(set_of("2001:db8::/120"), {25}, "syn"));
}
