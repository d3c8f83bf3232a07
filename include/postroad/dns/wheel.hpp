/// Deadlines by the ten thousand: put in and taken out in constant time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace postroad::dns {

/// A hashed timing wheel over ticks (Varghese and Lauck 1987). Entries are never taken back: the owner sees
/// by a generation in its Item that one is stale.
///
/// Example: `timing_wheel<int> w; w.add(5, 42); w.advance(5, [](int i) { ... });` calls with 42 once.
template <class Item>
class timing_wheel {
public:
  /// Due at `tick`, or at the next advance when that has passed.
  void add(std::uint64_t tick, Item item) {
    if (tick <= now_)
      tick = now_ + 1;
    slots_[tick % slots_.size()].push_back({tick, item});
  }

  /// Moves on to `tick` and hands out what is due. `f` may add.
  template <class F>
  void advance(std::uint64_t tick, F f) {
    if (tick - now_ > slots_.size()) // a long pause: one turn visits every slot
      now_ = tick - slots_.size();
    while (now_ < tick) {
      ++now_;
      auto& slot = slots_[now_ % slots_.size()];
      std::size_t kept = 0;
      work_.clear();
      for (const auto& e : slot) {
        if (e.tick > tick)
          slot[kept++] = e;
        else
          work_.push_back(e.item);
      }
      slot.resize(kept);
      if (kept == 0) // else every slot keeps memory for a tick's worth, and there are hundreds
        std::vector<entry>().swap(slot);
      auto due = std::move(work_);
      for (const auto& item : due)
        f(item);
      work_ = std::move(due);
    }
  }

private:
  struct entry {
    std::uint64_t tick;
    Item item;
  };
  std::array<std::vector<entry>, 512> slots_; // 5 s at a tick of 10 ms; what is due later goes round
  std::vector<Item> work_;
  std::uint64_t now_ = 0;
};

} // namespace postroad::dns
