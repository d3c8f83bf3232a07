/// SipHash-2-4, a keyed hash of short inputs: Aumasson and Bernstein, SipHash: a fast short-input PRF, 2012.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace postroad::scan {

struct siphash_key {
  std::uint64_t first = 0, second = 0;
};

/// The hash of whole little-endian words. Equal to that of the bytes they are made of.
///
/// Who does not know the key can tell neither the hash of an input nor anything of the key.
template <std::size_t Words>
[[nodiscard]] constexpr std::uint64_t siphash(const siphash_key& key,
                                              const std::array<std::uint64_t, Words>& words) noexcept {
  std::uint64_t a = key.first ^ 0x736f6d6570736575u, b = key.second ^ 0x646f72616e646f6du;
  std::uint64_t c = key.first ^ 0x6c7967656e657261u, d = key.second ^ 0x7465646279746573u;
  const auto round = [&] {
    a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
    c += d, d = std::rotl(d, 16) ^ c;
    a += d, d = std::rotl(d, 21) ^ a;
    c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
  };
  const auto take = [&](std::uint64_t word) {
    d ^= word;
    round(), round();
    a ^= word;
  };
  for (const auto word : words)
    take(word);
  take(std::uint64_t{8 * Words & 0xff} << 56); // the length in bytes ends every input
  c ^= 0xff;
  round(), round(), round(), round();
  return a ^ b ^ c ^ d;
}

} // namespace postroad::scan
