#pragma once

#include <postroad/record/stdio.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <utility>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postroad::record {

namespace detail {

inline constexpr std::size_t block_size = 256 * 1024; // larger ones gain nothing against a 64 KiB pipe
inline constexpr std::size_t blocks_ahead = 4;

inline block new_block(std::size_t capacity) {
  block b;
  b.bytes = std::make_unique_for_overwrite<char[]>(capacity + block_slack);
  b.capacity = capacity;
  std::memset(b.bytes.get() + capacity, 0, block_slack);
  return b;
}

/// Signals are for the main thread.
inline void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

/// read(2) that waits, also where somebody left O_NONBLOCK on the descriptor.
inline ssize_t read_some(int fd, char* to, std::size_t size) {
  for (;;) {
    const auto n = ::read(fd, to, size);
    if (n >= 0 || (errno != EINTR && errno != EAGAIN))
      return n;
    pollfd wait{fd, POLLIN, 0};
    if (errno == EAGAIN)
      ::poll(&wait, 1, -1);
  }
}

} // namespace detail

POSTROAD_DECL int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd wait{fd, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

struct input::shared {
  std::mutex mutex;
  std::condition_variable room, ready;
  std::deque<block> full;
  std::deque<block> spare;
  bool ended = false;
  bool unwanted = false; // the reader of the blocks is gone
  int error = 0;
  std::function<void()> wake;

  block spare_block() {
    const std::lock_guard hold(mutex);
    if (spare.empty())
      return detail::new_block(detail::block_size);
    block b = std::move(spare.front());
    spare.pop_front();
    b.size = 0;
    b.too_long = false;
    return b;
  }
  /// False when nobody wants more.
  bool hand_over(block b) {
    std::unique_lock hold(mutex);
    room.wait(hold, [&] { return full.size() < detail::blocks_ahead || unwanted; });
    if (unwanted)
      return false;
    full.push_back(std::move(b));
    ready.notify_one();
    if (wake)
      wake();
    return true;
  }
  void finish(int errno_or_0) {
    const std::lock_guard hold(mutex);
    ended = true;
    error = errno_or_0;
    ready.notify_one();
    if (wake && !unwanted)
      wake();
  }

  void read_all(int fd);
  bool grow(block& b) const;
  void skip_rest_of_line(int fd, block& b, bool& at_end, int& failed) const;
};

/// Makes room for a longer line; false when it is too long.
inline bool input::shared::grow(block& b) const {
  if (b.size > longest_line)
    return false;
  block larger = detail::new_block(std::min(b.capacity * 2, longest_line + 2));
  std::memcpy(larger.bytes.get(), b.bytes.get(), b.size);
  larger.size = b.size;
  b = std::move(larger);
  return true;
}

/// Throws bytes away up to the next line feed; what stands behind it stays in the block.
inline void input::shared::skip_rest_of_line(int fd, block& b, bool& at_end, int& failed) const {
  b.size = 0;
  for (;;) {
    const auto n = detail::read_some(fd, b.bytes.get(), b.capacity);
    at_end = n <= 0;
    failed = n < 0 ? errno : 0;
    if (at_end)
      return;
    const auto* feed =
        static_cast<const char*>(std::memchr(b.bytes.get(), '\n', static_cast<std::size_t>(n)));
    if (feed == nullptr)
      continue;
    const auto used = static_cast<std::size_t>(feed - b.bytes.get()) + 1;
    b.size = static_cast<std::size_t>(n) - used;
    std::memmove(b.bytes.get(), feed + 1, b.size);
    return;
  }
}

/// Hands whole lines over; what is left of the last one begins the next block.
inline void input::shared::read_all(int fd) {
  block b = spare_block();
  bool at_end = false;
  int failed = 0;
  std::size_t searched = 0; // no line feed before this
  while (!at_end) {
    if (b.size == b.capacity && !grow(b)) {
      block mark;
      mark.too_long = true;
      if (!hand_over(std::move(mark)))
        return;
      skip_rest_of_line(fd, b, at_end, failed);
      searched = 0;
      if (at_end)
        break;
    } else {
      const auto n = detail::read_some(fd, b.bytes.get() + b.size, b.capacity - b.size);
      if (n <= 0) {
        failed = n < 0 ? errno : 0;
        break;
      }
      b.size += static_cast<std::size_t>(n);
    }
    const auto* last = static_cast<const char*>(memrchr(b.bytes.get() + searched, '\n', b.size - searched));
    if (last == nullptr) {
      searched = b.size;
      continue;
    }
    const auto whole = static_cast<std::size_t>(last - b.bytes.get()) + 1;
    block next = spare_block();
    while (next.capacity < b.size - whole)
      next = detail::new_block(next.capacity * 2);
    next.size = b.size - whole;
    std::memcpy(next.bytes.get(), b.bytes.get() + whole, next.size);
    b.size = whole;
    if (!hand_over(std::move(b)))
      return;
    b = std::move(next);
    searched = b.size;
  }
  if (b.size > 0 && !hand_over(std::move(b)))
    return; // the last line had no line feed
  finish(failed);
}

POSTROAD_DECL input::input(int fd, std::function<void()> wake) : shared_(std::make_shared<shared>()) {
  struct stat st {};
  drains_ = fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
  shared_->wake = std::move(wake);
  std::thread([s = shared_, fd] {
    detail::block_signals();
    s->read_all(fd);
  }).detach();
}

POSTROAD_DECL input::input(const std::string& lines) : shared_(std::make_shared<shared>()) {
  if (!lines.empty()) {
    block b = detail::new_block(lines.size());
    std::memcpy(b.bytes.get(), lines.data(), lines.size());
    b.size = lines.size();
    shared_->full.push_back(std::move(b));
  }
  shared_->ended = true;
}

POSTROAD_DECL input::~input() {
  const std::lock_guard hold(shared_->mutex);
  shared_->unwanted = true;
  shared_->wake = nullptr;
  shared_->room.notify_all();
}

POSTROAD_DECL bool input::next_in_block(line& out) {
  if (current_.too_long) {
    current_.too_long = false;
    out = {{}, ++number_, true};
    return true;
  }
  if (at_ >= current_.size)
    return false;
  const char* start = current_.bytes.get() + at_;
  const auto left = current_.size - at_;
  const auto* feed = static_cast<const char*>(std::memchr(start, '\n', left));
  const auto length = feed ? static_cast<std::size_t>(feed - start) : left;
  at_ += length + 1;
  out = {{start, length}, ++number_, length > longest_line};
  return true;
}

POSTROAD_DECL bool input::take(bool wait) {
  std::unique_lock hold(shared_->mutex);
  if (current_.capacity == detail::block_size && shared_->spare.size() < detail::blocks_ahead)
    shared_->spare.push_back(std::move(current_));
  current_ = {};
  at_ = 0;
  if (wait)
    shared_->ready.wait(hold, [&] { return !shared_->full.empty() || shared_->ended; });
  if (shared_->full.empty())
    return false;
  current_ = std::move(shared_->full.front());
  shared_->full.pop_front();
  bytes_read_ += current_.size;
  shared_->room.notify_one();
  return true;
}

POSTROAD_DECL bool input::next(line& out) {
  return next_in_block(out) || (take(false) && next_in_block(out));
}
POSTROAD_DECL bool input::wait_next(line& out) {
  return next_in_block(out) || (take(true) && next_in_block(out));
}

POSTROAD_DECL bool input::ended() const {
  if (current_.too_long || at_ < current_.size)
    return false;
  const std::lock_guard hold(shared_->mutex);
  return shared_->ended && shared_->full.empty();
}

POSTROAD_DECL int input::error() const {
  const std::lock_guard hold(shared_->mutex);
  return shared_->error;
}

POSTROAD_DECL output::output(int fd, std::function<void()> done)
    : fd_(fd), done_(std::move(done)), thread_([this] { run(); }) {}

POSTROAD_DECL output::~output() {
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

POSTROAD_DECL void output::run() {
  detail::block_signals();
  std::unique_lock hold(mutex_);
  for (;;) {
    changed_.wait(hold, [&] { return busy_ || stop_; });
    if (!busy_)
      return;
    if (error_ == 0) {
      hold.unlock();
      const int failed = write_all(fd_, bytes_);
      hold.lock();
      error_ = failed;
      if (failed == 0)
        written_ += bytes_.size();
    }
    busy_ = false;
    changed_.notify_all();
    if (done_) {
      hold.unlock();
      done_();
      hold.lock();
    }
  }
}

POSTROAD_DECL void output::give(std::string& bytes) {
  {
    const std::lock_guard hold(mutex_);
    bytes_.swap(bytes);
    busy_ = true;
  }
  bytes.clear();
  changed_.notify_all();
}

POSTROAD_DECL void output::wait_and_give(std::string& bytes) {
  wait_idle();
  give(bytes);
}

POSTROAD_DECL bool output::idle() const {
  const std::lock_guard hold(mutex_);
  return !busy_;
}

POSTROAD_DECL void output::wait_idle() {
  std::unique_lock hold(mutex_);
  changed_.wait(hold, [&] { return !busy_; });
}

POSTROAD_DECL int output::error() const {
  const std::lock_guard hold(mutex_);
  return error_;
}

POSTROAD_DECL std::uint64_t output::bytes_written() const {
  const std::lock_guard hold(mutex_);
  return written_;
}

} // namespace postroad::record
