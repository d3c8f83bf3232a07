#include "study/study.hpp"

#include <algorithm>

using namespace study_test;

namespace {
std::string refused(std::string_view flags) {
  try {
    table_of(flags, {});
  } catch (const bad_spec& e) {
    return e.what();
  }
  return "";
}
} // namespace

TEST_CASE("words are split as in sh") {
  CHECK(shell_words("a  'b c' \"d \\\" e\" f\\ g # h\n i#j ''") ==
        lines{"a", "b c", "d \" e", "f g", "i#j", ""});
  CHECK(shell_words("--row 'x=y'\\''z'") == lines{"--row", "x=y'z"});
  CHECK(shell_words("a\\\nb") == lines{"ab"});
  CHECK(shell_words("") == lines{});
  CHECK_THROWS_AS((void)shell_words("'a"), bad_spec);
}

TEST_CASE("flags come out as they went in") {
  record::path_set paths;
  spec_builder builder(paths);
  builder.apply_text("--table t --by a,b --first --row='x y=a = \"b\"' --table u --quantiles 0.5,1 c");
  const auto flags = builder.flags();
  CHECK(flags == "--table t\n--by a,b\n--first\n--row 'x y=a = \"b\"'\n\n--table u\n--quantiles '0.5,1 c'\n");
  record::path_set others;
  spec_builder again(others);
  again.apply_text(flags);
  CHECK(again.flags() == flags);
}

TEST_CASE("wrong flags are refused with what is wrong about them") {
  CHECK_FALSE(refused("--by").empty());
  CHECK_FALSE(refused("--by a..b").empty());
  CHECK_FALSE(refused("--nothing x").empty());
  CHECK_FALSE(refused("by a").empty());
  CHECK_FALSE(refused("--top 0 --by a").empty());
  CHECK_FALSE(refused("--top x --by a").empty());
  CHECK_FALSE(refused("--row a").empty());
  CHECK_FALSE(refused("--by a --row b=c").empty());
  CHECK_FALSE(refused("--quantiles 0.5").empty());
  CHECK_FALSE(refused("--quantiles 1.5 a").empty());
  CHECK_FALSE(refused("--sort up").empty());
  CHECK_FALSE(refused("--by a --sort listed").empty());
  CHECK_FALSE(refused("--cdf a --by b").empty());
  CHECK_FALSE(refused("--cdf a --sum b").empty());
  CHECK_FALSE(refused("--where 'a ='").empty());
  for (const auto* flags : {"--where else", "--col c=else", "--of 'b=a or else'", "--sum 'a if else'"})
    CHECK(std::string(refused(flags)).find("else goes with --row only") != std::string::npos);
  CHECK(refused("--where 'a ='") == "condition 'a =': a value is missing (at character 4)");
}

TEST_CASE("--of: a label without blanks around its =") {
  const lines in = {R"({"a":1,"b":"x"})", R"({"a":2,"b":"y"})", R"({"b":"y"})"};
  const auto of = [&](const char* flags) { return table_of(flags, in).of_label; };
  CHECK(of("--of 'base=a<=1'") == "base");
  CHECK(of("--of 'base=a=1'") == "base");
  CHECK(of("--of 'base=has a'") == "base");
  CHECK(of("--of 'b=y'") == "records where b=y");
  CHECK(of("--of 'b = y and a = 2'") == "records where b = y and a = 2");
  CHECK(of("--of 'b!=y'") == "records where b!=y");
  CHECK(of("--of 'a<=1'") == "records where a<=1");
}

TEST_CASE("--of: a word, a condition, each with a label or without") {
  const lines in = {R"({"a":1,"b":"x"})", R"({"a":2,"b":"y"})", R"({"b":"y"})"};
  CHECK(rows(table_of("--by b --where a --of where", in)) == lines{"x: 1/2", "y: 1/2"});
  CHECK(rows(table_of("--by b --where a --of total", in)) == lines{"x: 1/3", "y: 1/3"});
  CHECK(rows(table_of("--by b --where a --of 'b = y'", in)) == lines{"x: 1/2", "y: 1/2"});
  CHECK(rows(table_of("--by b --of 'a = 2'", in)) == lines{"y: 2/1", "x: 1/1"});
  CHECK(rows(table_of("--by b --of col", in)) == lines{"y: 2/3", "x: 1/3"});
  CHECK(rows(table_of("--by b --of row --col 'n=a'", in)) == lines{"y: 1/2", "x: 1/1"});
  CHECK(table_of("--of 'all of them=where'", in).of_label == "all of them");
  CHECK(table_of("--of 'those with a=has a'", in).of_label == "those with a");
  CHECK(table_of("--of 'those with a=has a'", in).of == 2);
  CHECK(table_of("--of 'a = 2'", in).of_label == "records where a = 2");
  CHECK(table_of("--where 'a = 2'", in).of_label == "records where a = 2");
}
