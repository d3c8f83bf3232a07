/// The one room that reads standard input and writes standard output.
///
/// Both are used with plain blocking calls on threads of their own: no O_NONBLOCK is left behind on a
/// description that is shared with other programs, a slow reader downstream never stalls the clocks of the
/// network, and it works on every kind of file.
#pragma once

#include <postroad/config.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace postroad::record {

/// Bytes that may be read behind the end of a line (simdjson looks ahead).
inline constexpr std::size_t block_slack = 64;
/// A longer line is no record.
inline constexpr std::size_t longest_line = std::size_t{16} << 20;

/// Writes all of `bytes`, waiting where it must; errno of the failure, or 0.
[[nodiscard]] int write_all(int fd, std::string_view bytes);

/// Some whole lines, or the mark of one line that was too long to keep.
struct block {
  std::unique_ptr<char[]> bytes; ///< size + block_slack of them may be read
  std::size_t capacity = 0;      ///< without the slack
  std::size_t size = 0;
  bool too_long = false; ///< stands for one line; size is 0
};

/// One line of a block.
struct line {
  std::string_view text;    ///< without its line end; block_slack bytes behind it may be read
  std::uint64_t number = 0; ///< from 1
  bool too_long = false;
};

/// Reads a file descriptor ahead, at most a few blocks.
class input {
public:
  /// `wake` is called on the reading thread when there is something new: a block, the end, an error.
  input(int fd, std::function<void()> wake);
  /// Lines from memory: the words of a command line, one each.
  explicit input(const std::string& lines);
  ~input(); ///< leaves a read that blocks to itself

  input(const input&) = delete;
  input& operator=(const input&) = delete;

  /// The next line, or false when there is none now: look at ended(). Its text lives until the next call.
  bool next(line& out);
  /// The same, but waits.
  bool wait_next(line& out);
  [[nodiscard]] bool ended() const; ///< no line will come any more
  [[nodiscard]] int error() const;  ///< errno of the read that failed, or 0
  [[nodiscard]] bool drains() const noexcept {
    return drains_;
  } ///< a pipe or socket: what is not read now is lost
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }

private:
  struct shared;
  bool next_in_block(line& out);
  bool take(bool wait);

  std::shared_ptr<shared> shared_;
  block current_;
  std::size_t at_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t bytes_read_ = 0;
  bool drains_ = false;
};

/// Writes to a file descriptor behind the caller's back, one buffer at a time.
class output {
public:
  /// `done` is called on the writing thread when a buffer is out, or failed.
  output(int fd, std::function<void()> done);
  ~output(); ///< waits for the buffer under way

  output(const output&) = delete;
  output& operator=(const output&) = delete;

  /// Takes the bytes and leaves an empty buffer with its memory. Only when idle().
  void give(std::string& bytes);
  /// give() once the buffer before it is out.
  void wait_and_give(std::string& bytes);
  [[nodiscard]] bool idle() const;
  void wait_idle();
  [[nodiscard]] int error() const; ///< errno of the write that failed, or 0; nothing is written after that
  [[nodiscard]] std::uint64_t bytes_written() const;

private:
  void run();

  int fd_;
  std::function<void()> done_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  bool busy_ = false;
  bool stop_ = false;
  int error_ = 0;
  std::uint64_t written_ = 0;
  std::thread thread_;
};

} // namespace postroad::record

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/record/impl/stdio.ipp>
#endif
