// Our facts against OpenSSL's, for every root that the system trusts: 140 certificates by 140 different
// hands.
#include <postroad/tls/certificate.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <doctest/doctest.h>

#include <ctime>
#include <memory>
#include <string>

namespace tls = postroad::tls;

namespace {

/// The subject as OpenSSL writes it, in the order of the certificate, without quotes or escapes for UTF-8.
std::string one_line(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(out.get(), name, 0,
                     XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_ESC_2253 |
                         ASN1_STRFLGS_UTF8_CONVERT);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  std::string line(text, static_cast<std::size_t>(size));
  for (auto at = line.find("; "); at != std::string::npos; at = line.find("; ", at))
    line.replace(at, 2, ", ");
  return line;
}
std::int64_t seconds(const ASN1_TIME* t) {
  std::tm parts{};
  ASN1_TIME_to_tm(t, &parts);
  return timegm(&parts);
}
std::string key_word(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
  case EVP_PKEY_RSA:
    return "rsa";
  case EVP_PKEY_EC:
    return "ec";
  default:
    return "other";
  }
}

void compare(X509* theirs) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(theirs, &der);
  const auto facts = tls::read_certificate({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  const auto subject = one_line(X509_get_subject_name(theirs));
  CAPTURE(subject);
  REQUIRE(facts);
  CHECK(facts->subject == subject);
  CHECK(facts->issuer == one_line(X509_get_issuer_name(theirs)));
  CHECK(facts->not_before == seconds(X509_get0_notBefore(theirs)));
  CHECK(facts->not_after == seconds(X509_get0_notAfter(theirs)));
  CHECK(facts->key_type == key_word(X509_get0_pubkey(theirs)));
  CHECK(facts->key_bits == static_cast<unsigned>(EVP_PKEY_get_bits(X509_get0_pubkey(theirs))));
  CHECK(facts->signature == OBJ_nid2ln(X509_get_signature_nid(theirs)));
  CHECK(facts->self_signed);
  CHECK(facts->is_ca == (X509_check_ca(theirs) == 1));
}

} // namespace

TEST_CASE("facts of the system's roots are those that OpenSSL reads") {
  const char* file = "/etc/ssl/certs/ca-certificates.crt"; // Debian's ca-certificates
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(file, "r"), BIO_free);
  REQUIRE(in);
  int count = 0;
  while (X509* c = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    compare(c);
    X509_free(c);
    ++count;
  }
  CHECK(count > 50);
}
