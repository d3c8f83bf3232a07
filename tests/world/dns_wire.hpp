/// DNS messages by hand (RFC 1035 4, RFC 6891): the question read, the answer written.
#pragma once

#include "zone.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace world {

struct question {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::string name;                  ///< lower case, odd bytes as \DDD, without final dot
  std::span<const std::uint8_t> raw; ///< the question section as it came: its case goes back unchanged (0x20)
  rrtype type{};
  std::uint16_t klass = 0;
  bool edns = false;
  std::uint8_t edns_version = 0;
  bool dnssec_ok = false;
  std::uint16_t udp_size = 512;     // RFC 1035 2.3.4, without EDNS
  rcode complaint = rcode::noerror; ///< what is wrong with the query
};

/// Reads a query. Nothing when it is too short to be answered, or is an answer itself.
std::optional<question> read_question(std::span<const std::uint8_t> message);

/// Writes the answer to `asked`; sets TC and leaves the answer section empty when it passes `limit` bytes.
/// Owner names and names in MX and CNAME rdata are compressed, as all servers do.
std::vector<std::uint8_t> write_answer(const question& asked, const answer& found, std::size_t limit);

} // namespace world
