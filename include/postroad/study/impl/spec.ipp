#pragma once

#include <postroad/study/spec.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroad::study {

namespace detail {

/// Whether LABEL=CONDITION is that, and no condition whose own = comes first: it cannot be read as one, or
/// the word behind the = would be a comparison.
[[nodiscard]] inline bool is_labelled(std::string_view text, std::string_view label, std::string_view rest) {
  record::path_set scratch;
  if (!expression::parse(rest, scratch))
    return false;
  if (!expression::parse(text, scratch))
    return true;
  const auto word = rest.substr(0, rest.find_first_of(" \t"));
  return word.find_first_of("=<>~") != std::string_view::npos && word.find('"') == std::string_view::npos &&
         label.find_first_of("!<>~") == std::string_view::npos;
}

struct table_flag {
  std::string_view name;
  bool takes_value;
};

inline constexpr std::array table_flags = {
    table_flag{"table", true},   table_flag{"title", true},     table_flag{"where", true},
    table_flag{"by", true},      table_flag{"row", true},       table_flag{"first", false},
    table_flag{"col", true},     table_flag{"count", true},     table_flag{"distinct", true},
    table_flag{"sum", true},     table_flag{"mean", true},      table_flag{"mode", true},
    table_flag{"cdf", true},     table_flag{"quantiles", true}, table_flag{"of", true},
    table_flag{"share", true},   table_flag{"top", true},       table_flag{"other", true},
    table_flag{"missing", true}, table_flag{"join", true},      table_flag{"sort", true},
    table_flag{"bin", true},     table_flag{"hist", true},      table_flag{"weight", true},
    table_flag{"min-n", true},   table_flag{"approx", false},   table_flag{"then", false},
    table_flag{"plot", true}};

} // namespace detail

POSTROAD_DECL std::optional<bool> spec_builder::takes_value(std::string_view name) {
  for (const auto& flag : detail::table_flags)
    if (flag.name == name)
      return flag.takes_value;
  return std::nullopt;
}

POSTROAD_DECL void spec_builder::apply_text(std::string_view text) {
  auto words = shell_words(text);
  join_quantiles(words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view name = words[i];
    if (!name.starts_with("--"))
      throw bad_spec(fmt::format("'{}' is no flag", name));
    name.remove_prefix(2);
    const auto equals = name.find('=');
    const auto takes = takes_value(name.substr(0, equals));
    if (!takes)
      throw bad_spec(fmt::format("--{} is no flag of a table", name.substr(0, equals)));
    if (equals != std::string_view::npos) {
      apply(name.substr(0, equals), name.substr(equals + 1));
    } else if (!*takes) {
      apply(name, "");
    } else if (i + 1 < words.size()) {
      apply(name, words[++i]);
    } else {
      throw bad_spec(fmt::format("--{} needs a value", name));
    }
  }
}

POSTROAD_DECL bool spec_builder::apply(std::string_view name, std::string_view value) {
  const auto takes = takes_value(name);
  if (!takes)
    return false;
  if (name == "table" && begun_)
    flags_ += '\n';
  flags_ += fmt::format("--{}{}{}\n", name, *takes ? " " : "", *takes ? detail::shell_quoted(value) : "");
  if (name == "table")
    return begin_table(value), true;
  begun_ = true;
  if (name == "then")
    return begin_stage(), true;
  apply_to(now(), name, value);
  return true;
}

POSTROAD_DECL void spec_builder::apply_to(table_spec& t, std::string_view name, std::string_view value) {
  if (name == "title")
    t.title = value;
  else if (name == "where")
    t.where = condition(value);
  else if (name == "by")
    add_by(value);
  else if (name == "row")
    add_row(value);
  else if (name == "first")
    t.first = true;
  else if (name == "col")
    add_column(value);
  else if (name == "count")
    t.columns.push_back({.is = measure::count, .label = std::string(value)});
  else if (name == "distinct")
    add_measure(measure::distinct, value);
  else if (name == "sum")
    add_measure(measure::sum, value);
  else if (name == "mean")
    add_measure(measure::mean, value);
  else if (name == "mode")
    add_measure(measure::mode, value);
  else if (name == "quantiles")
    add_quantiles(value);
  else if (name == "cdf")
    add_by(value), t.cumulative = true;
  else if (name == "of")
    set_of(value);
  else if (name == "share")
    for (const auto& label : detail::split_paths(value))
      t.shares.emplace_back(label);
  else if (name == "other")
    t.other = value;
  else if (name == "missing")
    t.missing = value;
  else if (name == "join")
    t.join = value;
  else if (name == "sort")
    set_sort(value);
  else if (name == "bin")
    set_bins(value);
  else if (name == "hist")
    add_by(value), t.every_bin = true;
  else if (name == "weight")
    t.weight = path(value);
  else if (name == "plot")
    set_plot(value);
  else if (name == "approx")
    t.approximate = true;
  else if (const auto n = text::number<std::size_t>(value); n && *n > 0)
    (name == "top" ? t.top : t.min_n) = *n;
  else
    throw bad_spec(
        fmt::format("'{}' is no number of {}, 1 or more", value, name == "top" ? "rows" : "records"));
}

