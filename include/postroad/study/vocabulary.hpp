/// Values become small numbers, path by path.
#pragma once

#include <postroad/record/value.hpp>
#include <postroad/study/hash.hpp>
#include <postroad/study/interner.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// The different values that have come at one path, by number. Number 0 is no value.
class vocabulary {
public:
  vocabulary() : keys_(std::make_shared<dictionary>()) { keys_->index_of('m', {}); }

  /// `most`: where it would be one more than that, 0.
  [[nodiscard]] std::uint32_t number_of(char letter, std::string_view text,
                                        std::size_t most = ~std::size_t{0}) {
    return size() < most ? keys_->index_of(letter, text) : 0;
  }

  /// Lives until the next number is given.
  [[nodiscard]] record::value value(std::uint32_t number) const noexcept {
    const auto key = keys_->key(number);
    return value_of(key[0], key.substr(dictionary::header));
  }

  /// The number of the key under which a value is counted (group_key): there the number 1 and the text "1"
  /// are one.
  [[nodiscard]] std::uint32_t key_number(std::uint32_t number) {
    if (number >= counted_as_.size())
      counted_as_.resize(keys_->size(), unknown);
    auto at = counted_as_[number];
    if (at == unknown)
      at = counted_as_[number] = find_key(number);
    return at;
  }

  /// Keys that group_key makes, and those of other kinds of values, under which nothing is counted.
  [[nodiscard]] const std::shared_ptr<dictionary>& keys() const noexcept { return keys_; }
  [[nodiscard]] std::size_t size() const noexcept { return keys_->size(); }

  [[nodiscard]] static char letter_of(const record::value& v) noexcept {
    return "nbirvoa"[static_cast<std::size_t>(v.is)];
  }
  [[nodiscard]] static record::value value_of(char letter, std::string_view shown) noexcept {
    using kind = record::value::kind;
    record::value v;
    v.is = letter == 'm' ? kind::text : static_cast<kind>(std::string_view("nbirvoa").find(letter));
    v.boolean = letter == 'b' && shown == "true";
    (v.is == kind::text ? v.text : v.raw) = shown;
    return v;
  }

private:
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};

  [[nodiscard]] std::uint32_t find_key(std::uint32_t number) {
    const auto key = keys_->key(number);
    if (key[0] == 'v' || key[0] == 'n' || key[0] == 'm')
      return number;
    const std::string text(key.substr(dictionary::header)); // the dictionary may move
    return keys_->index_of('v', text);
  }

  std::shared_ptr<dictionary> keys_;
  std::vector<std::uint32_t> counted_as_;
};

/// The numbers of values that came lately, by the JSON that they were spelled in. Knows none that is longer
/// than two words: of the others head and tail are all there is.
class recent_values {
public:
  /// 0: not known. `json` is not empty; here and below it lies in a line with record::line_slack behind it.
  [[nodiscard]] std::uint32_t find(std::string_view json) const noexcept {
    const entry wanted(json);
    const auto& known = at(wanted);
    return known.head == wanted.head && known.tail == wanted.tail && known.size == json.size() ? known.number
                                                                                               : 0;
  }
  void learn(std::string_view json, std::uint32_t number) noexcept {
    if (json.empty() || json.size() > 2 * word)
      return;
    entry fresh(json);
    fresh.number = number;
    at(fresh) = fresh;
  }

private:
  static constexpr std::size_t word = sizeof(std::uint64_t);
  static constexpr unsigned bits = 6;
  struct entry {
    std::uint64_t head = 0, tail = 0; ///< the first bytes and the last, which may overlap
    std::uint32_t size = 0, number = 0;

    entry() = default;
    explicit entry(std::string_view json) noexcept : size(static_cast<std::uint32_t>(json.size())) {
      const auto part = std::min(json.size(), word);
      const auto unused = static_cast<unsigned>(8 * (word - part));
      constexpr auto all = ~std::uint64_t{0};
      const auto mask = std::endian::native == std::endian::little ? all >> unused : all << unused;
      head = detail::word_at<std::uint64_t>(json.data()) & mask;
      tail = detail::word_at<std::uint64_t>(json.data() + json.size() - part) & mask;
    }
  };
  [[nodiscard]] static std::size_t place_of(const entry& e) noexcept {
    return (e.head ^ std::rotl(e.tail, 23) ^ e.size) * detail::golden >> (64 - bits);
  }
  [[nodiscard]] const entry& at(const entry& e) const noexcept { return entries_[place_of(e)]; }
  [[nodiscard]] entry& at(const entry& e) noexcept { return entries_[place_of(e)]; }

  std::array<entry, 1 << bits> entries_{};
};

} // namespace postroad::study
