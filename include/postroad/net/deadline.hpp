/// One deadline for a sequence of awaits on one socket.
#pragma once

#include <postroad/config.hpp>

#include <asio/execution_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace postroad::net {

class deadline;

namespace detail {

struct deadline_link {
  deadline_link* before = this;
  deadline_link* after = this;

  [[nodiscard]] bool alone() const noexcept { return after == this; }
  void unlink() noexcept {
    before->after = after;
    after->before = before;
    before = after = this;
  }
  void put_before(deadline_link& other) noexcept {
    before = other.before;
    after = &other;
    before->after = this;
    other.before = this;
  }
};

/// All the deadlines of one io_context on one timer: a hashed wheel, so that arming one again, which every
/// step of every dialog does, is a few pointer writes and no system call.
///
/// It also is the register of all that is in flight, for abort_all().
class deadline_wheel : public asio::execution_context::service {
public:
  using clock = std::chrono::steady_clock;
  using key_type = deadline_wheel;
  inline static asio::execution_context::id id;

  static constexpr std::chrono::milliseconds tick{16}; // as late as a time-out may be
  static constexpr std::size_t slots = 4096;           // 65 s a turn; later ones wait for another turn

  POSTROAD_DECL explicit deadline_wheel(asio::execution_context& owner);
  POSTROAD_DECL void put(deadline& d);
  POSTROAD_DECL void take(deadline& d);
  POSTROAD_DECL void abort_all();
  [[nodiscard]] bool aborted() const noexcept { return aborted_; }

private:
  POSTROAD_DECL void shutdown() override;
  [[nodiscard]] static std::int64_t tick_of(clock::time_point t) noexcept {
    return t.time_since_epoch() / tick;
  }
  POSTROAD_DECL void wait();
  POSTROAD_DECL void turn();
  POSTROAD_DECL void expire_slot(std::size_t slot, std::int64_t now);

  asio::steady_timer timer_;
  std::vector<deadline_link> wheel_;
  std::size_t armed_ = 0;
  std::int64_t turned_to_ = 0; // the tick up to which slots have been looked at
  bool waiting_ = false;
  bool aborted_ = false;
};

} // namespace detail

/// Bounds the waits on one socket in time: when it expires, every wait on the socket is cancelled
/// (asio::error::operation_aborted) and `expired()` says so.
///
/// Arm it before each wait. A wait that ended just as the time ran out has not expired: the next arm() starts
/// afresh. `at_most` bounds all of them together. It belongs to the coroutine that waits, and everything runs
/// on the one thread of the io_context.
///
/// Example:
///   net::deadline limit(socket, started + 60s);
///   limit.arm(10s);
///   const auto ec = co_await net::connect(socket, to, source);
///   if (limit.expired()) ...
class deadline : detail::deadline_link {
public:
  using clock = std::chrono::steady_clock;

  POSTROAD_DECL explicit deadline(asio::ip::tcp::socket& socket,
                                  clock::time_point at_most = clock::time_point::max());
  ~deadline() { disarm(); }
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  /// Gives the waits from here on so much time, or what is left of the whole. False when everything in this
  /// io_context has been told to stop: then start no wait.
  [[nodiscard]] POSTROAD_DECL bool arm(std::chrono::milliseconds patience);
  POSTROAD_DECL void disarm() noexcept;
  [[nodiscard]] bool expired() const noexcept { return expired_; }
  /// Has the time for all the waits together run out?
  [[nodiscard]] bool exhausted() const noexcept { return clock::now() >= at_most_; }
  /// Has everything in this io_context been told to stop?
  [[nodiscard]] bool aborted() const noexcept { return wheel_.aborted(); }

private:
  friend class detail::deadline_wheel;
  POSTROAD_DECL void cancel() noexcept;

  asio::ip::tcp::socket& socket_;
  detail::deadline_wheel& wheel_;
  clock::time_point at_most_;
  clock::time_point at_{};
  bool expired_ = false;
};

/// Cancels every wait that a deadline of this io_context watches over, now and from now on: what SIGINT does.
/// The waits end with operation_aborted and their `aborted()` is true.
POSTROAD_DECL void abort_all(asio::execution_context& context);

} // namespace postroad::net

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/net/impl/deadline.ipp>
#endif
