#include "dns_server.hpp"

#include "dns_wire.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace world {

namespace {

using asio::ip::tcp;
using asio::ip::udp;

/// The bytes to send back, or nothing where the world keeps silent.
std::optional<std::vector<std::uint8_t>> reply_to(std::span<const std::uint8_t> message, bool over_tcp,
                                                  const zone& names, contacts& seen) {
  const auto asked = read_question(message);
  if (!asked)
    return std::nullopt;
  answer found;
  if (asked->complaint == rcode::noerror) {
    seen.question(asked->name, static_cast<std::uint16_t>(asked->type), over_tcp);
    found = names.look_up(asked->name, asked->type);
  }
  if (found.silence)
    return std::nullopt;
  return write_answer(*asked, found, over_tcp ? 65535 : std::min<std::size_t>(asked->udp_size, 4096));
}

/// One TCP client: any number of questions, each with its length in front (RFC 7766). Ten idle seconds end
/// it.
asio::awaitable<void> serve_stream(tcp::socket taken, const zone& names, contacts& seen) {
  const auto socket = std::make_shared<tcp::socket>(std::move(taken));
  asio::steady_timer idle(socket->get_executor());
  asio::error_code error;
  std::vector<std::uint8_t> message;
  while (!error) {
    idle.expires_after(std::chrono::seconds(10));
    idle.async_wait([socket](const asio::error_code& cancelled) {
      asio::error_code ignored;
      if (!cancelled)
        socket->close(ignored);
    });
    std::array<std::uint8_t, 2> length{};
    co_await asio::async_read(*socket, asio::buffer(length),
                              asio::redirect_error(asio::use_awaitable, error));
    if (error)
      break;
    message.resize(static_cast<std::size_t>(length[0] << 8 | length[1]));
    co_await asio::async_read(*socket, asio::buffer(message),
                              asio::redirect_error(asio::use_awaitable, error));
    if (error)
      break;
    auto reply = reply_to(message, true, names, seen);
    if (!reply)
      continue;
    const auto size = reply->size();
    reply->insert(reply->begin(), {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
    co_await asio::async_write(*socket, asio::buffer(*reply),
                               asio::redirect_error(asio::use_awaitable, error));
  }
}

asio::awaitable<void> accept_streams(tcp::acceptor& from, const zone& names, contacts& seen) {
  while (from.is_open()) {
    asio::error_code error;
    tcp::socket socket = co_await from.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!error)
      asio::co_spawn(from.get_executor(), serve_stream(std::move(socket), names, seen), asio::detached);
  }
}

} // namespace

dns_server::dns_server(asio::io_context& on, const asio::ip::address& at, const zone& names, contacts& seen)
    : names_(names), seen_(seen), datagrams_(on, udp::endpoint(at, 53)), streams_(on, tcp::endpoint(at, 53)) {
  datagrams_.non_blocking(true);
  // A burst of a bulk client must not be lost here: its losses would be ours, not the network's.
  const int room = 16 << 20;
  if (setsockopt(datagrams_.native_handle(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
    setsockopt(datagrams_.native_handle(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  await_datagrams();
  asio::co_spawn(on, accept_streams(streams_, names_, seen_), asio::detached);
}

stream_server::stream_server(asio::io_context& on, const asio::ip::address& at, const zone& names,
                             contacts& seen)
    : streams_(on, tcp::endpoint(at, 53)) {
  asio::co_spawn(on, accept_streams(streams_, names, seen), asio::detached);
}

void dns_server::await_datagrams() {
  datagrams_.async_wait(udp::socket::wait_read, [this](const asio::error_code& error) {
    if (error)
      return;
    answer_datagrams();
    await_datagrams();
  });
}

void dns_server::answer_datagrams() {
  constexpr int most_per_turn = 256; // so that TCP clients get their turn as well
  for (int i = 0; i < most_per_turn; ++i) {
    asio::error_code error;
    udp::endpoint client;
    const std::size_t size = datagrams_.receive_from(asio::buffer(buffer_), client, 0, error);
    if (error)
      return;
    if (const auto reply = reply_to(std::span(buffer_).first(size), false, names_, seen_))
      datagrams_.send_to(asio::buffer(*reply), client, 0, error);
  }
}

} // namespace world
