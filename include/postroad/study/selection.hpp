/// Some of the records of a batch.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace postroad::study {

/// A set of small numbers below `capacity`, one bit each.
///
/// Example: selection::first(3) holds 0, 1 and 2; its count() is 3.
class selection {
public:
  static constexpr std::uint32_t capacity = 256;

  [[nodiscard]] static selection first(std::uint32_t n) noexcept {
    selection s;
    for (std::uint32_t word = 0; word < words; ++word) {
      const auto before = word * 64;
      s.bits_[word] = n >= before + 64 ? ~std::uint64_t{0}
                      : n <= before    ? 0
                                       : (std::uint64_t{1} << (n - before)) - 1;
    }
    return s;
  }

  void add(std::uint32_t i) noexcept { bits_[i / 64] |= std::uint64_t{1} << i % 64; }
  void set_word(std::uint32_t word, std::uint64_t bits) noexcept { bits_[word] = bits; } ///< 64 at once
  [[nodiscard]] bool has(std::uint32_t i) const noexcept { return (bits_[i / 64] >> i % 64 & 1) != 0; }
  [[nodiscard]] bool none() const noexcept { return (bits_[0] | bits_[1] | bits_[2] | bits_[3]) == 0; }
  [[nodiscard]] std::uint32_t count() const noexcept {
    int n = 0;
    for (const auto word : bits_)
      n += std::popcount(word);
    return static_cast<std::uint32_t>(n);
  }
  template <class See>
  void each(See&& see) const {
    for (std::uint32_t word = 0; word < words; ++word)
      for (auto left = bits_[word]; left != 0; left &= left - 1)
        see(word * 64 + static_cast<std::uint32_t>(std::countr_zero(left)));
  }

  selection& operator&=(const selection& o) noexcept {
    for (std::size_t i = 0; i < words; ++i)
      bits_[i] &= o.bits_[i];
    return *this;
  }
  selection& operator|=(const selection& o) noexcept {
    for (std::size_t i = 0; i < words; ++i)
      bits_[i] |= o.bits_[i];
    return *this;
  }
  selection& operator-=(const selection& o) noexcept {
    for (std::size_t i = 0; i < words; ++i)
      bits_[i] &= ~o.bits_[i];
    return *this;
  }
  friend selection operator&(selection a, const selection& b) noexcept { return a &= b; }
  friend selection operator|(selection a, const selection& b) noexcept { return a |= b; }
  friend selection operator-(selection a, const selection& b) noexcept { return a -= b; }
  friend bool operator==(const selection&, const selection&) = default;

private:
  static constexpr std::uint32_t words = capacity / 64;
  std::array<std::uint64_t, words> bits_{};
};

} // namespace postroad::study
