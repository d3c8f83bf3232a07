/// The bodies of reader.hpp. simdjson finds the tokens of a line (its stage 1, which also holds UTF-8, the
/// ends of strings and control characters inside them); walking over them is ours, because a filter needs
/// paths in any order, members of one name, the raw text of a value and, on demand, the whole line checked,
/// all in one pass, and because simdjson's own on-demand documents must not be touched again after an error.
#pragma once

#include <postroad/record/reader.hpp>
#include <postroad/text/utf8.hpp>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace postroad::record {

namespace detail {

/// Room for unescaped text that never moves while a line is read.
class arena {
public:
  void clear() noexcept {
    if (blocks_.size() > 1)
      blocks_.erase(blocks_.begin(), blocks_.end() - 1); // the last is the largest
    used_ = 0;
  }
  [[nodiscard]] char* room(std::size_t bytes) {
    if (blocks_.empty() || blocks_.back().size() - used_ < bytes) {
      const auto twice = blocks_.empty() ? std::size_t{1} << 12 : 2 * blocks_.back().size();
      blocks_.emplace_back(std::max(bytes, twice));
      used_ = 0;
    }
    return blocks_.back().data() + used_;
  }
  void keep(std::size_t bytes) noexcept { used_ += bytes; }

private:
  std::vector<std::vector<char>> blocks_;
  std::size_t used_ = 0;
};

[[nodiscard]] inline bool is_json_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Characters that may stand behind a number or a literal.
inline constexpr auto ends_scalar = [] {
  std::array<bool, 256> is{};
  for (const char c : std::string_view(" \t\n\r,:[]{}"))
    is[static_cast<unsigned char>(c)] = true;
  return is;
}();

[[nodiscard]] inline bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

[[nodiscard]] inline const char* skip_digits(const char* p) noexcept {
  while (is_digit(*p))
    ++p;
  return p;
}

struct number_span {
  const char* end; ///< null when it is no number
  bool whole;      ///< neither fraction nor exponent
};

/// RFC 8259 6: [ minus ] int [ frac ] [ exp ]. Something that is no digit must stand behind the number.
[[nodiscard]] inline number_span span_number(const char* p) noexcept {
  constexpr number_span bad{nullptr, false};
  bool whole = true;
  if (*p == '-')
    ++p;
  if (!is_digit(*p))
    return bad;
  p = *p == '0' ? p + 1 : skip_digits(p);
  if (*p == '.') {
    whole = false;
    if (!is_digit(*++p))
      return bad;
    p = skip_digits(p);
  }
  if (*p == 'e' || *p == 'E') {
    whole = false;
    ++p;
    if (*p == '+' || *p == '-')
      ++p;
    if (!is_digit(*p))
      return bad;
    p = skip_digits(p);
  }
  return {ends_scalar[static_cast<unsigned char>(*p)] ? p : nullptr, whole};
}

[[nodiscard]] inline int hex_digit(char c) noexcept {
  if (is_digit(c))
    return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// The number that four hex digits make, or -1.
[[nodiscard]] inline int hex_quad(std::string_view s) noexcept {
  if (s.size() < 4)
    return -1;
  int number = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(s[static_cast<std::size_t>(i)]);
    if (digit < 0)
      return -1;
    number = number * 16 + digit;
  }
  return number;
}

[[nodiscard]] inline char short_escape(char c) noexcept {
  switch (c) {
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case '"':
  case '\\':
  case '/':
    return c;
  default:
    return 0;
  }
}

inline char* put_utf8(char* out, std::uint32_t code) noexcept {
  const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80)
    return put(code), out;
  if (code < 0x800)
    return put(0xc0 | code >> 6), put(0x80 | (code & 0x3f)), out;
  if (code < 0x10000)
    return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f)), out;
  return put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)),
         put(0x80 | (code & 0x3f)), out;
}

