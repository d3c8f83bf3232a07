#pragma once

#include <postroad/study/table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace postroad::study {

namespace detail {

/// Values may be called like each other, and like what we call a share: no two columns have one name.
inline void tell_apart(table& t) {
  std::set<std::string> taken;
  const auto make_new = [&taken](std::string& name) {
    const auto plain = name;
    for (int n = 2; !taken.insert(name).second; ++n)
      name = fmt::format("{} [{}]", plain, n);
  };
  for (auto& c : t.columns)
    make_new(c.label);
  for (auto& c : t.columns)
    if (c.has_share)
      make_new(c.share_label);
}

/// Makes the table of one tally.
class finisher {
public:
  finisher(const tally& from, const record::path_set& paths, const tally* ranked_by)
      : finisher(from, paths, ranked_by, from.spec()) {}
  finisher(const tally& from, const record::path_set& paths, const tally* ranked_by, const table_spec& spec)
      : from_(from), spec_(spec), paths_(paths), ranked_by_(ranked_by) {}

  table make() {
    if (spec_.sort == order::column)
      rank_by_column();
    return make_rows();
  }

private:
  table make_rows() {
    head();
    choose_rows();
    for (std::size_t i = 0; i < spec_.columns.size(); ++i)
      fill(i);
    if (spec_.cumulative)
      accumulate();
    label_shares();
    tell_apart(out_);
    return std::move(out_);
  }

  /// What rows are worth: their cells in a table of all of them.
  void rank_by_column() {
    auto every = spec_;
    every.top = 0;
    every.every_bin = false;
    every.sort = order::key;
    finisher plain(from_, paths_, ranked_by_, every);
    const auto t = plain.make_rows();
    std::size_t at = 0;
    while (t.columns[at].label != spec_.sort_column)
      ++at;
    for (const auto shown : plain.shown_as_) {
      const auto& c = t.rows[shown].cells[at];
      const auto number = c.is == cell::kind::number ? decimal_of(c.text) : std::nullopt;
      const auto billionths =
          static_cast<int128>(c.n) * decimal::nanos / std::max<int128>(static_cast<int128>(c.of), 1);
      worth_.push_back(
          number ? *number
          : spec_.sort_by_share
              ? decimal{billionths / decimal::nanos, static_cast<std::uint32_t>(billionths % decimal::nanos)}
              : decimal{static_cast<int128>(c.n), 0});
    }
  }

  void head() {
    out_.name = spec_.name;
    out_.title = spec_.title;
    out_.of_is = spec_.of;
    out_.of_label = spec_.of_label;
    out_.of = spec_.of == base::total ? from_.total : spec_.of == base::holding ? from_.of : from_.kept;
    for (const auto path : spec_.by)
      out_.keys.push_back(paths_.name(path));
    out_.joined = spec_.join.has_value() || spec_.by.size() == 1;
    out_.read = from_.lines;
    out_.kept = from_.lines_kept;
    out_.min_n = spec_.min_n;
    out_.weighted = spec_.weight.has_value();
    out_.approximate = spec_.approximate;
    out_.bins = spec_.bins;
    out_.cumulative = spec_.cumulative;
    out_.plot = spec_.plot;
    for (const auto& c : spec_.columns)
      out_.crossed |= c.is == measure::values;
  }

  // ---- rows

  struct group {
    std::uint32_t row; ///< in the tally
    std::uint64_t records;
    decimal worth;
    table_row out;
    bool missing = false;   ///< all of its parts are
    std::string_view key{}; ///< in the tally
  };
  static constexpr std::uint32_t no_row = ~std::uint32_t{0}; ///< of a bin that nothing fell into

  [[nodiscard]] std::string part_label(const group_key::part& p) const {
    return p.is == group_key::kind::missing ? spec_.missing : std::string(p.text);
  }

  group decode(std::uint32_t row) const {
    group g{row, rank_of(row), worth_.empty() ? decimal{} : worth_[row], {}, true, from_.rows.key(row)};
    g.out.small = from_.records[row] < spec_.min_n;
    if (!spec_.rows.empty()) {
      g.out.label = spec_.rows[row].label;
      return g;
    }
    for (auto key = from_.rows.key(row); !key.empty();) {
      const auto part = group_key::take(key);
      g.missing &= part.is == group_key::kind::missing;
      g.out.parts.push_back(part_label(part));
    }
    for (std::size_t i = 0; i < g.out.parts.size(); ++i)
      g.out.label += (i == 0 ? "" : spec_.join.value_or(", ")) + g.out.parts[i];
    return g;
  }

