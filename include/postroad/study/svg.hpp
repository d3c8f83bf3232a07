/// Figures drawn by gnuplot.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sys/wait.h>

namespace postroad::study {

/// What gnuplot(1) makes of a script of gnuplot_of with that many figures. Throws std::runtime_error where
/// there is no gnuplot, or where it does not like the script.
[[nodiscard]] inline std::string svg_of(std::string_view script, std::size_t figures) {
  struct closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, closer> in(std::tmpfile());
  constexpr std::size_t width = 840, height = 460;
  const auto terminal =
      fmt::format("set terminal svg size {},{} dynamic font 'sans-serif,13' background 'white'\n", width,
                  height * std::max<std::size_t>(figures, 1));
  if (!in || std::fputs(terminal.c_str(), in.get()) < 0 ||
      std::fwrite(script.data(), 1, script.size(), in.get()) != script.size() || std::fflush(in.get()) != 0)
    throw std::runtime_error("cannot write a script for gnuplot");
  // The child has the descriptor, and reads the file from its beginning.
  const auto command = fmt::format("LC_ALL=C.UTF-8 gnuplot /dev/fd/{}", ::fileno(in.get()));
  std::FILE* const drawn = ::popen(command.c_str(), "re");
  if (drawn == nullptr)
    throw std::runtime_error("cannot start gnuplot");
  std::string out;
  char part[4096];
  for (std::size_t n = 0; (n = std::fread(part, 1, sizeof part, drawn)) > 0;)
    out.append(part, n);
  constexpr int not_found = 127; // of sh(1)
  const int status = ::pclose(drawn);
  if (WIFEXITED(status) && WEXITSTATUS(status) == not_found)
    throw std::runtime_error("gnuplot is not there: it draws the figures (package gnuplot-nox)");
  if (status != 0 || !out.starts_with("<?xml"))
    throw std::runtime_error("gnuplot did not draw it");
  return out;
}

} // namespace postroad::study
