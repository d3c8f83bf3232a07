/// The world's certificate authorities and the certificates of its servers.
#pragma once

#include "plan.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace world {

struct evp_free {
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
  void operator()(X509* c) const { X509_free(c); }
};
using key_ptr = std::shared_ptr<EVP_PKEY>;
using x509_ptr = std::shared_ptr<X509>;

/// What a server sends, leaf first, and the key of the leaf.
struct identity {
  key_ptr key;
  std::vector<x509_ptr> chain;
};

/// A root, an intermediate, a root that nobody knows, and a small pool of keys that all servers share.
///
/// Keys come from the seed, so that the same seed gives the same certificates byte for byte (ECDSA signatures
/// apart). They are as good as public: the world lives in a namespace of its own and guards nothing.
class pki {
public:
  /// Makes the keys: about two seconds, most of them for 4096 bits.
  explicit pki(std::uint64_t seed);

  [[nodiscard]] identity issue(const certificate& wanted) const;
  /// The root that clients may trust, PEM.
  [[nodiscard]] std::string roots_pem() const;

private:
  [[nodiscard]] const key_ptr& leaf_key(const certificate& wanted) const;

  std::vector<std::vector<key_ptr>> pool_; ///< by key_kind
  key_ptr root_key_, intermediate_key_, stranger_key_;
  x509_ptr root_, intermediate_, stranger_;
};

} // namespace world
