/// Opening a TCP connection, and what its end means in the words of the study.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>

#include <asio/ip/tcp.hpp>

#include <optional>
#include <system_error>

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
/// `socket` must not be open; it is left open on failure.
[[nodiscard]] POSTROAD_DECL std::error_code start_connect(asio::ip::tcp::socket& socket, const endpoint& to,
                                                          const std::optional<address>& source);
/// Is the connection made, and not lost again?
[[nodiscard]] POSTROAD_DECL bool is_connected(asio::ip::tcp::socket& socket) noexcept;

/// Closes without a trace: pending bytes are dropped and the peer gets a RST, so no port stays in TIME_WAIT.
POSTROAD_DECL void close_hard(asio::ip::tcp::socket& socket) noexcept;
POSTROAD_DECL void close(asio::ip::tcp::socket& socket) noexcept;

} // namespace postroad::net

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/net/impl/connect.ipp>
#endif
