/// Many records in, tables out.
#pragma once

#include <postroad/config.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/study/table.hpp>
#include <postroad/study/tally.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// Counts the records of lines into all tables at once.
class fold {
public:
  /// `specs` and `paths` must outlive the fold.
  fold(const std::vector<table_spec>& specs, const record::path_set& paths, record::checking how);

  /// Counts one line, which has record::line_slack readable bytes behind it: a JSON object, or a bare word as
  /// in postroad-records(5). Blank lines and # lines are passed over. Says why when the line is no record.
  [[nodiscard]] std::optional<std::string_view> add(std::string_view line);

  /// `never` takes the paths of later stages that no row had.
  [[nodiscard]] std::vector<table> tables(std::vector<std::string>* never = nullptr);
  /// Every table against that of an earlier fold of the same specs.
  [[nodiscard]] std::vector<table> differences(fold& before, std::string_view before_name,
                                               std::string_view after_name);
  /// Of the same specs, with nothing counted.
  [[nodiscard]] fold empty_copy() const;
  /// Adds what another fold of the same specs has counted.
  void merge(fold& other);
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }
  [[nodiscard]] std::vector<std::string> paths_never_seen();

  // For partial results: the state, to be read and to be added to.
  [[nodiscard]] std::vector<tally>& tallies() {
    count();
    return tallies_;
  }
  void add_records(std::uint64_t n) noexcept { records_ += n; }
  void see_all_paths_but(const std::vector<std::string>& never);

private:
  /// Counts the records that were read.
  void count();
  [[nodiscard]] std::optional<std::string_view> add_object(std::string_view object);
  [[nodiscard]] table finished(const tally& t, const tally* ranked_by, std::vector<std::string>* never) const;
  [[nodiscard]] std::optional<std::string_view> add_other(std::string_view line);

  const std::vector<table_spec>& specs_;
  const record::path_set& paths_;
  record::checking how_;
  record::reader reader_;
  batch batch_;
  condition_pool conditions_;
  std::vector<tally> tallies_;
  std::uint64_t records_ = 0;
  std::string word_;
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/fold.ipp>
#endif
