#include "dns_wire.hpp"

#include <cstdio>
#include <utility>

namespace world {

namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint32_t ttl = 3600;          // an hour: beyond the length of any test
constexpr std::uint16_t our_udp_size = 4096; // what our OPT says we take
constexpr std::uint16_t flag_qr = 0x8000, flag_aa = 0x0400, flag_tc = 0x0200, flag_rd = 0x0100,
                        flag_ra = 0x0080, flag_ad = 0x0020, flag_cd = 0x0010;

std::uint16_t read16(std::span<const std::uint8_t> from, std::size_t at) {
  return static_cast<std::uint16_t>((from[at] << 8) | from[at + 1]);
}

/// Appends one label in presentation form.
void show_label(std::span<const std::uint8_t> label, std::string& name) {
  if (!name.empty())
    name += '.';
  for (const std::uint8_t byte : label) {
    if (byte > 0x20 && byte < 0x7f && byte != '.' && byte != '\\') {
      name += static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
      continue;
    }
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\%03u", byte);
    name += escape;
  }
}

/// Reads an uncompressed name; returns the offset behind it.
std::optional<std::size_t> read_name(std::span<const std::uint8_t> from, std::size_t at, std::string& name) {
  const std::size_t start = at;
  while (at < from.size() && at - start < 255) {
    const std::size_t length = from[at++];
    if (length == 0)
      return at;
    if (length > 63 || at + length > from.size())
      return std::nullopt;
    show_label(from.subspan(at, length), name);
    at += length;
  }
  return std::nullopt;
}

/// Finds the OPT record among the additional records of a query, which holds nothing else of interest.
void read_edns(std::span<const std::uint8_t> message, std::size_t at, question& into) {
  constexpr std::size_t fixed = 10; // type, class, TTL, RDLENGTH
  if (at + 1 + fixed > message.size() || message[at] != 0)
    return;
  if (read16(message, at + 1) != static_cast<std::uint16_t>(rrtype::opt))
    return;
  into.edns = true;
  into.udp_size = std::max<std::uint16_t>(512, read16(message, at + 3)); // RFC 6891 6.2.3
  into.edns_version = message[at + 6];
  into.dnssec_ok = (message[at + 7] & 0x80) != 0;
}

class writer {
public:
  explicit writer(std::vector<std::uint8_t>& out) : out_(out) {}

  void u8(unsigned v) { out_.push_back(static_cast<std::uint8_t>(v)); }
  void u16(unsigned v) {
    u8(v >> 8);
    u8(v & 0xff);
  }
  void u32(std::uint32_t v) {
    u16(v >> 16);
    u16(v & 0xffff);
  }
  void bytes(std::span<const std::uint8_t> from) { out_.insert(out_.end(), from.begin(), from.end()); }

  /// A name that stands in the message already, so that later ones can point at it.
  void know(std::string_view name, std::size_t offset) {
    while (!name.empty()) {
      known_.emplace_back(lower(name), offset);
      const auto dot = name.find('.');
      if (dot == std::string_view::npos)
        return;
      offset += dot + 1;
      name.remove_prefix(dot + 1);
    }
  }
  void name(std::string_view rest) {
    constexpr std::size_t farthest = 0x3fff; // RFC 1035 4.1.4
    while (!rest.empty()) {
      const std::string key = lower(rest);
      for (const auto& [text, offset] : known_)
        if (text == key)
          return u16(static_cast<unsigned>(0xc000 | offset));
      if (out_.size() <= farthest)
        known_.emplace_back(key, out_.size());
      const auto label = rest.substr(0, rest.find('.'));
      u8(static_cast<unsigned>(label.size()));
      out_.insert(out_.end(), label.begin(), label.end());
      rest.remove_prefix(std::min(rest.size(), label.size() + 1));
    }
    u8(0);
  }
  void record(std::string_view owner, const resource& what) {
    name(owner);
    u16(static_cast<unsigned>(what.kind));
    u16(1);
    u32(ttl);
    const std::size_t length_at = begin_rdata();
    rdata(what);
    end_rdata(length_at);
  }
  void soa(std::string_view owner) {
    name(owner);
    u16(static_cast<unsigned>(rrtype::soa));
    u16(1);
    u32(900);
    const std::size_t length_at = begin_rdata();
    name(owner.empty() ? "a.root-servers.net" : "ns.nic." + std::string(owner));
    name("hostmaster.world.net");
    for (const std::uint32_t field : {2015042600U, 1800U, 900U, 604800U, 900U})
      u32(field);
    end_rdata(length_at);
  }

private:
  std::size_t begin_rdata() {
    u16(0);
    return out_.size();
  }
  void end_rdata(std::size_t from) {
    const std::size_t length = out_.size() - from;
    out_[from - 2] = static_cast<std::uint8_t>(length >> 8);
    out_[from - 1] = static_cast<std::uint8_t>(length & 0xff);
  }
  void rdata(const resource& what) {
    switch (what.kind) {
    case rrtype::a:
      return bytes(what.address.to_v4().to_bytes());
    case rrtype::aaaa:
      return bytes(what.address.to_v6().to_bytes());
    case rrtype::mx:
      u16(what.preference);
      return name(what.text);
    case rrtype::cname:
    case rrtype::ptr:
      return name(what.text);
    case rrtype::txt:
      if (what.strings.empty())
        return text(what.text);
      for (const auto& one : what.strings)
        text(one);
      return;
    default:
      return;
    }
  }
  /// Character strings of at most 255 bytes (RFC 1035 3.3).
  void text(std::string_view rest) {
    do {
      const auto piece = rest.substr(0, 255);
      u8(static_cast<unsigned>(piece.size()));
      out_.insert(out_.end(), piece.begin(), piece.end());
      rest.remove_prefix(piece.size());
    } while (!rest.empty());
  }

