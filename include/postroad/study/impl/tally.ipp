#pragma once

#include <postroad/study/tally.hpp>

#include <algorithm>
#include <utility>

namespace postroad::study {

namespace detail {

inline constexpr auto no_ordinal = static_cast<std::uint32_t>(-1);
inline constexpr auto no_row = static_cast<std::uint32_t>(-1);  ///< not known yet
inline constexpr auto not_one = static_cast<std::uint32_t>(-2); ///< there is none

/// A record counts once in a row, however many of its elements say so. What is before `begin` is of other
/// records.
template <class Hits>
void keep_each_row_once(Hits& hits, std::ptrdiff_t begin) {
  const auto first = hits.begin() + begin;
  std::sort(first, hits.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  hits.erase(std::unique(first, hits.end(), [](const auto& a, const auto& b) { return a.row == b.row; }),
             hits.end());
}

} // namespace detail

POSTROAD_DECL tally::tally(const table_spec& spec, const record::path_set& paths)
    : columns(spec.columns.size()), spec_(spec), holds_(spec.columns.size()) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto is = spec.columns[i].is;
    if (is == measure::distinct)
      columns[i].seen.count_once();
    if (looks_at_values(is) && is != measure::quantile)
      columns[i].values = std::make_shared<dictionary>();
  }
  for (const auto path : spec.by)
    fans_.emplace_back(paths.fan_of(path));
  for (std::size_t part = 0; part < fans_.size(); ++part)
    leaders_.push_back(
        fans_[part].empty()
            ? part
            : static_cast<std::size_t>(std::find(fans_.begin(), fans_.end(), fans_[part]) - fans_.begin()));
  elements_.resize(fans_.size());
  for (std::size_t i = 0; i < spec.rows.size(); ++i) {
    key_.clear();
    group_key::append(key_, group_key::kind::value, std::to_string(i)); // two rows may have one label
    row(key_);
  }
}

POSTROAD_DECL tally::tally(const table_spec& spec, const record::path_set& paths, condition_pool& conditions,
                           batch& in)
    : tally(spec, paths) {
  if (spec.where)
    where_ = conditions.add(*spec.where, in);
  of_when_ = conditions.add(spec.of_when, in);
  for (const auto& r : spec.rows)
    rows_when_.push_back(conditions.add(r.when, in));
  for (const auto path : spec.by)
    in.ask(path, need::all);
  if (spec.weight)
    in.ask(*spec.weight, need::all);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& c = spec.columns[i];
    columns_when_.push_back(conditions.add(c.when, in));
    if (looks_at_values(c.is) && c.is != measure::quantile)
      columns[i].values = in.words(c.path).keys();
    if (c.is != measure::count && c.is != measure::holding)
      in.ask(c.path, need::all);
  }
}

POSTROAD_DECL void tally::add(const batch& in, condition_pool& conditions) {
  weigh(in);
  lines += in.size();
  total += weight_of(in.all());
  if (spec_.of == base::holding)
    of += weight_of(conditions.holds(of_when_, in, in.all()));
  auto some = spec_.where ? conditions.holds(where_, in, in.all()) : in.all();
  lines_kept += some.count();
  kept += weight_of(some);
  some &= weighty_;
  if (some.none())
    return;
  look_up(in, conditions, some);
  if (spec_.by.empty())
    return count_listed_rows(in, conditions, some);
  find_hits(in, some);
  count_hits(in);
}

// ---- weights

/// Whole numbers below 2^32, so that sums over as many records fit; nothing else counts.
POSTROAD_DECL void tally::weigh(const batch& in) {
  constexpr int128 largest = int128{1} << 32;
  weighty_ = in.all();
  if (!spec_.weight)
    return;
  weighty_ = {};
  weights_.assign(in.size(), 0);
  for (std::uint32_t record = 0; record < in.size(); ++record) {
    std::size_t values = 0;
    in.each(*spec_.weight, record, [&](std::uint32_t number, std::uint32_t) {
      const auto n = decimal_of(in.value(*spec_.weight, number));
      const bool counts = ++values == 1 && n && n->nano == 0 && n->whole > 0 && n->whole < largest;
      weights_[record] = counts ? static_cast<std::uint64_t>(n->whole) : 0;
    });
    if (weights_[record] != 0)
      weighty_.add(record);
  }
}

