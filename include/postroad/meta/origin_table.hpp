/// Whose an address is: autonomous systems, their names and kinds, and countries, from the files of the
/// field.
#pragma once

#include <postroad/config.hpp>
#include <postroad/meta/prefix_map.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/address_set.hpp>
#include <postroad/net/prefix.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postroad::meta {

/// What is known of an address. Empty: nothing is.
struct origin {
  std::vector<std::uint32_t>
      asns; ///< several where a prefix has several origins; the first as the file has it
  std::string as_name, as_type;
  std::string country;               ///< two letters (ISO 3166), upper case
  std::optional<net::prefix> prefix; ///< the longest that is announced

  [[nodiscard]] bool empty() const noexcept { return asns.empty() && country.empty(); }
};

/// Read line by line from any number of files, then built.
///
/// The add functions take one line without its line feed. They say what is wrong with it, or nothing; blank
/// lines and
/// `#` comments say nothing. Example: t.add_route("192.0.2.0\t24\t64496"); t.build();
/// t.find(*net::parse_address("192.0.2.1")).asns is {64496}.
class origin_table {
public:
  using complaint = std::optional<std::string_view>;

  /// A prefix and its origin: CAIDA's pfx2as ("192.0.2.0\t24\t64496"), or "192.0.2.0/24 64496" as other
  /// collectors have it. Several origins: "64496_64497", and sets "64496,64497" or "{64496,64497}". "AS"
  /// before a number does no harm.
  [[nodiscard]] complaint add_route(std::string_view line);
  /// The delegated-stats of a RIR, plain or extended: countries of addresses and of AS numbers.
  [[nodiscard]] complaint add_delegation(std::string_view line);
  /// "64496 NAME, CC" (RIPE's asn.txt), or a number, a tab, | or comma, and the name.
  [[nodiscard]] complaint add_name(std::string_view line);
  /// A number and the kind of operator: CAIDA's as2type ("64496|CAIDA_class|Content") or "64496<tab>hosting".
  [[nodiscard]] complaint add_type(std::string_view line);
  /// Once, behind the last line.
  void build();

  /// What routes and delegations say; describe() adds what is known of the AS, once all sources have been
  /// asked.
  [[nodiscard]] origin find(const net::address&) const;
  [[nodiscard]] std::size_t routes() const noexcept { return routes4_.size() + routes6_.size(); }
  /// Adds the name, kind and, where none is known, country of the origin's first AS.
  void describe(origin&) const;

private:
  using number6 = net::uint128;
  struct about {
    std::string name;
    std::string country;
  };

  /// One origin as it is, several as a number of `several_`.
  struct origins {
    std::uint32_t value;
    std::uint8_t tag;
  };
  static constexpr std::uint8_t one = 0, many = 1;
  [[nodiscard]] std::optional<origins> origins_of(std::string_view spelled);
  void add_range(std::uint64_t first, std::uint64_t count, std::uint32_t country);

  prefix_map<std::uint32_t> routes4_, countries4_;
  prefix_map<number6> routes6_, countries6_;
  std::vector<std::vector<std::uint32_t>> several_;
  std::unordered_map<std::string, std::uint32_t> several_at_; ///< by spelling
  std::unordered_map<std::uint32_t, about> names_;
  std::unordered_map<std::uint32_t, std::string> types_;
};

} // namespace postroad::meta

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/meta/impl/origin_table.ipp>
#endif