/// The code point of the \u escape whose hex digits stand at `at`, which moves behind what was used: a second
/// escape too, when the two are a surrogate pair (RFC 8259 7). -1 when it is none.
[[nodiscard]] inline int unicode_escape(std::string_view s, std::size_t& at) noexcept {
  const int unit = hex_quad(s.substr(at));
  if (unit < 0)
    return -1;
  at += 4;
  if (unit < 0xd800 || unit > 0xdfff)
    return unit;
  if (unit <= 0xdbff && s.substr(at).starts_with("\\u")) {
    const int low = hex_quad(s.substr(at + 2));
    if (low >= 0xdc00 && low <= 0xdfff) {
      at += 6;
      return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  return 0xfffd; // alone
}

/// The code point of the escape whose backslash stands at `at`, which moves behind it; -1 when it is none.
[[nodiscard]] inline int read_escape(std::string_view s, std::size_t& at) noexcept {
  if (at + 1 == s.size())
    return -1;
  const char kind = s[at + 1];
  at += 2;
  if (kind == 'u')
    return unicode_escape(s, at);
  const char c = short_escape(kind);
  return c == 0 ? -1 : c;
}

[[nodiscard]] inline bool good_escapes(std::string_view s) noexcept {
  for (auto at = s.find('\\'); at < s.size(); at = s.find('\\', at))
    if (read_escape(s, at) < 0)
      return false;
  return true;
}

/// Writes the text of a JSON string's inside to `out`, which has room for as many bytes: no escape is shorter
/// than what it stands for. The end of what was written, or null where an escape is none.
[[nodiscard]] inline char* unescape(std::string_view s, char* out) noexcept {
  std::size_t at = 0;
  for (;;) {
    const auto escape = std::min(s.find('\\', at), s.size());
    std::memcpy(out, s.data() + at, escape - at);
    out += escape - at;
    at = escape;
    if (at == s.size())
      return out;
    const int code = read_escape(s, at);
    if (code < 0)
      return nullptr;
    out = put_utf8(out, static_cast<std::uint32_t>(code));
  }
}

} // namespace detail

namespace detail {

/// Records of one kind have their members in one order: which name came after which, last time. By node of
/// the trie; only where to look first, so that what another trie has left does no harm.
class habits {
public:
  using after =
      std::array<std::uint8_t, path_set::most_names + 1>; ///< by index and one of the name before, or 0

  void reserve(std::size_t nodes) {
    if (nodes_.size() < nodes)
      nodes_.resize(nodes);
  }
  [[nodiscard]] after& of(std::size_t node) noexcept { return nodes_[node]; }

private:
  std::vector<after> nodes_;
};

} // namespace detail

struct reader::state {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  std::size_t capacity = 0;
  detail::arena texts;
  detail::habits habits;

  /// Room for a line of that size: 4 bytes of index for each byte of the longest line so far.
  [[nodiscard]] bool reserve(std::size_t size) {
    if (parser && size <= capacity)
      return true;
    const auto wanted = std::max(std::bit_ceil(size), std::size_t{1} << 14);
    if (!parser) {
      // The containers that only simdjson's own second stage uses are kept as small as can be.
      const auto made =
          simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, parser);
      if (made != simdjson::SUCCESS)
        return false;
    } else if (parser->set_capacity(wanted) != simdjson::SUCCESS) {
      return false;
    }
    capacity = wanted;
    return true;
  }
};

/// One pass over the tokens of a line. A token is an index into the offsets that stage 1 has found; 0, which
/// no value that follows another can be, says that reading has stopped.
template <checking how>
class reader::pass {
  static constexpr bool whole = how != checking::touched;
  static constexpr bool first_counts = how != checking::whole;
  static constexpr unsigned deepest = 1024; // levels; simdjson's own limit, RFC 8259 9 lets us set one
  using token = std::uint32_t;
  using node = path_set::node;

public:
  pass(std::string_view line, std::uint32_t* offsets, token count, const path_set& paths, callback to,
       detail::arena& texts, detail::habits& habits)
      : line_(line), offsets_(offsets), count_(count), nodes_(paths.nodes()), to_(to), texts_(texts),
        habits_(habits) {
    habits_.reserve(nodes_.size());
    // What is read past the end is the last bracket, which never starts anything.
    offsets_[count] = offsets_[count + 1] = offsets_[count + 2] = offsets_[count - 1];
  }

