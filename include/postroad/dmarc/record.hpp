/// The DMARC policy record: a pure reader of its tags. RFC 9989 4.7, RFC 7489 6.3.
#pragma once

#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::dmarc {

enum class policy : std::uint8_t { none, quarantine, reject };
inline constexpr std::array policy_words = std::to_array<std::string_view>({"none", "quarantine", "reject"});
[[nodiscard]] constexpr std::string_view to_string(policy p) noexcept {
  return policy_words[static_cast<std::size_t>(p)];
}

/// One level down: what a domain that only tests asks for (t=y). RFC 9989 4.7
[[nodiscard]] constexpr policy softened(policy p) noexcept {
  return p == policy::reject ? policy::quarantine : policy::none;
}

/// What is wrong with a record, or with the way to it.
enum class flaw : std::uint8_t {
  no_p,
  bad_p,
  bad_sp,
  bad_np,
  bad_adkim,
  bad_aspf,
  bad_fo,
  bad_t,
  bad_psd,
  bad_pct,
  bad_uri,
  bad_tag,       ///< no "name=value"
  obsolete_size, ///< "!10m" behind a URI, which RFC 9989 dropped
  removed_tag,   ///< pct, rf, ri: of RFC 7489, not of RFC 9989
  unknown_tag,
  duplicate_tag, ///< the whole list is invalid then (RFC 6376 3.2)
  multiple_records,
  temperror, ///< a look-up failed: nothing is known
};
inline constexpr std::array flaw_words = std::to_array<std::string_view>(
    {"no_p", "bad_p", "bad_sp", "bad_np", "bad_adkim", "bad_aspf", "bad_fo", "bad_t", "bad_psd", "bad_pct",
     "bad_uri", "bad_tag", "obsolete_size", "removed_tag", "unknown_tag", "duplicate_tag", "multiple_records",
     "temperror"});
[[nodiscard]] constexpr std::string_view to_string(flaw f) noexcept {
  return flaw_words[static_cast<std::size_t>(f)];
}

/// What a record says. Absent: not said, or said badly (then `flaws` tells), and the default holds.
struct record {
  std::string text;
  std::optional<policy> p, sp, np;
  char adkim = 'r', aspf = 'r'; ///< relaxed, strict
  std::string fo = "0";
  bool testing = false;              ///< t=y
  char psd = 'u';                    ///< y, n, u: unknown
  std::optional<unsigned> pct;       ///< as published: readers of RFC 7489 still honour it
  std::vector<std::string> rua, ruf; ///< URIs, sizes taken off, in their order; also those that are none
  bool any_rua = false;              ///< one of rua is a valid URI
  bool duplicates = false;
  std::vector<flaw> flaws; ///< each once, in the order met

  void note(flaw f) {
    if (std::find(flaws.begin(), flaws.end(), f) == flaws.end())
      flaws.push_back(f);
  }
  [[nodiscard]] bool has(flaw f) const noexcept {
    return std::find(flaws.begin(), flaws.end(), f) != flaws.end();
  }
  /// Whether the policy is missing or no word: it is `none` then if reports are wanted, whatever else the
  /// record says. A reader of RFC 7489 does not know np.
  [[nodiscard]] bool broken(bool reads_np = true) const noexcept {
    return !p || has(flaw::bad_sp) || (reads_np && has(flaw::bad_np));
  }
  /// The policy for mail of the domain itself: p; where it is missing or wrong, `none` if reports are wanted.
  /// Nothing: the record asks for nothing, and DMARC does not apply. RFC 9989 4.10.1, RFC 7489 6.6.3
  [[nodiscard]] std::optional<policy> own_policy(bool reads_np = true) const noexcept {
    if (duplicates)
      return std::nullopt;
    if (!broken(reads_np))
      return p;
    return any_rua ? std::optional(policy::none) : std::nullopt;
  }
};

namespace detail {

struct tag {
  std::string_view name, value;
};

/// "name = value", blanks around both taken off; nothing when it is no tag.
[[nodiscard]] inline std::optional<tag> read_tag(std::string_view text) noexcept {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos)
    return std::nullopt;
  const tag t{text::trimmed(text.substr(0, equals)), text::trimmed(text.substr(equals + 1))};
  const bool named =
      !t.name.empty() && text::is_alpha(t.name[0]) &&
      std::all_of(t.name.begin(), t.name.end(), [](char c) { return text::is_alnum(c) || c == '_'; });
  return named ? std::optional(t) : std::nullopt;
}

[[nodiscard]] inline std::optional<policy> policy_of(std::string_view word) noexcept {
  for (std::size_t i = 0; i < policy_words.size(); ++i)
    if (text::iequals(policy_words[i], word))
      return static_cast<policy>(i);
  return std::nullopt;
}

/// One of some letters, in any case, or 0.
[[nodiscard]] inline char letter_of(std::string_view word, std::string_view known) noexcept {
  const char c = word.size() == 1 ? text::to_lower(word[0]) : '\0';
  return c != 0 && known.find(c) != std::string_view::npos ? c : '\0';
}

/// A scheme and something behind it; of mailto an address. RFC 3986 3.1, RFC 6068
[[nodiscard]] inline bool is_uri(std::string_view s) noexcept {
  const auto colon = s.find(':');
  if (colon == std::string_view::npos || colon == 0 || !text::is_alpha(s[0]) || colon + 1 == s.size())
    return false;
  const auto scheme = s.substr(0, colon);
  const bool plain = std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c < 0x7f; }) &&
                     std::all_of(scheme.begin(), scheme.end(), [](char c) {
                       return text::is_alnum(c) || c == '+' || c == '-' || c == '.';
                     });
  if (!plain || !text::iequals(scheme, "mailto"))
    return plain;
  const auto address = s.substr(colon + 1, s.find('?', colon) - colon - 1);
  const auto at = address.find('@');
  return at != std::string_view::npos && at != 0 && at + 1 < address.size();
}

