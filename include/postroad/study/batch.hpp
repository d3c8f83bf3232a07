/// What some records hold at the paths that were asked for, path by path.
///
/// Many tables ask the same of every record. Asked of one path and a few hundred records at a time, most of
/// it is a look-up by a small number: values are numbered as they are read, and what a condition makes of a
/// value is worked out once for each different one.
#pragma once

#include <postroad/record/value.hpp>
#include <postroad/study/decimal.hpp>
#include <postroad/study/selection.hpp>
#include <postroad/study/vocabulary.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

namespace detail {

/// Empties it; it keeps its memory for next time, if that is no more than usual.
template <class Many>
void clear(Many& many, std::size_t usual) {
  if (many.capacity() > usual)
    many = Many();
  else
    many.clear();
}

} // namespace detail

/// What is asked of the values at a path.
enum class need : std::uint8_t {
  presence, ///< whether there is one, and whether it is null or false
  all
};

/// The records under way. Keeps its memory from batch to batch.
class batch {
public:
  struct item {
    std::uint32_t record;
    std::uint32_t ordinal; ///< in the outermost array or object that the path fans out over
    std::uint32_t number;
  };

  /// By path: whether it fans out.
  explicit batch(const std::vector<bool>& fans_out) : columns_(fans_out.size()) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      columns_[i].fans = fans_out[i];
      if (!fans_out[i])
        columns_[i].numbers.resize(selection::capacity);
    }
  }

  /// Before the first record.
  void ask(std::size_t path, need what) noexcept {
    columns_[path].wanted = std::max(columns_[path].wanted, what);
  }
  [[nodiscard]] vocabulary& words(std::size_t path) const noexcept { return columns_[path].words; }

  // ---- one record after the other

  /// A value of the next record, whose raw lies in a line with record::line_slack behind it. Where the path
  /// does not fan out, the first counts.
  void add(std::size_t path, const record::value& v, std::size_t ordinal) {
    auto& c = columns_[path];
    if (!c.fans && c.numbers[size_] != 0)
      return;
    const auto number = number_of(c, v);
    if (!is_passing(number) && v.is < record::value::kind::object)
      c.recent.learn(v.raw, number);
    put(c, number, ordinal);
  }
  /// The same of a scalar that is known by its JSON, which is not empty; false where it is not.
  [[nodiscard]] bool add_known(std::size_t path, std::string_view json, std::size_t ordinal) {
    auto& c = columns_[path];
    const auto number = c.recent.find(json);
    if (number != 0)
      put(c, number, ordinal);
    return number != 0;
  }
  /// The record was good.
  void accept() noexcept {
    ++size_;
    accepted_ = now_;
  }
  /// It was not: what was added is void.
  void drop() noexcept {
    for (auto& c : columns_)
      if (!c.fans)
        c.numbers[size_] = 0;
      else
        while (!c.items.empty() && c.items.back().record == size_)
          c.items.pop_back();
    now_ = accepted_;
    passing_.resize(now_.passing);
    texts_.resize(now_.text);
  }
  /// Time to use it and to clear it.
  [[nodiscard]] bool full() const noexcept {
    return size_ == selection::capacity || now_.items > most_items || now_.text > most_text;
  }
  /// Makes room for the next batch. The memory that a large record took is given back.
  void clear() {
    for (auto& c : columns_) {
      if (!c.touched)
        continue;
      c.ever = c.ever || is_there(c);
      std::fill(c.numbers.begin(), c.numbers.end(), 0);
      detail::clear(c.items, 2 * most_items);
      c.touched = c.passing = false;
    }
    detail::clear(passing_, 2 * most_items);
    detail::clear(decimals_, 2 * most_items);
    detail::clear(texts_, 2 * most_text);
    now_ = accepted_ = {};
    size_ = 0;
    ++serial_;
  }

  // ---- all of them

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] selection all() const noexcept { return selection::first(size_); }
  /// Which batch this is, from 1.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }

  /// Whether the path has no value in any of them.
  [[nodiscard]] bool empty(std::size_t path) const noexcept { return !columns_[path].touched; }
  [[nodiscard]] bool has_passing(std::size_t path) const noexcept { return columns_[path].passing; }
  [[nodiscard]] bool fans_out(std::size_t path) const noexcept { return columns_[path].fans; }
  /// Of a path that does not fan out, by record: the numbers of the values, 0 where there is none.
  [[nodiscard]] std::span<const std::uint32_t> numbers(std::size_t path) const noexcept {
    return {columns_[path].numbers.data(), size_};
  }
  /// Of a path that does, in the order of the records.
  [[nodiscard]] std::span<const item> items(std::size_t path) const noexcept { return columns_[path].items; }
  /// Those of one record.
  [[nodiscard]] std::span<const item> items(std::size_t path, std::uint32_t record) const {
    const auto& c = columns_[path];
    if (c.starts_of != serial_)
      find_starts(c);
    return std::span(c.items).subspan(c.starts[record], c.starts[record + 1] - c.starts[record]);
  }
  /// `see(number, ordinal)` for each value of a record at a path.
  template <class See>
  void each(std::size_t path, std::uint32_t record, See&& see) const {
    if (columns_[path].fans)
      for (const auto& i : items(path, record))
        see(i.number, i.ordinal);
    else if (const auto number = columns_[path].numbers[record]; number != 0)
      see(number, std::uint32_t{0});
  }

  /// Most values come again and again, and have one number for good. Where a path has many different ones,
  /// they are numbered for this batch only, until somebody wants more.
  [[nodiscard]] static bool is_passing(std::uint32_t number) noexcept { return (number & passing_bit) != 0; }
  [[nodiscard]] record::value value(std::size_t path, std::uint32_t number) const noexcept {
    if (!is_passing(number))
      return columns_[path].words.value(number);
    const auto& p = passing_[number & ~passing_bit];
    return vocabulary::value_of(p.letter, text_of(p));
  }
  /// The decimal number that a passing value is. Lives until the next one is asked for.
  [[nodiscard]] const std::optional<decimal>& decimal_of_passing(std::uint32_t number) const {
    const auto& v = passing_[number & ~passing_bit];
    if (v.decimal == 0) {
      decimals_.push_back(decimal_of(vocabulary::value_of(v.letter, text_of(v))));
      v.decimal = static_cast<std::uint32_t>(decimals_.size());
    }
    return decimals_[v.decimal - 1];
  }
  /// The number for good of that value.
  [[nodiscard]] std::uint32_t lasting(std::size_t path, std::uint32_t number) const {
    if (!is_passing(number))
      return number;
    const auto& v = passing_[number & ~passing_bit];
    auto& known = v.lasting;
    if (known == 0)
      known = columns_[path].words.keys()->index_of(v.letter, text_of(v));
    return known;
  }

  /// Gives those of some records theirs at once, which is faster than one by one.
  void make_lasting(std::size_t path, const selection& some) const {
    const auto& c = columns_[path];
    if (!c.passing)
      return;
    some.each([&](std::uint32_t record) {
      each(path, record, [&](std::uint32_t number, std::uint32_t) {
        if (!is_passing(number) || passing_[number & ~passing_bit].lasting != 0)
          return;
        const auto& v = passing_[number & ~passing_bit];
        askers_.push_back(number & ~passing_bit);
        asked_.push_back({v.letter, text_of(v)});
        if (asked_.size() == asked_at_once)
          answer(c);
      });
    });
    answer(c);
  }

  [[nodiscard]] bool ever(std::size_t path) const noexcept { return columns_[path].ever; }
  void set_ever(std::size_t path) noexcept { columns_[path].ever = true; }

