#pragma once

#include <postroad/study/expression.hpp>
#include <postroad/study/interner.hpp>
#include <postroad/study/required_text.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include <regex.h>

namespace postroad::study {

struct expression::pattern {
  regex_t compiled{};
  std::string required; ///< stands in every text that fits; far quicker to look for
  bool is_plain;        ///< and what it stands in fits

  explicit pattern(const char* regex) : required(required_text(regex)), is_plain(is_plain_text(regex)) {}
  pattern(const pattern&) = delete;
  pattern& operator=(const pattern&) = delete;
  ~pattern() { regfree(&compiled); }

  [[nodiscard]] bool fits(std::string_view s) const {
    const bool may_fit = memmem(s.data(), s.size(), required.data(), required.size()) != nullptr;
    if (is_plain || !may_fit)
      return may_fit;
    thread_local std::string text; // with a NUL at the end, which some look for all the same
    text = s;
    regmatch_t whole{0, static_cast<regoff_t>(text.size())}; // a NUL inside is a character like others
    return regexec(&compiled, text.c_str(), 0, &whole, REG_STARTEND) == 0;
  }
};

/// Words of a list: a few are looked through, many are hashed. Numbers among them are looked up as numbers.
class expression::word_set {
public:
  explicit word_set(std::vector<literal> words) {
    for (auto& w : words) {
      if (w.number)
        numbers_.push_back(*w.number);
      words_.push_back(std::move(w.text));
    }
    std::sort(words_.begin(), words_.end());
    words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
    std::sort(numbers_.begin(), numbers_.end());
    if (words_.size() > few)
      for (const auto& w : words_)
        static_cast<void>(many_.index_of(w));
  }
  [[nodiscard]] bool has(std::string_view word, const std::optional<decimal>& number) const {
    return has_word(word) || (number && std::binary_search(numbers_.begin(), numbers_.end(), *number));
  }
  [[nodiscard]] bool has_numbers() const noexcept { return !numbers_.empty(); }

private:
  [[nodiscard]] bool has_word(std::string_view word) const {
    if (words_.size() > few)
      return many_.find(word).has_value();
    return std::any_of(words_.begin(), words_.end(),
                       [&](const auto& w) { return detail::same_bytes(w, word); });
  }

  static constexpr std::size_t few = 8;
  std::vector<std::string> words_;
  std::vector<decimal> numbers_;
  interner many_;
};

/// Recursive descent; the nodes come out with operands before operators.
class expression::parser {
public:
  parser(std::string_view source, record::path_set& paths) : source_(source), paths_(paths) {}

  result<expression> parse() {
    if (!either(0))
      return failure(error_);
    skip_blanks();
    if (at_ != source_.size())
      return failure{at_, "'and', 'or' or the end is missing"};
    out_.source_ = source_;
    return std::move(out_);
  }

private:
  static constexpr int deepest = 200; // parentheses and nots in one another; nobody types more

  bool fail(std::string_view why) {
    error_ = {at_, why, {}};
    return false;
  }
  void skip_blanks() {
    while (at_ < source_.size() && text::is_space(source_[at_]))
      ++at_;
  }
  /// Takes `sign` if it comes next.
  bool take(std::string_view sign) {
    skip_blanks();
    if (!source_.substr(at_).starts_with(sign))
      return false;
    at_ += sign.size();
    return true;
  }
  /// Takes the word if it comes next, as a whole.
  bool take_word(std::string_view word) {
    skip_blanks();
    const auto rest = source_.substr(at_);
    if (!rest.starts_with(word))
      return false;
    const auto behind = rest.substr(word.size());
    if (!behind.empty() && !text::is_space(behind[0]) && behind[0] != '(' && behind[0] != ')' &&
        behind[0] != '@' && behind[0] != '"' && behind[0] != '\'' && behind[0] != '!')
      return false;
    at_ += word.size();
    return true;
  }

