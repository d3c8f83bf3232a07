#pragma once

#include <postroad/study/hash.hpp>
#include <postroad/study/partial.hpp>
#include <postroad/text/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

namespace postroad::study {

POSTROAD_DECL std::string spec_hash(std::string_view flags) {
  return fmt::format("{:016x}", detail::hash_of(flags));
}

POSTROAD_DECL std::string shard_hash::text() const {
  return fmt::format("{:016x}", detail::mixed(hash_ ^ lines_, multiplier));
}

namespace detail {

/// A row's key as a list of its parts: the kind's letter, then the text.
inline void write_key(text::json_writer& w, std::string_view key) {
  w.key("k").array();
  while (!key.empty()) {
    const auto part = group_key::take(key);
    w.value(std::string(1, static_cast<char>(part.is)) + std::string(part.text));
  }
  w.end();
}

[[nodiscard]] inline std::vector<std::uint32_t> sorted_by_key(const interner& keys) {
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return keys.key(a) < keys.key(b); });
  return order;
}

inline void write_sums(text::json_writer& w, const tally& t, std::uint32_t row) {
  w.key("s").array();
  for (const auto& column : t.columns)
    if (!column.sums.empty()) {
      const auto& s = column.sums[row];
      w.array()
          .value(to_string(s.total.whole))
          .value(s.total.nano)
          .value(s.terms)
          .value(to_string(s.size))
          .end();
    }
  w.end();
}

/// Writes the lines of one table.
class partial_writer {
public:
  partial_writer(std::string& out, std::size_t number, const tally& t)
      : out_(out), number_(number), tally_(t) {}

  std::uint64_t write() {
    line([&](text::json_writer& w) {
      w.member("total", tally_.total).member("kept", tally_.kept).member("of", tally_.of);
      w.member("lines", tally_.lines).member("lines_kept", tally_.lines_kept);
    });
    const auto rows = sorted_by_key(tally_.rows);
    for (const auto row : rows)
      write_row(row);
    for (std::size_t c = 0; c < tally_.columns.size(); ++c) {
      write_pairs(c, rows);
      write_sketches(c, rows);
    }
    return lines_;
  }

private:
  template <class Body>
  void line(Body&& body) {
    text::json_writer w(out_);
    w.object().member("t", number_);
    body(w);
    w.end();
    out_ += '\n';
    ++lines_;
  }

  void write_row(std::uint32_t row) {
    line([&](text::json_writer& w) {
      write_key(w, tally_.rows.key(row));
      w.member("n", tally_.records[row]).key("h").array();
      for (const auto& column : tally_.columns)
        if (!column.holding.empty())
          w.value(column.holding[row]);
      w.end();
      write_sums(w, tally_, row);
    });
  }

  void write_pairs(std::size_t c, const std::vector<std::uint32_t>& rows) {
    const auto& column = tally_.columns[c];
    std::vector<std::uint32_t> row_place(rows.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      row_place[rows[i]] = i;
    struct pair {
      std::uint32_t row, value;
      std::uint64_t n;
    };
    std::vector<pair> pairs;
    column.seen.each([&](std::uint32_t row, std::uint32_t value, std::uint64_t n) {
      pairs.push_back({row_place[row], value, n});
    });
    std::sort(pairs.begin(), pairs.end(), [&](const pair& a, const pair& b) {
      return a.row != b.row ? a.row < b.row : before(c, a.value, b.value);
    });
    for (const auto& [row, value, n] : pairs)
      write_pair(c, rows[row], value, n);
  }
  [[nodiscard]] bool is_number(std::size_t c) const {
    return tally_.spec().columns[c].is == measure::quantile;
  }
  /// Numbers by size, all else by key.
  [[nodiscard]] bool before(std::size_t c, std::uint32_t a, std::uint32_t b) const {
    const auto& column = tally_.columns[c];
    return is_number(c) ? column.numbers.number(a) < column.numbers.number(b)
                        : column.values->key(a) < column.values->key(b);
  }

  void write_pair(std::size_t c, std::uint32_t row, std::uint32_t value, std::uint64_t n) {
    const auto& column = tally_.columns[c];
    line([&](text::json_writer& w) {
      write_key(w, tally_.rows.key(row));
      w.member("c", c);
      if (is_number(c)) {
        w.member("v", to_string(column.numbers.number(value)));
      } else {
        auto key = column.values->key(value);
        const auto part = group_key::take(key);
        w.member("v", std::string(1, static_cast<char>(part.is)) + std::string(part.text));
      }
      w.member("n", n);
    });
  }

  void write_sketches(std::size_t c, const std::vector<std::uint32_t>& rows) {
    for (const auto row : rows)
      if (tally_.is_sketched(c))
        line([&](text::json_writer& w) {
          write_key(w, tally_.rows.key(row));
          w.member("c", c).member("v", tally_.columns[c].sketches[row].text()).member("n", 1);
        });
  }

  std::string& out_;
  std::size_t number_;
  const tally& tally_;
  std::uint64_t lines_ = 0;
};

} // namespace detail

