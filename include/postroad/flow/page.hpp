/// A record as people read it: what the pages of the tools are made of.
#pragma once

#include <postroad/flow/job.hpp>
#include <postroad/record/path.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/text/unescape.hpp>

#include <cstddef>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace postroad::flow {

/// Looks up paths in a finished record, one line at a time. Texts are unescaped, other values stand as JSON
/// writes them.
class page_view {
public:
  explicit page_view(std::string_view line) : line_(line) { line_.append(record::line_slack, '\0'); }

  /// Every value at a path, with its ordinal in the outermost list.
  struct item {
    std::size_t ordinal;
    std::string text;
  };
  [[nodiscard]] std::vector<item> all(std::string_view path) {
    record::path_set paths;
    std::vector<item> found;
    if (!paths.add(path))
      return found;
    record::reader reader;
    const auto size = line_.size() - record::line_slack;
    const auto keep = [&](std::size_t, const record::value& v, std::size_t ordinal) {
      found.push_back({ordinal, std::string(v.is == record::value::kind::text ? v.text : v.raw)});
    };
    if (reader.read({line_.data(), size}, paths, keep))
      found.clear();
    return found;
  }
  /// The one value at a path, or "".
  [[nodiscard]] std::string one(std::string_view path) {
    const auto found = all(path);
    return found.empty() ? std::string() : found.front().text;
  }
  [[nodiscard]] bool is(std::string_view path, std::string_view text) { return one(path) == text; }

private:
  std::string line_;
};

/// Colours where they are wanted: on a terminal, unless NO_COLOR is set (no-color.org).
enum class tone { plain, good, bad, warn, dim, bold };

[[nodiscard]] inline std::string tinted(tone how, std::string_view s) {
  static const bool wanted = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  static constexpr std::string_view codes[] = {"", "\033[32m", "\033[31m", "\033[33m", "\033[2m", "\033[1m"};
  if (!wanted || how == tone::plain)
    return std::string(s);
  return std::string(codes[static_cast<std::size_t>(how)]) + std::string(s) + "\033[0m";
}

/// Text from the network made safe for a terminal: control characters, C1 and bidirectional controls become
/// '?'.
[[nodiscard]] inline std::string safe(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    const auto next = i + 1 < s.size() ? static_cast<unsigned char>(s[i + 1]) : 0;
    const auto third = i + 2 < s.size() ? static_cast<unsigned char>(s[i + 2]) : 0;
    if (c < 0x20 || c == 0x7f) {
      out += '?';
    } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) { // U+0080 to U+009F
      out += '?';
      ++i;
    } else if (c == 0xe2 && ((next == 0x80 && third >= 0xaa && third <= 0xae) ||  // U+202A to U+202E
                             (next == 0x81 && third >= 0xa6 && third <= 0xa9))) { // U+2066 to U+2069
      out += '?';
      i += 2;
    } else {
      out += s[i];
    }
  }
  return out;
}

/// One line of a page: a label in its column, then the text.
[[nodiscard]] inline std::string row(std::string_view label, std::string_view text) {
  constexpr std::size_t column = 14;
  std::string out = "  " + tinted(tone::dim, label);
  out.append(label.size() < column ? column - label.size() : 1, ' ');
  return out + std::string(text) + '\n';
}

/// Whom the record is about: the domain, the host, or the address.
[[nodiscard]] inline std::string headline(page_view& v) {
  for (const auto* path : {"domain", "host", "ip"})
    if (auto s = v.one(path); !s.empty())
      return safe(s);
  return "(no subject)";
}

} // namespace postroad::flow
