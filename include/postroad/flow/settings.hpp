/// The options that every network filter has, and the one place where they are named.
#pragma once

#include <postroad/cli/options.hpp>
#include <postroad/config.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/prefix.hpp>
#include <postroad/outcome.hpp>
#include <postroad/scan/walk.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace postroad::flow {

/// Defaults live here and nowhere else.
struct settings {
  std::string member; ///< another name for the one member that a tool writes
  std::string input = "-";
  std::string output = "-";
  std::uint32_t concurrency = 1000;
  cli::byte_size window{std::uint64_t{64} << 20};
  double rate = 0;
  std::chrono::milliseconds timeout{30'000};
  std::uint32_t retries = 7; // with a packet in ten lost, one question in 10^8 stays without answer
  bool keep_order = false;
  std::vector<std::string> resolvers;
  cli::byte_size cache{std::uint64_t{64} << 20};
  bool ipv4_only = false;
  bool ipv6_only = false;
  std::string source;
  std::string vantage;
  std::vector<std::string> only;
  std::string shard = "1/1";
  std::vector<std::string> blocklists;
  std::vector<std::string> allow;
  double subnet_rate = 20; // what zgrab2's --server-rate-limit allows one server, here for a whole /24
  std::uint64_t seed = 0;  // 0: from the system
  std::string metadata;
  std::string rejects;
  std::vector<std::string> arguments; ///< as typed, for the metadata
  bool json = false;
  bool pretty = false;
  bool progress = false;
  bool quiet = false;
  bool verbose = false;
};

/// Adds the options of every filter to the table of one tool; `is_local`: of one that asks nobody.
void add_common(cli::options&, settings&, bool is_local);

/// The whole of a file; throws usage_error when it cannot be read.
[[nodiscard]] std::string whole_file(const std::string& name);

/// A list of addresses and domains that are never asked or contacted. A line is a CIDR, an address or a
/// domain (with all that is below it); `#` begins a comment. An unreadable file or line throws usage_error: a
/// list that is half read protects nobody.
class blocklist {
public:
  void load(const std::string& file);
  [[nodiscard]] bool has(std::string_view domain) const;
  [[nodiscard]] const net::prefix_set& addresses() const noexcept { return addresses_; }

private:
  net::prefix_set addresses_;
  std::unordered_set<std::string> domains_;
};

/// The share of the records that one of several runs takes: by the hash of whom they are about, so that the
/// domains of one provider, which stand together in a list, are spread over all.
class record_shard {
public:
  explicit record_shard(scan::shard mine) : mine_(mine) {}
  [[nodiscard]] bool has(std::string_view key) const noexcept {
    if (mine_.of == 1)
      return true;
    std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a: the same in all runs, on all machines
    for (const char c : key)
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return (hash ^ hash >> 32) % mine_.of == mine_.part;
  }

private:
  scan::shard mine_;
};

/// What the texts of the settings mean. All of these throw usage_error with what to do.
[[nodiscard]] std::vector<net::endpoint> resolvers_of(const settings&, std::vector<net::endpoint> system);
[[nodiscard]] std::optional<net::address> source_of(const settings&);
[[nodiscard]] std::vector<outcome> only_of(const settings&);
[[nodiscard]] net::prefix_set allowed_of(const settings&);
[[nodiscard]] blocklist blocklist_of(const settings&);
[[nodiscard]] std::uint64_t seed_of(const settings&);
[[nodiscard]] record_shard shard_of(const settings&);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/settings.ipp>
#endif
