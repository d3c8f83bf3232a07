/// One table of options per tool: it parses the command line, and it is the help, the machine-readable list,
/// the completion and the thing that the man page is held against.
#pragma once

#include <postroad/config.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::cli {

/// A wrong command line, or a machine on which the tool cannot work: main prints it in one line and ends with
/// status 2.
struct usage_error {
  std::string message;
};

/// A number of bytes; written with K, M or G: "64M".
struct byte_size {
  std::uint64_t bytes = 0;
};

struct option {
  char letter = 0;                           ///< 0: none
  std::string name;                          ///< without the dashes
  std::string value;                         ///< what stands for its value in the help; empty for a flag
  std::string otherwise;                     ///< the default as text; empty: none
  std::string help;                          ///< one line, no full stop
  std::function<void(std::string_view)> set; ///< throws usage_error
};

/// The options of one tool. Each is bound to a member of a settings struct, and its default is what the
/// member holds when it is added, so that the help cannot lie.
///
/// Example:
///   settings use;
///   cli::options table;
///   table.add('c', "concurrency", "N", "work on at most N records at once", use.concurrency);
///   const auto words = table.parse(argc, argv);
class options {
public:
  void add(char letter, std::string name, std::string help, bool& flag);
  void add(char letter, std::string name, std::string value, std::string help, std::string& text);
  void add(char letter, std::string name, std::string value, std::string help,
           std::optional<std::string>& text);
  void add(char letter, std::string name, std::string value, std::string help, double& number);
  void add(char letter, std::string name, std::string value, std::string help,
           std::chrono::milliseconds& seconds);
  void add(char letter, std::string name, std::string value, std::string help, byte_size& bytes);
  /// Repeatable; a comma separates as well.
  void add(char letter, std::string name, std::string value, std::string help,
           std::vector<std::string>& list);
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void add(char letter, std::string name, std::string value,
                                            std::string help, T& number) {
    add_unsigned(letter, std::move(name), std::move(value), std::move(help), std::to_string(number),
                 std::uint64_t{static_cast<T>(~T{0})},
                 [&number](std::uint64_t n) { number = static_cast<T>(n); });
  }
  /// Anything else: `set` is given the text and throws usage_error when it cannot be used.
  void add_with(char letter, std::string name, std::string value, std::string otherwise, std::string help,
                std::function<void(std::string_view)> set);

  /// Sets what the arguments say and returns the words that are no options, in order. Throws usage_error.
  std::vector<std::string> parse(int argc, char** argv) const;

  [[nodiscard]] const std::vector<option>& all() const noexcept { return options_; }

private:
  void add_unsigned(char letter, std::string name, std::string value, std::string help, std::string otherwise,
                    std::uint64_t most, std::function<void(std::uint64_t)> set);
  std::vector<option> options_;
};

/// A member that a tool writes: for --schema and postroad-records(5).
struct member_doc {
  std::string_view path;    ///< as in aggregate: "mx.hosts[].name"
  std::string_view type;    ///< "string", "integer", "boolean", "object", "array of string", "time" ...
  std::string_view meaning; ///< one line
};

/// What a tool is, in words.
struct about {
  std::string_view name;
  std::string_view does;     ///< one line: "look up which servers receive a domain's mail"
  std::string_view synopsis; ///< "[WORD...]"
  std::vector<member_doc> schema;
  std::vector<std::string_view> examples; ///< command lines
};

[[nodiscard]] std::string help_text(const about&, const options&);
[[nodiscard]] std::string options_text(const options&); ///< letter, name, value, default, help; tabs between
[[nodiscard]] std::string schema_text(const about&);    ///< path, type, meaning; tabs between
[[nodiscard]] std::string completion_text(const about&, const options&,
                                          std::string_view shell); ///< bash, zsh, fish

/// Adds --help, --version, --options, --schema and --completion. Each prints and ends the process with status
/// 0, or with 2 when standard output cannot take it.
void add_self_description(options&, const about&);

/// Runs `body` and turns what it throws into one line on stderr and status 2. It also ignores SIGPIPE: a
/// closed pipe is an error of write(2), which ends a tool quietly.
int run_main(std::string_view tool, const std::function<int()>& body);

} // namespace postroad::cli

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/cli/impl/options.ipp>
#endif