private:
  static constexpr std::uint32_t passing_bit = std::uint32_t{1} << 31;
  static constexpr std::size_t most_learned = 1024,
                               longest_learned = 256; ///< values that need no lasting number
  static constexpr std::size_t most_items = 1 << 16, most_text = 1 << 20; ///< a batch of records that are
                                                                          ///< large ends early
  static constexpr std::size_t asked_at_once = 1024;

  struct alignas(64) column { // what every value needs lies together
    need wanted = need::presence;
    bool fans = false;
    bool touched = false;
    bool passing = false; ///< some of its values
    bool ever = false;
    std::array<std::uint32_t, 8> kinds{}; ///< for need::presence: the number by kind, and of true
    std::vector<std::uint32_t> numbers;
    std::vector<item> items;
    mutable std::vector<std::uint32_t> starts; ///< by record: its first item
    mutable std::uint64_t starts_of = 0;       ///< which batch
    recent_values recent;
    mutable vocabulary words;
  };
  struct passing_value {
    std::size_t start;
    std::uint32_t size;
    mutable std::uint32_t lasting = 0; ///< 0: nobody has asked
    mutable std::uint32_t decimal = 0; ///< one more than its place among the decimals; 0: nobody has asked
    char letter;
  };
  struct extent {
    std::size_t items = 0, passing = 0, text = 0;
  };

  void put(column& c, std::uint32_t number, std::size_t ordinal) {
    c.touched = true;
    if (c.fans)
      c.items.push_back({size_, static_cast<std::uint32_t>(ordinal), number}), ++now_.items;
    else if (auto& at = c.numbers[size_]; at == 0)
      at = number;
  }
  [[nodiscard]] std::uint32_t number_of(column& c, const record::value& v) {
    const auto letter = vocabulary::letter_of(v);
    if (c.wanted == need::presence) {
      auto& number = c.kinds[v.boolean ? c.kinds.size() - 1 : static_cast<std::size_t>(v.is)];
      if (number == 0)
        number = c.words.number_of(letter, letter == 'b' ? v.raw : std::string_view());
      return number;
    }
    const auto text = shown(v);
    const auto known = text.size() <= longest_learned ? c.words.number_of(letter, text, most_learned) : 0;
    return known != 0 ? known : pass(c, letter, text);
  }
  [[nodiscard]] std::uint32_t pass(column& c, char letter, std::string_view text) {
    c.passing = true;
    passing_.push_back(
        {.start = texts_.size(), .size = static_cast<std::uint32_t>(text.size()), .letter = letter});
    texts_ += text;
    now_.passing = passing_.size();
    now_.text = texts_.size();
    return passing_bit | static_cast<std::uint32_t>(passing_.size() - 1);
  }
  [[nodiscard]] std::string_view text_of(const passing_value& p) const noexcept {
    return {texts_.data() + p.start, p.size};
  }
  [[nodiscard]] bool is_there(const column& c) const noexcept {
    return !c.items.empty() ||
           std::any_of(c.numbers.begin(), c.numbers.end(), [](std::uint32_t n) { return n != 0; });
  }
  void answer(const column& c) const {
    c.words.keys()->index_of(asked_);
    for (std::size_t i = 0; i < asked_.size(); ++i)
      passing_[askers_[i]].lasting = asked_[i].index;
    asked_.clear();
    askers_.clear();
  }
  void find_starts(const column& c) const {
    c.starts.assign(size_ + 1, 0);
    std::uint32_t at = 0;
    for (std::uint32_t record = 0; record < size_; ++record) {
      c.starts[record] = at;
      while (at < c.items.size() && c.items[at].record == record)
        ++at;
    }
    c.starts[size_] = at;
    c.starts_of = serial_;
  }

  std::vector<column> columns_;
  std::vector<passing_value> passing_;
  mutable std::vector<std::optional<decimal>> decimals_;
  std::string texts_;
  mutable std::vector<dictionary::question> asked_;
  mutable std::vector<std::uint32_t> askers_; ///< among passing_
  extent now_, accepted_;                     ///< with the next record, and without
  std::uint32_t size_ = 0;
  std::uint64_t serial_ = 1;
};

} // namespace postroad::study
