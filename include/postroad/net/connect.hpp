/// Opening a TCP connection, and what its end means in the words of the study.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>

#include <asio/execution_context.hpp>
#include <asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <system_error>
#include <vector>

namespace postroad::net {

/// The outcome that an error of a socket call means.
///
/// A time-out of the kernel's own is `timeout`. What our side of the wire could not do (no port, no file
/// descriptor, not permitted) is `send_error`: it says nothing about the server. operation_aborted is
/// `timeout` too, because a deadline cancels; who was aborted by the user knows it from its deadline.
[[nodiscard]] POSTROAD_DECL outcome outcome_of(const std::error_code& ec) noexcept;

[[nodiscard]] POSTROAD_DECL asio::ip::tcp::endpoint to_asio(const endpoint& e);

/// Opens `socket`, binds it to `source` when there is one, and connects. The socket must outlive the task and
/// is left open on failure. Waits without a bound of its own: put a net::deadline on the socket.
[[nodiscard]] POSTROAD_DECL task<std::error_code> connect(asio::ip::tcp::socket& socket, endpoint to,
                                                          std::optional<address> source);

/// Begins to connect and does not wait: for protocols in which the server speaks first, whose readiness to be
/// read then tells of the connection and of its first bytes at once, which saves a turn of the event loop.
/// `socket` must not be open; it is left open on failure. An event of a connection that hung up may still
/// wake the first wait on it: then nothing can be read yet, and Asio waits on.
[[nodiscard]] POSTROAD_DECL std::error_code start_connect(asio::ip::tcp::socket& socket, const endpoint& to,
                                                          const std::optional<address>& source);
/// Is the connection made, and not lost again?
[[nodiscard]] POSTROAD_DECL bool is_connected(asio::ip::tcp::socket& socket) noexcept;

/// Hangs up without a trace: pending bytes are dropped and the peer gets a RST, so no port stays in
/// TIME_WAIT. `socket` is not open afterwards. What the kernel knows under its number may serve the next
/// connection of the same io_context: to dissolve an association and make another (connect(2), AF_UNSPEC)
/// costs a fifth less than to close a socket, make one and tell epoll of both.
POSTROAD_DECL void close_hard(asio::ip::tcp::socket& socket) noexcept;
/// Hangs up as TCP would have it: what was sent is delivered, then comes a FIN.
POSTROAD_DECL void close(asio::ip::tcp::socket& socket) noexcept;

namespace detail {

/// The sockets of one io_context that have hung up and may be connected anew, the youngest first.
class spare_sockets : public asio::execution_context::service {
public:
  using key_type = spare_sockets;
  inline static asio::execution_context::id id;
  static constexpr std::size_t most = 128; // as many as can hang up in one turn of Asio's event loop

  explicit spare_sockets(asio::execution_context& owner) : service(owner) {}
  /// False when it was no use: it is left as it is.
  POSTROAD_DECL bool keep(asio::ip::tcp::socket& socket) noexcept;
  /// False when there is none of that family.
  POSTROAD_DECL bool take(asio::ip::tcp::socket& socket, bool v6) noexcept;

private:
  void shutdown() override {
    for (auto& spare : spare_)
      spare.clear();
  }
  std::array<std::vector<asio::ip::tcp::socket>, 2> spare_; ///< IPv4, IPv6
};

} // namespace detail

} // namespace postroad::net

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/net/impl/connect.ipp>
#endif