POSTROAD_DECL std::string write_partial(const partial_head& head, fold& from) {
  std::string out;
  text::json_writer w(out);
  w.object().member("partial", 1).member("spec", head.spec).key("shards").array();
  for (const auto& shard : head.shards)
    w.value(shard);
  w.end().member("empty", head.empty).member("records", from.records()).member("malformed", head.malformed);
  w.member_list("never", from.paths_never_seen()).end();
  out += '\n';
  std::uint64_t lines = 0;
  for (std::size_t i = 0; i < from.tallies().size(); ++i)
    lines += detail::partial_writer(out, i, from.tallies()[i]).write();
  text::json_writer(out).object().member("end", lines).end();
  out += '\n';
  return out;
}

/// What one line says.
struct partial_reader::line_of {
  std::optional<std::uint64_t> partial, records, malformed, end, table, column, n, total, kept, of, lines,
      lines_kept, empty;
  std::optional<std::string> spec, value;
  std::vector<std::string> shards, never;
  std::string key;
  bool has_key = false;
  std::vector<std::uint64_t> holding;
  std::vector<std::vector<record::value>> sums; ///< views into the line

  [[nodiscard]] static std::optional<std::uint64_t> count(const record::value& v) {
    return v.is == record::value::kind::integer ? text::number<std::uint64_t>(v.raw) : std::nullopt;
  }

  void set(std::size_t path, const record::value& v, std::size_t ordinal) {
    std::optional<std::uint64_t>* const counts[] = {&partial, &records,    &malformed, &end,  &table,
                                                    &column,  &n,          &total,     &kept, &of,
                                                    &lines,   &lines_kept, &empty};
    if (path < std::size(counts))
      *counts[path] = count(v);
    else if (path == 13)
      spec = v.text;
    else if (path == 14)
      value = v.text;
    else if (path == 15)
      shards.emplace_back(v.text);
    else if (path == 16)
      never.emplace_back(v.text);
    else if (path == 17)
      add_part(v.text);
    else if (path == 18)
      holding.push_back(count(v).value_or(0));
    else if (path == 19) {
      sums.resize(std::max(sums.size(), ordinal + 1));
      sums[ordinal].push_back(v);
    }
  }
  void add_part(std::string_view part) {
    has_key = true;
    if (!part.empty())
      group_key::append(key, static_cast<group_key::kind>(part[0]), part.substr(1));
  }
};

POSTROAD_DECL partial_reader::partial_reader(partial_head& head, fold& into, bool allow_again)
    : head_(head), into_(into), allow_again_(allow_again) {
  // In the order that line_of::set knows.
  for (const auto* path :
       {"partial", "records",    "malformed", "end",  "t", "c",        "n",       "total", "kept", "of",
        "lines",   "lines_kept", "empty",     "spec", "v", "shards[]", "never[]", "k[]",   "h[]",  "s[][]"})
    static_cast<void>(paths_.add(path));
}

POSTROAD_DECL void partial_reader::add(std::string_view line) {
  line_of said;
  const auto see = [&](std::size_t path, const record::value& v, std::size_t ordinal) {
    said.set(path, v, ordinal);
  };
  if (const auto broken = reader_.read(line, paths_, see, record::checking::whole_first))
    throw bad_partial(fmt::format("line {} of a partial result: {}", lines_ + 1, broken->why));
  if (!begun_)
    return begin(said);
  if (ended_ && !said.partial)
    throw bad_partial("something stands behind the end of a partial result");
  if (ended_) // another one in the same file
    return begin(said);
  if (said.end)
    return end(said);
  ++lines_;
  if (!said.table || *said.table >= into_.tallies().size())
    throw bad_partial("a line of a partial result names no table");
  auto& t = into_.tallies()[*said.table];
  if (said.total)
    return add_table(t, said);
  if (!said.has_key || !said.n)
    throw bad_partial("a line of a partial result has no key or no count");
  if (said.column)
    return add_pair(t, said);
  add_row(t, said);
}

