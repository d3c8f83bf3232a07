/// What a table is: rows, columns, what a cell counts, what a share is of. Made from the words of a command
/// line or a preset.
#pragma once

#include <postroad/config.hpp>
#include <postroad/record/path.hpp>
#include <postroad/study/bins.hpp>
#include <postroad/study/decimal.hpp>
#include <postroad/study/expression.hpp>
#include <postroad/study/flag_text.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::study {

/// What the cells of a column are.
enum class measure : std::uint8_t {
  count,    ///< records of the row
  holding,  ///< records of the row for which a condition holds
  values,   ///< one column for each value at a path: a cross-tab
  distinct, ///< different values at a path
  sum,      ///< of the numbers at a path
  mean,     ///< of the numbers at a path
  quantile, ///< of the numbers at a path, by nearest rank
  mode      ///< the value at a path that most records have
};

/// Whether it counts how often each value came.
[[nodiscard]] constexpr bool looks_at_values(measure is) noexcept {
  return is == measure::values || is == measure::distinct || is == measure::mode || is == measure::quantile;
}

struct column_spec {
  measure is = measure::count;
  std::string label{};
  std::size_t path = 0;
  expression when{}; ///< holding; else: which records give values, where it is conditional
  bool is_conditional = false;
  std::string rank{};     ///< quantile: as typed, "0.99"
  std::size_t source = 0; ///< the column that counts its values: the first quantile of the same path
};

struct row_spec {
  std::string label;
  expression when;
};

/// What a share is a share of.
enum class base : std::uint8_t {
  total,  ///< all records
  where,  ///< records kept by --where
  row,    ///< records of the row
  column, ///< the sum of the column's cells
  holding ///< records for which a condition holds
};

enum class order : std::uint8_t { unset, count, key, listed, column };

/// What figure a table makes.
enum class plot_kind : std::uint8_t { automatic, bars, stacked, lines, steps, cidr };

struct next_stage;

/// One table.
struct table_spec {
  std::string name = "table";
  std::string title;
  std::optional<expression> where;

  std::vector<std::size_t> by; ///< paths; their values make the rows
  std::vector<row_spec> rows;  ///< or these do, in this order
  bool first = false;          ///< a record belongs to the first of the rows that hold
  std::vector<column_spec> columns;

  base of = base::where;
  std::string of_label;
  expression of_when;
  std::vector<std::string> shares; ///< columns with a share; empty: every count, "none": none

  std::size_t top = 0; ///< rows that are shown; the rest become one row. 0: all
  std::string other = "Other";
  std::string missing = "(missing)"; ///< label of what has no value; empty: such records make no row
  std::optional<std::string> join;   ///< between the parts of a row's label
  order sort = order::unset;
  std::string sort_column{};         ///< order::column: its label
  bool sort_by_share = false;        ///< by its shares rather than its numbers
  bool cumulative = false;           ///< a cell counts its row and those above: --cdf
  binning bins;                      ///< of the values at the first path of `by`
  bool every_bin = false;            ///< those that nothing fell into are rows, too: --hist
  std::optional<std::size_t> weight; ///< path: a record counts as often as the number there says
  plot_kind plot = plot_kind::automatic;
  std::uint64_t min_n = 0;            ///< rows with fewer records are marked
  bool approximate = false;           ///< distinct by sketch, quantiles to eight binary digits
  std::shared_ptr<next_stage> then{}; ///< counts the rows of this table
  std::string by_text;                ///< --by as typed
};

/// A table whose records are the rows of another, as --format ndjson writes them.
struct next_stage {
  record::path_set paths;
  table_spec spec;
};

/// Takes flags one by one, as they stand on a command line, and builds tables from them. All members throw
/// bad_spec. `--table NAME` begins the next table; what comes before the first belongs to it.
class spec_builder {
public:
  explicit spec_builder(record::path_set& paths) : paths_(&paths), first_paths_(&paths), tables_(1) {}

  /// True when `name` (without dashes) is a flag of a table; `value` is empty for those that take none.
  /// Example: apply("by", "mx.provider").
  bool apply(std::string_view name, std::string_view value);
  /// Whether such a flag takes a value; nothing when there is no such flag.
  [[nodiscard]] static std::optional<bool> takes_value(std::string_view name);

  /// Flags as text: --flag VALUE, --flag=VALUE, quotes as in sh(1), # comments. For presets.
  void apply_text(std::string_view text);

  /// The flags that were applied, one a line, quoted for sh(1); a line is empty between tables.
  [[nodiscard]] const std::string& flags() const noexcept { return flags_; }

  /// The tables, with what was left open filled in.
  [[nodiscard]] std::vector<table_spec> finish();

private:
  /// The stage of the table to which flags are applied.
  table_spec& now() { return stage_ ? stage_->spec : tables_.back(); }
  void begin_table(std::string_view name);
  void begin_stage();
  void apply_to(table_spec& t, std::string_view name, std::string_view value);
  void add_by(std::string_view paths);
  void add_row(std::string_view text);
  void add_column(std::string_view text);
  void add_measure(measure is, std::string_view text);
  void add_quantiles(std::string_view text);
  void set_of(std::string_view text);
  void set_sort(std::string_view text);
  void set_bins(std::string_view text);
  void set_plot(std::string_view text);
  [[nodiscard]] std::size_t path(std::string_view text);
  enum class stands_in : std::uint8_t { row, elsewhere };
  [[nodiscard]] expression condition(std::string_view text, stands_in where = stands_in::elsewhere);

  record::path_set* paths_; ///< of the stage
  record::path_set* first_paths_;
  next_stage* stage_ = nullptr; ///< the first: none
  std::vector<table_spec> tables_;
  std::string flags_;
  bool begun_ = false; ///< the first table has been named or given a flag
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/spec.ipp>
#endif
