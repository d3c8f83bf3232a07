/// The SPF record: a pure reader of all of RFC 7208 12, with a place and a reason for each error.
#pragma once

#include <postroad/net/prefix.hpp>
#include <postroad/result.hpp>
#include <postroad/spf/macro.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::spf {

enum class qualifier : std::uint8_t { pass, fail, softfail, neutral };

enum class mechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };
inline constexpr std::array mechanism_words =
    std::to_array<std::string_view>({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"});
[[nodiscard]] constexpr std::string_view to_string(mechanism m) noexcept {
  return mechanism_words[static_cast<std::size_t>(m)];
}

/// Whether a mechanism asks the DNS, and counts among the ten that may. RFC 7208 4.6.4
[[nodiscard]] constexpr bool asks(mechanism m) noexcept {
  return m != mechanism::all && m != mechanism::ip4 && m != mechanism::ip6;
}

/// A term that may match. Texts point into the record.
struct directive {
  qualifier sign = qualifier::pass;
  mechanism what = mechanism::all;
  std::string_view domain;              ///< domain-spec, unexpanded; empty: the domain that is checked
  net::prefix network{};                ///< ip4, ip6
  bool host_bits = false;               ///< the network was written with bits behind its length
  unsigned length4 = 32, length6 = 128; ///< a, mx: bits of the addresses that count
  std::string_view text;                ///< as written
};

struct modifier {
  std::string_view name;  ///< as written
  std::string_view value; ///< domain-spec of redirect and exp, macro-string of others
  std::string_view text;
};

/// What was read of a record. One error makes it void as a policy (RFC 7208 4.6); what is sound in it is
/// there all the same, for who wants to tell more than that.
struct record {
  std::vector<directive> directives;
  std::optional<modifier> redirect, exp;
  std::vector<modifier> others;    ///< unknown ones, which mean nothing
  std::vector<parse_error> errors; ///< in the order of the text; at most max_errors
  [[nodiscard]] bool valid() const noexcept { return errors.empty(); }
  /// The first `all`, behind which nothing is looked at (RFC 7208 5.1); null: there is none.
  [[nodiscard]] const directive* all() const noexcept {
    const auto found = std::find_if(directives.begin(), directives.end(),
                                    [](const directive& d) { return d.what == mechanism::all; });
    return found == directives.end() ? nullptr : &*found;
  }
};
inline constexpr std::size_t max_errors = 32;

/// Whether a TXT record is an SPF record: "v=spf1" in any case, then a blank or the end. RFC 7208 4.5
[[nodiscard]] constexpr bool is_spf(std::string_view txt) noexcept {
  constexpr std::string_view version = "v=spf1";
  return text::istarts_with(txt, version) && (txt.size() == version.size() || txt[version.size()] == ' ');
}

namespace detail {

constexpr std::string_view rfc_12 = "RFC 7208 12";

/// One or more digits without a zero in front, up to `most`.
[[nodiscard]] inline std::optional<unsigned> prefix_length(std::string_view digits, unsigned most) noexcept {
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0'))
    return std::nullopt;
  const auto n = text::number<unsigned>(digits);
  return n && *n <= most ? n : std::nullopt;
}

/// Takes "/digits" (or "//digits") off the end; nothing when there is none.
[[nodiscard]] inline std::optional<std::string_view> take_length(std::string_view& value,
                                                                 std::string_view slash) noexcept {
  std::size_t at = value.size();
  while (at > 0 && text::is_digit(value[at - 1]))
    --at;
  if (at == value.size() || !value.substr(0, at).ends_with(slash))
    return std::nullopt;
  const auto digits = value.substr(at);
  value = value.substr(0, at - slash.size());
  return digits;
}

/// *alphanum ALPHA *alphanum, or with hyphens inside. RFC 7208 7.1
[[nodiscard]] inline bool is_toplabel(std::string_view s) noexcept {
  if (s.empty() || s.front() == '-' || s.back() == '-')
    return false;
  bool digits_only = true;
  for (const char c : s) {
    if (!text::is_alnum(c) && c != '-')
      return false;
    digits_only = digits_only && text::is_digit(c);
  }
  return !digits_only;
}

/// Whether a domain-spec ends as it must: in a macro, or in a dot and a top label. RFC 7208 7.1
[[nodiscard]] inline bool has_domain_end(std::string_view spec,
                                         const std::vector<macro_piece>& pieces) noexcept {
  if (pieces.back().letter != 0 || spec[spec.size() - pieces.back().size] == '%')
    return true;
  auto tail = pieces.back().literal;
  if (tail.ends_with('.'))
    tail.remove_suffix(1);
  const auto dot = tail.rfind('.');
  return dot != std::string_view::npos && is_toplabel(tail.substr(dot + 1));
}

/// Reads the terms of one record.
class record_reader {
public:
  explicit record_reader(std::string_view text) : text_(text) {}

  [[nodiscard]] record read() {
    std::size_t at = std::string_view("v=spf1").size();
    while (at < text_.size()) {
      const auto end = std::min(text_.find(' ', at), text_.size());
      if (end > at)
        read_term(text_.substr(at, end - at));
      at = end + 1;
    }
    return std::move(out_);
  }

private:
  [[nodiscard]] std::size_t place_of(std::string_view part) const noexcept {
    return static_cast<std::size_t>(part.data() - text_.data());
  }
  void complain(std::size_t at, std::string_view why, std::string_view rule = rfc_12) {
    if (out_.errors.size() < max_errors)
      out_.errors.push_back({at, why, rule});
  }

  void read_term(std::string_view term) {
    const auto name_end = std::min(term.find_first_of("=:/"), term.size());
    if (name_end < term.size() && term[name_end] == '=')
      return read_modifier(term, name_end);
    read_directive(term);
  }

  /// Whether `value` is a domain-spec; complains when it is none.
  bool check_domain(std::string_view value) {
    const auto pieces = parse_macro_string(value, macro_place::domain_spec);
    if (!pieces)
      complain(place_of(value) + pieces.error().offset, pieces.error().why, pieces.error().rfc);
    else if (pieces->empty())
      complain(place_of(value), "empty domain");
    else if (!has_domain_end(value, *pieces))
      complain(place_of(value), "no domain name", "RFC 7208 7.1");
    else
      return true;
    return false;
  }

  static bool is_name(std::string_view s) noexcept {
    return !s.empty() && text::is_alpha(s[0]) && std::all_of(s.begin(), s.end(), [](char c) {
      return text::is_alnum(c) || c == '-' || c == '_' || c == '.';
    });
  }

  void read_modifier(std::string_view term, std::size_t equals) {
    const modifier m{term.substr(0, equals), term.substr(equals + 1), term};
    if (!is_name(m.name))
      return complain(place_of(term), "no name in front of =");
    const bool redirect = text::iequals(m.name, "redirect"), exp = text::iequals(m.name, "exp");
    if (!redirect && !exp) {
      const auto pieces = parse_macro_string(m.value, macro_place::explanation);
      if (!pieces)
        return complain(place_of(m.value) + pieces.error().offset, pieces.error().why, pieces.error().rfc);
      out_.others.push_back(m);
      return;
    }
    auto& into = redirect ? out_.redirect : out_.exp;
    if (into)
      return complain(place_of(term), redirect ? "second redirect" : "second exp", "RFC 7208 6");
    if (check_domain(m.value))
      into = m;
  }

  void read_directive(std::string_view term) {
    directive d;
    d.text = term;
    auto rest = term;
    constexpr std::string_view signs = "+-~?"; // in the order of qualifier
    if (const auto sign = signs.find(rest[0]); sign != std::string_view::npos) {
      d.sign = static_cast<qualifier>(sign);
      rest.remove_prefix(1);
    }
    const auto name = rest.substr(0, rest.find_first_of(":/"));
    const auto found = std::find_if(mechanism_words.begin(), mechanism_words.end(),
                                    [&](std::string_view w) { return text::iequals(w, name); });
    if (found == mechanism_words.end())
      return complain(place_of(term), "no such mechanism");
    d.what = static_cast<mechanism>(found - mechanism_words.begin());
    rest.remove_prefix(name.size());
    if (read_value(d, rest))
      out_.directives.push_back(d);
  }

  /// What follows the name, the colon or slash in front.
  bool read_value(directive& d, std::string_view rest) {
    switch (d.what) {
    case mechanism::all:
      if (!rest.empty())
        complain(place_of(rest), "all takes no value");
      return rest.empty();
    case mechanism::ip4:
    case mechanism::ip6:
      return read_network(d, rest);
    case mechanism::a:
    case mechanism::mx:
      return read_lengths(d, rest) && read_domain(d, rest, false);
    case mechanism::ptr:
      return read_domain(d, rest, false);
    case mechanism::include:
    case mechanism::exists:
      return read_domain(d, rest, true);
    }
    return false;
  }

  bool read_domain(directive& d, std::string_view rest, bool needed) {
    if (rest.empty()) {
      if (needed)
        complain(place_of(rest), "needs a domain");
      return !needed;
    }
    if (rest[0] != ':') {
      complain(place_of(rest), "neither a domain nor a prefix length");
      return false;
    }
    d.domain = rest.substr(1);
    return check_domain(d.domain);
  }

  /// [ "/" length4 ] [ "//" length6 ] at the end.
  bool read_lengths(directive& d, std::string_view& rest) {
    const auto whole = rest;
    if (const auto digits = take_length(rest, "//"))
      return file_length(*digits, 128, d.length6) && read_length4(d, rest);
    rest = whole;
    return read_length4(d, rest);
  }
  bool read_length4(directive& d, std::string_view& rest) {
    const auto digits = take_length(rest, "/");
    return !digits || file_length(*digits, 32, d.length4);
  }
  bool file_length(std::string_view digits, unsigned most, unsigned& into) {
    const auto n = prefix_length(digits, most);
    if (!n) {
      complain(place_of(digits), "no such prefix length");
      return false;
    }
    into = *n;
    return true;
  }

  bool read_network(directive& d, std::string_view rest) {
    const bool v6 = d.what == mechanism::ip6;
    if (rest.size() < 2 || rest[0] != ':') {
      complain(place_of(rest), "needs an address");
      return false;
    }
    const auto value = rest.substr(1);
    const auto slash = std::min(value.find('/'), value.size());
    const auto ip = net::parse_address(value.substr(0, slash));
    if (!ip || ip->v6 != v6) {
      complain(place_of(value), v6 ? "no IPv6 address" : "no IPv4 address");
      return false;
    }
    unsigned length = v6 ? 128 : 32;
    if (slash < value.size() && !file_length(value.substr(slash + 1), length, length))
      return false;
    d.network = net::network_of(*ip, length);
    d.host_bits = d.network.base != *ip;
    return true;
  }

  std::string_view text_;
  record out_;
};

} // namespace detail

/// Reads an SPF record, for which is_spf() holds. Texts in the result point into `txt`.
///
/// Names are told without regard to case; blanks may come in rows. Errors do not end the reading.
/// Example: "v=spf1 ip4:192.0.2.77/24 a:%{x} -all" gives two directives and the error {31, "no such macro
/// letter", "RFC 7208 7.1"}.
[[nodiscard]] inline record parse_record(std::string_view txt) {
  return detail::record_reader(txt).read();
}

} // namespace postroad::spf
