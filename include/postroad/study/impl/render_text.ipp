/// Tables for people: aligned text and Markdown, and what both and LaTeX have in common.
#pragma once

#include <postroad/study/interval.hpp>
#include <postroad/study/render.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
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

/// The code point of three bytes of UTF-8 that no page should have as it is: marks that turn the direction of
/// text (UAX 9), and U+FFFE and U+FFFF, which XML forbids. 0: another one.
[[nodiscard]] inline unsigned hidden_code(std::string_view s) noexcept {
  const auto byte = [&s](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(s[i])); };
  if (s.size() < 3 || (byte(0) & 0xf0u) != 0xe0u)
    return 0;
  const auto code = (byte(0) & 0xfu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
  const bool hidden = code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
                      (code >= 0x2066 && code <= 0x2069) || code == 0xfffe || code == 0xffff;
  return hidden ? code : 0;
}

/// Control characters, which could command a terminal, become visible, and so does what is hidden.
[[nodiscard]] inline std::string printable(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    const bool c1 = c == 0xc2 && i + 1 < s.size() && static_cast<unsigned char>(s[i + 1]) < 0xa0;
    if (c < 0x20 || c == 0x7f)
      out += fmt::format("\\x{:02x}", c);
    else if (c1)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(s[++i]));
    else if (const auto code = hidden_code(s.substr(i)); code != 0)
      out += fmt::format("\\u{:04x}", code), i += 2;
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

/// 15.9, and where intervals are wanted between what and what it may be: 15.9, 15.8 to 16.0.
[[nodiscard]] inline std::string share_text(const cell& c, const footing& foot, std::string_view sign) {
  auto out = percent(c.n, c.of) + std::string(sign);
  if (const auto range = foot.intervals ? wilson(c) : std::nullopt)
    out += fmt::format(", {:.1f} to {:.1f}", 100 * range->low, 100 * range->high);
  return out;
}

/// -1234.5 as -1,234.5; what has no sign is left as it is unless `plus`.
[[nodiscard]] inline std::string grouped_number(const std::string& digits, bool plus) {
  const bool negative = digits.starts_with('-');
  const auto point = std::min(digits.find('.'), digits.size());
  auto whole = digits.substr(negative ? 1 : 0, point - (negative ? 1 : 0));
  for (auto i = static_cast<std::ptrdiff_t>(whole.size()) - 3; i > 0; i -= 3)
    whole.insert(static_cast<std::size_t>(i), 1, ',');
  const bool zero = digits == "0";
  return (negative ? "-" : plus && !zero ? "+" : "") + whole + digits.substr(point);
}

[[nodiscard]] inline shown_cell show(const cell& c, const footing& foot) {
  switch (c.is) {
  case cell::kind::count:
    return {with_commas(c.n), c.has_share ? fmt::format("({})", share_text(c, foot, " %")) : ""};
  case cell::kind::number:
    if (c.is_change)
      return {grouped_number(c.text, true),
              c.share_change ? fmt::format("({:+.1f} points)", 100 * *c.share_change) : ""};
    return {printable(c.text), ""};
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

[[nodiscard]] inline std::vector<shown_column> show_columns(const table& t, const footing& foot) {
  std::vector<shown_column> out{{printable(label_header(t)), {}, true}};
  for (const auto& row : t.rows)
    out[0].cells.push_back({printable(row.label) + (row.small ? " *" : ""), ""});
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    shown_column ours{printable(t.columns[i].label), {}}, papers{"paper", {}};
    for (const auto& row : t.rows) {
      ours.left |= row.cells[i].is == cell::kind::text;
      ours.cells.push_back(show(row.cells[i], foot));
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

/// What shares of the columns are of: "12,536", or "12,536 (own), 17,675 (all)" for several columns.
[[nodiscard]] inline std::string bases_of_columns(const table& t, const std::string& base_label) {
  std::vector<std::pair<std::uint64_t, std::string>> sums;
  for (std::size_t i = 0; !t.rows.empty() && i < t.columns.size(); ++i)
    if (t.columns[i].has_share && t.columns[i].base_label == base_label)
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
  const bool own = std::any_of(t.columns.begin(), t.columns.end(),
                               [](const auto& c) { return c.own_base && c.base_label.empty(); });
  if (t.of_is == base::row)
    return label;
  if (t.of_is != base::column && !own)
    return with_commas(t.of) + ' ' + label;
  const auto sums = bases_of_columns(t, "");
  return sums.find('(') == std::string::npos ? sums + ' ' + label : label + ": " + sums;
}

/// What stands below a table, line by line.
[[nodiscard]] inline std::vector<std::string> notes_below(const table& t) {
  auto out = t.notes;
  for (const auto& c : t.columns)
    if (c.has_share && !c.base_label.empty() && std::none_of(out.begin(), out.end(), [&](const auto& line) {
          return line.ends_with(c.base_label + ": " + bases_of_columns(t, c.base_label));
        }))
      out.push_back(fmt::format("shares of {}: {}", c.base_label, bases_of_columns(t, c.base_label)));
  if (t.min_n > 0)
    out.push_back(fmt::format("* fewer than {} records", with_commas(t.min_n)));
  if (t.weighted)
    out.emplace_back("weighted: a record counts as often as its weight says");
  if (t.approximate)
    out.emplace_back("different values are estimates (standard error 0.8 %), quantiles within 0.2 %");
  return out;
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
  const auto columns = show_columns(t, foot);
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
  out += fmt::format("\n  {} {}\n", shares_word(t), base_line(t));
  for (const auto& line : notes_below(t))
    out += fmt::format("  {}\n", line);
  out += fmt::format("  {}\n", foot_line(t, foot));
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
  const auto columns = show_columns(t, foot);
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
  for (const auto& line : notes_below(t))
    out += fmt::format("\n{}\n", markdown_cell(line));
  for (const auto& note : paper_notes(t))
    out += fmt::format("\n{}\n", markdown_cell(note));
}

} // namespace detail

} // namespace postroad::study
