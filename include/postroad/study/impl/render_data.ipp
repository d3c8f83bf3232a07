/// Tables for machines: CSV, TSV, JSON and NDJSON.
#pragma once

#include <postroad/study/interval.hpp>
#include <postroad/study/render.hpp>
#include <postroad/text/json.hpp>

#include <postroad/study/impl/render_text.ipp>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace postroad::study {

namespace detail {

/// The shortest digits that give the same double again.
[[nodiscard]] inline std::string fraction(const cell& c) {
  const auto share = c.share();
  return share ? fmt::format("{}", *share) : "";
}

[[nodiscard]] inline std::string csv_field(std::string_view s) {
  if (s.find_first_of(",\"\r\n") == std::string_view::npos)
    return std::string(s);
  std::string out = "\"";
  for (const char c : s)
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

[[nodiscard]] inline std::string tsv_field(std::string_view s) {
  std::string out;
  for (const char c : s) {
    const auto at = std::string_view("\t\n\r\\").find(c);
    if (at == std::string_view::npos)
      out += c;
    else
      out += '\\', out += "tnr\\"[at];
  }
  return out;
}

[[nodiscard]] inline std::string raw(const cell& c) {
  return c.is == cell::kind::count ? std::to_string(c.n) : c.text;
}

[[nodiscard]] inline bool has_share_change(const table& t, std::size_t column) {
  return std::any_of(t.rows.begin(), t.rows.end(),
                     [&](const auto& row) { return row.cells[column].share_change.has_value(); });
}

/// The parts of a row's label as columns of their own.
[[nodiscard]] inline std::vector<std::string> label_names(const table& t) {
  if (t.keys.empty())
    return {"label"};
  return t.joined ? std::vector<std::string>{label_header(t)} : t.keys;
}
[[nodiscard]] inline std::vector<std::string> label_fields(const table& t, const table_row& row) {
  return t.joined || row.parts.empty() ? std::vector<std::string>{row.label} : row.parts;
}

/// Does the base of the column's shares stand beside them? Else it ends the line.
[[nodiscard]] inline bool has_own_base(const table& t, std::size_t column) {
  return t.columns[column].has_share && (t.columns[column].own_base || t.of_is == base::column);
}
[[nodiscard]] inline bool has_one_base(const table& t) {
  bool any_share = false;
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    any_share |= t.columns[i].has_share;
    if (t.columns[i].has_share && !has_own_base(t, i))
      return true;
  }
  return !any_share && t.of_is != base::column;
}
[[nodiscard]] inline std::string short_fraction(double x) {
  return fmt::format("{:.6f}", x);
}

[[nodiscard]] inline std::vector<std::string> header_fields(const table& t, const footing& foot) {
  auto out = label_names(t);
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    const auto& c = t.columns[i];
    out.push_back(c.label);
    if (c.has_share)
      out.push_back(c.share_label);
    if (c.has_share && foot.intervals) {
      out.push_back(c.share_label + "_low");
      out.push_back(c.share_label + "_high");
    }
    if (has_own_base(t, i))
      out.push_back(c.label + "_of");
    if (has_share_change(t, i))
      out.push_back(c.label + "_share");
    if (has_paper(t, i)) {
      out.push_back(c.label + "_paper");
      if (c.has_share)
        out.push_back(c.share_label + "_paper");
    }
  }
  if (t.min_n > 0)
    out.emplace_back("small");
  if (has_one_base(t))
    out.emplace_back("of");
  out.emplace_back("of_name");
  return out;
}

/// Percent as a fraction, digit for digit: "15.9" gives 0.159.
[[nodiscard]] inline std::string paper_fraction(const std::string& percent) {
  const auto d = decimal_of(percent);
  if (!d)
    return "";
  const auto nanos = (d->whole * decimal::nanos + d->nano) / 100;
  return to_string(decimal{nanos / decimal::nanos, static_cast<std::uint32_t>(nanos % decimal::nanos)});
}

[[nodiscard]] inline std::vector<std::string> row_fields(const table& t, const table_row& row,
                                                         const footing& foot) {
  auto out = label_fields(t, row);
  std::uint64_t of = t.of;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const auto& c = row.cells[i];
    of = t.of_is == base::row && !has_own_base(t, i) ? c.of : of;
    out.push_back(raw(c));
    if (t.columns[i].has_share)
      out.push_back(fraction(c));
    if (t.columns[i].has_share && foot.intervals) {
      const auto range = wilson(c);
      out.push_back(range ? short_fraction(range->low) : "");
      out.push_back(range ? short_fraction(range->high) : "");
    }
    if (has_own_base(t, i))
      out.push_back(std::to_string(c.of));
    if (has_share_change(t, i))
      out.push_back(c.share_change ? short_fraction(*c.share_change) : "");
    if (has_paper(t, i)) {
      const auto p = c.paper.value_or(paper_value{});
      out.push_back(p.n ? std::to_string(*p.n) : p.word);
      if (t.columns[i].has_share)
        out.push_back(paper_fraction(p.percent));
    }
  }
  if (t.min_n > 0)
    out.emplace_back(row.small ? "true" : "false");
  if (has_one_base(t))
    out.push_back(std::to_string(of));
  out.push_back(t.of_label);
  return out;
}