  std::size_t put(node n) {
    out_.nodes_.push_back(std::move(n));
    return out_.nodes_.size() - 1;
  }
  bool joined(kind is, std::size_t left) {
    put({.is = is, .left = left, .right = out_.nodes_.size() - 1});
    return true;
  }

  bool either(int depth) {
    if (!both(depth))
      return false;
    while (take_word("or")) {
      const auto left = out_.nodes_.size() - 1;
      if (!both(depth) || !joined(kind::either, left))
        return false;
    }
    return true;
  }

  bool both(int depth) {
    if (!negated(depth))
      return false;
    while (take_word("and")) {
      const auto left = out_.nodes_.size() - 1;
      if (!negated(depth) || !joined(kind::both, left))
        return false;
    }
    return true;
  }

  bool negated(int depth) {
    if (depth > deepest)
      return fail("nested too deep");
    if (take_word("not") || take("!"))
      return negated(depth + 1) && joined(kind::negation, out_.nodes_.size() - 1);
    if (take("("))
      return either(depth + 1) && (take(")") || fail("a parenthesis does not end"));
    if (take_word("else"))
      return put({.is = kind::otherwise}), true;
    const bool any_kind = take_word("has");
    const auto start = at_;
    const auto path = take_path();
    if (!path)
      return false;
    if (any_kind)
      put({.is = kind::has, .path = *path});
    else if (!test(*path))
      return false;
    out_.nodes_.back().spelled = text::trimmed(source_.substr(start, at_ - start));
    return true;
  }

  std::optional<std::size_t> take_path() {
    skip_blanks();
    const auto start = at_;
    bool quoted = false;
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (quoted && c == '\\' && at_ + 1 < source_.size())
        ++at_;
      else if (c == '"')
        quoted = !quoted;
      else if (!quoted &&
               (text::is_space(c) || std::string_view("=!<>~(),").find(c) != std::string_view::npos))
        break;
      ++at_;
    }
    if (at_ == start)
      return fail("a path is missing"), std::nullopt;
    const auto spelled = source_.substr(start, at_ - start);
    for (const std::string_view word : {"and", "or", "in", "not", "has", "else"})
      if (spelled == word) {
        at_ = start;
        return fail("a path is missing; one that is called like this needs quotes"), std::nullopt;
      }
    const auto path = paths_.add(spelled);
    if (path)
      return *path;
    error_ = path.error();
    error_.offset += start;
    return std::nullopt;
  }

  bool test(std::size_t path) {
    static constexpr std::pair<std::string_view, kind> signs[] = {
        {"!=", kind::unequal}, {"<=", kind::at_most}, {">=", kind::at_least}, {"==", kind::equal},
        {"=", kind::equal},    {"<", kind::less},     {">", kind::more}};
    for (const auto& [sign, is] : signs) {
      if (!take(sign))
        continue;
      auto word = take_literal();
      return word && (put({.is = is, .path = path, .word = std::move(*word)}), true);
    }
    if (take("~"))
      return fitting(path);
    if (take_word("in"))
      return listed(path);
    return put({.is = kind::truth, .path = path}), true;
  }

  std::optional<literal> take_literal() {
    skip_blanks();
    literal out;
    if (at_ < source_.size() && (source_[at_] == '"' || source_[at_] == '\''))
      return take_quoted();
    const auto start = at_;
    while (at_ < source_.size() && !text::is_space(source_[at_]) && source_[at_] != ',' &&
           source_[at_] != '(' && source_[at_] != ')')
      ++at_;
    if (at_ == start)
      return fail("a value is missing"), std::nullopt;
    out.text = source_.substr(start, at_ - start);
    out.number = decimal_of(out.text);
    return out;
  }

  std::optional<literal> take_quoted() {
    const char quote = source_[at_++];
    literal out{.text = {}, .quoted = true, .number = std::nullopt};
    for (; at_ < source_.size(); ++at_) {
      if (source_[at_] == quote)
        return ++at_, out;
      if (source_[at_] == '\\' && at_ + 1 < source_.size())
        ++at_;
      out.text += source_[at_];
    }
    return fail("a quoted value does not end"), std::nullopt;
  }

