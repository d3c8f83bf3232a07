#pragma once

#include <postroad/study/tally.hpp>

#include <algorithm>
#include <utility>

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

POSTROAD_DECL tally::tally(const table_spec& spec, const record::path_set& paths,
                           std::shared_ptr<condition_pool> conditions, const fields* shared)
    : columns(spec.columns.size()), spec_(spec),
      conditions_(conditions ? std::move(conditions) : std::make_shared<condition_pool>()),
      holds_(spec.columns.size()), hashes_(spec.columns.size()) {
  if (spec.where)
    where_ = conditions_->add(*spec.where);
  of_when_ = conditions_->add(spec.of_when);
  for (const auto& r : spec.rows)
    rows_when_.push_back(conditions_->add(r.when));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& c = spec.columns[i];
    columns_when_.push_back(conditions_->add(c.when));
    if (c.is == measure::distinct)
      columns[i].seen.count_once();
    if (looks_at_values(c.is) && c.is != measure::quantile)
      columns[i].values = shared != nullptr ? shared->dictionary_of(c.path) : std::make_shared<dictionary>();
  }
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
  if (spec_.of == base::holding && conditions_->holds(of_when_, in))
    of += times;
  if (spec_.where && !conditions_->holds(where_, in))
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

/// Whole numbers below 2^32, so that sums over as many records fit; nothing else counts.
POSTROAD_DECL std::uint64_t tally::weight_of(const fields& in) const {
  constexpr int128 largest = int128{1} << 32;
  if (!spec_.weight)
    return 1;
  const auto found = in.at(*spec_.weight);
  const auto n = found.size() == 1 ? decimal_of(found[0].value) : std::nullopt;
  return n && n->nano == 0 && n->whole > 0 && n->whole < largest ? static_cast<std::uint64_t>(n->whole) : 0;
}

POSTROAD_DECL void tally::merge_rows(const tally& other) {
  for (std::uint32_t i = 0; i < other.rows.size(); ++i)
    row(other.rows.key(i));
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
    const bool numbers = spec_.columns[c].is == measure::quantile;
    std::vector<std::uint32_t> value_here;
    from.seen.each([&](std::uint32_t row, std::uint32_t value, std::uint64_t n) {
      if (value >= value_here.size())
        value_here.resize(numbers ? from.numbers.size() : from.values->size(), found::unknown);
      auto& at = value_here[value];
      if (at == found::unknown)
        at = numbers ? to.numbers.index_of(from.numbers.number(value))
                     : to.values->index_of(from.values->key(value));
      to.seen.add(here[row], at, n);
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
  for (std::size_t i = 0; i < rows_when_.size() && !(taken && spec_.first); ++i) {
    if (!conditions_->holds(rows_when_[i], in, taken))
      continue;
    taken = true;
    rows_at_hand_.push_back(static_cast<std::uint32_t>(i));
  }
}

POSTROAD_DECL void tally::find_groups(const fields& in) {
  const bool binned = spec_.bins.is() != binning::kind::none;
  const auto first = in.at(spec_.by[0]);
  if (!binned && spec_.by.size() == 1 && !first.empty()) {
    for (const auto& f : first)
      rows_at_hand_.push_back(row_of(in, f));
    if (first.size() == 1)
      return;
  } else if (binned || !find_pair(in)) {
    combine(in, 0, {});
  } else {
    return;
  }
  // A record counts once in a row, however many of its elements say so.
  std::sort(rows_at_hand_.begin(), rows_at_hand_.end());
  rows_at_hand_.erase(std::unique(rows_at_hand_.begin(), rows_at_hand_.end()), rows_at_hand_.end());
}

/// The row of a value of the one path that makes them.
POSTROAD_DECL std::uint32_t tally::row_of(const fields& in, const found& f) {
  const auto id = in.id(spec_.by[0], f);
  if (id >= row_of_value_.size())
    row_of_value_.resize(in.dictionary_of(spec_.by[0])->size(), found::unknown);
  auto& at = row_of_value_[id];
  if (at == found::unknown)
    at = row(in.dictionary_of(spec_.by[0])->key(id));
  return at;
}

/// The row of two values, where two paths make them and neither fans out; false where that is not so.
POSTROAD_DECL bool tally::find_pair(const fields& in) {
  if (spec_.by.size() != 2 || !fans_[0].empty() || !fans_[1].empty())
    return false;
  std::uint32_t id[2];
  for (std::size_t part = 0; part < 2; ++part) {
    const auto values = in.at(spec_.by[part]);
    if (values.empty() && spec_.missing.empty())
      return true; // no row
    id[part] = values.empty() ? found::unknown : in.id(spec_.by[part], values[0]);
  }
  const auto at = row_of_pair_.at(std::uint64_t{id[0]} << 32 | id[1], [&] {
    key_.clear();
    for (std::size_t part = 0; part < 2; ++part)
      if (id[part] == found::unknown)
        group_key::append(key_, group_key::kind::missing, {});
      else
        key_ += in.dictionary_of(spec_.by[part])->key(id[part]);
    return row(key_);
  });
  rows_at_hand_.push_back(at);
  return true;
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
    holds_[i] =
        spec.is == measure::holding || spec.is_conditional ? conditions_->holds(columns_when_[i], in) : true;
    if (!looks_at_values(spec.is) || spec.source != i)
      continue;
    column.at_hand.clear();
    hashes_[i].clear();
    if (!holds_[i])
      continue;
    if (spec.is == measure::quantile)
      look_at_numbers(in, i);
    else if (is_sketched(i))
      look_at_hashes(in, i);
    else
      look_at_words(in, i);
  }
}

/// Every number counts, however often it is there.
POSTROAD_DECL void tally::look_at_numbers(const fields& in, std::size_t i) {
  auto& column = columns[i];
  for (const auto& f : in.at(spec_.columns[i].path))
    if (const auto& n = in.number(spec_.columns[i].path, f))
      column.at_hand.push_back(column.numbers.index_of(spec_.approximate ? roughly(*n) : *n));
}

POSTROAD_DECL void tally::look_at_hashes(const fields& in, std::size_t i) {
  for (const auto& f : in.at(spec_.columns[i].path)) {
    key_.clear();
    group_key::append(key_, f.value);
    hashes_[i].push_back(detail::hash_of(key_));
  }
}

POSTROAD_DECL void tally::look_at_words(const fields& in, std::size_t i) {
  const auto& spec = spec_.columns[i];
  auto& here = columns[i].at_hand;
  for (const auto& f : in.at(spec.path))
    here.push_back(in.id(spec.path, f));
  if (spec.is == measure::values && here.empty() && !spec_.missing.empty())
    here.push_back(columns[i].values->index_of(static_cast<char>(group_key::kind::missing), {}));
  if (here.size() < 2)
    return;
  std::sort(here.begin(), here.end());
  here.erase(std::unique(here.begin(), here.end()), here.end());
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
        if (const auto& number = in.number(spec_.columns[i].path, f))
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
