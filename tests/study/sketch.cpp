#include <postroad/study/hash.hpp>
#include <postroad/study/sketch.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using postroad::study::sketch;

namespace {

std::uint64_t hash(std::uint64_t n) {
  return postroad::study::detail::hash_of("192.0." + std::to_string(n));
}

} // namespace

TEST_CASE("a sketch counts few values exactly and many within a few standard errors") {
  CHECK(sketch().estimate() == 0);
  double worst = 0, square = 0;
  unsigned tries = 0;
  std::uint64_t from = 0;
  for (const std::uint64_t n : {1u, 2u, 10u, 100u, 1000u, 5000u, 20000u, 100000u, 500000u})
    for (unsigned again = 0; again < (n > 50000 ? 2 : 5); ++again, ++tries) {
      sketch s;
      for (std::uint64_t i = 0; i < n; ++i)
        s.add(hash(from++));
      const double error = std::fabs(static_cast<double>(s.estimate()) / static_cast<double>(n) - 1);
      INFO(n << " estimated as " << s.estimate());
      CHECK(error < 0.03);
      worst = std::max(worst, error);
      square += error * error;
      if (n <= 10)
        CHECK(s.estimate() == n);
    }
  CHECK(std::sqrt(square / tries) < 0.01); // 0.8 % is what the theory says
}

TEST_CASE("sketches of parts merge to the sketch of the whole, in any order") {
  for (const std::uint64_t n : {100u, 3000u, 40000u}) {
    sketch whole;
    std::vector<sketch> parts(7);
    for (std::uint64_t i = 0; i < n; ++i) {
      whole.add(hash(i));
      parts[i * i % 7].add(hash(i));
      parts[i % 5].add(hash(i)); // some in two
    }
    sketch forth, back;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      forth.merge(parts[i]);
      back.merge(parts[parts.size() - 1 - i]);
    }
    CHECK(forth.text() == whole.text());
    CHECK(back.text() == whole.text());
    const auto read = sketch::from(whole.text());
    REQUIRE(read);
    CHECK(read->text() == whole.text());
    CHECK(read->estimate() == whole.estimate());
  }
}

TEST_CASE("what is no sketch is none") {
  for (const auto* text : {"x", "1", "1:", "1:0", "1:52", "16384:1", "-1:2", "1:2  3:4", "1:2,3:4"})
    CHECK_MESSAGE(!sketch::from(text), text);
  CHECK(!sketch::from(std::string(16384, '\x7f')));
  CHECK(!sketch::from(std::string(16384, ' ')));
  CHECK(sketch::from("")->estimate() == 0);
  CHECK(sketch::from(std::string(16384, '0'))->estimate() == 0);
}
