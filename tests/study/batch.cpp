#include <postroad/study/batch.hpp>

#include <postroad/record/path.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/study/conditions.hpp>

#include "study.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace postroad;
using namespace postroad::study;

namespace {

record::value word(std::string_view s) {
  record::value v;
  v.is = record::value::kind::text;
  v.text = s;
  return v;
}
record::value raw(record::value::kind is, std::string_view s) {
  record::value v;
  v.is = is;
  v.raw = s;
  v.boolean = s == "true";
  return v;
}

} // namespace

TEST_CASE("a selection is a set of numbers below its capacity") {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::set<std::uint32_t> a, b;
    selection x, y;
    for (int i = 0; i < 100; ++i) {
      const auto n = static_cast<std::uint32_t>(random() % selection::capacity);
      const auto m = static_cast<std::uint32_t>(random() % selection::capacity);
      a.insert(n), x.add(n);
      b.insert(m), y.add(m);
    }
    const auto members = [](const selection& s) {
      std::set<std::uint32_t> out;
      s.each([&](std::uint32_t i) { out.insert(i); });
      CHECK(out.size() == s.count());
      return out;
    };
    std::set<std::uint32_t> both, either, only;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::inserter(either, either.end()));
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(only, only.end()));
    CHECK(members(x & y) == both);
    CHECK(members(x | y) == either);
    CHECK(members(x - y) == only);
  }
  CHECK(selection::first(0).none());
  for (const std::uint32_t n : {1u, 63u, 64u, 65u, 128u, 255u, 256u})
    CHECK(selection::first(n).count() == n);
}

TEST_CASE("values of one spelling and another kind have numbers of their own, and one key") {
  using kind = record::value::kind;
  vocabulary words;
  const auto number = [&](const record::value& v) {
    return words.number_of(vocabulary::letter_of(v), shown(v));
  };
  const auto one = number(raw(kind::integer, "1")), also_one = number(word("1"));
  CHECK(one != also_one);
  CHECK(words.key_number(one) == words.key_number(also_one));
  CHECK(words.value(one).is == kind::integer);
  CHECK(words.value(also_one).is == kind::text);
  CHECK(words.key_number(number(raw(kind::null, "null"))) != words.key_number(number(word("null"))));
  CHECK(words.key_number(number(raw(kind::boolean, "true"))) == words.key_number(number(word("true"))));
  CHECK(words.value(number(raw(kind::boolean, "true"))).boolean);
  CHECK_FALSE(words.value(number(raw(kind::boolean, "false"))).boolean);
}

TEST_CASE("a number stands for its value, whatever came lately") {
  std::mt19937 random(5);
  vocabulary words;
  for (int i = 0; i < 20'000; ++i) { // texts that differ in one byte, of sizes around one and two words
    std::string s(random() % 20, 'a');
    if (!s.empty())
      s[random() % s.size()] = static_cast<char>('a' + random() % 3);
    const auto n = words.number_of('v', s);
    CHECK(words.value(n).text == s);
    CHECK(words.number_of('v', s) == n);
  }
  CHECK(words.number_of('v', "new", words.size()) == 0);
  CHECK(words.number_of('v', "new", words.size() + 1) != 0);
}

TEST_CASE("a path with many different values numbers them for the batch, and for good when asked") {
  batch in({false});
  in.ask(0, need::all);
  for (std::uint32_t round = 0; round < 40; ++round) {
    std::vector<std::string> came;
    while (!in.full()) {
      came.push_back("value " + std::to_string(round * 1000 + in.size()));
      in.add(0, word(came.back()), 0);
      in.accept();
    }
    for (std::uint32_t record = 0; record < in.size(); ++record) {
      const auto n = in.numbers(0)[record];
      CHECK(in.value(0, n).text == came[record]);
      CHECK(batch::is_passing(n) == (round * selection::capacity + record >= 1023)); // and number 0
      CHECK(in.words(0).value(in.lasting(0, n)).text == came[record]);
      CHECK(in.lasting(0, n) == in.lasting(0, n));
    }
    in.clear();
  }
}

TEST_CASE("a record that is dropped leaves nothing") {
  batch in({false, true});
  in.ask(0, need::all);
  in.ask(1, need::all);
  in.add(0, word("x"), 0);
  in.add(1, word("y"), 0);
  in.drop();
  in.accept(); // a record that has neither
  in.add(1, word("z"), 4);
  in.accept();
  CHECK(in.numbers(0)[0] == 0);
  CHECK(in.items(1, 0).empty());
  REQUIRE(in.items(1, 1).size() == 1);
  CHECK(in.items(1, 1)[0].ordinal == 4);
  in.clear();
  CHECK_FALSE(in.ever(0));
  CHECK(in.ever(1));
}

