#include <doctest/doctest.h>

#include <postroad/record/word.hpp>

using namespace postroad::record;

TEST_CASE("a word is a domain, an address or a server") {
  CHECK(record_of_word("example.org") == R"({"domain":"example.org"})");
  CHECK(record_of_word("192.0.2.1") == R"({"ip":"192.0.2.1"})");
  CHECK(record_of_word("2001:DB8::1") == R"({"ip":"2001:db8::1"})");
  CHECK(record_of_word("192.0.2.1:2525") == R"({"ip":"192.0.2.1","port":2525})");
  CHECK(record_of_word("[2001:db8::1]:2525") == R"({"ip":"2001:db8::1","port":2525})");
  CHECK(record_of_word("mx1.example.org:25") == R"({"host":"mx1.example.org","port":25})");
}

TEST_CASE("the word as typed is kept when it differs") {
  CHECK(record_of_word("Example.ORG.") == R"({"domain":"example.org","input":"Example.ORG."})");
  CHECK(record_of_word("b\u00fccher.example") ==
        "{\"domain\":\"xn--bcher-kva.example\",\"input\":\"b\u00fccher.example\"}");
  CHECK(record_of_word("MX.Example.org:25") ==
        R"({"host":"mx.example.org","port":25,"input":"MX.Example.org:25"})");
}

TEST_CASE("ranked lists as Tranco and Alexa write them") {
  CHECK(record_of_word("7,example.org") == R"({"rank":7,"domain":"example.org"})");
  CHECK(record_of_word("x,example.org") == R"({"domain":"x,example.org"})");
}

TEST_CASE("words that cannot be asked for are records all the same") {
  CHECK(record_of_word("foo bar") == R"({"domain":"foo bar"})");
  CHECK(record_of_word("a\"b") == R"({"domain":"a\"b"})");
  CHECK(record_of_word("example.org:0") == R"({"domain":"example.org:0"})");
  CHECK(record_of_word("example.org:99999") == R"({"domain":"example.org:99999"})");
  CHECK(record_of_word("example.org..") == R"({"domain":"example.org.."})"); // an empty label: malformed
  CHECK(record_of_word("..") == R"({"domain":".."})");
  CHECK(record_of_word(".") == R"({"domain":"."})");
}

TEST_CASE("only JSON that is no object is neither word nor record") {
  CHECK(kind_of_line("") == line_kind::blank);
  CHECK(kind_of_line("# top sites") == line_kind::blank);
  CHECK(kind_of_line("{}") == line_kind::object);
  CHECK(kind_of_line("example.org") == line_kind::word);
  CHECK(kind_of_line("[2001:db8::1]:25") == line_kind::word);
  CHECK(kind_of_line("192.0.2.1") == line_kind::word);
  CHECK(kind_of_line("7,example.org") == line_kind::word);
  CHECK(kind_of_line("163.com") == line_kind::word);
  for (const char* json : {"[1,2]", "\"a\"", "12", "-1.5e3", "true", "false", "null", "[", "[x"})
    CHECK(kind_of_line(json) == line_kind::other_json);
}
