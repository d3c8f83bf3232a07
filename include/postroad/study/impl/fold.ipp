#pragma once

#include <postroad/record/word.hpp>
#include <postroad/study/fold.hpp>
#include <postroad/study/render.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace postroad::study {

namespace detail {

[[nodiscard]] inline std::vector<bool> which_fan_out(const record::path_set& paths) {
  std::vector<bool> out(paths.size());
  for (std::size_t path = 0; path < out.size(); ++path)
    out[path] = !paths.fan_of(path).empty();
  return out;
}

/// Takes what a reader finds.
struct into {
  batch& to;
  void operator()(std::size_t path, const record::value& v, std::size_t ordinal) const {
    to.add(path, v, ordinal);
  }
  [[nodiscard]] bool knows(std::size_t path, std::string_view json, std::size_t ordinal) const {
    return to.add_known(path, json, ordinal);
  }
};

} // namespace detail

POSTROAD_DECL fold::fold(const std::vector<table_spec>& specs, const record::path_set& paths,
                         record::checking how)
    : specs_(specs), paths_(paths), how_(how), batch_(detail::which_fan_out(paths)) {
  tallies_.reserve(specs.size());
  for (const auto& spec : specs)
    tallies_.emplace_back(spec, paths, conditions_, batch_);
}

POSTROAD_DECL std::optional<std::string_view> fold::add(std::string_view line) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf"; // some programs begin a file with it
  if (line.starts_with(byte_order_mark))
    line.remove_prefix(byte_order_mark.size());
  return line.starts_with('{') ? add_object(line) : add_other(text::trimmed(line));
}

POSTROAD_DECL std::optional<std::string_view> fold::add_object(std::string_view object) {
  if (const auto broken = reader_.read(object, paths_, detail::into{batch_}, how_)) {
    batch_.drop();
    return broken->why;
  }
  batch_.accept();
  ++records_;
  if (batch_.full())
    count();
  return std::nullopt;
}

POSTROAD_DECL void fold::count() {
  if (batch_.size() != 0)
    for (auto& t : tallies_)
      t.add(batch_, conditions_);
  batch_.clear();
}

POSTROAD_DECL std::optional<std::string_view> fold::add_other(std::string_view line) {
  switch (record::kind_of_line(line)) {
  case record::line_kind::blank:
    return std::nullopt;
  case record::line_kind::object:
    return add_object(line);
  case record::line_kind::other_json:
    return "JSON, but not one whole object";
  case record::line_kind::word:
    break;
  }
  if (!text::is_utf8(line))
    return "not UTF-8";
  word_ = record::record_of_word(line);
  const auto size = word_.size();
  word_.append(record::line_slack, '\0');
  return add_object({word_.data(), size});
}

namespace detail {

/// The table that counts the rows of another.
[[nodiscard]] inline table of_rows(const table& rows, const next_stage& how,
                                   std::vector<std::string>* never) {
  const std::vector<table_spec> specs{how.spec};
  fold counted(specs, how.paths, record::checking::touched);
  std::string lines;
  render(lines, rows, format::ndjson, {}, true);
  const auto end = lines.size();
  lines.append(record::line_slack, '\0');
  for (std::size_t at = 0; at < end;) {
    const auto feed = lines.find('\n', at);
    static_cast<void>(counted.add(std::string_view(lines).substr(at, feed - at)));
    at = feed + 1;
  }
  auto out = counted.tables(never).front();
  if (never != nullptr && !rows.rows.empty())
    for (const auto& path : counted.paths_never_seen())
      never->push_back(path);
  out.read = rows.read;
  out.kept = rows.kept;
  return out;
}

} // namespace detail

POSTROAD_DECL table fold::finished(const tally& t, const tally* ranked_by,
                                   std::vector<std::string>* never) const {
  auto out = finish(t, paths_, ranked_by);
  return t.spec().then ? detail::of_rows(out, *t.spec().then, never) : out;
}

POSTROAD_DECL std::vector<table> fold::tables(std::vector<std::string>* never) {
  count();
  std::vector<table> out;
  for (const auto& t : tallies_)
    out.push_back(finished(t, nullptr, never));
  return out;
}

POSTROAD_DECL std::vector<table> fold::differences(fold& before, std::string_view before_name,
                                                   std::string_view after_name) {
  count();
  before.count();
  if (before_name == after_name)
    before_name = "before", after_name = "after";
  std::vector<table> out;
  for (std::size_t i = 0; i < tallies_.size(); ++i) {
    const auto& spec = tallies_[i].spec();
    if (spec.then)
      throw bad_spec(fmt::format("table {}: --diff and --then do not go together", spec.name));
    tally both(spec, paths_), first(spec, paths_), second(spec, paths_);
    both.merge(before.tallies_[i]);
    both.merge(tallies_[i]);
    first.merge_rows(both);
    first.merge(before.tallies_[i]);
    second.merge_rows(both);
    second.merge(tallies_[i]);
    out.push_back(
        difference(finish(first, paths_, &both), before_name, finish(second, paths_, &both), after_name));
  }
  return out;
}

POSTROAD_DECL fold fold::empty_copy() const {
  return fold(specs_, paths_, how_);
}

POSTROAD_DECL void fold::merge(fold& other) {
  count();
  other.count();
  records_ += other.records_;
  for (std::size_t i = 0; i < tallies_.size(); ++i)
    tallies_[i].merge(other.tallies_[i]);
  for (std::size_t path = 0; path < paths_.size(); ++path)
    if (other.batch_.ever(path))
      batch_.set_ever(path);
}

POSTROAD_DECL std::vector<std::string> fold::paths_never_seen() {
  count();
  std::vector<std::string> out;
  for (std::size_t path = 0; path < paths_.size(); ++path)
    if (!batch_.ever(path))
      out.push_back(paths_.name(path));
  return out;
}

POSTROAD_DECL void fold::see_all_paths_but(const std::vector<std::string>& never) {
  for (std::size_t path = 0; path < paths_.size(); ++path)
    if (std::find(never.begin(), never.end(), paths_.name(path)) == never.end())
      batch_.set_ever(path);
}

} // namespace postroad::study
