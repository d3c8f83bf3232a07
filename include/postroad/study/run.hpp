/// A run of aggregate: flags and presets in, files read, tables out.
#pragma once

#include <postroad/config.hpp>
#include <postroad/record/path.hpp>
#include <postroad/study/fold.hpp>
#include <postroad/study/lines.hpp>
#include <postroad/study/paper.hpp>
#include <postroad/study/partial.hpp>
#include <postroad/study/preset.hpp>
#include <postroad/study/render.hpp>
#include <postroad/study/spec.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// Defaults live here and nowhere else.
struct run_settings {
  std::string format = "text";
  std::string input;
  std::string output = "-";
  std::string rejects;
  std::string metadata;
  std::vector<std::string> arguments; ///< as typed, for the metadata
  bool strict = false;
  bool quiet = false;
  bool progress = false;
  bool show = false;
  bool paper = false;
  bool partial = false;          ///< write tallies instead of tables
  bool merge = false;            ///< the files are such tallies
  bool allow_duplicates = false; ///< of one shard, when merging
  bool intervals = false;        ///< of the shares
  std::string diff;              ///< a file: tables of the others against those of this
  std::string only;              ///< print these tables, by names with commas between
  unsigned threads = 1;
  std::size_t expect = 0; ///< shards that a merge must have; 0: any number
};

/// Everything that throws here throws std::runtime_error with one line that says what to do.
class run {
public:
  run(const run_settings& use, library with) : use_(use), library_(std::move(with)), builder_(paths_) {}

  /// One flag of a table, as spec_builder::apply.
  void flag(std::string_view name, std::string_view value);
  /// The flags of presets, by names with commas between; a name with a / is a file.
  void presets(std::string_view names);

  /// Reads the files ("-" and none at all are standard input) and writes the tables. The exit status: 1 when
  /// a line was no record and no --rejects took it, when the run was interrupted, and with --strict when a
  /// path never occurred.
  int go(std::vector<std::string> files);

private:
  struct closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
  };

  void preset_named(const std::string& name);
  void check(const std::vector<table_spec>& specs) const;
  [[nodiscard]] bool is_wanted(std::string_view table) const;
  [[nodiscard]] std::vector<std::string> input_names(std::vector<std::string> files);
  void read_all(fold& into, std::vector<std::string> files);
  void read_file(fold& into, const std::string& name);
  void read_lines(fold& into, const std::string& name, int fd);
  std::uint64_t read_alone(fold& into, const std::string& name, int fd, shard_hash& shard);
  std::uint64_t read_by_crew(fold& into, const std::string& name, int fd, shard_hash& shard);
  void show_progress(bool last);
  void write_metadata(std::uint64_t records, std::string_view begun) const;
  void read_partial(fold& into, const std::string& name, line_reader& lines);
  void reject(const std::string& name, std::uint64_t number, std::string_view line, std::string_view why);
  [[nodiscard]] std::string tables_text(fold& before, fold& from, format as,
                                        std::vector<std::string>& never) const;
  bool warn_of_paths(fold& before, fold& of, std::vector<std::string> never) const;
  void write(const std::string& text) const;

  const run_settings& use_;
  library library_;
  record::path_set paths_;
  spec_builder builder_;
  std::unique_ptr<std::FILE, closer> rejects_;
  bool many_files_ = false;
  std::string after_name_; ///< of what is held against --diff
  partial_head head_;
  std::uint64_t lines_ = 0; ///< read so far
  std::uint64_t bytes_ = 0;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = begun_;
  footing foot_;
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/run.ipp>
#endif
