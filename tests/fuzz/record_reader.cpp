// The reader against a second opinion, written from RFC 8259 alone: which lines are whole records, and that
// every way of reading reports the same values.
#include <postroad/record/reader.hpp>
#include <postroad/text/utf8.hpp>

#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace postroad::record;

namespace {

/// RFC 8259, section by section, one character at a time.
class opinion {
public:
  explicit opinion(std::string_view text) : s_(text) {}

  bool is_record() {
    blanks();
    return peek() == '{' && value(0) && (blanks(), at_ == s_.size()) && postroad::text::is_utf8(s_);
  }

private:
  static constexpr int deepest = 1024; // as the reader's

  [[nodiscard]] int peek() const { return at_ < s_.size() ? static_cast<unsigned char>(s_[at_]) : -1; }
  bool take(char c) {
    if (peek() != static_cast<unsigned char>(c))
      return false;
    ++at_;
    return true;
  }
  void blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')
      ++at_;
  }
  bool word(std::string_view w) {
    if (!s_.substr(at_).starts_with(w))
      return false;
    at_ += w.size();
    return true;
  }
  bool digits() {
    const auto start = at_;
    while (peek() >= '0' && peek() <= '9')
      ++at_;
    return at_ != start;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits())
      return false;
    if (take('.') && !digits())
      return false;
    if (take('e') || take('E')) {
      if (!take('+'))
        take('-');
      return digits();
    }
    return true;
  }
  bool hex() {
    const int c = peek();
    ++at_;
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }
  bool string() {
    if (!take('"'))
      return false;
    for (;;) {
      const int c = peek();
      ++at_;
      if (c == '"')
        return true;
      if (c < 0x20)
        return false; // the end is -1
      if (c != '\\')
        continue;
      const int e = peek();
      ++at_;
      if (e == 'u') {
        for (int i = 0; i < 4; ++i)
          if (!hex())
            return false;
      } else if (e < 0 ||
                 std::string_view("\"\\/bfnrt").find(static_cast<char>(e)) == std::string_view::npos) {
        return false;
      }
    }
  }
  bool members(int depth) {
    blanks();
    if (take('}'))
      return true;
    do {
      blanks();
      if (!string() || (blanks(), !take(':')) || !value(depth))
        return false;
    } while (take(','));
    return take('}');
  }
  bool elements(int depth) {
    blanks();
    if (take(']'))
      return true;
    do
      if (!value(depth))
        return false;
    while (take(','));
    return take(']');
  }
  /// Blanks around it, too.
  bool value(int depth) {
    blanks();
    bool good = false;
    if (depth > deepest)
      return false;
    if (peek() == '{')
      ++at_, good = depth < deepest && members(depth + 1);
    else if (peek() == '[')
      ++at_, good = depth < deepest && elements(depth + 1);
    else if (peek() == '"')
      good = string();
    else
      good = word("true") || word("false") || word("null") || number();
    blanks();
    return good;
  }

  std::string_view s_;
  std::size_t at_ = 0;
};

struct seen {
  std::size_t path, ordinal;
  value::kind is;
  std::string text, raw;
  friend bool operator==(const seen&, const seen&) = default;
};

void expect(bool holds) {
  if (!holds)
    std::abort();
}

std::vector<seen> read(reader& r, std::string_view line, const path_set& paths, checking how, bool& good) {
  std::vector<seen> out;
  const auto keep = [&](std::size_t path, const value& v, std::size_t ordinal) {
    expect(v.raw.data() >= line.data() && v.raw.data() + v.raw.size() <= line.data() + line.size());
    out.push_back({path, ordinal, v.is, std::string(v.text), std::string(v.raw)});
  };
  good = !r.read(line, paths, keep, how).has_value();
  return out;
}

/// Remembers scalars by their JSON, from line to line.
struct remembering {
  std::map<std::pair<std::size_t, std::string>, seen>& known;
  std::vector<seen>& out;