/// Takes "!10m" off a URI; false when there is none.
[[nodiscard]] inline bool take_size(std::string_view& uri) noexcept {
  const auto bang = uri.rfind('!');
  if (bang == std::string_view::npos)
    return false;
  auto size = uri.substr(bang + 1);
  if (!size.empty() && std::string_view("kmgtKMGT").find(size.back()) != std::string_view::npos)
    size.remove_suffix(1);
  if (size.empty() || !std::all_of(size.begin(), size.end(), text::is_digit))
    return false;
  uri = uri.substr(0, bang);
  return true;
}

inline bool read_uris(record& r, std::string_view list, std::vector<std::string>& into) {
  bool any = false;
  while (!list.empty()) {
    auto uri = text::trimmed(text::take_until(list, ','));
    if (take_size(uri))
      r.note(flaw::obsolete_size);
    const bool good = is_uri(uri);
    if (!good)
      r.note(flaw::bad_uri);
    any = any || good;
    if (!uri.empty())
      into.emplace_back(uri);
  }
  if (into.empty())
    r.note(flaw::bad_uri);
  return any;
}

inline void read_policy(record& r, std::string_view value, std::optional<policy>& into, flaw when_bad) {
  into = policy_of(value);
  if (!into)
    r.note(when_bad);
}

inline void read_letter(record& r, std::string_view value, std::string_view known, char& into,
                        flaw when_bad) {
  if (const char c = letter_of(value, known))
    into = c;
  else
    r.note(when_bad);
}

/// fo: 0, 1, d and s with colons between. RFC 9989 4.7
inline void read_fo(record& r, std::string_view value) {
  for (auto rest = value; !rest.empty();)
    if (letter_of(text::trimmed(text::take_until(rest, ':')), "01ds") == 0)
      return r.note(flaw::bad_fo);
  if (value.empty())
    return r.note(flaw::bad_fo);
  r.fo = text::lowered(value);
}

inline void read_pct(record& r, std::string_view value) {
  r.note(flaw::removed_tag);
  r.pct = text::number<unsigned>(value);
  if (!r.pct || *r.pct > 100) {
    r.pct.reset();
    r.note(flaw::bad_pct);
  }
}

inline void take(record& r, const tag& t) {
  const auto is = [&](std::string_view name) { return text::iequals(t.name, name); };
  char testing = 'n';
  if (is("p"))
    read_policy(r, t.value, r.p, flaw::bad_p);
  else if (is("sp"))
    read_policy(r, t.value, r.sp, flaw::bad_sp);
  else if (is("np"))
    read_policy(r, t.value, r.np, flaw::bad_np);
  else if (is("adkim"))
    read_letter(r, t.value, "rs", r.adkim, flaw::bad_adkim);
  else if (is("aspf"))
    read_letter(r, t.value, "rs", r.aspf, flaw::bad_aspf);
  else if (is("psd"))
    read_letter(r, t.value, "ynu", r.psd, flaw::bad_psd);
  else if (is("t"))
    read_letter(r, t.value, "yn", testing, flaw::bad_t);
  else if (is("fo"))
    read_fo(r, t.value);
  else if (is("rua"))
    r.any_rua = read_uris(r, t.value, r.rua) || r.any_rua;
  else if (is("ruf"))
    (void)read_uris(r, t.value, r.ruf);
  else if (is("pct"))
    read_pct(r, t.value);
  else if (is("rf") || is("ri"))
    r.note(flaw::removed_tag);
  else
    r.note(flaw::unknown_tag);
  r.testing = r.testing || testing == 'y';
}

} // namespace detail

/// Whether a TXT record is a DMARC policy record: its first tag is v, in any case, and its value exactly
/// DMARC1. RFC 9989 4.7
///
/// Example: "V = DMARC1;p=none" is one, "v=DMARC1.0" and "v=dmarc1; p=none" are none.
[[nodiscard]] inline bool is_dmarc(std::string_view txt) noexcept {
  const auto first = detail::read_tag(txt.substr(0, txt.find(';')));
  return first && text::iequals(first->name, "v") && first->value == "DMARC1";
}

/// Reads a record for which is_dmarc() holds. Never fails: what is wrong is noted, and its default holds.
///
/// Example: "v=DMARC1; p=reject; rua=mailto:d@example.org!10m" gives p reject, one rua, the flaw
/// obsolete_size.
[[nodiscard]] inline record parse_record(std::string_view txt) {
  record r;
  r.text = txt;
  std::vector<std::string> seen{"v"};
  auto rest = txt;
  (void)text::take_until(rest, ';');
  while (!rest.empty()) {
    const auto piece = text::trimmed(text::take_until(rest, ';'));
    if (piece.empty())
      continue;
    const auto t = detail::read_tag(piece);
    if (!t) {
      r.note(flaw::bad_tag);
      continue;
    }
    const auto name = text::lowered(t->name);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      r.duplicates = true;
      r.note(flaw::duplicate_tag);
      continue;
    }
    seen.push_back(name);
    detail::take(r, *t);
  }
  if (!r.p && std::find(seen.begin(), seen.end(), "p") == seen.end())
    r.note(flaw::no_p);
  return r;
}

} // namespace postroad::dmarc
