/// What a network filter is to the engine, and how its main starts it.
#pragma once

#include <postroad/cli/options.hpp>
#include <postroad/config.hpp>
#include <postroad/flow/job.hpp>
#include <postroad/flow/settings.hpp>
#include <postroad/net/courtesy.hpp>
#include <postroad/net/task.hpp>
#include <postroad/record/path.hpp>
#include <postroad/text/json.hpp>

#include <asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::flow {

/// What the engine lends to a filter.
struct room {
  asio::io_context& io;
  const settings& use;
  const blocklist& blocked;
  net::courtesy& courtesy;
  record::path_set& paths;
  bool pages = false; ///< people read the records: a filter may put more into them

  /// The index under which job::text and its like find a path: `ip_(room.want("smtp.ip"))`.
  [[nodiscard]] std::size_t want(std::string_view path) const { return paths.add(path).value(); }
};

/// A record as it was read, before anything is set in motion for it. The views live as long as the call.
struct glance {
  std::string_view line;
  const std::vector<fresh_field>& fields;
};

class filter {
public:
  virtual ~filter() = default;
  /// What needs nobody's answer is answered here, at the speed of the pipe: appends the member (JSON) to
  /// `json` and returns its outcome. Nothing: the record goes to measure().
  virtual std::optional<outcome> answer_at_once(const glance&, std::string& json) {
    (void)json;
    return std::nullopt;
  }
  /// What one record undergoes. It calls record.write() at least once, whatever happens.
  virtual net::task<void> measure(job& record) = 0;
  /// Gives up what is in flight: every await of measure() ends soon, with outcome `aborted`.
  virtual void abort() = 0;
  /// All records are through: what can only be said about all of them is said now.
  virtual void finish() {}
  /// Adds members to the object of --metadata.
  virtual void describe(text::json_writer&) const {}
};

/// A tool in words and functions.
struct tool {
  cli::about about;
  std::string_view member;                                ///< the one member that it writes
  std::function<std::string(std::string_view line)> page; ///< a record as people read it
  /// Whether the one word on the command line names the input file instead of being a record.
  std::function<bool(const std::string& word)> word_is_file = {};
  bool is_local = false; ///< asks nobody: it has none of the options of the network
};

using make_filter = std::function<std::unique_ptr<filter>(const room&)>;

/// Reads records, runs them through the filter that `make` builds, writes them, and returns the exit status.
/// Throws cli::usage_error when the work cannot begin.
[[nodiscard]] int run(const tool&, const settings&, const std::vector<std::string>& words,
                      const make_filter& make);

/// A whole main: adds the common options to those of the tool, parses, runs.
[[nodiscard]] int main_of(const tool&, cli::options&, settings&, int argc, char** argv,
                          const make_filter& make);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/filter.ipp>
#endif
