#include <doctest/doctest.h>

#include <postroad/text/base64.hpp>
#include <postroad/text/json.hpp>
#include <postroad/text/unescape.hpp>

using namespace postroad::text;

namespace {
std::string written(std::string_view s) {
  std::string out;
  append_json_string(out, s);
  return out;
}
std::string base64(std::string_view s) {
  std::string out;
  append_base64(out, s);
  return out;
}
} // namespace

TEST_CASE("RFC 8259 7: quotes, backslashes and control characters are escaped") {
  CHECK(written("a\"b\\c") == R"("a\"b\\c")");
  CHECK(written(std::string_view("\0\x1f\n\r\t\x7f", 6)) == R"("\u0000\u001f\n\r\t\u007f")");
  CHECK(written("h\u00e9 \u4e2d \U0001f600") == "\"h\u00e9 \u4e2d \U0001f600\"");
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD, one each, and stand exactly in NAME_b64") {
  CHECK(written("a\xff\xfe"
                "b") == "\"a\uFFFD\uFFFDb\"");
  std::string out;
  json_writer(out).object().member_bytes("banner", "caf\xe9").member_bytes("plain", "caf\u00e9").end();
  CHECK(out == "{\"banner\":\"caf\uFFFD\",\"banner_b64\":\"Y2Fm6Q==\",\"plain\":\"caf\u00e9\"}");
}

TEST_CASE("RFC 3629 3: overlong forms, surrogates and code points above U+10FFFF are no UTF-8") {
  for (const char* bad : {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80",
                          "\x80", "\xe4\xb8"})
    CHECK_FALSE(is_utf8(bad));
  CHECK(is_utf8("\xf4\x8f\xbf\xbf"));
}

TEST_CASE("the writer puts commas where they belong") {
  std::string out;
  json_writer w(out);
  w.object()
      .key("a")
      .array()
      .end()
      .key("b")
      .array()
      .value(1)
      .value("x")
      .object()
      .end()
      .end()
      .member("c", nullptr)
      .end();
  CHECK(out == R"({"a":[],"b":[1,"x",{}],"c":null})");
}

TEST_CASE("numbers: three decimals, no exponent, no NaN") {
  std::string out;
  json_writer(out)
      .array()
      .value(1.5)
      .value(2.0)
      .value(0.0004)
      .value(0.0 / 1)
      .value(1e300)
      .value(-3)
      .value(18446744073709551615ull)
      .end();
  CHECK(out == "[1.5,2,0,0,null,-3,18446744073709551615]");
}

TEST_CASE("RFC 4648 10: test vectors of base64") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("what is written is read back") {
  for (const auto& s : {std::string("plain"), std::string("\"\\\n\t\r\b\f\x01"),
                        std::string("\u00e9\u4e2d\U0001f600"), std::string(1, '\0')})
    CHECK(json_unescaped(written(s)) == s);
  CHECK(json_unescaped(R"("\u00e9\ud83d\ude00\/\ud800x")") == "\u00e9\U0001f600/\ufffdx");
}
