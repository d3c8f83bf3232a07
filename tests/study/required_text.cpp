#include <postroad/study/required_text.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

#include <regex.h>

using namespace postroad::study;

TEST_CASE("what every text that fits has in it") {
  CHECK(required_text("Postfix") == "Postfix");
  CHECK(required_text("^v=spf1.*include:(_spf|spf)[.]") == "include:");
  CHECK(required_text(" [+]?[iI][pP]4:10[.][0-9.]+/8( |$)") == "4:10");
  CHECK(required_text("abc?d") == "ab");
  CHECK(required_text("ab{0,3}cd") == "cd");
  CHECK(required_text("a(bcd)*ef") == "ef");
  CHECK(required_text("x[]abc]yz") == "yz");
  CHECK(required_text("x[[:alpha:]]yz") == "yz");
  CHECK(required_text("x[^[.].]]yz") == "yz");
  CHECK(required_text("a\\(bc") == "bc");
  CHECK(required_text("a\xc3\xa9*b\xc3\xa9") == "b\xc3\xa9");
  for (const auto* nothing : {"", "a|bc", "(abc)", ".*", "[abc]", "a*", "ab)c", "(ab", "a[b", "a\\"})
    CHECK(required_text(nothing).empty());
}

TEST_CASE("plain text fits as it is") {
  CHECK(is_plain_text("include:_spf"));
  CHECK(is_plain_text(""));
  for (const char special : std::string_view("|()[]{}\\*+?.^$"))
    CHECK_FALSE(is_plain_text(std::string("a") + special));
}

TEST_CASE("no text that fits lacks it") {
  std::mt19937 random(1);
  const auto some = [&random](std::string_view of, std::size_t most) {
    std::string s(random() % (most + 1), ' ');
    for (auto& c : s)
      c = of[random() % of.size()];
    return s;
  };
  int fitting = 0, required = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto pattern = some("aaabbb^$.*+?()|[]{}1,\\:=-", 9);
    regex_t compiled;
    if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
      continue;
    const auto wanted = required_text(pattern);
    required += !wanted.empty();
    for (int k = 0; k < 20; ++k) {
      const auto text = some("aabb1:=*{}[](),", 8);
      if (regexec(&compiled, text.c_str(), 0, nullptr, 0) != 0) {
        CHECK_FALSE((is_plain_text(pattern) && text.find(pattern) != std::string::npos));
        continue;
      }
      ++fitting;
      INFO(pattern << " fits " << text << " without " << wanted);
      REQUIRE(text.find(wanted) != std::string::npos);
      CHECK((!is_plain_text(pattern) || text.find(pattern) != std::string::npos));
    }
    regfree(&compiled);
  }
  CHECK(fitting > 10'000);
  CHECK(required > 1'000);
}