POSTROAD_DECL std::uint64_t tally::weight_of(const selection& some) const {
  if (!spec_.weight)
    return some.count();
  std::uint64_t sum = 0;
  some.each([&](std::uint32_t record) { sum += weights_[record]; });
  return sum;
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
        value_here.resize(numbers ? from.numbers.size() : from.values->size(), detail::no_row);
      auto& at = value_here[value];
      if (at == detail::no_row)
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

// ---- rows that are listed

POSTROAD_DECL void tally::count_listed_rows(const batch& in, condition_pool& conditions,
                                            const selection& some) {
  selection taken;
  for (std::uint32_t row = 0; row < rows_when_.size(); ++row) {
    auto in_row = some & conditions.holds(rows_when_[row], in, some, taken);
    if (spec_.first)
      in_row -= taken;
    if (in_row.none())
      continue;
    taken |= in_row;
    records[row] += weight_of(in_row);
    for (std::size_t c = 0; c < columns.size(); ++c)
      if (spec_.columns[c].is == measure::holding)
        columns[c].holding[row] += weight_of(in_row & holds_[c]);
      else if (spec_.columns[c].is != measure::count)
        (in_row & holds_[c]).each([&](std::uint32_t record) { count_values(in, c, record, row); });
  }
}

// ---- rows that values make

POSTROAD_DECL void tally::find_hits(const batch& in, const selection& some) {
  hits_.clear();
  const bool binned = spec_.bins.is() != binning::kind::none;
  if (!binned && spec_.by.size() == 1)
    return find_hits_of_values(in, some);
  if (!binned && spec_.by.size() == 2 && fans_[0].empty() && fans_[1].empty())
    return find_hits_of_pairs(in, some);
  some.each([&](std::uint32_t record) {
    const auto before = hits_.size();
    combine(in, record, 0, {});
    keep_what_counts(before);
  });
}

/// A record counts once in a row, however many of its elements say so; and with those up to its smallest
/// number, where rows add up. Hits before `begin` are of other records.
POSTROAD_DECL void tally::keep_what_counts(std::size_t begin) {
  if (hits_.size() < begin + 2)
    return;
  if (!spec_.cumulative)
    return detail::keep_each_row_once(hits_, static_cast<std::ptrdiff_t>(begin));
  const auto label_of = [this](const hit& h) {
    auto key = rows.key(h.row);
    return group_key::take(key).text;
  };
  const auto first = hits_.begin() + static_cast<std::ptrdiff_t>(begin);
  *first = *std::min_element(first, hits_.end(), [&](const hit& a, const hit& b) {
    return detail::key_before(label_of(a), label_of(b));
  });
  hits_.resize(begin + 1);
}

/// One path makes the rows.
POSTROAD_DECL void tally::find_hits_of_values(const batch& in, const selection& some) {
  const auto path = spec_.by[0];
  in.make_lasting(path, some);
  some.each([&](std::uint32_t record) {
    const auto before = hits_.size();
    in.each(path, record, [&](std::uint32_t number, std::uint32_t) {
      if (const auto row = row_of(in, number); row != detail::not_one)
        hits_.push_back({record, row});
    });
    if (hits_.size() == before && !spec_.missing.empty())
      hits_.push_back({record, row_of(in, 0)});
    keep_what_counts(before);
  });
}

POSTROAD_DECL std::uint32_t tally::row_of(const batch& in, std::uint32_t number) {
  auto& words = in.words(spec_.by[0]);
  number = in.lasting(spec_.by[0], number);
  if (number >= row_of_value_.size())
    row_of_value_.resize(words.size(), detail::no_row);
  auto& at = row_of_value_[number];
  if (at != detail::no_row)
    return at;
  if (!spec_.cumulative)
    return at = row(words.keys()->key(words.key_number(number)));
  key_.clear();
  return at = append_group(key_, 0, words.value(number)) ? row(key_) : detail::not_one;
}

/// Two do, and neither fans out.
POSTROAD_DECL void tally::find_hits_of_pairs(const batch& in, const selection& some) {
  const auto first = in.numbers(spec_.by[0]), second = in.numbers(spec_.by[1]);
  some.each([&](std::uint32_t record) {
    const std::uint32_t pair[] = {in.lasting(spec_.by[0], first[record]),
                                  in.lasting(spec_.by[1], second[record])};
    if (spec_.missing.empty() && (pair[0] == 0 || pair[1] == 0))
      return;
    hits_.push_back({record, row_of_pair_.at(std::uint64_t{pair[0]} << 32 | pair[1], [&] {
                       key_.clear();
                       for (std::size_t part = 0; part < 2; ++part) {
                         auto& words = in.words(spec_.by[part]);
                         key_ += words.keys()->key(words.key_number(pair[part]));
                       }
                       return row(key_);
                     })});
  });
}

/// Appends what the value is called among the rows: of the first path it may be its bin, or its number in one
/// spelling. False where it makes none.
POSTROAD_DECL bool tally::append_group(std::string& key, std::size_t part, const record::value& v) const {
  auto name = part == 0 ? spec_.bins.of(v) : std::nullopt;
  if (spec_.cumulative && spec_.bins.is() == binning::kind::none)
    if (const auto n = decimal_of(v))
      name = to_string(*n);
  if (name)
    group_key::append(key, group_key::kind::value, *name);
  else if (part == 0 && (spec_.every_bin || spec_.cumulative)) // these have no other rows
    return false;
  else
    group_key::append(key, v);
  return true;
}

/// Every combination of the values at the paths. Those that fan out over the same array go element by
/// element: the first of them goes through all elements that hold something for any of them.
POSTROAD_DECL void tally::combine(const batch& in, std::uint32_t record, std::size_t part,
                                  const std::string& prefix) {
  if (part == spec_.by.size())
    return hits_.push_back({record, row(prefix)});
  if (fans_[part].empty())
    return combine_single(in, record, part, prefix);
  const auto leader = leaders_[part];
  if (leader != part)
    return combine_element(in, record, part, prefix, elements_[leader]);
  auto all = elements_of(in, record, leader);
  if (all.empty())
    all.push_back(detail::no_ordinal);
  for (const auto element : all) {
    elements_[part] = element;
    combine_element(in, record, part, prefix, element);
  }
}

POSTROAD_DECL void tally::combine_single(const batch& in, std::uint32_t record, std::size_t part,
                                         const std::string& prefix) {
  const auto number = in.numbers(spec_.by[part])[record];
  if (number == 0 || !combine_value(in, record, part, prefix, number))
    combine_missing(in, record, part, prefix);
}

/// The elements that hold something for the paths of one array, by their ordinals.
POSTROAD_DECL std::vector<std::uint32_t> tally::elements_of(const batch& in, std::uint32_t record,
                                                            std::size_t leader) const {
  std::vector<std::uint32_t> all;
  for (std::size_t part = leader; part < spec_.by.size(); ++part)
    if (leaders_[part] == leader)
      for (const auto& item : in.items(spec_.by[part], record))
        all.push_back(item.ordinal);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

POSTROAD_DECL void tally::combine_element(const batch& in, std::uint32_t record, std::size_t part,
                                          const std::string& prefix, std::uint32_t element) {
  const auto items = in.items(spec_.by[part], record); // in the order of the elements
  const auto before = [](const batch::item& i, std::uint32_t ordinal) { return i.ordinal < ordinal; };
  bool any = false;
  for (auto at = std::lower_bound(items.begin(), items.end(), element, before);
       at != items.end() && at->ordinal == element; ++at)
    any |= combine_value(in, record, part, prefix, at->number);
  if (!any)
    combine_missing(in, record, part, prefix);
}

/// Whether the value has a name among the rows.
POSTROAD_DECL bool tally::combine_value(const batch& in, std::uint32_t record, std::size_t part,
                                        const std::string& prefix, std::uint32_t number) {
  auto key = prefix;
  if (!append_group(key, part, in.value(spec_.by[part], number)))
    return false;
  combine(in, record, part + 1, key);
  return true;
}

POSTROAD_DECL void tally::combine_missing(const batch& in, std::uint32_t record, std::size_t part,
                                          const std::string& prefix) {
  if (spec_.missing.empty())
    return;
  auto key = prefix;
  group_key::append(key, group_key::kind::missing, {});
  combine(in, record, part + 1, key);
}

POSTROAD_DECL void tally::count_hits(const batch& in) {
  for (const auto& h : hits_)
    records[h.row] += times(h.record);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto is = spec_.columns[c].is;
    const auto& holds = holds_[c];
    if (is == measure::holding)
      for (const auto& h : hits_)
        columns[c].holding[h.row] += holds.has(h.record) ? times(h.record) : 0;
    else if (is != measure::count)
      for (const auto& h : hits_)
        if (holds.has(h.record))
          count_values(in, c, h.record, h.row);
  }
}

// ---- columns

/// What the columns want of the records, before rows are counted.
POSTROAD_DECL void tally::look_up(const batch& in, condition_pool& conditions, const selection& some) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& spec = spec_.columns[i];
    holds_[i] = spec.is == measure::holding || spec.is_conditional
                    ? conditions.holds(columns_when_[i], in, some)
                    : in.all();
    if (is_of_words(i))
      in.make_lasting(spec.path, some & holds_[i]);
  }
}

