#include "certificate_bytes.hpp"

#include <postroad/tls/certificate.hpp>

#include <doctest/doctest.h>

namespace tls = postroad::tls;
using namespace tls_test;

namespace {
tls::certificate_facts facts_of(const certificate_parts& parts) {
  const auto bytes = parts.bytes();
  const auto facts = tls::read_certificate(der_bytes(bytes));
  REQUIRE(facts);
  return *facts;
}
std::string error_of(std::string_view bytes) {
  const auto facts = tls::read_certificate(der_bytes(bytes));
  return facts ? "" : std::to_string(facts.error().offset) + ": " + std::string(facts.error().why);
}
std::string why(const certificate_parts& parts) {
  const auto error = error_of(parts.bytes());
  return error.substr(std::min(error.size(), error.find(": ") + 2));
}
std::int64_t start_of(const std::string& time) {
  certificate_parts parts;
  parts.not_before = time;
  return facts_of(parts).not_before;
}
} // namespace

TEST_CASE("RFC 5280 4.1: the facts of a plain certificate") {
  const auto facts = facts_of({});
  CHECK(facts.subject == "CN=mx.example.org");
  CHECK(facts.common_name == "mx.example.org");
  CHECK(facts.issuer == "CN=Example CA");
  CHECK(facts.not_before == 1430006400); // date -ud 2015-04-26 +%s
  CHECK(facts.not_after == 1461628800);
  CHECK(facts.key_type == "rsa");
  CHECK(facts.key_bits == 2048);
  CHECK(facts.signature == "sha256WithRSAEncryption");
  CHECK_FALSE(facts.self_signed);
  CHECK_FALSE(facts.is_ca);
  CHECK(facts.scts == 0);
}

TEST_CASE("issuer and subject of the same bytes make a self-signed certificate") {
  certificate_parts parts;
  parts.issuer = parts.subject;
  CHECK(facts_of(parts).self_signed);
  parts.issuer = der(0x30, der(0x31, attribute(oid_cn, 0x13, "mx.example.org"))); // another string type
  CHECK_FALSE(facts_of(parts).self_signed);
}

