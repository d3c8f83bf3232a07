#include <postroad/smtp/ehlo.hpp>

#include <doctest/doctest.h>

using namespace postroad::smtp;
using list = std::vector<std::string>;

TEST_CASE("RFC 5321 4.1.1.1: the greeting line is no capability") {
  CHECK(capabilities("250-mx.example greets you\n250-SIZE 1000\n250 HELP") == list{"SIZE 1000", "HELP"});
  CHECK(capabilities("250 mx.example").empty());
  CHECK(capabilities("").empty());
  CHECK_FALSE(offers("250-STARTTLS\n250 HELP", "STARTTLS"));
}

TEST_CASE("RFC 5321 2.4: keywords know no case, parameters are not looked at") {
  CHECK(offers("250-x\n250-StartTLS\n250 HELP", "STARTTLS"));
  CHECK(offers("250-x\n250 STARTTLS REQUIRED", "STARTTLS"));
  CHECK(offers("250-x\n250 AUTH=LOGIN", "auth"));
}

TEST_CASE("prose that mentions STARTTLS offers nothing") {
  CHECK_FALSE(offers("250-x\n250-X-NO-STARTTLS\n250-NO STARTTLS HERE\n250 STARTTLSX", "STARTTLS"));
}

TEST_CASE("blanks at the end go, a line that lost its code stays whole, empty ones go") {
  CHECK(capabilities("250-x\n250-STARTTLS \t\r\nPIPELINING\n250-\n250") == list{"STARTTLS", "PIPELINING"});
}
