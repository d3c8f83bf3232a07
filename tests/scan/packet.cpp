// Packets out and packets in: what the maker writes the reader reads, and an answer made from it is judged.
#include <postroad/scan/heard.hpp>
#include <postroad/scan/probe.hpp>
#include <postroad/scan/referee.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace postroad;
using bytes = std::vector<std::uint8_t>;

namespace {

const net::address here = *net::parse_address("198.51.100.1"), here6 = *net::parse_address("2001:db8::1");
const net::endpoint there{*net::parse_address("192.0.2.77"), 25};
const net::endpoint there6{*net::parse_address("2001:db8:ff::9"), 25};
const scan::siphash_key key{11, 22};
const scan::port_range ports;

scan::probe dns_probe() {
  return {scan::probe_kind::dns, *dns::parse_name("www.mail-test.example"), dns::type::a};
}

bytes made(const scan::probe& p, const net::endpoint& to, std::uint32_t attempt = 0) {
  const scan::packet_maker maker(p, to.ip.v6 ? here6 : here, {});
  bytes out(maker.size());
  maker.make(out.data(), to, scan::marks_of(key, ports, to, attempt));
  return out;
}

net::address_set everybody() {
  return net::address_set::of({*net::parse_prefix("192.0.2.0/24"), *net::parse_prefix("2001:db8:ff::/112")});
}

/// Swaps who sent a packet and who gets it, so that it comes from where it went to.
void turn(bytes& packet) {
  const bool v6 = packet[0] >> 4 == 6;
  auto* const from = packet.data() + (v6 ? 8 : 12);
  const std::size_t size = v6 ? 16 : 4;
  std::swap_ranges(from, from + size, from + size);
  auto* const body = packet.data() + (v6 ? scan::ipv6_header : scan::ipv4_header);
  const auto protocol = packet[v6 ? 6 : 9];
  if (protocol == scan::protocol_tcp || protocol == scan::protocol_udp)
    std::swap_ranges(body, body + 2, body + 2);
}

/// Writes the checksums of a packet that was changed.
void seal(bytes& packet) {
  const bool v6 = packet[0] >> 4 == 6;
  const std::size_t body = v6 ? scan::ipv6_header : scan::ipv4_header;
  if (!v6) {
    scan::put16(&packet[2], static_cast<unsigned>(packet.size()));
    scan::put16(&packet[10], 0);
    scan::put_sum(&packet[10], scan::sum_of(std::span(packet).first(body)));
  } else {
    scan::put16(&packet[4], static_cast<unsigned>(packet.size() - body));
  }
  const auto protocol = packet[v6 ? 6 : 9];
  const std::size_t field = protocol == scan::protocol_tcp ? 16 : protocol == scan::protocol_udp ? 6 : 2;
  if (protocol == scan::protocol_udp)
    scan::put16(&packet[body + 4], static_cast<unsigned>(packet.size() - body));
  scan::put16(&packet[body + field], 0);
  auto sum = scan::sum_of(std::span(packet).subspan(body));
  if (protocol != scan::protocol_icmp)
    sum += scan::sum_of(std::span(packet).subspan(v6 ? 8 : 12, v6 ? 32 : 8)) + scan::sum_of_word(protocol) +
           scan::sum_of_word(static_cast<std::uint16_t>(packet.size() - body));
  scan::put_sum(&packet[body + field], sum);
}

bytes segment(const net::endpoint& from, std::uint8_t flags, std::uint32_t off_by = 1,
              std::uint32_t attempt = 0) {
  auto p = made({}, from, attempt);
  turn(p);
  const std::size_t body = from.ip.v6 ? scan::ipv6_header : scan::ipv4_header;
  const auto number = scan::get32(&p[body + 4]);
  scan::put32(&p[body + 8], number + off_by);
  scan::put32(&p[body + 4], 0x12345678);
  p[body + 13] = flags;
  seal(p);
  return p;
}

bytes echo_reply(const net::endpoint& from) {
  auto p = made({scan::probe_kind::icmp}, {from.ip, 0});
  turn(p);
  p[from.ip.v6 ? scan::ipv6_header : scan::ipv4_header] =
      from.ip.v6 ? scan::icmpv6_echo_reply : scan::icmp_echo_reply;
  seal(p);
  return p;
}

bytes dns_reply(const net::endpoint& from) {
  auto p = made(dns_probe(), from);
  turn(p);
  const std::size_t body = from.ip.v6 ? scan::ipv6_header : scan::ipv4_header;
  p[body + scan::udp_header + 2] |= 0x80;
  seal(p);
  return p;
}

/// Somebody on the way says of our packet that it does not arrive.
bytes error_about(const bytes& packet, std::uint8_t type, std::uint8_t code, std::size_t quoted) {
  const bool v6 = packet[0] >> 4 == 6;
  auto p = made({scan::probe_kind::icmp}, v6 ? net::endpoint{*net::parse_address("2001:db8::99"), 0}
                                             : net::endpoint{*net::parse_address("203.0.113.9"), 0});
  turn(p);
  const std::size_t body = v6 ? scan::ipv6_header : scan::ipv4_header;
  p.resize(body + scan::icmp_header);
  p[body] = type;
  p[body + 1] = code;
  scan::put32(&p[body + 4], 0);
  p.insert(p.end(), packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(quoted));
  seal(p);
  return p;
}

std::optional<scan::answer> judged(const bytes& packet, scan::probe p = {}, std::uint16_t port = 25,
                                   std::uint32_t attempts = 1) {
  const scan::targets whom(everybody(), {port});
  const auto h = scan::read_packet(packet, false);
  if (!h)
    return std::nullopt;
  return scan::referee(whom, p, key, ports, attempts).judge(*h);
}

std::string why(const bytes& packet, bool checked = false) {
  const auto h = scan::read_packet(packet, checked);
  return h ? "" : std::string(h.error().why);
}

} // namespace

