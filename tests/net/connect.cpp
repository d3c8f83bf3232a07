#include <postroad/net/connect.hpp>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

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

namespace {

/// A server with one door, and a caller on the same io_context.
struct street {
  asio::io_context io;
  asio::ip::tcp::acceptor door;
  explicit street(const asio::ip::address& at = asio::ip::address_v4::loopback()) : door(io, {at, 0}) {}

  [[nodiscard]] net::endpoint address() const {
    const auto port = door.local_endpoint().port();
    return {*net::parse_address(door.local_endpoint().address().to_string()), port};
  }
  void call(asio::ip::tcp::socket& socket, std::optional<net::address> source = {}) {
    io.restart();
    REQUIRE_FALSE(dialled(address(), source, socket, io));
  }
  /// The first byte that the server sends is what the caller reads first.
  void greet(asio::ip::tcp::socket& there, asio::ip::tcp::socket& here, char word) {
    asio::write(there, asio::buffer(&word, 1));
    char heard = 0;
    std::error_code ec;
    asio::read(here, asio::buffer(&heard, 1), ec);
    CHECK_FALSE(ec);
    CHECK(heard == word);
  }
};

std::error_code how_it_ended(asio::ip::tcp::socket& there) {
  char byte = 0;
  std::error_code ec;
  asio::read(there, asio::buffer(&byte, 1), ec);
  return ec;
}

} // namespace

TEST_CASE("who hangs up hard resets, and the socket serves the next call as a fresh one would") {
  street to;
  int number = -1;
  for (const char word : std::string("abc")) {
    asio::ip::tcp::socket here(to.io);
    to.call(here);
    auto there = to.door.accept();
    CHECK((number == -1 || here.native_handle() == number));
    number = here.native_handle();
    to.greet(there, here, word);
    asio::write(there, asio::buffer("unread", 6)); // is not there for the next
    net::close_hard(here);
    CHECK_FALSE(here.is_open());
    CHECK(how_it_ended(there) == asio::error::connection_reset);
  }
}

TEST_CASE("a call that was refused, or had been hung up by the other side, leaves nothing behind") {
  street to;
  asio::ip::tcp::socket here(to.io);
  const auto closed = net::endpoint{to.address().ip, 1};
  CHECK(dialled(closed, std::nullopt, here, to.io) == asio::error::connection_refused);
  net::close_hard(here);
  to.call(here);
  to.door.accept().close();
  CHECK(how_it_ended(here) == asio::error::eof);
  net::close_hard(here);
  to.call(here);
  auto there = to.door.accept();
  to.greet(there, here, 'x');
}

TEST_CASE("start_connect: the first wait sees the next server, not the last") {
  street to;
  for (int round = 0; round < 3; ++round) {
    asio::ip::tcp::socket here(to.io);
    REQUIRE_FALSE(net::start_connect(here, to.address(), std::nullopt));
    char heard = 0;
    std::error_code ended = asio::error::would_block;
    here.async_receive(asio::buffer(&heard, 1), [&](const std::error_code& ec, std::size_t) { ended = ec; });
    to.io.restart();
    to.io.run_for(std::chrono::milliseconds(20)); // an event of the last connection would end it now
    CHECK(ended == asio::error::would_block);
    auto there = to.door.accept();
    asio::write(there, asio::buffer("z", 1));
    to.io.run();
    CHECK_FALSE(ended);
    CHECK(heard == 'z');
    net::close_hard(here);
  }
}

TEST_CASE("a socket that was bound to a source serves no call from elsewhere") {
  street to;
  asio::ip::tcp::socket first(to.io), second(to.io);
  to.call(first, net::parse_address("127.0.0.7"));
  net::close_hard(first);
  to.call(second);
  CHECK(second.local_endpoint().address().to_string() == "127.0.0.1");
  net::close_hard(second);
  to.call(first, net::parse_address("127.0.0.8"));
  CHECK(first.local_endpoint().address().to_string() == "127.0.0.8");
}

TEST_CASE("the families have sockets of their own") {
  street v4, v6(asio::ip::address_v6::loopback());
  asio::ip::tcp::socket here(v4.io);
  v4.call(here);
  net::close_hard(here);
  CHECK_FALSE(dialled(v6.address(), std::nullopt, here, v4.io));
  net::close_hard(here);
  v4.call(here);
  auto there = v4.door.accept(); // of the first call: reset
  there = v4.door.accept();
  v4.greet(there, here, '4');
}

TEST_CASE("more sockets than are kept hang up as well") {
  street to;
  const std::size_t many = net::detail::spare_sockets::most + 3;
  std::vector<asio::ip::tcp::socket> here, there;
  for (std::size_t i = 0; i < many; ++i) {
    here.emplace_back(to.io);
    to.call(here.back());
    there.push_back(to.door.accept());
  }
  for (auto& socket : here)
    net::close_hard(socket);
  for (auto& socket : there)
    CHECK(how_it_ended(socket) == asio::error::connection_reset);
}
