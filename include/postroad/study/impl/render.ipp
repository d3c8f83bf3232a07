#pragma once

#include <postroad/study/render.hpp>
#include <postroad/text/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace postroad::study {

namespace detail {

[[nodiscard]] inline std::string with_commas(std::uint64_t n) {
  auto digits = std::to_string(n);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), 1, ',');
  return digits;
}

/// One decimal; two below a tenth of a percent, so that what is there does not vanish. In whole numbers, so
/// that it does not depend on how a machine rounds.
[[nodiscard]] inline std::string percent(std::uint64_t n, std::uint64_t of) {
  if (of == 0)
    return "-";
  const auto rounded = [&](int128 parts) {
    return static_cast<std::uint64_t>((2 * parts * n + of) / (2 * int128{of}));
  };
  const auto tenths = rounded(1000);
  const auto hundredths = rounded(10'000);
  if (n == 0 || hundredths >= 10)
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
  return hundredths == 0 ? "<0.01" : fmt::format("0.{:02}", hundredths);
}

/// Control characters, which could command a terminal, become visible.
[[nodiscard]] inline std::string printable(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    const bool c1 = c == 0xc2 && i + 1 < s.size() && static_cast<unsigned char>(s[i + 1]) < 0xa0;
    if (c < 0x20 || c == 0x7f)
      out += fmt::format("\\x{:02x}", c);
    else if (c1)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(s[++i]));
    else
      out += s[i];
  }
  return out;
}

