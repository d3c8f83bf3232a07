#include <postroad/dns/name.hpp>

#include <doctest/doctest.h>

#include <string>

using postroad::dns::name;
using postroad::dns::parse_name;

TEST_CASE("RFC 1035 3.1: a name is labels with their lengths, then the root") {
  const auto n = parse_name("_dmarc.example.org");
  REQUIRE(n);
  const std::string wire(n->wire().begin(), n->wire().end());
  CHECK(wire == std::string("\6_dmarc\7example\3org\0", 20));
  CHECK(n->labels() == 3);
}

TEST_CASE("RFC 1035 5.1: a trailing dot changes nothing, and \".\" is the root") {
  CHECK(*parse_name("example.org.") == *parse_name("example.org"));
  CHECK(parse_name(".")->is_root());
  CHECK(to_string(*parse_name(".")) == ".");
  CHECK(to_string(*parse_name("Example.ORG.")) == "Example.ORG");
}

TEST_CASE("RFC 1035 5.1: \\. and \\DDD put any byte into a label") {
  CHECK(*parse_name("a\\.b.example") == *parse_name("a\\046b.example"));
  CHECK(parse_name("a\\.b.example")->labels() == 2);
  CHECK(to_string(*parse_name("a\\046b.example")) == "a\\.b.example");
  CHECK(to_string(*parse_name("a\\032b\\000\\255\\\\.example")) == "a\\032b\\000\\255\\\\.example");
  CHECK_FALSE(parse_name("a\\256.example"));
  CHECK_FALSE(parse_name("a\\25"));
  CHECK_FALSE(parse_name("a\\"));
  CHECK_FALSE(parse_name("a\\2x5"));
}

TEST_CASE("RFC 1035 2.3.4: labels have at most 63 bytes") {
  CHECK(parse_name(std::string(63, 'a') + ".example"));
  const auto bad = parse_name("x." + std::string(64, 'a') + ".example");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().offset == 2);
  CHECK(bad.error().why == "label longer than 63 bytes");
}

TEST_CASE("RFC 1035 2.3.4: names have at most 255 wire bytes") {
  const std::string label(62, 'a'); // 63 wire bytes
  const std::string four = label + "." + label + "." + label + "." + label;
  CHECK(parse_name(four + ".a")->size() == 255);
  CHECK_FALSE(parse_name(four + ".aa"));
  CHECK_FALSE(parse_name("_dmarc." + four));
}

TEST_CASE("RFC 1035 2.3.1: there is no empty label") {
  for (const char* bad : {"", "..", ".example", "a..b", "a.."})
    CHECK_MESSAGE(!parse_name(bad), bad);
}

TEST_CASE("blanks and control characters are words run together, not names; escaped they are bytes") {
  for (const char* bad : {"foo bar", " a.example", "a.example ", "a\tb", "a\x7f", "a\x01.example"})
    CHECK_FALSE(parse_name(bad));
  CHECK(parse_name("a\\032b.example"));
}

TEST_CASE("RFC 5890: raw UTF-8 is refused, not sent") {
  const auto bad = parse_name("b\xc3\xbc"
                              "cher.example");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().offset == 1);
  CHECK_FALSE(parse_name("a\\\xc3\xbc.example"));
}

TEST_CASE("RFC 4343 3: names compare and hash without regard to ASCII case") {
  const auto a = *parse_name("ExAmple.org"), b = *parse_name("eXample.ORG");
  CHECK(a == b);
  CHECK(a.hash() == b.hash());
  CHECK_FALSE(a == *parse_name("example.com"));
  CHECK_FALSE(*parse_name("a@.example") == *parse_name("a`.example"));
  CHECK(to_string(a.lowered()) == "example.org");
}

TEST_CASE("a name is within its ancestors and itself, never within half a label") {
  const auto n = *parse_name("mx.Example.org");
  CHECK(n.is_within(*parse_name("example.ORG")));
  CHECK(n.is_within(n));
  CHECK(n.is_within(name()));
  CHECK_FALSE(n.is_within(*parse_name("ample.org")));
  CHECK_FALSE(parse_name("org")->is_within(n));
  CHECK(n.parent() == *parse_name("example.org"));
  CHECK(name().parent().is_root());
}

TEST_CASE("names beyond one cache line copy, move and grow like short ones") {
  const auto text = std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c');
  const auto parsed = *parse_name(text);
  name copy(parsed), other = *parse_name("short.example");
  CHECK(copy == parsed);
  other = copy;
  CHECK(to_string(other) == text);
  const name moved(std::move(copy));
  CHECK(moved == parsed);
  other = *parse_name("short.example");
  CHECK(to_string(other) == "short.example");
  CHECK(to_string(moved.parent()) == text.substr(61));
  CHECK(moved.parent().parent() == *parse_name(text.substr(122)));
  name grown;
  for (int i = 0; i < 3; ++i)
    CHECK(grown.append(std::string(60, static_cast<char>('a' + i))));
  CHECK(grown == parsed);
  CHECK(grown.spelled(~std::uint64_t{0}).lowered() == parsed);
}

TEST_CASE("RFC 4343 3: eight bytes at a time change case just as one by one does") {
  for (unsigned c = 0; c < 256; ++c) {
    const auto byte = static_cast<std::uint8_t>(c);
    const auto eight = postroad::dns::detail::lower_eight(c * 0x0101010101010101u);
    CHECK(eight == name::lower(byte) * 0x0101010101010101u);
  }
  const auto n = *parse_name("a1b2-cdefghijklmnopqrstuvwxyz.ABCDEFGHIJKLM.\\001\\255\\192");
  for (std::size_t bit = 0; bit < 64; ++bit) {
    const auto spelled = n.spelled(std::uint64_t{1} << bit);
    CHECK(spelled == n);
    for (std::size_t i = 0; i < n.size(); ++i) {
      const auto low = n.lowered().wire()[i];
      const bool letter = low >= 'a' && low <= 'z';
      CHECK(spelled.wire()[i] == (letter && i % 64 == bit ? low - 32 : low));
    }
  }
}
