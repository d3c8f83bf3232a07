/// Asio's completion token for net::task: `const auto [ec, n] = co_await socket.async_read_some(buffer,
/// net::use_task);`
#pragma once

#include <asio/async_result.hpp>

#include <coroutine>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace postroad::net {

struct use_task_t {};
inline constexpr use_task_t use_task{};

namespace detail {

/// Holds the initiation until the coroutine has suspended, then the results until it resumes. It lives in the
/// frame of the awaiting coroutine, so the handler may point into it.
template <class Initiation, class Bound, class... Results>
class asio_awaiter {
public:
  asio_awaiter(Initiation initiation, Bound bound)
      : initiation_(std::move(initiation)), bound_(std::move(bound)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    std::apply([this](auto&... bound) { std::move(initiation_)(handler{this}, std::move(bound)...); },
               bound_);
  }
  auto await_resume() {
    if constexpr (sizeof...(Results) == 1)
      return std::get<0>(std::move(*results_));
    else
      return std::move(*results_);
  }

private:
  struct handler {
    asio_awaiter* self;
    void operator()(Results... results) {
      self->results_.emplace(std::move(results)...);
      self->waiting_.resume();
    }
  };

  Initiation initiation_;
  Bound bound_;
  std::optional<std::tuple<Results...>> results_;
  std::coroutine_handle<> waiting_;
};

} // namespace detail
} // namespace postroad::net

namespace asio {

template <class... Results>
class async_result<postroad::net::use_task_t, void(Results...)> {
public:
  template <class Initiation, class... Bound>
  static auto initiate(Initiation&& initiation, postroad::net::use_task_t, Bound&&... bound) {
    using pack = std::tuple<std::decay_t<Bound>...>;
    return postroad::net::detail::asio_awaiter<std::decay_t<Initiation>, pack, std::decay_t<Results>...>(
        std::forward<Initiation>(initiation), pack(std::forward<Bound>(bound)...));
  }
};

} // namespace asio
