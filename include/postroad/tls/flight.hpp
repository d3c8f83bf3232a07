/// What a server says before encryption starts: ServerHello, chain, key exchange, or an alert. RFC 5246 7.4
/// and 6.2, RFC 8446 4.1.3.
#pragma once

#include <postroad/result.hpp>
#include <postroad/tls/hello.hpp>
#include <postroad/tls/suites.hpp>
#include <postroad/tls/wire.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::tls {

/// How many bytes of a flight are read: a chain of ten fat certificates with a stapled answer stays below 32
/// KB.
inline constexpr std::size_t longest_flight = 65536;

/// An alert as it was sent. Example: {2, 40} is fatal handshake_failure.
struct alert {
  std::uint8_t level = 0; ///< 1 warning, 2 fatal (RFC 5246 7.2)
  std::uint8_t description = 0;
  friend bool operator==(const alert&, const alert&) = default;
};

/// Everything that the server's clear-text flight tells.
struct flight {
  std::uint16_t version = 0; ///< negotiated; 0 until the ServerHello
  std::uint16_t suite = 0;   ///< chosen suite
  std::optional<std::uint16_t>
      group;                       ///< named group of ECDHE, of the 1.3 key share or of the HelloRetryRequest
  std::optional<unsigned> dh_bits; ///< size of the prime of a DHE exchange
  std::optional<unsigned> rsa_bits; ///< size of the temporary key of an RSA EXPORT exchange
  std::vector<std::string> chain;   ///< certificates as sent, DER, leaf first
  std::optional<tls::alert> alert;  ///< the alert that ended the flight
  bool hello_retry = false;         ///< HelloRetryRequest (TLS 1.3)
  bool knows_tls_1_3 = false;       ///< the random ends in RFC 8446 4.1.3's mark: 1.3 would have been spoken
  bool session_ticket = false;      ///< a ticket was promised
  bool extended_master_secret = false;
  bool secure_renegotiation = false;
  bool ocsp_stapled = false;
  bool asks_for_certificate = false; ///< CertificateRequest
  bool downgraded = false; ///< RFC 8446 4.1.3's mark although TLS 1.3 was offered: somebody took it away
  bool complete = false;   ///< read up to ServerHelloDone, or Finished in TLS 1.3
  std::optional<std::uint16_t> signature_scheme; ///< of TLS 1.3's CertificateVerify
  std::string server_share;                      ///< the server's key share, TLS 1.3
  std::string cookie;                            ///< of the HelloRetryRequest
  std::string_view objection; ///< why no client would go on, though the flight broke no rule of form

  friend bool operator==(const flight&, const flight&) = default;
};

namespace detail {

/// SHA-256("HelloRetryRequest"), RFC 8446 4.1.3.
inline constexpr std::uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
inline constexpr std::string_view downgrade_mark = "DOWNGRD"; // then 1 or 0, RFC 8446 4.1.3

} // namespace detail

/// Reads a server's flight as it arrives, in pieces of any size.
///
/// Feed what came; stop at anything but `more`. The same bytes give the same end however they are cut. The
/// error of a failed flight has its offset in the bytes of the whole flight; what was understood before stays
/// in seen(). Bytes after the end of the flight are not looked at. Example: `flight_reader reader; while
/// (reader.feed(next()) == flight_reader::state::more) {}`
class flight_reader {
public:
  enum class state : std::uint8_t { more, done, failed };

  /// `offered` is the highest version of the hello: a server must not choose a higher one.
  explicit flight_reader(std::uint16_t offered = tls_1_2) : offered_(offered) {}

  state feed(std::span<const std::uint8_t> in) {
    while (state_ == state::more && !in.empty())
      in = in.subspan(take_some(in));
    return state_;
  }

  [[nodiscard]] state now() const { return state_; }
  [[nodiscard]] const flight& seen() const { return flight_; }
  [[nodiscard]] flight take() { return std::move(flight_); }
  /// Set when the state is `failed`.
  [[nodiscard]] const parse_error& error() const { return error_; }
  /// Bytes taken so far.
  [[nodiscard]] std::size_t size() const { return taken_; }
  /// The ServerHello or HelloRetryRequest of TLS 1.3 as a handshake message, for the transcript.
  [[nodiscard]] const std::string& hello() const { return hello_; }

private:
  enum content_type : std::uint8_t { change_cipher_spec = 20, alerts = 21, handshake = 22 };
  enum message_type : std::uint8_t {
    hello_request = 0,
    server_hello = 2,
    certificate = 11,
    server_key_exchange = 12,
    certificate_request = 13,
    server_hello_done = 14,
    certificate_status = 22
  };
  using bytes = std::span<const std::uint8_t>;
  static constexpr std::size_t record_header = 5;
  static constexpr std::size_t message_header = 4;

