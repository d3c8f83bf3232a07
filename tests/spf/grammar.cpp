#include <postroad/spf/grammar.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace postroad;
using spf::mechanism;
using spf::qualifier;

namespace {

spf::record with(const std::string& terms) {
  static std::string text;
  text = "v=spf1 " + terms;
  return spf::parse_record(text);
}

std::string expanded(std::string_view text) {
  const auto pieces = spf::parse_macro_string(text, spf::macro_place::explanation);
  REQUIRE(pieces);
  std::string out;
  for (const auto& p : *pieces)
    out += spf::expand_piece(p, [](char letter) -> std::string { // the examples of RFC 7208 7.4
      switch (letter) {
      case 's':
        return "strong-bad@email.example.com";
      case 'l':
        return "strong-bad";
      case 'o':
      case 'd':
        return "email.example.com";
      case 'i':
        return "192.0.2.3";
      case 'v':
        return "in-addr";
      default:
        return "";
      }
    });
  return out;
}

} // namespace

TEST_CASE("RFC 7208 4.5: what is an SPF record, and what only looks like one") {
  for (const auto* yes : {"v=spf1", "v=spf1 ", "v=spf1 -all", "V=SPF1 -all", "v=spf1  a"})
    CHECK_MESSAGE(spf::is_spf(yes), yes);
  for (const auto* no :
       {"", "v=spf", "v=spf10 -all", "v=spf1\ta", " v=spf1 -all", "v=spf1-all", "spf1 -all", "v=spf2.0/pra"})
    CHECK_MESSAGE(!spf::is_spf(no), no);
}

TEST_CASE("every mechanism, with every part it may have") {
  const auto r =
      with("+all a a:a.example a/24 a//64 a/24//64 a:a.example/24//64 mx:%{d} ptr ptr:b.example "
           "ip4:192.0.2.77/24 ip6:2001:db8::1 ?include:c.example ~exists:%{i}._x.%{d2r.-} -A:UP.Example.");
  CHECK(r.valid());
  REQUIRE(r.directives.size() == 15);
  CHECK(r.directives[0].what == mechanism::all);
  CHECK(r.directives[2].domain == "a.example");
  CHECK(r.directives[3].length4 == 24);
  CHECK(r.directives[4].length6 == 64);
  CHECK(r.directives[4].length4 == 32);
  CHECK(r.directives[6].domain == "a.example");
  CHECK(r.directives[6].length4 == 24);
  CHECK(r.directives[6].length6 == 64);
  CHECK(r.directives[10].network == *net::parse_prefix("192.0.2.0/24"));
  CHECK(r.directives[10].host_bits);
  CHECK(!r.directives[11].host_bits);
  CHECK(r.directives[12].sign == qualifier::neutral);
  CHECK(r.directives[13].sign == qualifier::softfail);
  CHECK(r.directives[14].sign == qualifier::fail);
  CHECK(r.directives[14].what == mechanism::a);
  CHECK(r.directives[14].text == "-A:UP.Example.");
}

TEST_CASE("modifiers: redirect, exp, and names that mean nothing") {
  const auto r = with("redirect=_spf.%{d} exp=why.%{d} foo=bar x-y_z.1=%{c}/%% a=b ip4=1.2.3.4 moo=");
  CHECK(r.valid());
  CHECK(r.redirect->value == "_spf.%{d}");
  CHECK(r.exp->value == "why.%{d}");
  CHECK(r.others.size() == 5);
  CHECK(r.directives.empty());
}

