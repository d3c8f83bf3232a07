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

/// `Talk` is an exchange or a handshake.
template <class Talk>
net::task<std::error_code> send_what_it_wants(asio::ip::tcp::socket& socket, Talk& talk) {
  while (!talk.to_send().empty()) {
    const auto hello = talk.to_send();
    const auto n = ::send(socket.native_handle(), hello.data(), hello.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && !would_block())
      co_return std::error_code(errno, std::system_category());
    talk.sent(n < 0 ? 0 : static_cast<std::size_t>(n));
    if (talk.to_send().empty())
      break;
    const auto ec = co_await socket.async_wait(asio::socket_base::wait_write, net::use_task);
    if (ec)
      co_return ec;
  }
  co_return std::error_code{};
}

/// Hands on what has come, through a buffer on the stack, so that a connection that waits holds none.
template <class Talk>
std::error_code read_what_is_there(int fd, Talk& talk) {
  std::uint8_t bytes[16384]; // most flights in one read
  for (;;) {
    const auto n = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == 0)
      return asio::error::eof;
    if (n < 0)
      return would_block() ? std::error_code{} : std::error_code(errno, std::system_category());
    if (talk.feed({bytes, static_cast<std::size_t>(n)}) != Talk::state::more || !talk.to_send().empty())
      return {};
  }
}

template <class Talk>
net::task<std::error_code> hold(asio::ip::tcp::socket& socket, Talk& talk) {
  while (talk.now() == Talk::state::more) {
    if (!talk.to_send().empty()) {
      const auto unsent = co_await send_what_it_wants(socket, talk);
      if (unsent) {
        // A server may say why and close before it has read our hello: its words still wait.
        read_what_is_there(socket.native_handle(), talk);
        co_return unsent;
      }
    }
    std::error_code ec = co_await socket.async_wait(asio::socket_base::wait_read, net::use_task);
    if (!ec)
      ec = read_what_is_there(socket.native_handle(), talk);
    if (ec)
      co_return ec;
  }
  co_return std::error_code{};
}

/// What a flight that broke no rule amounts to.
POSTROAD_DECL void settle_whole(observation& seen) {
  const bool stands =
      seen.flight.complete; // what comes behind it, as "certificate_required", does not undo it
  if (seen.flight.alert && !stands) {
    seen.what = outcome::tls_error;
  } else if (!seen.flight.objection.empty()) {
    seen.what = outcome::tls_error;
    seen.detail = seen.flight.objection;
  } else if (!seen.flight.chain.empty()) {
    seen.reached = stage::certificate;
  } else if (seen.flight.version != tls_1_3 || seen.flight.complete) {
    seen.what = outcome::tls_error;
    seen.detail = "no certificate was sent";
  }
  if (seen.flight.downgraded && seen.detail.empty())
    seen.detail = "TLS 1.3 was offered and the server knows it, but somebody between took it away";
}

template <class Talk>
observation settled(Talk& talk, outcome ended, std::string why) {
  observation seen;
  const auto state = talk.now();
  const auto error = talk.error();
  seen.flight = talk.take();
  if (state == Talk::state::more) {
    seen.what = ended;
    seen.detail = std::move(why);
  } else if (state == Talk::state::failed) {
    seen.what = outcome::protocol_error;
    seen.detail = std::string(error.why) +
                  (error.offset == std::string::npos ? "" : " at byte " + std::to_string(error.offset));
  } else {
    settle_whole(seen);
  }
  return seen;
}

/// Holds the talk within its time; why no more bytes come, and in which words.
template <class Talk>
net::task<std::pair<outcome, std::string>> hold_in_time(asio::ip::tcp::socket& socket, Talk& talk,
                                                        probe_settings use) {
  net::deadline limit(socket, net::deadline::clock::now() + use.timeout);
  std::pair<outcome, std::string> end{outcome::aborted, {}};
  if (!limit.arm(use.timeout))
    co_return end;
  const auto ec = co_await hold(socket, talk);
  end.first = limit.aborted() ? outcome::aborted : net::outcome_of(ec);
  if (end.first == outcome::send_error)
    end.second = ec.message();
  co_return end;
}

[[nodiscard]] inline std::chrono::microseconds since(net::deadline::clock::time_point started) {
  return std::chrono::duration_cast<std::chrono::microseconds>(net::deadline::clock::now() - started);
}

} // namespace detail

POSTROAD_DECL observation settle(exchange talk, outcome ended, std::string why) {
  return detail::settled(talk, ended, std::move(why));
}
POSTROAD_DECL observation settle(handshake talk, outcome ended, std::string why) {
  auto seen = detail::settled(talk, ended, std::move(why));
  seen.inside.emplace().proven = talk.proven();
  return seen;
}

POSTROAD_DECL net::task<observation> read_flight(asio::ip::tcp::socket& socket, exchange talk,
                                                 probe_settings use) {
  const auto started = net::deadline::clock::now();
  auto end = co_await detail::hold_in_time(socket, talk, use);
  net::close_hard(socket);
  auto seen = settle(std::move(talk), end.first, std::move(end.second));
  seen.elapsed = detail::since(started);
  co_return seen;
}

POSTROAD_DECL net::task<observation> shake_hands(asio::ip::tcp::socket& socket, handshake talk,
                                                 probe_settings use) {
  const auto started = net::deadline::clock::now();
  auto end = co_await detail::hold_in_time(socket, talk, use);
  const bool whole = talk.now() == handshake::state::done;
  if (whole)
    co_await detail::send_what_it_wants(socket, talk); // QUIT and close_notify; nobody waits for 221
  whole ? net::close(socket) : net::close_hard(socket);
  auto seen = settle(std::move(talk), end.first, std::move(end.second));
  seen.elapsed = detail::since(started);
  co_return seen;
}

} // namespace postroad::tls
