#include "study/study.hpp"

#include <postroad/study/crew.hpp>

#include <random>

using namespace study_test;

namespace {

struct two_folds {
  record::path_set paths;
  std::vector<table_spec> specs;
  std::unique_ptr<fold> before, after;

  explicit two_folds(std::string_view flags) {
    spec_builder builder(paths);
    builder.apply_text(flags);
    specs = builder.finish();
    before = std::make_unique<fold>(specs, paths, record::checking::touched);
    after = std::make_unique<fold>(specs, paths, record::checking::touched);
  }
  static void add(fold& to, const lines& in) {
    for (auto line : in) {
      const auto size = line.size();
      line.append(record::line_slack, '}');
      static_cast<void>(to.add(std::string_view(line).substr(0, size)));
    }
  }
  table difference(const lines& a, const lines& b) {
    add(*before, a);
    add(*after, b);
    return after->differences(*before, "april", "may").at(0);
  }
};

} // namespace

TEST_CASE("--diff: rows of both, ordered by both, with the change") {
  const auto t = two_folds("--by p --count n --distinct v --mode v")
                     .difference({R"({"p":"a","v":1})", R"({"p":"z","v":1})"},
                                 {R"({"p":"a","v":2})", R"({"p":"a","v":1})", R"({"p":"b","v":1})"});
  CHECK(rows(t) ==
        lines{"a: 1/2 2/3 1 1 2 1 1 1 -", "b: 0/2 1/3 1 0 1 1 - 1 -", "z: 1/2 0/3 -1 1 0 -1 1 - -"});
  CHECK(t.columns[0].label == "n april");
  CHECK(t.columns[1].label == "n may");
  CHECK(t.columns[2].label == "n change");
  CHECK(shown(t, format::text).find("+1 (+16.7 points)") != std::string::npos);
  CHECK(shown(t, format::text).find("shares of records: 2 (n april), 3 (n may)") != std::string::npos);
}

TEST_CASE("--diff: --top takes the rows with most records of both") {
  const auto t = two_folds("--by p --top 1")
                     .difference({R"({"p":"a"})", R"({"p":"b"})"}, {R"({"p":"b"})", R"({"p":"c"})"});
  CHECK(rows(t) == lines{"b: 1/2 1/2 0", "Other: 1/2 1/2 0"});
}

TEST_CASE("--diff: a cross-tab has the columns of both") {
  const auto t =
      two_folds("--row all=p --col p").difference({R"({"p":"a"})"}, {R"({"p":"b"})", R"({"p":"b"})"});
  CHECK(rows(t) == lines{"all: 1/1 0/2 -1 0/1 2/2 2"});
  CHECK_THROWS_AS(two_folds("--by p --then --count n").difference({}, {}), bad_spec);
}

TEST_CASE("several threads give the tables of one, and name the lines that are no records in order") {
  lines in;
  std::mt19937 draw(7);
  for (int i = 0; i < 5000; ++i) {
    const auto n = draw() % 100;
    in.push_back(n == 0 ? "{broken"
                        : "{\"p\":\"p" + std::to_string(n % 17) +
                              "\",\"v\":" + std::to_string(draw() % 1000) + "}");
  }
  const auto* const flags =
      "--by p --count n --distinct v --sum v --quantiles 0.5,0.9 v --mode v --col 'big=v > 500' "
      "--table b --hist v --table c --by p --approx --distinct v";
  for (const unsigned threads : {1u, 2u, 5u}) {
    two_folds both(flags);
    two_folds::add(*both.before, in);
    std::vector<std::uint64_t> named, expected;
    {
      crew workers(
          threads, [&] { return both.after->empty_copy(); }, true);
      line_block block;
      for (std::size_t i = 0; i < in.size();) {
        std::string text;
        for (const auto end = std::min(in.size(), i + 1 + draw() % 90); i < end; ++i)
          text += in[i] + '\n';
        block.size = text.size();
        text.append(record::line_slack, '\0');
        block.bytes.assign(text.begin(), text.end());
        workers.give(block);
        for (const auto& line : workers.take_rejected())
          named.push_back(line.number);
      }
      shard_hash hash;
      workers.finish(*both.after, hash);
      for (const auto& line : workers.take_rejected())
        named.push_back(line.number);
      shard_hash other;
      for (auto at = in.rbegin(); at != in.rend(); ++at)
        other.add(*at);
      CHECK(hash.text() == other.text());
    }
    for (std::size_t i = 0; i < in.size(); ++i)
      if (in[i] == "{broken")
        expected.push_back(i + 1);
    CHECK(named == expected);
    for (std::size_t t = 0; t < 3; ++t)
      CHECK(shown(both.before->tables()[t], format::json) == shown(both.after->tables()[t], format::json));
  }
}
