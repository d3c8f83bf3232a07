/// Tables as sections of a page: what report puts together.
#pragma once

#include <postroad/study/render.hpp>

#include <postroad/study/impl/render_text.ipp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace postroad::study {

namespace detail {

[[nodiscard]] inline std::string html(std::string_view s) {
  std::string out;
  for (const char c : s)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  return out;
}

/// Ours and the paper's share as lengths that the page draws behind a cell.
[[nodiscard]] inline std::string lengths_of(const cell& c) {
  std::string out;
  if (const auto share = c.share())
    out = fmt::format("--share:{:.2f}%", 100 * std::min(*share, 1.0));
  if (!out.empty() && c.paper && decimal_of(c.paper->percent))
    out += fmt::format(";--paper:{}%", c.paper->percent);
  return out.empty() ? out : fmt::format(" style=\"{}\"", out);
}

inline void put_html_cell(std::string& out, const shown_cell& c, std::string_view kind,
                          const std::string& lengths) {
  out += fmt::format("<td{}{}>{}", kind.empty() ? "" : fmt::format(" class=\"{}\"", kind), lengths,
                     html(c.main));
  if (!c.share.empty())
    out += fmt::format(" <small>{}</small>", html(std::string_view(c.share).substr(1, c.share.size() - 2)));
  out += "</td>";
}

inline void render_html(std::string& out, const table& t, const footing& foot) {
  out += fmt::format(
      "<section class=\"table\" id=\"{}\">\n<h3>{}</h3>\n<div class=\"wide\"><table>\n<thead><tr><th>{}</th>",
      html(t.name), html(printable(t.title)), html(printable(label_header(t))));
  for (std::size_t i = 0; i < t.columns.size(); ++i)
    out += fmt::format("<th>{}</th>{}", html(printable(t.columns[i].label)),
                       has_paper(t, i) ? "<th class=\"paper\">paper</th>" : "");
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : t.rows) {
    out += fmt::format("<tr{}><th scope=\"row\">{}</th>", row.small ? " class=\"small\"" : "",
                       html(printable(row.label)));
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const auto& c = row.cells[i];
      put_html_cell(out, show(c, foot), c.is == cell::kind::text ? "word" : "", lengths_of(c));
      if (has_paper(t, i))
        put_html_cell(out, show(c.paper), "paper", "");
    }
    out += "</tr>\n";
  }
  out += fmt::format("</tbody>\n</table></div>\n<p class=\"base\">{} {}</p>\n",
                     shares_word(t) == "of" ? "Of" : "Shares of", html(base_line(t)));
  for (const auto& line : notes_below(t))
    out += fmt::format("<p class=\"base\">{}</p>\n", html(line));
  out += fmt::format("<p class=\"foot\">{}</p>\n", html(foot_line(t, foot)));
  if (const auto notes = paper_notes(t); !notes.empty()) {
    out += "<ul class=\"notes\">\n";
    for (const auto& note : notes)
      out += fmt::format("<li>{}</li>\n", html(note));
    out += "</ul>\n";
  }
  out += "</section>\n";
}

} // namespace detail

} // namespace postroad::study
