/// Byte strings become small numbers, in the order in which they are first seen.
#pragma once

#include <postroad/study/decimal.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <vector>

namespace postroad::study {

namespace detail {

[[nodiscard]] inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
[[nodiscard]] inline Word word_at(const char* p) noexcept {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

/// Up to eight bytes as one number, without a loop: two loads that may overlap.
[[nodiscard]] inline std::uint64_t short_word(const char* p, std::size_t size) noexcept {
  if (size >= 4)
    return word_at<std::uint32_t>(p) | std::uint64_t{word_at<std::uint32_t>(p + size - 4)} << 32;
  if (size == 0)
    return 0;
  const auto byte = [p](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(p[at])}; };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

inline constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;     ///< digits of the golden ratio
inline constexpr std::uint64_t usual_seed = 0x243f6a8885a308d3; ///< digits of pi

/// Another one in every run: who writes records must not know which keys collide.
inline const std::uint64_t table_seed = [] {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}();

/// A multiply-and-fold hash, eight bytes a step; the odd constants are digits of pi.
[[nodiscard]] inline std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed = usual_seed) noexcept {
  constexpr std::uint64_t a = usual_seed, b = 0x13198a2e03707345;
  const char* p = bytes.data();
  std::uint64_t h = seed ^ bytes.size();
  if (bytes.size() <= 8)
    return mixed(mixed(h ^ short_word(p, bytes.size()), b), a);
  const char* const last = p + bytes.size() - 8;
  for (; p < last; p += 8)
    h = mixed(h ^ word_at<std::uint64_t>(p), b);
  return mixed(mixed(h ^ word_at<std::uint64_t>(last), b), a);
}

/// Most keys are short: told apart here and now, not by a call.
[[nodiscard]] inline bool same_bytes(std::string_view x, std::string_view y) noexcept {
  if (x.size() != y.size())
    return false;
  const char *p = x.data(), *q = y.data();
  if (x.size() < 8)
    return short_word(p, x.size()) == short_word(q, y.size());
  const auto last = x.size() - 8;
  for (std::size_t at = 0; at < last; at += 8)
    if (word_at<std::uint64_t>(p + at) != word_at<std::uint64_t>(q + at))
      return false;
  return word_at<std::uint64_t>(p + last) == word_at<std::uint64_t>(q + last);
}

} // namespace detail

/// Bytes to numbers and back. Holds every string once, and up to 40 bytes on top of it.
///
/// Example: index_of("a") is 0, index_of("b") is 1, index_of("a") is 0, key(1) is "b".
class interner {
public:
  std::uint32_t index_of(std::string_view key) {
    if (2 * (ends_.size() + 1) > slots_.size())
      grow();
    const auto hash = detail::hash_of(key, detail::table_seed);
    for (auto at = hash;; ++at) {
      auto& slot = slots_[at & (slots_.size() - 1)];
      if (slot.index == unused)
        return slot = {tag_of(hash), add(key)}, slot.index;
      if (slot.tag == tag_of(hash) && detail::same_bytes(this->key(slot.index), key))
        return slot.index;
    }
  }

  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view key) const noexcept {
    if (slots_.empty())
      return std::nullopt;
    const auto hash = detail::hash_of(key, detail::table_seed);
    for (auto at = hash;; ++at) {
      const auto& slot = slots_[at & (slots_.size() - 1)];
      if (slot.index == unused)
        return std::nullopt;
      if (slot.tag == tag_of(hash) && this->key(slot.index) == key)
        return slot.index;
    }
  }

  [[nodiscard]] std::string_view key(std::uint32_t index) const noexcept {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return {bytes_.data() + start, ends_[index] - start};
  }
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }

private:
  static constexpr std::uint32_t unused = ~std::uint32_t{0};
  struct slot_of {
    std::uint32_t tag = 0;
    std::uint32_t index = unused;
  };

  static std::uint32_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 32); }

  std::uint32_t add(std::string_view key) {
    bytes_.insert(bytes_.end(), key.begin(), key.end());
    ends_.push_back(bytes_.size());
    return static_cast<std::uint32_t>(ends_.size() - 1);
  }

  void grow() {
    std::vector<slot_of> larger(slots_.empty() ? 64 : 2 * slots_.size());
    for (std::uint32_t index = 0; index < ends_.size(); ++index) {
      const auto hash = detail::hash_of(key(index), detail::table_seed);
      auto at = hash;
      while (larger[at & (larger.size() - 1)].index != unused)
        ++at;
      larger[at & (larger.size() - 1)] = {tag_of(hash), index};
    }
    slots_.swap(larger);
  }

  std::vector<char> bytes_;
  std::vector<std::size_t> ends_;
  std::vector<slot_of> slots_;
};

