/// A table from flags and records, as a person would ask for it.
#pragma once

#include <postroad/study/fold.hpp>
#include <postroad/study/render.hpp>
#include <postroad/study/spec.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace study_test {

using namespace postroad;
using namespace postroad::study;

/// Lines as the tool would read them: each with readable bytes behind it.
inline std::vector<table> tables_of(std::string_view flags, const std::vector<std::string>& lines,
                                    record::checking how = record::checking::touched) {
  record::path_set paths;
  spec_builder builder(paths);
  builder.apply_text(flags);
  const auto specs = builder.finish();
  fold counted(specs, paths, how);
  for (auto line : lines) {
    const auto size = line.size();
    line.append(record::line_slack, '}');
    static_cast<void>(counted.add(std::string_view(line).substr(0, size)));
  }
  return counted.tables();
}

inline table table_of(std::string_view flags, const std::vector<std::string>& lines) {
  return tables_of(flags, lines).at(0);
}

inline std::string shown(const table& t, format as, footing foot = {}) {
  std::string out;
  render(out, t, as, foot, true);
  return out;
}

/// Rows as "label: cell cell", a cell as n, n/of, its text, or "-".
inline std::vector<std::string> rows(const table& t) {
  std::vector<std::string> out;
  for (const auto& row : t.rows) {
    auto line = row.label + ":";
    for (const auto& c : row.cells) {
      line += ' ';
      if (c.is == cell::kind::nothing)
        line += '-';
      else if (c.is != cell::kind::count)
        line += c.text;
      else
        line += std::to_string(c.n) + (c.has_share ? "/" + std::to_string(c.of) : "");
    }
    out.push_back(line);
  }
  return out;
}

using lines = std::vector<std::string>;

} // namespace study_test
