#pragma once

#include <postroad/tls/key_schedule.hpp>

#include <postroad/tls/wire.hpp>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <map>
#include <stdexcept>
#include <utility>

namespace postroad::tls {

namespace detail {

/// Frees what OpenSSL made.
struct evp_delete {
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const noexcept { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD* p) const noexcept { EVP_MD_free(p); }
  void operator()(EVP_MAC* p) const noexcept { EVP_MAC_free(p); }
  void operator()(EVP_MAC_CTX* p) const noexcept { EVP_MAC_CTX_free(p); }
  void operator()(EVP_CIPHER* p) const noexcept { EVP_CIPHER_free(p); }
  void operator()(EVP_CIPHER_CTX* p) const noexcept { EVP_CIPHER_CTX_free(p); }
};
template <class T>
using evp = std::unique_ptr<T, evp_delete>;

template <class T>
[[nodiscard]] T* needed(T* made) { // these fail only without memory or with a library that lacks an algorithm
  if (made == nullptr)
    throw std::runtime_error("OpenSSL lacks an algorithm of TLS 1.3");
  return made;
}

inline unsigned char* bytes_of(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}
inline const unsigned char* bytes_of(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

/// What a TLS 1.3 suite is made of, RFC 8446 B.4.
struct suite_parts {
  std::uint16_t id;
  const char* cipher;
  const char* digest;
  std::size_t key_size, hash_size;
};

/// The library's algorithms, looked up once: a look-up costs more than a hash.
class algorithms {
public:
  static algorithms& get() {
    static algorithms one;
    return one;
  }
  [[nodiscard]] const suite_parts* of(std::uint16_t suite) const {
    for (const auto& parts : table)
      if (parts.id == suite)
        return &parts;
    return nullptr;
  }
  [[nodiscard]] EVP_CIPHER* cipher(const suite_parts& s) {
    return fetch(ciphers_, s.cipher, EVP_CIPHER_fetch);
  }
  [[nodiscard]] EVP_MD* digest(const suite_parts& s) { return fetch(digests_, s.digest, EVP_MD_fetch); }
  [[nodiscard]] EVP_MAC* hmac() { return hmac_.get(); }

private:
  static constexpr std::array<suite_parts, 3> table{{{0x1301, "AES-128-GCM", "SHA256", 16, 32},
                                                     {0x1302, "AES-256-GCM", "SHA384", 32, 48},
                                                     {0x1303, "ChaCha20-Poly1305", "SHA256", 32, 32}}};
  template <class T, class Fetch>
  static T* fetch(std::map<std::string_view, evp<T>>& kept, const char* name, Fetch how) {
    auto& place = kept[name];
    if (!place)
      place.reset(needed(how(nullptr, name, nullptr)));
    return place.get();
  }
  std::map<std::string_view, evp<EVP_CIPHER>> ciphers_;
  std::map<std::string_view, evp<EVP_MD>> digests_;
  evp<EVP_MAC> hmac_{needed(EVP_MAC_fetch(nullptr, "HMAC", nullptr))};
};

inline std::string hash(const suite_parts& s, std::string_view text) {
  std::string out(s.hash_size, '\0');
  EVP_Digest(text.data(), text.size(), bytes_of(out), nullptr, algorithms::get().digest(s), nullptr);
  return out;
}

inline std::string hmac(const suite_parts& s, std::string_view key, std::string_view text) {
  const evp<EVP_MAC_CTX> work(needed(EVP_MAC_CTX_new(algorithms::get().hmac())));
  const std::array<OSSL_PARAM, 2> how{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(s.digest), 0),
      OSSL_PARAM_construct_end()};
  std::string out(s.hash_size, '\0');
  std::size_t size = 0;
  if (EVP_MAC_init(work.get(), bytes_of(key), key.size(), how.data()) != 1 ||
      EVP_MAC_update(work.get(), bytes_of(text), text.size()) != 1 ||
      EVP_MAC_final(work.get(), bytes_of(out), &size, out.size()) != 1)
    throw std::runtime_error("OpenSSL cannot compute an HMAC");
  return out;
}

/// HKDF-Expand-Label, RFC 8446 7.1; no output here is longer than one hash.
inline std::string expand_label(const suite_parts& s, std::string_view secret, std::string_view label,
                                std::string_view context, std::size_t size) {
  std::string info;
  wire::put16(info, size);
  wire::put_vector(info, 1, "tls13 " + std::string(label));
  wire::put_vector(info, 1, context);
  return hmac(s, secret, info + '\x01').substr(0, size);
}

/// Everything before the shared secret comes in is the same in every handshake without a PSK.
inline const std::string& derived_of_early(const suite_parts& s) {
  static std::map<std::uint16_t, std::string> known;
  auto& secret = known[s.id];
  if (secret.empty()) {
    const std::string zeros(s.hash_size, '\0');
    secret = expand_label(s, hmac(s, zeros, zeros), "derived", hash(s, {}), s.hash_size);
  }
  return secret;
}

inline const char* curve_of(std::uint16_t group) {
  switch (group) {
  case 23:
    return "P-256";
  case 24:
    return "P-384";
  case 25:
    return "P-521";
  default:
    return nullptr;
  }
}

inline evp<EVP_PKEY> new_key(std::uint16_t group) {
  if (group == 29)
    return evp<EVP_PKEY>(needed(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")));
  if (group == 30)
    return evp<EVP_PKEY>(needed(EVP_PKEY_Q_keygen(nullptr, nullptr, "X448")));
  if (const auto* curve = curve_of(group))
    return evp<EVP_PKEY>(needed(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)));
  return {};
}

inline std::string public_bytes(EVP_PKEY* key) {
  unsigned char* out = nullptr;
  const auto size = EVP_PKEY_get1_encoded_public_key(key, &out);
  std::string bytes(reinterpret_cast<const char*>(out), size);
  OPENSSL_free(out);
  return bytes;
}

/// The server's public key; none when the bytes are no point of the group.
inline evp<EVP_PKEY> peer_key(EVP_PKEY* ours, std::string_view bytes) {
  evp<EVP_PKEY> peer(needed(EVP_PKEY_new()));
  if (EVP_PKEY_copy_parameters(peer.get(), ours) != 1 ||
      EVP_PKEY_set1_encoded_public_key(peer.get(), bytes_of(bytes), bytes.size()) != 1)
    return {};
  return peer;
}

/// A key of X25519 or X448 (RFC 7748 5), which is nothing but its bytes.
inline evp<EVP_PKEY> peer_raw(std::uint16_t group, std::string_view bytes) {
  const int kind = group == 29 ? EVP_PKEY_X25519 : EVP_PKEY_X448;
  const std::size_t key_size = group == 29 ? 32 : 56;
  if (bytes.size() != key_size)
    return {};
  return evp<EVP_PKEY>(EVP_PKEY_new_raw_public_key(kind, nullptr, bytes_of(bytes), bytes.size()));
}

} // namespace detail

struct key_pool::state {
  struct pair {
    detail::evp<EVP_PKEY> key;
    key_share share;
  };
  std::map<std::uint16_t, pair> pairs;

