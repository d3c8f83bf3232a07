/// A finished table: labels and cells, ready to be printed.
#pragma once

#include <postroad/config.hpp>
#include <postroad/study/tally.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// A cell of the paper.
struct paper_value {
  std::optional<std::uint64_t> n;
  std::string percent; ///< as printed: "15.9"
  std::string word;
  std::string note; ///< what does not add up there
};

struct cell {
  enum class kind : std::uint8_t { nothing, count, number, text } is = kind::nothing;
  std::uint64_t n = 0;                ///< count
  std::string text;                   ///< number: in decimal digits; text: as it is
  bool has_share = false;             ///< count: of `of`
  bool is_change = false;             ///< number: of one table against another, with its sign
  std::optional<double> share_change; ///< how much the share has changed, as a fraction
  std::uint64_t of = 0;
  std::optional<paper_value> paper; ///< what the paper says there

  /// n / of; nothing over nothing is no share.
  [[nodiscard]] std::optional<double> share() const noexcept {
    if (!has_share || of == 0)
      return std::nullopt;
    return static_cast<double>(n) / static_cast<double>(of);
  }
};

struct table_column {
  std::string label;
  bool has_share = false;
  bool own_base = false;    ///< its shares are not of table::of; each cell has what they are of
  std::string base_label{}; ///< what that is; empty: table::of_label
  std::string share_label;  ///< "share", or "LABEL_share" where several columns have one
};

struct table_row {
  std::string label;
  std::vector<std::string> parts; ///< of a --by with several paths
  std::vector<cell> cells;
  bool small = false; ///< of fewer records than --min-n wants
};

struct table {
  std::string name, title;
  base of_is = base::where;
  std::string of_label;
  std::uint64_t of = 0;          ///< not for base::row and base::column
  std::vector<std::string> keys; ///< what the parts of a row's label are: the paths of --by
  bool joined = false;           ///< the parts make one label
  std::vector<table_column> columns;
  std::vector<table_row> rows;
  std::vector<std::string> notes;   ///< what a reader must know, in plain words
  std::uint64_t read = 0, kept = 0; ///< records, each once
  std::uint64_t min_n = 0;          ///< rows of fewer records are small
  bool weighted = false;            ///< records count more than once
  bool approximate = false;         ///< distinct values and quantiles are nearly right
  binning bins;                     ///< of the first key
  bool cumulative = false;
  bool crossed = false; ///< columns are the values at a path
  plot_kind plot = plot_kind::automatic;
};

/// The table that a tally makes. The same records in any order give the same table.
/// `ranked_by`: the tally by which rows are chosen and ordered, where it is another that has the same rows.
[[nodiscard]] table finish(const tally& from, const record::path_set& paths,
                           const tally* ranked_by = nullptr);

/// One table against another, which were finished with the same rows and columns: each column twice, under
/// both names, and the change from the first to the second.
[[nodiscard]] table difference(const table& before, std::string_view before_name, const table& after,
                               std::string_view after_name);

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/table.ipp>
#endif
