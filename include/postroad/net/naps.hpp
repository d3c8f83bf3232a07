/// Waits for a while that can all be cut short.
#pragma once

#include <postroad/net/task.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <unordered_set>

namespace postroad::net {

/// Coroutines that sleep, each on a timer of its own, and a bell that wakes them all.
///
/// Example:
///   const bool slept = co_await naps.until(clock::now() + 1s);
///   if (!slept) co_return;
class naps {
public:
  using clock = std::chrono::steady_clock;

  explicit naps(asio::io_context& io) : io_(io) {}
  naps(const naps&) = delete;
  naps& operator=(const naps&) = delete;

  /// True when the time has come, false after abort().
  task<bool> until(clock::time_point when) {
    if (when <= clock::now())
      co_return !aborted_;
    if (aborted_)
      co_return false;
    asio::steady_timer timer(io_, when);
    sleepers_.insert(&timer);
    co_await timer.async_wait(use_task);
    sleepers_.erase(&timer);
    co_return !aborted_;
  }
  /// Everybody wakes, and nobody sleeps any more.
  void abort() {
    aborted_ = true;
    for (auto* timer : sleepers_)
      timer->cancel();
  }
  [[nodiscard]] bool aborted() const noexcept { return aborted_; }

private:
  asio::io_context& io_;
  std::unordered_set<asio::steady_timer*> sleepers_;
  bool aborted_ = false;
};

} // namespace postroad::net
