#pragma once

#include <postroad/study/lines.hpp>

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace postroad::study {

POSTROAD_DECL line_reader::got line_reader::next(std::string_view& line) {
  for (;;) {
    const char* const start = bytes_.data() + at_;
    const auto* const feed =
        size_ == looked_
            ? nullptr
            : static_cast<const char*>(std::memchr(bytes_.data() + looked_, '\n', size_ - looked_));
    if (feed != nullptr) {
      line = {start, static_cast<std::size_t>(feed - start)};
      at_ = looked_ = at_ + line.size() + 1;
      ++number_;
      if (!skipping_ && line.size() <= record::longest_line)
        return got::line;
      skipping_ = false;
      return got::too_long;
    }
    looked_ = size_;
    if (ended_)
      return finish(line);
    if (const auto what = fill(); what != got::line)
      return what;
  }
}

/// The last line, when it has no line feed.
POSTROAD_DECL line_reader::got line_reader::finish(std::string_view& line) {
  if (at_ == size_ && !skipping_)
    return got::end;
  line = {bytes_.data() + at_, size_ - at_};
  at_ = looked_ = size_;
  ++number_;
  const bool whole = !skipping_ && line.size() <= record::longest_line;
  skipping_ = false;
  return whole ? got::line : got::too_long;
}

/// Reads one block more; got::line when that went well.
POSTROAD_DECL line_reader::got line_reader::fill() {
  if (size_ - at_ > record::longest_line)
    skipping_ = true;
  if (skipping_)
    at_ = size_; // what will not be used need not be kept
  const auto kept = size_ - at_;
  if (at_ != 0)
    std::memmove(bytes_.data(), bytes_.data() + at_, kept);
  at_ = 0;
  looked_ = size_ = kept;
  if (bytes_.size() < kept + block + record::line_slack)
    bytes_.resize(2 * kept + block + record::line_slack);
  const auto n = ::read(fd_, bytes_.data() + size_, block);
  if (n > 0) {
    size_ += static_cast<std::size_t>(n);
    return got::line;
  }
  ended_ = n == 0;
  if (n == 0 || errno == EINTR)
    return n == 0 ? got::line : got::interrupted;
  if (errno != EAGAIN)
    return got::failed;
  pollfd wait{fd_, POLLIN, 0}; // somebody left O_NONBLOCK on it
  return ::poll(&wait, 1, -1) < 0 ? got::interrupted : got::line;
}

} // namespace postroad::study
