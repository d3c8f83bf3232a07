/// What a TLS 1.3 server says once encryption has started: its certificates, up to Finished. RFC 8446 4.3,
/// 4.4 and 5.2.
#pragma once

#include <postroad/result.hpp>
#include <postroad/tls/flight.hpp>
#include <postroad/tls/wire.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace postroad::tls {

/// Goes on where a flight_reader ended with a TLS 1.3 ServerHello, as the bytes arrive, in pieces of any
/// size.
///
/// It knows no cipher: feed() is given `open`, called with the five bytes of a record's header, its sealed
/// content, and a string for what was in it; false means that the seal is broken. Records are opened in
/// order, each once. The state is `done` at Finished or at an alert, `failed` with error(), whose offset
/// counts from the end of the ServerHello, at anything that RFC 8446 forbids. What was understood stays in
/// seen().
///
/// Example: `encrypted_reader rest(hello.take()); rest.feed(bytes, [&](auto h, auto c, auto& out) { return
/// keys.open(h, c, out); });`
class encrypted_reader {
public:
  using state = flight_reader::state;
  using bytes = std::span<const std::uint8_t>;

  explicit encrypted_reader(flight hello) : flight_(std::move(hello)) {}

  template <class Open>
  state feed(bytes in, Open&& open) {
    while (state_ == state::more && !in.empty())
      in = in.subspan(take_some(in, open));
    return state_;
  }

  [[nodiscard]] state now() const { return state_; }
  [[nodiscard]] const flight& seen() const { return flight_; }
  [[nodiscard]] flight take() { return std::move(flight_); }
  [[nodiscard]] const parse_error& error() const { return error_; }

private:
  enum content_type : std::uint8_t { change_cipher_spec = 20, alerts = 21, handshake = 22, sealed = 23 };
  enum message_type : std::uint8_t {
    encrypted_extensions = 8,
    certificate = 11,
    certificate_request = 13,
    certificate_verify = 15,
    finished = 20
  };
  static constexpr std::size_t record_header = 5;
  static constexpr std::size_t message_header = 4;
  static constexpr std::size_t longest_record = (1 << 14) + 256; // RFC 8446 5.2
  static constexpr std::size_t longest_content = 1 << 14;        // RFC 8446 5.1

  [[nodiscard]] std::size_t content_size() const { return static_cast<std::size_t>(byte(3) << 8 | byte(4)); }
  [[nodiscard]] int byte(std::size_t i) const { return static_cast<unsigned char>(record_[i]); }

  template <class Open>
  std::size_t take_some(bytes in, Open&& open) {
    const auto wanted = record_.size() < record_header ? record_header : record_header + content_size();
    const auto n = std::min(wanted - record_.size(), in.size());
    record_.append(reinterpret_cast<const char*>(in.data()), n);
    if (record_.size() == record_header && wanted == record_header)
      check_header();
    else if (record_.size() == wanted && wanted != record_header)
      read_record(open);
    return n;
  }

  void check_header() {
    const int type = byte(0);
    if (type != sealed && type != change_cipher_spec && type != alerts)
      return fail(type == handshake ? "handshake in the clear behind the ServerHello" : "no TLS record",
                  "RFC 8446 5.1");
    if (byte(1) != 3)
      return fail("record version is not 3.x", "RFC 8446 5.1");
    if (content_size() == 0)
      return fail("empty record", "RFC 8446 5.1");
    if (content_size() > longest_record || (type != sealed && content_size() > longest_content))
      return fail("record longer than 2^14 + 256 bytes", "RFC 8446 5.2");
    if (record_at_ + record_header + content_size() > longest_flight)
      fail("flight longer than 64 KB");
  }

  template <class Open>
  void read_record(Open&& open) {
    const bytes whole(reinterpret_cast<const std::uint8_t*>(record_.data()), record_.size());
    const auto content = whole.subspan(record_header);
    if (byte(0) == alerts)
      read_alert(content);
    else if (byte(0) == change_cipher_spec)
      read_change_cipher_spec(content);
    else if (std::string inside; open(whole.first(record_header), content, inside))
      read_inside(inside);
    else
      fail("record that our keys do not open", "RFC 8446 5.2");
    record_at_ += record_.size();
    record_.clear();
  }

  void read_change_cipher_spec(bytes content) {
    if (content.size() != 1 || content[0] != 1)
      fail("ChangeCipherSpec that is none", "RFC 8446 5");
  }

