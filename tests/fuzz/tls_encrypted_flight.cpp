// A TLS 1.3 server's encrypted messages, under a cipher that leaves everything as it is, whole and cut into
// pieces; and the whole exchange with real keys. The first byte chooses the cut and, when its lowest bit is
// set, the exchange.
//
// Held: the same end, facts and error however the bytes are cut; a chain no larger than the flight.
#include <postroad/tls/exchange.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

namespace tls = postroad::tls;

namespace {

void hold(bool truth) {
  if (!truth)
    std::abort();
}

constexpr auto open_plain = [](auto, auto sealed, std::string& out) {
  out.assign(reinterpret_cast<const char*>(sealed.data()), sealed.size());
  return sealed[0] != 0xff; // a broken seal, now and then
};

void encrypted(std::span<const std::uint8_t> flight, std::size_t piece) {
  tls::encrypted_reader whole{tls::flight{}}, cut{tls::flight{}};
  whole.feed(flight, open_plain);
  for (std::size_t at = 0; at < flight.size(); at += piece)
    cut.feed(flight.subspan(at, std::min(piece, flight.size() - at)), open_plain);
  hold(whole.now() == cut.now());
  hold(whole.seen() == cut.seen());
  hold(whole.error() == cut.error());
  std::size_t chain = 0;
  for (const auto& der : whole.seen().chain)
    chain += der.size();
  hold(chain <= flight.size());
}

void exchanged(std::span<const std::uint8_t> flight, std::size_t piece) {
  static tls::key_pool keys;
  tls::exchange whole(tls::modern, "mx.example", {}, keys), cut(tls::modern, "mx.example", {}, keys);
  whole.feed(flight);
  for (std::size_t at = 0; at < flight.size(); at += piece)
    cut.feed(flight.subspan(at, std::min(piece, flight.size() - at)));
  hold(whole.now() == cut.now());
  hold(whole.to_send() == cut.to_send());
  hold(whole.error() == cut.error());
  hold(whole.take() == cut.take());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::span<const std::uint8_t> flight(data + 1, size - 1);
  const std::size_t piece = 1 + (data[0] >> 1);
  (data[0] & 1) != 0 ? exchanged(flight, piece) : encrypted(flight, piece);
  return 0;
}
