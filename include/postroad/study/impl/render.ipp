#pragma once

#include <postroad/study/render.hpp>

#include <postroad/study/impl/render_data.ipp>
#include <postroad/study/impl/render_html.ipp>
#include <postroad/study/impl/render_latex.ipp>
#include <postroad/study/impl/render_plot.ipp>
#include <postroad/study/impl/render_text.ipp>

#include <utility>

namespace postroad::study {

POSTROAD_DECL std::optional<format> format_from(std::string_view word) {
  static constexpr std::pair<std::string_view, format> words[] = {
      {"text", format::text},         {"csv", format::csv},     {"tsv", format::tsv},
      {"json", format::json},         {"md", format::markdown}, {"ndjson", format::ndjson},
      {"markdown", format::markdown}, {"latex", format::latex}, {"html", format::html},
      {"gnuplot", format::gnuplot},   {"svg", format::svg}};
  for (const auto& [name, is] : words)
    if (name == word)
      return is;
  return std::nullopt;
}

POSTROAD_DECL void render(std::string& out, const table& t, format as, const footing& foot, bool first) {
  const bool machine = as == format::json || as == format::ndjson;
  if (!first && !machine)
    out += '\n';
  switch (as) {
  case format::text:
    return detail::render_text(out, t, foot);
  case format::csv:
    return detail::render_fields(out, t, foot, ',', detail::csv_field);
  case format::tsv:
    return detail::render_fields(out, t, foot, '\t', detail::tsv_field);
  case format::json:
    return detail::render_json(out, t, foot);
  case format::ndjson:
    return detail::render_ndjson(out, t, foot);
  case format::markdown:
    return detail::render_markdown(out, t, foot);
  case format::latex:
    return detail::render_latex(out, t, foot);
  case format::html:
    return detail::render_html(out, t, foot);
  case format::gnuplot:
  case format::svg: // figures of several tables are one
    out += gnuplot_of({t});
  }
}

} // namespace postroad::study
