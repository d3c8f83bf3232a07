/// Waiting between two calls at one server, in a way that the end of the run cuts short.
#pragma once

#include <postroad/flow/job.hpp>
#include <postroad/net/task.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <set>

namespace postroad::flow {

class pauses {
public:
  explicit pauses(asio::io_context& io) : io_(io) {}
  /// The record holds no place meanwhile.
  net::task<void> wait(job& record, std::chrono::milliseconds time) {
    if (aborted_ || time.count() <= 0)
      co_return;
    record.park();
    asio::steady_timer timer(io_, time);
    running_.insert(&timer);
    co_await timer.async_wait(net::use_task);
    running_.erase(&timer);
    co_await record.unpark();
  }
  /// Ends every wait, now and from now on.
  void abort() {
    aborted_ = true;
    for (auto* timer : running_)
      timer->cancel();
  }
  [[nodiscard]] bool aborted() const noexcept { return aborted_; }

private:
  asio::io_context& io_;
  std::set<asio::steady_timer*> running_;
  bool aborted_ = false;
};

} // namespace postroad::flow