TEST_CASE("RFC 9293: a SYN to a target, byte by byte") {
  const auto p = made({}, there);
  const auto m = scan::marks_of(key, ports, there, 0);
  REQUIRE(p.size() == 44);
  CHECK(bytes(p.begin(), p.begin() + 4) == bytes{0x45, 0, 0, 44});
  CHECK(scan::get16(&p[4]) == m.id);
  CHECK(bytes(p.begin() + 6, p.begin() + 10) == bytes{0x40, 0, 64, 6});
  CHECK(bytes(p.begin() + 12, p.begin() + 20) == bytes{198, 51, 100, 1, 192, 0, 2, 77});
  CHECK(scan::get16(&p[20]) == m.source_port);
  CHECK(scan::get16(&p[22]) == 25);
  CHECK(scan::get32(&p[24]) == m.number);
  CHECK(bytes(p.begin() + 32, p.begin() + 36) == bytes{0x60, 2, 0xff, 0xff});
  CHECK(bytes(p.begin() + 40, p.end()) == bytes{2, 4, 0x05, 0xb4});
}

TEST_CASE("RFC 1071: the checksums of all probes are good") {
  for (std::uint32_t attempt = 0; attempt < 2000; ++attempt)
    for (const auto& to : {there, there6})
      for (const auto& p : {scan::probe{}, dns_probe(), scan::probe{scan::probe_kind::icmp}}) {
        auto packet = made(p, to, attempt);
        turn(packet); // an echo request is none that we listen to
        REQUIRE(why(packet) == (p.is == scan::probe_kind::icmp ? "ICMP that answers no probe" : ""));
      }
}

TEST_CASE("the link's header stands in front") {
  const auto link = scan::ethernet_header({1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}, false);
  const scan::packet_maker maker({}, here, link);
  bytes out(maker.size());
  maker.make(out.data(), there, scan::marks_of(key, ports, there, 0));
  CHECK(bytes(out.begin(), out.begin() + 14) == bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0});
  CHECK(bytes(out.begin() + 14, out.end()) == made({}, there));
}

