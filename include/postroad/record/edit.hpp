/// Writing a record on: one member appended or replaced, every other byte as it came.
#pragma once

#include <postroad/text/json.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace postroad::record {

/// A piece of the line that holds the value of a top-level member which is to be replaced. `value` points
/// into the line.
struct present {
  std::string_view name;
  std::string_view value;
};

/// A member to write. `json` is its value, JSON already.
struct member {
  std::string_view name;
  std::string_view json;
};

namespace detail {

inline std::size_t start_of_key(std::string_view line, std::size_t value_at) {
  // back over blanks, the colon, blanks, then the key's string; a quote inside the key is escaped with a
  // backslash
  auto at = line.rfind(':', value_at - 1);
  at = line.rfind('"', at - 1);
  do
    at = line.rfind('"', at - 1);
  while (at > 0 && line[at - 1] == '\\');
  return at;
}

/// The comma that goes when a member goes: the one before it, or the one behind it if it is the first.
inline void cut_member(std::string& line, std::size_t key_at, std::size_t end) {
  const auto before = line.find_last_not_of(" \t\r\n", key_at - 1);
  if (line[before] == ',') {
    line.erase(before, end - before);
    return;
  }
  const auto behind = line.find_first_not_of(" \t\r\n", end);
  line.erase(key_at, (behind != std::string::npos && line[behind] == ',' ? behind + 1 : end) - key_at);
}

} // namespace detail

/// Appends the record to `out`, with `members` in it, and a line feed.
///
/// `line` is a valid JSON object; blanks around it go, all else stays. A member that `there` names is
/// replaced where it stands; if it stands there twice, the later ones go. The others are appended in order.
/// Example: {"a":1} with mx = {} gives {"a":1,"mx":{}}.
inline void append_record(std::string& out, std::string_view line, std::span<const present> there,
                          std::span<const member> members) {
  while (!line.empty() && static_cast<unsigned char>(line.front()) <= ' ')
    line.remove_prefix(1);
  while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ')
    line.remove_suffix(1);
  const auto is_there = [&](std::string_view name) {
    return std::any_of(there.begin(), there.end(), [&](const present& p) { return p.name == name; });
  };
  const auto start = out.size();
  out.append(line);
  // From the back, so that what is still to be done keeps its place.
  for (std::size_t i = there.size(); i-- > 0;) {
    const auto& old = there[i];
    const auto fresh =
        std::find_if(members.begin(), members.end(), [&](const member& m) { return m.name == old.name; });
    if (fresh == members.end())
      continue;
    const auto at = static_cast<std::size_t>(old.value.data() - line.data());
    const bool again = std::any_of(there.begin(), there.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const present& p) { return p.name == old.name; });
    if (again) {
      std::string tail = out.substr(start);
      detail::cut_member(tail, detail::start_of_key(line, at), at + old.value.size());
      out.replace(start, std::string::npos, tail);
    } else {
      out.replace(start + at, old.value.size(), fresh->json);
    }
  }
  out.pop_back(); // the closing brace
  while (out.back() == ' ' || out.back() == '\t')
    out.pop_back();
  bool first = out.size() == start + 1;
  for (const auto& m : members) {
    if (is_there(m.name))
      continue;
    if (!first)
      out += ',';
    first = false;
    text::append_json_string(out, m.name);
    out += ':';
    out.append(m.json);
  }
  out += "}\n";
}

} // namespace postroad::record
