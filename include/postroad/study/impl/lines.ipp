#pragma once

#include <postroad/study/lines.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace postroad::study {

POSTROAD_DECL got block_reader::next(line_block& to) {
  to.size = rest_.size();
  if (to.bytes.size() < to.size + one_read + record::line_slack)
    to.bytes.resize(to.size + one_read + record::line_slack);
  std::copy(rest_.begin(), rest_.end(), to.bytes.begin());
  rest_.clear();
  const bool has_lines =
      std::memchr(to.bytes.data(), '\n', to.size) != nullptr; // behind one that was too long
  for (;;) {
    if (ended_ || has_lines)
      return cut(to);
    const auto before = to.size;
    const auto what = fill(to);
    if (what != got::lines)
      return keep(to, 0), to.size = 0, what;
    if (ended_ || std::memchr(to.bytes.data() + before, '\n', to.size - before) != nullptr)
      return cut(to);
    if (to.size > record::longest_line)
      skipping_ = true;
    if (skipping_)
      to.size = 0; // what will not be used need not be kept
  }
}

/// Leaves whole lines and keeps what is behind them.
POSTROAD_DECL got block_reader::cut(line_block& to) {
  if (to.size == 0 && !skipping_)
    return got::end;
  const auto* const first = static_cast<const char*>(std::memchr(to.bytes.data(), '\n', to.size));
  const auto end_of_first = first == nullptr ? to.size : static_cast<std::size_t>(first - to.bytes.data());
  if (skipping_ || end_of_first > record::longest_line) { // nothing before it is left
    skipping_ = false;
    keep(to, first == nullptr ? to.size : end_of_first + 1);
    to.size = 0;
    return got::too_long;
  }
  if (ended_)
    return got::lines;
  const auto* const last = static_cast<const char*>(::memrchr(to.bytes.data(), '\n', to.size));
  const auto end = last == nullptr ? 0 : static_cast<std::size_t>(last - to.bytes.data()) + 1;
  keep(to, end);
  to.size = end;
  return got::lines;
}

POSTROAD_DECL void block_reader::keep(const line_block& from, std::size_t at) {
  rest_.assign(from.bytes.begin() + static_cast<std::ptrdiff_t>(at),
               from.bytes.begin() + static_cast<std::ptrdiff_t>(from.size));
}

/// Reads one block more; got::lines when that went well.
POSTROAD_DECL got block_reader::fill(line_block& to) {
  if (to.bytes.size() < to.size + one_read + record::line_slack)
    to.bytes.resize(2 * to.size + one_read + record::line_slack);
  const auto n = ::read(fd_, to.bytes.data() + to.size, one_read);
  if (n > 0) {
    to.size += static_cast<std::size_t>(n);
    return got::lines;
  }
  ended_ = n == 0;
  if (n == 0 || errno == EINTR)
    return n == 0 ? got::lines : got::interrupted;
  if (errno != EAGAIN)
    return got::failed;
  pollfd wait{fd_, POLLIN, 0}; // somebody left O_NONBLOCK on it
  return ::poll(&wait, 1, -1) < 0 ? got::interrupted : got::lines;
}

POSTROAD_DECL got line_reader::next(std::string_view& line) {
  if (at_ == block_.size) {
    const auto what = blocks_.next(block_);
    at_ = 0;
    number_ += what == got::too_long ? 1 : 0;
    if (what != got::lines)
      return what;
  }
  auto rest = block_.text().substr(at_);
  line = take_line(rest);
  at_ = block_.size - rest.size();
  ++number_;
  return got::lines;
}

} // namespace postroad::study
