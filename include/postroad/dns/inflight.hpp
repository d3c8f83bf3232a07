/// Which question waits under which socket and id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace postroad::dns {

/// A flat table from 32-bit keys to 32-bit values, linear probing, no tombstones. The key ~0 cannot be held.
class inflight_table {
public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  inflight_table() : slots_(256) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The value under `key`, or none.
  [[nodiscard]] std::uint32_t find(std::uint32_t key) const noexcept {
    for (std::size_t i = home(key);; i = next(i)) {
      if (slots_[i].key == key)
        return slots_[i].value;
      if (slots_[i].key == none)
        return none;
    }
  }

  /// The key must not be held already.
  void insert(std::uint32_t key, std::uint32_t value) {
    if (2 * (size_ + 1) > slots_.size())
      grow();
    std::size_t i = home(key);
    while (slots_[i].key != none)
      i = next(i);
    slots_[i] = {key, value};
    ++size_;
  }

  void erase(std::uint32_t key) noexcept {
    std::size_t i = home(key);
    while (slots_[i].key != key) {
      if (slots_[i].key == none)
        return;
      i = next(i);
    }
    // Whoever was pushed past the hole moves up, so that no search ends too early (Knuth 6.4, algorithm R).
    for (std::size_t j = next(i); slots_[j].key != none; j = next(j)) {
      const std::size_t wish = home(slots_[j].key);
      if (((j - wish) & mask()) < ((j - i) & mask()))
        continue;
      slots_[i] = slots_[j];
      i = j;
    }
    slots_[i] = {};
    --size_;
  }

private:
  struct slot {
    std::uint32_t key = none, value = none;
  };
  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t i) const noexcept { return (i + 1) & mask(); }
  [[nodiscard]] std::size_t home(std::uint32_t key) const noexcept { // Fibonacci hashing, Knuth 6.4
    return static_cast<std::size_t>(key * 0x9e3779b97f4a7c15u >> 32) & mask();
  }
  void grow() {
    std::vector<slot> old(2 * slots_.size());
    old.swap(slots_);
    size_ = 0;
    for (const auto& s : old)
      if (s.key != none)
        insert(s.key, s.value);
  }

  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

} // namespace postroad::dns
