#pragma once

#include <postroad/net/connect.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/error.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/socket.h>

namespace postroad::net {

POSTROAD_DECL outcome outcome_of(const std::error_code& ec) noexcept {
  if (!ec)
    return outcome::ok;
  if (ec == asio::error::eof)
    return outcome::closed;
  if (ec == asio::error::operation_aborted)
    return outcome::timeout;
  const auto& kind = ec.category(); // Asio's system category is its own, with errno values in it
  if (kind != asio::error::get_system_category() && kind != std::system_category())
    return outcome::send_error;
  switch (ec.value()) {
  case ECONNREFUSED:
    return outcome::refused;
  case ECONNRESET:
  case EPIPE: // we wrote after their RST
  case ECONNABORTED:
    return outcome::reset;
  case EHOSTUNREACH: // ICMP host unreachable and prohibited
  case ENETUNREACH:
  case EHOSTDOWN:
  case ENOPROTOOPT: // ICMP protocol unreachable
    return outcome::unreachable;
  case ETIMEDOUT:
    return outcome::timeout;
  default:
    return outcome::send_error;
  }
}

POSTROAD_DECL asio::ip::tcp::endpoint to_asio(const endpoint& e) {
  if (!e.ip.v6)
    return {asio::ip::address_v4(e.ip.to_v4()), e.port};
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), e.ip.bytes.data(), bytes.size());
  return {asio::ip::address_v6(bytes), e.port};
}

POSTROAD_DECL task<std::error_code> connect(asio::ip::tcp::socket& socket, endpoint to,
                                            std::optional<address> source) {
  const auto peer = to_asio(to);
  std::error_code ec;
  socket.open(peer.protocol(), ec);
  if (!ec && source)
    socket.bind(to_asio({*source, 0}), ec);
  if (ec)
    co_return ec;
  co_return co_await socket.async_connect(peer, use_task);
}

namespace detail {

[[nodiscard]] inline std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

} // namespace detail

// Asio opens the socket, because one that was assigned to it is taken off epoll by hand when it closes.
POSTROAD_DECL std::error_code start_connect(asio::ip::tcp::socket& socket, const endpoint& to,
                                            const std::optional<address>& source) {
  const auto peer = to_asio(to);
  std::error_code ec;
  socket.open(peer.protocol(), ec);
  if (!ec && source)
    socket.bind(to_asio({*source, 0}), ec);
  if (!ec)
    socket.native_non_blocking(true, ec);
  if (ec)
    return ec;
  if (::connect(socket.native_handle(), peer.data(), static_cast<socklen_t>(peer.size())) != 0 &&
      errno != EINPROGRESS)
    return detail::last_error();
  return {};
}

POSTROAD_DECL bool is_connected(asio::ip::tcp::socket& socket) noexcept {
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  return ::getpeername(socket.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

POSTROAD_DECL void close_hard(asio::ip::tcp::socket& socket) noexcept {
  std::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

POSTROAD_DECL void close(asio::ip::tcp::socket& socket) noexcept {
  std::error_code ignored;
  socket.close(ignored);
}

} // namespace postroad::net
