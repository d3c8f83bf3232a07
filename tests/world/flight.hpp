/// The server's first flight of SSLv3 to TLS 1.2 with RSA key exchange, written by hand: OpenSSL has neither
/// SSLv3, RC4, 3DES nor EXPORT any more, and most mail of 2015 travelled under RC4 (RFC 5246 7.4, RFC 6101).
///
/// The handshake cannot be finished here; clients read up to ServerHelloDone and go.
#pragma once

#include "plan.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace world {

/// Alert descriptions, RFC 5246 7.2.2.
enum class alert : std::uint8_t {
  handshake_failure = 40,
  decode_error = 50,
  protocol_version = 70,
  internal_error = 80
};

struct client_hello {
  std::uint16_t version = 0;
  std::vector<std::uint16_t> suites;
  bool secure_renegotiation = false; ///< extension or SCSV, RFC 5746
};

/// Parses the body of a ClientHello message, its 4-byte header left out.
std::optional<client_hello> read_client_hello(std::span<const std::uint8_t> body);

/// Collects handshake messages from records; hostile bytes end in `failed`.
class hello_reader {
public:
  enum class state : std::uint8_t { hungry, complete, failed };
  state feed(std::string_view bytes);
  [[nodiscard]] const client_hello& hello() const { return hello_; }

private:
  std::string records_;
  std::string messages_;
  client_hello hello_;
};

/// A fatal alert as one record.
std::string alert_record(alert what, std::uint16_t version = 0x0301);

/// Answers the hello as the server's suite and version want it: the flight, or an alert. `chain` is DER, leaf
/// first. How the messages are cut into records follows the server's variant: one record each, all in one, or
/// pieces.
std::string answer_hello(const client_hello& to, const server& who, const std::vector<std::string>& chain);

} // namespace world
