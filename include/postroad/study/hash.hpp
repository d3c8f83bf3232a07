/// Hashes of keys, and the comparison that follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

namespace postroad::study {

namespace detail {

[[nodiscard]] inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
[[nodiscard]] inline Word word_at(const char* p) noexcept {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

/// Up to eight bytes as one number, without a loop: two loads that may overlap.
[[nodiscard]] inline std::uint64_t short_word(const char* p, std::size_t size) noexcept {
  if (size >= 4)
    return word_at<std::uint32_t>(p) | std::uint64_t{word_at<std::uint32_t>(p + size - 4)} << 32;
  if (size == 0)
    return 0;
  const auto byte = [p](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(p[at])}; };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

inline constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;     ///< digits of the golden ratio
inline constexpr std::uint64_t usual_seed = 0x243f6a8885a308d3; ///< digits of pi

/// Another one in every run: who writes records must not know which keys collide.
inline const std::uint64_t table_seed = [] {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}();

/// A multiply-and-fold hash, eight bytes a step; the odd constants are digits of pi.
[[nodiscard]] inline std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed = usual_seed) noexcept {
  constexpr std::uint64_t a = usual_seed, b = 0x13198a2e03707345;
  const char* p = bytes.data();
  std::uint64_t h = seed ^ bytes.size();
  if (bytes.size() <= 8)
    return mixed(mixed(h ^ short_word(p, bytes.size()), b), a);
  const char* const last = p + bytes.size() - 8;
  for (; p < last; p += 8)
    h = mixed(h ^ word_at<std::uint64_t>(p), b);
  return mixed(mixed(h ^ word_at<std::uint64_t>(last), b), a);
}

/// Most keys are short: told apart here and now, not by a call.
[[nodiscard]] inline bool same_bytes(std::string_view x, std::string_view y) noexcept {
  if (x.size() != y.size())
    return false;
  const char *p = x.data(), *q = y.data();
  if (x.size() < 8)
    return short_word(p, x.size()) == short_word(q, y.size());
  const auto last = x.size() - 8;
  for (std::size_t at = 0; at < last; at += 8)
    if (word_at<std::uint64_t>(p + at) != word_at<std::uint64_t>(q + at))
      return false;
  return word_at<std::uint64_t>(p + last) == word_at<std::uint64_t>(q + last);
}

} // namespace detail

} // namespace postroad::study
