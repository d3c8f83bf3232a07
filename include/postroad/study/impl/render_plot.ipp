/// Tables as figures: a script for gnuplot with the data in it, and what gnuplot makes of it.
#pragma once

#include <postroad/study/render.hpp>

#include <postroad/study/impl/render_data.ipp>
#include <postroad/study/impl/render_text.ipp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

namespace detail {

/// A text in double quotes, as data has it: gnuplot takes it as it is there.
[[nodiscard]] inline std::string gnuplot_data(std::string_view s) {
  std::string out = "\"";
  for (const char c : printable(s)) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}
/// A text in a command: in single quotes, within which gnuplot runs no other commands.
[[nodiscard]] inline std::string gnuplot_text(std::string_view s) {
  std::string out = "'";
  for (const char c : printable(s))
    out += c == '\'' ? std::string("\'\'") : std::string(1, c);
  return out + '\'';
}

/// One line or one set of bars: the shares of a column in percent, or its numbers where it has none.
struct series {
  std::string title;
  std::vector<std::string> values; ///< by row; "NaN": nothing
  bool percent = false;
};

[[nodiscard]] inline std::string plotted(const cell& c, bool percent) {
  if (percent)
    return c.share() ? fmt::format("{:.6g}", 100 * *c.share()) : "NaN";
  return c.is == cell::kind::count || (c.is == cell::kind::number && !c.text.empty()) ? raw(c) : "NaN";
}

/// The columns that have numbers. Shares and numbers on one axis would say nothing: shares win.
[[nodiscard]] inline std::vector<series> series_of(const table& t) {
  const bool any_share =
      std::any_of(t.columns.begin(), t.columns.end(), [](const auto& c) { return c.has_share; });
  std::vector<series> out;
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    const auto is_text = [i](const table_row& row) { return row.cells[i].is == cell::kind::text; };
    if ((any_share && !t.columns[i].has_share) || std::any_of(t.rows.begin(), t.rows.end(), is_text))
      continue;
    series s{t.columns[i].label, {}, any_share};
    for (const auto& row : t.rows)
      s.values.push_back(plotted(row.cells[i], any_share));
    out.push_back(std::move(s));
    if (any_share && has_paper(t, i)) {
      series paper{t.columns[i].label + ", paper", {}, true};
      for (const auto& row : t.rows) {
        const auto& p = row.cells[i].paper;
        paper.values.push_back(p && !p->percent.empty() ? p->percent : "NaN");
      }
      out.push_back(std::move(paper));
    }
  }
  std::erase_if(out, [](const series& s) {
    return std::all_of(s.values.begin(), s.values.end(), [](const auto& v) { return v == "NaN"; });
  });
  return out;
}

/// What kind of figure the table makes, where none was asked for.
[[nodiscard]] inline plot_kind kind_of_plot(const table& t, std::size_t series) {
  if (t.plot != plot_kind::automatic)
    return t.plot;
  if (t.cumulative)
    return plot_kind::steps;
  if (t.bins.of_times())
    return plot_kind::lines;
  return t.crossed && series > 1 ? plot_kind::stacked : plot_kind::bars;
}

class gnuplot_script {
public:
  gnuplot_script(std::string& out, const table& t, std::size_t number)
      : out_(out), table_(t), name_(fmt::format("$table{}", number)), series_(series_of(t)),
        kind_(kind_of_plot(t, series_.size())) {}

  void data() {
    out_ += fmt::format("{} << EOD\n", name_);
    for (std::size_t r = 0; r < table_.rows.size(); ++r) {
      if (is_open_ended(r))
        continue;
      const auto& label = table_.rows[r].label;
      out_ +=
          is_number_axis() || is_time_axis() ? label : gnuplot_data(label); // numbers and times stand bare
      for (const auto& s : series_)
        out_ += ' ' + s.values[r];
      out_ += '\n';
    }
    out_ += "EOD\n";
  }

  void figure() {
    out_ += fmt::format("set title {}\n", gnuplot_text(table_.title));
    const bool percent = !series_.empty() && series_.front().percent;
    out_ += percent ? "set format y \"%g %%\"\n" : "set format y \"%'g\"\n";
    out_ += percent && (kind_ == plot_kind::steps || kind_ == plot_kind::cidr) ? "set yrange [0:100]\n"
                                                                               : "set yrange [0:*]\n";
    axis();
    if (series_.empty())
      return void(
          out_ +=
          "unset key\nset label \"no data\" at graph 0.5,0.5 center\nplot [0:1][0:1] -1\nunset label\n");
    out_ += series_.size() > 1 ? "set key outside right top\n" : "unset key\n";
    out_ += "plot ";
    for (std::size_t i = 0; i < series_.size(); ++i)
      out_ += fmt::format("{}{} using {} title {}", i == 0 ? "" : ", \\\n     ", name_, columns(i + 2),
                          gnuplot_text(series_[i].title));
    out_ += '\n';
  }

private:
  /// Of numbers in order, what has none has no place.
  [[nodiscard]] bool is_number_axis() const {
    return (kind_ == plot_kind::steps && table_.cumulative) || kind_ == plot_kind::cidr;
  }
  [[nodiscard]] bool is_time_axis() const { return kind_ == plot_kind::lines && table_.bins.of_times(); }
  [[nodiscard]] bool is_open_ended(std::size_t row) const {
    const auto& label = table_.rows[row].label;
    if (is_time_axis())
      return !table_.bins.after(label).has_value();
    return is_number_axis() && !decimal_of(label);
  }

