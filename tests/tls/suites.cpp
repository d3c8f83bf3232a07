#include <postroad/tls/hello.hpp>
#include <postroad/tls/suites.hpp>

#include <doctest/doctest.h>

#include <algorithm>

namespace tls = postroad::tls;

TEST_CASE("the table is sorted, has no number twice, and covers what mail servers choose") {
  CHECK(std::ranges::is_sorted(tls::suite_names, {}, &tls::numbered_name::number));
  CHECK(std::ranges::adjacent_find(tls::suite_names, {}, &tls::numbered_name::number) ==
        tls::suite_names.end());
  CHECK(tls::suite_names.size() > 300);
  CHECK(std::ranges::is_sorted(tls::group_names, {}, &tls::numbered_name::number));
  CHECK(std::ranges::is_sorted(tls::alert_names, {}, &tls::numbered_name::number));
}

TEST_CASE("every name in the table is understood down to its last word") {
  for (const auto& row : tls::suite_names) {
    CAPTURE(row.name);
    const auto s = tls::find_suite(row.number);
    REQUIRE(s);
    CHECK_FALSE(s->bulk.empty());
    CHECK_FALSE(s->mac.empty());
    CHECK(s->key_exchange.empty() == (row.number >> 8 == 0x13));
    CHECK(s->authentication.empty() == s->key_exchange.empty());
  }
}

TEST_CASE("every suite, group and version that a profile offers has a name") {
  for (const auto& profile : tls::hello_profiles) {
    CAPTURE(profile.name);
    for (const auto id : profile.suites)
      CHECK((id == 0x00ff || tls::find_suite(id))); // 0x00ff is the renegotiation signal of RFC 5746 3.3
    for (const auto id : profile.groups)
      CHECK_FALSE(tls::group_name(id).starts_with("0x"));
    CHECK(tls::version_name(profile.version).find("v") != std::string::npos);
  }
}

TEST_CASE("Table 2 of the paper: its rows in our words") {
  const auto gcm = tls::find_suite(0xc02f);
  CHECK(gcm->name == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  CHECK(gcm->key_exchange == "ECDHE");
  CHECK(gcm->authentication == "RSA");
  CHECK(gcm->bulk == "AES-128-GCM");
  CHECK(gcm->mac == "SHA-256");
  CHECK(gcm->forward_secret);

  const auto rc4 = tls::find_suite(0x0005);
  CHECK(rc4->key_exchange == "RSA");
  CHECK(rc4->bulk == "RC4-128");
  CHECK(rc4->mac == "SHA-1");
  CHECK_FALSE(rc4->forward_secret);
  CHECK(tls::find_suite(0x0004)->mac == "MD5");
  CHECK(tls::find_suite(0x000a)->bulk == "3DES-CBC");
  CHECK(tls::find_suite(0x009d)->mac == "SHA-384");
}

TEST_CASE("export, anonymous, null, static and TLS 1.3 suites") {
  const auto weak = tls::find_suite(0x0003);
  CHECK(weak->key_exchange == "RSA");
  CHECK(weak->export_grade);
  CHECK(weak->bulk == "RC4-40");
  CHECK(tls::find_suite(0x0008)->bulk == "DES-CBC-40");
  CHECK(tls::find_suite(0x0062)->export_grade);
  CHECK(tls::find_suite(0x0018)->key_exchange == "DH_anon");
  CHECK(tls::find_suite(0xc018)->authentication == "anon");
  CHECK(tls::find_suite(0x0002)->bulk == "NULL");
  CHECK(tls::find_suite(0xc031)->key_exchange == "ECDH");
  CHECK_FALSE(tls::find_suite(0xc031)->forward_secret);
  CHECK(tls::find_suite(0xc0a0)->bulk == "AES-128-CCM-8");
  CHECK(tls::find_suite(0xcca8)->bulk == "CHACHA20-POLY1305");
  const auto modern = tls::find_suite(0x1302);
  CHECK(modern->key_exchange == "");
  CHECK(modern->bulk == "AES-256-GCM");
  CHECK(modern->mac == "SHA-384");
  CHECK(modern->forward_secret);
}

TEST_CASE("what the registry does not know is shown as its number") {
  CHECK_FALSE(tls::find_suite(0xfefe));
  CHECK(tls::suite_name(0xfefe) == "0xfefe");
  CHECK(tls::suite_name(0x0005) == "TLS_RSA_WITH_RC4_128_SHA");
  CHECK(tls::group_name(29) == "x25519");
  CHECK(tls::group_name(0x11ec) == "X25519MLKEM768");
  CHECK(tls::group_name(0x0a0a) == "0x0a0a");
  CHECK(tls::version_name(0x0300) == "SSLv3");
  CHECK(tls::version_name(0x0303) == "TLSv1.2");
  CHECK(tls::version_name(0x0002) == "0x0002");
  CHECK(tls::alert_name(40) == "handshake_failure");
  CHECK(tls::alert_name(200) == "alert_200");
}