POSTROAD_DECL void tally::count_values(const batch& in, std::size_t c, std::uint32_t record,
                                       std::uint32_t row) {
  const auto& spec = spec_.columns[c];
  if (looks_at_values(spec.is) && spec.source != c)
    return;
  if (is_of_words(c))
    return count_words(in, c, record, row);
  auto& column = columns[c];
  in.each(spec.path, record, [&](std::uint32_t number, std::uint32_t) {
    const auto v = in.value(spec.path, number);
    if (is_sketched(c)) {
      key_.clear();
      group_key::append(key_, v);
      column.sketches[row].add(detail::hash_of(key_));
    } else if (const auto n = decimal_of(v); n && spec.is == measure::quantile) {
      column.seen.add(row, column.numbers.index_of(spec_.approximate ? roughly(*n) : *n), times(record));
    } else if (n) {
      column.sums[row].add(*n, times(record));
    }
  });
}

/// Each different word of a record once. That there is none is one of --col PATH, too.
POSTROAD_DECL void tally::count_words(const batch& in, std::size_t c, std::uint32_t record,
                                      std::uint32_t row) {
  const auto& spec = spec_.columns[c];
  auto& words = in.words(spec.path);
  const auto key_of = [&](std::uint32_t number) { return words.key_number(in.lasting(spec.path, number)); };
  const bool none_counts = spec.is == measure::values && !spec_.missing.empty();
  if (!in.fans_out(spec.path)) {
    if (const auto number = in.numbers(spec.path)[record]; number != 0 || none_counts)
      columns[c].seen.add(row, key_of(number), times(record));
    return;
  }
  keys_.clear();
  for (const auto& item : in.items(spec.path, record))
    keys_.push_back(key_of(item.number));
  if (keys_.empty() && none_counts)
    keys_.push_back(0);
  std::sort(keys_.begin(), keys_.end());
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  for (const auto key : keys_)
    columns[c].seen.add(row, key, times(record));
}

} // namespace postroad::study