  std::vector<std::uint8_t>& out_;
  std::vector<std::pair<std::string, std::size_t>> known_;
};

void write_header(writer& to, const question& asked, unsigned code, bool truncated, bool secure,
                  unsigned answers, unsigned authorities) {
  unsigned flags = flag_qr | flag_ra | (asked.flags & (flag_rd | flag_cd | 0x7800U)) | (code & 0xf);
  if (code == 0 || code == static_cast<unsigned>(rcode::nxdomain))
    flags |= flag_aa;
  if (truncated)
    flags |= flag_tc;
  if (secure && (asked.dnssec_ok || (asked.flags & flag_ad) != 0)) // RFC 6840 5.7
    flags |= flag_ad;
  to.u16(asked.id);
  to.u16(flags);
  to.u16(asked.raw.empty() ? 0 : 1);
  to.u16(answers);
  to.u16(authorities);
  to.u16(asked.edns ? 1 : 0);
}

void write_opt(writer& to, const question& asked, unsigned extended_code) {
  if (!asked.edns)
    return;
  to.u8(0);
  to.u16(static_cast<unsigned>(rrtype::opt));
  to.u16(our_udp_size);
  to.u8(extended_code);
  to.u8(0);
  to.u16(asked.dnssec_ok ? 0x8000U : 0U);
  to.u16(0);
}

} // namespace

std::optional<question> read_question(std::span<const std::uint8_t> message) {
  if (message.size() < header_size)
    return std::nullopt;
  question out;
  out.id = read16(message, 0);
  out.flags = read16(message, 2);
  if ((out.flags & flag_qr) != 0)
    return std::nullopt;
  if ((out.flags & 0x7800) != 0) {
    out.complaint = rcode::notimp;
    return out;
  }
  const auto behind = read16(message, 4) == 1 ? read_name(message, header_size, out.name) : std::nullopt;
  if (!behind || *behind + 4 > message.size()) {
    out.complaint = rcode::formerr;
    return out;
  }
  out.type = static_cast<rrtype>(read16(message, *behind));
  out.klass = read16(message, *behind + 2);
  out.raw = message.subspan(header_size, *behind + 4 - header_size);
  if (out.klass != 1)
    out.complaint = rcode::refused;
  if (read16(message, 10) > 0 && read16(message, 6) == 0 && read16(message, 8) == 0)
    read_edns(message, *behind + 4, out);
  return out;
}

std::vector<std::uint8_t> write_answer(const question& asked, const answer& found, std::size_t limit) {
  constexpr unsigned badvers = 16; // RFC 6891 6.1.3
  const unsigned code = asked.complaint != rcode::noerror       ? static_cast<unsigned>(asked.complaint)
                        : asked.edns && asked.edns_version != 0 ? badvers
                                                                : static_cast<unsigned>(found.code);
  const bool content = code == 0 || code == static_cast<unsigned>(rcode::nxdomain);
  const bool negative = content && (found.code == rcode::nxdomain || !found.holds(asked.type));
  std::vector<std::uint8_t> out;
  out.reserve(512);
  writer to(out);
  write_header(to, asked, code, false, found.secure && content,
               content ? static_cast<unsigned>(found.records.size()) : 0, negative ? 1 : 0);
  to.bytes(asked.raw);
  if (!asked.raw.empty() && asked.name.find('\\') == std::string::npos)
    to.know(asked.name, header_size);
  if (content)
    for (const auto& [owner, record] : found.records)
      to.record(owner, *record);
  if (negative)
    to.soa(found.authority);
  write_opt(to, asked, code >> 4);
  if (out.size() <= limit)
    return out;
  out.clear();
  writer again(out);
  write_header(again, asked, code, true, false, 0, 0);
  again.bytes(asked.raw);
  write_opt(again, asked, 0);
  return out;
}

} // namespace world