  std::optional<parse_error> run() {
    if (first(0) != '{')
      return fail(0, "a record is a JSON object"), error_;
    if (first(count_ - 1) != '}')
      return fail(count_ - 1, "the object does not end", "RFC 8259 4"), error_;
    const token end = visit(nodes_.front(), 0, {0, false, true});
    if (whole && end != 0 && end != count_)
      fail(end, "something stands behind the object", "RFC 8259 2");
    return error_;
  }

private:
  /// Where the walk stands with respect to the paths.
  struct place {
    std::size_t ordinal; ///< in the outermost fan-out
    bool fanned;         ///< inside one
    bool last;           ///< nothing outside of here is looked for any more
  };

  [[nodiscard]] char first(token t) const noexcept { return line_.data()[offsets_[t]]; }

  /// Of a string: its first character, or the quote that ends it.
  [[nodiscard]] unsigned char second(token t) const noexcept {
    return static_cast<unsigned char>(line_.data()[offsets_[t] + 1]);
  }

  token fail(token t, std::string_view why, std::string_view rfc = {}) {
    error_ = parse_error{offsets_[t], why, rfc};
    return 0;
  }

  void report(std::uint32_t path, const value& v, std::size_t ordinal) const {
    to_.call(to_.to, path, v, ordinal);
  }

  /// Whether the sink has taken the scalar at `t` as it stands. Of what no scalar may stand before, it is not
  /// asked; nor of a bracket, comma or colon.
  [[nodiscard]] bool is_known(std::uint32_t path, token t, std::size_t ordinal) const {
    return to_.knows != nullptr && !ends_one(t) && ends_one(t + 1) &&
           to_.knows(to_.to, path, {line_.data() + offsets_[t], offsets_[t + 1] - offsets_[t]}, ordinal);
  }
  [[nodiscard]] bool ends_one(token t) const noexcept {
    return detail::ends_scalar[static_cast<unsigned char>(first(t))];
  }

  // ---- strings

  /// The first backslash at or behind `from` is far away for most strings: it is remembered.
  [[nodiscard]] bool has_escape(std::uint32_t from, std::uint32_t to) {
    if (from < escape_known_from_ || from > next_escape_) {
      const auto found = line_.find('\\', from);
      next_escape_ = found == std::string_view::npos ? std::numeric_limits<std::uint32_t>::max()
                                                     : static_cast<std::uint32_t>(found);
      escape_known_from_ = from;
    }
    return next_escape_ < to;
  }

  /// The string at `t` without its quotes. Behind its closing quote only blanks come before the next token.
  [[nodiscard]] std::string_view inside(token t) const noexcept {
    const char* const start = line_.data() + offsets_[t] + 1;
    const char* end = line_.data() + offsets_[t + 1] - 1;
    while (*end != '"')
      --end;
    return {start, static_cast<std::size_t>(end - start)};
  }

  /// Quick: an escape may lie in the string at `t`. Right as long as tokens are visited in order; whoever
  /// goes back says so.
  [[nodiscard]] bool may_escape(token t) const noexcept { return next_escape_ < offsets_[t + 1]; }

  /// Before tokens are visited once more.
  void go_back() noexcept { next_escape_ = 0, escape_known_from_ = nothing_known; }

  bool check_string(token t) {
    if (!has_escape(offsets_[t], offsets_[t + 1]) || detail::good_escapes(inside(t)))
      return true;
    return fail(t, "an escape that is none", "RFC 8259 7"), false;
  }

  /// The text of the string at `t`; no text when an escape in it is none.
  std::optional<std::string_view> text(token t) {
    const auto escaped = inside(t);
    return may_escape(t) && has_escape(offsets_[t], offsets_[t + 1]) ? unescaped(t, escaped) : escaped;
  }

