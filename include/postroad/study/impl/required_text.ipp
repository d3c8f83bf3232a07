#pragma once

#include <postroad/study/required_text.hpp>

#include <algorithm>
#include <cstddef>

namespace postroad::study {

namespace detail {

/// Goes through an expression and keeps the longest run. What it is not sure of ends a run.
class plain_runs {
public:
  explicit plain_runs(std::string_view regex) : regex_(regex) {}

  [[nodiscard]] std::string longest() {
    for (; at_ < regex_.size(); ++at_)
      if (!read(regex_[at_]))
        return {};
    end_run();
    return longest_;
  }

private:
  /// False where nothing can be said of the whole.
  bool read(char c) {
    switch (c) {
    case '|': // each side has runs of its own
    case ')':
      return false;
    case '(':
      return end_run(), skip_group();
    case '[':
      return end_run(), skip_brackets();
    case '\\':
      ++at_;
      return end_run(), at_ < regex_.size();
    case '{':
      drop_last();
      at_ = std::min(regex_.find('}', at_), regex_.size() - 1);
      return true;
    case '*':
    case '+':
    case '?':
      return drop_last(), true;
    case '.':
    case '^':
    case '$':
      return end_run(), true;
    default:
      run_ += c;
      return true;
    }
  }

  void end_run() {
    if (run_.size() > longest_.size())
      longest_ = run_;
    run_.clear();
  }
  /// What is repeated may not be there at all. It is one character, of one byte or more (RFC 3629 3).
  void drop_last() {
    while (!run_.empty() && (static_cast<unsigned char>(run_.back()) & 0xc0) == 0x80)
      run_.pop_back();
    if (!run_.empty())
      run_.pop_back();
    end_run();
  }
  /// From its parenthesis to that which closes it.
  bool skip_group() {
    for (std::size_t depth = 1; ++at_ < regex_.size();) {
      const char c = regex_[at_];
      if (c == '\\')
        ++at_;
      else if (c == '[' && !skip_brackets())
        return false;
      depth += c == '(';
      depth -= c == ')';
      if (depth == 0)
        return true;
    }
    return false;
  }
  /// From [ to ]: a ] that comes first is one of the characters, and [:class:], [.x.] and [=x=] have their
  /// own.
  bool skip_brackets() {
    ++at_;
    at_ += at_ < regex_.size() && regex_[at_] == '^';
    at_ += at_ < regex_.size() && regex_[at_] == ']';
    while (at_ < regex_.size() && regex_[at_] != ']')
      skip_one_of_brackets();
    return at_ < regex_.size();
  }
  void skip_one_of_brackets() {
    const char next = at_ + 1 < regex_.size() ? regex_[at_ + 1] : '\0';
    if (regex_[at_++] != '[' || (next != ':' && next != '.' && next != '='))
      return;
    const char end[] = {next, ']', '\0'};
    at_ = std::min(regex_.find(end, at_ + 1), regex_.size() - 2) + 2;
  }

  std::string_view regex_;
  std::size_t at_ = 0;
  std::string run_, longest_;
};

} // namespace detail

POSTROAD_DECL std::string required_text(std::string_view regex) {
  return detail::plain_runs(regex).longest();
}

POSTROAD_DECL bool is_plain_text(std::string_view regex) noexcept {
  return regex.find_first_of("|()[]{}\\*+?.^$") == std::string_view::npos;
}

} // namespace postroad::study