TEST_CASE("a DNS query has the cookie in its id and in the case of its name") {
  const auto p = made(dns_probe(), there);
  const auto m = scan::marks_of(key, ports, there, 0);
  const bytes query(p.begin() + 28, p.end());
  const auto message = *dns::parse_message(query);
  CHECK(message.id() == m.id);
  CHECK(to_string(*message.question_name()) != "www.mail-test.example");
  CHECK(*message.question_name() == *dns::parse_name("www.mail-test.example"));
  unsigned letter = 0;
  for (const auto c : to_string(*message.question_name()))
    if (text::is_alpha(c))
      REQUIRE((c >= 'a') == ((m.number >> letter++ & 1) != 0));
}

TEST_CASE("a SYN-ACK is open, a RST closed, for the number of our SYN and one") {
  for (const auto& from : {there, there6}) {
    const auto open = judged(segment(from, scan::tcp_syn | scan::tcp_ack));
    REQUIRE(open.has_value());
    CHECK(open->is == scan::answer_kind::open);
    CHECK(open->target == from);
    CHECK(judged(segment(from, scan::tcp_rst | scan::tcp_ack))->is == scan::answer_kind::closed);
    CHECK(judged(segment(from, scan::tcp_rst | scan::tcp_ack, 0))->is == scan::answer_kind::closed);
    CHECK_FALSE(judged(segment(from, scan::tcp_syn | scan::tcp_ack, 0)).has_value());
    CHECK_FALSE(judged(segment(from, scan::tcp_syn | scan::tcp_ack, 2)).has_value());
    CHECK_FALSE(judged(segment(from, scan::tcp_rst, 77)).has_value());
    CHECK_FALSE(judged(segment(from, scan::tcp_syn)).has_value());
    CHECK_FALSE(judged(segment(from, scan::tcp_ack)).has_value());
  }
}

TEST_CASE("an answer tells which try it is for") {
  CHECK(judged(segment(there, scan::tcp_syn | scan::tcp_ack, 1, 2), {}, 25, 3)->of.attempt == 2);
  CHECK_FALSE(judged(segment(there, scan::tcp_syn | scan::tcp_ack, 1, 3), {}, 25, 3).has_value());
}

TEST_CASE("who is no target, or answers from another port, is not heard") {
  const net::endpoint stranger{*net::parse_address("192.0.3.1"), 25};
  CHECK_FALSE(judged(segment(stranger, scan::tcp_syn | scan::tcp_ack)).has_value());
  CHECK_FALSE(judged(segment({there.ip, 26}, scan::tcp_syn | scan::tcp_ack)).has_value());
  auto other_port = segment(there, scan::tcp_syn | scan::tcp_ack);
  scan::put16(&other_port[22], scan::get16(&other_port[22]) + 1u);
  seal(other_port);
  CHECK_FALSE(judged(other_port).has_value());
}

TEST_CASE("DNS and echo answers") {
  for (const auto& from : {net::endpoint{there.ip, 53}, net::endpoint{there6.ip, 53}}) {
    auto reply = dns_reply(from);
    const auto a = judged(reply, dns_probe(), 53);
    REQUIRE(a.has_value());
    CHECK(a->is == scan::answer_kind::answer);
    CHECK(a->same_case);
    const std::size_t query = (from.ip.v6 ? scan::ipv6_header : scan::ipv4_header) + scan::udp_header;
    reply[query + 13] ^= 0x20; // the first letter
    seal(reply);
    CHECK_FALSE(judged(reply, dns_probe(), 53)->same_case);
    auto other = reply; // another question: somebody answers something else
    other[query + 13] = 'x';
    seal(other);
    CHECK_FALSE(judged(other, dns_probe(), 53).has_value());
    reply[query] ^= 1; // the id
    seal(reply);
    CHECK_FALSE(judged(reply, dns_probe(), 53).has_value());
    auto question = made(dns_probe(), from); // our own query thrown back is no answer
    turn(question);
    CHECK_FALSE(judged(question, dns_probe(), 53).has_value());
  }
  for (const auto& from : {there, there6}) {
    auto reply = echo_reply(from);
    CHECK(judged(reply, {scan::probe_kind::icmp}, 0)->is == scan::answer_kind::answer);
    reply.back() ^= 1;
    seal(reply);
    CHECK_FALSE(judged(reply, {scan::probe_kind::icmp}, 0).has_value());
  }
}

