/// Names of addresses.
#pragma once

#include <postroad/net/address.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace postroad::dns {

/// The name under which an address is looked up backwards. RFC 1035 3.5, RFC 3596 2.5.
///
/// Example: of 192.0.2.1 it is "1.2.0.192.in-addr.arpa".
[[nodiscard]] inline std::string reverse_name(const net::address& ip) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = ip.v6 ? 16 : 4; i-- > 0;)
    if (ip.v6)
      out += {digits[ip.bytes[i] & 15u], '.', digits[ip.bytes[i] >> 4], '.'};
    else
      out += std::to_string(ip.bytes[i]) + '.';
  return out + (ip.v6 ? "ip6.arpa" : "in-addr.arpa");
}

} // namespace postroad::dns
