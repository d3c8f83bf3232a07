/// One TLS probe as a state machine that touches no socket: hello out, the server's flight in, up to TLS 1.3
/// with a second hello where the server asks for one. RFC 5246 7.3, RFC 8446 2.
#pragma once

#include <postroad/config.hpp>
#include <postroad/result.hpp>
#include <postroad/tls/encrypted_flight.hpp>
#include <postroad/tls/flight.hpp>
#include <postroad/tls/hello.hpp>
#include <postroad/tls/key_schedule.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postroad::tls {

/// Send to_send(), feed() what comes, look at to_send() again, until the state is not `more`.
///
/// With a key_pool a TLS 1.3 flight is opened and read up to Finished. It ends at the ServerHello when there
/// is none, and at a HelloRetryRequest for a group that we have no key for: `flight.complete` is then false,
/// version, suite and group are known. The pool must outlive the exchange.
///
/// Example: `exchange talk(modern, "mx.example.org", random, keys); send(talk.to_send()); while
/// (talk.feed(receive()) == exchange::state::more) if (!talk.to_send().empty()) send(talk.to_send());`
class exchange {
public:
  using state = flight_reader::state;
  using bytes = std::span<const std::uint8_t>;

  /// A hello as it is; what a TLS 1.3 server encrypts stays closed.
  POSTROAD_DECL exchange(std::string hello);
  POSTROAD_DECL exchange(const hello_profile& profile, std::string_view sni,
                         std::array<std::uint8_t, 32> random, key_pool& keys);

  /// What has to go out before the server says more; empty when nothing has.
  [[nodiscard]] std::string_view to_send() const { return std::string_view(out_).substr(sent_); }
  void sent(std::size_t count) { sent_ += count; }

  POSTROAD_DECL state feed(bytes in);

  [[nodiscard]] state now() const { return state_; }
  [[nodiscard]] const parse_error& error() const { return error_; }
  /// What was understood so far.
  [[nodiscard]] POSTROAD_DECL flight take();

private:
  state take_state(state now, const parse_error& error);
  void go_on();
  void object();
  void answer_retry();
  void start_opening();
  void fail(std::string_view why, std::string_view rfc);
  [[nodiscard]] bool offers_group(std::uint16_t group) const;
  [[nodiscard]] bool sent_share_of(std::uint16_t group) const;

  const hello_profile* profile_ = nullptr;
  key_pool* keys_ = nullptr;
  std::string sni_;
  std::array<std::uint8_t, 32> random_{};
  std::string out_;
  std::size_t sent_ = 0;
  std::uint16_t retried_suite_ = 0; // 0: no HelloRetryRequest so far
  std::uint16_t retried_group_ = 0; // 0: it asked for no other group
  std::string transcript_;          // handshake messages up to the last ServerHello
  flight_reader clear_;
  std::optional<encrypted_reader> sealed_;
  std::optional<server_keys> opener_;
  std::string_view objection_;
  state state_ = state::more;
  parse_error error_;
};

} // namespace postroad::tls

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/tls/impl/exchange.ipp>
#endif
