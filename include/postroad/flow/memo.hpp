/// Work that is done once: what several records need is fetched by one of them, and remembered.
#pragma once

#include <postroad/flow/job.hpp>
#include <postroad/net/lru.hpp>
#include <postroad/net/task.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace postroad::flow {

/// Answers by key. While one record fetches an answer, others that need it wait without holding a place;
/// later ones find it remembered, for as long as it fits in the bytes given. `Value` has `std::size_t bytes()
/// const`.
template <class Value>
class memo {
public:
  using shared = std::shared_ptr<const Value>;
  using fetch = std::function<net::task<void>(Value&)>; ///< fills the value, which is a fresh one

  memo(asio::io_context& io, std::size_t bytes) : io_(io), known_(bytes) {}

  struct counters {
    std::uint64_t fetched = 0;
    std::uint64_t joined = 0;     ///< waited for another record's fetch
    std::uint64_t remembered = 0; ///< found it there
    std::uint64_t repeated = 0;   ///< fetched although it was known once: the cache was too small
  };
  [[nodiscard]] const counters& counts() const noexcept { return counts_; }

  /// The answer for `key`; `work` fetches it if nobody has.
  net::task<shared> get(job& record, std::string key, fetch work) {
    if (auto known = known_.find(key)) {
      ++counts_.remembered;
      co_return *known;
    }
    if (const auto [at, is_first] = under_way_.try_emplace(key); !is_first) {
      ++counts_.joined;
      record.park();
      waiter wait{at->second};
      co_return co_await wait;
    }
    ++counts_.fetched;
    counts_.repeated += was_seen(key) ? 1u : 0u;
    const auto answer = std::make_shared<Value>();
    co_await work(*answer);
    publish(std::move(key), answer);
    co_return answer;
  }

private:
  struct waiting {
    std::coroutine_handle<> who;
    shared* answer;
  };
  struct waiter {
    std::vector<waiting>& line;
    shared answer{};
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) { line.push_back({h, &answer}); }
    shared await_resume() { return std::move(answer); }
  };

  void publish(std::string key, const shared& answer) {
    auto line = std::move(under_way_.extract(key).mapped());
    const auto weight = answer->bytes() + key.size();
    known_.put(std::move(key), answer, weight);
    for (const auto& w : line) {
      *w.answer = answer;
      asio::post(io_, [who = w.who] { who.resume(); });
    }
  }

  /// A mark that outlives eviction: one bit by hash, a megabyte in all. One key in ten shares its bit once a
  /// million are known; it only counts.
  bool was_seen(const std::string& key) {
    const auto bit = std::hash<std::string>{}(key) % seen_.size();
    const bool before = seen_[bit];
    seen_[bit] = true;
    return before;
  }

  asio::io_context& io_;
  net::lru<std::string, shared> known_;
  std::unordered_map<std::string, std::vector<waiting>> under_way_;
  std::vector<bool> seen_ = std::vector<bool>(std::size_t{1} << 23);
  counters counts_;
};

} // namespace postroad::flow
