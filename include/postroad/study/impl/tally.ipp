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
    : columns(spec.columns.size()), spec_(spec), holds_(spec.columns.size()), hashes_(spec.columns.size()) {
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
  const auto times = weight_of(in);
  ++lines;
  total += times;
  if (spec_.of == base::holding && spec_.of_when.holds(in))
    of += times;
  if (spec_.where && !spec_.where->holds(in))
    return;
  ++lines_kept;
  kept += times;
  if (times == 0)
    return;
  find_rows(in);
  if (rows_at_hand_.empty())
    return;
  look_at_values(in);
  for (const auto at : rows_at_hand_)
    add_cells(in, at, times);
}

/// Whole numbers below 2^48, so that sums of them fit; nothing else counts.
POSTROAD_DECL std::uint64_t tally::weight_of(const fields& in) const {
  constexpr int128 largest = int128{1} << 48;
  if (!spec_.weight)
    return 1;
  const auto found = in.at(*spec_.weight);
  const auto n = found.size() == 1 ? decimal_of(found[0].value) : std::nullopt;
  return n && n->nano == 0 && n->whole > 0 && n->whole < largest ? static_cast<std::uint64_t>(n->whole) : 0;
}

POSTROAD_DECL void tally::merge_keys(const tally& other) {
  for (std::uint32_t i = 0; i < other.rows.size(); ++i)
    row(other.rows.key(i));
  for (std::size_t c = 0; c < columns.size(); ++c)
    for (std::uint32_t v = 0; v < other.columns[c].values.size(); ++v)
      columns[c].values.index_of(other.columns[c].values.key(v));
}

POSTROAD_DECL void tally::merge(const tally& other) {
  total += other.total;
  kept += other.kept;
  of += other.of;
  lines += other.lines;
  lines_kept += other.lines_kept;
  std::vector<std::uint32_t> here(other.rows.size());
  for (std::uint32_t i = 0; i < here.size(); ++i) {
    here[i] = row(other.rows.key(i));
    records[here[i]] += other.records[i];
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    auto& to = columns[c];
    const auto& from = other.columns[c];
    for (std::uint32_t i = 0; i < here.size(); ++i) {
      if (!from.holding.empty())
        to.holding[here[i]] += from.holding[i];
      if (!from.sums.empty())
        to.sums[here[i]].merge(from.sums[i]);
      if (!from.sketches.empty())
        to.sketches[here[i]].merge(from.sketches[i]);
    }
    std::vector<std::uint32_t> value_here(from.values.size());
    for (std::uint32_t v = 0; v < value_here.size(); ++v)
      value_here[v] = to.values.index_of(from.values.key(v));
    from.seen.each([&](std::uint32_t row, std::uint32_t value, std::uint64_t n) {
      to.seen.add(here[row], value_here[value], n);
    });
  }
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
    if (is_sketched(i))
      columns[i].sketches.resize(row + 1);
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
    if (!append_group(key_, 0, in.at(spec_.by[0])[0].value))
      return combine(in, 0, {});
    return rows_at_hand_.push_back(row(key_));
  }
  combine(in, 0, {});
  // A record counts once in a row, however many of its elements say so.
  std::sort(rows_at_hand_.begin(), rows_at_hand_.end());
  rows_at_hand_.erase(std::unique(rows_at_hand_.begin(), rows_at_hand_.end()), rows_at_hand_.end());
}

/// Appends what the value is called among the rows: of the first path it may be its bin. False where it makes
/// none.
POSTROAD_DECL bool tally::append_group(std::string& key, std::size_t part, const record::value& v) const {
  const auto bin = part == 0 ? spec_.bins.of(v) : std::nullopt;
  if (bin)
    group_key::append(key, group_key::kind::value, *bin);
  else if (part == 0 && spec_.every_bin) // a histogram has no other rows
    return false;
  else
    group_key::append(key, v);
  return true;
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
    auto key = prefix;
    if (!append_group(key, part, f.value))
      continue;
    any = true;
    ordinals_[part] = f.ordinal;
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
    hashes_[i].clear();
    if (!holds_[i])
      continue;
    for (const auto& f : in.at(spec.path)) {
      key_.clear();
      if (spec.is == measure::quantile) {
        if (const auto number = decimal_of(f.value))
          column.at_hand.push_back(
              column.values.index_of(decimal_key(spec_.approximate ? roughly(*number) : *number).bytes()));
        continue;
      }
      group_key::append(key_, f.value);
      if (is_sketched(i)) {
        hashes_[i].push_back(detail::hash_of(key_));
        continue;
      }
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

POSTROAD_DECL void tally::add_cells(const fields& in, std::uint32_t at, std::uint64_t times) {
  records[at] += times;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto& column = columns[i];
    switch (spec_.columns[i].is) {
    case measure::count:
      break;
    case measure::holding:
      column.holding[at] += holds_[i] != 0 ? times : 0;
      break;
    case measure::sum:
    case measure::mean:
      if (!holds_[i])
        break;
      for (const auto& f : in.at(spec_.columns[i].path))
        if (const auto number = decimal_of(f.value))
          column.sums[at].add(*number, times);
      break;
    default:
      for (const auto value : column.at_hand)
        column.seen.add(at, value, times);
      for (const auto hash : hashes_[i])
        column.sketches[at].add(hash);
    }
  }
}

} // namespace postroad::study
