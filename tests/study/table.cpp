#include "study/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

using namespace study_test;

TEST_CASE("--by: one row for each value, most records first, ties by key") {
  const lines in = {R"({"p":"b"})", R"({"p":"c"})", R"({"p":"a"})", R"({"p":"b"})"};
  CHECK(rows(table_of("--by p", in)) == lines{"b: 2/4", "a: 1/4", "c: 1/4"});
  CHECK(rows(table_of("--by p --sort key", in)) == lines{"a: 1/4", "b: 2/4", "c: 1/4"});
}

TEST_CASE("--sort key: numbers by size") {
  const lines in = {R"({"p":10})", R"({"p":9})", R"({"p":"x"})", R"({"p":"100"})"};
  CHECK(rows(table_of("--by p --sort key", in)) == lines{"9: 1/4", "10: 1/4", "100: 1/4", "x: 1/4"});
}

TEST_CASE("null, false and missing are three rows; missing has a label or none") {
  const lines in = {R"({"p":null})", R"({"p":false})", R"({})", "{\"p\":\"(missing)\"}"};
  CHECK(rows(table_of("--by p", in)) == lines{"(missing): 1/4", "false: 1/4", "null: 1/4", "(missing): 1/4"});
  CHECK(rows(table_of("--by p --missing none", in)) ==
        lines{"(missing): 1/4", "false: 1/4", "null: 1/4", "none: 1/4"});
  CHECK(rows(table_of("--by p --missing ''", in)) == lines{"(missing): 1/4", "false: 1/4", "null: 1/4"});
}

TEST_CASE("null and the text null are two rows, in one order") {
  const lines in = {R"({"p":null,"x":1})", R"({"p":"null"})"}, turned = {in[1], in[0]};
  CHECK(rows(table_of("--by p --col 'x=has x'", in)) == lines{"null: 1/2", "null: 0/2"});
  CHECK(rows(table_of("--by p --col 'x=has x'", turned)) == lines{"null: 1/2", "null: 0/2"});
}

TEST_CASE("--top: the rest is one row, cells and all; what is missing is not part of it") {
  const lines in = {R"({"p":"a","v":1})", R"({"p":"a","v":2})", R"({"p":"b","v":3})",
                    R"({"p":"c","v":3})", R"({"p":"d","v":4})", R"({"v":9})"};
  CHECK(rows(table_of("--by p --top 1 --count n --distinct v --sum v", in)) ==
        lines{"a: 2/6 2 3", "Other: 3/6 2 10", "(missing): 1/6 1 9"});
  CHECK(rows(table_of("--by p --top 2 --other rest --missing ''", in)) ==
        lines{"a: 2/6", "b: 1/6", "rest: 2/6"});
  CHECK(rows(table_of("--by p --top 4", in)).size() == 5);
  CHECK(rows(table_of("--by p --top 9", in)).size() == 5);
}

TEST_CASE("--row: listed rows may overlap, --first makes them exclude each other, else takes the rest") {
  const lines in = {R"({"n":1})", R"({"n":2})", R"({"n":3})", R"({})"};
  const std::string flags = "--row 'small=n < 3' --row 'odd=n in 1,3' --row 'rest=else'";
  CHECK(rows(table_of(flags, in)) == lines{"small: 2/4", "odd: 2/4", "rest: 1/4"});
  CHECK(rows(table_of("--first " + flags, in)) == lines{"small: 2/4", "odd: 1/4", "rest: 1/4"});
  CHECK(rows(table_of("--sort count " + flags, in)) == lines{"odd: 2/4", "small: 2/4", "rest: 1/4"});
}

TEST_CASE("a label in quotes may have = in it") {
  CHECK(rows(table_of("--row '\"p=none\"=p = none' --col '\"x = y\"=p'", {R"({"p":"none"})"})) ==
        lines{"p=none: 1/1"});
}

