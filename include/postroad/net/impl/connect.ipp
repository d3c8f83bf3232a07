#pragma once

#include <postroad/net/connect.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/error.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <netinet/in.h>
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

namespace detail {

[[nodiscard]] inline std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

/// Dissolves the association: RST to a peer that is there, and nothing left of it in the socket.
[[nodiscard]] inline bool dissolve(int fd) noexcept {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  if (::connect(fd, &none, sizeof none) != 0)
    return false;
  int error = 0; // "reset", by ourselves: whoever reads first would be told
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0;
}

/// The family of a socket that is bound to nothing; AF_UNSPEC of one that stays bound to its --source.
[[nodiscard]] inline int unbound_family(int fd) noexcept {
  sockaddr_in6 here{}; // room for either
  socklen_t size = sizeof here;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) != 0)
    return AF_UNSPEC;
  if (here.sin6_family == AF_INET6)
    return IN6_IS_ADDR_UNSPECIFIED(&here.sin6_addr) ? AF_INET6 : AF_UNSPEC;
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(here);
  return here.sin6_family == AF_INET && v4.sin_addr.s_addr == INADDR_ANY ? AF_INET : AF_UNSPEC;
}

POSTROAD_DECL bool spare_sockets::keep(asio::ip::tcp::socket& socket) noexcept {
  const int fd = socket.native_handle();
  const int family = dissolve(fd) ? unbound_family(fd) : AF_UNSPEC;
  if (family == AF_UNSPEC)
    return false;
  auto& spare = spare_[family == AF_INET6];
  if (spare.capacity() == 0)
    spare.reserve(most);
  if (spare.size() == most)
    return false;
  spare.push_back(std::move(socket));
  return true;
}

POSTROAD_DECL bool spare_sockets::take(asio::ip::tcp::socket& socket, bool v6) noexcept {
  auto& spare = spare_[v6];
  if (spare.empty())
    return false;
  socket = std::move(spare.back());
  spare.pop_back();
  return true;
}

/// Opens `socket` for a connection from `source`, or makes it one that served before.
POSTROAD_DECL std::error_code open(asio::ip::tcp::socket& socket, const asio::ip::tcp& protocol,
                                   const std::optional<address>& source) {
  std::error_code ec;
  auto& spare = asio::use_service<spare_sockets>(socket.get_executor().context());
  if (!source && spare.take(socket, protocol == asio::ip::tcp::v6()))
    return ec;
  socket.open(protocol, ec);
  if (!ec && source)
    socket.bind(to_asio({*source, 0}), ec);
  return ec;
}

} // namespace detail

POSTROAD_DECL task<std::error_code> connect(asio::ip::tcp::socket& socket, endpoint to,
                                            std::optional<address> source) {
  const auto peer = to_asio(to);
  if (const auto ec = detail::open(socket, peer.protocol(), source))
    co_return ec;
  co_return co_await socket.async_connect(peer, use_task);
}

// Asio opens the socket, because one that was assigned to it is taken off epoll by hand when it closes.
POSTROAD_DECL std::error_code start_connect(asio::ip::tcp::socket& socket, const endpoint& to,
                                            const std::optional<address>& source) {
  const auto peer = to_asio(to);
  auto ec = detail::open(socket, peer.protocol(), source);
  if (!ec && !socket.native_non_blocking())
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
  if (socket.is_open() &&
      asio::use_service<detail::spare_sockets>(socket.get_executor().context()).keep(socket))
    return;
  std::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

POSTROAD_DECL void close(asio::ip::tcp::socket& socket) noexcept {
  std::error_code ignored;
  socket.close(ignored);
}

} // namespace postroad::net