  pair* of(std::uint16_t group) {
    if (const auto at = pairs.find(group); at != pairs.end())
      return &at->second;
    auto key = detail::new_key(group);
    if (!key)
      return nullptr;
    key_share share{group, detail::public_bytes(key.get())};
    return &pairs.emplace(group, pair{std::move(key), std::move(share)}).first->second;
  }
};

POSTROAD_DECL key_pool::key_pool() : state_(std::make_unique<state>()) {}
POSTROAD_DECL key_pool::~key_pool() = default;
POSTROAD_DECL key_pool::key_pool(key_pool&&) noexcept = default;
POSTROAD_DECL key_pool& key_pool::operator=(key_pool&&) noexcept = default;

POSTROAD_DECL const key_share* key_pool::share(std::uint16_t group) {
  const auto* pair = state_->of(group);
  return pair == nullptr ? nullptr : &pair->share;
}

POSTROAD_DECL std::optional<std::string> key_pool::secret_with(std::uint16_t group,
                                                               std::string_view server_share) {
  const auto* ours = state_->of(group);
  if (ours == nullptr)
    return std::nullopt;
  const auto peer = detail::curve_of(group) == nullptr ? detail::peer_raw(group, server_share)
                                                       : detail::peer_key(ours->key.get(), server_share);
  const detail::evp<EVP_PKEY_CTX> work(EVP_PKEY_CTX_new(ours->key.get(), nullptr));
  std::size_t size = 0;
  if (!peer || !work || EVP_PKEY_derive_init(work.get()) != 1 ||
      EVP_PKEY_derive_set_peer(work.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(work.get(), nullptr, &size) != 1)
    return std::nullopt;
  std::string secret(size, '\0');
  if (EVP_PKEY_derive(work.get(), detail::bytes_of(secret), &size) != 1) // all zeros: RFC 8446 7.4.2
    return std::nullopt;
  secret.resize(size);
  return secret;
}

POSTROAD_DECL std::optional<server_keys>
server_keys::derive(std::uint16_t suite, std::string_view shared_secret, std::string_view transcript) {
  const auto* s = detail::algorithms::get().of(suite);
  if (s == nullptr)
    return std::nullopt;
  const auto handshake = detail::hmac(*s, detail::derived_of_early(*s), shared_secret); // HKDF-Extract
  const auto traffic =
      detail::expand_label(*s, handshake, "s hs traffic", detail::hash(*s, transcript), s->hash_size);
  server_keys keys;
  keys.suite_ = suite;
  keys.key_ = detail::expand_label(*s, traffic, "key", {}, s->key_size);
  constexpr std::size_t iv_size = 12; // of every AEAD of RFC 8446 B.4
  keys.iv_ = detail::expand_label(*s, traffic, "iv", {}, iv_size);
  return keys;
}

POSTROAD_DECL bool server_keys::open(std::span<const std::uint8_t> header,
                                     std::span<const std::uint8_t> sealed, std::string& out) {
  constexpr std::size_t tag_size = 16;
  auto& library = detail::algorithms::get();
  const auto* s = library.of(suite_);
  if (s == nullptr || sealed.size() < tag_size)
    return false;
  auto nonce = iv_;
  const auto number = opened_++;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    auto& last = nonce[nonce.size() - 1 - i];
    last = static_cast<char>(static_cast<std::uint8_t>(last) ^ static_cast<std::uint8_t>(number >> (8 * i)));
  }
  const auto content = sealed.first(sealed.size() - tag_size), tag = sealed.last(tag_size);
  out.resize(content.size());
  const detail::evp<EVP_CIPHER_CTX> work(detail::needed(EVP_CIPHER_CTX_new()));
  int size = 0;
  return EVP_DecryptInit_ex2(work.get(), library.cipher(*s), detail::bytes_of(std::string_view(key_)),
                             detail::bytes_of(std::string_view(nonce)), nullptr) == 1 &&
         EVP_CIPHER_CTX_ctrl(work.get(), EVP_CTRL_AEAD_SET_TAG, tag_size,
                             const_cast<std::uint8_t*>(tag.data())) == 1 &&
         EVP_DecryptUpdate(work.get(), nullptr, &size, header.data(), static_cast<int>(header.size())) == 1 &&
         EVP_DecryptUpdate(work.get(), detail::bytes_of(out), &size, content.data(),
                           static_cast<int>(content.size())) == 1 &&
         EVP_DecryptFinal_ex(work.get(), detail::bytes_of(out) + out.size(), &size) == 1;
}

POSTROAD_DECL std::string transcript_after_retry(std::uint16_t suite, std::string_view first_hello) {
  const auto* s = detail::algorithms::get().of(suite);
  if (s == nullptr)
    return {};
  std::string out("\xfe"); // message_hash
  wire::put_vector(out, 3, detail::hash(*s, first_hello));
  return out;
}

} // namespace postroad::tls
