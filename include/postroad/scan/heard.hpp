/// What a packet says that came in while a scan ran. RFC 791, 792, 768, 9293, 8200, 4443.
///
/// Nothing here trusts the sender: every read is bounded, lengths are held against what is there, and sums
/// are checked where the kernel has not done it.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/result.hpp>
#include <postroad/scan/wire.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace postroad::scan {

/// One of our own packets as an ICMP error quotes it: its header and at least eight bytes.
struct quote {
  net::endpoint to; ///< port 0: an echo request
  net::address from;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0;
  std::uint16_t id = 0;     ///< of an echo request; UDP: of the IPv4 packet, or the query's in IPv6
  std::uint32_t number = 0; ///< TCP's sequence number; that of an echo request, 16 bits
};

/// One packet; of kind `told` there is none, the kernel itself says how a connection went.
struct heard {
  enum class kind : std::uint8_t { segment, datagram, echo, error, told };
  kind is = kind::segment;
  net::endpoint from; ///< port 0: ICMP
  net::address to;
  std::uint8_t ttl = 0; ///< time to live or hop limit, as it came in

  std::uint16_t to_port = 0;                    ///< segment, datagram
  std::uint32_t sequence = 0, acknowledged = 0; ///< segment
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  std::span<const std::uint8_t> payload{}; ///< datagram; a view into the packet

  std::uint16_t id = 0;     ///< echo
  std::uint32_t number = 0; ///< echo: the first bytes that it brings back

  std::uint8_t icmp_type = 0, icmp_code = 0; ///< error
  quote about{};
};

namespace detail {

/// An IP header: what follows it, for whom.
struct ip_packet {
  net::address from, to;
  std::uint8_t protocol = 0, ttl = 0;
  std::size_t body = 0; ///< where what it carries begins
  std::size_t end = 0;  ///< behind the last byte that the header counts; may lie beyond the bytes of a quote
};

[[nodiscard]] inline result<ip_packet> read_ipv4(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < ipv4_header)
    return failure{bytes.size(), "IPv4 header cut short", "RFC 791 3.1"};
  ip_packet p;
  p.body = (bytes[0] & 15u) * std::size_t{4};
  p.end = get16(&bytes[2]);
  if (p.body < ipv4_header || p.body > bytes.size() || p.end < p.body)
    return failure{0, "IPv4 header with a wrong length", "RFC 791 3.1"};
  if ((get16(&bytes[6]) & 0x1fff) != 0)
    return failure{6, "not the first fragment", "RFC 791 3.2"};
  p.ttl = bytes[8];
  p.protocol = bytes[9];
  p.from = net::address::from_bytes(&bytes[12], 4);
  p.to = net::address::from_bytes(&bytes[16], 4);
  return p;
}

/// Extension headers do not occur in answers to probes and are not read.
[[nodiscard]] inline result<ip_packet> read_ipv6(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < ipv6_header)
    return failure{bytes.size(), "IPv6 header cut short", "RFC 8200 3"};
  ip_packet p;
  p.body = ipv6_header;
  p.end = ipv6_header + get16(&bytes[4]);
  p.protocol = bytes[6];
  p.ttl = bytes[7];
  p.from = net::address::from_bytes(&bytes[8], 16);
  p.to = net::address::from_bytes(&bytes[24], 16);
  return p;
}

[[nodiscard]] inline result<ip_packet> read_ip(std::span<const std::uint8_t> bytes) {
  if (bytes.empty())
    return failure{0, "empty packet"};
  switch (bytes[0] >> 4) {
  case 4:
    return read_ipv4(bytes);
  case 6:
    return read_ipv6(bytes);
  default:
    return failure{0, "neither IPv4 nor IPv6"};
  }
}

[[nodiscard]] inline bool good_sum(const ip_packet& p, std::span<const std::uint8_t> body) noexcept {
  constexpr std::uint16_t good = 0xffff;
  const bool pseudo = p.protocol != protocol_icmp;
  auto sum = sum_of(body);
  if (pseudo)
    sum += sum_of_address(p.from) + sum_of_address(p.to) + sum_of_word(p.protocol) +
           sum_of_long(static_cast<std::uint32_t>(body.size()));
  return folded(sum) == good;
}

/// The packet that an error quotes. Routers quote eight bytes behind the header at least (RFC 792); the
/// packet's own length counts more.
[[nodiscard]] inline result<quote> read_quote(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t quoted = 8;
  const auto p = read_ip(bytes);
  if (!p)
    return failure(p.error());
  if (p->body + quoted > bytes.size())
    return failure{bytes.size(), "the quoted packet is cut short", "RFC 792"};
  const std::uint8_t* const body = &bytes[p->body];
  quote q;
  q.protocol = p->protocol;
  q.from = p->from;
  q.to.ip = p->to;
  if (p->protocol == protocol_icmp || p->protocol == protocol_icmpv6) {
    q.id = get16(body + 4);
    q.number = get16(body + 6);
    return q;
  }
  q.source_port = get16(body);
  q.to.port = get16(body + 2);
  q.number = get32(body + 4);
  if (!q.from.v6)
    q.id = get16(&bytes[4]);
  else if (p->body + quoted + 2 <= bytes.size())
    q.id = get16(body + quoted);
  return q;
}

