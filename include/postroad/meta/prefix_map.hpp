/// Longest prefix match over many prefixes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace postroad::meta {

/// Prefixes of one family with a value each. `Number` is an address as an unsigned number of its width.
///
/// Filled with add(), then built once; after that find() costs one binary search within the addresses that
/// share the first 16 bits, or the first 8 of a small map. 1,000,000 IPv4 prefixes take some 25 MB. Example:
/// prefix_map<std::uint32_t> m; m.add(0x0a000000, 8, 7); m.build(); m.find(0x0a010203)->value is 7.
template <class Number>
class prefix_map {
public:
  static constexpr unsigned bits = sizeof(Number) * 8;

  struct entry {
    Number base; ///< host bits are zero
    std::uint32_t value;
    std::uint8_t length;
    std::uint8_t tag; ///< what kind of value, where there are several
  };

  /// Host bits are cleared. Of several with one base and length the last counts.
  void add(Number base, unsigned length, std::uint32_t value, std::uint8_t tag = 0) {
    entries_.push_back({base & mask(length), value, static_cast<std::uint8_t>(length), tag});
  }

  /// Cuts the address space where the longest prefix changes.
  void build() {
    std::stable_sort(entries_.begin(), entries_.end(), [](const entry& a, const entry& b) {
      return a.base != b.base ? a.base < b.base : a.length < b.length;
    });
    drop_repeated();
    starts_.clear();
    owners_.clear();
    std::vector<std::uint32_t> open; // prefixes that hold the place, the longest last
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
      while (!open.empty() && last_of(entries_[open.back()]) < entries_[i].base)
        close(open);
      begin(entries_[i].base, i);
      open.push_back(i);
    }
    while (!open.empty())
      close(open);
    index();
  }

  /// The longest prefix that holds the address.
  [[nodiscard]] const entry* find(Number address) const noexcept {
    if (starts_.empty())
      return nullptr;
    const auto block = static_cast<std::size_t>(address >> (bits - index_bits_));
    const auto from = starts_.begin() + index_[block], to = starts_.begin() + index_[block + 1];
    const auto after = std::upper_bound(from, to, address);
    if (after == starts_.begin())
      return nullptr;
    const auto owner = owners_[static_cast<std::size_t>(after - starts_.begin()) - 1];
    return owner == nobody ? nullptr : &entries_[owner];
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  static constexpr std::uint32_t nobody = ~std::uint32_t{0};
  static constexpr std::size_t small = 4096; ///< starts that 8 bits tell apart well enough

  [[nodiscard]] static constexpr Number mask(unsigned length) noexcept {
    return length == 0 ? Number{0} : static_cast<Number>(~Number{0} << (bits - length));
  }
  [[nodiscard]] static Number last_of(const entry& e) noexcept {
    return e.base | static_cast<Number>(~mask(e.length));
  }

  void drop_repeated() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const bool same = kept > 0 && entries_[kept - 1].base == entries_[i].base &&
                        entries_[kept - 1].length == entries_[i].length;
      entries_[same ? kept - 1 : kept++] = entries_[i];
    }
    entries_.resize(kept);
    entries_.shrink_to_fit();
  }
  void begin(Number at, std::uint32_t owner) {
    if (!starts_.empty() && starts_.back() == at) {
      owners_.back() = owner;
      return;
    }
    starts_.push_back(at);
    owners_.push_back(owner);
  }
  void close(std::vector<std::uint32_t>& open) {
    const auto last = last_of(entries_[open.back()]);
    open.pop_back();
    if (last != static_cast<Number>(~Number{0}))
      begin(last + 1, open.empty() ? nobody : open.back());
  }
  /// For each value of the first bits where its addresses begin; the search may need the one before.
  void index() {
    index_bits_ = starts_.size() <= small ? 8 : 16;
    index_.assign((std::size_t{1} << index_bits_) + 1, 0);
    std::size_t at = 0;
    for (std::size_t block = 0; block < index_.size(); ++block) {
      index_[block] = static_cast<std::uint32_t>(at);
      while (at < starts_.size() && static_cast<std::size_t>(starts_[at] >> (bits - index_bits_)) <= block)
        ++at;
    }
  }

  std::vector<entry> entries_;
  std::vector<Number> starts_;
  std::vector<std::uint32_t> owners_; ///< from each start on
  std::vector<std::uint32_t> index_;
  unsigned index_bits_ = 16;
};

} // namespace postroad::meta
