/// Byte strings that are kept until newer ones need their room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::net {

/// Byte strings under 64-bit hashes, within a budget of bytes; the oldest go first.
///
/// Everything lies in the order of its coming in a few large blocks, so that a million small values cost
/// neither a million allocations nor a million frees, and memory is written from front to back. Views hold
/// until the next put. Example: `fifo_store s(1 << 20); s.put(42, "a"); s.find(42, [](std::string_view v) {
/// return v == "a"; });`
class fifo_store {
public:
  explicit fifo_store(std::size_t max_bytes) : max_bytes_(max_bytes), block_size_(block_for(max_bytes)) {}

  /// The longest value that can be kept; 0 where nothing can.
  [[nodiscard]] std::size_t longest() const noexcept {
    return max_bytes_ < 4 * block_size_ ? 0 : block_size_ / 2 - sizeof(header);
  }

  /// Appends a value of at most longest() bytes. An older one under the same hash stays until its time has
  /// come; find() sees the newest first.
  void put(std::uint64_t hash, std::string_view value) {
    if (value.size() > longest())
      return;
    const std::size_t size = sizeof(header) + value.size();
    if (blocks_.empty() || at_ + size > block_size_)
      open_block();
    char* const to = blocks_.back().get() + at_;
    const header h{hash, static_cast<std::uint32_t>(value.size())};
    std::memcpy(to, &h, sizeof h);
    std::memcpy(to + sizeof h, value.data(), value.size());
    if (4 * (used_ + 1) > 3 * slots_.size())
      rebuild();
    insert(hash, (first_ + blocks_.size() - 1) * block_size_ + at_);
    at_ += size;
    if (at_ + sizeof(header) <= block_size_)
      std::memset(blocks_.back().get() + at_, 0xff, sizeof(header)); // marks the end
  }

  /// The value under `hash` that `is_it(value)` accepts; an empty view with a null pointer when there is
  /// none.
  template <class Predicate>
  [[nodiscard]] std::string_view find(std::uint64_t hash, Predicate is_it) const {
    if (slots_.empty())
      return {};
    std::string_view best;
    std::uint64_t best_at = 0;
    for (std::size_t i = hash & mask(); slots_[i] != 0; i = (i + 1) & mask()) {
      const std::uint64_t at = slots_[i] & position_mask;
      if (slots_[i] >> position_bits != hash >> position_bits || at / block_size_ < first_ || at < best_at)
        continue;
      header h;
      const char* const from = blocks_[at / block_size_ - first_].get() + at % block_size_;
      std::memcpy(&h, from, sizeof h);
      const std::string_view value(from + sizeof h, h.size);
      if (h.hash == hash && is_it(value))
        best = value, best_at = at;
    }
    return best;
  }

  [[nodiscard]] std::size_t bytes() const noexcept {
    return blocks_.size() * block_size_ + slots_.size() * sizeof(std::uint64_t);
  }

private:
  using block = std::unique_ptr<char[]>;
  struct header {
    std::uint64_t hash;
    std::uint32_t size; ///< end_mark: no more in this block
  };
  static constexpr std::uint32_t end_mark = ~std::uint32_t{0};
  static constexpr unsigned position_bits = 48; ///< of a slot; above them, as many bits of the hash as fit
  static constexpr std::uint64_t position_mask = (std::uint64_t{1} << position_bits) - 1;

  /// Blocks of 64 KiB, or less where the budget is small.
  [[nodiscard]] static std::size_t block_for(std::size_t max_bytes) noexcept {
    std::size_t size = 1 << 16;
    while (size > 2048 && 16 * size > max_bytes)
      size /= 2;
    return size;
  }
  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

  void open_block() {
    block fresh; // one that goes serves again: the heap would fill its place with small pieces
    while (!blocks_.empty() && bytes() + block_size_ > max_bytes_)
      fresh = drop_block();
    if (!fresh)
      fresh = std::make_unique_for_overwrite<char[]>(block_size_);
    blocks_.push_back(std::move(fresh));
    at_ = 0;
  }
  /// Slots that lead into a dropped block are stale; find() passes over them, rebuild() sweeps them.
  block drop_block() {
    block gone = std::move(blocks_.front());
    blocks_.pop_front();
    ++first_;
    return gone;
  }

  void insert(std::uint64_t hash, std::uint64_t at) {
    std::size_t i = hash & mask();
    while (slots_[i] != 0)
      i = (i + 1) & mask();
    slots_[i] = (hash & ~position_mask) | at;
    ++used_;
  }

  /// Makes the table anew from the blocks, at most half full. Where table and blocks exceed the budget,
  /// blocks go.
  void rebuild() {
    std::size_t size = table_size();
    while (blocks_.size() > 1 && blocks_.size() * block_size_ + size * sizeof(std::uint64_t) > max_bytes_) {
      for (std::size_t n = blocks_.size() / 4 + 1; n > 0 && blocks_.size() > 1; --n)
        drop_block();
      size = table_size();
    }
    slots_.assign(size, 0);
    slots_.shrink_to_fit();
    used_ = 0;
    each([&](std::uint64_t hash, std::uint64_t at) { insert(hash, at); });
  }
  [[nodiscard]] std::size_t table_size() const {
    std::size_t values = 0, size = 64;
    each([&](std::uint64_t, std::uint64_t) { ++values; });
    while (size < 2 * (values + 1))
      size *= 2;
    return size;
  }

  template <class F>
  void each(F f) const {
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const std::size_t end = b + 1 == blocks_.size() ? at_ : block_size_;
      header h;
      for (std::size_t at = 0; at + sizeof h <= end; at += sizeof h + h.size) {
        std::memcpy(&h, blocks_[b].get() + at, sizeof h);
        if (h.size == end_mark)
          break;
        f(h.hash, (first_ + b) * block_size_ + at);
      }
    }
  }

  std::size_t max_bytes_, block_size_;
  std::deque<block> blocks_;
  std::uint64_t first_ = 1;          ///< number of the oldest block; from 1, so that no position is 0
  std::size_t at_ = 0;               ///< the end of the newest block's values
  std::vector<std::uint64_t> slots_; ///< open addressing: bits of the hash and the position; 0 is free
  std::size_t used_ = 0;
};

} // namespace postroad::net