  /// By how many records it is ordered.
  [[nodiscard]] std::uint64_t rank_of(std::uint32_t row) const {
    if (ranked_by_ == nullptr)
      return from_.records[row];
    const auto there = ranked_by_->rows.find(from_.rows.key(row));
    return there ? ranked_by_->records[*there] : 0;
  }

  /// Rows for the bins between the first and the last that nothing fell into.
  void add_empty_bins(std::vector<group>& groups) {
    constexpr std::size_t most = 10'000;
    std::vector<std::string> bins;
    for (const auto& g : groups)
      if (!g.missing)
        bins.push_back(g.out.label);
    std::sort(bins.begin(), bins.end(), key_before);
    for (std::size_t i = 0; i + 1 < bins.size(); ++i)
      for (auto next = spec_.bins.after(bins[i]); next && *next != bins[i + 1] && groups.size() < most;
           next = spec_.bins.after(*next)) {
        if (!key_before(*next, bins[i + 1]))
          break;
        groups.push_back({no_row, 0, {}, {*next, {*next}, {}, spec_.min_n > 0}});
        if (groups.size() == most)
          out_.notes.emplace_back("more than 10,000 bins: some that nothing fell into are left out");
      }
  }

  [[nodiscard]] static bool parts_before(const group& a, const group& b) {
    if (a.missing != b.missing)
      return b.missing;
    for (std::size_t i = 0; i < a.out.parts.size(); ++i)
      if (a.out.parts[i] != b.out.parts[i])
        return key_before(a.out.parts[i], b.out.parts[i]);
    return a.out.label != b.out.label ? a.out.label < b.out.label : a.key < b.key; // null and "null"
  }
  [[nodiscard]] static bool more_records(const group& a, const group& b) {
    if (a.worth != b.worth)
      return a.worth > b.worth;
    return a.records != b.records ? a.records > b.records : parts_before(a, b);
  }

  /// Rows that are shown, in order; `shown_as_` says for each row of the tally which one it is part of.
  void choose_rows() {
    std::vector<group> groups;
    for (std::uint32_t row = 0; row < from_.records.size(); ++row)
      groups.push_back(decode(row));
    if (spec_.every_bin)
      add_empty_bins(groups);
    if (spec_.top != 0 || spec_.sort == order::count || spec_.sort == order::column)
      std::sort(groups.begin(), groups.end(), more_records);
    std::stable_partition(groups.begin(), groups.end(),
                          [&](const group& g) { return spec_.rows.size() || !g.missing; });
    const auto cut = cut_at(groups);
    const auto shown_end = groups.begin() + static_cast<std::ptrdiff_t>(cut);
    if (spec_.sort == order::key)
      std::sort(groups.begin(), shown_end, parts_before);
    else if (spec_.sort == order::listed && spec_.top != 0)
      std::sort(groups.begin(), shown_end, [](const group& a, const group& b) { return a.row < b.row; });
    shown_as_.assign(from_.records.size(), static_cast<std::uint32_t>(cut));
    for (std::size_t i = 0; i < cut; ++i) {
      if (groups[i].row != no_row)
        shown_as_[groups[i].row] = static_cast<std::uint32_t>(i);
      out_.rows.push_back(std::move(groups[i].out));
    }
    if (cut < groups.size()) {
      const auto last_is_missing = spec_.rows.empty() && groups.back().missing;
      if (groups.size() - cut > (last_is_missing ? 1u : 0u))
        add_other(groups, cut);
      if (last_is_missing) {
        shown_as_[groups.back().row] = static_cast<std::uint32_t>(out_.rows.size());
        out_.rows.push_back(std::move(groups.back().out));
      }
    }
  }

  /// How many groups are shown by name before `Other`.
  [[nodiscard]] std::size_t cut_at(const std::vector<group>& groups) const {
    if (spec_.top == 0 || groups.size() <= spec_.top)
      return groups.size();
    const auto named = groups.size() - (spec_.rows.empty() && groups.back().missing ? 1 : 0);
    return named <= spec_.top ? groups.size() : spec_.top;
  }

