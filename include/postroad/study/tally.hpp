/// The running state of one table: integers only, so that partial tallies of any split of the records come
/// together to the same table.
#pragma once

#include <postroad/config.hpp>
#include <postroad/study/batch.hpp>
#include <postroad/study/conditions.hpp>
#include <postroad/study/decimal.hpp>
#include <postroad/study/interner.hpp>
#include <postroad/study/pair_counts.hpp>
#include <postroad/study/sketch.hpp>
#include <postroad/study/spec.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// The key of a row or a cross-tab's column: the values at the paths that make it, one part each. Null,
/// missing and text "null" are three keys.
class group_key {
public:
  enum class kind : char { value = 'v', null = 'n', missing = 'm' };
  struct part {
    kind is;
    std::string_view text;
  };

  static void append(std::string& key, kind is, std::string_view text) {
    key += static_cast<char>(is);
    const auto size = static_cast<std::uint32_t>(text.size());
    for (unsigned shift = 0; shift < 32; shift += 8)
      key += static_cast<char>(size >> shift & 0xff);
    key += text;
  }
  static void append(std::string& key, const record::value& v) {
    append(key, v.is == record::value::kind::null ? kind::null : kind::value, shown(v));
  }
  /// Takes the first part off a key made by append.
  static part take(std::string_view& key) noexcept {
    std::uint32_t size = 0;
    for (unsigned i = 0; i < 4; ++i)
      size |= std::uint32_t{static_cast<unsigned char>(key[1 + i])} << 8 * i;
    const part p{static_cast<kind>(key[0]), key.substr(5, size)};
    key.remove_prefix(5 + size);
    return p;
  }
};

/// What one column has seen.
struct column_tally {
  std::vector<std::uint64_t> holding; ///< by row
  std::vector<decimal_sum> sums;      ///< by row
  std::vector<sketch> sketches;       ///< by row: different values, nearly
  std::shared_ptr<dictionary> values; ///< of the path; other tables may use it, too
  number_list numbers;                ///< quantile: of the path
  pair_counts seen;                   ///< (row, value)
};

/// The state of a table.
class tally {
public:
  /// With nothing to count: for merge.
  tally(const table_spec& spec, const record::path_set& paths);
  /// Conditions and vocabularies are shared with the other tables of a fold. `in` learns what is asked of it.
  tally(const table_spec& spec, const record::path_set& paths, condition_pool& conditions, batch& in);

  /// `conditions`: those with which it was made.
  void add(const batch& in, condition_pool& conditions);
  /// Adds what another tally of the same table has counted.
  void merge(const tally& other);
  /// Makes the rows of another one, counting nothing.
  void merge_rows(const tally& other);
  /// The number of a row by its key, made when it is new.
  std::uint32_t row(std::string_view key);

  const table_spec& spec() const noexcept { return spec_; }
  [[nodiscard]] bool is_sketched(std::size_t column) const noexcept {
    return spec_.approximate && spec_.columns[column].is == measure::distinct;
  }
  /// Row keys by number: for --by what group_key makes, else the rows as they are listed.
  interner rows;
  std::vector<std::uint64_t> records; ///< by row
  std::vector<column_tally> columns;  ///< as in the spec
  std::uint64_t total = 0;            ///< records offered, as often as they count
  std::uint64_t kept = 0;             ///< of them by --where
  std::uint64_t of = 0;               ///< of them for base::holding
  std::uint64_t lines = 0;            ///< records offered, each once
  std::uint64_t lines_kept = 0;       ///< of them by --where

private:
  /// A record in a row.
  struct hit {
    std::uint32_t record, row;
  };
  void weigh(const batch& in);
  [[nodiscard]] std::uint64_t times(std::uint32_t record) const noexcept {
    return spec_.weight ? weights_[record] : 1;
  }
  [[nodiscard]] std::uint64_t weight_of(const selection& some) const;

  void count_listed_rows(const batch& in, condition_pool& conditions, const selection& some);
  void find_hits(const batch& in, const selection& some);
  void find_hits_of_values(const batch& in, const selection& some);
  void find_hits_of_pairs(const batch& in, const selection& some);
  void count_hits(const batch& in);
  [[nodiscard]] std::uint32_t row_of(const batch& in, std::uint32_t number);
  [[nodiscard]] bool append_group(std::string& key, std::size_t part, const record::value& v) const;
  void keep_what_counts(std::size_t begin);
  void combine(const batch& in, std::uint32_t record, std::size_t part, const std::string& prefix);
  void combine_single(const batch& in, std::uint32_t record, std::size_t part, const std::string& prefix);
  void combine_element(const batch& in, std::uint32_t record, std::size_t part, const std::string& prefix,
                       std::uint32_t element);
  [[nodiscard]] bool combine_value(const batch& in, std::uint32_t record, std::size_t part,
                                   const std::string& prefix, std::uint32_t number);
  void combine_missing(const batch& in, std::uint32_t record, std::size_t part, const std::string& prefix);
  [[nodiscard]] std::vector<std::uint32_t> elements_of(const batch& in, std::uint32_t record,
                                                       std::size_t leader) const;

  void look_up(const batch& in, condition_pool& conditions, const selection& some);
  void count_values(const batch& in, std::size_t column, std::uint32_t record, std::uint32_t row);

  void count_words(const batch& in, std::size_t column, std::uint32_t record, std::uint32_t row);
  /// Whether it counts values by their numbers.
  [[nodiscard]] bool is_of_words(std::size_t column) const noexcept {
    const auto is = spec_.columns[column].is;
    return looks_at_values(is) && is != measure::quantile && !is_sketched(column);
  }

  const table_spec& spec_;
  std::size_t where_ = 0, of_when_ = 0; ///< conditions
  std::vector<std::size_t> rows_when_, columns_when_;
  std::vector<std::uint32_t> row_of_value_; ///< by the value's number, where one path makes the rows
  number_map row_of_pair_;                  ///< where two do
  std::vector<std::string>
      fans_; ///< for each path of --by, the path up to where it fans out; empty: it does not
  std::vector<std::size_t> leaders_; ///< the first part that fans out over the same; itself, where none does
  std::vector<std::uint32_t> elements_; ///< by leader: the element under way
  std::vector<std::uint64_t> weights_;  ///< by record
  selection weighty_;                   ///< those that count at all
  std::vector<hit> hits_;
  std::vector<selection> holds_;    ///< by column: its condition
  std::vector<std::uint32_t> keys_; ///< of one record
  std::string key_;
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/tally.ipp>
#endif
