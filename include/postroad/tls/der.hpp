/// Reading DER: tag, length, content. ITU-T X.690.
///
/// Only what certificates need: definite lengths, tags of one byte. Lengths in more bytes than necessary are
/// read, because certificates with them are served; indefinite lengths are not.
#pragma once

#include <postroad/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace postroad::tls::der {

using bytes = std::span<const std::uint8_t>;

/// Tags as they stand on the wire, class and constructed bit included.
enum tag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  oid = 0x06,
  utf8_string = 0x0c,
  printable_string = 0x13,
  teletex_string = 0x14,
  ia5_string = 0x16,
  utc_time = 0x17,
  generalized_time = 0x18,
  universal_string = 0x1c,
  bmp_string = 0x1e,
  sequence = 0x30,
  set = 0x31
};
/// The tag of `[n]`, primitive or constructed.
[[nodiscard]] constexpr std::uint8_t context(unsigned n, bool constructed) {
  return static_cast<std::uint8_t>(0x80u | (constructed ? 0x20u : 0u) | n);
}

struct element {
  std::uint8_t tag = 0;
  std::size_t offset = 0; ///< of the content, in the whole certificate
  bytes content;
  bytes whole; ///< tag and length too
};

/// Walks over the elements inside one constructed value.
///
/// Example: `reader in(certificate); const auto outer = in.expect(sequence, "...");`
/// The first thing that does not fit makes error() true; after it every call returns empty elements, so that
/// a caller may ask for all it wants and look once.
class reader {
public:
  explicit reader(bytes content, std::size_t offset = 0) : rest_(content), at_(offset) {}
  /// Goes on inside `parent`. A parent that failed to be read gives a reader at its end.
  explicit reader(const element& parent) : reader(parent.content, parent.offset) {}

  [[nodiscard]] bool at_end() const { return rest_.empty() || failed_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const parse_error& error() const { return error_; }
  [[nodiscard]] std::uint8_t next_tag() const { return at_end() ? std::uint8_t{0} : rest_[0]; }

  element next() {
    const auto header = read_header();
    if (failed_)
      return {};
    const element e{rest_[0], at_ + header.size, rest_.subspan(header.size, header.length),
                    rest_.first(header.size + header.length)};
    rest_ = rest_.subspan(e.whole.size());
    at_ += e.whole.size();
    return e;
  }
  /// The next element, which has to have this tag.
  element expect(std::uint8_t tag, std::string_view why) {
    if (!failed_ && next_tag() != tag)
      fail(at_, why);
    return next();
  }
  /// The next element if it has this tag; else an empty one with tag 0, and nothing is taken.
  element optional(std::uint8_t tag) { return next_tag() == tag ? next() : element{}; }

  void fail(std::size_t offset, std::string_view why) {
    if (!failed_)
      error_ = {offset, why, "X.690 8.1"};
    failed_ = true;
  }

private:
  struct header_size {
    std::size_t size = 0, length = 0;
  };

  header_size read_header() {
    if (failed_)
      return {};
    if (rest_.size() < 2)
      return fail(at_, "element cut short"), header_size{};
    if ((rest_[0] & 0x1f) == 0x1f)
      return fail(at_, "tag number above 30"), header_size{};
    header_size h{2, rest_[1]};
    if (rest_[1] >= 0x80) {
      const std::size_t count = rest_[1] & 0x7fu;
      if (count == 0)
        return fail(at_ + 1, "indefinite length"), header_size{};
      if (count > 4 || rest_.size() < 2 + count)
        return fail(at_ + 1, "length of a length out of range"), header_size{};
      h = {2 + count, 0};
      for (std::size_t i = 0; i < count; ++i)
        h.length = h.length << 8 | rest_[2 + i];
    }
    if (h.length > rest_.size() - h.size)
      return fail(at_ + 1, "length beyond the end"), header_size{};
    return h;
  }

  bytes rest_;
  std::size_t at_;
  bool failed_ = false;
  parse_error error_;
};

} // namespace postroad::tls::der
