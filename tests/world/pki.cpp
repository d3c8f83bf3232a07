#include "pki.hpp"

#include "random.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>
#include <string>
#include <thread>

namespace world {

namespace {

template <class T, void (*Free)(T*)>
struct freed_by {
  void operator()(T* p) const { Free(p); }
};
using bn_ptr = std::unique_ptr<BIGNUM, freed_by<BIGNUM, BN_free>>;
using bn_ctx_ptr = std::unique_ptr<BN_CTX, freed_by<BN_CTX, BN_CTX_free>>;
using param_bld_ptr = std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using params_ptr = std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM, OSSL_PARAM_free>>;
using pkey_ctx_ptr = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;

void must(bool fine, const char* what) {
  if (fine)
    return;
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  throw std::runtime_error(std::string("openssl: ") + what + ": " + text);
}

bn_ptr drawn(random_stream& from, int bits) {
  std::vector<unsigned char> bytes(static_cast<std::size_t>(bits) / 8);
  for (auto& byte : bytes)
    byte = static_cast<unsigned char>(from.next() >> 56);
  return bn_ptr(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

/// The first prime above a drawn odd number whose two top bits are set, so that a product has twice its bits.
/// p - 1 shares no factor with 65537.
bn_ptr draw_prime(random_stream& from, int bits, BN_CTX* context) {
  auto p = drawn(from, bits);
  BN_set_bit(p.get(), bits - 1);
  BN_set_bit(p.get(), bits - 2);
  BN_set_bit(p.get(), 0);
  while (BN_mod_word(p.get(), 65537) == 1 || BN_check_prime(p.get(), context, nullptr) != 1)
    BN_add_word(p.get(), 2);
  return p;
}

key_ptr make_key(const char* algorithm, OSSL_PARAM_BLD* from) {
  const params_ptr params(OSSL_PARAM_BLD_to_param(from));
  const pkey_ctx_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  must(context && EVP_PKEY_fromdata_init(context.get()) > 0 &&
           EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) > 0,
       algorithm);
  return key_ptr(key, evp_free{});
}

key_ptr rsa_key(random_stream from, int bits) {
  const bn_ctx_ptr context(BN_CTX_new());
  const auto one = bn_ptr(BN_new());
  BN_one(one.get());
  const auto p = draw_prime(from, bits / 2, context.get());
  const auto q = draw_prime(from, bits / 2, context.get());
  const bn_ptr n(BN_new()), e(BN_new()), d(BN_new()), p1(BN_new()), q1(BN_new()), phi(BN_new()), dp(BN_new()),
      dq(BN_new()), qi(BN_new());
  BN_set_word(e.get(), 65537);
  BN_mul(n.get(), p.get(), q.get(), context.get());
  BN_sub(p1.get(), p.get(), one.get());
  BN_sub(q1.get(), q.get(), one.get());
  BN_mul(phi.get(), p1.get(), q1.get(), context.get());
  must(BN_mod_inverse(d.get(), e.get(), phi.get(), context.get()) != nullptr, "rsa exponent");
  BN_mod(dp.get(), d.get(), p1.get(), context.get());
  BN_mod(dq.get(), d.get(), q1.get(), context.get());
  must(BN_mod_inverse(qi.get(), q.get(), p.get(), context.get()) != nullptr, "rsa coefficient");
  const param_bld_ptr build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_D, d.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, p.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, q.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi.get());
  return make_key("RSA", build.get());
}

key_ptr p256_key(random_stream from) {
  const std::unique_ptr<EC_GROUP, freed_by<EC_GROUP, EC_GROUP_free>> group(
      EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const std::unique_ptr<EC_POINT, freed_by<EC_POINT, EC_POINT_free>> point(EC_POINT_new(group.get()));
  const bn_ctx_ptr context(BN_CTX_new());
  const auto secret = drawn(from, 248); // below the order of the curve, whatever is drawn
  must(EC_POINT_mul(group.get(), point.get(), secret.get(), nullptr, nullptr, context.get()) == 1,
       "ec point");
  unsigned char bytes[65];
  const auto size = EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, bytes,
                                       sizeof bytes, context.get());
  const param_bld_ptr build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, bytes, size);
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  return make_key("EC", build.get());
}

/// Validity far around every clock a test may run on: the study pins none.
void set_validity(X509* of, validity when) {
  const char* from = when == validity::to_come ? "20980101000000Z" : "20120101000000Z";
  const char* to = when == validity::over ? "20141231235959Z" : "20991231235959Z";
  must(ASN1_TIME_set_string_X509(X509_getm_notBefore(of), from) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(of), to) == 1,
       "validity");
}