POSTROAD_DECL void spec_builder::begin_table(std::string_view name) {
  if (begun_)
    tables_.emplace_back();
  begun_ = true;
  stage_ = nullptr;
  paths_ = first_paths_;
  now().name = name;
}

/// What follows is asked of the rows of the table so far.
POSTROAD_DECL void spec_builder::begin_stage() {
  auto& before = now();
  before.then = std::make_shared<next_stage>();
  before.then->spec.name = before.name;
  stage_ = before.then.get();
  paths_ = &stage_->paths;
}

POSTROAD_DECL std::size_t spec_builder::path(std::string_view text) {
  const auto index = paths_->add(text);
  if (!index)
    throw bad_spec(
        fmt::format("path '{}': {} (at character {})", text, index.error().why, index.error().offset + 1));
  return *index;
}

POSTROAD_DECL expression spec_builder::condition(std::string_view text, stands_in where) {
  auto e = expression::parse(text, *paths_);
  if (!e)
    throw bad_spec(
        fmt::format("condition '{}': {} (at character {})", text, e.error().why, e.error().offset + 1));
  if (e->has_else() && where == stands_in::elsewhere)
    throw bad_spec(fmt::format("condition '{}': else goes with --row only", text));
  return std::move(*e);
}

POSTROAD_DECL void spec_builder::add_by(std::string_view paths) {
  for (const auto& p : detail::split_paths(paths))
    now().by.push_back(path(p));
  now().by_text = paths;
}

POSTROAD_DECL void spec_builder::add_row(std::string_view text) {
  const auto [label, rest] = detail::split_label(text);
  if (!label)
    throw bad_spec(fmt::format("'{}' is not LABEL=CONDITION", text));
  now().rows.push_back({*label, condition(rest, stands_in::row)});
}

POSTROAD_DECL void spec_builder::add_column(std::string_view text) {
  const auto [label, rest] = detail::split_label(text);
  if (label)
    now().columns.push_back({.is = measure::holding, .label = *label, .when = condition(rest)});
  else
    now().columns.push_back({.is = measure::values, .label = std::string(rest), .path = path(rest)});
}

POSTROAD_DECL void spec_builder::add_measure(measure is, std::string_view text) {
  static constexpr std::string_view words[] = {"count", "", "", "distinct", "sum", "mean", "", "mode"};
  const auto [of, when] = detail::split_condition(text);
  const auto [label, rest] = detail::split_label(of);
  const auto plain = fmt::format("{} {}", words[static_cast<std::size_t>(is)], rest);
  column_spec c{.is = is, .label = label.value_or(plain), .path = path(rest)};
  if (c.is_conditional = !when.empty(); c.is_conditional)
    c.when = condition(when);
  now().columns.push_back(std::move(c));
}

POSTROAD_DECL void spec_builder::add_quantiles(std::string_view text) {
  const auto blank = text.find_first_of(" \t");
  if (blank == std::string_view::npos)
    throw bad_spec(fmt::format("'{}' is not RANKS PATH, as in 0.5,0.9 PATH", text));
  const auto [label, of] = detail::split_label(text.substr(blank + 1));
  for (const auto& rank : detail::split_paths(text.substr(0, blank))) {
    const auto q = decimal_of(rank);
    if (!q || *q < decimal{0, 0} || *q > decimal{1, 0})
      throw bad_spec(fmt::format("'{}' is no rank: a number from 0 to 1", rank));
    now().columns.push_back({.is = measure::quantile,
                             .label = fmt::format("{} {}", label.value_or(std::string(of)), rank),
                             .path = path(of),
                             .when = {},
                             .rank = std::string(rank)});
  }
}

POSTROAD_DECL void spec_builder::set_of(std::string_view text) {
  static constexpr std::pair<std::string_view, base> words[] = {
      {"total", base::total}, {"where", base::where}, {"row", base::row}, {"col", base::column}};
  auto& t = now();
  auto [label, rest] = detail::split_label(text);
  t.of = base::holding;
  for (const auto& [word, is] : words)
    if (rest == word)
      t.of = is;
  if (t.of == base::holding) {
    const bool labelled = label && detail::is_labelled(text, *label, rest);
    t.of_when = condition(labelled ? rest : text);
    t.of_label = labelled ? *label : fmt::format("records where {}", t.of_when.source());
  } else if (label) {
    t.of_label = *label;
  }
}

POSTROAD_DECL void spec_builder::set_bins(std::string_view text) {
  const auto bins = binning::parse(text);
  if (!bins)
    throw bad_spec(fmt::format("'{}' is not hour, day, week, month, year, log2, log10 or a width", text));
  now().bins = *bins;
}

