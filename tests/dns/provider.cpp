#include <postroad/dns/provider.hpp>

#include <doctest/doctest.h>

using postroad::dns::provider_map;
using postroad::dns::registrable_domain;

TEST_CASE("the providers of the paper are known by their servers") {
  const provider_map map;
  CHECK(map.of("alt1.aspmx.l.google.com") == "gmail");
  CHECK(map.of("aspmx2.googlemail.com") == "gmail");
  CHECK(map.of("mailstore1.secureserver.net") == "godaddy");
  CHECK(map.of("mx.yandex.net") == "yandex");
  CHECK(map.of("mx3.qq.com") == "qq");
  CHECK(map.of("mx1.mail.ovh.net") == "ovh");
  CHECK(map.of("example-com.mail.protection.outlook.com") == "outlook");
  CHECK(map.of("mx0a-00.pphosted.com") == "pphosted");
}

TEST_CASE("suffixes match whole labels, the longest wins") {
  provider_map map;
  CHECK(map.of("mx.notgoogle.com") == "notgoogle.com");
  CHECK(map.load("mail.example.org\tinner\nexample.org\touter\n").value() == 2);
  CHECK(map.of("a.mail.example.org") == "inner");
  CHECK(map.of("a.example.org") == "outer");
  CHECK(map.of("example.org") == "outer");
}

TEST_CASE("without a provider, the registrable domain stands for it") {
  CHECK(registrable_domain("mx1.mail.example.org") == "example.org");
  CHECK(registrable_domain("mx1.mail.example.co.uk") == "example.co.uk");
  CHECK(registrable_domain("mx.example.com.br") == "example.com.br");
  CHECK(registrable_domain("example.org") == "example.org");
  CHECK(registrable_domain("co.uk") == "co.uk");
  CHECK(registrable_domain("localhost") == "localhost");
  CHECK(registrable_domain("") == "");
  CHECK(provider_map{}.of("") == "");
}

TEST_CASE("a map file has a suffix, a tab and a name on each line") {
  provider_map map;
  CHECK(map.load("# who\tis\n\n.Example.ORG\tExample Mail\r\ngoogle.com\tGoogle\n").value() == 2);
  CHECK(map.of("mx.example.org") == "Example Mail");
  CHECK(map.of("smtp.google.com") == "Google");
  const auto bad = map.load("a.example\tok\nb.example no tab\n");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().offset == 13);
}

TEST_CASE("a suffix that changed hands has days") {
  constexpr const char* lines = "psmtp.com\tpostini\t\t2012-12-31\n"
                                "psmtp.com\tgmail\t2013-01-01\n"
                                "example.org\tlate\t2020-01-01\t2020-12-31\n";
  const auto on = [&](const char* day, const char* host) {
    provider_map map(day);
    CHECK(map.load(lines).value() == 3);
    return map.of(host);
  };
  CHECK(on("2012-12-31", "mx.psmtp.com") == "postini");
  CHECK(on("2013-01-01", "mx.psmtp.com") == "gmail");
  CHECK(on("", "mx.psmtp.com") == "gmail");
  CHECK(on("2020-06-01", "mx.example.org") == "late");
  CHECK(on("2019-12-31", "mx.example.org") == "example.org");
  CHECK(on("2021-01-01", "mx.example.org") == "example.org");
  CHECK_FALSE(provider_map{}.load("a.example\tx\tyesterday\n"));
  CHECK_FALSE(provider_map{}.load("a.example\tx\t2020-1-1\n"));
}
