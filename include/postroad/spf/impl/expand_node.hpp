/// An expansion under way: what walking and deciding share.
#pragma once

#include <postroad/spf/expand.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::spf {

/// One domain on its way through the tree.
struct expander::walk {
  std::string root;                ///< what %{o} stands for
  std::vector<std::string> stack;  ///< the names whose records are being read
  unsigned records, questions;     ///< left
  clock::time_point until;         ///< then nothing more is asked
  unsigned lookups = 0, voids = 0; ///< used; they only matter when strict
  bool aborted = false;
};

/// What a domain-spec stands for, for clients of either family: %{v} tells them apart.
struct expander::target {
  bool dynamic = false; ///< it depends on the client
  std::string text4, text6;
  std::optional<dns::name> name4, name6; ///< nothing: what it expands to is no name
  [[nodiscard]] bool is_one() const noexcept { return text4 == text6; }
};

/// A term's target and the answers about it.
struct expander::found {
  target to;
  dns::answer_ptr said4, said6;                ///< a: A, AAAA; mx: MX; include, redirect: TXT; exists: A
  std::vector<dns::answer_ptr> hosts4, hosts6; ///< mx: A, AAAA of the exchanges
  std::shared_ptr<const expansion> known4, known6;
};

/// One record under way.
struct expander::node {
  expansion out;
  record read;
  std::size_t live = 0;         ///< so many directives are looked at: those in front of `all`, and it
  net::address_set matched;     ///< by any term so far
  std::vector<found> founds;    ///< one for each live directive, and redirect's behind them
  std::vector<net::prefix> run; ///< networks of one sign in a row
  qualifier run_sign = qualifier::pass;

  void complain(std::string_view code, std::string_view term, std::string detail = {});
  void end_here(bool temporary) {
    if (!out.stops)
      out.stops = stop{temporary, out.lookups, out.voids.ip4};
  }
  void widest(const net::prefix& p, qualifier sign);
  /// What a term of its own matches.
  void match(const net::address_set& what, qualifier sign);
  void match_all(const net::address_set& what, qualifier sign);
  /// The same of a subtree, whose union is known already.
  void adopt(const net::address_set& what, qualifier sign);
  void run_on(const directive& d, bool alone);
  void end_run();

  // branches, when they are kept
  bool keeps_branches = false;
  void begin_branch(std::string_view term) {
    if (keeps_branches)
      out.branches.push_back({std::string(term), {}, nullptr, {}});
  }
  void note(std::string_view trouble) {
    if (keeps_branches && out.branches.back().trouble.empty())
      out.branches.back().trouble = trouble;
  }
  void note_child(const std::shared_ptr<const expansion>& child) {
    if (keeps_branches)
      out.branches.back().leads_to = child;
  }
};

namespace detail {

[[nodiscard]] inline std::string_view code_of(outcome o) noexcept {
  switch (o) {
  case outcome::timeout:
    return "dns_timeout";
  case outcome::servfail:
    return "dns_servfail";
  case outcome::query_refused:
  case outcome::refused:
    return "dns_refused";
  default:
    return "dns_failed";
  }
}
[[nodiscard]] inline bool is_temporary(std::string_view code) noexcept {
  return code.starts_with("dns_");
}

/// Whether a look-up failed anywhere in the tree: the set may be larger than what is known of it.
[[nodiscard]] inline bool has_temporary(const expansion& e) noexcept {
  return std::any_of(e.problems.begin(), e.problems.end(),
                     [](const problem& p) { return is_temporary(p.code); });
}

/// How the first look-up of the tree that failed ended.
[[nodiscard]] inline std::optional<outcome> first_failure(const expansion& e) noexcept {
  for (const auto& p : e.problems)
    for (std::size_t i = 0; is_temporary(p.code) && i < outcome_words.size(); ++i)
      if (outcome_words[i] == p.detail)
        return static_cast<outcome>(i);
  return std::nullopt;
}

template <class T>
void add_new(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end())
    list.push_back(value);
}

[[nodiscard]] inline policy policy_of(const record& r) noexcept {
  if (const auto* all = r.all()) {
    constexpr std::array by_sign = {policy::pass, policy::hard, policy::soft, policy::neutral};
    return by_sign[static_cast<std::size_t>(all->sign)];
  }
  return r.redirect ? policy::redirect : policy::none;
}

[[nodiscard]] inline term_counts counts_of(const record& r) noexcept {
  term_counts n{};
  for (const auto& d : r.directives)
    ++n[static_cast<std::size_t>(d.what)];
  n[mechanism_words.size()] = r.redirect ? 1 : 0;
  n[mechanism_words.size() + 1] = r.exp ? 1 : 0;
  n[mechanism_words.size() + 2] = static_cast<std::uint32_t>(r.others.size());
  return n;
}

inline void narrow(std::optional<unsigned>& widest, const std::optional<unsigned>& other) noexcept {
  if (other && (!widest || *other < *widest))
    widest = other;
}

inline void note_limit(expansion& of, std::string_view code, unsigned used, unsigned most) {
  if (used > most)
    of.problems.insert(of.problems.begin(),
                       {code, of.at, {}, std::to_string(used) + " of " + std::to_string(most)});
}

/// The term that the byte at `offset` belongs to.
[[nodiscard]] inline std::string_view term_at(std::string_view text, std::size_t offset) noexcept {
  offset = std::min(offset, text.size());
  const auto space = offset == 0 ? std::string_view::npos : text.rfind(' ', offset - 1);
  const auto first = space == std::string_view::npos ? 0 : space + 1;
  return text.substr(first, text.find(' ', first) - first);
}
/// An error as one line.
[[nodiscard]] inline std::string told(const parse_error& e) {
  return std::string(e.why) + " at byte " + std::to_string(e.offset) + " (" + std::string(e.rfc) + ")";
}

/// What a domain-spec expands to, where the client is only known by its family.
struct static_text {
  std::string text4, text6;
  bool dynamic = false, uses_root = false;
};
[[nodiscard]] inline static_text expand_static(std::string_view spec, const std::string& at,
                                               const std::string& root) {
  static_text out;
  const auto pieces = parse_macro_string(spec, macro_place::domain_spec);
  if (!pieces)
    return out;
  for (const auto& p : *pieces) {
    out.uses_root = out.uses_root || p.letter == 'o';
    out.dynamic =
        out.dynamic || (p.letter != 0 && std::string_view("dov").find(p.letter) == std::string_view::npos);
    for (const bool v6 : {false, true})
      append_to_name(v6 ? out.text6 : out.text4, expand_piece(p, [&](char letter) -> std::string {
                       return letter == 'd' ? at : letter == 'o' ? root : v6 ? "ip6" : "in-addr";
                     }));
  }
  return out;
}

} // namespace detail

} // namespace postroad::spf
