#pragma once

#include <postroad/study/crew.hpp>
#include <postroad/study/run.hpp>
#include <postroad/study/svg.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/text/json.hpp>
#include <postroad/text/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postroad::study {

namespace detail {

inline constexpr std::string_view too_long = "longer than 16 MiB";

/// How far a signal has come: 0 there was none, 1 stop soon, 2 stop now.
inline volatile std::sig_atomic_t asked_to_stop = 0;
inline volatile std::sig_atomic_t seconds_asked = 0;
/// ^C reaches every tool of a pipeline, and those before us still write what they had under way: a pipe is
/// read on to its end for as long.
inline constexpr int grace_seconds = 10;

/// SIGINT or SIGTERM, and then SIGALRM once a second, so that a read(2) that the signal just missed returns
/// as well. timeout(1) and some shells send a signal twice; within a second that is no second thought.
inline void on_signal(int which) {
  if (which == SIGALRM) {
    seconds_asked = seconds_asked + 1;
    if (seconds_asked >= grace_seconds)
      asked_to_stop = 2;
  } else if (asked_to_stop == 0) {
    asked_to_stop = 1;
  } else if (seconds_asked > 0) {
    if (asked_to_stop == 2) {
      std::signal(which, SIG_DFL);
      std::raise(which);
    }
    asked_to_stop = 2;
  }
  ::alarm(1);
}

inline void listen_to_signals() {
  struct sigaction act {};
  act.sa_handler = on_signal; // no SA_RESTART: read(2) must return
  for (const int which : {SIGINT, SIGTERM, SIGALRM})
    sigaction(which, &act, nullptr);
}

[[nodiscard]] inline bool is_pipe(int fd) {
  struct stat is {};
  return ::fstat(fd, &is) == 0 && (S_ISFIFO(is.st_mode) || S_ISSOCK(is.st_mode));
}

[[nodiscard]] inline bool must_stop(bool pipe) {
  return asked_to_stop == 2 || (asked_to_stop == 1 && !pipe);
}

[[nodiscard]] inline std::runtime_error cannot(std::string_view what, std::string_view name) {
  return std::runtime_error(fmt::format("cannot {} {}: {}", what, name, std::strerror(errno)));
}

} // namespace detail

POSTROAD_DECL void run::flag(std::string_view name, std::string_view value) {
  try {
    builder_.apply(name, value);
  } catch (const bad_spec& e) {
    throw bad_spec(fmt::format("--{}: {}", name, e.what()));
  }
}

POSTROAD_DECL void run::presets(std::string_view names) {
  while (!names.empty())
    preset_named(std::string(text::take_until(names, ',')));
}

POSTROAD_DECL void run::preset_named(const std::string& name) {
  std::string known;
  for (const auto& p : library_.presets) {
    if (p.name == name)
      return builder_.apply_text(p.text);
    known += fmt::format(" {}", p.name);
  }
  if (name.find('/') == std::string::npos)
    throw bad_spec(
        fmt::format("there is no preset '{}'; there are{}, and files by a name with a /", name, known));
  std::ifstream in(name);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in)
    throw detail::cannot("read the preset", name);
  try {
    builder_.apply_text(text);
  } catch (const bad_spec& e) {
    throw bad_spec(fmt::format("preset {}: {}", name, e.what()));
  }
}

