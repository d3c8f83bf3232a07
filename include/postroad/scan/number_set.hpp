/// A set of numbers that are spread at random: which answers were written already.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <variant>
#include <vector>

namespace postroad::scan {

/// Exact, and as large as what is in it: blocks of 65,536 numbers, each a sorted list of 16-bit remainders
/// until a bitmap is smaller (Chambi et al., Better bitmap performance with Roaring bitmaps, 2016).
class number_set {
public:
  /// True when it was not in the set yet.
  bool insert(std::uint64_t number) {
    auto& mine = blocks_[number >> 16];
    const auto rest = static_cast<std::uint16_t>(number);
    const bool fresh = mine.bits ? set_bit(*mine.bits, rest) : insert_sorted(mine, rest);
    size_ += fresh ? 1 : 0;
    return fresh;
  }
  [[nodiscard]] bool contains(std::uint64_t number) const {
    const auto found = blocks_.find(number >> 16);
    if (found == blocks_.end())
      return false;
    const auto rest = static_cast<std::uint16_t>(number);
    const auto& mine = found->second;
    if (mine.bits)
      return ((*mine.bits)[rest / 64] >> rest % 64 & 1) != 0;
    return std::binary_search(mine.list.begin(), mine.list.end(), rest);
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

private:
  using bitmap = std::array<std::uint64_t, 1024>;
  static constexpr std::size_t longest_list = sizeof(bitmap) / sizeof(std::uint16_t);
  struct block {
    std::vector<std::uint16_t> list;
    std::unique_ptr<bitmap> bits; ///< instead of the list, once that would be larger
  };

  static bool set_bit(bitmap& bits, std::uint16_t rest) noexcept {
    auto& word = bits[rest / 64];
    const auto bit = std::uint64_t{1} << rest % 64;
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }
  static bool insert_sorted(block& b, std::uint16_t rest) {
    const auto at = std::lower_bound(b.list.begin(), b.list.end(), rest);
    if (at != b.list.end() && *at == rest)
      return false;
    if (b.list.size() < longest_list) {
      b.list.insert(at, rest);
      return true;
    }
    b.bits = std::make_unique<bitmap>();
    for (const auto r : b.list)
      set_bit(*b.bits, r);
    b.list = {};
    return set_bit(*b.bits, rest);
  }

  std::unordered_map<std::uint64_t, block> blocks_;
  std::uint64_t size_ = 0;
};

} // namespace postroad::scan