/// Characters, near enough: code points.
[[nodiscard]] inline std::size_t width(std::string_view s) {
  return static_cast<std::size_t>(
      std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

inline void pad(std::string& out, std::size_t columns) {
  out.append(columns, ' ');
}

/// The two parts of a cell as a person reads it: 126,419 and (15.9 %).
struct shown_cell {
  std::string main, share;
};

[[nodiscard]] inline shown_cell show(const cell& c) {
  switch (c.is) {
  case cell::kind::count:
    return {with_commas(c.n), c.has_share ? fmt::format("({} %)", percent(c.n, c.of)) : ""};
  case cell::kind::number:
  case cell::kind::text:
    return {printable(c.text), ""};
  default:
    return {"-", ""};
  }
}

[[nodiscard]] inline shown_cell show(const std::optional<paper_value>& p) {
  if (!p)
    return {};
  auto main = p->n ? with_commas(*p->n) : printable(p->word);
  return {std::move(main), p->percent.empty() ? "" : fmt::format("({} %)", p->percent)};
}

/// A column of text: header, cells, and how they stand in it.
struct shown_column {
  std::string header;
  std::vector<shown_cell> cells;
  bool left = false;
  std::size_t main = 0, share = 0; ///< widths

  [[nodiscard]] std::size_t whole() const {
    return std::max(width(header), main + (share == 0 ? 0 : share + 1));
  }

  void measure() {
    for (const auto& c : cells) {
      main = std::max(main, width(c.main));
      share = std::max(share, width(c.share));
    }
  }
  void put(std::string& out, const shown_cell& c) const {
    const auto used = share == 0 ? main : main + share + 1;
    if (left) {
      out += c.main;
      return pad(out, whole() - width(c.main));
    }
    pad(out, whole() - used + main - width(c.main));
    out += c.main;
    if (share != 0) {
      pad(out, 1 + share - width(c.share));
      out += c.share;
    }
  }
  void put_header(std::string& out) const {
    if (!left)
      pad(out, whole() - width(header));
    out += header;
    if (left)
      pad(out, whole() - width(header));
  }
};

[[nodiscard]] inline bool has_paper(const table& t, std::size_t column) {
  return std::any_of(t.rows.begin(), t.rows.end(),
                     [&](const auto& r) { return r.cells[column].paper.has_value(); });
}

[[nodiscard]] inline std::string label_header(const table& t) {
  std::string out;
  for (const auto& key : t.keys)
    out += (out.empty() ? "" : ", ") + key;
  return out;
}

[[nodiscard]] inline std::vector<shown_column> show_columns(const table& t) {
  std::vector<shown_column> out{{printable(label_header(t)), {}, true}};
  for (const auto& row : t.rows)
    out[0].cells.push_back({printable(row.label), ""});
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    shown_column ours{printable(t.columns[i].label), {}}, papers{"paper", {}};
    for (const auto& row : t.rows) {
      ours.left |= row.cells[i].is == cell::kind::text;
      ours.cells.push_back(show(row.cells[i]));
      papers.cells.push_back(show(row.cells[i].paper));
    }
    papers.left = ours.left;
    out.push_back(std::move(ours));
    if (has_paper(t, i))
      out.push_back(std::move(papers));
  }
  for (auto& c : out)
    c.measure();
  return out;
}

/// The sums that shares of a column are of: "12,536", or "12,536 (own), 17,675 (all)" for several columns.
[[nodiscard]] inline std::string sums_of_columns(const table& t) {
  std::vector<std::pair<std::uint64_t, std::string>> sums;
  for (std::size_t i = 0; !t.rows.empty() && i < t.columns.size(); ++i)
    if (t.columns[i].has_share)
      sums.emplace_back(t.rows[0].cells[i].of, printable(t.columns[i].label));
  if (sums.size() == 1)
    return with_commas(sums[0].first);
  std::string out;
  for (const auto& [sum, label] : sums)
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", with_commas(sum), label);
  return out;
}

/// "1,589 domains with an operational SMTP server", or what a row or column is a share of.
[[nodiscard]] inline std::string base_line(const table& t) {
  const auto label = printable(t.of_label);
  if (t.of_is == base::row)
    return label;
  if (t.of_is != base::column)
    return with_commas(t.of) + ' ' + label;
  const auto sums = sums_of_columns(t);
  return sums.find('(') == std::string::npos ? sums + ' ' + label : label + ": " + sums;
}

[[nodiscard]] inline std::string_view shares_word(const table& t) {
  const bool any = std::any_of(t.columns.begin(), t.columns.end(), [](const auto& c) { return c.has_share; });
  return any ? "shares of" : "of";
}

[[nodiscard]] inline std::string foot_line(const table& t, const footing& foot) {
  auto line = fmt::format("{} records read, {} kept, {} lines malformed", with_commas(t.read),
                          with_commas(t.kept), with_commas(foot.malformed));
  return foot.interrupted ? line + "; INTERRUPTED: the input is not whole" : line;
}

[[nodiscard]] inline std::vector<std::string> paper_notes(const table& t) {
  std::vector<std::string> out;
  for (const auto& row : t.rows)
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      if (const auto& p = row.cells[i].paper; p && !p->note.empty())
        out.push_back(
            fmt::format("paper, {}, {}: {}", printable(row.label), printable(t.columns[i].label), p->note));
  return out;
}

inline void trim_line(std::string& out) {
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

inline void render_text(std::string& out, const table& t, const footing& foot) {
  out += printable(t.title) + "\n\n";
  const auto columns = show_columns(t);
  std::size_t total = 0;
  for (const auto& c : columns) {
    out += "  ";
    c.put_header(out);
    total += c.whole() + 2;
  }
  trim_line(out);
  out += "  " + std::string(total - 2, '-') + '\n';
  for (std::size_t r = 0; r < t.rows.size(); ++r) {
    for (const auto& c : columns) {
      out += "  ";
      c.put(out, c.cells[r]);
    }
    trim_line(out);
  }
  out += fmt::format("\n  {} {}\n  {}\n", shares_word(t), base_line(t), foot_line(t, foot));
  for (const auto& note : paper_notes(t))
    out += fmt::format("  {}\n", note);
}

[[nodiscard]] inline std::string markdown_cell(std::string_view s) {
  std::string out;
  for (const char c : s) {
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '<')
      out += '\\';
    out += c;
  }
  return out;
}

inline void render_markdown(std::string& out, const table& t, const footing& foot) {
  out += fmt::format("**{}**\n\n", markdown_cell(printable(t.title)));
  const auto columns = show_columns(t);
  for (const auto& c : columns)
    out += fmt::format("| {} ", markdown_cell(c.header));
  out += "|\n";
  for (const auto& c : columns)
    out += c.left ? "|---" : "|---:";
  out += "|\n";
  for (std::size_t r = 0; r < t.rows.size(); ++r) {
    for (const auto& c : columns) {
      const auto& [main, share] = c.cells[r];
      out += fmt::format("| {}{}{} ", markdown_cell(main), share.empty() || main.empty() ? "" : " ", share);
    }
    out += "|\n";
  }
  out += fmt::format("\nShares of {}; {}.\n", markdown_cell(base_line(t)), foot_line(t, foot));
  for (const auto& note : paper_notes(t))
    out += fmt::format("\n{}\n", markdown_cell(note));
}

// ---- for machines

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

/// The parts of a row's label as columns of their own.
[[nodiscard]] inline std::vector<std::string> label_names(const table& t) {
  if (t.keys.empty())
    return {"label"};
  return t.joined ? std::vector<std::string>{label_header(t)} : t.keys;
}
[[nodiscard]] inline std::vector<std::string> label_fields(const table& t, const table_row& row) {
  return t.joined || row.parts.empty() ? std::vector<std::string>{row.label} : row.parts;
}

[[nodiscard]] inline std::vector<std::string> header_fields(const table& t) {
  auto out = label_names(t);
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    const auto& c = t.columns[i];
    out.push_back(c.label);
    if (c.has_share)
      out.push_back(c.share_label);
    if (c.has_share && t.of_is == base::column)
      out.push_back(c.label + "_of");
    if (has_paper(t, i)) {
      out.push_back(c.label + "_paper");
      if (c.has_share)
        out.push_back(c.share_label + "_paper");
    }
  }
  if (t.of_is != base::column)
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

[[nodiscard]] inline std::vector<std::string> row_fields(const table& t, const table_row& row) {
  auto out = label_fields(t, row);
  std::uint64_t of = t.of;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const auto& c = row.cells[i];
    of = t.of_is == base::row ? c.of : of;
    out.push_back(raw(c));
    if (t.columns[i].has_share)
      out.push_back(fraction(c));
    if (t.columns[i].has_share && t.of_is == base::column)
      out.push_back(std::to_string(c.of));
    if (has_paper(t, i)) {
      const auto p = c.paper.value_or(paper_value{});
      out.push_back(p.n ? std::to_string(*p.n) : p.word);
      if (t.columns[i].has_share)
        out.push_back(paper_fraction(p.percent));
    }
  }
  if (t.of_is != base::column)
    out.push_back(std::to_string(of));
  out.push_back(t.of_label);
  return out;
}