POSTROAD_DECL int run::go(std::vector<std::string> files) {
  const auto as = format_from(use_.format);
  if (!as)
    throw bad_spec(
        fmt::format("'{}' is no format: text, csv, tsv, json, ndjson, markdown, latex, html, gnuplot or svg",
                    use_.format));
  const auto specs = builder_.finish();
  check(specs);
  if (use_.show)
    return write(builder_.flags()), 0;
  const auto how = use_.strict ? record::checking::whole_first : record::checking::touched;
  fold counted(specs, paths_, how), before(specs, paths_, how);
  if (!use_.rejects.empty())
    rejects_.reset(std::fopen(use_.rejects.c_str(), "we"));
  if (!use_.rejects.empty() && !rejects_)
    throw detail::cannot("write", use_.rejects);
  head_.spec = spec_hash(builder_.flags());
  foot_.intervals = use_.intervals;
  const std::string begun = text::now_rfc3339();
  detail::listen_to_signals();
  if (!use_.diff.empty())
    read_all(before, {use_.diff});
  read_all(counted, input_names(std::move(files)));
  foot_.interrupted = detail::asked_to_stop != 0;
  if (use_.partial && foot_.interrupted)
    throw std::runtime_error("interrupted: a partial result of half an input would be taken for the whole");
  if (const auto shards = head_.shards.size() + head_.empty; use_.expect != 0 && shards != use_.expect)
    throw bad_partial(fmt::format("{} shards are there, --expect says {}", shards, use_.expect));
  head_.malformed = foot_.malformed;
  std::vector<std::string> never;
  const auto text = use_.partial ? write_partial(head_, counted) : tables_text(before, counted, *as, never);
  const bool all_paths = use_.partial || warn_of_paths(before, counted, never);
  write(text);
  if (rejects_ && std::fflush(rejects_.get()) != 0)
    throw detail::cannot("write", use_.rejects);
  if (!use_.metadata.empty())
    write_metadata(counted.records() + before.records(), begun);
  return (foot_.malformed != 0 && !rejects_) || foot_.interrupted || (use_.strict && !all_paths) ? 1 : 0;
}

/// What does not go together.
POSTROAD_DECL void run::check(const std::vector<table_spec>& specs) const {
  if (use_.partial && !use_.diff.empty())
    throw bad_spec("--diff is for tables: --partial of each, and --merge --diff");
  if (constexpr unsigned most = 256; use_.threads == 0 || use_.threads > most)
    throw bad_spec(fmt::format("--threads: from 1 to {}", most));
  if (use_.expect != 0 && !use_.merge)
    throw bad_spec("--expect counts the shards of a --merge");
  for (const auto& spec : specs)
    if (use_.intervals && spec.weight)
      throw bad_spec(
          fmt::format("table {}: --ci is of records that count once, not with --weight", spec.name));
  for (auto rest = std::string_view(use_.only); !rest.empty();) {
    const auto name = text::take_until(rest, ',');
    if (std::none_of(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; }))
      throw bad_spec(fmt::format("--only: no table is called '{}'", name));
  }
}

[[nodiscard]] POSTROAD_DECL bool run::is_wanted(std::string_view table) const {
  if (use_.only.empty())
    return true;
  for (auto rest = std::string_view(use_.only); !rest.empty();)
    if (text::take_until(rest, ',') == table)
      return true;
  return false;
}

namespace detail {

/// What a file is called in a column: its name without folders and the last ending.
[[nodiscard]] inline std::string column_name(std::string_view file) {
  auto name = file.substr(file.rfind('/') + 1);
  const auto dot = name.rfind('.');
  return std::string(name.substr(0, dot == 0 ? std::string_view::npos : dot));
}

} // namespace detail

POSTROAD_DECL std::string run::tables_text(fold& before, fold& from, format as,
                                           std::vector<std::string>& never) const {
  auto tables = use_.diff.empty() ? from.tables(&never)
                                  : from.differences(before, detail::column_name(use_.diff), after_name_);
  std::erase_if(tables, [this](const table& t) { return !is_wanted(t.name); });
  const paper figures(use_.paper ? library_.paper : std::string_view());
  for (auto& t : tables)
    figures.annotate(t);
  if (is_figure(as)) {
    const auto script = gnuplot_of(tables);
    return as == format::svg ? svg_of(script, tables.size()) : script;
  }
  std::string out;
  for (const auto& t : tables)
    render(out, t, as, foot_, out.empty());
  return out;
}

POSTROAD_DECL std::vector<std::string> run::input_names(std::vector<std::string> files) {
  if (!use_.input.empty())
    files.insert(files.begin(), use_.input);
  if (files.empty())
    files.emplace_back("-");
  after_name_ = files.front() == "-" ? "now" : detail::column_name(files.front());
  return files;
}

