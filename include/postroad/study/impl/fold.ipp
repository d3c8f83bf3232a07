#pragma once

#include <postroad/record/word.hpp>
#include <postroad/study/fold.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/text/utf8.hpp>

#include <algorithm>

namespace postroad::study {

POSTROAD_DECL fold::fold(const std::vector<table_spec>& specs, const record::path_set& paths,
                         record::checking how)
    : paths_(paths), how_(how), fields_(paths.size()) {
  tallies_.reserve(specs.size());
  for (const auto& spec : specs)
    tallies_.emplace_back(spec, paths);
}

POSTROAD_DECL std::optional<std::string_view> fold::add(std::string_view line) {
  return line.starts_with('{') ? add_object(line) : add_other(text::trimmed(line));
}

POSTROAD_DECL std::optional<std::string_view> fold::add_object(std::string_view object) {
  fields_.clear();

  const auto keep = [this](std::size_t path, const record::value& v, std::size_t ordinal) {
    fields_.add(path, v, ordinal);
  };
  if (const auto broken = reader_.read(object, paths_, keep, how_))
    return broken->why;
  fields_.accept();
  ++records_;
  for (auto& t : tallies_)
    t.add(fields_);
  return std::nullopt;
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

POSTROAD_DECL std::vector<table> fold::tables() const {
  std::vector<table> out;
  for (const auto& t : tallies_)
    out.push_back(finish(t, paths_));
  return out;
}

POSTROAD_DECL std::vector<std::string> fold::paths_never_seen() const {
  std::vector<std::string> out;
  for (std::size_t path = 0; path < paths_.size(); ++path)
    if (!fields_.ever(path))
      out.push_back(paths_.name(path));
  return out;
}

POSTROAD_DECL void fold::see_all_paths_but(const std::vector<std::string>& never) {
  for (std::size_t path = 0; path < paths_.size(); ++path)
    if (std::find(never.begin(), never.end(), paths_.name(path)) == never.end())
      fields_.set_ever(path);
}

} // namespace postroad::study
