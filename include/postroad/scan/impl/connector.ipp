#pragma once

#include <postroad/scan/connector.hpp>

#include <postroad/net/connect.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace postroad::scan {

POSTROAD_DECL connector::connector(connector_settings use, const answered* skip, std::function<void()> news)
    : use_(std::move(use)), skip_(skip), news_(std::move(news)), pace_(use_.rate, clock::now()) {
  next_ = use_.first;
}

POSTROAD_DECL connector::~connector() {
  stop();
  if (thread_.joinable())
    thread_.join();
}

POSTROAD_DECL void connector::start() {
  running_.store(true, std::memory_order_release);
  thread_ = std::thread([this] {
    pace_ = pace(use_.rate, clock::now());
    net::spawn(take_steps());
    io_.run(); // until the last connection has ended
    running_.store(false, std::memory_order_release);
    news_();
  });
}

POSTROAD_DECL void connector::abort() {
  stop();
  asio::post(io_, [this] { net::abort_all(io_); });
}

POSTROAD_DECL std::vector<connector::told> connector::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

POSTROAD_DECL void connector::keep(const told& a) {
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back(a);
  }
  news_();
}

POSTROAD_DECL net::task<> connector::take_steps() {
  const auto end = use_.course.steps(), round = use_.course.round();
  while (!stop_.load(std::memory_order_relaxed) && next() < end) {
    if (next() % round == 0)
      co_await wait_for_round();
    co_await sleep_until(pace_.due());
    co_await wait_for_place();
    if (stop_.load(std::memory_order_relaxed))
      break;
    if (resting_.load(std::memory_order_relaxed)) {
      co_await sleep_until(clock::now() + std::chrono::milliseconds(10));
      continue;
    }
    log_.note(next(), clock::now());
    const auto s = use_.course.at(next());
    next_.store(next() + 1, std::memory_order_release);
    if (s.attempt > 0 && skip_ != nullptr && skip_->has(s.number))
      continue;
    pace_.sent(1, clock::now());
    ++under_way_;
    net::spawn(ask(s, use_.whom.at(s.number)));
  }
}

/// Those of the round before have ended, so that nobody who answered late is asked again.
POSTROAD_DECL net::task<> connector::wait_for_round() {
  while (under_way_ > 0 && !stop_.load(std::memory_order_relaxed))
    co_await sleep_until(clock::now() + std::chrono::milliseconds(10));
}

POSTROAD_DECL net::task<> connector::sleep_until(clock::time_point when) {
  constexpr std::chrono::milliseconds most{100};
  for (auto now = clock::now(); now < when && !stop_.load(std::memory_order_relaxed); now = clock::now()) {
    timer_.expires_at(std::min(when, now + most));
    co_await timer_.async_wait(net::use_task);
  }
}

POSTROAD_DECL net::task<> connector::wait_for_place() {
  while (under_way_ >= std::max<std::size_t>(use_.at_once, 1)) {
    place_.expires_at(clock::time_point::max());
    co_await place_.async_wait(net::use_task); // who leaves one cancels it
  }
}

namespace detail {

/// Something of ours is used up and comes back: file descriptors, ports, memory.
[[nodiscard]] inline bool is_passing(const std::error_code& ec) noexcept {
  const auto e = ec.value();
  return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM || e == EADDRNOTAVAIL || e == EAGAIN;
}

} // namespace detail

POSTROAD_DECL net::task<std::error_code> connector::connect_once(net::endpoint to,
                                                                 std::chrono::microseconds& took) {
  const auto began = clock::now();
  asio::ip::tcp::socket socket(io_);
  net::deadline limit(socket);
  std::error_code ec = asio::error::operation_aborted;
  if (limit.arm(use_.timeout))
    ec = co_await net::connect(socket, to, use_.source);
  took = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - began);
  limit.disarm();
  net::close_hard(socket);
  co_return ec;
}

POSTROAD_DECL net::task<> connector::ask(step s, net::endpoint to) {
  std::chrono::microseconds took{};
  auto ec = co_await connect_once(to, took);
  asio::steady_timer pause(io_);
  while (detail::is_passing(ec) && !stop_.load(std::memory_order_relaxed)) {
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(net::use_task);
    ec = co_await connect_once(to, took);
  }
  const auto what = net::outcome_of(ec);
  auto& count = what == outcome::send_error || ec.value() == ENETUNREACH ? unsendable_ : packets_;
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (what == outcome::ok)
    keep({{answer_kind::open, to, s}, took});
  else if (what == outcome::refused || what == outcome::reset)
    keep({{answer_kind::closed, to, s}, took});
  --under_way_;
  place_.cancel();
}

} // namespace postroad::scan
