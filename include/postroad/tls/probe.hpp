/// One TLS probe over a socket: our hello out, the server's flight in, gone. RFC 3207 4, RFC 5246 7.3, RFC
/// 8446 2.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>
#include <postroad/tls/exchange.hpp>
#include <postroad/tls/flight.hpp>
#include <postroad/tls/handshake.hpp>

#include <asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace postroad::tls {

/// What one probe saw.
///
///   ok, certificate      the flight was read to its end, with a chain
///   ok, tls              TLS 1.3 that we have no key for: version, suite and group are known
///   tls_error, tls       an alert; or the end without a chain (anonymous suites), `detail` says so
///   protocol_error, tls  no TLS, or TLS that breaks its own rules; `detail` says where
///   timeout closed reset aborted send_error, tls
/// Whatever the outcome, `flight` keeps what was understood.
struct observation {
  outcome what = outcome::ok;
  stage reached = stage::tls;
  tls::flight flight;
  std::string detail;
  std::chrono::microseconds elapsed{};
  std::optional<inside_tls> inside; ///< after a whole handshake
};

struct probe_settings {
  /// From the hello to the end of the flight, however it drips. A server signs within milliseconds; a round
  /// trip to anywhere is below a second, and a lost segment comes again within three (RFC 6298 2.1).
  std::chrono::milliseconds timeout{17'000};
};

/// What the end of an exchange means. `ended` is why no more bytes come, or outcome::ok when the exchange
/// has stopped by itself.
[[nodiscard]] POSTROAD_DECL observation settle(exchange talk, outcome ended, std::string why = {});
[[nodiscard]] POSTROAD_DECL observation settle(handshake talk, outcome ended, std::string why = {});

/// Holds the exchange on a socket on which TLS may start (right behind the 220 to STARTTLS, or after
/// connecting where TLS is implicit), and closes with a RST: there is nothing to say good-bye to. Never
/// throws for what the network did. The socket must outlive the task. Example: `auto seen = co_await
/// read_flight(socket, exchange(modern, host, random, keys), {});`
[[nodiscard]] POSTROAD_DECL net::task<observation> read_flight(asio::ip::tcp::socket& socket, exchange talk,
                                                               probe_settings use);
/// The same with a whole handshake, and with QUIT and close_notify as good-bye.
[[nodiscard]] POSTROAD_DECL net::task<observation> shake_hands(asio::ip::tcp::socket& socket, handshake talk,
                                                               probe_settings use);

} // namespace postroad::tls

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/tls/impl/probe.ipp>
#endif