  /// One step: part of a record header, or part of a record's content. Returns the bytes used.
  std::size_t take_some(bytes in) {
    if (header_size_ < record_header) {
      const auto n = std::min(record_header - header_size_, in.size());
      std::memcpy(header_ + header_size_, in.data(), n);
      for (std::size_t i = 0; i < n && state_ == state::more; ++i)
        check_header_byte(header_size_++);
      taken_ += n;
      return n;
    }
    const auto n = std::min(content_left_, in.size());
    content_left_ -= n;
    taken_ += n;
    if (content_left_ == 0)
      header_size_ = 0;
    if (header_[0] == handshake) {
      messages_.insert(messages_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(n));
      read_messages();
    } else if (header_[0] == alerts) {
      alert_.insert(alert_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(n));
      read_alerts();
    } else if (in[0] != 1) {
      fail(taken_ - n, "ChangeCipherSpec that is none", "RFC 8446 5");
    }
    return n;
  }

  /// A TLS 1.3 server sends a ChangeCipherSpec behind its HelloRetryRequest, which means nothing (RFC 8446
  /// D.4). Before a ServerHello no other server sends one.
  [[nodiscard]] bool may_change_cipher() const { return offered_ >= tls_1_3 && last_place_ == 0; }

  /// Judges each byte of a record header as it comes, so that garbage is named at its first byte.
  void check_header_byte(std::size_t i) {
    const std::size_t offset = record_at_ + i;
    if (i == 0 && header_[0] == change_cipher_spec && may_change_cipher())
      return;
    if (i == 0 && (header_[0] == change_cipher_spec || header_[0] == 23))
      return fail(offset, "encrypted record before the end of the hello", "RFC 5246 7.3");
    if (i == 0 && header_[0] != handshake && header_[0] != alerts)
      return fail(offset, "no TLS record", "RFC 5246 6.2.1");
    if (i == 1 && header_[1] != 3)
      return fail(offset, "record version is not 3.x", "RFC 5246 6.2.1");
    if (i == 4)
      start_content();
  }

  void start_content() {
    constexpr std::size_t longest_record = 1 << 14; // RFC 5246 6.2.1
    content_left_ = static_cast<std::size_t>(header_[3] << 8 | header_[4]);
    if (content_left_ == 0)
      return fail(record_at_ + 3, "empty record", "RFC 5246 6.2.1");
    if (content_left_ > longest_record)
      return fail(record_at_ + 3, "record longer than 2^14 bytes", "RFC 5246 6.2.1");
    if (header_[0] == change_cipher_spec && content_left_ != 1)
      return fail(record_at_ + 3, "ChangeCipherSpec that is none", "RFC 8446 5");
    if (record_at_ + record_header + content_left_ > longest_flight)
      return fail(record_at_ + 3, "flight longer than 64 KB");
    if (header_[0] == handshake)
      pieces_.push_back({messages_.size(), record_at_ + record_header});
    record_at_ += record_header + content_left_;
  }

  void read_alerts() {
    std::size_t at = 0;
    for (; state_ == state::more && alert_.size() - at >= 2; at += 2) {
      const tls::alert a{alert_[at], alert_[at + 1]};
      // A warning that is no good-bye (unrecognized_name, mostly) does not end a handshake: RFC 6066 3.
      if (a.level == 1 && a.description != 0)
        continue;
      flight_.alert = a;
      state_ = state::done;
    }
    alert_.erase(alert_.begin(), alert_.begin() + static_cast<std::ptrdiff_t>(at));
    if (state_ == state::more && header_size_ == 0 && !alert_.empty())
      fail(record_at_ - 1, "alert cut short", "RFC 5246 7.2");
  }

  void read_messages() {
    while (state_ == state::more && messages_.size() - used_ >= message_header) {
      const auto* m = messages_.data() + used_;
      const auto size = static_cast<std::size_t>(m[1] << 16 | m[2] << 8 | m[3]);
      if (size > longest_flight)
        return fail(offset_of(1), "handshake message longer than 64 KB", "RFC 5246 7.4");
      if (!in_order(m[0]))
        return;
      if (messages_.size() - used_ < message_header + size)
        return;
      read_message(m[0], {m + message_header, size});
      used_ += message_header + size;
    }
    if (used_ == messages_.size()) {
      messages_.clear();
      pieces_.clear();
      used_ = 0;
      if (content_left_ != 0)
        pieces_.push_back({0, record_at_ - content_left_});
    }
  }