  /// TLSInnerPlaintext: content, its type, zeros (RFC 8446 5.2).
  void read_inside(std::string_view inside) {
    const auto last = inside.find_last_not_of('\0');
    if (last == std::string_view::npos)
      return fail("record of nothing but padding", "RFC 8446 5.4");
    const int type = static_cast<unsigned char>(inside[last]);
    const auto content = inside.substr(0, last);
    if (content.size() > longest_content)
      return fail("record longer than 2^14 bytes", "RFC 8446 5.4");
    if (type == alerts)
      return read_alert({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()});
    if (type != handshake)
      return fail("no handshake before Finished", "RFC 8446 5.2");
    if (content.empty())
      return fail("empty piece of a handshake message", "RFC 8446 5.1");
    messages_ += content;
    read_messages();
  }

  void read_alert(bytes content) {
    if (content.size() != 2)
      return fail("alert that is not two bytes", "RFC 8446 5.1");
    flight_.alert = tls::alert{content[0], content[1]};
    state_ = state::done;
  }

  void read_messages() {
    std::size_t used = 0;
    while (state_ == state::more && messages_.size() - used >= message_header) {
      const bytes m(reinterpret_cast<const std::uint8_t*>(messages_.data()) + used, messages_.size() - used);
      const auto size = static_cast<std::size_t>(m[1] << 16 | m[2] << 8 | m[3]);
      if (size > longest_flight)
        return fail("handshake message longer than 64 KB", "RFC 8446 4");
      if (!in_order(m[0]) || m.size() < message_header + size)
        break;
      read_message(m[0], m.subspan(message_header, size));
      used += message_header + size;
    }
    messages_.erase(0, used);
  }

  /// RFC 8446 2 and 4.4: each message once, in this order; only the request may be missing.
  bool in_order(std::uint8_t type) {
    static constexpr std::uint8_t order[] = {encrypted_extensions, certificate_request, certificate,
                                             certificate_verify, finished};
    const auto place = static_cast<std::size_t>(std::find(std::begin(order), std::end(order), type) - order);
    const bool skips_request = next_ == 1 && place == 2;
    if (place == std::size(order) || (place != next_ && !skips_request))
      return fail("message out of order", "RFC 8446 4"), false;
    return true;
  }

  void read_message(std::uint8_t type, bytes body) {
    wire::reader in(body);
    switch (type) {
    case encrypted_extensions:
      next_ = 1;
      in.vector(2);
      if (!in.at_end())
        fail("EncryptedExtensions do not fill their message", "RFC 8446 4.3.1");
      return;
    case certificate_request:
      next_ = 2;
      flight_.asks_for_certificate = true;
      return;
    case certificate:
      next_ = 3;
      return read_certificate_list(in);
    case certificate_verify:
      next_ = 4;
      flight_.signature_scheme = static_cast<std::uint16_t>(in.number(2));
      in.vector(2);
      if (!in.at_end())
        fail("signature does not fill the CertificateVerify", "RFC 8446 4.4.3");
      return;
    default:
      flight_.complete = true;
      state_ = state::done;
    }
  }

  void read_certificate_list(wire::reader& in) {
    const auto context = in.vector(1);
    wire::reader list(in.vector(3));
    if (!in.at_end() || !context.empty())
      return fail("certificate list does not fill its message", "RFC 8446 4.4.2");
    while (list.left() != 0) {
      const auto der = list.vector(3);
      wire::reader extensions(list.vector(2));
      if (list.failed() || der.empty())
        return fail(list.failed() ? "certificate cut short" : "empty certificate", "RFC 8446 4.4.2");
      flight_.chain.emplace_back(der.begin(), der.end());
      read_extensions(extensions);
    }
  }
  void read_extensions(wire::reader& in) {
    while (in.left() != 0 && state_ == state::more) {
      const auto number = in.number(2);
      in.vector(2);
      if (in.failed())
        return fail("extension of a certificate cut short", "RFC 8446 4.4.2");
      flight_.ocsp_stapled = flight_.ocsp_stapled || number == extension::status_request;
    }
  }

  void fail(std::string_view why, std::string_view rfc = {}) {
    if (state_ == state::failed)
      return;
    error_ = {record_at_, why, rfc};
    state_ = state::failed;
  }

  state state_ = state::more;
  flight flight_;
  parse_error error_;
  std::string record_;        // header and content of the record being read
  std::size_t record_at_ = 0; // where it began
  std::string messages_;      // opened and not yet read
  std::size_t next_ = 0;      // place in the order of messages
};

} // namespace postroad::tls
