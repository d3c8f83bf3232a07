// A server's clear-text flight, whole and cut into pieces. The first byte chooses the offered version and the
// cut.
//
// Held: the same end, facts and error however the bytes are cut; an offset within what was read; a chain no
// larger than the flight; every certificate that arrives goes through the reader of facts.
#include <postroad/tls/certificate.hpp>
#include <postroad/tls/flight.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace tls = postroad::tls;

namespace {

void hold(bool truth) {
  if (!truth)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const auto offered = static_cast<std::uint16_t>(tls::ssl_3_0 + (data[0] & 7));
  const std::size_t piece = 1 + (data[0] >> 3);
  const std::span<const std::uint8_t> flight(data + 1, size - 1);

  tls::flight_reader whole(offered);
  whole.feed(flight);
  tls::flight_reader cut(offered);
  for (std::size_t at = 0; at < flight.size(); at += piece)
    cut.feed(flight.subspan(at, std::min(piece, flight.size() - at)));

  hold(whole.now() == cut.now());
  hold(whole.seen() == cut.seen());
  if (whole.now() == tls::flight_reader::state::failed) {
    hold(whole.error() == cut.error());
    hold(whole.error().offset <= flight.size() + 64); // a length in a header may point behind what came
  }
  std::size_t chain = 0;
  for (const auto& der : whole.seen().chain) {
    chain += der.size();
    (void)tls::read_certificate({reinterpret_cast<const std::uint8_t*>(der.data()), der.size()});
  }
  hold(chain <= flight.size());
  hold(!whole.seen().complete || whole.seen().version <= std::max(offered, tls::ssl_3_0));
  return 0;
}
