/// A coroutine that one other coroutine waits for: the thread of thought of one record.
///
/// Asio's own awaitable works over an executor and a frame stack; a record of ours passes through a dozen
/// awaits that mostly find their answer in a cache, and a million records make that count. This one is a
/// frame and a continuation, nothing more. House rule: coroutines are named functions that take their
/// arguments by value (a capturing lambda loses its captures, and g++ 12 destroys some of them twice).
#pragma once

#include <postroad/net/pool.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace postroad::net {

template <class T>
class task;

namespace detail {

struct promise_base {
  static void* operator new(std::size_t size) { return size_pool::take(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { size_pool::give(frame, size); }

  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::exception_ptr thrown;

  struct final_awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      return h.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  final_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct promise : promise_base {
  std::optional<T> value;
  task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() {
    if (thrown)
      std::rethrow_exception(thrown);
    return std::move(*value);
  }
};

template <>
struct promise<void> : promise_base {
  task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() {
    if (thrown)
      std::rethrow_exception(thrown);
  }
};

} // namespace detail

/// A lazy coroutine: it starts when it is awaited (or spawned) and resumes its awaiter when it ends.
///
/// Example:
///   net::task<int> twice(int x) { co_return 2 * x; }
///   net::task<void> go() { const int four = co_await twice(2); ... }
template <class T = void>
class [[nodiscard]] task {
public:
  using promise_type = detail::promise<T>;

  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  task(const task&) = delete;
  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~task() {
    if (frame_)
      frame_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
    frame_.promise().continuation = waiting;
    return frame_;
  }
  T await_resume() { return frame_.promise().take(); }

private:
  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<promise<T>>::from_promise(*this));
}
inline task<void> promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<promise<void>>::from_promise(*this));
}

/// Runs at once and frees itself at the end.
struct detached {
  struct promise_type {
    static void* operator new(std::size_t size) { return size_pool::take(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { size_pool::give(frame, size); }
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); } // a task that may throw is awaited, not spawned
  };
};

inline detached run_detached(task<void> work) {
  co_await work;
}

} // namespace detail

/// Starts `work` now; it runs until its first real wait and goes on by itself. Nobody waits for it.
inline void spawn(task<void> work) {
  detail::run_detached(std::move(work));
}

/// Waits until its `count` children have each called arrive(). One coroutine may wait.
///
/// Example: `net::join both(2); spawn(ask_a(both)); spawn(ask_aaaa(both)); co_await both;`
class join {
public:
  explicit join(std::size_t count) : left_(count) {}
  void arrive() {
    if (--left_ == 0 && waiting_)
      std::exchange(waiting_, nullptr).resume();
  }
  [[nodiscard]] bool await_ready() const noexcept { return left_ == 0; }
  void await_suspend(std::coroutine_handle<> h) noexcept { waiting_ = h; }
  void await_resume() const noexcept {}

private:
  std::size_t left_;
  std::coroutine_handle<> waiting_;
};

} // namespace postroad::net