TEST_CASE("RFC 5280 4.2.1.6: names and addresses, in their order; other kinds are passed over") {
  certificate_parts parts;
  parts.extensions =
      alternative_names(der(0x82, "mx.example.org") + der(0x81, "postmaster@example.org") +
                        der(0x82, "*.example.net") + der(0x87, "\xc0\x00\x02\x01"s) +
                        der(0x87, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s) + der(0x87, "bad"));
  const auto facts = facts_of(parts);
  CHECK(facts.dns_names == std::vector<std::string>{"mx.example.org", "*.example.net"});
  CHECK(facts.ip_names == std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
}

TEST_CASE("CVE-2009-2408: a NUL in a name is kept") {
  certificate_parts parts;
  parts.subject = name("mx.example.org\0.evil.example"s);
  parts.extensions = alternative_names(der(0x82, "a\0b"s));
  CHECK(facts_of(parts).common_name == "mx.example.org\0.evil.example"s);
  CHECK(facts_of(parts).dns_names == std::vector<std::string>{"a\0b"s});
}

TEST_CASE("RFC 4514: a name on one line") {
  certificate_parts parts;
  parts.subject = der(0x30, der(0x31, attribute("\x55\x04\x06", 0x13, "US")) +
                                der(0x31, attribute("\x55\x04\x0a", 0x0c, "Example, Inc.") +
                                              attribute("\x55\x04\x0b", 0x0c, "Mail")) +
                                der(0x31, attribute("\x2a\x03\x04", 0x0c, "odd")) +
                                der(0x31, attribute(oid_cn, 0x1e, "\x00M\x00\xfc"s)) + // BMPString
                                der(0x31, attribute(oid_cn, 0x14, "M\xfcller")));      // TeletexString
  const auto facts = facts_of(parts);
  CHECK(facts.subject == "C=US, O=Example\\, Inc. + OU=Mail, 1.2.3.4=odd, CN=M\xc3\xbc, CN=M\xc3\xbcller");
  CHECK(facts.common_name == "M\xc3\xbcller");
  parts.subject = der(0x30, "");
  CHECK(facts_of(parts).subject == "");
}

TEST_CASE("RFC 5280 4.1.2.5: UTCTime and GeneralizedTime, and their old forms") {
  CHECK(start_of(der(0x17, "491231235959Z")) == 2524607999); // 2049
  CHECK(start_of(der(0x17, "500101000000Z")) == -631152000); // 1950
  CHECK(start_of(der(0x18, "20500101000000Z")) == 2524608000);
  CHECK(start_of(der(0x18, "99991231235959Z")) == 253402300799);
  CHECK(start_of(der(0x18, "20150426000000.123Z")) == 1430006400);
  CHECK(start_of(der(0x17, "1504260000Z")) == 1430006400);       // no seconds
  CHECK(start_of(der(0x17, "150426020000+0200")) == 1430006400); // a zone
  for (const auto* bad : {"", "150426", "151326000000Z", "150431000000Z", "150426240000Z", "150426000000",
                          "15042600000aZ", "150426000000Zx", "150426000000+99"}) {
    CAPTURE(bad);
    certificate_parts parts;
    parts.not_after = der(0x17, bad);
    CHECK(why(parts) == "time that is none");
  }
}

TEST_CASE("RFC 3279, RFC 8410: kinds of keys and their sizes") {
  const auto key = [](std::string_view algorithm, std::string_view bits) {
    certificate_parts parts;
    parts.key = der(0x30, der(0x30, algorithm) + der(0x03, "\0"s + std::string(bits)));
    const auto facts = facts_of(parts);
    return facts.key_type + " " + std::to_string(facts.key_bits);
  };
  const auto ec = der(0x06, "\x2a\x86\x48\xce\x3d\x02\x01");
  CHECK(key(ec + der(0x06, "\x2a\x86\x48\xce\x3d\x03\x01\x07"), "\x04" + std::string(64, 'p')) == "ec 256");
  CHECK(key(ec + der(0x06, "\x2b\x81\x04\x00\x23"s), "\x04" + std::string(132, 'p')) == "ec 521");
  CHECK(key(ec + der(0x30, "explicit"), "\x04" + std::string(48, 'p')) == "ec 192");
  CHECK(key(ec + der(0x30, "explicit"), "\x02" + std::string(24, 'p')) == "ec 192"); // compressed
  CHECK(key(der(0x06, "\x2b\x65\x70"), std::string(32, 'k')) == "ed25519 256");
  CHECK(key(der(0x06, "\x2b\x65\x71"), std::string(57, 'k')) == "ed448 456");
  CHECK(
      key(der(0x06, "\x2a\x86\x48\xce\x38\x04\x01") + der(0x30, der(0x02, "\0"s + std::string(128, '\xff'))),
          der(0x02, "y")) == "dsa 1024");
  CHECK(key(der(0x06, "\x2a\x03"), "") == "other 0");
  CHECK(key(der(0x06, oid_rsa), "no key") == "rsa 0");
  certificate_parts weak;
  weak.key = rsa_key("\0"s + std::string(64, '\x80'));
  CHECK(facts_of(weak).key_bits == 512);
}

TEST_CASE("RFC 8017, RFC 5758: names of signatures; an unknown one is shown as its number") {
  const auto signature = [](std::string_view oid) {
    certificate_parts parts;
    parts.signature_oid = oid;
    return facts_of(parts).signature;
  };
  CHECK(signature("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05") == "sha1WithRSAEncryption");
  CHECK(signature("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04") == "md5WithRSAEncryption");
  CHECK(signature("\x2a\x86\x48\xce\x3d\x04\x03\x02") == "ecdsa-with-SHA256");
  CHECK(signature("\x2b\x65\x70") == "ED25519");
  CHECK(signature("\x2a\x03\x04") == "1.2.3.4");
}

TEST_CASE("RFC 5280 4.2.1.9: who is an authority") {
  certificate_parts parts;
  parts.extensions = certificate_extension("\x55\x1d\x13", der(0x30, der(0x01, "\xff")), true);
  CHECK(facts_of(parts).is_ca);
  parts.extensions = certificate_extension("\x55\x1d\x13", der(0x30, ""));
  CHECK_FALSE(facts_of(parts).is_ca);
}

TEST_CASE("RFC 6962 3.3: embedded time stamps are counted") {
  const auto with = [](const std::string& list) {
    certificate_parts parts;
    parts.extensions = certificate_extension("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02", der(0x04, list));
    return parts;
  };
  CHECK(facts_of(with("\x00\x08\x00\x02ss\x00\x02tt"s)).scts == 2);
  CHECK(facts_of(with("\x00\x00"s)).scts == 0);
  CHECK(facts_of(with("\x00\x09\x00\x02ss"s)).scts == 0); // lists that lie about their length
  CHECK(facts_of(with("\x00\x04\x00\x09ss"s)).scts == 0);
}

TEST_CASE("X.690: lengths that lie are errors") {
  CHECK(error_of("") == "0: certificate is no sequence");
  CHECK(error_of("\x30") == "0: element cut short");
  CHECK(error_of("\x30\x80\x00\x00"s) == "1: indefinite length");
  CHECK(error_of("\x30\x85\x00\x00\x00\x00\x01 "s) == "1: length of a length out of range");
  CHECK(error_of("\x30\x05xx") == "1: length beyond the end");
  const auto whole = certificate_parts{}.bytes();
  CHECK(error_of(whole + "x") == std::to_string(whole.size()) + ": bytes after the certificate");
  certificate_parts parts;
  parts.subject = "\x30\x84\x7f\xff\xff\xff";
  CHECK(why(parts) == "length beyond the end");
  parts = {};
  parts.extensions = alternative_names("\x82\x7fmx");
  CHECK(why(parts) == "length beyond the end");
  parts = {};
  parts.issuer = der(0x30, der(0x31, der(0x30, "\x06\x09")));
  CHECK(why(parts) == "length beyond the end");
}

TEST_CASE("a certificate cut anywhere, or with any byte changed, gives facts or an error") {
  certificate_parts parts;
  parts.extensions = alternative_names(der(0x82, "mx.example.org"));
  const auto whole = parts.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(tls::read_certificate(der_bytes(std::string_view(whole).substr(0, size))));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const char c : {'\0', '\x7f', '\x80', '\xff'}) {
      auto bent = whole;
      bent[at] = c;
      const auto facts = tls::read_certificate(der_bytes(bent));
      if (!facts)
        CHECK(facts.error().offset <= whole.size());
    }
}
