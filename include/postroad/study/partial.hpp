/// Tallies on paper, so that the shards of a study can be counted apart and put together later.
///
/// Lines of JSON: first what it is, {"partial":1,"spec":…,"shards":[…],…}; then one line a table, a row or a
/// cell; last
/// {"end":N} with the number of lines in between. The same tallies give the same bytes. Merging is
/// commutative and associative: any split of the records, merged in any order, gives the table of all of
/// them.
#pragma once

#include <postroad/config.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/study/fold.hpp>

#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// A partial result that cannot be used; the message says why.
struct bad_partial : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whose tallies they are.
struct partial_head {
  std::string spec;             ///< spec_hash of the flags
  std::set<std::string> shards; ///< what was counted: the hash of each input
  std::uint64_t empty = 0;      ///< inputs without a line, which are all alike
  std::uint64_t malformed = 0;  ///< lines that were no records
};

/// The flags as 16 hex digits.
[[nodiscard]] std::string spec_hash(std::string_view flags);

/// The hash of an input: of its lines in any order, so that several threads can take their part each.
class shard_hash {
public:
  void add(std::string_view line) noexcept {
    hash_ += detail::mixed(detail::hash_of(line), multiplier);
    ++lines_;
  }
  void add(const shard_hash& other) noexcept {
    hash_ += other.hash_;
    lines_ += other.lines_;
  }
  [[nodiscard]] std::string text() const;

private:
  static constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15; // digits of the golden ratio, odd
  std::uint64_t hash_ = 0, lines_ = 0;
};

[[nodiscard]] std::string write_partial(const partial_head& head, fold& from);

/// Reads partial results into a fold, line by line: of a file, in which several may stand one behind the
/// other.
class partial_reader {
public:
  /// `head.spec` is what the files must have been made with; their shards and counts are added to it. A shard
  /// that is there already is refused unless `allow_again`.
  partial_reader(partial_head& head, fold& into, bool allow_again);

  /// One line, with record::line_slack readable bytes behind it. Throws bad_partial.
  void add(std::string_view line);
  /// The file has ended. Throws bad_partial when it was cut off.
  void finish() const;

private:
  struct line_of;
  void begin(const line_of& line);
  void end(const line_of& line);
  void add_table(tally& t, const line_of& line);
  void add_row(tally& t, const line_of& line);
  void add_pair(tally& t, const line_of& line);
  [[nodiscard]] static std::uint32_t row_of(tally& t, const line_of& line);

  partial_head& head_;
  fold& into_;
  bool allow_again_;
  record::path_set paths_;
  record::reader reader_;
  std::uint64_t lines_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/partial.ipp>
#endif