POSTROAD_DECL void run::read_all(fold& into, std::vector<std::string> files) {
  many_files_ = files.size() > 1 || !use_.diff.empty();
  for (const auto& name : files) // now, not after an hour of reading the others
    if (name != "-" && ::access(name.c_str(), R_OK) != 0)
      throw detail::cannot("read", name);
  for (const auto& name : files)
    if (detail::asked_to_stop == 0)
      read_file(into, name);
  ::alarm(0);
  if (use_.progress)
    show_progress(true);
}

POSTROAD_DECL void run::read_file(fold& into, const std::string& name) {
  if (name == "-")
    return read_lines(into, "standard input", STDIN_FILENO);
  const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    throw detail::cannot("read", name);
  const std::unique_ptr<std::FILE, closer> owner(::fdopen(fd, "r"));
  read_lines(into, name, fd);
}

POSTROAD_DECL void run::read_lines(fold& into, const std::string& name, int fd) {
  if (use_.merge) {
    line_reader lines(fd);
    return read_partial(into, name, lines);
  }
  shard_hash shard;
  const auto lines =
      use_.threads > 1 ? read_by_crew(into, name, fd, shard) : read_alone(into, name, fd, shard);
  if (use_.partial && lines == 0)
    ++head_.empty;
  if (use_.partial && lines != 0 && !detail::must_stop(true) && !head_.shards.insert(shard.text()).second &&
      !use_.allow_duplicates)
    throw bad_partial(fmt::format("{} has been read before; --allow-duplicates takes it", name));
}

/// How many lines there were.
POSTROAD_DECL std::uint64_t run::read_alone(fold& into, const std::string& name, int fd, shard_hash& shard) {
  line_reader lines(fd);
  const bool pipe = detail::is_pipe(fd);
  std::string_view line;
  for (;;) {
    switch (lines.next(line)) {
    case got::lines:
      bytes_ += line.size() + 1;
      if ((++lines_ & 0xfff) == 0 && use_.progress)
        show_progress(false);
      if (use_.partial)
        shard.add(line);
      if (const auto why = into.add(line))
        reject(name, lines.number(), line, *why);
      break;
    case got::too_long:
      reject(name, lines.number(), {}, detail::too_long);
      break;
    case got::failed:
      throw detail::cannot("read", name);
    case got::end:
      return lines.number();
    case got::interrupted:
      break;
    }
    if (detail::must_stop(pipe))
      return lines.number();
  }
}

/// The same with several threads: this one reads.
POSTROAD_DECL std::uint64_t run::read_by_crew(fold& into, const std::string& name, int fd,
                                              shard_hash& shard) {
  crew workers(
      use_.threads, [&into] { return into.empty_copy(); }, use_.partial);
  block_reader blocks(fd);
  line_block block;
  const bool pipe = detail::is_pipe(fd);
  const auto name_rejected = [&] {
    for (const auto& r : workers.take_rejected())
      reject(name, r.number, r.text, r.why);
  };
  std::uint64_t read = 0;
  const auto before = lines_;
  for (bool more = true; more && !detail::must_stop(pipe);) {
    switch (blocks.next(block)) {
    case got::lines:
      bytes_ += block.size;
      ++read;
      workers.give(block);
      break;
    case got::too_long:
      ++read;
      workers.give_rejected(detail::too_long);
      break;
    case got::failed:
      throw detail::cannot("read", name);
    case got::end:
      more = false;
      break;
    case got::interrupted:
      break;
    }
    name_rejected();
    lines_ = before + workers.lines();
    if (use_.progress)
      show_progress(false);
  }
  workers.finish(into, shard);
  name_rejected();
  lines_ = before + workers.lines();
  return read;
}