  /// A record with several values may be part of several rows, so that rows that are put together count it
  /// more than once: their sum is no number of records, and has no share.
  [[nodiscard]] bool counts_twice(std::size_t shown) const {
    const auto fans = [&](std::size_t path) {
      return paths_.name(path).find_first_of("[{") != std::string::npos;
    };
    return other_ == shown && std::any_of(spec_.by.begin(), spec_.by.end(), fans);
  }

  void add_other(const std::vector<group>& groups, std::size_t from) {
    other_ = out_.rows.size();
    table_row other;
    std::uint64_t records = 0;
    for (auto g = groups.begin() + static_cast<std::ptrdiff_t>(from); g != groups.end(); ++g)
      if (!g->missing && g->row != no_row)
        records += from_.records[g->row];
    other.small = records < spec_.min_n;
    other.label = spec_.other;
    other.parts.assign(std::max<std::size_t>(spec_.by.size(), 1), "");
    other.parts[0] = spec_.other;
    out_.rows.push_back(std::move(other));
  }

  // ---- cells

  void add_column(const std::string& label, bool counts, std::vector<cell> cells) {
    table_column column;
    column.label = label;
    column.has_share = counts && wants_share(label);
    out_.columns.push_back(std::move(column));
    for (std::size_t i = 0; i < cells.size(); ++i)
      out_.rows[i].cells.push_back(std::move(cells[i]));
  }
  [[nodiscard]] bool wants_share(std::string_view label) const {
    return spec_.shares.empty() ||
           std::find(spec_.shares.begin(), spec_.shares.end(), label) != spec_.shares.end();
  }

  [[nodiscard]] std::vector<cell> counts(const std::vector<std::uint64_t>& by_row) const {
    std::vector<cell> cells(out_.rows.size());
    for (auto& c : cells)
      c.is = cell::kind::count;
    for (std::size_t row = 0; row < by_row.size(); ++row)
      cells[shown_as_[row]].n += by_row[row];
    return cells;
  }

  void fill(std::size_t i) {
    const auto& spec = spec_.columns[i];
    const auto& column = from_.columns[spec.source];
    switch (spec.is) {
    case measure::count:
      return add_column(spec.label, true, counts(from_.records));
    case measure::holding:
      return add_column(spec.label, true, counts(column.holding));
    case measure::values:
      return fill_values(column, ranked_by_ != nullptr ? ranked_by_->columns[spec.source] : column);
    case measure::distinct:
      return fill_distinct(spec, column, from_.is_sketched(i));
    case measure::sum:
    case measure::mean:
      return fill_sums(spec, column);
    default:
      return fill_seen(spec, column);
    }
  }

  using value_counts = std::vector<std::pair<std::uint32_t, std::uint64_t>>; ///< (value, records)

  /// For each shown row what it has of which value, by the values' numbers.
  [[nodiscard]] std::vector<value_counts> by_shown_row(const column_tally& column) const {
    std::vector<value_counts> out(out_.rows.size());
    column.seen.each([&](std::uint32_t row, std::uint32_t value, std::uint64_t n) {
      out[shown_as_[row]].emplace_back(value, n);
    });
    for (auto& values : out) {
      std::sort(values.begin(), values.end());
      std::size_t kept = 0; // rows that became one may have had the same value
      for (std::size_t i = 1; i < values.size(); ++i)
        if (values[i].first == values[kept].first)
          values[kept].second += values[i].second;
        else
          values[++kept] = values[i];
      values.resize(values.empty() ? 0 : kept + 1);
    }
    return out;
  }

  [[nodiscard]] std::string value_label(const column_tally& column, std::uint32_t value) const {
    auto key = column.values->key(value);
    return part_label(group_key::take(key));
  }

