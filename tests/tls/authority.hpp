/// A certificate authority for tests: every certificate that OpenSSL can be made to sign, good or bad.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

namespace tls_test {

using key_ptr = std::shared_ptr<EVP_PKEY>;

inline key_ptr rsa_key_of(unsigned bits) {
  return {EVP_RSA_gen(bits), EVP_PKEY_free};
}
inline key_ptr ec_key() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

/// The instant that tests judge at: 2015-04-26T12:00:00Z.
inline constexpr std::int64_t noon = 1430049600;
inline constexpr std::int64_t day = 86400;

/// What to put into a certificate.
struct wanted {
  std::string cn;
  std::int64_t not_before = noon - 30 * day;
  std::int64_t not_after = noon + 30 * day;
  bool is_ca = false;
  const char* digest = "SHA256";
  std::string names = {}; ///< as in openssl.cnf: "DNS:mx.example.org,IP:192.0.2.1"
  bool key_identifiers = false;
  key_ptr key = ec_key();
};

/// A certificate with its key, ready to issue others.
struct identity {
  key_ptr key;
  std::shared_ptr<X509> certificate;

  [[nodiscard]] std::string der() const {
    std::string out(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)), '\0');
    auto* at = reinterpret_cast<unsigned char*>(out.data());
    i2d_X509(certificate.get(), &at);
    return out;
  }
  [[nodiscard]] std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_X509(out.get(), certificate.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
  [[nodiscard]] std::string key_pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
};

inline void must(bool worked) {
  if (!worked)
    std::abort();
}

inline void put_cn(X509_NAME* name, const std::string& cn) {
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(cn.data()),
                                  static_cast<int>(cn.size()), -1, 0) == 1);
}

inline void put_extension(X509* c, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, c, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr);
  X509_add_ext(c, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Signs with `issuer`, or with its own key where there is none. `signer` may be another key than the
/// issuer's.
inline identity issue(const wanted& w, const identity* issuer = nullptr, const key_ptr& signer = nullptr) {
  static long serial = 0;
  identity out{w.key, {X509_new(), X509_free}};
  auto* c = out.certificate.get();
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(c), static_cast<std::time_t>(w.not_before));
  ASN1_TIME_set(X509_getm_notAfter(c), static_cast<std::time_t>(w.not_after));
  put_cn(X509_get_subject_name(c), w.cn);
  auto* parent = issuer != nullptr ? issuer->certificate.get() : c;
  X509_set_issuer_name(c, X509_get_subject_name(parent));
  X509_set_pubkey(c, w.key.get());
  put_extension(c, parent, NID_basic_constraints, w.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (w.key_identifiers)
    put_extension(c, parent, NID_subject_key_identifier, "hash");
  if (w.key_identifiers && issuer != nullptr)
    put_extension(c, parent, NID_authority_key_identifier, "keyid");
  if (!w.names.empty())
    put_extension(c, parent, NID_subject_alt_name, w.names);
  const auto& key = signer ? signer : issuer != nullptr ? issuer->key : w.key;
  must(X509_sign(c, key.get(), EVP_get_digestbyname(w.digest)) != 0);
  return out;
}

} // namespace tls_test