/// Values as parts of keys: a letter that says what kind it is, four bytes of size, the text. Like an
/// interner, but found by kind and text, so that no key is put together for a value that is known.
class dictionary {
public:
  static constexpr std::size_t header = 5;

  std::uint32_t index_of(char kind, std::string_view text) {
    return index_of(kind, text, hash_of(kind, text));
  }

  /// What is asked of index_of for several values at once.
  struct question {
    char kind = 0;
    std::string_view text{};
    std::uint32_t index = 0; ///< the answer
  };
  /// As index_of for each, one after the other; but of a large dictionary the memory is fetched for all of
  /// them while the first are still waited for.
  void index_of(std::span<question> all) {
    constexpr std::size_t at_once = 32;
    for (; !all.empty(); all = all.subspan(std::min(at_once, all.size()))) {
      const auto some = all.first(std::min(at_once, all.size()));
      std::array<std::uint64_t, at_once> hashes;
      for (std::size_t i = 0; i < some.size(); ++i) {
        hashes[i] = hash_of(some[i].kind, some[i].text);
        if (!slots_.empty())
          __builtin_prefetch(&slots_[hashes[i] & (slots_.size() - 1)]);
      }
      fetch_keys(std::span(hashes).first(some.size()));
      for (std::size_t i = 0; i < some.size(); ++i)
        some[i].index = index_of(some[i].kind, some[i].text, hashes[i]);
    }
  }
  /// Of a whole key of one part.
  std::uint32_t index_of(std::string_view key) { return index_of(key[0], key.substr(header)); }

  [[nodiscard]] std::string_view key(std::uint32_t index) const noexcept {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return {bytes_.data() + start, ends_[index] - start};
  }
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }

private:
  static constexpr std::uint32_t unused = ~std::uint32_t{0};
  struct slot_of {
    std::uint32_t tag = 0;
    std::uint32_t index = unused;
  };

  std::uint32_t index_of(char kind, std::string_view text, std::uint64_t hash) {
    if (2 * (ends_.size() + 1) > slots_.size())
      grow();
    for (auto at = hash;; ++at) {
      auto& slot = slots_[at & (slots_.size() - 1)];
      if (slot.index == unused)
        return slot = {static_cast<std::uint32_t>(hash >> 32), add(kind, text)}, slot.index;
      if (slot.tag == static_cast<std::uint32_t>(hash >> 32) && is(slot.index, kind, text))
        return slot.index;
    }
  }
  /// Where the first slot of a hash leads.
  void fetch_keys(std::span<const std::uint64_t> hashes) const noexcept {
    if (slots_.empty())
      return;
    const auto index_at = [this](std::uint64_t hash) { return slots_[hash & (slots_.size() - 1)].index; };
    for (const auto hash : hashes)
      if (const auto index = index_at(hash); index != unused)
        __builtin_prefetch(&ends_[index]);
    for (const auto hash : hashes)
      if (const auto index = index_at(hash); index != unused)
        __builtin_prefetch(key(index).data());
  }

  static std::uint64_t hash_of(char kind, std::string_view text) noexcept {
    return detail::hash_of(text, detail::table_seed) ^ static_cast<unsigned char>(kind);
  }
  [[nodiscard]] bool is(std::uint32_t index, char kind, std::string_view text) const noexcept {
    const auto k = key(index);
    return k[0] == kind && detail::same_bytes(k.substr(header), text);
  }
  std::uint32_t add(char kind, std::string_view text) {
    bytes_.push_back(kind);
    for (unsigned shift = 0; shift < 32; shift += 8)
      bytes_.push_back(static_cast<char>(text.size() >> shift & 0xff));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    ends_.push_back(bytes_.size());
    return static_cast<std::uint32_t>(ends_.size() - 1);
  }
  void grow() {
    std::vector<slot_of> larger(slots_.empty() ? 64 : 2 * slots_.size());
    for (std::uint32_t index = 0; index < ends_.size(); ++index) {
      const auto k = key(index);
      const auto hash = hash_of(k[0], k.substr(header));
      auto at = hash;
      while (larger[at & (larger.size() - 1)].index != unused)
        ++at;
      larger[at & (larger.size() - 1)] = {static_cast<std::uint32_t>(hash >> 32), index};
    }
    slots_.swap(larger);
  }

  std::vector<char> bytes_;
  std::vector<std::size_t> ends_;
  std::vector<slot_of> slots_;
};

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
