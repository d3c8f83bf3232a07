/// What a faultless spfexpand finds, worked out from the policies as planned and from the zone.
///
/// Rules (man/spfexpand.1 is the authority on the words). Terms are taken from left to right: one with "+"
/// lets in what it matches and no term before it did; other signs only take away. An include matches what
/// passes there; a redirect holds where no `all` stands in the record, for what is left. Terms behind `all`
/// count as terms and are otherwise ignored. Nothing is stopped by a limit: `lookups` counts include, a, mx,
/// ptr, exists, redirect in the whole tree, a record that is included twice twice; `void` what finds neither
/// record nor name, as a client of either family meets it, or both together; exists and ptr are never void.
/// `records` are SPF records read, `depth` how many levels lie below the first. `largest` is the widest
/// network as published by a term with "+". Errors come in the order of the walk, limits first.
/// `result_class` is what RFC 7208's check comes to for an IPv4 client that nothing matches.
#pragma once

#include "plan.hpp"
#include "ranges.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace world {

struct expected_spf {
  std::string at;                       ///< whose record
  std::string outcome;                  ///< of the TXT question
  std::string status;                   ///< empty: nothing could be asked
  std::string policy, policy_recursive; ///< the second empty: no policy behind the redirect
  std::string redirect;                 ///< empty: null
  std::vector<std::string> includes, includes_all;
  std::array<std::size_t, 11> top{}, all{}; ///< terms, in the order of term_words
  std::size_t lookups = 0, void4 = 0, void6 = 0, void_both = 0, records = 0, depth = 0;
  bool over_limit = false, loop = false, include_none = false, macro = false, ptr = false, exists = false,
       host_bits = false;
  bool everybody4 = false, everybody6 = false; ///< +all, or an exists that is true, let in what was left
  ranges pass4, pass6, union4, union6;
  std::optional<unsigned> largest4, largest6;
  std::vector<std::pair<std::string, std::string>> errors; ///< code, at
  std::string result_class;
};

inline constexpr std::array term_words = std::to_array<const char*>(
    {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "redirect", "exp", "unknown"});

expected_spf expect_spf(const plan& all, const std::string& domain);
std::string to_json(const expected_spf& from);

/// Whether an IPv4 address that is not globally reachable passes.
bool lets_in_special(const expected_spf& from);

} // namespace world
