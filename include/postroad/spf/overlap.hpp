/// Which addresses several domains let in, and how many domains do: over all policies of a list.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/address_set.hpp>
#include <postroad/spf/expand.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace postroad::spf {

/// A number for a set of addresses, the same wherever it is made: FNV-1a, 64 bits. Equal sets have equal
/// numbers; that two others have the same by chance is not to be feared, that somebody makes them so on
/// purpose is.
[[nodiscard]] POSTROAD_DECL std::uint64_t set_number(const net::address_set& s) noexcept;
/// The number as sixteen hexadecimal digits.
[[nodiscard]] POSTROAD_DECL std::string set_name(const net::address_set& s);

/// Some domains that let in the same addresses.
struct shared_set {
  net::address_set set;
  std::uint64_t domains = 0;
  std::string first; ///< one of them: the first that was met
};

/// Addresses that so many domains let in.
template <class U>
struct layer {
  net::interval<U> range;
  std::uint64_t domains = 0;
};

/// Tells for every address how many domains let it in: ascending, without gaps of none, neighbours differ.
/// One sweep over the ends of all intervals.
///
/// Example: sets {1..4} of two domains and {3..9} of one give 1..2: 2, 3..4: 3, 5..9: 1.
template <class U>
[[nodiscard]] std::vector<layer<U>>
layers_of(std::vector<std::pair<net::interval<U>, std::uint64_t>> ranges) {
  struct edge {
    U at;
    bool opens;
    std::uint64_t domains;
  };
  std::vector<edge> edges;
  for (const auto& [range, domains] : ranges) {
    edges.push_back({range.first, true, domains});
    if (range.last != net::interval_set<U>::top) // what ends at the last address never ends
      edges.push_back({static_cast<U>(range.last + 1), false, domains});
  }
  std::sort(edges.begin(), edges.end(), [](const edge& a, const edge& b) { return a.at < b.at; });
  std::vector<layer<U>> out;
  std::uint64_t now = 0;
  for (std::size_t i = 0; i < edges.size();) {
    const U at = edges[i].at;
    for (; i < edges.size() && edges[i].at == at; ++i)
      now += edges[i].opens ? edges[i].domains : std::uint64_t{0} - edges[i].domains;
    const U last = i < edges.size() ? static_cast<U>(edges[i].at - 1) : net::interval_set<U>::top;
    if (now == 0)
      continue;
    if (!out.empty() && out.back().domains == now && out.back().range.last + 1 == at)
      out.back().range.last = last;
    else
      out.push_back({{at, last}, now});
  }
  return out;
}

/// The policies of a list, folded as they come. Memory grows with the different sets, not with the domains.
///
/// Example:
///   spf::overlap all;
///   all.add("example.org", *expansion);
///   file.write(all.report());
class overlap {
public:
  /// A policy that can be read; others are counted and left out, and so is +all: it says nothing about
  /// addresses.
  POSTROAD_DECL void add(const std::string& domain, const expansion& e);

  [[nodiscard]] const std::vector<shared_set>& sets() const noexcept { return sets_; }
  template <class U>
  [[nodiscard]] std::vector<layer<U>> layers() const;

  /// JSON lines: a summary, the sets that most domains share, space by how many domains let it in, the
  /// addresses that most do, and pairs of shared sets that overlap in part. See man/spfexpand.1.
  [[nodiscard]] POSTROAD_DECL std::string report() const;

private:
  std::vector<shared_set> sets_;
  std::unordered_multimap<std::uint64_t, std::size_t> at_; ///< by number, into sets_
  std::uint64_t domains_ = 0, without_policy_ = 0, unreadable_ = 0, not_known_ = 0, everybody_ = 0,
                nobody_ = 0;
};

template <class U>
std::vector<layer<U>> overlap::layers() const {
  std::vector<std::pair<net::interval<U>, std::uint64_t>> all;
  for (const auto& one : sets_) {
    if constexpr (sizeof(U) == sizeof(std::uint32_t))
      for (const auto& range : one.set.ipv4.ranges())
        all.emplace_back(range, one.domains);
    else
      for (const auto& range : one.set.ipv6.ranges())
        all.emplace_back(range, one.domains);
  }
  return layers_of(std::move(all));
}

} // namespace postroad::spf

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/spf/impl/overlap.ipp>
#endif
