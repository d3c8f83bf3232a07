#pragma once

#include <postroad/tls/probe.hpp>

#include <postroad/net/connect.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/error.hpp>

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace postroad::tls {

namespace detail {

[[nodiscard]] inline bool would_block() noexcept {
  return errno == EAGAIN || errno == EINTR;
}

POSTROAD_DECL net::task<std::error_code> send_hello(asio::ip::tcp::socket& socket, std::string_view hello) {
  for (;;) {
    const auto n = ::send(socket.native_handle(), hello.data(), hello.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && !would_block())
      co_return std::error_code(errno, std::system_category());
    hello.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
    if (hello.empty())
      co_return std::error_code{};
    const auto ec = co_await socket.async_wait(asio::socket_base::wait_write, net::use_task);
    if (ec)
      co_return ec;
  }
}

/// Hands on what has come, through a buffer on the stack, so that a connection that waits holds none.
POSTROAD_DECL std::error_code read_what_is_there(int fd, flight_reader& reader) {
  std::uint8_t bytes[16384]; // most flights in one read
  for (;;) {
    const auto n = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == 0)
      return asio::error::eof;
    if (n < 0)
      return would_block() ? std::error_code{} : std::error_code(errno, std::system_category());
    if (reader.feed({bytes, static_cast<std::size_t>(n)}) != flight_reader::state::more)
      return {};
  }
}

POSTROAD_DECL net::task<std::error_code> exchange(asio::ip::tcp::socket& socket, std::string_view hello,
                                                  flight_reader& reader) {
  const auto unsent = co_await send_hello(socket, hello);
  if (unsent) {
    // A server may say why and close before it has read our hello: its words still wait.
    read_what_is_there(socket.native_handle(), reader);
    co_return unsent;
  }
  while (reader.now() == flight_reader::state::more) {
    std::error_code ec = co_await socket.async_wait(asio::socket_base::wait_read, net::use_task);
    if (!ec)
      ec = read_what_is_there(socket.native_handle(), reader);
    if (ec)
      co_return ec;
  }
  co_return std::error_code{};
}

} // namespace detail

POSTROAD_DECL observation settle(flight_reader reader, outcome ended, std::string why) {
  observation seen;
  const auto state = reader.now();
  const auto error = reader.error();
  seen.flight = reader.take();
  if (state == flight_reader::state::more) {
    seen.what = ended;
    seen.detail = std::move(why);
  } else if (state == flight_reader::state::failed) {
    seen.what = outcome::protocol_error;
    seen.detail = std::string(error.why) + " at byte " + std::to_string(error.offset);
  } else if (seen.flight.alert) {
    seen.what = outcome::tls_error;
  } else if (!seen.flight.chain.empty()) {
    seen.reached = stage::certificate;
  } else if (seen.flight.version != tls_1_3) {
    seen.what = outcome::tls_error;
    seen.detail = "no certificate was sent";
  }
  return seen;
}

POSTROAD_DECL net::task<observation> read_flight(asio::ip::tcp::socket& socket, std::string hello,
                                                 probe_settings use) {
  using clock = net::deadline::clock;
  const auto started = clock::now();
  flight_reader reader(offered_version(hello));
  net::deadline limit(socket, started + use.timeout);
  auto ended = outcome::aborted;
  std::string why;
  if (limit.arm(use.timeout)) {
    const auto ec = co_await detail::exchange(socket, hello, reader);
    ended = limit.aborted() ? outcome::aborted : net::outcome_of(ec);
    if (ended == outcome::send_error)
      why = ec.message();
  }
  net::close_hard(socket);
  auto seen = settle(std::move(reader), ended, std::move(why));
  seen.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - started);
  co_return seen;
}

} // namespace postroad::tls
