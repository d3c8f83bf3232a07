/// Server flights put together by hand, for tests of what no library would send.
#pragma once

#include <postroad/tls/wire.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tls_test {

using namespace std::string_literals;
using namespace std::string_view_literals;
namespace wire = postroad::tls::wire;

inline std::span<const std::uint8_t> bytes_of(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}
inline std::string number16(std::uint16_t n) {
  std::string out;
  wire::put16(out, n);
  return out;
}
inline std::string message(std::uint8_t type, std::string_view body) {
  return static_cast<char>(type) + wire::as_vector(3, body);
}
inline std::string record(std::uint8_t type, std::string_view content, std::uint16_t version = 0x0303) {
  return static_cast<char>(type) + number16(version) + wire::as_vector(2, content);
}
inline std::string handshake(std::string_view messages) {
  return record(22, messages);
}

inline std::string extension(std::uint16_t number, std::string_view body) {
  return number16(number) + wire::as_vector(2, body);
}
inline std::string server_hello(std::uint16_t version, std::uint16_t suite, std::string_view extensions = {},
                                std::string_view random = "0123456789abcdefghijklmnopqrstuv") {
  std::string body = number16(version);
  body += random;
  body += wire::as_vector(1, {});
  body += number16(suite) + '\0';
  if (!extensions.empty())
    body += wire::as_vector(2, extensions);
  return message(2, body);
}
inline std::string certificates(std::initializer_list<std::string_view> chain) {
  std::string list;
  for (const auto der : chain)
    list += wire::as_vector(3, der);
  return message(11, wire::as_vector(3, list));
}
inline std::string signature() { // TLS 1.2
  return "\x04\x01" + wire::as_vector(2, "signed");
}
inline std::string ecdhe(std::uint16_t group) {
  return message(12, "\x03" + number16(group) + wire::as_vector(1, "point") + signature());
}
inline std::string done() {
  return message(14, {});
}

} // namespace tls_test