  /// RFC 5246 7.3: each message once, in this order. A HelloRequest may come at any time and means nothing
  /// here (7.4.1.1).
  bool in_order(std::uint8_t type) {
    static constexpr std::uint8_t order[] = {server_hello,        certificate,         certificate_status,
                                             server_key_exchange, certificate_request, server_hello_done};
    if (type == hello_request)
      return true;
    const auto at = std::find(std::begin(order), std::end(order), type);
    if (at == std::end(order))
      return fail(offset_of(0), "message that has no place in a server's hello", "RFC 5246 7.3"), false;
    const auto place = static_cast<std::size_t>(at - std::begin(order)) + 1;
    if (place <= last_place_ || (last_place_ == 0 && type != server_hello))
      return fail(offset_of(0), "message out of order", "RFC 5246 7.3"), false;
    return true;
  }

  void read_message(std::uint8_t type, bytes body) {
    wire::reader in(body);
    switch (type) {
    case server_hello:
      last_place_ = 1;
      return read_server_hello(in);
    case certificate:
      last_place_ = 2;
      return read_certificate_list(in);
    case certificate_status:
      last_place_ = 3;
      return read_status(in);
    case server_key_exchange:
      last_place_ = 4;
      has_keys_ = true;
      return read_key_exchange(in);
    case certificate_request:
      last_place_ = 5;
      flight_.asks_for_certificate = true;
      return;
    case server_hello_done:
      if (!body.empty())
        return fail(offset_of(message_header), "ServerHelloDone with content", "RFC 5246 7.4.5");
      if (!has_keys_ && wants_keys())
        return fail(offset_of(0), "ServerKeyExchange is missing", "RFC 5246 7.4.3");
      return finish();
    default:
      if (!body.empty())
        fail(offset_of(message_header), "HelloRequest with content", "RFC 5246 7.4.1.1");
    }
  }

  void read_server_hello(wire::reader& in) {
    const auto legacy_version = static_cast<std::uint16_t>(in.number(2));
    const auto random = in.take(32);
    const auto session_id = in.vector(1);
    const auto suite = static_cast<std::uint16_t>(in.number(2));
    const auto compression = in.number(1);
    if (in.failed())
      return fail_body(in, "ServerHello cut short", "RFC 5246 7.4.1.3");
    if (session_id.size() > 32)
      return fail(offset_of(message_header + 34), "session id longer than 32 bytes", "RFC 5246 7.4.1.3");
    if (compression != 0)
      return fail_body(in, "compression that was not offered", "RFC 5246 7.4.1.3");
    flight_.version = legacy_version;
    flight_.suite = suite;
    read_random(random);
    if (in.left() != 0)
      read_extensions(in);
    if (state_ != state::more)
      return;
    flight_.downgraded = offered_ >= tls_1_3 && flight_.knows_tls_1_3 && flight_.version < tls_1_3;
    check_version();
  }

  void read_random(bytes random) {
    flight_.hello_retry = std::equal(random.begin(), random.end(), std::begin(detail::retry_random));
    const auto mark = random.last(8);
    flight_.knows_tls_1_3 = mark[7] == 1 && std::equal(detail::downgrade_mark.begin(),
                                                       detail::downgrade_mark.end(), mark.begin());
  }

  void read_extensions(wire::reader& in) {
    wire::reader block(in.vector(2));
    if (!in.at_end())
      return fail_body(in, "extensions do not fill the ServerHello", "RFC 5246 7.4.1.4");
    const auto block_at = in.at() - block.left();
    std::vector<std::uint16_t> met;
    while (block.left() != 0) {
      const auto number = static_cast<std::uint16_t>(block.number(2));
      const auto body = block.vector(2);
      if (block.failed())
        return fail(offset_of(message_header + block_at + block.at()), "extension cut short",
                    "RFC 5246 7.4.1.4");
      if (std::find(met.begin(), met.end(), number) != met.end())
        return fail(offset_of(message_header + block_at + block.at() - body.size() - 4),
                    "extension sent twice", "RFC 5246 7.4.1.4");
      met.push_back(number);
      read_extension(number, body, message_header + block_at + block.at() - body.size());
    }
  }

