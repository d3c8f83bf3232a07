/// The SMTP dialog over a socket.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>
#include <postroad/smtp/dialog.hpp>

#include <asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postroad::smtp {

/// Bounds in time for one server. RFC 5321 4.5.3.2 grants five minutes a step, which no scan can; these were
/// chosen so that greet pauses of 30 s, the longest in common use, still end in a banner.
struct session_settings {
  std::string ehlo_name;
  std::chrono::milliseconds timeout{60'000}; ///< the whole connection
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds banner_timeout{40'000};
  std::chrono::milliseconds step_timeout{20'000}; ///< a whole reply, however it drips
  std::chrono::milliseconds quit_timeout{1'000};  ///< for the 221 that nothing depends on
  std::optional<net::address> source;             ///< to bind to
  bool starttls = true;                           ///< say STARTTLS at all
  std::vector<std::string> controls;              ///< further verbs, see dialog_settings
};

enum class after_220 : std::uint8_t {
  hang_up,
  keep_open, ///< the socket stays open, the next byte on it is TLS
};

/// Connects `socket` (not open yet) to `to`, holds the dialog, and hangs up: with QUIT, or with a RST after a
/// 220, which allows nothing but TLS, and after failures, so that no port waits in TIME_WAIT.
///
/// With keep_open and a 220 the socket is left open instead, positioned right behind the reply but for
/// `grab::surplus`, which was read already. `socket.is_open()` tells. Never throws for what the network did;
/// net::abort_all() ends it as outcome::aborted. `socket` and `use` must outlive the task; everything runs on
/// the io_context's one thread.
///
/// Example: `const grab got = co_await converse(socket, {ip, 25}, use);`
[[nodiscard]] POSTROAD_DECL net::task<grab> converse(asio::ip::tcp::socket& socket, net::endpoint to,
                                                     const session_settings& use,
                                                     after_220 then = after_220::hang_up);

} // namespace postroad::smtp

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/smtp/impl/session.ipp>
#endif