POSTROAD_DECL void partial_reader::begin(const line_of& line) {
  if (line.partial != 1u || !line.spec || !line.records)
    throw bad_partial("no partial result: its first line says nothing of the kind");
  if (*line.spec != head_.spec)
    throw bad_partial(
        "a partial result of other flags: the tables of both must be asked for in the same words");
  begun_ = true;
  ended_ = false;
  lines_ = 0;
  for (const auto& shard : line.shards)
    if (!head_.shards.insert(shard).second && !allow_again_)
      throw bad_partial(fmt::format("shard {} is there twice; --allow-duplicates takes it", shard));
  head_.malformed += line.malformed.value_or(0);
  head_.empty += line.empty.value_or(0);
  into_.add_records(*line.records);
  if (*line.records == 0)
    return;
  into_.see_all_paths_but(line.never);
}

POSTROAD_DECL void partial_reader::end(const line_of& line) {
  if (*line.end != lines_)
    throw bad_partial(fmt::format("a partial result has lost lines: {} of {} are there", lines_, *line.end));
  ended_ = true;
}

POSTROAD_DECL void partial_reader::finish() const {
  if (!ended_)
    throw bad_partial("a partial result is cut off");
}

POSTROAD_DECL void partial_reader::add_table(tally& t, const line_of& line) {
  t.total += *line.total;
  t.kept += line.kept.value_or(0);
  t.of += line.of.value_or(0);
  t.lines += line.lines.value_or(0);
  t.lines_kept += line.lines_kept.value_or(0);
}

/// The row of the key, which must be one that the flags can make.
POSTROAD_DECL std::uint32_t partial_reader::row_of(tally& t, const line_of& line) {
  const auto& spec = t.spec();
  std::size_t parts = 0;
  for (std::string_view key = line.key; !key.empty(); ++parts)
    group_key::take(key);
  if (parts != std::max<std::size_t>(spec.by.size(), 1) || (spec.by.empty() && !t.rows.find(line.key)))
    throw bad_partial("a row of a partial result that the flags cannot make");
  return t.row(line.key);
}

POSTROAD_DECL void partial_reader::add_row(tally& t, const line_of& line) {
  const auto row = row_of(t, line);
  t.records[row] += *line.n;
  std::size_t h = 0, s = 0;
  for (auto& column : t.columns) {
    if (!column.holding.empty()) {
      if (h == line.holding.size())
        throw bad_partial("a row of a partial result lacks a count");
      column.holding[row] += line.holding[h++];
    }
    if (column.sums.empty())
      continue;
    if (s == line.sums.size() || line.sums[s].size() != 4)
      throw bad_partial("a row of a partial result lacks a sum");
    const auto& sum = line.sums[s++];
    const auto whole = decimal_of(sum[0]), size = decimal_of(sum[3]);
    const auto nano = line_of::count(sum[1]), terms = line_of::count(sum[2]);
    if (!whole || whole->nano != 0 || !nano || *nano >= decimal::nanos || !terms || !size)
      throw bad_partial("a sum of a partial result is no number");
    column.sums[row].merge({{whole->whole, static_cast<std::uint32_t>(*nano)}, *terms, size->whole});
  }
}

POSTROAD_DECL void partial_reader::add_pair(tally& t, const line_of& line) {
  if (*line.column >= t.columns.size() || !line.value || !looks_at_values(t.spec().columns[*line.column].is))
    throw bad_partial("a cell of a partial result names no column or no value");
  auto& column = t.columns[*line.column];
  if (t.is_sketched(*line.column)) {
    const auto seen = sketch::from(*line.value);
    if (!seen)
      throw bad_partial("a sketch of a partial result is none");
    return column.sketches[row_of(t, line)].merge(*seen);
  }
  if (t.spec().columns[*line.column].is == measure::quantile) {
    const auto number = decimal_of(*line.value);
    if (!number)
      throw bad_partial("a value of a partial result is no number");
    column.seen.add(row_of(t, line), column.numbers.index_of(*number), *line.n);
  } else if (!line.value->empty()) {
    const auto text = std::string_view(*line.value).substr(1);
    column.seen.add(row_of(t, line), column.values->index_of((*line.value)[0], text), *line.n);
  } else {
    throw bad_partial("a value of a partial result is empty");
  }
}

} // namespace postroad::study