  void read_extension(std::uint16_t number, bytes body, std::size_t at) {
    switch (number) {
    case extension::supported_versions:
      if (body.size() != 2)
        return fail(offset_of(at), "selected version is no number", "RFC 8446 4.2.1");
      flight_.version = static_cast<std::uint16_t>(body[0] << 8 | body[1]);
      return;
    case extension::key_share: // a group alone in a HelloRetryRequest, an entry in a ServerHello
      if (body.size() < 2 || (flight_.hello_retry && body.size() != 2))
        return fail(offset_of(at), "key share is no group", "RFC 8446 4.2.8");
      flight_.group = static_cast<std::uint16_t>(body[0] << 8 | body[1]);
      if (!flight_.hello_retry)
        read_server_share(body.subspan(2), at + 2);
      return;
    case extension::cookie:
      return read_cookie(body, at);
    case extension::session_ticket:
      flight_.session_ticket = true;
      return;
    case extension::extended_master_secret:
      flight_.extended_master_secret = true;
      return;
    case extension::renegotiation_info:
      flight_.secure_renegotiation = true;
      return;
    default:
      return;
    }
  }

  void read_server_share(bytes body, std::size_t at) {
    wire::reader in(body);
    const auto share = in.vector(2);
    if (!in.at_end() || share.empty())
      return fail(offset_of(at), "key share cut short", "RFC 8446 4.2.8");
    flight_.server_share.assign(share.begin(), share.end());
  }
  void read_cookie(bytes body, std::size_t at) {
    wire::reader in(body);
    const auto cookie = in.vector(2);
    if (!in.at_end() || cookie.empty())
      return fail(offset_of(at), "cookie cut short", "RFC 8446 4.2.2");
    flight_.cookie.assign(cookie.begin(), cookie.end());
  }

  /// RFC 5246 7.4.1.3 and RFC 8446 4.1.3: the version is one of ours, and the suite fits it.
  void check_version() {
    const auto version_at = offset_of(message_header);
    if (flight_.version < ssl_3_0 || flight_.version > tls_1_3)
      return fail(version_at, "ServerHello of an unknown version", "RFC 5246 7.4.1.3");
    if (flight_.version > offered_)
      return fail(version_at, "ServerHello of a version that was not offered", "RFC 5246 7.4.1.3");
    const bool suite_of_1_3 = flight_.suite >> 8 == 0x13; // RFC 8446 B.4
    if (suite_of_1_3 != (flight_.version == tls_1_3))
      return fail(version_at, "suite of another version", "RFC 8446 4.1.3");
    if (flight_.hello_retry && flight_.version != tls_1_3)
      return fail(version_at, "HelloRetryRequest of a version without one", "RFC 8446 4.1.4");
    if (flight_.version == tls_1_3)
      finish_hello();
  }
  /// Behind this message everything is encrypted, from a new record on (RFC 8446 5.1).
  void finish_hello() {
    const auto* m = messages_.data() + used_;
    const auto size = message_header + static_cast<std::size_t>(m[1] << 16 | m[2] << 8 | m[3]);
    if (content_left_ != 0 || messages_.size() - used_ != size)
      return fail(offset_of(0) + size, "ServerHello does not end its record", "RFC 8446 5.1");
    hello_.assign(m, m + size);
    state_ = state::done;
  }

  void read_certificate_list(wire::reader& in) {
    const auto total = in.number(3);
    if (in.failed() || total != in.left())
      return fail_body(in, "certificate list does not fill its message", "RFC 5246 7.4.2");
    while (in.left() != 0) {
      const auto der = in.vector(3);
      if (in.failed())
        return fail_body(in, "certificate cut short", "RFC 5246 7.4.2");
      if (der.empty())
        return fail_body(in, "empty certificate", "RFC 5246 7.4.2");
      flight_.chain.emplace_back(der.begin(), der.end());
    }
  }

  void read_status(wire::reader& in) {
    in.number(1);
    const auto response = in.vector(3);
    if (!in.at_end() || response.empty())
      return fail_body(in, "CertificateStatus does not fill its message", "RFC 6066 8");
    flight_.ocsp_stapled = true;
  }

  /// Does the suite get its keys from a message of their own? A suite that nobody has registered may.
  [[nodiscard]] bool wants_keys() const {
    const auto suite = find_suite(flight_.suite);
    const auto kind = suite ? suite->key_exchange : std::string_view();
    return kind == "ECDHE" || kind == "DHE" || kind == "ECDH_anon" || kind == "DH_anon";
  }