  std::optional<std::string_view> unescaped(token t, std::string_view escaped) {
    char* const start = texts_.room(escaped.size() + sizeof(std::uint64_t)); // for head_of
    const char* const end = detail::unescape(escaped, start);
    if (end == nullptr) {
      fail(t, "an escape that is none", "RFC 8259 7");
      return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(end - start);
    texts_.keep(size);
    return std::string_view(start, size);
  }

  // ---- what nobody asked for

  token check_scalar(token t) {
    const char* const p = line_.data() + offsets_[t];
    bool good = false;
    switch (*p) {
    case '"':
      return check_string(t) ? t + 1 : 0;
    case 't':
      good = is_literal(p, "true");
      break;
    case 'f':
      good = is_literal(p, "false");
      break;
    case 'n':
      good = is_literal(p, "null");
      break;
    default:
      good = detail::span_number(p).end != nullptr;
    }
    return good ? t + 1 : fail(t, "no JSON value", "RFC 8259 3");
  }

  [[nodiscard]] static bool is_literal(const char* p, std::string_view word) noexcept {
    return std::memcmp(p, word.data(), word.size()) == 0 &&
           detail::ends_scalar[static_cast<unsigned char>(p[word.size()])];
  }

  /// The token behind the container in which `t` stands, by counting brackets.
  token past_end(token t) {
    int depth = 1;
    while (t < count_) {
      const char c = static_cast<char>(first(t++) | 0x20); // 0x20 apart: [ and {, ] and }
      depth += (c == '{') - (c == '}');
      if (depth == 0)
        return t;
    }
    return fail(count_, "the object does not end", "RFC 8259 4");
  }

  token skip(token t) {
    if constexpr (whole) {
      return check(t);
    } else {
      switch (first(t)) {
      case '{':
      case '[':
        return past_end(t + 1);
      case '}':
      case ']':
      case ',':
      case ':':
        return fail(t, "no JSON value", "RFC 8259 3");
      default:
        return t + 1;
      }
    }
  }

  /// Checks the value at `t` with all that is in it. `depth` bounds the recursion: a line may be nothing but
  /// brackets.
  token check(token t, unsigned depth = 0) {
    switch (first(t)) {
    case '{':
      return check_object(t + 1, depth + 1);
    case '[':
      return check_array(t + 1, depth + 1);
    default:
      return check_scalar(t);
    }
  }

  /// `t` is the first token inside. Most values are strings without escapes: they are passed here and now.
  token check_object(token t, unsigned depth) {
    if (depth > deepest)
      return fail(t, "nested too deep");
    if (first(t) == '}')
      return closed(t);
    for (;;) {
      if (first(t) != '"' || first(t + 1) != ':' || (may_escape(t) && !check_string(t)))
        return fail(t, "a member is \"name\": value", "RFC 8259 4");
      t += 2;
      t = first(t) == '"' && !may_escape(t) ? t + 1 : check(t, depth);
      if (t == 0)
        return 0;
      if (first(t) != ',')
        return first(t) == '}' ? closed(t) : fail(t, "a comma or an end is missing", "RFC 8259 4");
      ++t;
    }
  }

  token check_array(token t, unsigned depth) {
    if (depth > deepest)
      return fail(t, "nested too deep");
    if (first(t) == ']')
      return t + 1;
    for (;;) {
      t = first(t) == '"' && !may_escape(t) ? t + 1 : check(t, depth);
      if (t == 0)
        return 0;
      if (first(t) != ',')
        return first(t) == ']' ? t + 1 : fail(t, "a comma or an end is missing", "RFC 8259 5");
      ++t;
    }
  }

  /// Behind the closing brace at `t`, unless that is only the guard behind the last token.
  token closed(token t) { return t < count_ ? t + 1 : fail(count_, "the object does not end", "RFC 8259 4"); }

  // ---- what was asked for

  token visit(const node& n, token t, place at) {
    switch (first(t)) {
    case '{':
      if (n.path != path_set::none)
        report_container(n.path, t, value::kind::object, at);
      if (error_)
        return 0;
      return n.names.empty() && n.each_key == path_set::none ? skip(t) : members(n, t + 1, at);
    case '[':
      if (n.path != path_set::none)
        report_container(n.path, t, value::kind::array, at);
      if (error_)
        return 0;
      return n.each_element == path_set::none ? skip(t) : elements(nodes_[n.each_element], t + 1, at);
    default:
      return n.path == path_set::none ? check_scalar(t) : scalar(n.path, t, at);
    }
  }

  void report_container(std::uint32_t path, token t, value::kind is, place at) {
    const token behind = past_end(t + 1);
    if (behind == 0)
      return;
    value v;
    v.is = is;
    v.raw = line_.substr(offsets_[t], offsets_[behind - 1] + 1 - offsets_[t]);
    report(path, v, at.ordinal);
  }

  token scalar(std::uint32_t path, token t, place at) {
    if (is_known(path, t, at.ordinal))
      return t + 1;
    value v;
    const char* const p = line_.data() + offsets_[t];
    std::size_t length = 4; // null, true
    if (*p == '"') {
      v.is = value::kind::text;
      v.text = inside(t);
      length = v.text.size() + 2;
      if (may_escape(t) && has_escape(offsets_[t], offsets_[t + 1])) {
        const auto plain = unescaped(t, v.text);
        if (!plain)
          return 0;
        v.text = *plain;
      }
    } else if (is_literal(p, "true") || is_literal(p, "false")) {
      v.is = value::kind::boolean;
      v.boolean = *p == 't';
      length = v.boolean ? 4 : 5;
    } else if (!is_literal(p, "null")) {
      const auto number = detail::span_number(p);
      if (number.end == nullptr)
        return fail(t, "no JSON value", "RFC 8259 3");
      length = static_cast<std::size_t>(number.end - p);
      v.is = number.whole ? value::kind::integer : value::kind::real;
    }
    v.raw = {p, length};
    report(path, v, at.ordinal);
    return t + 1;
  }

  token elements(const node& each, token t, place at) {
    if (first(t) == ']')
      return t + 1;
    for (std::size_t index = 0;; ++index) {
      t = visit(each, t, {at.fanned ? at.ordinal : index, true, false});
      if (t == 0)
        return 0;
      const char c = first(t++);
      if (c == ']')
        return t;
      if (c != ',')
        return fail(t - 1, "a comma or an end is missing", "RFC 8259 5");
    }
  }

  /// `t` is the first token inside of an object.
  token members(const node& n, token t, place at) {
    if (first(t) == '}')
      return closed(t);
    const bool by_key = n.each_key != path_set::none;
    auto& after = habits_.of(static_cast<std::size_t>(&n - nodes_.data()));
    std::size_t last = 0; // index and one of the name before
    std::uint64_t wanted =
        n.names.size() == path_set::most_names ? ~std::uint64_t{0} : (std::uint64_t{1} << n.names.size()) - 1;
    for (std::size_t index = 0;; ++index) {
      if (first(t) != '"' || first(t + 1) != ':')
        return fail(t, "a member is \"name\": value", "RFC 8259 4");
      const auto* edge = usual(n, t, after[last]);
      if (edge == nullptr && (by_key || may_escape(t) || n.may_begin(second(t)))) { // most names are nobody's
        const auto name = text(t);
        if (!name)
          return 0;
        edge = n.find(*name, detail::head_of(name->data(), name->size()));
        if (edge != nullptr)
          after[last] = static_cast<std::uint8_t>(edge - n.names.data());
      }
      token behind = 0;
      if (edge != nullptr) {
        const auto at_edge = static_cast<std::size_t>(edge - n.names.data());
        const auto bit = std::uint64_t{1} << at_edge;
        last = at_edge + 1;
        if (!first_counts || (wanted & bit) != 0) {
          wanted &= ~bit;
          behind =
              member(nodes_[edge->node], t + 2, {at.ordinal, at.fanned, at.last && !by_key && wanted == 0});
          if (behind == 0)
            return 0;
        }
      }
      if (by_key && !key_member(nodes_[n.each_key], t, {at.fanned ? at.ordinal : index, true, false}))
        return 0;
      t = behind != 0 ? behind : skip(t + 2);
      if (t == 0)
        return 0;
      if (!whole && wanted == 0 && !by_key)
        return at.last ? t : past_end(t);
      const char c = first(t);
      if (c == '}')
        return closed(t);
      if (c != ',')
        return fail(t, "a comma or an end is missing", "RFC 8259 4");
      ++t;
    }
  }

  /// As visit; most members that are asked for are scalars.
  token member(const node& n, token t, place at) {
    const char c = static_cast<char>(first(t) | 0x20); // as in past_end
    return c != '{' && n.path != path_set::none ? scalar(n.path, t, at) : visit(n, t, at);
  }

  /// The name at `t`, if it is that which usually comes here; else null.
  [[nodiscard]] const path_set::edge* usual(const node& n, token t, std::size_t index) const noexcept {
    const auto* const edge = index < n.names.size() ? &n.names[index] : nullptr;
    return edge != nullptr && edge->is_at(line_.data() + offsets_[t] + 1) ? edge : nullptr;
  }

  /// One member of an object that a path fans out over: reports its name, and what lies below it.
  bool key_member(const node& each, token t, place at) {
    go_back();
    if (each.path != path_set::none && !is_known(each.path, t, at.ordinal)) {
      const auto name = text(t);
      if (!name)
        return false;
      value v;
      v.is = value::kind::text;
      v.text = *name;
      v.raw = line_.substr(offsets_[t], inside(t).size() + 2);
      report(each.path, v, at.ordinal);
    }
    const bool good = each.is_leaf() || below(each, t + 2, at) != 0;
    go_back();
    return good;
  }

  /// As visit, but the path that ends at `each` has had the name of the member instead of its value.
  token below(const node& each, token t, place at) {
    if (first(t) == '{' && (!each.names.empty() || each.each_key != path_set::none))
      return members(each, t + 1, at);
    if (first(t) == '[' && each.each_element != path_set::none)
      return elements(nodes_[each.each_element], t + 1, at);
    return skip(t);
  }

  std::string_view line_;
  std::uint32_t* offsets_;
  token count_;
  const std::vector<node>& nodes_;
  callback to_;
  detail::arena& texts_;
  detail::habits& habits_;
  static constexpr std::uint32_t nothing_known = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t next_escape_ = 0;
  std::uint32_t escape_known_from_ = nothing_known;
  std::optional<parse_error> error_;
};

POSTROAD_DECL reader::reader() : state_(std::make_unique<state>()) {}
POSTROAD_DECL reader::~reader() = default;
POSTROAD_DECL reader::reader(reader&&) noexcept = default;
POSTROAD_DECL reader& reader::operator=(reader&&) noexcept = default;

namespace detail {

/// Where a line stops to be UTF-8.
[[nodiscard]] inline std::size_t utf8_end(std::string_view line) noexcept {
  std::size_t at = 0;
  while (at < line.size()) {
    const auto step = text::utf8_sequence(line.substr(at));
    if (step == 0)
      break;
    at += step;
  }
  return at;
}

[[nodiscard]] inline parse_error first_stage_error(simdjson::error_code code,
                                                   std::string_view line) noexcept {
  switch (code) {
  case simdjson::EMPTY:
    return {0, "nothing but blanks"};
  case simdjson::UTF8_ERROR:
    return {utf8_end(line), "not UTF-8", "RFC 8259 8.1"};
  case simdjson::UNESCAPED_CHARS:
    return {0, "a control character inside of a string", "RFC 8259 7"};
  case simdjson::UNCLOSED_STRING:
    return {line.size(), "a string does not end", "RFC 8259 7"};
  default:
    return {0, "cannot be read as JSON"};
  }
}

} // namespace detail

POSTROAD_DECL std::optional<parse_error> reader::read_line(std::string_view line, const path_set& paths,
                                                           callback to, checking how) {
  if (line.size() > std::numeric_limits<std::uint32_t>::max() - line_slack || !state_->reserve(line.size()))
    return parse_error{0, "too long to be read"};
  auto& parser = *state_->parser;
  const auto code = parser.stage1(reinterpret_cast<const std::uint8_t*>(line.data()), line.size(),
                                  simdjson::stage1_mode::regular);
  if (code != simdjson::SUCCESS)
    return detail::first_stage_error(code, line);
  state_->texts.clear();
  const auto go = [&]<checking which>() {
    return pass<which>(line, parser.structural_indexes.get(), parser.n_structural_indexes, paths, to,
                       state_->texts, state_->habits)
        .run();
  };
  switch (how) {
  case checking::touched:
    return go.template operator()<checking::touched>();
  case checking::whole:
    return go.template operator()<checking::whole>();
  default:
    return go.template operator()<checking::whole_first>();
  }
}

} // namespace postroad::record
