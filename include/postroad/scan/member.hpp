/// The record of one answer: `ip`, `port` and the member `scan`.
#pragma once

#include <postroad/dns/message.hpp>
#include <postroad/net/address.hpp>
#include <postroad/scan/heard.hpp>
#include <postroad/scan/probe.hpp>
#include <postroad/scan/referee.hpp>
#include <postroad/text/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postroad::scan {

/// All that is known of one answer when its record is written.
struct told_answer {
  const answer& what;
  const heard& packet;
  probe_kind probe;
  std::optional<std::chrono::microseconds> round_trip;
  std::string_view time;
};

/// Something that the member `scan` can tell; it is left out of records for which it means nothing.
struct field {
  std::string_view name, type, meaning;
  void (*write)(text::json_writer& out, std::string_view name, const told_answer& a);
  bool usual = false; ///< written unless --fields says otherwise
};

namespace detail {

[[nodiscard]] inline bool is_segment(const told_answer& a) {
  return a.packet.is == heard::kind::segment;
}
[[nodiscard]] inline bool is_error(const told_answer& a) {
  return a.packet.is == heard::kind::error;
}
[[nodiscard]] inline std::optional<dns::message> message_of(const told_answer& a) {
  if (a.packet.is != heard::kind::datagram)
    return std::nullopt;
  const auto m = dns::parse_message(a.packet.payload);
  return m ? std::optional(*m) : std::nullopt;
}

/// Writes what `Get` gives of a packet of that kind.
template <heard::kind Kind, auto Get>
void write_of_packet(text::json_writer& out, std::string_view name, const told_answer& a) {
  if (a.packet.is == Kind)
    out.member(name, std::invoke(Get, a.packet));
}
/// Writes what `Get` gives of a DNS message that can be read.
template <auto Get>
void write_of_message(text::json_writer& out, std::string_view name, const told_answer& a) {
  if (const auto m = message_of(a))
    out.member(name, std::invoke(Get, *m));
}

/// "SA", "RA": the letters of tcpdump without its dots.
[[nodiscard]] inline std::string flags_in_letters(std::uint8_t flags) {
  constexpr std::string_view letters = "FSRPAUEW"; // RFC 9293 3.1, lowest bit first
  std::string out;
  for (std::size_t i = 0; i < letters.size(); ++i)
    if ((flags >> i & 1) != 0)
      out += letters[i];
  return out;
}

/// The addresses in the answer section.
inline void write_addresses(text::json_writer& out, std::string_view name, const told_answer& a) {
  const auto m = message_of(a);
  if (!m)
    return;
  out.key(name).array();
  auto cursor = m->records();
  while (const auto rr = cursor.next())
    if (rr->where == dns::section::answer && (rr->rtype == dns::type::a || rr->rtype == dns::type::aaaa))
      if (const auto address = dns::read_address(*m, *rr))
        out.value(to_string(*address));
  out.end();
}
/// Why a DNS message cannot be read, where it cannot.
inline void write_malformed(text::json_writer& out, std::string_view name, const told_answer& a) {
  if (a.packet.is != heard::kind::datagram)
    return;
  const auto m = dns::parse_message(a.packet.payload);
  if (!m)
    return void(out.member(name, m.error().why));
  auto cursor = m->records();
  while (cursor.next()) {
  }
  if (cursor.problem())
    out.member(name, cursor.problem()->why);
}

using writer = text::json_writer;
using word = std::string_view;

} // namespace detail

inline const auto fields = std::to_array<field>({
    {"ttl", "integer", "time to live or hop limit of the answer as it arrived",
     [](detail::writer& out, detail::word name, const told_answer& a) {
       if (a.packet.is != heard::kind::told)
         out.member(name, a.packet.ttl);
     },
     true},
    {"rtt_ms", "number", "from the probe to the answer, to a quarter of a millisecond",
     [](detail::writer& out, detail::word name, const told_answer& a) {
       if (a.round_trip)
         out.member_milliseconds(name, *a.round_trip);
     },
     true},
    {"time", "time", "when the answer was read",
     [](detail::writer& out, detail::word name, const told_answer& a) { out.member(name, a.time); }, true},
    {"attempt", "integer", "the try that was answered, from 1",
     [](detail::writer& out, detail::word name, const told_answer& a) {
       out.member(name, a.what.of.attempt + 1);
     }},
    {"flags", "string", "TCP flags of the answer by their first letters: SA, RA, R",
     [](detail::writer& out, detail::word name, const told_answer& a) {
       if (detail::is_segment(a))
         out.member(name, detail::flags_in_letters(a.packet.flags));
     }},
    {"window", "integer", "TCP window of the answer",
     detail::write_of_packet<heard::kind::segment, &heard::window>},
    {"sequence", "integer", "TCP sequence number of the answer",
     detail::write_of_packet<heard::kind::segment, &heard::sequence>},
    {"source_port", "integer", "the port of ours that was answered",
     [](detail::writer& out, detail::word name, const told_answer& a) {
       if (a.probe != probe_kind::icmp && a.packet.is != heard::kind::told)
         out.member(name, detail::is_error(a) ? a.packet.about.source_port : a.packet.to_port);
     }},
    {"icmp_type", "integer", "ICMP type of an error",
     detail::write_of_packet<heard::kind::error, &heard::icmp_type>},
    {"icmp_code", "integer", "ICMP code of an error",
     detail::write_of_packet<heard::kind::error, &heard::icmp_code>},
    {"icmp_from", "address", "who sent the ICMP error",
     [](detail::writer& out, detail::word name, const told_answer& a) {
       if (detail::is_error(a))
         out.member(name, to_string(a.packet.from.ip));
     }},
    {"rcode", "integer", "response code of a DNS answer",
     detail::write_of_message<&dns::message::header_rcode>},
    {"recursion", "boolean", "a DNS answer says that the server recurses (RA)",
     detail::write_of_message<&dns::message::recursion_available>},
    {"authoritative", "boolean", "a DNS answer is authoritative (AA)",
     detail::write_of_message<&dns::message::is_authoritative>},
    {"truncated", "boolean", "a DNS answer is cut (TC)",
     detail::write_of_message<&dns::message::is_truncated>},
    {"addresses", "address", "addresses in a DNS answer", detail::write_addresses},
    {"same_case", "boolean", "a DNS answer repeats the question in the letters that were sent",
     [](detail::writer& out, detail::word name, const told_answer& a) {
       if (a.packet.is == heard::kind::datagram)
         out.member(name, a.what.same_case);
     }},
    {"malformed", "string", "what is wrong with a DNS answer that cannot be read", detail::write_malformed,
     true},
});

[[nodiscard]] inline const field* find_field(std::string_view name) noexcept {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const field& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

/// Appends the record of an answer, without a line end. `wanted` are the fields behind `probe` and `outcome`.
///
/// Example: {"ip":"192.0.2.1","port":25,"scan":{"probe":"syn","outcome":"open","ttl":57,"rtt_ms":31}}
inline void write_record(std::string& line, const told_answer& a, std::span<const field* const> wanted) {
  text::json_writer out(line);
  out.object().member("ip", to_string(a.what.target.ip));
  if (a.probe != probe_kind::icmp)
    out.member("port", a.what.target.port);
  out.key("scan").object().member("probe", probe_words[static_cast<std::size_t>(a.probe)]);
  out.member("outcome", answer_words[static_cast<std::size_t>(a.what.is)]);
  for (const auto* f : wanted)
    f->write(out, f->name, a);
  out.end().end();
}

} // namespace postroad::scan
