#include "study/study.hpp"

#include <postroad/study/partial.hpp>

#include <algorithm>
#include <memory>
#include <random>

using namespace study_test;

namespace {

/// Flags with every kind of row and column.
const std::string_view flags =
    "--table a --by p --top 3 --count n --col v[] --distinct v[] --mode n --quantiles 0.5,0.9 n --sum n "
    "--mean n "
    "--col 'high=n > 20' --of 'has n' "
    "--table b --where 'n < 40' --first --row 'odd=n ~ [13579]$' --row 'rest=else' --col p "
    "--table c --by v[],p --join - --sort key --table d --cdf n --of total "
    "--table e --hist n --bin 4 --table f --by p --weight n --count x --sum n --mean n --min-n 2 "
    "--table g --by p --approx --distinct v[] --quantiles 0.5 n "
    "--table h --by p,v[] --count n --then --by key.p --count m --sum s=cells.n";

struct counting {
  record::path_set paths;
  std::vector<table_spec> specs;
  std::unique_ptr<fold> into;
  partial_head head;

  explicit counting(std::string_view with = flags) {
    spec_builder builder(paths);
    builder.apply_text(with);
    specs = builder.finish();
    head.spec = spec_hash(builder.flags());
    into = std::make_unique<fold>(specs, paths, record::checking::touched);
  }
  void count(const lines& records) {
    shard_hash shard;
    for (auto line : records) {
      shard.add(line);
      const auto size = line.size();
      line.append(record::line_slack, ' ');
      CHECK_FALSE(into->add(std::string_view(line).substr(0, size)).has_value());
    }
    head.shards.insert(shard.text());
  }
  void merge(std::string_view text, bool allow_again = false) {
    partial_reader reader(head, *into, allow_again);
    while (!text.empty()) {
      std::string line(text::take_until(text, '\n'));
      const auto size = line.size();
      line.append(record::line_slack, ' ');
      reader.add(std::string_view(line).substr(0, size));
    }
    reader.finish();
  }
  [[nodiscard]] std::string partial() { return write_partial(head, *into); }
  [[nodiscard]] std::string tables() const {
    std::string out;
    for (const auto& t : into->tables())
      render(out, t, format::json, {.malformed = head.malformed}, out.empty());
    return out;
  }
};

lines records(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  lines out;
  for (std::size_t i = 0; i < n; ++i) {
    std::string line = "{\"i\":" + std::to_string(i);
    if (random() % 5 != 0)
      line += ",\"p\":" + (random() % 7 == 0 ? "null" : "\"p\\n" + std::to_string(random() % 8) + '"');
    if (random() % 4 != 0)
      line += ",\"n\":" + std::to_string(static_cast<int>(random() % 60) - 10) + ".125";
    line += ",\"v\":[" + std::to_string(random() % 4) + ",\"x\",\"x\"]}";
    out.push_back(line);
  }
  return out;
}

std::string partial_of(const lines& some) {
  counting c;
  c.count(some);
  return c.partial();
}

std::string refused(const std::string& text, std::string_view with = flags) {
  counting c(with);
  try {
    c.merge(text);
  } catch (const bad_partial& e) {
    return e.what();
  }
  return "";
}

} // namespace

TEST_CASE("merging the partial results of any split, in any order and tree, gives the table of all") {
  const auto all = records(400, 1);
  counting whole;
  whole.count(all);
  const auto expected = whole.tables();
  std::mt19937 random(2);
  for (int round = 0; round < 25; ++round) {
    std::vector<lines> shards(1 + random() % 9);
    for (const auto& record : all)
      shards[random() % shards.size()].push_back(record);
    std::vector<std::string> parts;
    for (const auto& shard : shards)
      parts.push_back(partial_of(shard));
    while (parts.size() > 1) { // some of them at a time, until one is left
      std::shuffle(parts.begin(), parts.end(), random);
      counting together;
      const auto n = std::min<std::size_t>(parts.size(), 2 + random() % 3);
      for (std::size_t i = 0; i < n; ++i)
        together.merge(parts[i], true); // two shards may both be empty
      parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(n));
      parts.push_back(together.partial());
    }
    counting result;
    result.merge(parts[0]);
    CHECK(result.tables() == expected);
    CHECK(result.into->records() == 400);
    CHECK(result.into->paths_never_seen().empty());
  }
}

