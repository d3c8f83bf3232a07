/// Tables for papers: LaTeX with the package booktabs.
#pragma once

#include <postroad/study/render.hpp>

#include <postroad/study/impl/render_text.ipp>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace postroad::study {

namespace detail {

/// Characters that command LaTeX stand for themselves.
[[nodiscard]] inline std::string latex(std::string_view s) {
  std::string out;
  for (const char c : s)
    switch (c) {
    case '\\':
      out += "\\textbackslash{}";
      break;
    case '~':
      out += "\\textasciitilde{}";
      break;
    case '^':
      out += "\\textasciicircum{}";
      break;
    case '[': // behind a line's end it would be an option of that
    case ']':
      out += '{';
      out += c;
      out += '}';
      break;
    case '<':
      out += "\\textless{}";
      break;
    case '>':
      out += "\\textgreater{}";
      break;
    case '&':
    case '%':
    case '$':
    case '#':
    case '_':
    case '{':
    case '}':
      out += '\\';
      out += c;
      break;
    default:
      out += c;
    }
  return out;
}

/// What \\label takes.
[[nodiscard]] inline std::string latex_name(std::string_view s) {
  std::string out;
  for (const char c : s)
    out += text::is_alnum(c) || c == '-' ? c : '-';
  return out;
}

/// A column with shares takes two of LaTeX's, so that both stand below each other.
inline void render_latex(std::string& out, const table& t, const footing& foot) {
  const auto columns = show_columns(t, foot);
  std::string layout, header;
  for (const auto& c : columns) {
    layout += c.left ? "l" : c.share > 0 ? "r@{~}r" : "r";
    header += fmt::format("{}{}", header.empty() ? "" : " & ",
                          c.share > 0        ? fmt::format("\\multicolumn{{2}}{{r}}{{{}}}", latex(c.header))
                          : c.header.empty() ? "{}"
                                             : latex(c.header));
  }
  out += fmt::format("\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  \\label{{tab:{}}}\n",
                     latex(printable(t.title)), latex_name(t.name));
  out +=
      fmt::format("  \\begin{{tabular}}{{{}}}\n    \\toprule\n    {} \\\\\n    \\midrule\n", layout, header);
  for (std::size_t r = 0; r < t.rows.size(); ++r) {
    out += "   ";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& c = columns[i];
      out += fmt::format("{} {}", i == 0 ? "" : " &", latex(c.cells[r].main));
      if (c.share > 0)
        out += fmt::format(" & {}", latex(c.cells[r].share));
    }
    out += " \\\\\n";
  }
  out += fmt::format("    \\bottomrule\n  \\end{{tabular}}\n\n  \\smallskip\\footnotesize {} {}.\n",
                     shares_word(t) == "of" ? "Of" : "Shares of", latex(base_line(t)));
  for (const auto& line : notes_below(t))
    out += fmt::format("  {}.\n", latex(line));
  out += fmt::format("  {}.\n\\end{{table}}\n", latex(foot_line(t, foot)));
  for (const auto& note : paper_notes(t))
    out += fmt::format("% {}\n", note);
}

} // namespace detail

} // namespace postroad::study
