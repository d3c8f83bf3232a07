/// Whose the addresses of the world are: networks with numbers, names, kinds and countries, the tables that
/// ipmeta reads, and what it finds in them. Worked out from the plan, never from a search.
#pragma once

#include "plan.hpp"
#include "resolvers.hpp"
#include "truth.hpp"

#include <asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace world {

struct network {
  std::uint32_t asn;
  std::string name;
  std::string type; ///< empty: nobody says
  std::string country;
};

class places {
public:
  places(const plan&, const std::vector<resolver>&, std::uint64_t seed);

  // The tables.
  [[nodiscard]] std::vector<std::string> routes() const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> types() const;
  [[nodiscard]] std::vector<std::string> delegations() const;

  /// The network that announces an address, or nothing.
  [[nodiscard]] const network* of(const asio::ip::address&) const;
  [[nodiscard]] std::string country_of(const asio::ip::address&) const;
  /// The member `meta`.
  [[nodiscard]] std::string meta_of(const asio::ip::address&) const;
  [[nodiscard]] std::string meta_of(const expected_record&) const;

  /// Cells of the tables that know of networks.
  [[nodiscard]] std::vector<std::string> cells(const std::vector<expected_record>&) const;
  [[nodiscard]] std::vector<std::string> resolver_cells(const plan&, const std::vector<resolver>&) const;

private:
  struct place {
    std::size_t network;
    bool two_origins = false; ///< announced by a second one, too
    std::string country;      ///< given by a registry; empty: that of the network
  };

  void make_networks(std::size_t hosters, std::size_t inspectors);
  void settle(const asio::ip::address&, std::size_t network, std::size_t number);
  [[nodiscard]] const place* place_of(const asio::ip::address&) const;

  std::vector<network> networks_;
  std::size_t first_hoster_ = 0, first_inspector_ = 0;
  std::map<std::string, place> by_prefix_; ///< of /24 and /48, as text
};

} // namespace world
