#pragma once

#include <postroad/study/flag_text.hpp>

namespace postroad::study {

POSTROAD_DECL std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool open = false; // a word has begun, perhaps an empty one
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == '\'' || (quote == '"' && c != '\\')) {
      word += c;
    } else if (c == '\\' && i + 1 < text.size()) {
      ++i;
      if (quote == '"' && text[i] != '"' && text[i] != '\\')
        word += '\\';
      if (text[i] != '\n')
        word += text[i], open = true;
    } else if (c == '\'' || c == '"') {
      quote = c;
      open = true;
    } else if (c == '#' && !open) {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (!text::is_space(c)) {
      word += c;
      open = true;
    } else if (open) {
      words.push_back(std::move(word));
      word.clear();
      open = false;
    }
  }
  if (quote != 0)
    throw bad_spec("a quote does not end");
  if (open)
    words.push_back(std::move(word));
  return words;
}

POSTROAD_DECL void join_quantiles(std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const bool ranks_follow = words[i] == "--quantiles";
    const bool ranks_inside = words[i].starts_with("--quantiles=");
    const auto at = i + (ranks_follow ? 1 : 0);
    if ((!ranks_follow && !ranks_inside) || at + 1 >= words.size() ||
        words[at].find(' ') != std::string::npos)
      continue;
    words[at] += ' ' + words[at + 1];
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

} // namespace postroad::study