X509_NAME* add_name(X509_NAME* to, const std::string& organisation, const std::string& common) {
  const auto add = [to](const char* field, const std::string& text) {
    if (!text.empty())
      X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(text.data()),
                                 static_cast<int>(text.size()), -1, 0);
  };
  add("O", organisation);
  add("CN", common);
  return to;
}

void add_extension(X509* to, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
  must(extension != nullptr && X509_add_ext(to, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

struct draft {
  std::string organisation, common_name;
  std::vector<std::string> names;
  validity when = validity::now;
  bool authority = false;
  bool md5 = false;
};

/// Signs a certificate; without `issuer` it signs itself.
x509_ptr sign(const draft& what, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  x509_ptr out(X509_new(), evp_free{});
  X509* cert = out.get();
  X509* above = issuer ? issuer : cert;
  X509_set_version(cert, 2);
  std::uint64_t serial = hash(what.common_name);
  for (const auto& name : what.names)
    serial ^= hash(name) * 3;
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), (serial >> 2) + static_cast<std::uint64_t>(what.when));
  add_name(X509_get_subject_name(cert), what.organisation, what.common_name);
  X509_set_issuer_name(cert, X509_get_subject_name(above));
  set_validity(cert, what.when);
  X509_set_pubkey(cert, key);
  if (what.authority) {
    add_extension(cert, above, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, above, NID_key_usage, "critical,keyCertSign,cRLSign");
  }
  add_extension(cert, above, NID_subject_key_identifier, "hash");
  if (issuer)
    add_extension(cert, above, NID_authority_key_identifier, "keyid");
  if (!what.names.empty()) {
    std::string list;
    for (const auto& name : what.names)
      list += (list.empty() ? "DNS:" : ",DNS:") + name;
    add_extension(cert, above, NID_subject_alt_name, list);
  }
  must(X509_sign(cert, issuer ? issuer_key : key, what.md5 ? EVP_md5() : EVP_sha256()) > 0, "sign");
  return out;
}

} // namespace

pki::pki(std::uint64_t seed) {
  const auto key = [seed](int bits, const char* purpose) {
    return rsa_key(random_stream(seed, purpose), bits);
  };
  pool_.resize(key_bits.size());
  std::thread big([&] { pool_[3] = {key(4096, "key 4096 a")}; }); // as long as all the others together
  pool_[0] = {key(512, "key 512 a"), key(512, "key 512 b")};
  pool_[1] = {key(1024, "key 1024 a"), key(1024, "key 1024 b"), key(1024, "key 1024 c")};
  for (const char* purpose : {"key 2048 a", "key 2048 b", "key 2048 c", "key 2048 d", "key 2048 e"})
    pool_[2].push_back(key(2048, purpose));
  pool_[4] = {p256_key(random_stream(seed, "key 256 a"))};
  root_key_ = key(2048, "root");
  intermediate_key_ = key(2048, "intermediate");
  stranger_key_ = key(2048, "stranger");
  big.join();
  root_ = sign({"World", "World Root CA", {}, validity::now, true}, root_key_.get(), nullptr, nullptr);
  intermediate_ = sign({"World", "World Intermediate CA", {}, validity::now, true}, intermediate_key_.get(),
                       root_.get(), root_key_.get());
  stranger_ = sign({"Nobody", "A Root That Nobody Knows", {}, validity::now, true}, stranger_key_.get(),
                   nullptr, nullptr);
}

const key_ptr& pki::leaf_key(const certificate& wanted) const {
  const auto& keys = pool_[static_cast<std::size_t>(wanted.key)];
  std::uint64_t chosen = hash(wanted.common_name);
  for (const auto& name : wanted.names)
    chosen ^= hash(name);
  return keys[chosen % keys.size()];
}

identity pki::issue(const certificate& wanted) const {
  identity out;
  out.key = leaf_key(wanted);
  const draft what{"", wanted.common_name, wanted.names, wanted.when, false, wanted.md5};
  switch (wanted.by) {
  case signer::world:
    out.chain = {sign(what, out.key.get(), intermediate_.get(), intermediate_key_.get()), intermediate_};
    break;
  case signer::world_leaf_only:
    out.chain = {sign(what, out.key.get(), intermediate_.get(), intermediate_key_.get())};
    break;
  case signer::stranger:
    out.chain = {sign(what, out.key.get(), stranger_.get(), stranger_key_.get()), stranger_};
    break;
  case signer::itself:
    out.chain = {sign(what, out.key.get(), nullptr, nullptr)};
    break;
  case signer::forger:
    out.chain = {sign(what, out.key.get(), intermediate_.get(), stranger_key_.get()), intermediate_};
    break;
  }
  return out;
}

std::string pki::roots_pem() const {
  const std::unique_ptr<BIO, freed_by<BIO, BIO_free_all>> memory(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(memory.get(), root_.get()) == 1, "pem");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

} // namespace world