  bool fitting(std::size_t path) {
    const auto start = at_;
    const auto word = take_literal();
    if (!word)
      return false;
    auto regex = std::make_shared<pattern>(word->text.c_str());
    if (regcomp(&regex->compiled, word->text.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
      at_ = start;
      return fail("no extended regular expression");
    }
    return put({.is = kind::fits, .path = path, .regex = std::move(regex)}), true;
  }

  bool listed(std::size_t path) {
    std::vector<literal> words;
    if (take("@")) {
      const auto start = at_;
      const auto name = take_literal();
      if (!name)
        return false;
      at_ = start;
      if (!read_list(name->text, words))
        return fail("the file cannot be read");
      at_ = start + std::string_view(source_).substr(start).find(name->text) + name->text.size() +
            (name->quoted ? 1 : 0);
    } else {
      do {
        auto word = take_literal();
        if (!word)
          return false;
        words.push_back(std::move(*word));
      } while (take(","));
    }
    auto set = std::make_shared<const word_set>(std::move(words));
    return put({.is = kind::in, .path = path, .set = std::move(set)}), true;
  }

  /// One word a line; blank lines and # lines are none.
  static bool read_list(const std::string& name, std::vector<literal>& words) {
    std::ifstream in(name);
    for (std::string line; std::getline(in, line);) {
      const auto word = text::trimmed(line);
      if (!word.empty() && word[0] != '#')
        words.push_back({.text = std::string(word), .quoted = false, .number = decimal_of(word)});
    }
    return in.eof();
  }

  std::string_view source_;
  record::path_set& paths_;
  std::size_t at_ = 0;
  expression out_;
  parse_error error_;
};

POSTROAD_DECL result<expression> expression::parse(std::string_view source, record::path_set& paths) {
  return parser(source, paths).parse();
}

POSTROAD_DECL bool expression::has_else() const noexcept {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const node& n) { return n.is == kind::otherwise; });
}

POSTROAD_DECL bool expression::asks_for_number(const node& n) noexcept {
  return n.word.number || (n.set && n.set->has_numbers());
}

POSTROAD_DECL bool expression::equals(const node& n, const record::value& v,
                                      const std::optional<decimal>& number) {
  if (detail::same_bytes(shown(v), n.word.text))
    return !n.word.quoted || v.is == record::value::kind::text;
  return n.word.number && number == n.word.number;
}

POSTROAD_DECL bool expression::compares(const node& n, const record::value& v,
                                        const std::optional<decimal>& number) {
  const bool as_numbers = n.word.number && number;
  if (!as_numbers && v.is != record::value::kind::text)
    return false;
  const auto order = as_numbers ? *number <=> *n.word.number : shown(v) <=> std::string_view(n.word.text);
  switch (n.is) {
  case kind::less:
    return order < 0;
  case kind::at_most:
    return order <= 0;
  case kind::more:
    return order > 0;
  default:
    return order >= 0;
  }
}

POSTROAD_DECL bool expression::fits(const node& n, const record::value& v,
                                    const std::optional<decimal>& number) {
  using value = record::value;
  switch (n.is) {
  case kind::truth:
    return v.is != value::kind::null && (v.is != value::kind::boolean || v.boolean);
  case kind::has:
    return true;
  case kind::equal:
    return equals(n, v, number);
  case kind::unequal:
    return !equals(n, v, number);
  case kind::in:
    return n.set->has(shown(v), number);
  case kind::fits:
    return n.regex->fits(shown(v));
  default:
    return compares(n, v, number);
  }
}

POSTROAD_DECL std::string expression::spelling_of(std::size_t at) const {
  return std::to_string(static_cast<int>(nodes_[at].is)) + " " + nodes_[at].spelled;
}

} // namespace postroad::study