TEST_CASE("an ICMP error speaks for the target of the packet that it quotes") {
  const scan::probe echo{scan::probe_kind::icmp};
  for (const bool v6 : {false, true}) {
    const auto type = v6 ? scan::icmpv6_unreachable : scan::icmp_unreachable;
    const auto& to = v6 ? there6 : there;
    const std::size_t head = v6 ? scan::ipv6_header : scan::ipv4_header;
    const auto a = judged(error_about(made({}, to), type, 1, head + 8));
    REQUIRE(a.has_value());
    CHECK(a->is == scan::answer_kind::icmp);
    CHECK(a->target == to);
    auto forged = made({}, to);
    forged[head + 7] ^= 1; // another sequence number
    CHECK_FALSE(judged(error_about(forged, type, 1, head + 8)).has_value());
    const net::endpoint server{to.ip, 53};
    CHECK(judged(error_about(made(dns_probe(), server), type, 4, head + (v6 ? 10 : 8)), dns_probe(), 53)
              .has_value());
    CHECK(judged(error_about(made(echo, {to.ip, 0}), type, 1, head + 8), echo, 0).has_value());
    CHECK(why(error_about(made({}, to), type, 1, head + 7)) == "the quoted packet is cut short");
    CHECK(why(error_about(made({}, to), v6 ? 2 : 5, 1, head + 8)) == "ICMP that answers no probe");
  }
}

TEST_CASE("what this machine says of itself is no answer from outside") {
  auto own = error_about(made({}, there), scan::icmp_unreachable, 1, scan::ipv4_header + 8);
  CHECK(judged(own).has_value());
  std::copy(own.begin() + 16, own.begin() + 20, own.begin() + 12); // from us, to us
  seal(own);
  CHECK_FALSE(judged(own).has_value());
}

TEST_CASE("packets that are cut short, lie about their length or have wrong sums say why") {
  const auto good = segment(there, scan::tcp_syn | scan::tcp_ack);
  const auto good6 = segment(there6, scan::tcp_syn | scan::tcp_ack);
  for (const auto& whole : {good, good6, dns_reply({there.ip, 53}), echo_reply(there6)})
    for (std::size_t size = 0; size < whole.size(); ++size)
      REQUIRE_FALSE(why(bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))).empty());
  for (std::size_t at = 0; at < good.size(); ++at) { // a bit anywhere: one of the sums is wrong
    auto bad = good;
    bad[at] ^= 0x10;
    REQUIRE_FALSE(why(bad).empty());
  }
  auto padded = good; // Ethernet fills up to 60 bytes
  padded.resize(60, 0xaa);
  CHECK(why(padded).empty());
  auto fragment = good;
  fragment[7] = 1;
  CHECK(why(fragment, true) == "not the first fragment");
  auto unsummed = good; // the kernel has left it to a card that is not there
  scan::put16(&unsummed[36], 0);
  CHECK(why(unsummed) == "wrong checksum");
  CHECK(why(unsummed, true).empty());
  auto no_sum = dns_reply({there.ip, 53}); // RFC 768: UDP may do without
  scan::put16(&no_sum[26], 0);
  CHECK(why(no_sum).empty());
}
