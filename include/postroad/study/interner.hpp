/// Byte strings become small numbers, in the order in which they are first seen.
#pragma once

#include <postroad/study/hash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace postroad::study {

namespace detail {

/// Finds the numbers of keys by their hashes; the keys themselves are kept elsewhere.
class key_slots {
public:
  /// The number of the key of that hash of which `is(number)` holds. Where there is none, `add()` gives one:
  /// the next, counted from 0. `hash_of(number)` is asked when the table grows.
  template <class Is, class Add, class HashOf>
  std::uint32_t at(std::uint64_t hash, Is&& is, Add&& add, HashOf&& hash_of) {
    if (2 * (used_ + 1) > slots_.size())
      grow(hash_of);
    auto& slot = slots_[place_of(hash, is)];
    if (slot.number == unused)
      slot = {tag_of(hash), add()}, ++used_;
    return slot.number;
  }
  template <class Is>
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash, Is&& is) const noexcept {
    if (slots_.empty())
      return std::nullopt;
    const auto& slot = slots_[place_of(hash, is)];
    return slot.number == unused ? std::nullopt : std::optional(slot.number);
  }

  /// Before it is asked of many: fetches where the search begins,
  void fetch(std::uint64_t hash) const noexcept {
    if (!slots_.empty())
      __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  /// and tells the number that stands there, if one does.
  [[nodiscard]] std::optional<std::uint32_t> first_guess(std::uint64_t hash) const noexcept {
    const auto number = slots_.empty() ? unused : slots_[hash & (slots_.size() - 1)].number;
    return number == unused ? std::nullopt : std::optional(number);
  }

private:
  static constexpr std::uint32_t unused = ~std::uint32_t{0};
  struct slot_of {
    std::uint32_t tag = 0;
    std::uint32_t number = unused;
  };
  static std::uint32_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 32); }

  /// Of the slot that has the key, or of the free one where it would go.
  template <class Is>
  [[nodiscard]] std::size_t place_of(std::uint64_t hash, Is&& is) const noexcept {
    for (auto at = hash;; ++at) {
      const auto place = at & (slots_.size() - 1);
      const auto& slot = slots_[place];
      if (slot.number == unused || (slot.tag == tag_of(hash) && is(slot.number)))
        return place;
    }
  }
  template <class HashOf>
  void grow(HashOf& hash_of) {
    const auto all = used_;
    slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), {});
    for (std::uint32_t number = 0; number < all; ++number) {
      const auto hash = hash_of(number);
      slots_[place_of(hash, [](std::uint32_t) { return false; })] = {tag_of(hash), number};
    }
  }

  std::vector<slot_of> slots_;
  std::size_t used_ = 0;
};

/// Byte strings one behind the other, by number.
class byte_strings {
public:
  [[nodiscard]] std::string_view operator[](std::uint32_t index) const noexcept {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return {bytes_.data() + start, ends_[index] - start};
  }
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  /// Makes the next one of what is put to its end.
  void put(std::string_view part) { bytes_.insert(bytes_.end(), part.begin(), part.end()); }
  std::uint32_t end_one() {
    ends_.push_back(bytes_.size());
    return static_cast<std::uint32_t>(ends_.size() - 1);
  }
  void fetch_end(std::uint32_t index) const noexcept { __builtin_prefetch(&ends_[index]); }

private:
  std::vector<char> bytes_;
  std::vector<std::size_t> ends_;
};

} // namespace detail

/// Bytes to numbers and back. Holds every string once, and up to 40 bytes on top of it.
///
/// Example: index_of("a") is 0, index_of("b") is 1, index_of("a") is 0, key(1) is "b".
class interner {
public:
  std::uint32_t index_of(std::string_view key) {
    const auto add = [&] { return keys_.put(key), keys_.end_one(); };
    return slots_.at(hash_of(key), same{keys_, key}, add,
                     [this](std::uint32_t i) { return hash_of(keys_[i]); });
  }
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view key) const noexcept {
    return slots_.find(hash_of(key), same{keys_, key});
  }
  [[nodiscard]] std::string_view key(std::uint32_t index) const noexcept { return keys_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

private:
  struct same {
    const detail::byte_strings& keys;
    std::string_view key;
    bool operator()(std::uint32_t index) const noexcept { return detail::same_bytes(keys[index], key); }
  };
  static std::uint64_t hash_of(std::string_view key) noexcept {
    return detail::hash_of(key, detail::table_seed);
  }

  detail::byte_strings keys_;
  detail::key_slots slots_;
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
        slots_.fetch(hashes[i]);
      }
      fetch_keys(std::span(hashes).first(some.size()));
      for (std::size_t i = 0; i < some.size(); ++i)
        some[i].index = index_of(some[i].kind, some[i].text, hashes[i]);
    }
  }
  /// Of a whole key of one part.
  std::uint32_t index_of(std::string_view key) { return index_of(key[0], key.substr(header)); }

  [[nodiscard]] std::string_view key(std::uint32_t index) const noexcept { return keys_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

private:
  std::uint32_t index_of(char kind, std::string_view text, std::uint64_t hash) {
    const auto is = [&](std::uint32_t index) {
      const auto k = keys_[index];
      return k[0] == kind && detail::same_bytes(k.substr(header), text);
    };
    return slots_.at(
        hash, is, [&] { return add(kind, text); },
        [this](std::uint32_t i) { return hash_of(keys_[i][0], keys_[i].substr(header)); });
  }
  /// Where the first slots of the hashes lead.
  void fetch_keys(std::span<const std::uint64_t> hashes) const noexcept {
    for (const auto hash : hashes)
      if (const auto index = slots_.first_guess(hash))
        keys_.fetch_end(*index);
    for (const auto hash : hashes)
      if (const auto index = slots_.first_guess(hash))
        __builtin_prefetch(key(*index).data());
  }

  static std::uint64_t hash_of(char kind, std::string_view text) noexcept {
    return detail::hash_of(text, detail::table_seed) ^ static_cast<unsigned char>(kind);
  }
  std::uint32_t add(char kind, std::string_view text) {
    char start[header] = {kind};
    for (unsigned i = 1; i < header; ++i)
      start[i] = static_cast<char>(text.size() >> 8 * (i - 1) & 0xff);
    keys_.put({start, header});
    keys_.put(text);
    return keys_.end_one();
  }

  detail::byte_strings keys_;
  detail::key_slots slots_;
};

} // namespace postroad::study
