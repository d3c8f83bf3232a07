#pragma once

#include <postroad/cli/options.hpp>

#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

namespace postroad::cli {

namespace detail {

inline std::string shown_seconds(std::chrono::milliseconds t) {
  return fmt::format("{}", static_cast<double>(t.count()) / 1000);
}

inline std::string shown_bytes(std::uint64_t n) {
  static constexpr std::string_view units[] = {"", "K", "M", "G"};
  std::size_t unit = 0;
  while (unit < 3 && n != 0 && n % 1024 == 0) {
    n /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", n, units[unit]);
}

inline double read_real(std::string_view s) {
  const std::string copy(s);
  char* end = nullptr;
  const double x = std::strtod(copy.c_str(), &end);
  if (s.empty() || *end != 0 || !(x >= 0) || x > 1e15)
    throw usage_error{fmt::format("'{}' is no number of 0 or more", s)};
  return x;
}

inline std::uint64_t read_bytes(std::string_view s) {
  std::uint64_t factor = 1;
  auto digits = s;
  if (!digits.empty()) {
    const char unit = text::to_upper(digits.back());
    factor = unit == 'K' ? 1ull << 10 : unit == 'M' ? 1ull << 20 : unit == 'G' ? 1ull << 30 : 1;
    if (factor != 1)
      digits.remove_suffix(1);
  }
  const auto n = text::number<std::uint64_t>(digits);
  if (!n || *n > (1ull << 50) / factor)
    throw usage_error{fmt::format("'{}' is no size; write 65536, 64K, 64M or 1G", s)};
  return *n * factor;
}

inline void print_and_exit(const std::string& text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  const bool quiet = written || errno == EPIPE; // the reader has seen enough
  if (!quiet)
    std::perror("cannot write to standard output");
  std::exit(quiet ? 0 : 2);
}

inline std::string left_column(const option& o) {
  std::string s = o.letter ? fmt::format("-{}, --{}", o.letter, o.name) : fmt::format("    --{}", o.name);
  if (!o.value.empty())
    s += fmt::format(" {}", o.value);
  return s;
}

} // namespace detail

POSTROAD_DECL void options::add_with(char letter, std::string name, std::string value, std::string otherwise,
                                     std::string help, std::function<void(std::string_view)> set) {
  options_.push_back(
      {letter, std::move(name), std::move(value), std::move(otherwise), std::move(help), std::move(set)});
}

POSTROAD_DECL void options::add(char letter, std::string name, std::string help, bool& flag) {
  add_with(letter, std::move(name), "", "", std::move(help), [&flag](std::string_view) { flag = true; });
}

POSTROAD_DECL void options::add(char letter, std::string name, std::string value, std::string help,
                                std::string& text) {
  add_with(letter, std::move(name), std::move(value), text, std::move(help),
           [&text](std::string_view s) { text = s; });
}

POSTROAD_DECL void options::add(char letter, std::string name, std::string value, std::string help,
                                std::optional<std::string>& text) {
  add_with(letter, std::move(name), std::move(value), text.value_or(""), std::move(help),
           [&text](std::string_view s) { text = s; });
}

POSTROAD_DECL void options::add(char letter, std::string name, std::string value, std::string help,
                                double& number) {
  add_with(letter, std::move(name), std::move(value), fmt::format("{}", number), std::move(help),
           [&number](std::string_view s) { number = detail::read_real(s); });
}

POSTROAD_DECL void options::add(char letter, std::string name, std::string value, std::string help,
                                std::chrono::milliseconds& seconds) {
  add_with(letter, std::move(name), std::move(value), detail::shown_seconds(seconds), std::move(help),
           [&seconds](std::string_view s) {
             seconds = std::chrono::milliseconds(static_cast<std::int64_t>(detail::read_real(s) * 1000));
           });
}

POSTROAD_DECL void options::add(char letter, std::string name, std::string value, std::string help,
                                byte_size& bytes) {
  add_with(letter, std::move(name), std::move(value), detail::shown_bytes(bytes.bytes), std::move(help),
           [&bytes](std::string_view s) { bytes.bytes = detail::read_bytes(s); });
}

POSTROAD_DECL void options::add(char letter, std::string name, std::string value, std::string help,
                                std::vector<std::string>& list) {
  add_with(letter, std::move(name), std::move(value), "", std::move(help), [&list](std::string_view s) {
    while (!s.empty())
      if (const auto item = text::trimmed(text::take_until(s, ',')); !item.empty())
        list.emplace_back(item);
  });
}

POSTROAD_DECL void options::add_unsigned(char letter, std::string name, std::string value, std::string help,
                                         std::string otherwise, std::uint64_t most,
                                         std::function<void(std::uint64_t)> set) {
  add_with(letter, std::move(name), std::move(value), std::move(otherwise), std::move(help),
           [most, set = std::move(set)](std::string_view s) {
             const auto n = text::number<std::uint64_t>(s);
             if (!n || *n > most)
               throw usage_error{fmt::format("'{}' is no whole number up to {}", s, most)};
             set(*n);
           });
}

POSTROAD_DECL std::vector<std::string> options::parse(int argc, char** argv) const {
  constexpr int first_long = 256; // above every letter
  std::string letters = ":";      // a missing value is reported as ':'
  std::vector<::option> longs;
  for (std::size_t i = 0; i < options_.size(); ++i) {
    const auto& o = options_[i];
    const bool takes_value = !o.value.empty();
    if (o.letter)
      letters += takes_value ? std::string{o.letter, ':'} : std::string{o.letter};
    longs.push_back({o.name.c_str(), takes_value ? required_argument : no_argument, nullptr,
                     first_long + static_cast<int>(i)});
  }
  longs.push_back({nullptr, 0, nullptr, 0});
  opterr = 0;
  optind = 0; // GNU: start anew, also for a second table in one process
  for (int c; (c = getopt_long(argc, argv, letters.c_str(), longs.data(), nullptr)) != -1;) {
    const std::string_view typed = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    if (c == '?')
      throw usage_error{fmt::format("unknown option '{}'; see --help", typed)};
    if (c == ':')
      throw usage_error{fmt::format("option '{}' needs a value; see --help", typed)};
    const auto found = c >= first_long ? options_.begin() + (c - first_long)
                                       : std::find_if(options_.begin(), options_.end(),
                                                      [c](const option& o) { return o.letter == c; });
    try {
      found->set(optarg ? optarg : "");
    } catch (const usage_error& e) {
      throw usage_error{fmt::format("--{}: {}", found->name, e.message)};
    }
  }
  return {argv + optind, argv + argc};
}

POSTROAD_DECL std::string help_text(const about& tool, const options& table) {
  std::string out =
      fmt::format("{} - {}\n\nUsage: {} [OPTION...] {}\n\n", tool.name, tool.does, tool.name, tool.synopsis);
  constexpr std::size_t column = 30;
  for (const auto& o : table.all()) {
    const auto left = detail::left_column(o);
    const auto given = o.otherwise.empty() ? "" : fmt::format(" (default {})", o.otherwise);
    if (left.size() + 2 < column)
      out += fmt::format("  {:<{}}{}{}\n", left, column - 2, o.help, given);
    else
      out += fmt::format("  {}\n{:<{}}{}{}\n", left, "", column, o.help, given);
  }
  if (!tool.examples.empty())
    out += "\nExamples:\n";
  for (const auto example : tool.examples)
    out += fmt::format("  {}\n", example);
  out += fmt::format("\nExit status: 0 every line was a record, 1 some were not, 2 usage or cannot work "
                     "here.\nManual: man {}\n",
                     tool.name);
  return out;
}

POSTROAD_DECL std::string options_text(const options& table) {
  std::string out;
  for (const auto& o : table.all()) {
    const auto letter = o.letter ? std::string{'-', o.letter} : std::string();
    out += fmt::format("{}\t--{}\t{}\t{}\t{}\n", letter, o.name, o.value, o.otherwise, o.help);
  }
  return out;
}

POSTROAD_DECL std::string schema_text(const about& tool) {
  std::string out;
  for (const auto& m : tool.schema)
    out += fmt::format("{}\t{}\t{}\n", m.path, m.type, m.meaning);
  return out;
}

namespace detail {

inline std::string bash_completion(const about& tool, const options& table) {
  std::string words;
  for (const auto& o : table.all()) {
    words += fmt::format("--{} ", o.name);
    if (o.letter)
      words += fmt::format("-{} ", o.letter);
  }
  return fmt::format(
      "_{0}() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '{1}' -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n}}\ncomplete -o default -F _{0} {0}\n",
      tool.name, words);
}

/// Quotes for a single-quoted shell word.
inline std::string quoted(std::string_view s) {
  std::string out;
  for (const char c : s)
    c == '\'' ? out += "'\\''" : out += c;
  return out;
}

inline std::string zsh_completion(const about& tool, const options& table) {
  std::string out = fmt::format("#compdef {}\n_arguments", tool.name);
  for (const auto& o : table.all()) {
    std::string help = quoted(o.help);
    std::replace(help.begin(), help.end(), '[', '(');
    std::replace(help.begin(), help.end(), ']', ')');
    std::replace(help.begin(), help.end(), ':', ',');
    const auto value = o.value.empty() ? "" : fmt::format(":{}:_files", o.value);
    out += fmt::format(" \\\n  '*--{}[{}]{}'", o.name, help, value);
    if (o.letter)
      out += fmt::format(" \\\n  '*-{}[{}]{}'", o.letter, help, value);
  }
  return out + " \\\n  '*:word:_files'\n";
}

inline std::string fish_completion(const about& tool, const options& table) {
  std::string out;
  for (const auto& o : table.all()) {
    out += fmt::format("complete -c {} -l {}", tool.name, o.name);
    if (o.letter)
      out += fmt::format(" -s {}", o.letter);
    if (!o.value.empty())
      out += " -r";
    out += fmt::format(" -d '{}'\n", quoted(o.help));
  }
  return out;
}

} // namespace detail

POSTROAD_DECL std::string completion_text(const about& tool, const options& table, std::string_view shell) {
  if (shell == "bash")
    return detail::bash_completion(tool, table);
  if (shell == "zsh")
    return detail::zsh_completion(tool, table);
  if (shell == "fish")
    return detail::fish_completion(tool, table);
  throw usage_error{fmt::format("'{}' is no shell that is known; bash, zsh or fish", shell)};
}

POSTROAD_DECL void add_self_description(options& table, const about& tool) {
  const auto* self = &table;
  table.add_with('h', "help", "", "", "print this help",
                 [self, tool](std::string_view) { detail::print_and_exit(help_text(tool, *self)); });
  table.add_with('V', "version", "", "", "print the version", [tool](std::string_view) {
    detail::print_and_exit(fmt::format("{} (postroad) {}\n", tool.name, POSTROAD_VERSION));
  });
  table.add_with(0, "options", "", "", "print the table of options, tabs between its columns",
                 [self](std::string_view) { detail::print_and_exit(options_text(*self)); });
  table.add_with(0, "schema", "", "", "print the members written, with type and meaning",
                 [tool](std::string_view) { detail::print_and_exit(schema_text(tool)); });
  table.add_with(
      0, "completion", "SHELL", "", "print the completion for bash, zsh or fish",
      [self, tool](std::string_view s) { detail::print_and_exit(completion_text(tool, *self, s)); });
}

namespace detail {

/// A closed standard descriptor would be taken by the next thing opened, a socket perhaps. What stands there
/// instead cannot be used either, so that reading or writing it is an error with a name.
inline void fill_closed_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0)
      (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); // takes the lowest free number: fd
}

} // namespace detail

POSTROAD_DECL int run_main(std::string_view tool, const std::function<int()>& body) {
  detail::fill_closed_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return body();
  } catch (const usage_error& e) {
    fmt::print(stderr, "{}: {}\n", tool, e.message);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}: out of memory; a smaller --concurrency, --window or --cache may help\n", tool);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}: {}\n", tool, e.what());
  }
  return 2;
}

} // namespace postroad::cli
