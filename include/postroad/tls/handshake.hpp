/// A whole handshake by OpenSSL, as a state machine that touches no socket: what the server's hello only
/// claims is proven, and the mail server is spoken to inside. RFC 8446 4.4.3, RFC 3207 4.2.
#pragma once

#include <postroad/config.hpp>
#include <postroad/tls/flight.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::tls {

/// The client's side of all handshakes of a run: everything that the library still speaks, at security level
/// 0, from TLS 1.0 on; certificates are judged elsewhere (trust.hpp).
class client_context {
public:
  POSTROAD_DECL client_context();
  POSTROAD_DECL ~client_context();
  client_context(const client_context&) = delete;
  client_context& operator=(const client_context&) = delete;

private:
  friend class handshake;
  struct state;
  std::unique_ptr<state> state_;
};

/// What only a whole handshake shows.
struct inside_tls {
  bool proven = false; ///< the server holds the key of its certificate
  std::string ehlo;    ///< the reply to EHLO inside TLS; lines joined by LF, empty where none came
  std::vector<std::string> capabilities; ///< its keyword lines, greeting left out
};

/// What to say inside TLS, and whether that is the last of it.
struct inner_words {
  std::string say;
  bool over = false;
};
/// The dialog inside: called with nothing when TLS stands, then with what came, in pieces of any size.
using inner_dialog = std::function<inner_words(std::string_view heard)>;

/// Send to_send(), feed() what comes, look at to_send() again, until the state is not `more`; then send what
/// is left. As tls::exchange, but at ten times the cost.
///
/// With a dialog it is held inside before TLS is shut down. The context must outlive the handshake. Example:
/// `handshake talk(context, "mx.example.org");`
class handshake {
public:
  using state = flight_reader::state;
  using bytes = std::span<const std::uint8_t>;

  POSTROAD_DECL handshake(const client_context&, std::string_view sni, inner_dialog inner = {});
  POSTROAD_DECL ~handshake();
  POSTROAD_DECL handshake(handshake&&) noexcept;
  POSTROAD_DECL handshake& operator=(handshake&&) noexcept;

  [[nodiscard]] POSTROAD_DECL std::string_view to_send() const;
  POSTROAD_DECL void sent(std::size_t count);
  POSTROAD_DECL state feed(bytes in);

  [[nodiscard]] POSTROAD_DECL state now() const;
  /// Set when the state is `failed`; the offset says nothing.
  [[nodiscard]] POSTROAD_DECL const parse_error& error() const;
  [[nodiscard]] POSTROAD_DECL flight take();
  /// Does the server hold the key of its certificate?
  [[nodiscard]] POSTROAD_DECL bool proven() const;

private:
  struct work;
  std::unique_ptr<work> work_;
};

} // namespace postroad::tls

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/tls/impl/handshake.ipp>
#endif