  /// One column for each value that came, here or in the tally by which rows are ranked.
  void fill_values(const column_tally& column, const column_tally& named_by) {
    std::map<std::string, std::size_t, std::less<>> place;   // by key
    std::vector<std::pair<std::string, std::string>> values; // label, key
    named_by.seen.each([&](std::uint32_t, std::uint32_t value, std::uint64_t) {
      const auto key = named_by.values->key(value);
      if (place.try_emplace(std::string(key), 0).second)
        values.emplace_back(value_label(named_by, value), key);
    });
    const auto is_missing = [](const auto& v) {
      return v.second[0] == static_cast<char>(group_key::kind::missing);
    };
    std::sort(values.begin(), values.end(), [&](const auto& a, const auto& b) {
      if (is_missing(a) != is_missing(b))
        return is_missing(b);
      return a.first != b.first ? key_before(a.first, b.first) : a.second < b.second;
    });
    for (std::size_t i = 0; i < values.size(); ++i)
      place.find(values[i].second)->second = i;
    std::vector<std::vector<cell>> cells(values.size(), counts({}));
    column.seen.each([&](std::uint32_t row, std::uint32_t value, std::uint64_t n) {
      cells[place.find(column.values->key(value))->second][shown_as_[row]].n += n;
    });
    for (std::size_t i = 0; i < values.size(); ++i)
      add_column(values[i].first, true, std::move(cells[i]));
  }

  void fill_sums(const column_spec& spec, const column_tally& column) {
    std::vector<decimal_sum> sums(out_.rows.size());
    for (std::size_t row = 0; row < column.sums.size(); ++row)
      sums[shown_as_[row]].merge(column.sums[row]);
    std::vector<cell> cells(sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (sums[i].overflow() || (spec.is == measure::mean && sums[i].terms == 0))
        continue;
      cells[i].is = cell::kind::number;
      cells[i].text = spec.is == measure::sum ? to_string(sums[i].total) : to_string(sums[i].mean());
    }
    add_column(spec.label, false, std::move(cells));
  }

  /// How many different values; a share, where one is asked for by name, is of those of all rows together.
  void fill_distinct(const column_spec& spec, const column_tally& column, bool sketched) {
    auto cells = counts({});
    std::uint64_t all = 0;
    if (sketched) {
      std::vector<sketch> rows(cells.size());
      sketch any;
      for (std::size_t row = 0; row < column.sketches.size(); ++row) {
        rows[shown_as_[row]].merge(column.sketches[row]);
        any.merge(column.sketches[row]);
      }
      for (std::size_t i = 0; i < cells.size(); ++i)
        cells[i].n = rows[i].estimate();
      all = any.estimate();
    } else {
      const auto rows = by_shown_row(column);
      std::vector<char> is_there(column.values ? column.values->size() : 0);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i].n = rows[i].size();
        for (const auto& [value, n] : rows[i])
          is_there[value] = 1;
      }
      all = static_cast<std::uint64_t>(std::count(is_there.begin(), is_there.end(), 1));
    }
    for (auto& c : cells)
      c.of = all;
    add_column(spec.label, !spec_.shares.empty(), std::move(cells));
    out_.columns.back().own_base = out_.columns.back().has_share;
    out_.columns.back().base_label = "different values in all rows";
  }

  void fill_seen(const column_spec& spec, const column_tally& column) {
    const auto rows = by_shown_row(column);
    std::vector<cell> cells(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].empty())
        continue;
      if (spec.is == measure::mode)
        cells[i].is = cell::kind::text, cells[i].text = most_frequent(column, rows[i]);
      else
        cells[i].is = cell::kind::number, cells[i].text = nearest_rank(spec, column, rows[i]);
    }
    add_column(spec.label, false, std::move(cells));
  }

  [[nodiscard]] std::string most_frequent(const column_tally& column, const value_counts& values) const {
    std::string best;
    std::uint64_t most = 0;
    for (const auto& [value, n] : values) {
      auto label = value_label(column, value);
      if (n > most || (n == most && key_before(label, best)))
        best = std::move(label), most = n;
    }
    return best;
  }

  /// The smallest number such that at least the share `rank` of all is not above it.
  [[nodiscard]] static std::string nearest_rank(const column_spec& spec, const column_tally& column,
                                                const value_counts& values) {
    std::vector<std::pair<decimal, std::uint64_t>> sorted;
    std::uint64_t all = 0;
    for (const auto& [value, n] : values) {
      sorted.emplace_back(column.numbers.number(value), n);
      all += n;
    }
    std::sort(sorted.begin(), sorted.end());
    // ceil(rank * all), in whole numbers: the rank as billionths
    const auto rank = *decimal_of(spec.rank);
    const auto billionths = rank.whole * decimal::nanos + rank.nano;
    auto wanted = (billionths * static_cast<int128>(all) + decimal::nanos - 1) / decimal::nanos;
    wanted = std::max<int128>(wanted, 1);
    std::uint64_t below = 0;
    for (const auto& [number, n] : sorted) {
      below += n;
      if (static_cast<int128>(below) >= wanted)
        return to_string(number);
    }
    return to_string(sorted.back().first);
  }

  void accumulate() {
    for (std::size_t r = 1; r < out_.rows.size(); ++r)
      for (std::size_t c = 0; c < out_.columns.size(); ++c)
        out_.rows[r].cells[c].n += out_.rows[r - 1].cells[c].n;
  }

  // ---- shares

  void label_shares() {
    const auto many =
        std::count_if(out_.columns.begin(), out_.columns.end(), [](const auto& c) { return c.has_share; });
    for (auto& c : out_.columns)
      c.share_label = many == 1 ? "share" : c.label + "_share";
    const auto by_row = spec_.of == base::row ? counts(from_.records) : std::vector<cell>{};
    for (std::size_t c = 0; c < out_.columns.size(); ++c) {
      std::uint64_t sum = 0;
      for (const auto& row : out_.rows)
        sum += row.cells[c].n;
      for (std::size_t r = 0; r < out_.rows.size(); ++r) {
        auto& cell = out_.rows[r].cells[c];
        cell.has_share = out_.columns[c].has_share;
        if (out_.columns[c].own_base)
          continue;
        cell.of = spec_.of == base::row ? by_row[r].n : spec_.of == base::column ? sum : out_.of;
        if (counts_twice(r) && spec_.of != base::column)
          cell.of = 0;
      }
    }
  }

  const tally& from_;
  const table_spec& spec_;
  const record::path_set& paths_;
  const tally* ranked_by_;
  std::vector<decimal> worth_; ///< of the tally's rows, where a column orders them
  std::vector<std::uint32_t> shown_as_;
  std::optional<std::size_t> other_; ///< the row of the rest
  table out_;
};

} // namespace detail

