/// The world's one DNS server: UDP and TCP, port 53, for every name there is.
#pragma once

#include "contacts.hpp"
#include "zone.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>

#include <array>
#include <cstdint>

namespace world {

/// Answers until its io_context is stopped. Zone and contacts outlive it.
class dns_server {
public:
  /// Binds at once; throws std::system_error when it cannot.
  dns_server(asio::io_context& on, const asio::ip::address& at, const zone& names, contacts& seen);

private:
  void await_datagrams();
  void answer_datagrams();

  const zone& names_;
  contacts& seen_;
  asio::ip::udp::socket datagrams_;
  asio::ip::tcp::acceptor streams_;
  std::array<std::uint8_t, 4096> buffer_{};
};

/// Answers questions over TCP alone.
class stream_server {
public:
  stream_server(asio::io_context& on, const asio::ip::address& at, const zone& names, contacts& seen);

private:
  asio::ip::tcp::acceptor streams_;
};

} // namespace world
