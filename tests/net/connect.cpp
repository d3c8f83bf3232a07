#include <postroad/net/connect.hpp>

#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <doctest/doctest.h>

#include <cerrno>

using namespace postroad;

namespace {

// Asio's calls and our own report the same errno in two categories.
std::string_view word(int error) {
  const auto said = to_string(net::outcome_of({error, std::system_category()}));
  CHECK(to_string(net::outcome_of({error, asio::error::get_system_category()})) == said);
  return said;
}

net::task<> dial(asio::ip::tcp::socket& socket, net::endpoint to, std::optional<net::address> source,
                 std::error_code& out) {
  out = co_await net::connect(socket, to, source);
}

std::error_code dialled(net::endpoint to, std::optional<net::address> source, asio::ip::tcp::socket& socket,
                        asio::io_context& io) {
  std::error_code ec;
  net::spawn(dial(socket, to, source, ec));
  io.run();
  return ec;
}

} // namespace

TEST_CASE("errors of the network are words of the study") {
  CHECK(word(0) == "ok");
  CHECK(word(ECONNREFUSED) == "refused");
  CHECK(word(ECONNRESET) == "reset");
  CHECK(word(EPIPE) == "reset");
  CHECK(word(EHOSTUNREACH) == "unreachable");
  CHECK(word(ENETUNREACH) == "unreachable");
  CHECK(word(ETIMEDOUT) == "timeout");
  CHECK(to_string(net::outcome_of(asio::error::eof)) == "closed");
  CHECK(to_string(net::outcome_of(asio::error::operation_aborted)) == "timeout");
}

TEST_CASE("what our side cannot do says nothing about the server") {
  for (const int error : {EMFILE, EADDRNOTAVAIL, EPERM, ENOBUFS})
    CHECK(word(error) == "send_error");
}

TEST_CASE("an IPv6 endpoint keeps its bytes") {
  const auto e = net::to_asio({*net::parse_address("2001:db8::1"), 25});
  CHECK(e.address().to_string() == "2001:db8::1");
  CHECK(e.port() == 25);
}

TEST_CASE("connects from the address that was asked for") {
  asio::io_context io;
  asio::ip::tcp::acceptor door(io, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket socket(io);
  const auto ec = dialled({net::address::v4(0x7f000001), door.local_endpoint().port()},
                          net::parse_address("127.0.0.7"), socket, io);
  CHECK_FALSE(ec);
  CHECK(socket.local_endpoint().address().to_string() == "127.0.0.7");
}

TEST_CASE("a closed port refuses, a source that is not ours cannot be bound") {
  asio::io_context io;
  asio::ip::tcp::socket socket(io), other(io);
  const auto port = [&] {
    asio::ip::tcp::acceptor door(io, {asio::ip::address_v4::loopback(), 0});
    return door.local_endpoint().port();
  }();
  CHECK(dialled({net::address::v4(0x7f000001), port}, std::nullopt, socket, io) ==
        asio::error::connection_refused);
  io.restart();
  CHECK(dialled({net::address::v4(0x7f000001), port}, net::parse_address("192.0.2.1"), other, io) ==
        std::error_code(EADDRNOTAVAIL, asio::error::get_system_category()));
}
