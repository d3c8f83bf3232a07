/// The presentation language of TLS: big-endian numbers, and vectors with their length before them. RFC
/// 5246 4.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace postroad::tls::wire {

/// Takes numbers and vectors off the front of one message; once something is missing, it stays failed.
class reader {
public:
  explicit reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return !failed_ && left() == 0; }

  std::size_t number(std::size_t width) {
    const auto b = take(width);
    std::size_t n = 0;
    for (const auto byte : b)
      n = n << 8 | byte;
    return n;
  }
  std::span<const std::uint8_t> take(std::size_t count) {
    if (failed_ || count > left()) {
      failed_ = true;
      return {};
    }
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  /// A vector with a length of `width` bytes before it.
  std::span<const std::uint8_t> vector(std::size_t width) { return take(number(width)); }

private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// Size in bits of a big-endian number. Example: {0x00, 0x80} gives 8.
[[nodiscard]] inline unsigned bit_length(std::span<const std::uint8_t> number) {
  while (!number.empty() && number.front() == 0)
    number = number.subspan(1);
  if (number.empty())
    return 0;
  return static_cast<unsigned>(8 * (number.size() - 1)) +
         static_cast<unsigned>(std::bit_width(number.front()));
}

inline void put8(std::string& out, std::size_t n) {
  out += static_cast<char>(n & 0xff);
}
inline void put16(std::string& out, std::size_t n) {
  put8(out, n >> 8);
  put8(out, n);
}

/// A vector with a length of `width` bytes before it (RFC 5246 4.3).
inline void put_vector(std::string& out, int width, std::string_view content) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    put8(out, content.size() >> shift);
  out += content;
}
[[nodiscard]] inline std::string number_list(std::span<const std::uint16_t> list) {
  std::string out;
  for (const auto n : list)
    put16(out, n);
  return out;
}
[[nodiscard]] inline std::string as_vector(int width, std::string_view content) {
  std::string out;
  put_vector(out, width, content);
  return out;
}

} // namespace postroad::tls::wire