  [[nodiscard]] std::string_view time_form() const {
    switch (table_.bins.is()) {
    case binning::kind::hour:
      return "%Y-%m-%dT%HZ";
    case binning::kind::month:
      return "%Y-%m";
    case binning::kind::year:
      return "%Y";
    default:
      return "%Y-%m-%d";
    }
  }

  /// From numbers that differ much, by powers.
  [[nodiscard]] bool is_wide() const {
    std::optional<decimal> least, most;
    for (const auto& row : table_.rows)
      if (const auto n = decimal_of(row.label)) {
        least = least ? std::min(*least, *n) : *n;
        most = most ? std::max(*most, *n) : *n;
      }
    return least && least->whole >= 0 && most->whole > 1000;
  }

  void axis() {
    out_ +=
        "unset logscale x\nset xdata\nset format x \"%g\"\nset xtics autofreq norotate\nset xrange [*:*]\n";
    if (is_time_axis()) {
      out_ +=
          fmt::format("set xdata time\nset timefmt \"{0}\"\nset format x \"{0}\"\nset xtics rotate by -35\n",
                      time_form());
    } else if (kind_ == plot_kind::cidr) {
      out_ += "set logscale x 2\nset xrange [1:4294967296] reverse\nset xtics (";
      for (int length = 32; length >= 0; length -= 4)
        out_ +=
            fmt::format("{}\"/{}\" {}", length == 32 ? "" : ", ", length, std::uint64_t{1} << (32 - length));
      out_ += ")\n";
    } else if (is_number_axis()) {
      if (is_wide())
        out_ += "set logscale x 10\n";
    } else {
      out_ += "set xtics rotate by -35\n";
    }
    out_ += kind_ == plot_kind::stacked ? "set style histogram rowstacked\n"
                                        : "set style histogram clustered gap 1\n";
  }

  [[nodiscard]] std::string columns(std::size_t value) const {
    if (is_time_axis())
      return fmt::format("(timecolumn(1, \"{}\")):{} with linespoints pointsize 0.5", time_form(), value);
    if (is_number_axis()) // nothing is below the least of a logarithmic axis
      return fmt::format("({}column(1)):{} with steps linewidth 2",
                         kind_ == plot_kind::cidr || is_wide() ? "column(1) < 1 ? 1 : " : "", value);
    if (kind_ == plot_kind::steps || kind_ == plot_kind::lines)
      return fmt::format("0:{}:xtic(1) with {} linewidth 2", value,
                         kind_ == plot_kind::steps ? "steps" : "lines");
    return fmt::format("{}:xtic(1) with histograms", value);
  }

  std::string& out_;
  const table& table_;
  std::string name_;
  std::vector<series> series_;
  plot_kind kind_;
};

/// Colours that people who see few of them can tell apart (Okabe and Ito 2008), and what all figures share.
inline constexpr std::string_view gnuplot_manners = R"(set encoding utf8
set termoption noenhanced
set linetype 1 linecolor rgb "#0072b2"
set linetype 2 linecolor rgb "#e69f00"
set linetype 3 linecolor rgb "#009e73"
set linetype 4 linecolor rgb "#d55e00"
set linetype 5 linecolor rgb "#cc79a7"
set linetype 6 linecolor rgb "#56b4e9"
set linetype 7 linecolor rgb "#7f7f7f"
set linetype cycle 7
set style data histograms
set style fill solid 0.85 noborder
set boxwidth 0.85
set border 3
set grid ytics
set tics nomirror
)";

} // namespace detail

POSTROAD_DECL std::string gnuplot_of(const std::vector<table>& tables) {
  std::string out = "# for gnuplot(1): set terminal and output before, as in  gnuplot -e 'set term pdfcairo; "
                    "set out \"x.pdf\"' FILE\n";
  std::vector<detail::gnuplot_script> scripts;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    scripts.emplace_back(out, tables[i], i + 1);
    scripts.back().data();
  }
  out += detail::gnuplot_manners;
  if (scripts.size() > 1)
    out += fmt::format("set multiplot layout {},1\n", scripts.size());
  for (auto& s : scripts)
    s.figure();
  if (scripts.size() > 1)
    out += "unset multiplot\n";
  return out;
}

} // namespace postroad::study
