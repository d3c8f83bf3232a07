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

class line_reader {
public:
  /// `fd` stays the caller's.
  explicit line_reader(int fd) : fd_(fd) {}

  enum class got : std::uint8_t {
    line,
    too_long, ///< a line of more than record::longest_line bytes, passed over
    end,
    interrupted, ///< by a signal: reading can go on
    failed       ///< errno says why
  };
  /// The next line, without its line feed; record::line_slack bytes behind it may be read. It lives until the
  /// next call. A last line needs no line feed.
  [[nodiscard]] got next(std::string_view& line);

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; } ///< of the last line, from 1

private:
  static constexpr std::size_t block = 256 * 1024; // stays in the second-level cache with what is made of it

  [[nodiscard]] got fill();
  [[nodiscard]] got finish(std::string_view& line);

  int fd_;
  std::vector<char> bytes_;
  std::size_t at_ = 0;     ///< where the next line starts
  std::size_t looked_ = 0; ///< up to here there is no line feed behind at_
  std::size_t size_ = 0;   ///< bytes read
  std::uint64_t number_ = 0;
  bool skipping_ = false; ///< inside of a line that is too long
  bool ended_ = false;
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/lines.ipp>
#endif