TEST_CASE("names in quotes may have quotes in them") {
  const lines in = {R"({"k\"q":"x","b":2})"};
  CHECK(rows(table_of(R"(--by '"k\"q",b')", in)) == lines{"x, 2: 1/1"});
  CHECK(rows(table_of(R"(--distinct 'd="k\"q" if b = 2')", in)) == lines{"all: 1"});
  CHECK(rows(table_of(R"(--row '"a \"=\" b"=b = 2')", in)) == lines{"a \"=\" b: 1/1"});
}

TEST_CASE("two rows may have one label") {
  CHECK(rows(table_of("--row x=a --row x=b", {R"({"a":1})"})) == lines{"x: 1/1", "x: 0/1"});
}

TEST_CASE("--col: a cross-tab of two paths, columns by key, missing last") {
  const lines in = {R"({"p":"a","v":"TLSv1.2"})", R"({"p":"a","v":"TLSv1"})", R"({"p":"b"})",
                    R"({"p":"a","v":"TLSv1"})"};
  const auto t = table_of("--by p --col v", in);
  CHECK(rows(t) == lines{"a: 2/4 1/4 0/4", "b: 0/4 0/4 1/4"});
  CHECK(t.columns[0].label == "TLSv1");
  CHECK(t.columns[2].label == "(missing)");
  CHECK(t.columns[2].share_label == "(missing)_share");
  CHECK(rows(table_of("--by p --col v --missing ''", in)) == lines{"a: 2/4 1/4", "b: 0/4 0/4"});
}

TEST_CASE("columns come in the order of the flags, with the shares that are asked for") {
  const lines in = {R"({"p":"a","c":220,"t":true,"m":"x"})", R"({"p":"a","c":500,"m":"y"})",
                    R"({"p":"a","m":"y"})"};
  const auto t = table_of("--by p --col 'starttls=c = 220' --count n --mode 'most=m' --share n", in);
  CHECK(rows(t) == lines{"a: 1 3/3 y"});
  CHECK(t.columns[1].share_label == "share");
  CHECK(rows(table_of("--by p --share none", in)) == lines{"a: 3"});
}

TEST_CASE("--mode: ties by key, nothing where there is nothing") {
  CHECK(rows(table_of("--mode m", {R"({"m":"y"})", R"({"m":"x"})"})) == lines{"all: x"});
  CHECK(rows(table_of("--mode m", {R"({})"})) == lines{"all: -"});
}

TEST_CASE("--quantiles: nearest rank, exact, decimal strings as numbers") {
  lines in;
  for (int i = 1; i <= 10; ++i)
    in.push_back("{\"n\":" + std::to_string(i * 10) + "}");
  CHECK(rows(table_of("--quantiles 0,0.1,0.11,0.5,0.9,0.91,1 n", in)) ==
        lines{"all: 10 10 20 50 90 100 100"});
  CHECK(rows(table_of("--quantiles 0.5 n", {R"({"n":"18446744073709551616"})", R"({"n":3.25})",
                                            R"({"n":"x"})"})) == lines{"all: 3.25"});
  CHECK(rows(table_of("--quantiles 0.5 n", {})) == lines{"all: -"});
}

TEST_CASE("--sum and --mean: exact, decimal strings as numbers, other text passed over") {
  const lines in = {R"({"n":0.1})", R"({"n":0.2})", R"({"n":"9007199254740993"})", R"({"n":"x"})", R"({})"};
  CHECK(rows(table_of("--sum n --mean n", in)) == lines{"all: 9007199254740993.3 3002399751580331.1"});
  CHECK(rows(table_of("--mean n", {R"({"n":-1})", R"({"n":0})", R"({"n":-1})"})) ==
        lines{"all: -0.666666667"});
  CHECK(rows(table_of("--sum n --mean n", {})) == lines{"all: 0 -"});
}

TEST_CASE("PATH if EXPR: a figure of those values whose records fit") {
  const lines in = {R"({"p":"a","v":1,"k":"x"})", R"({"p":"a","v":2,"k":"y"})", R"({"p":"a","v":2,"k":"x"})",
                    R"({"p":"b","v":3,"k":"y"})"};
  CHECK(
      rows(table_of("--by p --sort key --distinct 'n=v if k = x' --sum 's=v if k = y' --mean 'm=v if k = x' "
                    "--mode 'most=v if k = y'",
                    in)) == lines{"a: 2 2 1.5 2", "b: 0 3 - 3"});
  CHECK(table_of("--distinct 'v if k = x'", in).columns[0].label == "distinct v");
  CHECK_THROWS_AS((void)table_of("--distinct 'v if k ='", in), study::bad_spec);
}

TEST_CASE("--cdf: one row for each number, with the records up to it") {
  const lines in = {R"({"n":8})", R"({"n":24})", R"({"n":"16"})", R"({"n":8})", R"({})"};
  CHECK(rows(table_of("--cdf n --of 'has n'", in)) == lines{"8: 2/4", "16: 3/4", "24: 4/4"});
}

TEST_CASE("--cdf: numbers only, each in one spelling, a record from its smallest on") {
  CHECK(rows(table_of("--cdf n", {R"({"n":1})", R"({"n":1.0})", R"({"n":"x"})", R"({"n":true})",
                                  R"({"n":1e1})", R"({"n":null})"})) == lines{"1: 2/6", "10: 3/6"});
  CHECK(rows(table_of("--cdf n[]", {R"({"n":[3,1,2,10]})", R"({"n":[2,"y"]})", R"({"n":["z"]})"})) ==
        lines{"1: 1/3", "2: 2/3", "3: 2/3", "10: 2/3"});
  CHECK(rows(table_of("--cdf t --bin month", {R"({"t":"2015-04-26"})", R"({"t":"2015-05-26"})",
                                              R"({"t":"2015"})"})) == lines{"2015-04: 1/3", "2015-05: 2/3"});
}

TEST_CASE("[]: a record counts once in a row, however many of its elements say so") {
  const lines in = {R"({"h":[{"n":"a"},{"n":"a"},{"n":"b"}]})", R"({"h":[{"n":"b"}]})", R"({"h":[]})"};
  CHECK(rows(table_of("--by h[].n", in)) == lines{"b: 2/3", "a: 1/3", "(missing): 1/3"});
  CHECK(rows(table_of("--distinct h[].n", in)) == lines{"all: 2"});
}

TEST_CASE("[]: two paths into one array go element by element") {
  const lines in = {R"({"h":[{"n":"a","v":4},{"n":"b"},{"n":"c","v":6}],"d":"x"})"};
  CHECK(rows(table_of("--by h[].n,h[].v,d --sort key", in)) ==
        lines{"a, 4, x: 1/1", "b, (missing), x: 1/1", "c, 6, x: 1/1"});
  CHECK(rows(table_of("--by h[].n,h[].v --join - --missing ''", in)) == lines{"a-4: 1/1", "c-6: 1/1"});
}

TEST_CASE("[]: element by element, in whatever order the paths stand") {
  const lines in = {R"({"a":[{"x":1,"y":2},{"y":3},{"z":0}]})", R"({"a":[]})"};
  CHECK(rows(table_of("--by a[].x,a[].y --sort key", in)) ==
        lines{"1, 2: 1/2", "(missing), 3: 1/2", "(missing), (missing): 1/2"});
  CHECK(rows(table_of("--by a[].y,a[].x --sort key", in)) ==
        lines{"2, 1: 1/2", "3, (missing): 1/2", "(missing), (missing): 1/2"});
  CHECK(rows(table_of("--by a[].y,a[].x --missing ''", in)) == lines{"2, 1: 1/2"});
}

TEST_CASE("[]: a record of many elements is counted in good time") {
  std::string record = R"({"a":[)";
  for (int i = 0; i < 200'000; ++i)
    record += fmt::format(R"({}{{"x":{},"y":{}}})", i == 0 ? "" : ",", i, i);
  CHECK(rows(table_of("--by a[].x,a[].y --top 1", {record + "]}"})).size() == 2);
}

TEST_CASE("[]: paths into two arrays give every combination") {
  const lines in = {R"({"a":[1,2],"b":["x","y"]})"};
  CHECK(rows(table_of("--by a[],b[] --join ''", in)) == lines{"1x: 1/1", "1y: 1/1", "2x: 1/1", "2y: 1/1"});
}

TEST_CASE("{}: the keys of an object make rows") {
  const lines in = {R"({"t":{"ip4":3,"mx":1}})", R"({"t":{"ip4":1}})"};
  CHECK(rows(table_of("--by t{} --of col", in)) == lines{"ip4: 2/3", "mx: 1/3"});
}

TEST_CASE("--top over [] gives the rest no share: its rows overlap") {
  const lines in = {R"({"h":["a","b","c"]})", R"({"h":["a"]})"};
  const auto t = table_of("--by h[] --top 1", in);
  CHECK(rows(t) == lines{"a: 2/2", "Other: 2/0"});
  CHECK_FALSE(t.rows[1].cells[0].share().has_value());
}

TEST_CASE("parts of a key never run into each other") {
  const lines in = {R"({"a":"x","b":"yz"})", R"({"a":"xy","b":"z"})"};
  CHECK(table_of("--by a,b --join ''", in).rows.size() == 2);
}

TEST_CASE("several tables are counted in one pass") {
  const auto both =
      tables_of("--table t --by a --table u --where b --by b", {R"({"a":1})", R"({"a":1,"b":2})"});
  REQUIRE(both.size() == 2);
  CHECK(both[0].name == "t");
  CHECK(rows(both[0]) == lines{"1: 2/2"});
  CHECK(rows(both[1]) == lines{"2: 1/1"});
}

TEST_CASE("empty input gives the table with zeros") {
  CHECK(rows(table_of("--row x=a --col 'y=b'", {})) == lines{"x: 0/0"});
  CHECK(rows(table_of("--by a", {})).empty());
}

TEST_CASE("the order of the records does not change a byte") {
  lines in;
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i)
    in.push_back("{\"p\":\"" + std::string(1, static_cast<char>('a' + random() % 9)) + "\",\"n\":" +
                 std::to_string(random() % 50) + ".25,\"v\":[" + std::to_string(random() % 5) + ",\"x\"]}");
  const std::string flags =
      "--by p --top 4 --count n --col v[] --sum n --mean n --distinct v[] --mode n --quantiles 0.5,0.9 n";
  const auto first = shown(table_of(flags, in), format::json);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(in.begin(), in.end(), random);
    CHECK(shown(table_of(flags, in), format::json) == first);
  }
}

TEST_CASE("a bare word is the record of a domain; blank lines and comments are none") {
  const auto t = table_of("--by domain", {"example.org", "", "# note", "3,example.org", "[1]", "\xff"});
  CHECK(rows(t) == lines{"example.org: 2/2"});
}

TEST_CASE("the first of members of one name counts, in every way of reading") {
  const lines in = {R"({"p":"a","p":"b","h":["x"],"h":["y"]})"};
  for (const auto how : {record::checking::touched, record::checking::whole_first}) {
    CHECK(rows(tables_of("--by p", in, how)[0]) == lines{"a: 1/1"});
    CHECK(rows(tables_of("--by h[]", in, how)[0]) == lines{"x: 1/1"});
  }
}

TEST_CASE("--bin: the values of the first path, by bins in order; what has none stays") {
  const lines in = {R"({"t":"2015-04-26T01:00:00Z","d":"in"})", R"({"t":"2015-04-26T09:00:00Z","d":"out"})",
                    R"({"t":"2015-04-28T09:00:00Z","d":"in"})", R"({"t":"later","d":"in"})", R"({"d":"in"})"};
  CHECK(rows(table_of("--by t --bin day", in)) ==
        lines{"2015-04-26: 2/5", "2015-04-28: 1/5", "later: 1/5", "(missing): 1/5"});
  CHECK(rows(table_of("--by t,d --bin month", in)) ==
        lines{"(missing), in: 1/5", "2015-04, in: 2/5", "2015-04, out: 1/5", "later, in: 1/5"});
}

TEST_CASE("--hist: empty bins in between are rows; powers of two by default") {
  const lines in = {R"({"v":1})", R"({"v":1.5})", R"({"v":9})", R"({"v":"x"})", R"({})"};
  CHECK(rows(table_of("--hist v", in)) == lines{"1: 2/5", "2: 0/5", "4: 0/5", "8: 1/5", "(missing): 2/5"});
  CHECK(rows(table_of("--hist v --bin 5 --missing ''", in)) == lines{"0: 2/5", "5: 1/5"});
  const lines days = {R"({"t":"2016-02-28"})", R"({"t":"2016-03-01"})"};
  CHECK(rows(table_of("--hist t --bin day", days)) ==
        lines{"2016-02-28: 1/2", "2016-02-29: 0/2", "2016-03-01: 1/2"});
  CHECK(rows(table_of("--hist v", {})).empty());
  const lines far = {R"({"v":0})", R"({"v":1000000000000})"}; // does not fill the memory
  CHECK(table_of("--hist v --bin 1", far).rows.size() == 10000);
}

TEST_CASE("--weight: a record counts as often as it says") {
  const lines in = {R"({"p":"a","w":3,"v":1})",  R"({"p":"b","w":"2","v":4})", R"({"p":"a","v":9})",
                    R"({"p":"a","w":-1,"v":9})", R"({"p":"a","w":1.5,"v":9})", R"({"p":"b","w":1,"v":10})"};
  const auto t = table_of("--by p --weight w --count n --col 'big=v > 3' --sum v --mean v --distinct v "
                          "--quantiles 0.5 v",
                          in);
  CHECK(rows(t) == lines{"a: 3/6 0/6 3 1 1 1", "b: 3/6 3/6 18 6 2 4"});
  CHECK(t.read == 6);
  CHECK(t.weighted);
}

TEST_CASE("--min-n marks rows of few records") {
  const auto t = table_of("--by p --min-n 2", {R"({"p":"a"})", R"({"p":"a"})", R"({"p":"b"})"});
  CHECK(!t.rows[0].small);
  CHECK(t.rows[1].small);
  CHECK(shown(t, format::text).find("b *  1") != std::string::npos);
  CHECK(shown(t, format::text).find("* fewer than 2 records") != std::string::npos);
  CHECK(shown(t, format::csv) == "p,count,share,small,of,of_name\na,2,0.6666666666666666,false,3,records\n"
                                 "b,1,0.3333333333333333,true,3,records\n");
}

TEST_CASE("a share of different values is asked for by name, and is of those of all rows") {
  const lines in = {R"({"ip":"1","s":true})", R"({"ip":"1"})", R"({"ip":"2","s":true})", R"({"ip":"3"})"};
  CHECK(rows(table_of("--row 'stripped=s' --row 'all=has ip' --distinct servers=ip --share servers", in)) ==
        lines{"stripped: 2/3", "all: 3/3"});
  CHECK(rows(table_of("--row 'stripped=s' --row 'all=has ip' --distinct servers=ip", in)) ==
        lines{"stripped: 2", "all: 3"});
}

TEST_CASE("--then counts the rows of a table: networks all of whose servers are stripped, by kind") {
  const lines in = {R"({"as":1,"kind":"isp","s":true})", R"({"as":1,"kind":"isp","s":true})",
                    R"({"as":2,"kind":"isp","s":true})", R"({"as":2,"kind":"isp","s":false})",
                    R"({"as":3,"kind":"edu","s":true})", R"({"as":4,"kind":"edu"})"};
  const std::string flags = "--table t12 --by as,kind --count n --col 'stripped=s' --of row --share stripped "
                            "--then --title 'All stripped' --where 'cells.share = 1' "
                            "--of networks=where --by key.kind --count ASes --sum servers=cells.n";
  const auto t = table_of(flags, in);
  CHECK(rows(t) == lines{"edu: 1/2 1", "isp: 1/2 2"});
  CHECK(t.name == "t12");
  CHECK(t.title == "All stripped");
  CHECK(t.read == 6);
  CHECK(rows(table_of("--by as --then --count n --then --count m --where 'cells.n = 4'", in)) ==
        lines{"all: 1/1"});
}

TEST_CASE("--approx: quantiles to eight binary digits, different values by a sketch") {
  lines in;
  for (int i = 1; i <= 1000; ++i)
    in.push_back("{\"v\":" + std::to_string(i) + ".125}");
  const auto t = table_of("--approx --distinct v --quantiles 0.5,1 v", in);
  CHECK(t.approximate);
  CHECK(std::abs(static_cast<int>(t.rows[0].cells[0].n) - 1000) < 30);
  CHECK(std::abs(std::stod(t.rows[0].cells[1].text) / 500.125 - 1) <= 0.002);
  CHECK(std::abs(std::stod(t.rows[0].cells[2].text) / 1000.125 - 1) <= 0.002);
}

TEST_CASE("flags that do not go together") {
  for (const auto* flags : {"--bin day", "--hist v --by w", "--by v --bin 0", "--min-n 0", "--plot pie",
                            "--hist v,w", "--weight ''"})
    CHECK_THROWS_AS(table_of(flags, {}), bad_spec);
}

TEST_CASE("--sort by a column, and by its share; --top cuts in that order") {
  const lines in = {R"({"p":"a","v":1})", R"({"p":"a","v":1})",          R"({"p":"a","s":true,"v":1})",
                    R"({"p":"b","v":7})", R"({"p":"b","s":true,"v":8})", R"({"p":"c","s":true,"v":2})"};
  CHECK(rows(table_of("--by p --sort different --count n --distinct different=v --share n", in)) ==
        lines{"b: 2/6 2", "a: 3/6 1", "c: 1/6 1"});
  CHECK(rows(table_of("--by p --sort 'sum v' --count n --sum v --top 1 --share none", in)) ==
        lines{"b: 2 15", "Other: 4 5"});
  CHECK(rows(table_of("--by p --of row --sort share:s --count n --col 's=s' --share s", in)) ==
        lines{"c: 1 1/1", "b: 2 1/2", "a: 3 1/3"});
  CHECK(rows(table_of("--row 'x=v < 5' --row 'y=v > 1' --sort n --count n", in)) ==
        lines{"x: 4/6", "y: 3/6"});
  CHECK_THROWS_AS(table_of("--by p --sort nothing", in), bad_spec);
}

TEST_CASE("--min-n marks the rest, too") {
  const lines in = {R"({"a":1})", R"({"a":1})", R"({"a":2})"};
  CHECK(table_of("--by a --min-n 2 --top 1", in).rows[1].small);
  CHECK(!table_of("--by a --min-n 1 --top 1", in).rows[1].small);
}

TEST_CASE("a histogram that would be endless says so") {
  const auto t = table_of("--hist n --bin 1", {R"({"n":0})", R"({"n":20000})"});
  CHECK(t.rows.size() == 10000);
  CHECK(t.notes.size() == 1);
  CHECK(table_of("--hist n --bin 1", {R"({"n":0})", R"({"n":20})"}).notes.empty());
}

TEST_CASE("a byte order mark is no part of a record") {
  CHECK(rows(table_of("--by a", {"\xef\xbb\xbf{\"a\":1}", R"({"a":1})"})) == lines{"1: 2/2"});
}