  void read_key_exchange(wire::reader& in) {
    const auto suite = find_suite(flight_.suite);
    if (!suite)
      return; // its layout depends on a suite that nobody has registered
    if (suite->key_exchange == "ECDHE" || suite->key_exchange == "ECDH_anon")
      return read_curve(in, *suite);
    if (suite->key_exchange == "DHE" || suite->key_exchange == "DH_anon")
      return read_prime(in, *suite);
    if (suite->key_exchange == "RSA" && suite->export_grade)
      return read_temporary_rsa(in, *suite);
    if (suite->key_exchange == "RSA" || suite->key_exchange == "DH" || suite->key_exchange == "ECDH")
      fail(offset_of(0), "ServerKeyExchange with a suite that has none", "RFC 5246 7.4.3");
  }

  void read_curve(wire::reader& in, const tls::suite& suite) {
    constexpr std::size_t named_curve = 3; // RFC 8422 5.4; 1 and 2, explicit curves, are of RFC 4492
    const auto type = in.number(1);
    if (!in.failed() && (type == 1 || type == 2))
      return;
    if (type != named_curve)
      return fail_body(in, "unknown type of curve", "RFC 8422 5.4");
    const auto group = static_cast<std::uint16_t>(in.number(2));
    const auto point = in.vector(1);
    if (in.failed() || point.empty())
      return fail_body(in, "ECDHE parameters cut short", "RFC 8422 5.4");
    flight_.group = group;
    read_signature(in, suite);
  }

  void read_prime(wire::reader& in, const tls::suite& suite) {
    const auto prime = in.vector(2);
    const auto generator = in.vector(2);
    const auto value = in.vector(2);
    if (in.failed() || prime.empty() || generator.empty() || value.empty())
      return fail_body(in, "DHE parameters cut short", "RFC 5246 7.4.3");
    flight_.dh_bits = wire::bit_length(prime);
    read_signature(in, suite);
  }

  void read_temporary_rsa(wire::reader& in, const tls::suite& suite) {
    const auto modulus = in.vector(2);
    const auto exponent = in.vector(2);
    if (in.failed() || modulus.empty() || exponent.empty())
      return fail_body(in, "temporary RSA key cut short", "RFC 2246 7.4.3");
    flight_.rsa_bits = wire::bit_length(modulus);
    read_signature(in, suite);
  }

  void read_signature(wire::reader& in, const tls::suite& suite) {
    if (suite.authentication != "anon") {
      if (flight_.version >= tls_1_2)
        in.take(2); // SignatureAndHashAlgorithm, RFC 5246 4.7
      in.vector(2);
    }
    if (!in.at_end())
      fail_body(in, "signature does not fill the ServerKeyExchange", "RFC 5246 7.4.3");
  }

  void finish() {
    flight_.complete = true;
    state_ = state::done;
  }

  void fail(std::size_t offset, std::string_view why, std::string_view rfc = {}) {
    if (state_ == state::failed)
      return;
    error_ = {offset, why, rfc};
    state_ = state::failed;
  }
  void fail_body(const wire::reader& in, std::string_view why, std::string_view rfc) {
    fail(offset_of(message_header + in.at()), why, rfc);
  }

  /// Where in the flight byte `at` of the current message lies, whatever records it is spread over.
  [[nodiscard]] std::size_t offset_of(std::size_t at) const {
    const auto place = used_ + at;
    auto piece = pieces_.rbegin();
    while (piece + 1 != pieces_.rend() && piece->first > place)
      ++piece;
    return piece->second + (place - piece->first);
  }

  std::uint16_t offered_;
  state state_ = state::more;
  flight flight_;
  std::string hello_;
  parse_error error_;

  std::uint8_t header_[record_header] = {};
  std::size_t header_size_ = 0;
  std::size_t content_left_ = 0;
  std::size_t taken_ = 0;
  std::size_t record_at_ =
      0; ///< offset of the record being read, and of the next one once its header is read

  std::vector<std::uint8_t> alert_;
  std::vector<std::uint8_t> messages_;                      ///< handshake bytes, records taken off
  std::size_t used_ = 0;                                    ///< of messages_, read
  std::size_t last_place_ = 0;                              ///< in the order of messages, 0 before the first
  bool has_keys_ = false;                                   // a ServerKeyExchange came
  std::vector<std::pair<std::size_t, std::size_t>> pieces_; ///< where a piece of messages_ lies in the flight
};

} // namespace postroad::tls