TEST_CASE("the same tallies give the same bytes") {
  const auto some = records(100, 3);
  const auto part = partial_of(some);
  counting c;
  c.merge(part);
  CHECK(c.partial() == part);
}

TEST_CASE("partial results may stand in one file, one behind the other") {
  counting all, first, second, merged;
  all.count(records(50, 3));
  const auto some = records(50, 3);
  first.count({some.begin(), some.begin() + 20});
  second.count({some.begin() + 20, some.end()});
  merged.merge(first.partial() + second.partial());
  CHECK(merged.tables() == all.tables());
  CHECK(merged.head.shards.size() == 2);
  counting cut;
  const auto text = first.partial() + second.partial();
  CHECK_THROWS_AS(cut.merge(text.substr(0, text.size() - 12)), bad_partial);
}

TEST_CASE("an empty partial result changes nothing") {
  const auto part = partial_of(records(50, 4));
  counting c;
  c.merge(partial_of({}));
  c.merge(part);
  counting alone;
  alone.merge(part);
  CHECK(c.tables() == alone.tables());
}

TEST_CASE("a shard that is there already is refused, or counted twice when allowed") {
  const auto part = partial_of(records(50, 5));
  counting c;
  c.merge(part);
  CHECK_THROWS_AS(c.merge(part), bad_partial);
  counting twice;
  twice.merge(part);
  twice.merge(part, true);
  CHECK(twice.into->records() == 100);
}

TEST_CASE("partial results of other flags are refused") {
  CHECK(refused(partial_of(records(9, 6)), "--by p").find("other flags") != std::string::npos);
}

TEST_CASE("a partial result that is cut off anywhere is refused") {
  const auto part = partial_of(records(20, 7));
  CHECK(refused(part).empty());
  for (std::size_t at = 0; at + 1 < part.size(); at += 1 + at / 50)
    CHECK_FALSE(refused(part.substr(0, at)).empty());
  auto lost = part;
  const auto second = lost.find('\n') + 1;
  lost.erase(second, lost.find('\n', second) + 1 - second);
  CHECK(refused(lost).find("lost lines") != std::string::npos);
  CHECK_FALSE(refused(part + part).empty());
}

TEST_CASE("lines that say nothing sensible are refused") {
  const auto part = partial_of({});
  const auto head = part.substr(0, part.find('\n') + 1);
  for (const auto* line : {R"({"t":9,"total":1})", R"({"total":1})", R"({"t":0})", R"({"t":0,"k":["vx"]})",
                           R"({"t":0,"k":["vx"],"n":1})", R"({"t":0,"k":["vx"],"n":1,"c":99,"v":"vx"})",
                           R"({"t":0,"k":["vx"],"n":1,"c":0,"v":"vx"})", R"({"t":0,"k":["vx"],"n":1,"c":1})",
                           R"({"t":0,"k":["vx"],"n":1,"c":4,"v":"x"})", "[]", "",
                           R"({"t":0,"k":["vx"],"n":1,"h":[1],"s":[["1",0,1],["1",0,1,false]]})",
                           R"({"t":0,"k":["vx"],"n":1,"h":[1],"s":[["x",0,1,false],["1",0,1,false]]})"}) {
    INFO(std::string(line));
    CHECK_FALSE(refused(head + line + "\n{\"end\":1}\n").empty());
  }
}

TEST_CASE("a row that was refused is not there") {
  counting from("--row x=a --row y=b"), into("--row x=a --row y=b");
  from.count({R"({"a":1})"});
  auto text = from.partial();
  const auto first = text.find(R"("v0")");
  REQUIRE(first != std::string::npos);
  text.replace(first, 4, R"("v7")");
  CHECK_THROWS_AS(into.merge(text), bad_partial);
  CHECK(into.into->tallies()[0].rows.size() == 2);
  CHECK_FALSE(into.tables().empty());
}
