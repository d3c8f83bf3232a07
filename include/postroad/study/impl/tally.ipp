#pragma once

#include <postroad/study/tally.hpp>

#include <algorithm>

namespace postroad::study {

namespace detail {

/// `a.b[].c` → `a.b[]`; nothing when the path does not fan out.
[[nodiscard]] inline std::string fan_of(std::string_view path) {
  bool quoted = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (quoted && path[i] == '\\')
      ++i;
    else if (path[i] == '"')
      quoted = !quoted;
    else if (!quoted && (path[i] == '[' || path[i] == '{'))
      return std::string(path.substr(0, i + 2));
  }
  return {};
}

inline constexpr auto no_ordinal = static_cast<std::size_t>(-1);

} // namespace detail

POSTROAD_DECL tally::tally(const table_spec& spec, const record::path_set& paths)
    : columns(spec.columns.size()), spec_(spec), holds_(spec.columns.size()) {
  for (const auto path : spec.by)
    fans_.push_back(detail::fan_of(paths.name(path)));
  ordinals_.assign(spec.by.size(), detail::no_ordinal);
  for (std::size_t i = 0; i < spec.rows.size(); ++i) {
    key_.clear();
    group_key::append(key_, group_key::kind::value, std::to_string(i)); // two rows may have one label
    row(key_);
  }
}

POSTROAD_DECL void tally::add(const fields& in) {
  ++total;
  if (spec_.of == base::holding)
    of += spec_.of_when.holds(in);
  if (spec_.where && !spec_.where->holds(in))
    return;
  ++kept;
  find_rows(in);
  if (rows_at_hand_.empty())
    return;
  look_at_values(in);
  for (const auto at : rows_at_hand_)
    add_cells(in, at);
}

POSTROAD_DECL std::uint32_t tally::row(std::string_view key) {
  const auto row = rows.index_of(key);
  if (row < records.size())
    return row;
  records.resize(row + 1);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (spec_.columns[i].is == measure::holding)
      columns[i].holding.resize(row + 1);
    if (spec_.columns[i].is == measure::sum || spec_.columns[i].is == measure::mean)
      columns[i].sums.resize(row + 1);
  }
  return row;
}

POSTROAD_DECL void tally::find_rows(const fields& in) {
  rows_at_hand_.clear();
  if (!spec_.by.empty())
    return find_groups(in);
  bool taken = false;
  for (std::size_t i = 0; i < spec_.rows.size() && !(taken && spec_.first); ++i) {
    if (!spec_.rows[i].when.holds(in, taken))
      continue;
    taken = true;
    rows_at_hand_.push_back(static_cast<std::uint32_t>(i));
  }
}

POSTROAD_DECL void tally::find_groups(const fields& in) {
  if (spec_.by.size() == 1 && in.at(spec_.by[0]).size() == 1) {
    key_.clear();
    group_key::append(key_, in.at(spec_.by[0])[0].value);
    return rows_at_hand_.push_back(row(key_));
  }
  combine(in, 0, {});
  // A record counts once in a row, however many of its elements say so.
  std::sort(rows_at_hand_.begin(), rows_at_hand_.end());
  rows_at_hand_.erase(std::unique(rows_at_hand_.begin(), rows_at_hand_.end()), rows_at_hand_.end());
}

/// Every combination of the values at the paths; those that fan out over the same array go element by
/// element.
POSTROAD_DECL void tally::combine(const fields& in, std::size_t part, const std::string& prefix) {
  if (part == spec_.by.size())
    return rows_at_hand_.push_back(row(prefix));
  std::size_t bound = detail::no_ordinal; // the element that an earlier path has chosen
  for (std::size_t i = 0; i < part; ++i)
    if (!fans_[part].empty() && fans_[i] == fans_[part])
      bound = ordinals_[i];
  bool any = false;
  for (const auto& f : in.at(spec_.by[part])) {
    if (bound != detail::no_ordinal && f.ordinal != bound)
      continue;
    any = true;
    ordinals_[part] = f.ordinal;
    auto key = prefix;
    group_key::append(key, f.value);
    combine(in, part + 1, key);
  }
  if (any || spec_.missing.empty())
    return;
  ordinals_[part] = bound;
  auto key = prefix;
  group_key::append(key, group_key::kind::missing, {});
  combine(in, part + 1, key);
}

/// The values at the columns' paths, once for all rows of the record.
POSTROAD_DECL void tally::look_at_values(const fields& in) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& spec = spec_.columns[i];
    auto& column = columns[i];
    holds_[i] = spec.is == measure::holding || spec.is_conditional ? spec.when.holds(in) : true;
    if (!looks_at_values(spec.is) || spec.source != i)
      continue;
    column.at_hand.clear();
    if (!holds_[i])
      continue;
    for (const auto& f : in.at(spec.path)) {
      key_.clear();
      if (spec.is == measure::quantile) {
        if (const auto number = decimal_of(f.value))
          column.at_hand.push_back(column.values.index_of(decimal_key(*number).bytes()));
        continue;
      }
      group_key::append(key_, f.value);
      column.at_hand.push_back(column.values.index_of(key_));
    }
    if (spec.is == measure::quantile)
      continue; // every number counts
    if (spec.is == measure::values && column.at_hand.empty() && !spec_.missing.empty()) {
      key_.clear();
      group_key::append(key_, group_key::kind::missing, {});
      column.at_hand.push_back(column.values.index_of(key_));
    }
    std::sort(column.at_hand.begin(), column.at_hand.end());
    column.at_hand.erase(std::unique(column.at_hand.begin(), column.at_hand.end()), column.at_hand.end());
  }
}

POSTROAD_DECL void tally::add_cells(const fields& in, std::uint32_t at) {
  ++records[at];
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto& column = columns[i];
    switch (spec_.columns[i].is) {
    case measure::count:
      break;
    case measure::holding:
      column.holding[at] += static_cast<std::uint64_t>(holds_[i]);
      break;
    case measure::sum:
    case measure::mean:
      if (!holds_[i])
        break;
      for (const auto& f : in.at(spec_.columns[i].path))
        if (const auto number = decimal_of(f.value))
          column.sums[at].add(*number);
      break;
    default:
      for (const auto value : column.at_hand)
        column.seen.add(at, value);
    }
  }
}

} // namespace postroad::study