namespace detail {

[[nodiscard]] inline int128 whole(std::uint64_t n) {
  return static_cast<int128>(n);
}

/// From one cell to the other: of counts and numbers; of words there is none.
[[nodiscard]] inline cell change_of(const cell& from, const cell& to) {
  cell c;
  const auto number = [](const cell& of) {
    return of.is == cell::kind::count    ? std::optional(decimal{whole(of.n), 0})
           : of.is == cell::kind::number ? decimal_of(of.text)
                                         : std::nullopt;
  };
  const auto a = number(from), b = number(to);
  if (!a || !b)
    return c;
  decimal_sum sum;
  sum.add(*b);
  sum.add(negated(*a));
  c.is = cell::kind::number;
  c.text = to_string(sum.total);
  c.is_change = true;
  if (from.share() && to.share())
    c.share_change = *to.share() - *from.share();
  return c;
}

} // namespace detail

POSTROAD_DECL table difference(const table& before, std::string_view before_name, const table& after,
                               std::string_view after_name) {
  auto out = after;
  out.columns.clear();
  out.read += before.read;
  out.kept += before.kept;
  for (const auto& c : after.columns) {
    const auto named = [&](std::string_view word) {
      table_column column = c;
      column.label = fmt::format("{}{}{}", c.label, c.label.empty() ? "" : " ", word);
      column.share_label = column.label + "_share";
      column.own_base = c.has_share;
      return column;
    };
    out.columns.push_back(named(before_name));
    out.columns.push_back(named(after_name));
    out.columns.push_back(named("change"));
    out.columns.back().has_share = false;
  }
  for (std::size_t r = 0; r < out.rows.size(); ++r) {
    const auto &a = before.rows.at(r), &b = after.rows[r];
    out.rows[r].small = a.small || b.small;
    out.rows[r].cells.clear();
    for (std::size_t c = 0; c < b.cells.size(); ++c) {
      out.rows[r].cells.push_back(a.cells.at(c));
      out.rows[r].cells.push_back(b.cells[c]);
      out.rows[r].cells.push_back(detail::change_of(a.cells[c], b.cells[c]));
    }
  }
  detail::tell_apart(out);
  return out;
}

POSTROAD_DECL table finish(const tally& from, const record::path_set& paths, const tally* ranked_by) {
  return detail::finisher(from, paths, ranked_by).make();
}

} // namespace postroad::study
