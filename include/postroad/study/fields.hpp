/// What one record holds at the paths that were asked for.
#pragma once

#include <postroad/record/value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace postroad::study {

struct found {
  record::value value;
  std::size_t ordinal = 0; ///< in the outermost array or object that the path fans out over
};

/// One list of values for each path; a path without [] or {} has one at most. Lives from record to record and
/// keeps its memory.
class fields {
public:
  explicit fields(std::size_t paths) : found_(paths), ever_(paths) {}

  void add(std::size_t path, const record::value& v, std::size_t ordinal) {
    if (found_[path].empty())
      touched_.push_back(path);
    found_[path].push_back({v, ordinal});
  }
  [[nodiscard]] std::span<const found> at(std::size_t path) const noexcept { return found_[path]; }

  /// Makes room for the next record.
  void clear() noexcept {
    for (const auto path : touched_)
      found_[path].clear();
    touched_.clear();
  }
  /// The record was good: its paths have occurred.
  void accept() noexcept {
    for (const auto path : touched_)
      ever_[path] = true;
  }
  [[nodiscard]] bool ever(std::size_t path) const noexcept { return ever_[path]; }
  void set_ever(std::size_t path) noexcept { ever_[path] = true; }

private:
  std::vector<std::vector<found>> found_;
  std::vector<std::size_t> touched_;
  std::vector<char> ever_;
};

} // namespace postroad::study