TEST_CASE("what is dropped takes no room, however much it is") {
  batch in({false, true});
  in.ask(0, need::all);
  in.ask(1, need::all);
  const std::string large(300'000, 'x');
  for (int i = 0; i < 1100; ++i) // more than have numbers for good
    in.add(1, raw(record::value::kind::integer, std::to_string(i)), static_cast<std::size_t>(i));
  in.accept();
  for (int round = 0; round < 100; ++round) {
    in.add(0, word(large + std::to_string(round)), 0);
    for (int i = 0; i < 1000; ++i)
      in.add(1, raw(record::value::kind::integer, std::to_string(5000 + i)), 0);
    in.drop();
  }
  in.add(0, word("last"), 0);
  in.accept();
  CHECK_FALSE(in.full());
  CHECK(in.items(1, 1).empty());
  CHECK(shown(in.value(0, in.numbers(0)[1])) == "last");
  CHECK(shown(in.value(1, in.items(1, 0).back().number)) == "1099");
}

TEST_CASE("large records fill a batch early") {
  batch in({true, false});
  in.ask(0, need::all);
  in.ask(1, need::all);
  for (int i = 0; i < 70'000; ++i)
    in.add(0, word("x"), 0);
  in.accept();
  CHECK(in.full());
  in.clear();
  CHECK_FALSE(in.full());
  const std::string large(2'000'000, 'x');
  in.add(1, word(large), 0);
  in.accept();
  CHECK(in.full());
  CHECK(in.value(1, in.numbers(1)[0]).text == large);
}

TEST_CASE("tables of many records are those of each record alone, put together") {
  constexpr auto flags =
      R"(--where 'a != 3' --by a --by l[] --col t --distinct d --quantiles 0.5,0.9 n --mode t
    --table rows --first --row 'x=a = 1 and l[] = 2' --row 'y=has t' --row z=else --sum n --count all --distinct d
    --table weighted --weight n --by t --col 'one=a = 1')";
  constexpr std::array values{"null", "true", "\"true\"", "7"};
  std::mt19937 random(11);
  std::vector<std::string> records;
  for (int i = 0; i < 3000; ++i) {
    std::string r = fmt::format(R"({{"a":{},"d":"d{}","n":{})", random() % 5, random() % 2000, random() % 3);
    if (random() % 2 == 0)
      r += fmt::format(R"(,"l":[{},"{}",{}])", random() % 3, random() % 3, random() % 3);
    if (random() % 3 == 0)
      r += fmt::format(R"(,"t":{})", values[random() % values.size()]);
    records.push_back(random() % 50 == 0 ? r : r + "}"); // some are broken off
  }
  record::path_set paths;
  spec_builder builder(paths);
  builder.apply_text(flags);
  const auto specs = builder.finish();
  const auto add = [](fold& to, std::string line) {
    const auto size = line.size();
    line.append(record::line_slack, '\0');
    static_cast<void>(to.add({line.data(), size}));
  };
  fold together(specs, paths, record::checking::touched), apart(specs, paths, record::checking::touched);
  for (const auto& r : records) {
    add(together, r);
    fold one(specs, paths, record::checking::touched);
    add(one, r);
    apart.merge(one);
  }
  CHECK(together.records() == apart.records());
  const auto shown = [](fold& of) {
    std::string out;
    for (const auto& t : of.tables())
      out += study_test::shown(t, format::json);
    return out;
  };
  CHECK(shown(together) == shown(apart));
}

TEST_CASE("what came lately is known by its JSON, all of it") {
  std::mt19937 random(1);
  recent_values recent;
  std::map<std::string, std::uint32_t> numbers;
  int known = 0;
  const auto take = [&](const std::string& json) {
    const std::string line = json + std::string(record::line_slack, static_cast<char>('a' + random() % 3));
    const auto in_line = std::string_view(line).substr(0, json.size());
    const auto number =
        numbers.try_emplace(json, static_cast<std::uint32_t>(numbers.size() + 1)).first->second;
    const auto found = recent.find(in_line);
    REQUIRE((found == 0 || found == number));
    known += found != 0;
    recent.learn(in_line, number);
    REQUIRE(recent.find(in_line) == (json.size() <= 16 ? number : 0));
  };
  for (int i = 0; i < 100'000; ++i) { // many alike at their heads and tails
    std::string json(1 + random() % 20, 'a');
    for (auto& c : json)
      c = static_cast<char>('a' + random() % 2);
    take(json);
  }
  for (int i = 0; i < 100'000; ++i) // and many that differ in nothing but their size
    take(std::string(1 + random() % 20, static_cast<char>(random() % 256)));
  CHECK(known > 5'000);
}

TEST_CASE("a scalar that has come before is taken as it stands; a container never is") {
  batch in({false, true});
  in.ask(0, need::all);
  const std::string line = "\"text\" 17 {} " + std::string(record::line_slack, ' ');
  const auto text = std::string_view(line).substr(0, 6), number = std::string_view(line).substr(7, 2);
  CHECK_FALSE(in.add_known(0, text, 0));
  in.add(0, {.is = record::value::kind::text, .text = text.substr(1, 4), .raw = text}, 0);
  in.add(1, {.is = record::value::kind::integer, .text = {}, .raw = number}, 0);
  in.add(1, {.is = record::value::kind::object, .text = {}, .raw = std::string_view(line).substr(10, 2)}, 1);
  in.accept();
  CHECK(in.add_known(0, text, 0));
  CHECK_FALSE(in.add_known(0, number, 0)); // that was another path's
  CHECK(in.add_known(1, number, 3));
  CHECK_FALSE(in.add_known(1, std::string_view(line).substr(10, 2), 0));
  in.accept();
  CHECK(in.numbers(0)[0] == in.numbers(0)[1]);
  CHECK(shown(in.value(0, in.numbers(0)[1])) == "text");
  REQUIRE(in.items(1, 1).size() == 1);
  CHECK(in.items(1, 1)[0].ordinal == 3);
  CHECK(in.items(1, 1)[0].number == in.items(1, 0)[0].number);
}
