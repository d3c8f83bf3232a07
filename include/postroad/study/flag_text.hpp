/// How the texts of a table's flags are taken apart: words as in sh(1), labels, lists, conditions.
///
/// Example: split_label("\"a = b\"=c") is the label `a = b` and the rest `c`.
#pragma once

#include <postroad/config.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::study {

/// Flags that make no table; the message says which and why.
struct bad_spec : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Splits text into words as sh(1) does, with '…', "…" and \ quoting and # comments. Throws bad_spec.
[[nodiscard]] std::vector<std::string> shell_words(std::string_view text);

/// `--quantiles RANKS PATH` as two words becomes one value, as getopt(3) wants it.
void join_quantiles(std::vector<std::string>& words);

namespace detail {

/// Goes through a text, and knows what stands in quotes.
class quotes {
public:
  /// Whether the next character stands outside of them.
  [[nodiscard]] bool outside(char c) noexcept {
    if (escaped_)
      return escaped_ = false;
    if (inside_ && c == '\\')
      return escaped_ = true, false;
    if (c == '"')
      return inside_ = !inside_, false;
    return !inside_;
  }

private:
  bool inside_ = false, escaped_ = false;
};

/// A label that may stand in quotes.
[[nodiscard]] inline std::string plain_label(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"'))
    return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    i += text[i] == '\\' && i + 2 < text.size() ? 1 : 0;
    out += text[i];
  }
  return out;
}

/// "Label=rest" at the first = outside of quotes; no label when there is none. A label in quotes may have =
/// in it.
[[nodiscard]] inline std::pair<std::optional<std::string>, std::string_view>
split_label(std::string_view text) {
  quotes walk;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (walk.outside(text[i]) && text[i] == '=')
      return {plain_label(text::trimmed(text.substr(0, i))), text::trimmed(text.substr(i + 1))};
  return {std::nullopt, text::trimmed(text)};
}

/// `PATH if EXPR` in two; the second is empty where there is no condition.
[[nodiscard]] inline std::pair<std::string_view, std::string_view> split_condition(std::string_view text) {
  constexpr std::string_view word = " if ";
  quotes walk;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (walk.outside(text[i]) && text.substr(i).starts_with(word))
      return {text::trimmed(text.substr(0, i)), text::trimmed(text.substr(i + word.size()))};
  return {text, {}};
}

/// The parts of a list of paths: commas outside of quotes separate.
[[nodiscard]] inline std::vector<std::string_view> split_paths(std::string_view text) {
  std::vector<std::string_view> out;
  quotes walk;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && (!walk.outside(text[i]) || text[i] != ','))
      continue;
    out.push_back(text::trimmed(text.substr(start, i - start)));
    start = i + 1;
  }
  return out;
}

/// The word for sh(1): bare when it can be.
[[nodiscard]] inline std::string shell_quoted(std::string_view word) {
  const auto plain = [](char c) {
    return text::is_alnum(c) || std::string_view("_-.,/:@%+").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain))
    return std::string(word);
  std::string out = "'";
  for (const char c : word)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + '\'';
}

} // namespace detail

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/flag_text.ipp>
#endif
