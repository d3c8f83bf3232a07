// What a TLS 1.3 server says behind its ServerHello, under a cipher that leaves everything as it is.
#include "flight_bytes.hpp"

#include <postroad/tls/encrypted_flight.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace tls = postroad::tls;
using namespace tls_test;

namespace {

using state = tls::encrypted_reader::state;

constexpr auto open_plain = [](auto, auto sealed, std::string& out) {
  out.assign(reinterpret_cast<const char*>(sealed.data()), sealed.size());
  return true;
};
tls::encrypted_reader after_hello() {
  tls::flight hello;
  hello.version = tls::tls_1_3;
  hello.suite = 0x1301;
  return tls::encrypted_reader(hello);
}
tls::encrypted_reader read(std::string_view bytes, std::size_t piece = 1 << 20) {
  auto reader = after_hello();
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    reader.feed(bytes_of(bytes.substr(at, piece)), open_plain);
  return reader;
}
std::string why(std::string_view bytes) {
  auto reader = read(bytes);
  return reader.now() == state::failed ? std::string(reader.error().why)
         : reader.now() == state::done ? "done"
                                       : "more";
}
/// A record as it is before sealing: content, type, padding.
std::string sealed(std::string_view content, std::uint8_t type = 22, std::size_t padding = 0) {
  return record(23, std::string(content) + static_cast<char>(type) + std::string(padding, '\0'));
}
std::string entry(std::string_view der, std::string_view extensions = {}) {
  return wire::as_vector(3, der) + wire::as_vector(2, extensions);
}
std::string list(std::string_view entries) {
  return message(11, wire::as_vector(1, {}) + wire::as_vector(3, entries));
}
const std::string extensions = message(8, wire::as_vector(2, {}));
const std::string request = message(13, wire::as_vector(1, {}) + wire::as_vector(2, {}));
const std::string chain = list(entry("leaf") + entry("intermediate"));
const std::string verify = message(15, "\x08\x04" + wire::as_vector(2, "signed"));
const std::string finished = message(20, std::string(32, 'f'));

} // namespace

TEST_CASE("RFC 8446 2: the whole flight, however messages lie in records and bytes come in") {
  const std::string messages = extensions + chain + verify + finished;
  std::string one_each, crumbs;
  for (const auto& m : {extensions, chain, verify, finished})
    one_each += sealed(m);
  for (const char c : messages)
    crumbs += sealed(std::string(1, c), 22, 3);
  for (const auto& flight : {sealed(messages), one_each, crumbs, record(20, "\1") + one_each})
    for (const std::size_t piece : {1UL, 2UL, 5UL, 7UL, 100000UL}) {
      const auto reader = read(flight, piece);
      CHECK(reader.now() == state::done);
      CHECK(reader.seen().complete);
      CHECK(reader.seen().chain == std::vector<std::string>{"leaf", "intermediate"});
      CHECK(reader.seen().signature_scheme == 0x0804);
      CHECK(reader.seen().version == tls::tls_1_3);
      CHECK_FALSE(reader.seen().asks_for_certificate);
    }
}

TEST_CASE("RFC 8446 4.3.2 and 4.4.2.1: a request for our certificate, a stapled answer") {
  const auto stapled = list(entry("leaf", extension(5, "\x01" + wire::as_vector(3, "good"))));
  const auto reader = read(sealed(extensions + request + stapled + verify + finished));
  CHECK(reader.now() == state::done);
  CHECK(reader.seen().asks_for_certificate);
  CHECK(reader.seen().ocsp_stapled);
}

TEST_CASE("alerts, sealed and in the clear, end the flight and keep what was understood") {
  for (const auto& alert : {sealed("\x02\x50"s, 21), record(21, "\x02\x50"sv)}) {
    const auto reader = read(sealed(extensions + chain) + alert);
    CHECK(reader.now() == state::done);
    CHECK(reader.seen().alert == tls::alert{2, 80});
    CHECK(reader.seen().chain.size() == 2);
    CHECK_FALSE(reader.seen().complete);
  }
}

TEST_CASE("a broken seal") {
  auto reader = after_hello();
  reader.feed(bytes_of(sealed(extensions)), [](auto, auto, std::string&) { return false; });
  CHECK(reader.now() == state::failed);
  CHECK(reader.error().why == "record that our keys do not open");
  CHECK(reader.error().offset == 0);
}

TEST_CASE("what RFC 8446 forbids is named") {
  const std::string whole = sealed(extensions);
  CHECK(why(handshake(extensions)) == "handshake in the clear behind the ServerHello");
  CHECK(why("220 hello") == "no TLS record");
  CHECK(why("\x17\x02\x00"s + "\0\1x"s) == "record version is not 3.x");
  CHECK(why(record(23, {})) == "empty record");
  CHECK(why("\x17\x03\x03\x41\x01"sv) == "record longer than 2^14 + 256 bytes");
  CHECK(why(record(20, "\2")) == "ChangeCipherSpec that is none");
  CHECK(why(record(20, "\1\1")) == "ChangeCipherSpec that is none");
  CHECK(why(record(23, std::string(40, '\0'))) == "record of nothing but padding");
  CHECK(why(sealed(std::string(16385, 'x'))) == "record longer than 2^14 bytes");
  CHECK(why(sealed("hi", 23)) == "no handshake before Finished");
  CHECK(why(sealed("", 22)) == "empty piece of a handshake message");
  CHECK(why(sealed("\2\x28\0"s, 21)) == "alert that is not two bytes");
  CHECK(why(sealed("\x08\x01\x00\x01"sv)) == "handshake message longer than 64 KB");
  CHECK(why(sealed(chain)) == "message out of order");
  CHECK(why(sealed(extensions + extensions)) == "message out of order");
  CHECK(why(sealed(extensions + verify)) == "message out of order");
  CHECK(why(sealed(extensions + chain + finished)) == "message out of order");
  CHECK(why(sealed(extensions + request + request)) == "message out of order");
  CHECK(why(sealed(message(4, "ticket"))) == "message out of order");
  CHECK(why(sealed(message(8, "x"))) == "EncryptedExtensions do not fill their message");
  CHECK(why(sealed(extensions + message(11, wire::as_vector(1, "c") + wire::as_vector(3, {})))) ==
        "certificate list does not fill its message");
  CHECK(why(sealed(extensions + list("\0\0\x09short"sv))) == "certificate cut short");
  CHECK(why(sealed(extensions + list(entry("")))) == "empty certificate");
  CHECK(why(sealed(extensions + list(entry("leaf", "\0\5\0\4x"sv)))) ==
        "extension of a certificate cut short");
  CHECK(why(sealed(extensions + chain + message(15, "\x08\x04\x00\x09x"sv))) ==
        "signature does not fill the CertificateVerify");
}

TEST_CASE("a flight that goes on past 64 KB is cut off, and its offset tells where") {
  std::string flight = sealed(extensions);
  for (int i = 0; i < 6; ++i)
    flight += sealed(std::string("\x0b\x00\xff\xff", i == 0 ? 4 : 0) + std::string(16000, 'x'));
  const auto reader = read(flight);
  CHECK(reader.now() == state::failed);
  CHECK(reader.error().why == "flight longer than 64 KB");
  CHECK(reader.error().offset > 48000);
}
