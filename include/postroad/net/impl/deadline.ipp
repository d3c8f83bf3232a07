#pragma once

#include <postroad/net/deadline.hpp>

#include <asio/error_code.hpp>
#include <asio/io_context.hpp>
#include <asio/query.hpp>

#include <algorithm>
#include <utility>

namespace postroad::net {

namespace detail {

POSTROAD_DECL deadline_wheel::deadline_wheel(asio::execution_context& owner)
    : service(owner), timer_(static_cast<asio::io_context&>(owner)), wheel_(slots) {}

// Whoever is still linked here is destroyed with the handlers of the io_context, after this.
POSTROAD_DECL void deadline_wheel::shutdown() {
  timer_.cancel();
}

POSTROAD_DECL void deadline_wheel::put(deadline& d) {
  if (d.alone())
    ++armed_;
  else
    d.unlink();
  if (armed_ == 1)
    turned_to_ = tick_of(clock::now());
  const auto due =
      std::max(tick_of(d.at_), turned_to_) + 1; // the tick that begins after the time has run out
  d.put_before(wheel_[static_cast<std::size_t>(due) % slots]);
  if (!waiting_)
    wait();
}

POSTROAD_DECL void deadline_wheel::take(deadline& d) {
  if (d.alone())
    return;
  d.unlink();
  if (--armed_ == 0 && waiting_)
    timer_.cancel(); // an io_context with nothing to wait for may end
}

POSTROAD_DECL void deadline_wheel::wait() {
  waiting_ = true;
  timer_.expires_at(clock::time_point(tick * (turned_to_ + 1)));
  timer_.async_wait([this](const asio::error_code& ec) {
    waiting_ = false;
    if (!ec)
      turn();
    if (armed_ != 0 && !waiting_)
      wait();
  });
}

POSTROAD_DECL void deadline_wheel::turn() {
  const auto now = tick_of(clock::now());
  // After a long sleep of the process one whole turn looks at everything.
  auto t = std::max(turned_to_, now - static_cast<std::int64_t>(slots));
  while (t < now)
    expire_slot(static_cast<std::size_t>(++t) % slots, now);
  turned_to_ = now;
}

POSTROAD_DECL void deadline_wheel::expire_slot(std::size_t slot, std::int64_t now) {
  auto& head = wheel_[slot];
  for (auto* link = head.after; link != &head;) {
    auto& due = static_cast<deadline&>(*link);
    link = link->after;
    if (tick_of(due.at_) >= now)
      continue;
    take(due);
    due.expired_ = true;
    due.cancel();
  }
}

POSTROAD_DECL void deadline_wheel::abort_all() {
  aborted_ = true;
  for (auto& head : wheel_)
    for (auto* link = head.after; link != &head;) {
      auto& waiting = static_cast<deadline&>(*link);
      link = link->after;
      take(waiting);
      waiting.cancel();
    }
}

} // namespace detail

POSTROAD_DECL deadline::deadline(asio::ip::tcp::socket& socket, clock::time_point at_most)
    : socket_(socket), wheel_(asio::use_service<detail::deadline_wheel>(
                           asio::query(socket.get_executor(), asio::execution::context))),
      at_most_(at_most) {}

POSTROAD_DECL bool deadline::arm(std::chrono::milliseconds patience) {
  expired_ = false;
  if (aborted()) {
    disarm();
    return false;
  }
  const auto now = clock::now();
  at_ = at_most_ - now < patience ? at_most_ : now + patience;
  wheel_.put(*this);
  return true;
}

POSTROAD_DECL void deadline::disarm() noexcept {
  wheel_.take(*this);
}

// Completed waits are not cancelled by this, they have their bytes: whoever arms again goes on.
POSTROAD_DECL void deadline::cancel() noexcept {
  asio::error_code ignored;
  socket_.cancel(ignored);
}

POSTROAD_DECL void abort_all(asio::execution_context& context) {
  asio::use_service<detail::deadline_wheel>(context).abort_all();
}

} // namespace postroad::net