inline void render_fields(std::string& out, const table& t, char between,
                          std::string (*field)(std::string_view)) {
  const auto line = [&](const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i != 0)
        out += between;
      out += field(fields[i]);
    }
    out += '\n';
  };
  line(header_fields(t));
  for (const auto& row : t.rows)
    line(row_fields(t, row));
}

inline void put_cell(text::json_writer& w, const table& t, std::size_t i, const cell& c) {
  const auto& column = t.columns[i];
  const bool number = c.is == cell::kind::count || c.is == cell::kind::number;
  // JavaScript and jq keep whole numbers up to 2^53: 16 digits; larger ones are decimal strings in every
  // record.
  const auto digits = raw(c);
  if (c.is == cell::kind::nothing)
    w.member(column.label, nullptr);
  else if (number && digits.find('.') == std::string::npos && digits.size() > 15)
    w.member(column.label, digits);
  else if (number)
    w.member_raw(column.label, digits);
  else
    w.member(column.label, digits);
  if (column.has_share)
    w.member_raw(column.share_label, c.share() ? fraction(c) : "null");
  if (column.has_share && t.of_is != base::where && t.of_is != base::total && t.of_is != base::holding)
    w.member(column.label + "_of", c.of);
  if (!c.paper)
    return;
  if (c.paper->n)
    w.member(column.label + "_paper", *c.paper->n);
  else if (!c.paper->word.empty())
    w.member(column.label + "_paper", c.paper->word);
  if (!c.paper->percent.empty())
    w.member_raw((column.has_share ? column.share_label : "share") + "_paper",
                 paper_fraction(c.paper->percent));
}

inline void put_of(text::json_writer& w, const table& t) {
  w.key("of").object().member("name", t.of_label);
  if (t.of_is != base::row && t.of_is != base::column)
    w.member("n", t.of);
  w.end();
}

inline void put_row(text::json_writer& w, const table& t, const table_row& row) {
  w.member("label", row.label);
  if (!t.joined && row.parts.size() > 1) {
    w.key("key").object();
    for (std::size_t i = 0; i < row.parts.size(); ++i)
      w.member(t.keys[i], row.parts[i]);
    w.end();
  }
  w.key("cells").object();
  for (std::size_t i = 0; i < row.cells.size(); ++i)
    put_cell(w, t, i, row.cells[i]);
  w.end();
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
    put_row(w, t, row);
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

inline void render_ndjson(std::string& out, const table& t) {
  for (const auto& row : t.rows) {
    text::json_writer w(out);
    w.object().member("table", t.name);
    put_row(w, t, row);
    put_of(w, t);
    w.end();
    out += '\n';
  }
}

} // namespace detail

POSTROAD_DECL std::optional<format> format_from(std::string_view word) {
  static constexpr std::pair<std::string_view, format> words[] = {
      {"text", format::text},        {"csv", format::csv},     {"tsv", format::tsv},
      {"json", format::json},        {"md", format::markdown}, {"ndjson", format::ndjson},
      {"markdown", format::markdown}};
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
    return detail::render_fields(out, t, ',', detail::csv_field);
  case format::tsv:
    return detail::render_fields(out, t, '\t', detail::tsv_field);
  case format::json:
    return detail::render_json(out, t, foot);
  case format::ndjson:
    return detail::render_ndjson(out, t);
  case format::markdown:
    return detail::render_markdown(out, t, foot);
  }
}

} // namespace postroad::study
