/// Counts and lists by small numbers: what the cells of a table are made of.
#pragma once

#include <postroad/study/decimal.hpp>
#include <postroad/study/hash.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace postroad::study {

/// Numbers to small numbers, most of which are there already.
class number_map {
public:
  /// What `key` leads to; where it is new, what `make()` gives.
  template <class Make>
  std::uint32_t at(std::uint64_t key, Make&& make) {
    if (2 * (used_ + 1) > slots_.size())
      grow();
    auto* slot = &find(slots_, key);
    if (slot->value == unused) {
      const auto value = make();
      slot = &find(slots_, key);
      *slot = {key, value};
      ++used_;
    }
    return slot->value;
  }

private:
  static constexpr std::uint32_t unused = ~std::uint32_t{0};
  struct slot_of {
    std::uint64_t key = 0;
    std::uint32_t value = unused;
  };
  static slot_of& find(std::vector<slot_of>& slots, std::uint64_t key) noexcept {
    auto at = detail::mixed(key ^ detail::table_seed, detail::golden);
    while (slots[at & (slots.size() - 1)].value != unused && slots[at & (slots.size() - 1)].key != key)
      ++at;
    return slots[at & (slots.size() - 1)];
  }
  void grow() {
    std::vector<slot_of> larger(slots_.empty() ? 64 : 2 * slots_.size());
    for (const auto& slot : slots_)
      if (slot.value != unused)
        find(larger, slot.key) = slot;
    slots_.swap(larger);
  }
  std::vector<slot_of> slots_;
  std::size_t used_ = 0;
};

/// Numbers, each once, and what they are called: 0, 1, 2 in the order of arrival.
class number_list {
public:
  std::uint32_t index_of(const decimal& d) {
    const auto small = static_cast<std::int32_t>(d.whole);
    const auto make = [&] { return add(d); };
    if (small == d.whole)
      return at_.at(std::uint64_t{static_cast<std::uint32_t>(small)} << 32 | d.nano, make);
    const auto known = large_.find(d);
    return known != large_.end() ? known->second : large_.emplace(d, add(d)).first->second;
  }
  [[nodiscard]] const decimal& number(std::uint32_t index) const noexcept { return all_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
  std::uint32_t add(const decimal& d) {
    all_.push_back(d);
    return static_cast<std::uint32_t>(all_.size() - 1);
  }

  std::vector<decimal> all_;
  number_map at_;                          ///< of those whose whole part fits 32 bits
  std::map<decimal, std::uint32_t> large_; ///< of the others
};

/// How often each pair of two small numbers came: cells of a table most of whose cells are empty. Or only
/// whether it came: then each counts once. The first rows are counts or bits side by side, which stay in the
/// cache where a table of pairs would not.
class pair_counts {
public:
  void count_once() noexcept { once_ = true; }

  void add(std::uint32_t row, std::uint32_t column, std::uint64_t n = 1) {
    if (n == 0)
      return;
    if (once_ && row < rows_of_bits)
      return set(row, column);
    if (!once_ && row < rows_of_counts)
      return count(row, column, n);
    if (2 * (used_ + 1) > cells_.size())
      grow();
    auto& cell = find(cells_, key_of(row, column));
    used_ += cell.n == 0;
    cell = {key_of(row, column), once_ ? 1 : cell.n + n};
  }

  /// `see(row, column, n)` for every pair that came, in no particular order.
  template <class See>
  void each(See&& see) const {
    for (std::uint32_t row = 0; row < bits_.size(); ++row)
      for (std::uint32_t word = 0; word < bits_[row].size(); ++word)
        for (auto left = bits_[row][word]; left != 0; left &= left - 1)
          see(row, word * 64 + static_cast<std::uint32_t>(std::countr_zero(left)), std::uint64_t{1});
    for (std::uint32_t row = 0; row < counts_.size(); ++row)
      for (std::uint32_t column = 0; column < counts_[row].size(); ++column)
        if (counts_[row][column] != 0)
          see(row, column, counts_[row][column]);
    for (const auto& cell : cells_)
      if (cell.n != 0)
        see(static_cast<std::uint32_t>(cell.key >> 32), static_cast<std::uint32_t>(cell.key), cell.n);
  }

private:
  static constexpr std::uint32_t rows_of_bits = 64, rows_of_counts = 8;
  struct cell_of {
    std::uint64_t key = 0;
    std::uint64_t n = 0; ///< 0: unused
  };

  void set(std::uint32_t row, std::uint32_t column) {
    if (row >= bits_.size())
      bits_.resize(row + 1);
    auto& words = bits_[row];
    if (column / 64 >= words.size())
      words.resize(std::max<std::size_t>(column / 64 + 1, words.size() * 3 / 2));
    words[column / 64] |= std::uint64_t{1} << column % 64;
  }
  void count(std::uint32_t row, std::uint32_t column, std::uint64_t n) {
    if (row >= counts_.size())
      counts_.resize(row + 1);
    auto& counts = counts_[row];
    if (column >= counts.size())
      counts.resize(std::max<std::size_t>(column + 1, counts.size() * 3 / 2));
    counts[column] += n;
  }
  static std::uint64_t key_of(std::uint32_t row, std::uint32_t column) noexcept {
    return std::uint64_t{row} << 32 | column;
  }
  static cell_of& find(std::vector<cell_of>& cells, std::uint64_t key) noexcept {
    auto at = detail::mixed(key ^ detail::table_seed, detail::golden);
    while (cells[at & (cells.size() - 1)].n != 0 && cells[at & (cells.size() - 1)].key != key)
      ++at;
    return cells[at & (cells.size() - 1)];
  }
  void grow() {
    std::vector<cell_of> larger(cells_.empty() ? 64 : 2 * cells_.size());
    for (const auto& cell : cells_)
      if (cell.n != 0)
        find(larger, cell.key) = cell;
    cells_.swap(larger);
  }

  std::vector<cell_of> cells_;
  std::vector<std::vector<std::uint64_t>> bits_;   ///< by row: of those that count once
  std::vector<std::vector<std::uint64_t>> counts_; ///< by row and column: of the others
  std::size_t used_ = 0;
  bool once_ = false;
};

} // namespace postroad::study
