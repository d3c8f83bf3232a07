#pragma once

#include <postroad/smtp/session.hpp>

#include <postroad/net/connect.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/buffer.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <tuple>

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

/// Sends what the socket takes and leaves the rest in `bytes`.
POSTROAD_DECL std::error_code send_now(int fd, std::string_view& bytes) {
  const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n >= 0)
    bytes.remove_prefix(static_cast<std::size_t>(n));
  else if (errno != EAGAIN && errno != EINTR)
    return {errno, std::system_category()};
  return {};
}

/// What a connection waits with. Reading into it, where waiting to be readable would do, saves the event loop
/// a system call for each reply; most replies fit.
using first_bytes = std::array<char, 1024>;

/// Feeds the dialog with `n` bytes that came, and with what waits behind them.
POSTROAD_DECL void take_in(asio::ip::tcp::socket& socket, const first_bytes& came, std::size_t n,
                           std::error_code ec, dialog& talk, const net::deadline& limit) {
  if (n > 0)
    talk.feed({came.data(), n});
  if (!ec && n == came.size())
    read_what_is_there(socket.native_handle(), talk, ec);
  if (ec)
    tell_end(talk, ec, limit);
}

/// Did the connection fail to come about? Before our first byte only a RST and a FIN end a connection that
/// stood, and a RST in answer to a SYN reads "refused".
[[nodiscard]] inline bool never_stood(const std::error_code& ec) noexcept {
  return net::outcome_of(ec) != outcome::reset && ec != asio::error::eof;
}

POSTROAD_DECL void not_connected(dialog& talk, const std::error_code& ec, const net::deadline& limit) {
  const auto why = limit.aborted() ? outcome::aborted : net::outcome_of(ec);
  talk.not_connected(why, why == outcome::send_error ? ec.message() : std::string{});
}

/// Connects and waits for the first bytes of the banner in one. Afterwards the dialog has heard something, or
/// knows why not.
POSTROAD_DECL net::task<> dial(asio::ip::tcp::socket& socket, net::endpoint to, const session_settings& use,
                               first_bytes& buffer, dialog& talk, net::deadline& limit) {
  using namespace std::chrono;
  const auto began = net::deadline::clock::now();
  auto left = std::min(use.connect_timeout, use.banner_timeout);
  std::error_code ec = asio::error::operation_aborted;
  if (limit.arm(left))
    ec = net::start_connect(socket, to, use.source);
  if (ec)
    co_return not_connected(talk, ec, limit);
  for (;;) {
    const auto [failed, n] = co_await socket.async_receive(asio::buffer(buffer), net::use_task);
    ec = failed;
    if (n > 0)
      co_return take_in(socket, buffer, n, ec, talk, limit);
    const bool stands = limit.expired() || limit.aborted() ? net::is_connected(socket) : !never_stood(ec);
    left = (stands ? use.banner_timeout : use.connect_timeout) -
           duration_cast<milliseconds>(net::deadline::clock::now() - began);
    const bool over = left <= milliseconds(0) || limit.exhausted();
    if (ec != asio::error::operation_aborted || over || !limit.arm(left))
      co_return stands ? tell_end(talk, ec, limit) : not_connected(talk, ec, limit);
  }
}

struct ending {
  parting how = parting::close;
  net::deadline::clock::time_point settled{}; ///< when the outcome stood
};

/// Does what the dialog wants until it wants to hang up.
POSTROAD_DECL net::task<ending> hold(asio::ip::tcp::socket& socket, const session_settings& use,
                                     first_bytes& buffer, dialog& talk, net::deadline& limit) {
  ending end;
  std::optional<patience> armed; // for a reply as a whole: a server that drips wins no time by it
  for (auto todo = talk.next(); todo.what != act::hang_up; todo = talk.next()) {
    const auto wait = todo.what == act::send ? patience::reply : todo.wait;
    if (todo.what == act::send || armed != wait) {
      armed = wait;
      if (!limit.arm(time_for(wait, use))) {
        talk.aborted();
        continue;
      }
    }
    std::error_code ec;
    if (todo.what == act::receive) {
      std::size_t n = 0;
      if (limit.expired()) // the last bytes came just as the time ran out, and were no whole reply
        ec = asio::error::operation_aborted;
      else
        std::tie(ec, n) = co_await socket.async_receive(asio::buffer(buffer), net::use_task);
      take_in(socket, buffer, n, ec, talk, limit);
    } else {
      ec = send_now(socket.native_handle(), todo.bytes);
      while (!ec && !todo.bytes.empty()) {
        ec = co_await socket.async_wait(asio::socket_base::wait_write, net::use_task);
        if (!ec)
          ec = send_now(socket.native_handle(), todo.bytes);
      }
      if (ec) {
        read_last_words(socket.native_handle(), talk);
        tell_end(talk, ec, limit);
      }
    }
    if (talk.decided() && end.settled == net::deadline::clock::time_point{})
      end.settled = net::deadline::clock::now();
  }
  end.how = talk.next().how;
  co_return end;
}

} // namespace detail

POSTROAD_DECL net::task<grab> converse(asio::ip::tcp::socket& socket, net::endpoint to,
                                       const session_settings& use, after_220 then) {
  using clock = net::deadline::clock;
  const auto started = clock::now();
  net::deadline limit(socket, started + use.timeout);
  dialog talk({use.ehlo_name, use.starttls, use.controls});
  detail::first_bytes buffer;
  co_await detail::dial(socket, to, use, buffer, talk, limit);
  const auto end = co_await detail::hold(socket, use, buffer, talk, limit);
  if (end.how == parting::close)
    net::close(socket);
  else if (end.how == parting::reset || then == after_220::hang_up)
    net::close_hard(socket);
  grab got = talk.take();
  const auto settled = end.settled == clock::time_point{} ? clock::now() : end.settled;
  got.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(settled - started);
  co_return got;
}

} // namespace postroad::smtp
