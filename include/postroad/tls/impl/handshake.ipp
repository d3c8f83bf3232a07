#pragma once

#include <postroad/tls/handshake.hpp>

#include <postroad/tls/impl/key_schedule.ipp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>
#include <utility>

namespace postroad::tls {

namespace detail {

struct ssl_delete {
  void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
  void operator()(SSL* p) const noexcept { SSL_free(p); }
};

inline std::string der_of(X509* certificate) {
  unsigned char* out = nullptr;
  const int size = i2d_X509(certificate, &out);
  std::string der(reinterpret_cast<const char*>(out), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(out);
  return der;
}

/// OpenSSL numbers groups by NID, and names those of its providers; the registry's number is in the low half
/// of what it does not know.
inline std::optional<std::uint16_t> group_of(SSL* ssl) {
  const auto nid = SSL_get_negotiated_group(ssl);
  if (nid == 0)
    return std::nullopt;
  if ((static_cast<unsigned>(nid) & TLSEXT_nid_unknown) != 0)
    return static_cast<std::uint16_t>(nid & 0xffff);
  switch (nid) {
  case NID_X9_62_prime256v1:
    return 23;
  case NID_secp384r1:
    return 24;
  case NID_secp521r1:
    return 25;
  case NID_X25519:
    return 29;
  case NID_X448:
    return 30;
  default:
    return std::nullopt;
  }
}

} // namespace detail

struct client_context::state {
  std::unique_ptr<SSL_CTX, detail::ssl_delete> ctx;
};

struct handshake::work {
  std::unique_ptr<SSL, detail::ssl_delete> ssl;
  BIO* in = nullptr; // the connection's bytes; both belong to ssl
  BIO* out = nullptr;
  std::string pending;
  std::size_t sent = 0;
  inner_dialog inner;
  enum class step : std::uint8_t { shake, talk, over } at = step::shake;
  handshake::state is = handshake::state::more;
  parse_error error;
  flight seen;
  bool proven = false;

  static void note_alert(const SSL* ssl, int where, int value) {
    if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT)
      return;
    auto* me = static_cast<work*>(SSL_get_app_data(ssl));
    const tls::alert a{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xff)};
    if (a.level == 2 || a.description == 0)
      me->seen.alert = a;
  }

  void go_on() {
    ERR_clear_error();
    if (at == step::shake)
      shake();
    if (at == step::talk)
      listen();
    drain();
  }

  void shake() {
    const int result = SSL_do_handshake(ssl.get());
    if (result == 1)
      return shook();
    if (SSL_get_error(ssl.get(), result) != SSL_ERROR_WANT_READ)
      fail();
  }

  void shook() {
    proven = true;
    seen.complete = true;
    seen.alert.reset();
    note_choice();
    if (!inner)
      return end();
    at = step::talk;
    talk({});
  }

  void note_choice() {
    if (SSL_get_current_cipher(ssl.get()) == nullptr) // a handshake that failed before its server had chosen
      return;
    seen.version = static_cast<std::uint16_t>(SSL_version(ssl.get()));
    seen.suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl.get()));
    seen.group = detail::group_of(ssl.get());
    EVP_PKEY* temporary = nullptr;
    if (!seen.group && SSL_get_peer_tmp_key(ssl.get(), &temporary) == 1 && temporary != nullptr) {
      if (EVP_PKEY_get_base_id(temporary) == EVP_PKEY_DH)
        seen.dh_bits = static_cast<unsigned>(EVP_PKEY_get_bits(temporary));
      EVP_PKEY_free(temporary);
    }
    auto* chain = SSL_get_peer_cert_chain(ssl.get());
    for (int i = 0; i < sk_X509_num(chain); ++i)
      seen.chain.push_back(detail::der_of(sk_X509_value(chain, i)));
  }

  void listen() {
    char bytes[4096];
    int n = 0;
    while (at == step::talk && (n = SSL_read(ssl.get(), bytes, sizeof bytes)) > 0)
      talk({bytes, static_cast<std::size_t>(n)});
    if (at == step::talk && SSL_get_error(ssl.get(), n) != SSL_ERROR_WANT_READ)
      end(); // the handshake stands, whatever became of the dialog
  }

  void talk(std::string_view heard) {
    const auto words = inner(heard);
    if (!words.say.empty())
      SSL_write(ssl.get(), words.say.data(), static_cast<int>(words.say.size()));
    if (words.over)
      end();
  }
  void end() {
    at = step::over;
    SSL_shutdown(ssl.get());
    is = handshake::state::done;
  }
  void fail() {
    at = step::over;
    note_choice();
    const auto* why = ERR_reason_error_string(ERR_peek_error());
    is = seen.alert ? handshake::state::done : handshake::state::failed;
    error = {std::string::npos, why == nullptr ? "the handshake failed" : why, ""}; // at no byte of ours
  }

  /// Takes what OpenSSL wants to send.
  void drain() {
    char bytes[4096];
    for (int n = 0; (n = BIO_read(out, bytes, sizeof bytes)) > 0;)
      pending.append(bytes, static_cast<std::size_t>(n));
  }
};

POSTROAD_DECL client_context::client_context() : state_(std::make_unique<state>()) {
  state_->ctx.reset(detail::needed(SSL_CTX_new(TLS_client_method())));
  auto* ctx = state_->ctx.get();
  SSL_CTX_set_security_level(ctx, 0);
  SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
  // Without anonymous suites, which would win against the certificate that is to be seen.
  SSL_CTX_set_cipher_list(ctx, "ALL:!aNULL:!eNULL:@SECLEVEL=0");
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}
POSTROAD_DECL client_context::~client_context() = default;

POSTROAD_DECL handshake::handshake(const client_context& with, std::string_view sni, inner_dialog inner)
    : work_(std::make_unique<work>()) {
  auto& w = *work_;
  w.inner = std::move(inner);
  w.ssl.reset(detail::needed(SSL_new(with.state_->ctx.get())));
  w.in = detail::needed(BIO_new(BIO_s_mem()));
  w.out = detail::needed(BIO_new(BIO_s_mem()));
  SSL_set_bio(w.ssl.get(), w.in, w.out);
  SSL_set_app_data(w.ssl.get(), &w);
  SSL_set_info_callback(w.ssl.get(), work::note_alert);
  if (const auto name = sni_name(sni); !name.empty())
    SSL_set_tlsext_host_name(w.ssl.get(), name.c_str());
  SSL_set_connect_state(w.ssl.get());
  w.go_on();
}
POSTROAD_DECL handshake::~handshake() = default;
POSTROAD_DECL handshake::handshake(handshake&&) noexcept = default;
POSTROAD_DECL handshake& handshake::operator=(handshake&&) noexcept = default;

POSTROAD_DECL std::string_view handshake::to_send() const {
  return std::string_view(work_->pending).substr(work_->sent);
}
POSTROAD_DECL void handshake::sent(std::size_t count) {
  work_->sent += count;
  if (work_->sent == work_->pending.size()) {
    work_->pending.clear();
    work_->sent = 0;
  }
}
POSTROAD_DECL handshake::state handshake::feed(bytes in) {
  BIO_write(work_->in, in.data(), static_cast<int>(in.size()));
  work_->go_on();
  return work_->is;
}
POSTROAD_DECL handshake::state handshake::now() const {
  return work_->is;
}
POSTROAD_DECL const parse_error& handshake::error() const {
  return work_->error;
}
POSTROAD_DECL flight handshake::take() {
  return std::move(work_->seen);
}
POSTROAD_DECL bool handshake::proven() const {
  return work_->proven;
}

} // namespace postroad::tls
