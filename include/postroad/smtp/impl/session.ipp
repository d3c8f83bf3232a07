#pragma once

#include <postroad/smtp/session.hpp>

#include <postroad/net/connect.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/net/use_task.hpp>

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>

#include <sys/socket.h>

namespace postroad::smtp {

namespace detail {

[[nodiscard]] inline std::chrono::milliseconds time_for(patience wait, const session_settings& use) noexcept {
  switch (wait) {
  case patience::banner:
    return use.banner_timeout;
  case patience::reply:
    return use.step_timeout;
  default:
    return use.quit_timeout;
  }
}

/// Tells the dialog why no bytes come any more.
inline void tell_end(dialog& talk, const std::error_code& ec, const net::deadline& limit) {
  if (limit.aborted())
    return talk.aborted();
  const auto why = net::outcome_of(ec);
  talk.ended(why, why == outcome::send_error ? ec.message() : std::string{});
}

/// Reads what is there into a buffer that all connections share (the stack), so that a connection that waits
/// holds none. False when nothing was there.
POSTROAD_DECL bool read_what_is_there(int fd, dialog& talk, std::error_code& ec) {
  char bytes[8192];
  const auto n = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n > 0) {
    talk.feed({bytes, static_cast<std::size_t>(n)});
    return true;
  }
  if (n == 0)
    ec = asio::error::eof;
  else if (errno != EAGAIN && errno != EINTR)
    ec.assign(errno, std::system_category());
  return false;
}

/// A server may say why and close before it has read our command: the write fails, its words still wait.
POSTROAD_DECL void read_last_words(int fd, dialog& talk) {
  constexpr int enough = 4; // reads; a flood is cut off
  std::error_code ec;
  for (int reads = 0; reads < enough && !talk.decided() && read_what_is_there(fd, talk, ec); ++reads) {
  }
}

/// Sends what the socket takes and says how much that was.
POSTROAD_DECL std::size_t send_now(int fd, std::string_view bytes, std::error_code& ec) {
  const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n >= 0)
    return static_cast<std::size_t>(n);
  if (errno != EAGAIN && errno != EINTR)
    ec.assign(errno, std::system_category());
  return 0;
}

POSTROAD_DECL net::task<std::error_code> send_all(asio::ip::tcp::socket& socket, std::string_view bytes) {
  std::error_code ec;
  for (;;) {
    bytes.remove_prefix(send_now(socket.native_handle(), bytes, ec));
    if (ec || bytes.empty())
      co_return ec;
    ec = co_await socket.async_wait(asio::socket_base::wait_write, net::use_task);
    if (ec)
      co_return ec;
  }
}

POSTROAD_DECL net::task<> say(asio::ip::tcp::socket& socket, std::string_view bytes, dialog& talk,
                              net::deadline& limit) {
  const auto ec = co_await send_all(socket, bytes);
  if (!ec)
    co_return;
  read_last_words(socket.native_handle(), talk);
  tell_end(talk, ec, limit);
}

POSTROAD_DECL net::task<> hear(asio::ip::tcp::socket& socket, dialog& talk, net::deadline& limit) {
  if (limit.expired()) // the last bytes came as the time ran out, and were no whole reply
    co_return talk.timed_out();
  std::error_code ec = co_await socket.async_wait(asio::socket_base::wait_read, net::use_task);
  if (!ec && read_what_is_there(socket.native_handle(), talk, ec))
    co_return;
  if (ec)
    tell_end(talk, ec, limit);
}

struct ending {
  parting how = parting::close;
  net::deadline::clock::time_point settled{}; ///< when the outcome stood
};

/// Does what the dialog wants until it wants to hang up.
POSTROAD_DECL net::task<ending> hold(asio::ip::tcp::socket& socket, const session_settings& use, dialog& talk,
                                     net::deadline& limit) {
  ending end;
  std::optional<patience> armed; // for a reply as a whole: a server that drips wins no time by it
  auto todo = talk.next();
  for (; todo.what != act::hang_up; todo = talk.next()) {
    const auto wait = todo.what == act::send ? patience::reply : todo.wait;
    if (todo.what == act::send || armed != wait) {
      armed = wait;
      if (!limit.arm(time_for(wait, use))) {
        talk.aborted();
        break;
      }
    }
    if (todo.what == act::send)
      co_await say(socket, todo.bytes, talk, limit);
    else
      co_await hear(socket, talk, limit);
    if (talk.decided() && end.settled == net::deadline::clock::time_point{})
      end.settled = net::deadline::clock::now();
  }
  end.how = talk.next().how;
  co_return end;
}

POSTROAD_DECL net::task<std::error_code> dial(asio::ip::tcp::socket& socket, net::endpoint to,
                                              const session_settings& use, dialog& talk,
                                              net::deadline& limit) {
  if (!limit.arm(use.connect_timeout)) {
    talk.not_connected(outcome::aborted);
    co_return asio::error::operation_aborted;
  }
  const auto ec = co_await net::connect(socket, to, use.source);
  if (ec) {
    const auto why = limit.aborted() ? outcome::aborted : net::outcome_of(ec);
    talk.not_connected(why, why == outcome::send_error ? ec.message() : std::string{});
  }
  co_return ec;
}

} // namespace detail

POSTROAD_DECL net::task<grab> converse(asio::ip::tcp::socket& socket, net::endpoint to,
                                       const session_settings& use, after_220 then) {
  using clock = net::deadline::clock;
  const auto started = clock::now();
  net::deadline limit(socket, started + use.timeout);
  dialog talk({use.ehlo_name, use.starttls});
  detail::ending end;
  if (!co_await detail::dial(socket, to, use, talk, limit))
    end = co_await detail::hold(socket, use, talk, limit);
  const auto now = clock::now();
  if (end.how == parting::close)
    net::close(socket);
  else if (end.how == parting::reset || then == after_220::hang_up)
    net::close_hard(socket);
  grab got = talk.take();
  const auto settled = end.settled == clock::time_point{} ? now : end.settled;
  got.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(settled - started);
  co_return got;
}

} // namespace postroad::smtp
