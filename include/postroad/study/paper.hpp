/// The paper's figures beside ours.
#pragma once

#include <postroad/study/decimal.hpp>
#include <postroad/study/table.hpp>
#include <postroad/text/ascii.hpp>

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace postroad::study {

/// What a paper prints, by table, row and column, read from text with tabs: table, row, column, n, percent,
/// word, note; empty where it says nothing. Lines that begin with # are comments; what is no number is left
/// out.
class paper {
public:
  explicit paper(std::string_view tsv) {
    while (!tsv.empty())
      if (const auto line = text::take_until(tsv, '\n'); !line.empty() && line[0] != '#')
        add(line);
  }

  /// Sets the paper's value in each cell that it has one for.
  void annotate(table& t) const {
    for (auto& row : t.rows)
      for (std::size_t i = 0; i < row.cells.size(); ++i)
        if (const auto it = values_.find({t.name, row.label, t.columns[i].label}); it != values_.end())
          row.cells[i].paper = it->second;
  }

private:
  void add(std::string_view line) {
    std::array<std::string_view, 7> part;
    for (auto& p : part)
      p = text::take_until(line, '\t');
    const auto percent = decimal_of(part[4]) ? part[4] : std::string_view();
    values_[{std::string(part[0]), std::string(part[1]), std::string(part[2])}] = {
        text::number<std::uint64_t>(part[3]), std::string(percent), std::string(part[5]),
        std::string(part[6])};
  }

  std::map<std::tuple<std::string, std::string, std::string>, paper_value> values_;
};

} // namespace postroad::study