  void operator()(std::size_t path, const value& v, std::size_t ordinal) const {
    out.push_back({path, ordinal, v.is, std::string(v.text), std::string(v.raw)});
    if (known.size() > 10'000)
      known.clear();
    if (v.is != value::kind::object && v.is != value::kind::array)
      known.insert_or_assign({path, std::string(v.raw)}, out.back());
  }
  bool knows(std::size_t path, std::string_view json, std::size_t ordinal) const {
    expect(!json.empty());
    const auto at = known.find({path, std::string(json)});
    if (at == known.end())
      return false;
    out.push_back(at->second);
    out.back().ordinal = ordinal;
    return true;
  }
};

/// What is known must be what would be read.
void expect_remembered(reader& r, std::string_view line, const path_set& paths, checking how) {
  static std::map<std::pair<std::size_t, std::string>, seen> known;
  bool good = false;
  const auto plainly = read(r, line, paths, how, good);
  for (int again = 0; again < 2; ++again) {
    std::vector<seen> out;
    expect(!r.read(line, paths, remembering{known, out}, how).has_value() == good);
    expect(!good || out == plainly);
  }
}

constexpr const char* asked[] = {
    "a",   "b.c", "mx.hosts[].name", "mx.hosts[].ip[]", "mx", "t{}", "t{}.n", "t.x", "\"\"", "{}",
    "t.n", "{}.n"};

const path_set& paths() {
  static const path_set all = [] {
    path_set p;
    for (const auto* path : asked)
      expect(p.add(path).has_value());
    return p;
  }();
  return all;
}

/// What a path gives must not depend on what else is asked for.
void expect_each_alone(reader& r, std::string_view line, const std::vector<seen>& together) {
  static const auto alone = [] {
    std::vector<path_set> sets(std::size(asked));
    for (std::size_t i = 0; i < sets.size(); ++i)
      expect(sets[i].add(asked[i]).has_value());
    return sets;
  }();
  for (std::size_t i = 0; i < alone.size(); ++i) {
    bool good = false;
    auto by_itself = read(r, line, alone[i], checking::touched, good);
    for (auto& v : by_itself)
      v.path = i;
    std::vector<seen> of_all;
    for (const auto& v : together)
      if (v.path == i)
        of_all.push_back(v);
    expect(good && by_itself == of_all);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static reader r; // the state that one line leaves behind must not reach the next
  static const path_set none;
  std::string line(reinterpret_cast<const char*>(data), size);
  if (line.find('\n') != std::string::npos)
    return 0;
  // What stands behind the line must not matter.
  std::string quotes = line + std::string(line_slack, '"'), braces = line + std::string(line_slack, '}');
  const std::string_view first(quotes.data(), size), second(braces.data(), size);

  const bool right = opinion(first).is_record();
  bool whole = false, whole_again = false, once = false, touched = false, bare = false;
  const auto all = read(r, first, paths(), checking::whole, whole);
  const auto all_again = read(r, second, paths(), checking::whole, whole_again);
  const auto firsts = read(r, first, paths(), checking::whole_first, once);
  const auto some = read(r, second, paths(), checking::touched, touched);
  read(r, first, none, checking::whole, bare);
  for (const auto how : {checking::whole, checking::whole_first, checking::touched})
    expect_remembered(r, second, paths(), how);
  expect(whole == right && whole_again == right && once == right && bare == right);
  if (!right)
    return 0;
  expect(all == all_again && touched && some == firsts && firsts.size() <= all.size());
  expect_each_alone(r, second, firsts);
  for (const auto& v : all) {
    expect(postroad::text::is_utf8(v.text));
    if (v.is == value::kind::object || v.is == value::kind::array) { // raw is a value by itself
      const std::string wrapped = "{\"v\":" + v.raw + "}";
      expect(opinion(wrapped).is_record());
    }
  }
  return 0;
}
