/// Tables as text, CSV, TSV, JSON, NDJSON, Markdown, LaTeX and figures.
#pragma once

#include <postroad/config.hpp>
#include <postroad/study/table.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postroad::study {

enum class format : std::uint8_t { text, csv, tsv, json, ndjson, markdown, latex, html, gnuplot, svg };

/// Figures: what there is of them is one output for all tables.
[[nodiscard]] constexpr bool is_figure(format f) noexcept {
  return f == format::gnuplot || f == format::svg;
}

/// Example: format_from("csv") == format::csv.
[[nodiscard]] std::optional<format> format_from(std::string_view word);

/// What is said of the whole run below each table.
struct footing {
  std::uint64_t malformed = 0; ///< lines that were no records
  bool interrupted = false;    ///< not all of the input was read
  bool intervals = false;      ///< say between what and what each share may be
};

/// Appends one table to `out`. `first`: nothing stands above it.
///
///  - text, markdown: aligned, with thousands separators; a share as 126,419 (15.9 %); what N counts below
///  it.
///  - csv, tsv: a header line and raw numbers; a share is a fraction in full; `of` and `of_name` end each
///  line.
///    TSV writes tab, line feed, carriage return and backslash as \t \n \r \\.
///  - json: one object a line; ndjson: one object a row.
///  - html: a section of a page, as report(1) puts it together.
///  - latex: a table environment, for the package booktabs.
/// The same table gives the same bytes. Control characters in labels never reach a terminal.
void render(std::string& out, const table& t, format as, const footing& foot, bool first);

/// A script for gnuplot(1) with the data in it: one figure below the other. It sets no terminal.
[[nodiscard]] std::string gnuplot_of(const std::vector<table>& tables);

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/render.ipp>
#endif
