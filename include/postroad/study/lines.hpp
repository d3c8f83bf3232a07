/// The lines of a file, read in large blocks by the thread that uses them.
///
/// record/stdio reads ahead on a thread of its own, for filters that wait for the network. A fold has nothing
/// else to do while it reads, and must stop at a signal with what it has.
#pragma once

#include <postroad/config.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/record/stdio.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace postroad::study {

/// How reading went.
enum class got : std::uint8_t {
  lines,    ///< one or more
  too_long, ///< a line of more than record::longest_line bytes, passed over
  end,
  interrupted, ///< by a signal: reading can go on
  failed       ///< errno says why
};

/// Whole lines, each with its line feed; the last of a file may lack it. record::line_slack bytes behind them
/// may be read.
struct line_block {
  std::vector<char> bytes;
  std::size_t size = 0;

  [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), size}; }
};

/// As many whole lines as one read(2) gives.
class block_reader {
public:
  /// `fd` stays the caller's.
  explicit block_reader(int fd) : fd_(fd) {}

  /// Replaces what is in `to`, whose memory is used again.
  [[nodiscard]] got next(line_block& to);

private:
  static constexpr std::size_t one_read =
      256 * 1024; // stays in the second-level cache with what is made of it

  [[nodiscard]] got fill(line_block& to);
  [[nodiscard]] got cut(line_block& to);
  void keep(const line_block& from, std::size_t at);

  int fd_;
  std::vector<char> rest_; ///< the beginning of a line
  bool skipping_ = false;  ///< inside of a line that is too long
  bool ended_ = false;
};

/// Line by line.
class line_reader {
public:
  explicit line_reader(int fd) : blocks_(fd) {}

  /// The next line, without its line feed; it lives until the next call.
  [[nodiscard]] got next(std::string_view& line);

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; } ///< of the last line, from 1

private:
  block_reader blocks_;
  line_block block_;
  std::size_t at_ = 0; ///< where the next line starts
  std::uint64_t number_ = 0;
};

/// Takes the first line off, without its line feed.
[[nodiscard]] inline std::string_view take_line(std::string_view& text) noexcept {
  const auto feed = text.find('\n');
  const auto line = text.substr(0, feed);
  text.remove_prefix(feed == std::string_view::npos ? text.size() : feed + 1);
  return line;
}

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/lines.ipp>
#endif
