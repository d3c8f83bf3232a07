/// The keys that open a TLS 1.3 server's flight: key shares, HKDF, AEAD. RFC 8446 4.2.8, 5.2, 7.1 and 7.3.
///
/// Made of OpenSSL's primitives, without its TLS: a handshake of the library costs ten times as much and
/// remembers 48 KB for each server.
#pragma once

#include <postroad/config.hpp>
#include <postroad/tls/hello.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postroad::tls {

/// Our key pairs, one for each group, made when first asked for and kept for the run. They are sent to every
/// server: who measures needs no secrecy, and a key pair costs more than all the rest of a hello.
///
/// Groups: x25519, x448, secp256r1, secp384r1, secp521r1. Example: `key_pool keys; auto hello =
/// build_hello(modern, host, random, {{*keys.share(29)}});`
class key_pool {
public:
  POSTROAD_DECL key_pool();
  POSTROAD_DECL ~key_pool();
  POSTROAD_DECL key_pool(key_pool&&) noexcept;
  POSTROAD_DECL key_pool& operator=(key_pool&&) noexcept;

  /// The public key for that group; nullptr when the group is none of ours.
  [[nodiscard]] POSTROAD_DECL const key_share* share(std::uint16_t group);
  /// What a server with that public key and we have in common (RFC 8446 7.4.2); nothing when it is no key
  /// of the group.
  [[nodiscard]] POSTROAD_DECL std::optional<std::string> secret_with(std::uint16_t group,
                                                                     std::string_view server_share);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// The traffic keys under which a server sends its handshake messages.
///
/// `suite` is one of 0x1301 to 0x1303; `transcript` is every handshake message up to the ServerHello, with
/// the synthetic message of transcript_after_retry() in front where there was a HelloRetryRequest.
class server_keys {
public:
  [[nodiscard]] POSTROAD_DECL static std::optional<server_keys>
  derive(std::uint16_t suite, std::string_view shared_secret, std::string_view transcript);

  /// Opens the next record: content, its type and padding come to `out`. False when the seal is broken.
  [[nodiscard]] POSTROAD_DECL bool open(std::span<const std::uint8_t> header,
                                        std::span<const std::uint8_t> sealed, std::string& out);

private:
  std::uint16_t suite_ = 0;
  std::string key_, iv_;
  std::uint64_t opened_ = 0; // the record's number, which makes the nonce
};

/// The message that stands for the first ClientHello in the transcript after a HelloRetryRequest (RFC
/// 8446 4.4.1); empty for a suite that is none of ours.
[[nodiscard]] POSTROAD_DECL std::string transcript_after_retry(std::uint16_t suite,
                                                               std::string_view first_hello);

} // namespace postroad::tls

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/tls/impl/key_schedule.ipp>
#endif