[[nodiscard]] inline bool is_error(const ip_packet& p, std::uint8_t type) noexcept {
  if (p.protocol == protocol_icmpv6)
    return type >= icmpv6_unreachable && type <= icmpv6_parameter_problem && type != icmpv6_too_big;
  return type == icmp_unreachable || type == icmp_time_exceeded || type == icmp_parameter_problem;
}

[[nodiscard]] inline result<heard> read_icmp(const ip_packet& p, std::span<const std::uint8_t> body,
                                             heard h) {
  if (body.size() < icmp_header)
    return failure{p.body, "ICMP header cut short", "RFC 792"};
  const bool v6 = p.protocol == protocol_icmpv6;
  if (body[0] == (v6 ? icmpv6_echo_reply : icmp_echo_reply)) {
    if (body.size() < icmp_header + 4)
      return failure{p.body, "the echo brings back less than was sent", "RFC 792"};
    h.is = heard::kind::echo;
    h.id = get16(&body[4]);
    h.number = get32(&body[8]);
    return h;
  }
  if (!is_error(p, body[0]))
    return failure{p.body, "ICMP that answers no probe"};
  auto about = read_quote(body.subspan(icmp_header));
  if (!about)
    return failure{p.body + icmp_header + about.error().offset, about.error().why, about.error().rfc};
  h.is = heard::kind::error;
  h.icmp_type = body[0];
  h.icmp_code = body[1];
  h.about = *about;
  return h;
}

[[nodiscard]] inline result<heard> read_tcp(const ip_packet& p, std::span<const std::uint8_t> body, heard h) {
  if (body.size() < tcp_header || (body[12] >> 4) * std::size_t{4} < tcp_header ||
      (body[12] >> 4) * std::size_t{4} > body.size())
    return failure{p.body, "TCP header cut short", "RFC 9293 3.1"};
  h.is = heard::kind::segment;
  h.from.port = get16(&body[0]);
  h.to_port = get16(&body[2]);
  h.sequence = get32(&body[4]);
  h.acknowledged = get32(&body[8]);
  h.flags = body[13];
  h.window = get16(&body[14]);
  return h;
}

[[nodiscard]] inline result<heard> read_udp(const ip_packet& p, std::span<const std::uint8_t> body, heard h) {
  if (body.size() < udp_header)
    return failure{p.body, "UDP header cut short", "RFC 768"};
  const std::size_t length = get16(&body[4]);
  if (length < udp_header)
    return failure{p.body + 4, "UDP with a wrong length", "RFC 768"};
  h.is = heard::kind::datagram;
  h.from.port = get16(&body[0]);
  h.to_port = get16(&body[2]);
  h.payload = body.subspan(udp_header, std::min(length, body.size()) - udp_header); // a fragment has less
  return h;
}

} // namespace detail

/// Reads a packet from its IP header on. `checked`: the kernel or the card has seen to the checksums, or they
/// are not written yet, as between two programs of one machine.
///
/// Errors: whatever is no answer to any kind of probe, and the packet that is cut short, says so, or whose
/// sums are wrong.
/// Example: read_packet(frame, false)->from is who sent it.
[[nodiscard]] inline result<heard> read_packet(std::span<const std::uint8_t> bytes, bool checked) {
  const auto p = detail::read_ip(bytes);
  if (!p)
    return failure(p.error());
  if (p->end > bytes.size())
    return failure{bytes.size(), "packet cut short"};
  if (!checked && !p->from.v6 && folded(sum_of(bytes.first(p->body))) != 0xffff)
    return failure{10, "wrong checksum of the IPv4 header", "RFC 791 3.1"};
  const auto body = bytes.subspan(p->body, p->end - p->body); // behind it lies Ethernet's padding
  const bool without_sum = p->protocol == protocol_udp && body.size() >= udp_header && get16(&body[6]) == 0;
  if (!checked && !without_sum && !detail::good_sum(*p, body))
    return failure{p->body, "wrong checksum"};
  heard h;
  h.from.ip = p->from;
  h.to = p->to;
  h.ttl = p->ttl;
  switch (p->protocol) {
  case protocol_tcp:
    return detail::read_tcp(*p, body, h);
  case protocol_udp:
    return detail::read_udp(*p, body, h);
  case protocol_icmp:
  case protocol_icmpv6:
    return detail::read_icmp(*p, body, h);
  default:
    return failure{9, "a protocol that answers no probe"};
  }
}

} // namespace postroad::scan
