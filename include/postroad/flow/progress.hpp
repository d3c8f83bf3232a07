/// What a run has done so far, and the line on standard error that shows it.
#pragma once

#include <postroad/outcome.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace postroad::flow {

struct tally {
  std::uint64_t in = 0;       ///< lines that were records
  std::uint64_t out = 0;      ///< records written
  std::uint64_t passed = 0;   ///< of those in: not measured because of --only
  std::uint64_t rejected = 0; ///< lines that were none
  int rejects_lost = 0;       ///< errno of a write to the file of --rejects
  std::uint64_t input_bytes = 0;
  std::uint64_t input_bytes_total = 0; ///< 0: unknown
  std::array<std::uint64_t, outcome_words.size()> outcomes{};

  void add(outcome what) noexcept { ++outcomes[static_cast<std::size_t>(what)]; }
};

/// The length of the input when it is known: a regular file has one.
[[nodiscard]] inline std::uint64_t input_length(int fd) {
  struct stat st {};
  return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? static_cast<std::uint64_t>(st.st_size) : 0;
}

/// Example: "12,345 done  1,234/s  800 in flight  ok 11,000  nxdomain 1,345  3:20 left".
[[nodiscard]] inline std::string progress_line(const tally& t, std::size_t in_flight,
                                               std::chrono::duration<double> took) {
  const double rate = took.count() > 0 ? static_cast<double>(t.out) / took.count() : 0;
  std::string line = fmt::format("{} done  {}/s  {} in flight", text::grouped(t.out),
                                 text::grouped(static_cast<std::uint64_t>(rate)), text::grouped(in_flight));
  for (std::size_t i = 0; i < t.outcomes.size(); ++i)
    if (t.outcomes[i] > 0)
      line += fmt::format("  {} {}", outcome_words[i], text::grouped(t.outcomes[i]));
  if (t.input_bytes > 0 && t.input_bytes_total > t.input_bytes) {
    const double left = took.count() * static_cast<double>(t.input_bytes_total - t.input_bytes) /
                        static_cast<double>(t.input_bytes);
    const auto seconds = static_cast<std::uint64_t>(left);
    line += fmt::format("  {}:{:02} left", seconds / 60, seconds % 60);
  }
  return line;
}

/// On a terminal the line stays in its place, elsewhere each is a line of its own.
inline void show_progress(const std::string& line) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  fmt::print(stderr, "{}{}{}", terminal ? "\r\033[K" : "", line, terminal ? "" : "\n");
  std::fflush(stderr);
}
inline void clear_progress() {
  if (::isatty(STDERR_FILENO) == 1)
    fmt::print(stderr, "\r\033[K");
}

} // namespace postroad::flow
