#include "flight_bytes.hpp"

#include <postroad/tls/flight.hpp>

#include <doctest/doctest.h>

namespace tls = postroad::tls;
using namespace tls_test;
using state = tls::flight_reader::state;

namespace {

tls::flight_reader read(std::string_view bytes, std::uint16_t offered = tls::tls_1_2) {
  tls::flight_reader reader(offered);
  reader.feed(bytes_of(bytes));
  return reader;
}
/// "offset: why", or "" when the bytes are no error.
std::string error_of(std::string_view bytes, std::uint16_t offered = tls::tls_1_2) {
  const auto reader = read(bytes, offered);
  if (reader.now() != state::failed)
    return "";
  return std::to_string(reader.error().offset) + ": " + std::string(reader.error().why);
}

const std::string hello_1_2 = server_hello(0x0303, 0xc02f);
const std::string whole_1_2 = handshake(hello_1_2) + handshake(certificates({"leaf", "issuer"})) +
                              handshake(ecdhe(23)) + handshake(done());

} // namespace

TEST_CASE("RFC 5246 7.3: hello, chain, key exchange, done") {
  const auto reader = read(whole_1_2);
  REQUIRE(reader.now() == state::done);
  const auto& f = reader.seen();
  CHECK(f.complete);
  CHECK(tls::version_name(f.version) == "TLSv1.2");
  CHECK(f.suite == 0xc02f);
  CHECK(f.group == 23);
  CHECK(f.chain == std::vector<std::string>{"leaf", "issuer"});
  CHECK_FALSE(f.alert);
  CHECK_FALSE(f.knows_tls_1_3);
  CHECK(reader.size() == whole_1_2.size());
}

TEST_CASE("RFC 5246 6.2.1: messages share records and spread over them, bytes come one by one") {
  const auto all = hello_1_2 + certificates({"leaf", "issuer"}) + ecdhe(23) + done();
  const auto expected = read(whole_1_2).seen();
  CHECK(read(handshake(all)).seen() == expected);
  for (std::size_t piece = 1; piece < all.size(); ++piece) {
    std::string flight;
    for (std::size_t at = 0; at < all.size(); at += piece)
      flight += handshake(all.substr(at, piece));
    tls::flight_reader reader;
    for (const char c : flight)
      reader.feed(bytes_of({&c, 1}));
    CHECK(reader.now() == state::done);
    CHECK(reader.seen() == expected);
  }
}

TEST_CASE("RFC 5246 7.4.1.4, RFC 5077, RFC 7627, RFC 5746, RFC 6066: extensions and a stapled answer") {
  const auto f =
      read(handshake(server_hello(0x0303, 0xc02f,
                                  extension(35, "") + extension(23, "") + extension(0xff01, "\0"sv) +
                                      extension(5, "") + extension(0, "")) +
                     certificates({"leaf"}) + message(22, "\x01" + wire::as_vector(3, "ocsp")) + ecdhe(29) +
                     message(13, "whatever") + done()))
          .seen();
  CHECK(f.complete);
  CHECK(f.session_ticket);
  CHECK(f.extended_master_secret);
  CHECK(f.secure_renegotiation);
  CHECK(f.ocsp_stapled);
  CHECK(f.asks_for_certificate);
  CHECK(f.group == 29);
}

TEST_CASE("RFC 5246 7.4.3: DHE gives the size of its prime, an EXPORT suite that of its key") {
  const auto prime = "\x00\xff"sv;
  const auto dhe = message(12, wire::as_vector(2, std::string(prime) + std::string(127, 'p')) +
                                   wire::as_vector(2, "\x02") + wire::as_vector(2, "y") + signature());
  CHECK(
      read(handshake(server_hello(0x0303, 0x009e) + certificates({"leaf"}) + dhe + done())).seen().dh_bits ==
      1024);
  // Before TLS 1.2 a signature does not say how it was made.
  const auto old = message(12, wire::as_vector(2, std::string(64, '\xff')) + wire::as_vector(2, "\1\0\1"sv) +
                                   wire::as_vector(2, "signed"));
  const auto f = read(handshake(server_hello(0x0300, 0x0003) + certificates({"leaf"}) + old + done())).seen();
  CHECK(f.complete);
  CHECK(f.rsa_bits == 512);
  CHECK(tls::version_name(f.version) == "SSLv3");
}

TEST_CASE("RC4 and 3DES of 2015 need no ServerKeyExchange") {
  for (const auto suite : std::initializer_list<std::uint16_t>{0x0004, 0x0005, 0x000a, 0x0009}) {
    const auto f = read(handshake(server_hello(0x0301, suite) + certificates({"leaf"}) + done())).seen();
    CHECK(f.complete);
    CHECK(f.suite == suite);
    CHECK_FALSE(f.group);
  }
}