TEST_CASE("each production broken: the place and the reason, and the rest is read") {
  const struct {
    const char* term;
    std::size_t at; ///< in the term
    const char* why;
  } cases[] = {
      {"all.", 0, "no such mechanism"},
      {"all:x.example", 3, "all takes no value"},
      {"all/8", 3, "all takes no value"},
      {"+", 0, "no such mechanism"},
      {"++a", 0, "no such mechanism"},
      {"a:", 2, "empty domain"},
      {"a:/24", 2, "empty domain"},
      {"a:museum", 2, "no domain name"},
      {"a:museum.", 2, "no domain name"},
      {"a:x.123", 2, "no domain name"},
      {"a:x.-a", 2, "no domain name"},
      {"a:x.a-", 2, "no domain name"},
      {"a:x..", 2, "no domain name"},
      {"a:x.ex_ample", 2, "no domain name"},
      {"a:%{d}com", 2, "no domain name"},
      {"a:x.example/33", 12, "no such prefix length"},
      {"a:x.example/024", 12, "no such prefix length"},
      {"a:x.example//129", 13, "no such prefix length"},
      {"a:x.example/24/64", 15, "no such prefix length"},
      {"a/", 1, "neither a domain nor a prefix length"},
      {"a//", 1, "neither a domain nor a prefix length"},
      {"a/24x", 1, "neither a domain nor a prefix length"},
      {"mx:", 3, "empty domain"},
      {"ptr/24", 3, "neither a domain nor a prefix length"},
      {"ptr:", 4, "empty domain"},
      {"include", 7, "needs a domain"},
      {"include:", 8, "empty domain"},
      {"include/24", 7, "neither a domain nor a prefix length"},
      {"exists", 6, "needs a domain"},
      {"exists:%", 7, "% that starts no macro"},
      {"exists:%a.example", 7, "% that starts no macro"},
      {"exists:%{x}", 9, "no such macro letter"},
      {"exists:%{c}", 9, "no such macro letter"},
      {"exists:%{", 9, "no such macro letter"},
      {"exists:%{d", 10, "macro without an end"},
      {"exists:%{d0}", 10, "a macro that keeps nothing"},
      {"exists:%{d2x}", 11, "macro without an end"},
      {"exists:%{d;}", 10, "macro without an end"},
      {"exists:%{i}\x7f.example", 11, "not a visible character"},
      {"exists:\xc3\xa4.example", 7, "not a visible character"},
      {"ip4", 3, "needs an address"},
      {"ip4:", 3, "needs an address"},
      {"ip4:1.2.3", 4, "no IPv4 address"},
      {"ip4:1.2.3.04", 4, "no IPv4 address"},
      {"ip4:1.2.3.256", 4, "no IPv4 address"},
      {"ip4:1.2.3.4/33", 12, "no such prefix length"},
      {"ip4:1.2.3.4/08", 12, "no such prefix length"},
      {"ip4:1.2.3.4/", 12, "no such prefix length"},
      {"ip4:1.2.3.4//8", 12, "no such prefix length"},
      {"ip4:1.2.3.4/255.255.255.0", 12, "no such prefix length"},
      {"ip4:2001:db8::", 4, "no IPv4 address"},
      {"ip4:1.2.3.4:25", 4, "no IPv4 address"},
      {"ip6:1.2.3.4", 4, "no IPv6 address"},
      {"ip6:::/129", 7, "no such prefix length"},
      {"ip6:fe80::1%eth0", 4, "no IPv6 address"},
      {"ipv4:1.2.3.4", 0, "no such mechanism"},
      {"foo:x.example", 0, "no such mechanism"},
      {"-redirect=x.example", 0, "no name in front of ="},
      {"1a=x", 0, "no name in front of ="},
      {"=x", 0, "no name in front of ="},
      {"redirect=", 9, "empty domain"},
      {"redirect=x", 9, "no domain name"},
      {"redirect=x.example/24", 9, "no domain name"},
      {"exp=", 4, "empty domain"},
      {"exp=%{x}", 6, "no such macro letter"},
      {"foo=%{x}", 6, "no such macro letter"},
      {"a\tmx", 0, "no such mechanism"},
  };
  for (const auto& c : cases) {
    INFO(c.term);
    const auto r = with("mx " + std::string(c.term) + " -all");
    REQUIRE(r.errors.size() == 1);
    CHECK(r.errors[0].offset == 10 + c.at);
    CHECK(r.errors[0].why == c.why);
    CHECK(!r.errors[0].rfc.empty());
    CHECK(r.directives.size() == 2);
    CHECK(r.all() != nullptr);
  }
}

TEST_CASE("redirect and exp at most once") {
  CHECK(with("redirect=a.example redirect=b.example").errors.at(0).why == "second redirect");
  CHECK(with("exp=a.example EXP=b.example").errors.at(0).why == "second exp");
}

TEST_CASE("blanks in rows and at the end, and ten thousand terms") {
  CHECK(with("  a   mx  ").directives.size() == 2);
  std::string many, broken;
  for (int i = 0; i < 10'000; ++i) {
    many += "a:h" + std::to_string(i) + ".example ";
    broken += "x ";
  }
  CHECK(with(many).directives.size() == 10'000);
  CHECK(with(broken).errors.size() == spf::max_errors);
}

TEST_CASE("RFC 7208 7.4: the expansions of the text itself") {
  CHECK(expanded("%{s}") == "strong-bad@email.example.com");
  CHECK(expanded("%{o}") == "email.example.com");
  CHECK(expanded("%{d4}") == "email.example.com");
  CHECK(expanded("%{d2}") == "example.com");
  CHECK(expanded("%{d1}") == "com");
  CHECK(expanded("%{dr}") == "com.example.email");
  CHECK(expanded("%{d2r}") == "example.email");
  CHECK(expanded("%{l}") == "strong-bad");
  CHECK(expanded("%{l-}") == "strong.bad");
  CHECK(expanded("%{lr}") == "strong-bad");
  CHECK(expanded("%{lr-}") == "bad.strong");
  CHECK(expanded("%{l1r-}") == "strong");
  CHECK(expanded("%{ir}.%{v}._spf.%{d2}") == "3.2.0.192.in-addr._spf.example.com");
  CHECK(expanded("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}") == "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  CHECK(expanded("%{d2}.trusted-domains.example.net") == "example.com.trusted-domains.example.net");
  CHECK(expanded("a%%b%_c%-d") == "a%b c%20d");
  CHECK(expanded("%{S}") == "strong-bad%40email.example.com");
  CHECK(expanded("%{d9999999999999999999}") == "email.example.com");
  CHECK(expanded("%{l1r-}.%{d1}") == "strong.com");
}

TEST_CASE("RFC 7208 7.3: a name that came out too long loses labels on the left") {
  const std::string label(60, 'x');
  const auto longer = label + "." + label + "." + label + "." + label + "." + label + ".example.com";
  CHECK(spf::fitted_domain(longer) == label + "." + label + "." + label + ".example.com");
  CHECK(spf::fitted_domain("a.example.") == "a.example");
  CHECK(spf::fitted_domain(std::string(300, 'x')).size() == 300);
}
