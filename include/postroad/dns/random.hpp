/// Numbers that an off-path attacker cannot foresee: ids, 0x20 bits, choice of socket. RFC 5452 9.2.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <sys/random.h>

namespace postroad::dns {

/// The ChaCha block function: 16 words of key stream from the state. RFC 8439 2.3, where Rounds is 20.
template <unsigned Rounds>
[[nodiscard]] constexpr std::array<std::uint32_t, 16>
chacha_block(const std::array<std::uint32_t, 16>& state) noexcept {
  auto x = state;
  const auto quarter = [&x](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 7);
  };
  for (unsigned round = 0; round < Rounds; round += 2) {
    quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15);
    quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14);
  }
  for (std::size_t i = 0; i < 16; ++i)
    x[i] += state[i];
  return x;
}

/// A stream of random words; seed 0 takes its key from the kernel, any other seed names one stream for tests.
class random_stream {
public:
  explicit random_stream(std::uint64_t seed = 0) {
    state_ = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; // "expand 32-byte k", RFC 8439 2.3
    if (seed != 0) {
      state_[4] = static_cast<std::uint32_t>(seed);
      state_[5] = static_cast<std::uint32_t>(seed >> 32);
    } else {
      while (getrandom(&state_[4], 8 * sizeof(std::uint32_t), 0) < 0) {
      }
    }
  }

  [[nodiscard]] std::uint32_t word() noexcept {
    if (used_ == block_.size()) {
      block_ = chacha_block<8>(state_); // 8 rounds hold: Aumasson, Too Much Crypto, 2019
      if (++state_[12] == 0)
        ++state_[13];
      used_ = 0;
    }
    return block_[used_++];
  }
  [[nodiscard]] std::uint64_t word64() noexcept { return std::uint64_t{word()} << 32 | word(); }

  /// 0 to n - 1; n > 0. The bias is below n / 2^32.
  [[nodiscard]] std::size_t below(std::size_t n) noexcept {
    return static_cast<std::size_t>(std::uint64_t{word()} * n >> 32);
  }

private:
  std::array<std::uint32_t, 16> state_{}, block_{};
  std::size_t used_ = 16;
};

} // namespace postroad::dns