TEST_CASE("RFC 5246 7.4.3: without its ServerKeyExchange an ECDHE or DHE suite has no keys") {
  for (const auto suite : std::to_array<std::uint16_t>({0xc02f, 0x009e, 0xc018})) {
    const auto flight = handshake(server_hello(0x0303, suite) + certificates({"leaf"}) + done());
    CHECK(error_of(flight).ends_with("ServerKeyExchange is missing"));
  }
}

TEST_CASE("an anonymous exchange has neither chain nor signature") {
  const auto anon = message(12, "\x03" + number16(23) + wire::as_vector(1, "point"));
  const auto f = read(handshake(server_hello(0x0303, 0xc018) + anon + done())).seen();
  CHECK(f.complete);
  CHECK(f.chain.empty());
  CHECK(f.group == 23);
}

TEST_CASE("RFC 5246 7.2: an alert ends a flight, a warning other than close_notify does not") {
  const auto refused = read(record(21, "\x02\x28"));
  CHECK(refused.now() == state::done);
  CHECK(refused.seen().alert == tls::alert{2, 40});
  CHECK_FALSE(refused.seen().complete);
  CHECK(read(handshake(hello_1_2) + record(21, "\x02\x50")).seen().alert == tls::alert{2, 80});
  CHECK(read(record(21, "\x01\x00"sv)).seen().alert == tls::alert{1, 0});
  const auto warned = read(record(21, "\x01\x70") + whole_1_2);
  CHECK(warned.seen().complete);
  CHECK_FALSE(warned.seen().alert);
  CHECK(error_of(record(21, "\x02")) == "5: alert cut short");
}

TEST_CASE("RFC 8446 4.1.3: the mark in the random tells of TLS 1.3") {
  const auto marked = "0123456789abcdefghijklmnDOWNGRD\x01";
  CHECK(read(handshake(server_hello(0x0303, 0xc02f, "", marked))).seen().knows_tls_1_3);
  const auto of_1_2 = "0123456789abcdefghijklmnDOWNGRD\x00"sv; // a 1.2 server that had to go lower
  CHECK_FALSE(read(handshake(server_hello(0x0302, 0xc013, "", of_1_2))).seen().knows_tls_1_3);
}

TEST_CASE("RFC 8446 4.1.4: a HelloRetryRequest names suite and group") {
  const std::string random(reinterpret_cast<const char*>(tls::detail::retry_random), 32);
  const auto retry =
      handshake(server_hello(0x0303, 0x1302, extension(43, "\x03\x04") + extension(51, "\x11\xec"), random));
  const auto f = read(retry, tls::tls_1_3).seen();
  CHECK_FALSE(f.complete); // what follows is not read here
  CHECK(f.hello_retry);
  CHECK(tls::version_name(f.version) == "TLSv1.3");
  CHECK(tls::group_name(*f.group) == "X25519MLKEM768");
  CHECK(error_of(retry) == "9: ServerHello of a version that was not offered");
}

TEST_CASE("a server that answers TLS 1.3 to a TLS 1.2 hello has not understood it") {
  CHECK(error_of(handshake(server_hello(0x0303, 0x1301, extension(43, "\x03\x04")))) ==
        "9: ServerHello of a version that was not offered");
  CHECK(error_of(handshake(server_hello(0x0304, 0x1301))) ==
        "9: ServerHello of a version that was not offered");
  CHECK(error_of(handshake(server_hello(0x0303, 0x1301))) == "9: suite of another version");
  CHECK(error_of(handshake(server_hello(0x0303, 0xc02f, extension(43, "\x03\x04"))), tls::tls_1_3) ==
        "9: suite of another version");
  CHECK(error_of(handshake(server_hello(0x0200, 0x0005))) == "9: ServerHello of an unknown version");
  CHECK(error_of(handshake(server_hello(0x0302, 0x0005)), tls::tls_1_0) ==
        "9: ServerHello of a version that was not offered");
}

TEST_CASE("what is no TLS is told at its first byte") {
  CHECK(error_of("500 what?\r\n") == "0: no TLS record");
  CHECK(error_of("\x80\x2b\x04") == "0: no TLS record"); // SSLv2
  CHECK(error_of("\x16\x02\x00") == "1: record version is not 3.x");
  CHECK(error_of("\x17\x03\x03") == "0: encrypted record before the end of the hello");
  CHECK(error_of(handshake(hello_1_2) + "\x14") ==
        std::to_string(handshake(hello_1_2).size()) + ": encrypted record before the end of the hello");
}

TEST_CASE("RFC 5246 6.2.1: records of length 0 and 2^14+1") {
  CHECK(error_of("\x16\x03\x03\x00\x00"sv) == "3: empty record");
  CHECK(error_of("\x16\x03\x03\x40\x01"sv) == "3: record longer than 2^14 bytes");
  CHECK(error_of("\x16\x03\x03\x40\x00"sv) == "");
}

