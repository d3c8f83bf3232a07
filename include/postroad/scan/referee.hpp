/// Which packets are answers to probes of this scan, and what they mean.
#pragma once

#include <postroad/dns/message.hpp>
#include <postroad/scan/cookie.hpp>
#include <postroad/scan/heard.hpp>
#include <postroad/scan/probe.hpp>
#include <postroad/scan/targets.hpp>
#include <postroad/scan/walk.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postroad::scan {

enum class answer_kind : std::uint8_t {
  open,   ///< SYN-ACK
  closed, ///< RST
  answer, ///< a DNS message, an echo
  icmp    ///< a router or the host itself says why not
};
inline constexpr std::array<std::string_view, 4> answer_words{"open", "closed", "answer", "icmp"};

/// An answer that has proved itself.
struct answer {
  answer_kind is = answer_kind::open;
  net::endpoint target; ///< of an ICMP error: whom the quoted packet was for
  step of;
  bool same_case = true; ///< of a DNS message: the letters of the question came back as they were sent
};

/// Holds packets against the cookies of a scan.
class referee {
public:
  referee(const targets& whom, const probe& p, const siphash_key& key, const port_range& ports,
          std::uint32_t attempts)
      : whom_(whom), probe_(p), key_(key), ports_(ports), attempts_(attempts) {}

  /// The answer that this packet is, or nothing: then it has nothing to do with the scan, or is forged.
  [[nodiscard]] std::optional<answer> judge(const heard& h) const {
    switch (h.is) {
    case heard::kind::segment:
      return probe_.is == probe_kind::syn ? judge_segment(h) : std::nullopt;
    case heard::kind::datagram:
      return probe_.is == probe_kind::dns ? judge_datagram(h) : std::nullopt;
    case heard::kind::echo:
      return probe_.is == probe_kind::icmp ? judge_echo(h) : std::nullopt;
    case heard::kind::error:
      return judge_error(h);
    case heard::kind::told:
      break;
    }
    return std::nullopt;
  }

private:
  /// The answer from `target` whose probe had marks that `fits` knows again.
  template <class Fits>
  [[nodiscard]] std::optional<answer> find(answer_kind is, const net::endpoint& target, Fits&& fits) const {
    const auto number = whom_.number_of(target);
    if (!number)
      return std::nullopt;
    for (std::uint32_t attempt = 0; attempt < attempts_; ++attempt)
      if (fits(marks_of(key_, ports_, target, attempt)))
        return answer{is, target, {*number, attempt}};
    return std::nullopt;
  }

  /// RFC 9293 3.5: an acknowledgment of our SYN's number and one. Some stacks reset with the number itself.
  [[nodiscard]] std::optional<answer> judge_segment(const heard& h) const {
    const bool reset = (h.flags & tcp_rst) != 0;
    const bool greets = (h.flags & (tcp_syn | tcp_ack)) == (tcp_syn | tcp_ack);
    if (!reset && !greets)
      return std::nullopt;
    return find(reset ? answer_kind::closed : answer_kind::open, h.from, [&](const marks& m) {
      return m.source_port == h.to_port &&
             (h.acknowledged == m.number + 1 || (reset && h.acknowledged == m.number));
    });
  }

  /// Port and id are what cannot be guessed, and the question must come back, where there is one. Its
  /// letters' case, which some servers do not repeat, is a fact.
  [[nodiscard]] std::optional<answer> judge_datagram(const heard& h) const {
    constexpr std::size_t id_and_flags = 3;
    if (h.payload.size() < id_and_flags || (h.payload[2] & 0x80) == 0)
      return std::nullopt;
    marks sent;
    auto a = find(answer_kind::answer, h.from, [&](const marks& m) {
      sent = m;
      return m.source_port == h.to_port && m.id == get16(h.payload.data());
    });
    if (!a)
      return a;
    a->same_case = repeats_question(h.payload, sent.number);
    const auto m = a->same_case ? result<dns::message>(failure{0, ""}) : dns::parse_message(h.payload);
    if (m && m->questions() > 0 &&
        dns::match_question(*m, probe_.question, probe_.type) == dns::question_match::no)
      return std::nullopt;
    return a;
  }
  [[nodiscard]] bool repeats_question(std::span<const std::uint8_t> message, std::uint32_t number) const {
    auto query = query_of(probe_);
    set_case(query, number);
    const auto size = probe_.question.wire().size() + 4;
    return message.size() >= dns::header_size + size &&
           std::memcmp(message.data() + dns::header_size, query.data() + dns::header_size, size) == 0;
  }

  [[nodiscard]] std::optional<answer> judge_echo(const heard& h) const {
    return find(answer_kind::answer, h.from,
                [&](const marks& m) { return m.id == h.id && m.number == h.number; });
  }

  /// The quoted packet must be ours: by TCP's number, by UDP's port and id, by id and
  /// sequence of an echo request.
  [[nodiscard]] std::optional<answer> judge_error(const heard& h) const {
    const auto& q = h.about;
    if (h.from.ip == h.to) // this machine itself: nobody there has answered ARP
      return std::nullopt;
    return find(answer_kind::icmp, q.to, [&](const marks& m) {
      switch (probe_.is) {
      case probe_kind::syn:
        return q.protocol == protocol_tcp && q.source_port == m.source_port && q.number == m.number;
      case probe_kind::dns:
        return q.protocol == protocol_udp && q.source_port == m.source_port && q.id == m.id;
      case probe_kind::icmp:
        return (q.protocol == protocol_icmp || q.protocol == protocol_icmpv6) && q.id == m.id &&
               q.number == (m.number & 0xffff);
      }
      return false;
    });
  }

  const targets& whom_;
  probe probe_;
  siphash_key key_;
  port_range ports_;
  std::uint32_t attempts_;
};

} // namespace postroad::scan
