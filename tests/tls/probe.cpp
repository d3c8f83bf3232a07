#include "flight_bytes.hpp"

#include <postroad/net/connect.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/tls/probe.hpp>

#include <support/scripted_smtp.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>

namespace net = postroad::net;
namespace tls = postroad::tls;
using namespace support;
using namespace tls_test;
using namespace std::chrono_literals;
using postroad::outcome;

namespace {

std::string our_hello() {
  return tls::build_hello(tls::modern, "mx.example.org", std::array<std::uint8_t, 32>{});
}

net::task<> probe(asio::ip::tcp::socket& socket, net::endpoint to, tls::probe_settings use,
                  tls::observation& into) {
  const auto ec = co_await net::connect(socket, to, std::nullopt);
  REQUIRE(!ec);
  into = co_await tls::read_flight(socket, our_hello(), use);
}

tls::observation probe(net::endpoint to, std::chrono::milliseconds timeout = 2s) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  tls::observation seen;
  net::spawn(probe(socket, to, {.timeout = timeout}, seen));
  io.run();
  CHECK_FALSE(socket.is_open());
  return seen;
}

/// "outcome stage", and the detail when there is one.
std::string ending(const tls::observation& seen) {
  std::string out(to_string(seen.what));
  out += " " + std::string(to_string(seen.reached));
  return seen.detail.empty() ? out : out + ": " + seen.detail;
}

const std::string flight = handshake(server_hello(0x0303, 0xc02f) + certificates({"leaf", "issuer"})) +
                           handshake(ecdhe(29)) + handshake(done());
const std::string hello_start = "\x16\x03\x01";

} // namespace

TEST_CASE("a flight with a chain: ok, certificate; we leave with a RST and have sent nothing but the hello") {
  scripted_smtp server({expect(hello_start), say(flight), silence()});
  const auto seen = probe(server.at());
  CHECK(ending(seen) == "ok certificate");
  CHECK(seen.flight.chain.size() == 2);
  CHECK(tls::group_name(*seen.flight.group) == "x25519");
  CHECK(seen.elapsed > 0us);
  CHECK(server.heard() == our_hello());
  CHECK(server.was_reset());
}

TEST_CASE("a server that drips its flight is read, and wins no time by it") {
  scripted_smtp patient({expect(hello_start), drip(flight, 1ms), silence()});
  CHECK(ending(probe(patient.at())) == "ok certificate");
  scripted_smtp tarpit({expect(hello_start), drip(flight, 20ms), silence()});
  const auto seen = probe(tarpit.at(), 300ms);
  CHECK(ending(seen) == "timeout tls");
  CHECK(seen.elapsed < 1500ms);
}

TEST_CASE("an alert: tls_error, and its name") {
  scripted_smtp server({expect(hello_start), say(record(21, "\x02\x46")), silence()});
  const auto seen = probe(server.at());
  CHECK(ending(seen) == "tls_error tls");
  CHECK(tls::alert_name(seen.flight.alert->description) == "protocol_version");
}

TEST_CASE("no TLS, and TLS that breaks its rules: protocol_error, and where") {
  scripted_smtp smtp({expect(hello_start), say("500 5.5.1 Command unrecognized\r\n"), silence()});
  CHECK(ending(probe(smtp.at())) == "protocol_error tls: no TLS record at byte 0");
  scripted_smtp odd({expect(hello_start), say(handshake(done())), silence()});
  CHECK(ending(probe(odd.at())) == "protocol_error tls: message out of order at byte 5");
}

TEST_CASE("silence, end and reset, before and within the flight") {
  scripted_smtp silent({silence()});
  CHECK(ending(probe(silent.at(), 100ms)) == "timeout tls");
  scripted_smtp closing({expect(hello_start), hang_up()});
  CHECK(ending(probe(closing.at())) == "closed tls");
  scripted_smtp resetting({expect(hello_start), reset()});
  CHECK(ending(probe(resetting.at())) == "reset tls");
  scripted_smtp halfway({expect(hello_start), say(flight.substr(0, 60)), hang_up()});
  const auto seen = probe(halfway.at());
  CHECK(ending(seen) == "closed tls");
  CHECK(tls::version_name(seen.flight.version) == "TLSv1.2"); // what was understood is kept
}

TEST_CASE("a flight without a chain: tls_error, for nobody is authenticated") {
  const auto anon = message(12, "\x03" + number16(23) + wire::as_vector(1, "point"));
  scripted_smtp server(
      {expect(hello_start), say(handshake(server_hello(0x0303, 0xc018) + anon + done())), silence()});
  const auto seen = probe(server.at());
  CHECK(ending(seen) == "tls_error tls: no certificate was sent");
  CHECK(seen.flight.suite == 0xc018);
}

TEST_CASE("RFC 5246 7.4.1.3: what the server chose without being offered it ends as no client's handshake") {
  const auto of = [](const tls::hello_profile& profile, const std::string& said) {
    tls::key_pool keys;
    tls::exchange talk(profile, "mx", std::array<std::uint8_t, 32>{}, keys);
    talk.feed(bytes_of(said));
    return tls::settle(std::move(talk), outcome::ok);
  };
  const auto rc4 = handshake(server_hello(0x0303, 0x0005) + certificates({"leaf"}) + done());
  const auto old = handshake(server_hello(0x0300, 0x002f) + certificates({"leaf"}) + done());
  const auto seen = of(tls::modern, rc4);
  CHECK(ending(seen) == "tls_error tls: the server chose a suite that was not offered");
  CHECK(seen.flight.suite == 0x0005); // the fact is kept
  CHECK(ending(of(tls::modern, old)) == "tls_error tls: the server chose a version that was not offered");
  CHECK(ending(of(tls::paper_2015, rc4)) == "ok certificate");
  CHECK(ending(of(tls::paper_2015, old)) == "ok certificate"); // clients of 2015 went down to SSLv3
}

TEST_CASE("without keys a TLS 1.3 hello ends ok at stage tls: the certificate is encrypted") {
  tls::exchange talk(tls::build_hello(*tls::find_profile("tls1.3"), "mx", std::array<std::uint8_t, 32>{}));
  const auto hello = handshake(server_hello(0x0303, 0x1301, extension(43, "\x03\x04")));
  talk.feed(bytes_of(hello));
  CHECK(ending(tls::settle(std::move(talk), outcome::ok)) == "ok tls");
}

namespace {
void interrupt(asio::io_context& io, asio::steady_timer& timer) {
  timer.expires_after(100ms);
  timer.async_wait([&io](const std::error_code&) { net::abort_all(io); });
}
} // namespace

TEST_CASE("the user stops: aborted, during a probe and before one") {
  scripted_smtp silent({silence()});
  asio::io_context io;
  asio::ip::tcp::socket socket(io), late(io);
  asio::steady_timer timer(io);
  tls::observation seen, after;
  net::spawn(probe(socket, silent.at(), {}, seen));
  interrupt(io, timer);
  io.run();
  CHECK(ending(seen) == "aborted tls");
  scripted_smtp another({silence()});
  io.restart();
  net::spawn(probe(late, another.at(), {}, after));
  io.run();
  CHECK(ending(after) == "aborted tls");
}
