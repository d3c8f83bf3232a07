#pragma once

#include <postroad/scan/sender.hpp>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

namespace postroad::scan {

POSTROAD_DECL sender::sender(errand what, std::unique_ptr<transmitter> out, const answered* skip,
                             std::function<void()> ended)
    : what_(std::move(what)), out_(std::move(out)), skip_(skip), ended_(std::move(ended)),
      pace_(what_.rate, pace::clock::now()), patience_([this](int error) { return again(error); }) {
  next_ = what_.first;
}

POSTROAD_DECL sender::~sender() {
  stop();
  if (thread_.joinable())
    thread_.join();
}

POSTROAD_DECL void sender::start() {
  running_.store(true, std::memory_order_release);
  thread_ = std::thread([this] { run(); });
}

inline void sender::run() {
  pace_ = pace(what_.rate, pace::clock::now());
  const auto round = what_.course.round(), end = what_.course.steps();
  while (!stop_.load(std::memory_order_relaxed) && next() < end) {
    if (resting_.load(std::memory_order_relaxed)) {
      sleep_until(pace::clock::now() + std::chrono::milliseconds(10));
      continue;
    }
    if (next() % round == 0 || next() == what_.first)
      wait_for_round(next() / round);
    const auto left = round - next() % round;
    if (!sleep_until(pace_.due()) ||
        !batch(static_cast<std::size_t>(std::min<std::uint64_t>(pace_.batch(), left))))
      break;
  }
  running_.store(false, std::memory_order_release);
  ended_();
}

/// A second try comes when the first may be taken for lost: a second later (RFC 6298 2.1), or a whole round.
inline void sender::wait_for_round(std::uint64_t round) {
  if (round > 0 && round_began_ != pace::time{})
    sleep_until(round_began_ + std::chrono::seconds(1));
  round_began_ = pace::clock::now();
}

/// False when there is no time to sleep any more: stop() was called. Never sleeps long in one go.
inline bool sender::sleep_until(pace::time when) {
  constexpr std::chrono::milliseconds most{100};
  while (!stop_.load(std::memory_order_relaxed)) {
    const auto now = pace::clock::now();
    if (now >= when)
      return true;
    const auto until = std::min(when, now + most).time_since_epoch();
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(until);
    const timespec at{static_cast<std::time_t>(whole.count()), static_cast<long>((until - whole).count())};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
  }
  return false;
}

/// Takes the next steps, as many as fill `frames`; those whose target has answered already fill none. Stage
/// by stage for all of them: within a stage nothing waits for anything, so that the processor does several at
/// once.
inline std::size_t sender::fill(std::span<frame> frames, std::uint64_t& next_step, std::uint64_t end) {
  std::array<step, transmitter::largest_batch> steps;
  std::array<net::endpoint, transmitter::largest_batch> to;
  std::array<marks, transmitter::largest_batch> cookies;
  std::size_t n = 0;
  for (; next_step < end && n < frames.size(); ++next_step) {
    steps[n] = what_.course.at(next_step);
    n += steps[n].attempt == 0 || skip_ == nullptr || !skip_->has(steps[n].number) ? 1 : 0;
  }
  for (std::size_t i = 0; i < n; ++i)
    to[i] = what_.whom.at(steps[i].number);
  for (std::size_t i = 0; i < n; ++i)
    cookies[i] = marks_of(what_.key, what_.ports, to[i], steps[i].attempt);
  for (std::size_t i = 0; i < n; ++i) {
    const auto& maker = to[i].ip.v6 ? *what_.v6 : *what_.v4;
    maker.make(frames[i].bytes, to[i], cookies[i]);
    frames[i].size = maker.size();
  }
  return n;
}

/// Sends one batch of at most `n`; false when the link is gone.
inline bool sender::batch(std::size_t n) {
  const auto first = next();
  auto step = first;
  trouble_since_ = {};
  const auto frames = out_->reserve(n, patience_);
  if (frames.empty())
    return give_up(ENOBUFS);
  const auto filled = fill(frames, step, first + n);
  std::uint64_t bytes = 0;
  for (const auto& f : frames.first(filled))
    bytes += f.size;
  const auto now = pace::clock::now();
  log_.note(first, now);
  const auto sent = out_->commit(filled, patience_);
  const auto lost = out_->unsendable() - unsendable();
  packets_.store(packets() + sent.packets - lost, std::memory_order_relaxed);
  unsendable_.store(unsendable() + lost, std::memory_order_relaxed);
  if (sent.error !=
      0) { // without skipped steps, step by step what was sent; else the batch counts as not sent
    next_.store(filled == step - first ? first + sent.packets : first, std::memory_order_release);
    return give_up(sent.error);
  }
  bytes_.store(this->bytes() + bytes, std::memory_order_relaxed);
  pace_.sent(filled, now);
  next_.store(step, std::memory_order_release);
  return true;
}

/// What failed because nobody wanted it any more is no error.
inline bool sender::give_up(int error) {
  if (!stop_.load(std::memory_order_relaxed))
    error_.store(error, std::memory_order_relaxed);
  return false;
}

/// A link that is down may come back within a little while; a kernel whose table of neighbours is full
/// forgets them within a minute (neigh/default/gc_thresh3); an interface that is gone does not come back.
inline bool sender::again(int error) {
  const auto enough = std::chrono::seconds(error == ENOBUFS ? 90 : 10);
  const auto now = pace::clock::now();
  if (trouble_since_ == pace::time{})
    trouble_since_ = now;
  if (error == ENODEV || error == ENXIO || error == EBADF || now - trouble_since_ > enough)
    return false;
  return sleep_until(now + std::chrono::milliseconds(100));
}

} // namespace postroad::scan
