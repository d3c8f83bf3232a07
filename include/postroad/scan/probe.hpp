/// The probes of a scan, as packets to send: TCP SYN, DNS query, ICMP echo request.
#pragma once

#include <postroad/dns/message.hpp>
#include <postroad/net/address.hpp>
#include <postroad/scan/cookie.hpp>
#include <postroad/scan/wire.hpp>
#include <postroad/text/ascii.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace postroad::scan {

enum class probe_kind : std::uint8_t { syn, dns, icmp };
inline constexpr std::array<std::string_view, 3> probe_words{"syn", "dns", "icmp"};

/// What is sent to every target.
struct probe {
  probe_kind is = probe_kind::syn;
  dns::name question{}; ///< of a DNS query, letters lower case
  dns::type type = dns::type::a;
};

/// The query of a probe; its id is 0.
[[nodiscard]] inline std::vector<std::uint8_t> query_of(const probe& p) {
  std::array<std::uint8_t, dns::max_query_size> out;
  const auto size = dns::encode_query(out, p.question, p.type, {});
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

/// Puts the bits of `number` into the letters' case of the name in a query, lowest bit first; after 32
/// letters they begin anew. draft-vixie-dnsext-dns0x20-00.
inline void set_case(std::span<std::uint8_t> query, std::uint32_t number) noexcept {
  unsigned letter = 0;
  for (std::size_t at = dns::header_size; at < query.size() && query[at] != 0; at += query[at] + 1u)
    for (std::size_t i = at + 1; i <= at + query[at] && i < query.size(); ++i)
      if (text::is_alpha(static_cast<char>(query[i])))
        query[i] = static_cast<std::uint8_t>((query[i] & ~0x20u) | (number >> letter++ % 32 & 1u) << 5);
}

/// Makes the packets of one probe from one source address: all but a few bytes of them are the same.
///
/// Example: packet_maker maker({}, here, ethernet_header(theirs, ours)); a buffer of maker.size() bytes;
/// maker.make(buffer, {there, 25}, marks_of(key, ports, {there, 25}, 0)).
class packet_maker {
public:
  /// `link` stands before the IP header; it is empty where the kernel writes it.
  packet_maker(const probe& p, const net::address& source, std::span<const std::uint8_t> link)
      : is_(p.is), v6_(source.v6), ip_(link.size()) {
    frame_.assign(link.begin(), link.end());
    append_ip(source);
    transport_ = frame_.size();
    append_transport(p);
    const auto length = frame_.size() - transport_;
    if (v6_) {
      put16(&frame_[ip_ + 4], static_cast<unsigned>(length));
    } else {
      put16(&frame_[ip_ + 2], static_cast<unsigned>(frame_.size() - ip_));
      ip_sum_ = sum_of(std::span(frame_).subspan(ip_, ipv4_header));
    }
    transport_sum_ = sum_of(std::span(frame_).subspan(transport_));
    if (has_pseudo_header())
      transport_sum_ +=
          sum_of_address(source) + sum_of_word(protocol()) + sum_of_word(static_cast<std::uint16_t>(length));
  }

  [[nodiscard]] std::size_t size() const noexcept { return frame_.size(); }
  [[nodiscard]] bool v6() const noexcept { return v6_; }

  /// Writes size() bytes to `out`. `to` is of the family of the source.
  void make(std::uint8_t* out, const net::endpoint& to, const marks& m) const noexcept {
    std::memcpy(out, frame_.data(), frame_.size());
    std::uint8_t* const ip = out + ip_;
    std::uint8_t* const body = out + transport_;
    std::uint64_t sum = transport_sum_;
    if (v6_) {
      std::memcpy(ip + 24, to.ip.bytes.data(), 16);
    } else {
      std::memcpy(ip + 16, to.ip.bytes.data(), 4);
      put16(ip + 4, m.id);
      put_sum(ip + 10, ip_sum_ + sum_of_word(m.id) + sum_of_address(to.ip));
    }
    if (has_pseudo_header())
      sum += sum_of_address(to.ip);
    mark(body, to, m, sum);
  }

private:
  static constexpr std::uint8_t hops = 64;            // RFC 1700, and what most kernels send
  static constexpr std::uint16_t segment_size = 1460; // Ethernet's 1500 without two headers

  [[nodiscard]] std::uint8_t protocol() const noexcept {
    if (is_ == probe_kind::icmp)
      return v6_ ? protocol_icmpv6 : protocol_icmp;
    return is_ == probe_kind::syn ? protocol_tcp : protocol_udp;
  }
  [[nodiscard]] bool has_pseudo_header() const noexcept { return is_ != probe_kind::icmp || v6_; }

  void append_ip(const net::address& source) {
    const auto at = frame_.size();
    frame_.resize(at + (v6_ ? ipv6_header : ipv4_header));
    std::uint8_t* const ip = &frame_[at];
    if (v6_) {
      ip[0] = 0x60;
      ip[6] = protocol();
      ip[7] = hops;
      std::memcpy(ip + 8, source.bytes.data(), 16);
    } else {
      ip[0] = 0x45; // five words
      ip[6] = 0x40; // do not fragment
      ip[8] = hops;
      ip[9] = protocol();
      std::memcpy(ip + 12, source.bytes.data(), 4);
    }
  }

  void append_transport(const probe& p) {
    switch (is_) {
    case probe_kind::syn: { // RFC 9293 3.1, with the option that no client leaves out: MSS
      frame_.resize(transport_ + tcp_header + 4);
      std::uint8_t* const tcp = &frame_[transport_];
      tcp[12] = 6 << 4; // six words
      tcp[13] = tcp_syn;
      put16(tcp + 14, 65'535); // window
      tcp[20] = 2;
      tcp[21] = 4;
      put16(tcp + 22, segment_size);
      return;
    }
    case probe_kind::dns: {
      const auto query = query_of(p);
      frame_.resize(transport_ + udp_header);
      put16(&frame_[transport_ + 4], static_cast<unsigned>(udp_header + query.size()));
      frame_.insert(frame_.end(), query.begin(), query.end());
      return;
    }
    case probe_kind::icmp:
      frame_.resize(transport_ + icmp_header + 4); // the number rides behind the header
      frame_[transport_] = v6_ ? icmpv6_echo_request : icmp_echo_request;
      return;
    }
  }

  /// Ports, cookies and the checksum, of which `sum` is all that does not change with them.
  void mark(std::uint8_t* body, const net::endpoint& to, const marks& m, std::uint64_t sum) const noexcept {
    switch (is_) {
    case probe_kind::syn:
      put16(body, m.source_port);
      put16(body + 2, to.port);
      put32(body + 4, m.number);
      put_sum(body + 16, sum + sum_of_word(m.source_port) + sum_of_word(to.port) + sum_of_long(m.number));
      return;
    case probe_kind::dns: {
      put16(body, m.source_port);
      put16(body + 2, to.port);
      std::uint8_t* const query = body + udp_header;
      const auto size = frame_.size() - transport_ - udp_header;
      sum -= sum_of({frame_.data() + transport_ + udp_header, size});
      put16(query, m.id);
      set_case({query, size}, m.number);
      sum += sum_of({query, size}) + sum_of_word(m.source_port) + sum_of_word(to.port);
      put_sum(body + 6, sum);
      if (body[6] == 0 && body[7] == 0) // which would say that there is none, RFC 768
        put16(body + 6, 0xffff);
      return;
    }
    case probe_kind::icmp:
      put16(body + 4, m.id);
      put16(body + 6, m.number & 0xffff); // errors quote this much and no more
      put32(body + 8, m.number);
      put_sum(body + 2, sum + sum_of_word(m.id) + sum_of_word(static_cast<std::uint16_t>(m.number)) +
                            sum_of_long(m.number));
      return;
    }
  }

  probe_kind is_;
  bool v6_;
  std::size_t ip_, transport_ = 0; ///< where the headers begin
  std::vector<std::uint8_t> frame_;
  std::uint64_t ip_sum_ = 0, transport_sum_ = 0;
};

} // namespace postroad::scan
