/// Those who wait for the same look-up.
#pragma once

#include <postroad/dns/cache.hpp>
#include <postroad/dns/client.hpp>

#include <coroutine>
#include <cstddef>
#include <utility>
#include <vector>

namespace postroad::dns {

/// One who waits for a look-up. It lives in the frame of the waiting coroutine; the first for a question
/// leads, and those who join are a list behind it.
struct client::flight {
  flight(engine& asking, question_key&& about, const name& asked, type asked_type)
      : e(asking), key(std::move(about)), n(asked), t(asked_type) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  inline void await_suspend(std::coroutine_handle<> h);
  answer_ptr await_resume() noexcept { return std::move(got); }
  inline void land(const answer_ptr& a);

  engine& e;
  question_key key;
  const name& n;
  type t;
  answer_ptr got;
  std::coroutine_handle<> waiting;
  flight *next = nullptr, *last = this; ///< who joined, the leader's last
  flight* chain = nullptr;              ///< of the table's bucket
};

/// The leaders, by question: a chained hash table whose links are in the flights.
class client::flight_table {
public:
  [[nodiscard]] flight* find(const question_key& key) const noexcept {
    flight* f = buckets_[key.hash & (buckets_.size() - 1)];
    while (f != nullptr && !(f->key == key))
      f = f->chain;
    return f;
  }
  void insert(flight& f) {
    if (++size_ > buckets_.size())
      grow();
    flight*& bucket = buckets_[f.key.hash & (buckets_.size() - 1)];
    f.chain = std::exchange(bucket, &f);
  }
  void erase(flight& f) noexcept {
    flight** link = &buckets_[f.key.hash & (buckets_.size() - 1)];
    while (*link != &f)
      link = &(*link)->chain;
    *link = f.chain;
    --size_;
  }

private:
  void grow() {
    std::vector<flight*> old(2 * buckets_.size());
    old.swap(buckets_);
    for (flight* f : old)
      while (f != nullptr) {
        flight*& bucket = buckets_[f->key.hash & (buckets_.size() - 1)];
        flight* const rest = std::exchange(f->chain, bucket);
        bucket = std::exchange(f, rest);
      }
  }
  std::vector<flight*> buckets_ = std::vector<flight*>(256);
  std::size_t size_ = 0;
};

} // namespace postroad::dns