inline void render_fields(std::string& out, const table& t, const footing& foot, char between,
                          std::string (*field)(std::string_view)) {
  const auto line = [&](const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i != 0)
        out += between;
      out += field(fields[i]);
    }
    out += '\n';
  };
  line(header_fields(t, foot));
  for (const auto& row : t.rows)
    line(row_fields(t, row, foot));
}

/// Members whose names come from the data.
template <class T>
void put(text::json_writer& w, std::string_view name, const T& v) {
  w.any_key(name).value(v);
}
inline void put_raw(text::json_writer& w, std::string_view name, std::string_view json) {
  w.any_key(name).raw(json);
}

inline void put_cell(text::json_writer& w, const table& t, std::size_t i, const cell& c,
                     const footing& foot) {
  const auto& column = t.columns[i];
  const bool number = c.is == cell::kind::count || c.is == cell::kind::number;
  // JavaScript and jq keep whole numbers up to 2^53: 16 digits; larger ones are decimal strings in every
  // record.
  const auto digits = raw(c);
  if (c.is == cell::kind::nothing)
    put(w, column.label, nullptr);
  else if (number && digits.find('.') == std::string::npos && digits.size() > 15)
    put(w, column.label, digits);
  else if (number)
    put_raw(w, column.label, digits);
  else
    put(w, column.label, digits);
  if (column.has_share)
    put_raw(w, column.share_label, c.share() ? fraction(c) : "null");
  if (const auto range = column.has_share && foot.intervals ? wilson(c) : std::nullopt) {
    put_raw(w, column.share_label + "_low", short_fraction(range->low));
    put_raw(w, column.share_label + "_high", short_fraction(range->high));
  }
  if (has_own_base(t, i) || (column.has_share && t.of_is == base::row))
    put(w, column.label + "_of", c.of);
  if (c.share_change)
    put_raw(w, column.label + "_share", short_fraction(*c.share_change));
  if (!c.paper)
    return;
  if (c.paper->n)
    put(w, column.label + "_paper", *c.paper->n);
  else if (!c.paper->word.empty())
    put(w, column.label + "_paper", c.paper->word);
  if (!c.paper->percent.empty())
    put_raw(w, (column.has_share ? column.share_label : "share") + "_paper",
            paper_fraction(c.paper->percent));
}

inline void put_of(text::json_writer& w, const table& t) {
  w.key("of").object().member("name", t.of_label);
  if (t.of_is != base::row && has_one_base(t))
    w.member("n", t.of);
  w.end();
}

inline void put_row(text::json_writer& w, const table& t, const table_row& row, const footing& foot) {
  w.member("label", row.label);
  if (!t.joined && row.parts.size() > 1) {
    w.key("key").object();
    for (std::size_t i = 0; i < row.parts.size(); ++i)
      put(w, t.keys[i], row.parts[i]);
    w.end();
  }
  w.key("cells").object();
  for (std::size_t i = 0; i < row.cells.size(); ++i)
    put_cell(w, t, i, row.cells[i], foot);
  w.end();
  if (t.min_n > 0)
    w.member("small", row.small);
}

inline void render_json(std::string& out, const table& t, const footing& foot) {
  text::json_writer w(out);
  w.object().member("table", t.name).member("title", t.title);
  put_of(w, t);
  w.key("columns").array();
  for (const auto& c : t.columns) {
    w.value(c.label);
    if (c.has_share)
      w.value(c.share_label);
  }
  w.end().key("rows").array();
  for (const auto& row : t.rows) {
    w.object();
    put_row(w, t, row, foot);
    w.end();
  }
  w.end()
      .key("footer")
      .object()
      .member("read", t.read)
      .member("kept", t.kept)
      .member("malformed", foot.malformed);
  if (foot.interrupted)
    w.member("interrupted", true);
  w.end();
  if (const auto notes = paper_notes(t); !notes.empty())
    w.member_list("paper_notes", notes);
  w.end();
  out += '\n';
}

inline void render_ndjson(std::string& out, const table& t, const footing& foot) {
  for (const auto& row : t.rows) {
    text::json_writer w(out);
    w.object().member("table", t.name);
    put_row(w, t, row, foot);
    put_of(w, t);
    w.end();
    out += '\n';
  }
}

} // namespace detail

} // namespace postroad::study
