/// Which servers a record speaks of, in the order in which a sender would try them. RFC 5321 5.1.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/mx.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postroad::flow {

/// One server to try.
struct candidate {
  std::string host; ///< its name, empty when only an address is known
  net::endpoint to;
};

/// The servers of one record, one after the other: hosts by preference, of each its IPv4 addresses, then its
/// IPv6 ones. Addresses that the record does not hold are looked up when their host's turn comes.
class server_walk {
public:
  struct host {
    std::string name;
    std::vector<net::address> addresses;
    bool is_known = true; ///< false: ask for its addresses first
  };

  /// The next one, or nothing.
  net::task<std::optional<candidate>> next();
  /// Why there is none at all: `ok` when there was one; `skipped` when the record says that there is no mail
  /// server.
  [[nodiscard]] outcome what() const noexcept { return what_; }

private:
  friend class mail_servers;
  class mail_servers* of_ = nullptr;
  std::uint16_t port_ = 25;
  std::vector<host> hosts_;
  std::size_t host_ = 0, address_ = 0;
  outcome what_ = outcome::skipped;
};

/// Reads a record's `ip`, `mx`, `host` or `domain`, the first of them that there is.
class mail_servers {
public:
  mail_servers(const room&, dns::client&, std::uint16_t default_port = 25);

  net::task<server_walk> of(const job& record);
  /// The addresses of a host, of the families that are wanted. `what` tells why there are none.
  net::task<std::vector<net::address>> addresses_of(std::string host, outcome& what);

private:
  friend class server_walk;
  [[nodiscard]] bool says_mx(const job&) const;
  [[nodiscard]] std::vector<server_walk::host> hosts_in(const job&) const;
  void add_address(const job&, const field&, std::vector<server_walk::host>&) const;

  dns::client& dns_;
  const blocklist& blocked_;
  bool ipv4_, ipv6_;
  std::uint16_t default_port_;
  std::size_t outcome_, kind_, name_, preference_, ipv4_list_, ipv6_list_, ipv4_outcome_, ipv6_outcome_;
};

/// The member `smtp` of a record, where it names a server that is to be probed further.
class smtp_member {
public:
  explicit smtp_member(const room&);
  [[nodiscard]] bool is_in(const job&) const;
  /// The server that answered STARTTLS with 220, or nothing.
  [[nodiscard]] std::optional<candidate> server_with_220(const job&) const;

private:
  const settings& use_;
  std::size_t outcome_, ip_, port_, host_, code_;
};

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/mail_servers.ipp>
#endif
