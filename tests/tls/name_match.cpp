#include <postroad/tls/name_match.hpp>

#include <doctest/doctest.h>

namespace tls = postroad::tls;

namespace {
tls::certificate_facts with_names(std::vector<std::string> names, std::string cn = "") {
  tls::certificate_facts facts;
  facts.common_name = std::move(cn);
  facts.dns_names = std::move(names);
  return facts;
}
std::string fit(const tls::certificate_facts& facts, std::string_view domain, std::string_view host) {
  const auto m = tls::match_names(facts, domain, host);
  return std::string(to_string(m.matches)) + (m.matched_name.empty() ? "" : " " + m.matched_name);
}
} // namespace

TEST_CASE("the mail domain is asked first, then the server, then it is neither") {
  const auto both = with_names({"mx1.example.net", "example.org"});
  CHECK(fit(both, "example.org", "mx1.example.net") == "domain example.org");
  CHECK(fit(both, "example.com", "mx1.example.net") == "server mx1.example.net");
  CHECK(fit(both, "example.com", "mx2.example.net") == "neither");
  CHECK(fit(with_names({"example.org"}), "example.org", "example.org") == "domain example.org");
}

TEST_CASE("an input that is an address can only match the server") {
  CHECK(fit(with_names({"mx.example.org"}), "", "mx.example.org") == "server mx.example.org");
  CHECK(fit(with_names({""}, ""), "", "") == "neither");
}

TEST_CASE("RFC 6125 6.4.3: a wildcard is the whole left-most label and stands for one label") {
  CHECK(tls::covers("*.example.org", "mx.example.org"));
  CHECK_FALSE(tls::covers("*.example.org", "a.mx.example.org"));
  CHECK_FALSE(tls::covers("*.example.org", "example.org"));
  CHECK_FALSE(tls::covers("*.example.org", ".example.org"));
  CHECK_FALSE(tls::covers("mx*.example.org", "mx1.example.org"));
  CHECK_FALSE(tls::covers("mx.*.org", "mx.example.org"));
  CHECK_FALSE(tls::covers("*.*.org", "mx.example.org"));
  CHECK_FALSE(tls::covers("*", "localhost"));
  CHECK_FALSE(tls::covers("*.com", "example.com"));
  CHECK_FALSE(tls::covers("*.com.", "example.com"));
  CHECK_FALSE(tls::covers("**.example.org", "mx.example.org"));
}

TEST_CASE("RFC 6125 6.4.1: case and the root's dot do not matter, all else does") {
  CHECK(tls::covers("MX.Example.ORG.", "mx.example.org"));
  CHECK(tls::covers("mx.example.org", "mx.EXAMPLE.org."));
  CHECK(tls::covers("xn--mller-kva.example", "xn--mller-kva.example"));
  CHECK(tls::covers("*.example.org", "xn--mller-kva.example.org"));
  CHECK_FALSE(tls::covers("m\xc3\xbcller.example", "xn--mller-kva.example"));
  CHECK_FALSE(tls::covers("", ""));
}

TEST_CASE("a NUL in a certificate's name fits no host (CVE-2009-2408)") {
  const std::string attack("mx.example.org\0.evil.example", 28);
  CHECK(fit(with_names({attack}), "example.org", "mx.example.org") == "neither");
  CHECK(fit(with_names({}, attack), "example.org", "mx.example.org") == "neither");
}

TEST_CASE("RFC 6125 6.4.4: the CN counts only where there is no dNSName") {
  CHECK(fit(with_names({}, "mx.example.org"), "", "mx.example.org") == "server mx.example.org");
  CHECK(fit(with_names({}, "*.example.org"), "", "mx.example.org") == "server *.example.org");
  CHECK(fit(with_names({"www.example.org"}, "mx.example.org"), "", "mx.example.org") == "neither");
}

TEST_CASE("RFC 5280 4.2.1.6: an address fits an iPAddress and nothing else") {
  auto facts = with_names({"192.0.2.1"}, "192.0.2.1");
  CHECK(fit(facts, "", "192.0.2.1") == "neither");
  facts.ip_names = {"192.0.2.1", "2001:db8::1"};
  CHECK(fit(facts, "", "192.0.2.1") == "server 192.0.2.1");
  CHECK(fit(facts, "", "2001:DB8:0::1") == "server 2001:db8::1");
  CHECK(fit(facts, "", "192.0.2.2") == "neither");
}