/// Once a second on standard error: what was read, how fast.
POSTROAD_DECL void run::show_progress(bool last) {
  const auto now = std::chrono::steady_clock::now();
  if (!last && now - shown_ < std::chrono::seconds(1))
    return;
  shown_ = now;
  const double seconds = std::max(std::chrono::duration<double>(now - begun_).count(), 1e-3);
  fmt::print(stderr, "{:.0f} s: {} lines, {:.0f} MB, {:.0f} lines/s, {:.0f} MB/s, {} malformed\n", seconds,
             lines_, static_cast<double>(bytes_) / 1e6, static_cast<double>(lines_) / seconds,
             static_cast<double>(bytes_) / 1e6 / seconds, foot_.malformed);
}

POSTROAD_DECL void run::write_metadata(std::uint64_t records, std::string_view begun) const {
  std::string json;
  text::json_writer w(json);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_;
  w.object().member("tool", "aggregate").member("version", POSTROAD_VERSION);
  w.member_list("arguments", use_.arguments).member("spec", head_.spec);
  w.member("start", begun).member("end", text::now_rfc3339()).member("elapsed_ms", took.count() * 1000);
  w.member("interrupted", foot_.interrupted).member("in", records + foot_.malformed);
  w.member("rejected", foot_.malformed).member("bytes_in", bytes_).end();
  const std::unique_ptr<std::FILE, closer> out(std::fopen(use_.metadata.c_str(), "we"));
  if (!out || std::fputs((json + '\n').c_str(), out.get()) < 0 || std::fflush(out.get()) != 0)
    throw detail::cannot("write", use_.metadata);
}

POSTROAD_DECL void run::read_partial(fold& into, const std::string& name, line_reader& lines) {
  const auto before = std::exchange(head_.malformed, 0);
  try {
    partial_reader reader(head_, into, use_.allow_duplicates);
    std::string_view line;
    for (auto what = lines.next(line); what != got::end; what = lines.next(line)) {
      if (what == got::failed)
        throw detail::cannot("read", name);
      if (what == got::interrupted && detail::asked_to_stop != 0)
        throw bad_partial("interrupted");
      if (what == got::lines)
        reader.add(line);
    }
    reader.finish();
  } catch (const bad_partial& e) {
    throw bad_partial(fmt::format("{}: {}", name, e.what()));
  }
  foot_.malformed += head_.malformed;
  head_.malformed = before;
}

POSTROAD_DECL void run::reject(const std::string& name, std::uint64_t number, std::string_view line,
                               std::string_view why) {
  ++foot_.malformed;
  if (rejects_ && why == detail::too_long) // it was not kept
    fmt::print(rejects_.get(), "# line {}: {}\n", number, why);
  else if (rejects_)
    fmt::print(rejects_.get(), "{}\n", line);
  else if (!use_.quiet)
    fmt::print(stderr, "aggregate: {}line {}: {}\n", many_files_ ? name + ", " : "", number, why);
}

/// Says which paths no record had, of those that the flags name; false when there are any.
POSTROAD_DECL bool run::warn_of_paths(fold& before, fold& of, std::vector<std::string> never) const {
  if (of.records() + before.records() == 0)
    return true;
  const auto earlier = before.paths_never_seen();
  for (const auto& path : of.paths_never_seen())
    if (std::find(earlier.begin(), earlier.end(), path) != earlier.end())
      never.push_back(path);
  for (const auto& path : never)
    fmt::print(stderr, "aggregate: no record has {}\n", path);
  return never.empty();
}

POSTROAD_DECL void run::write(const std::string& text) const {
  const bool to_stdout = use_.output == "-";
  const int fd =
      to_stdout ? STDOUT_FILENO : ::open(use_.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    throw detail::cannot("write", use_.output);
  const int error = record::write_all(fd, text);
  const bool closed = to_stdout || ::close(fd) == 0;
  if (error == 0 && closed)
    return;
  errno = error != 0 ? error : errno;
  if (errno != EPIPE) // the reader has seen enough
    throw detail::cannot("write", to_stdout ? "to standard output" : use_.output);
}

} // namespace postroad::study
