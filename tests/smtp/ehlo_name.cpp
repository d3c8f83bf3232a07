#include <postroad/smtp/ehlo_name.hpp>

#include <doctest/doctest.h>

using namespace postroad;
using namespace postroad::smtp;

TEST_CASE("RFC 5321 4.1.3: address literals") {
  CHECK(address_literal(*net::parse_address("192.0.2.1")) == "[192.0.2.1]");
  CHECK(address_literal(*net::parse_address("2001:db8::1")) == "[IPv6:2001:db8::1]");
}

TEST_CASE("a name that every machine has is no name of ours") {
  CHECK(is_public_name("scan.example.org"));
  CHECK(is_public_name("a.b"));
  for (const char* name : {"", "scan", "scan.", ".scan", "localhost.localdomain", "a.localhost",
                           "printer.local", "192.0.2.1", "a_b.example", "two words.example"})
    CHECK_FALSE(is_public_name(name));
}

TEST_CASE("hosts files give a host its qualified name") {
  const char* file =
      "127.0.0.1 localhost\n# 10.0.0.1 no.example.org scan\n127.0.1.1\tscan.example.org  scan\n";
  CHECK(qualified_in(file, "scan") == "scan.example.org");
  CHECK(qualified_in(file, "no") == "");
  CHECK(qualified_in(file, "sca") == "");
  CHECK(qualified_in("127.0.1.1 scan.localdomain scan", "scan") == "");
  CHECK(qualified_in("", "scan") == "");
}

TEST_CASE("the default is a public name or a literal") {
  const auto name = default_ehlo_name(net::parse_address("192.0.2.7"));
  CHECK((is_public_name(name) || name == "[192.0.2.7]"));
  CHECK_FALSE(default_ehlo_name().empty());
}