TEST_CASE("a flight ends after 64 KB, whatever it is made of") {
  std::string all = hello_1_2 + certificates({std::string(40000, 'c')}) +
                    message(22, "\x01" + wire::as_vector(3, std::string(30000, 'o')));
  std::string flight;
  for (std::size_t at = 0; at < all.size(); at += 16384)
    flight += handshake(std::string_view(all).substr(at, 16384));
  CHECK(error_of(flight).ends_with("flight longer than 64 KB"));
  CHECK(error_of(handshake("\x02\xff\xff\xff")) == "6: handshake message longer than 64 KB");
  std::string warnings;
  for (int i = 0; i < 20000; ++i)
    warnings += record(21, "\x01\x70");
  CHECK(error_of(warnings).ends_with("flight longer than 64 KB"));
}

TEST_CASE("RFC 5246 7.3: messages out of order, twice, or out of place") {
  CHECK(error_of(handshake(done())) == "5: message out of order");
  CHECK(error_of(handshake(hello_1_2 + hello_1_2)) == "47: message out of order");
  CHECK(
      error_of(handshake(hello_1_2 + ecdhe(23) + certificates({"leaf"}))).ends_with("message out of order"));
  CHECK(error_of(handshake(hello_1_2 + message(20, "finished"))) ==
        "47: message that has no place in a server's hello");
  CHECK(error_of(handshake(message(0, "") + hello_1_2)) == ""); // HelloRequest
  CHECK(error_of(handshake(message(0, "x"))) == "9: HelloRequest with content");
  CHECK(error_of(handshake(hello_1_2 + message(14, "x"))) == "51: ServerHelloDone with content");
}

TEST_CASE("RFC 5246 7.4.1.3: a ServerHello whose lengths lie") {
  CHECK(error_of(handshake(message(2, "\x03\x03"))).ends_with("ServerHello cut short"));
  auto deflate = hello_1_2;
  deflate.back() = 1;
  CHECK(error_of(handshake(deflate)).ends_with("compression that was not offered"));
  CHECK(error_of(handshake(server_hello(0x0303, 5, extension(23, "") + "\x00"s)))
            .ends_with("extension cut short"));
  CHECK(error_of(handshake(server_hello(0x0303, 5, extension(23, "") + extension(23, "")))) ==
        "53: extension sent twice");
  CHECK(error_of(handshake(message(2, server_hello(0x0303, 5).substr(4) + "\x00\x09xx"s)))
            .ends_with("extensions do not fill the ServerHello"));
  std::string long_session = "\x03\x03" + std::string(32, 'r') + wire::as_vector(1, std::string(33, 's'));
  CHECK(error_of(handshake(message(2, long_session + "\xc0\x2f\x00"s)))
            .ends_with("session id longer than 32 bytes"));
}

TEST_CASE("RFC 5246 7.4.2: a certificate list whose lengths lie") {
  const auto with = [](std::string_view body) { return error_of(handshake(hello_1_2 + message(11, body))); };
  CHECK(with("\x00\x00"sv).ends_with("certificate list does not fill its message"));
  CHECK(with("\x00\x00\x09\x00\x00\x01x"sv).ends_with("certificate list does not fill its message"));
  CHECK(with("\x00\x00\x04\x00\x00\x02x"sv).ends_with("certificate cut short"));
  CHECK(with("\x00\x00\x03\x00\x00\x00"sv).ends_with("empty certificate"));
  CHECK(with("\x00\x00\x00"sv) == "");
}

TEST_CASE("RFC 5246 7.4.3, RFC 8422 5.4: a key exchange whose lengths lie") {
  const auto with = [](std::uint16_t suite, std::string_view body) {
    return error_of(handshake(server_hello(0x0303, suite) + message(12, body)));
  };
  CHECK(with(0xc02f, "\x03\x00"sv).ends_with("ECDHE parameters cut short"));
  CHECK(with(0xc02f, "\x07"sv).ends_with("unknown type of curve"));
  CHECK(with(0xc02f, "\x03\x00\x17\x01p\x04\x01\x00\x09x"sv)
            .ends_with("signature does not fill the ServerKeyExchange"));
  CHECK(with(0x009e, "\x00\x00\x00\x00\x00\x00"sv).ends_with("DHE parameters cut short"));
  CHECK(with(0x0003, "\x00\x01"sv).ends_with("temporary RSA key cut short"));
  CHECK(with(0x0005, "x").ends_with("ServerKeyExchange with a suite that has none"));
  CHECK(with(0xc02f, "\x01 explicit prime curve") == "");
  CHECK(with(0xfefe, "of a suite that nobody knows") == "");
}

TEST_CASE("the offset of an error counts record headers") {
  const auto bad = certificates({"leaf"}) + message(0, "x");
  const auto flight = handshake(hello_1_2) + handshake(bad.substr(0, 7)) + handshake(bad.substr(7));
  CHECK(error_of(flight) == std::to_string(flight.size() - 1) + ": HelloRequest with content");
}
