/// What one record holds at the paths that were asked for.
#pragma once

#include <postroad/record/value.hpp>
#include <postroad/study/decimal.hpp>
#include <postroad/study/interner.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace postroad::study {

/// What a value is called in a table and in a condition: text as it is, anything else as JSON spells it.
[[nodiscard]] inline std::string_view shown(const record::value& v) noexcept {
  return v.is == record::value::kind::text ? v.text : v.raw;
}

struct found {
  record::value value;
  std::uint32_t ordinal = 0;          ///< in the outermost array or object that the path fans out over
  mutable std::uint32_t id = unknown; ///< in the path's dictionary, once somebody has asked

  static constexpr std::uint32_t unknown = ~std::uint32_t{0};
};

/// One list of values for each path; a path without [] or {} has one at most. Lives from record to record and
/// keeps its memory. What several tables want to know of a value is worked out once.
class fields {
public:
  explicit fields(std::size_t paths) : found_(paths), ever_(paths), numbers_(paths), dictionaries_(paths) {}

  void add(std::size_t path, const record::value& v, std::size_t ordinal) {
    auto& list = found_[path];
    if (list.empty())
      touched_.push_back(path);
    list.push_back({v, static_cast<std::uint32_t>(ordinal)});
  }
  [[nodiscard]] std::span<const found> at(std::size_t path) const noexcept { return found_[path]; }

  /// The number of the value in the dictionary of its path.
  [[nodiscard]] std::uint32_t id(std::size_t path, const found& f) const {
    if (f.id == found::unknown) {
      const bool null = f.value.is == record::value::kind::null;
      f.id = dictionary_of(path)->index_of(null ? 'n' : 'v', shown(f.value)); // as group_key has them
    }
    return f.id;
  }
  [[nodiscard]] const std::shared_ptr<dictionary>& dictionary_of(std::size_t path) const {
    if (!dictionaries_[path])
      dictionaries_[path] = std::make_shared<dictionary>();
    return dictionaries_[path];
  }

  /// The number that a value of that path is.
  [[nodiscard]] const std::optional<decimal>& number(std::size_t path, const found& f) const {
    auto& known = numbers_[path];
    if (known.record != record_ || known.of != &f)
      known = {record_, &f, decimal_of(f.value)};
    return known.number;
  }

  /// Which record this is, from 1.
  [[nodiscard]] std::uint64_t record() const noexcept { return record_; }

  /// Makes room for the next record.
  void clear() noexcept {
    for (const auto path : touched_)
      found_[path].clear();
    touched_.clear();
    ++record_;
  }
  /// The record was good: its paths have occurred.
  void accept() noexcept {
    for (const auto path : touched_)
      ever_[path] = true;
  }
  [[nodiscard]] bool ever(std::size_t path) const noexcept { return ever_[path]; }
  void set_ever(std::size_t path) noexcept { ever_[path] = true; }

private:
  struct known_number {
    std::uint64_t record = 0;
    const found* of = nullptr;
    std::optional<decimal> number;
  };

  std::vector<std::vector<found>> found_;
  std::vector<std::size_t> touched_;
  std::vector<char> ever_;
  mutable std::vector<known_number> numbers_; ///< the last that was asked for, by path
  mutable std::vector<std::shared_ptr<dictionary>> dictionaries_;
  std::uint64_t record_ = 0;
};

} // namespace postroad::study
