/// Memory for what comes and goes by the million in a handful of sizes: frames of coroutines, answers.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace postroad::net {

/// Each thread keeps the pieces that are free, by size, and hands the youngest out first: it is likely still
/// in the CPU's caches. What one thread took another may give back.
class size_pool {
public:
  static void* take(std::size_t size) {
    const auto at = slot(size);
    if (at >= slots)
      return ::operator new(size);
    auto& list = mine().free_[at];
    if (list == nullptr)
      return ::operator new((at + 1) * step);
    return std::exchange(list, list->next);
  }
  static void give(void* piece, std::size_t size) noexcept {
    const auto at = slot(size);
    if (at >= slots)
      return ::operator delete(piece);
    auto& list = mine().free_[at];
    list = ::new (piece) link{list};
  }

private:
  struct link {
    link* next;
  };
  static constexpr std::size_t step = 64,
                               slots = 64; // up to 4 KiB; the largest frame of ours has half of that
  static std::size_t slot(std::size_t size) noexcept { return (size - 1) / step; }
  static size_pool& mine() {
    thread_local size_pool store;
    return store;
  }
  ~size_pool() {
    for (auto* list : free_)
      while (list != nullptr)
        ::operator delete(std::exchange(list, list->next));
  }
  link* free_[slots] = {};
};

/// The pool for the standard library: `std::allocate_shared<answer>(pool_allocator<answer>{})`.
template <class T>
struct pool_allocator {
  using value_type = T;
  pool_allocator() noexcept = default;
  template <class U>
  pool_allocator(const pool_allocator<U>&) noexcept {
  } // NOLINT(google-explicit-constructor): allocators convert
  [[nodiscard]] T* allocate(std::size_t n) { return static_cast<T*>(size_pool::take(n * sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept { size_pool::give(p, n * sizeof(T)); }
  template <class U>
  friend bool operator==(const pool_allocator&, const pool_allocator<U>&) noexcept {
    return true;
  }
};

} // namespace postroad::net