POSTROAD_DECL void spec_builder::set_plot(std::string_view text) {
  static constexpr std::string_view words[] = {"auto", "bars", "stacked", "lines", "steps", "cidr"};
  const auto at = std::find(std::begin(words), std::end(words), text);
  if (at == std::end(words))
    throw bad_spec(fmt::format("'{}' is not auto, bars, stacked, lines, steps or cidr", text));
  now().plot = static_cast<plot_kind>(at - std::begin(words));
}

POSTROAD_DECL void spec_builder::set_sort(std::string_view text) {
  static constexpr std::pair<std::string_view, order> words[] = {
      {"count", order::count}, {"key", order::key}, {"listed", order::listed}};
  auto& t = now();
  t.sort = order::column;
  for (const auto& [word, is] : words)
    if (word == text)
      t.sort = is;
  constexpr std::string_view share = "share:";
  t.sort_by_share = text.starts_with(share);
  t.sort_column = text.substr(t.sort_by_share ? share.size() : 0);
}

namespace detail {

inline void fill_in_of(table_spec& t) {
  if (!t.of_label.empty())
    return;
  switch (t.of) {
  case base::row:
    t.of_label = "records of the row";
    break;
  case base::column:
    t.of_label = "the column's sum";
    break;
  default:
    t.of_label =
        t.where && t.of == base::where ? fmt::format("records where {}", t.where->source()) : "records";
  }
}

/// "records by mx.provider and tls.version"
[[nodiscard]] inline std::string plain_title(const table_spec& t) {
  std::string out;
  const auto add = [&](std::string_view word) {
    out += fmt::format("{}{}", out.empty() ? "records by " : " and ", word);
  };
  if (!t.by_text.empty())
    add(t.by_text);
  for (const auto& c : t.columns)
    if (c.is == measure::values)
      add(c.label);
  return out.empty() ? "records" : out;
}

/// Several ranks of one path need its values only once.
inline void share_sources(table_spec& t) {
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    auto& c = t.columns[i];
    const auto same = [&](const column_spec& other) {
      return &other == &c || (c.is == measure::quantile && other.is == c.is && other.path == c.path);
    };
    c.source =
        static_cast<std::size_t>(std::find_if(t.columns.begin(), t.columns.end(), same) - t.columns.begin());
  }
}

inline void fill_in(table_spec& t) {
  if (!t.by.empty() && !t.rows.empty())
    throw bad_spec(fmt::format("table {}: --by and --row exclude each other", t.name));
  if (t.by.empty() && t.rows.empty())
    t.rows.push_back({"all", {}});
  if (t.cumulative && t.by.size() > 1)
    throw bad_spec(fmt::format("table {}: --cdf takes one path, and no --by beside it", t.name));
  if (t.cumulative && t.top != 0)
    throw bad_spec(fmt::format("table {}: --cdf counts over all rows; --top would leave some out", t.name));
  if (t.every_bin && t.by.size() > 1)
    throw bad_spec(fmt::format("table {}: --hist takes one path, and no --by beside it", t.name));
  if (t.every_bin && t.bins.is() == binning::kind::none)
    t.bins = *binning::parse("log2");
  if (t.bins.is() != binning::kind::none && t.by.empty())
    throw bad_spec(fmt::format("table {}: --bin needs --by, --cdf or --hist", t.name));
  if (t.columns.empty())
    t.columns.push_back({.is = measure::count, .label = t.cumulative ? "at most" : "count"});
  share_sources(t);
  for (const auto& c : t.columns)
    if (t.cumulative && c.is != measure::count && c.is != measure::holding)
      throw bad_spec(fmt::format("table {}: --cdf goes with counts only", t.name));
  if (t.cumulative)
    t.sort = order::key, t.missing.clear();
  if (t.every_bin && t.top == 0)
    t.sort = order::key;
  if (t.sort == order::unset)
    t.sort = t.by.empty() ? order::listed : t.bins.is() != binning::kind::none ? order::key : order::count;
  if (t.sort == order::listed && !t.by.empty())
    throw bad_spec(fmt::format("table {}: only --row lists rows; sort by count or key", t.name));
  const auto sorts = [&t](const column_spec& c) { return c.label == t.sort_column; };
  if (t.sort == order::column && std::none_of(t.columns.begin(), t.columns.end(), sorts))
    throw bad_spec(fmt::format("table {}: '{}' is not count, key, listed, a column or share:COLUMN", t.name,
                               t.sort_column));
  if (t.title.empty())
    t.title = t.name == table_spec{}.name ? plain_title(t) : t.name;
  fill_in_of(t);
  if (!t.then)
    return;
  if (t.then->spec.title.empty())
    t.then->spec.title = t.title;
  fill_in(t.then->spec);
}

} // namespace detail

POSTROAD_DECL std::vector<table_spec> spec_builder::finish() {
  for (auto& t : tables_)
    detail::fill_in(t);
  return tables_;
}

} // namespace postroad::study
