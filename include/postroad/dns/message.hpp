/// The DNS wire format: queries out, messages in, without allocation. RFC 1035 4, EDNS RFC 6891.
///
/// Nothing here trusts the sender: every read is bounded, names cannot loop, RDLENGTH is used up exactly.
#pragma once

#include <postroad/dns/name.hpp>
#include <postroad/net/address.hpp>
#include <postroad/result.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postroad::dns {

/// Record types (IANA "Resource Record (RR) TYPEs"); other values may occur and are handled.
enum class type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  dname = 39,
  opt = 41,
  ds = 43,
  rrsig = 46,
  nsec = 47,
  dnskey = 48,
  nsec3 = 50,
  tlsa = 52,
  spf = 99,
  any = 255,
  caa = 257,
};

/// Response codes (IANA "DNS RCODEs"), the upper bits of EDNS included; other values may occur.
enum class rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  badvers = 16, // RFC 6891 9
};

/// "MX", "TXT", ...; a type without a word here is "TYPE1234" (RFC 3597 5).
[[nodiscard]] inline std::string to_string(type t) {
  switch (t) {
  case type::a:
    return "A";
  case type::ns:
    return "NS";
  case type::cname:
    return "CNAME";
  case type::soa:
    return "SOA";
  case type::ptr:
    return "PTR";
  case type::mx:
    return "MX";
  case type::txt:
    return "TXT";
  case type::aaaa:
    return "AAAA";
  case type::tlsa:
    return "TLSA";
  default:
    return "TYPE" + std::to_string(static_cast<unsigned>(t));
  }
}

inline constexpr std::size_t header_size = 12;     // RFC 1035 4.1.1
inline constexpr std::uint16_t class_in = 1;       // RFC 1035 3.2.4
inline constexpr unsigned max_pointer_jumps = 127; // more cannot add a label: 127 labels fill 255 bytes

/// What a query asks for beside the question.
struct query {
  std::uint16_t id = 0;
  std::uint16_t edns_size = 1232; ///< the UDP payload we take, 0 for no OPT; 1232: DNS flag day 2020
  bool recursion_desired = true;
  bool authentic_data = false; ///< AD in a query asks for AD in the reply (RFC 6840 5.7)
  bool checking_disabled = false;
  bool dnssec_ok = false;
};

inline constexpr std::size_t max_query_size = header_size + name::max_size + 4 + 11;

namespace detail {

inline void put16(std::uint8_t* at, unsigned value) noexcept {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
[[nodiscard]] inline std::uint16_t get16(const std::uint8_t* at) noexcept {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
[[nodiscard]] inline std::uint32_t get32(const std::uint8_t* at) noexcept {
  return std::uint32_t{get16(at)} << 16 | get16(at + 2);
}
} // namespace detail

/// Writes a query for (n, t, IN), letters as they are, into `out`, which has room for max_query_size bytes;
/// returns its size.
///
/// Example: id 1, "a.example" MX, no EDNS: 00 01 01 00 00 01 00 00 00 00 00 00 | 01 61 07 ... 00 | 00 0f 00
/// 01.
[[nodiscard]] inline std::size_t encode_query(std::span<std::uint8_t, max_query_size> out, const name& n,
                                              type t, const query& ask) noexcept {
  std::uint8_t* at = out.data();
  std::memset(at, 0, header_size);
  detail::put16(at, ask.id);
  at[2] = ask.recursion_desired ? 0x01 : 0;
  at[3] = static_cast<std::uint8_t>((ask.authentic_data ? 0x20 : 0) | (ask.checking_disabled ? 0x10 : 0));
  at[5] = 1; // QDCOUNT
  at += header_size;
  const auto wire = n.wire();
  std::memcpy(at, wire.data(), wire.size());
  at += wire.size();
  detail::put16(at, static_cast<unsigned>(t));
  detail::put16(at + 2, class_in);
  at += 4;
  if (ask.edns_size != 0) { // RFC 6891 6.1.2: root owner, CLASS = payload size, TTL = rcode, version, DO
    out[11] = 1;            // ARCOUNT
    std::memset(at, 0, 11);
    detail::put16(at + 1, static_cast<unsigned>(type::opt));
    detail::put16(at + 3, ask.edns_size);
    at[7] = ask.dnssec_ok ? 0x80 : 0;
    at += 11;
  }
  return static_cast<std::size_t>(at - out.data());
}

/// Reads the name at `at` of a message and moves `at` past it (past the first pointer, when there is one).
///
/// A compression pointer must lead to before the start of what was read so far, not into the header, at most
/// 127 times; 0x40 and 0x80 labels do not exist (RFC 6891 5); the name has at most 255 bytes.
[[nodiscard]] inline result<name> read_name(std::span<const std::uint8_t> bytes, std::size_t& at) {
  name n;
  std::size_t from = at, lowest = at;
  unsigned jumps = 0;
  bool jumped = false;
  for (;;) {
    if (from >= bytes.size())
      return failure{from, "name runs past the end", "RFC 1035 3.1"};
    const std::uint8_t length = bytes[from];
    if (length == 0) {
      if (!jumped)
        at = from + 1;
      return n;
    }
    if (length >= 0xc0) {
      if (from + 1 >= bytes.size())
        return failure{from, "compression pointer cut short", "RFC 1035 4.1.4"};
      const std::size_t target = detail::get16(&bytes[from]) & 0x3fffu;
      if (target >= lowest || target < header_size)
        return failure{from, "compression pointer does not lead back", "RFC 1035 4.1.4"};
      if (++jumps > max_pointer_jumps)
        return failure{from, "too many compression pointers", "RFC 1035 4.1.4"};
      if (!jumped)
        at = from + 2;
      jumped = true;
      from = lowest = target;
      continue;
    }
    if (length > name::max_label_size)
      return failure{from, "unknown label type", "RFC 6891 5"};
    if (from + 1 + length > bytes.size())
      return failure{from, "label runs past the end", "RFC 1035 3.1"};
    if (!n.append(bytes.subspan(from + 1, length)))
      return failure{from, "name longer than 255 bytes", "RFC 1035 2.3.4"};
    from += length + 1u;
  }
}

/// Moves `at` past a name without following pointers; read_name judges it when somebody wants it.
[[nodiscard]] inline bool skip_name(std::span<const std::uint8_t> bytes, std::size_t& at) noexcept {
  while (at < bytes.size()) {
    const std::uint8_t length = bytes[at];
    if (length >= 0xc0)
      return at += 2, at <= bytes.size();
    if (length > name::max_label_size)
      return false;
    at += length + 1u;
    if (length == 0)
      return true;
  }
  return false;
}

enum class section : std::uint8_t { answer, authority, additional };

/// One resource record where it lies in its message; positions are bytes from the start of the message.
struct record {
  section where = section::answer;
  std::size_t owner_at = 0;
  type rtype{};
  std::uint16_t rclass = 0;
  std::uint32_t ttl = 0; ///< seconds; a value with the top bit set is 0 (RFC 2181 8)
  std::size_t rdata_at = 0;
  std::size_t rdata_size = 0;
};

/// Steps through the records of all three sections.
///
/// Example: `for (auto cursor = m.records(); const auto rr = cursor.next();) ...; if (cursor.problem()) ...`
/// The section counts are hints: when the message ends before they do, next() ends and problem() says why.
class record_cursor {
public:
  record_cursor(std::span<const std::uint8_t> bytes, std::size_t at) noexcept : bytes_(bytes), at_(at) {
    for (std::size_t i = 0; i < 3; ++i)
      left_[i] = detail::get16(&bytes[6 + 2 * i]);
  }

  [[nodiscard]] std::optional<record> next() noexcept {
    while (section_ < 3 && left_[section_] == 0)
      ++section_;
    if (section_ == 3 || problem_)
      return std::nullopt;
    --left_[section_];
    record rr;
    rr.where = static_cast<section>(section_);
    rr.owner_at = at_;
    if (at_ >= bytes_.size())
      return stop("fewer records than counted", "RFC 1035 4.1.1");
    if (!skip_name(bytes_, at_))
      return stop("owner name broken", "RFC 1035 3.1");
    if (bytes_.size() - at_ < 10)
      return stop("record cut short", "RFC 1035 4.1.3");
    const std::uint8_t* fixed = &bytes_[at_];
    rr.rtype = static_cast<type>(detail::get16(fixed));
    rr.rclass = detail::get16(fixed + 2);
    rr.ttl = detail::get32(fixed + 4);
    if (rr.ttl > 0x7fffffff && rr.rtype != type::opt)
      rr.ttl = 0;
    rr.rdata_size = detail::get16(fixed + 8);
    rr.rdata_at = at_ + 10;
    if (bytes_.size() - rr.rdata_at < rr.rdata_size)
      return stop("RDATA cut short", "RFC 1035 4.1.3");
    at_ = rr.rdata_at + rr.rdata_size;
    return rr;
  }

  [[nodiscard]] const std::optional<parse_error>& problem() const noexcept { return problem_; }
  /// Where the next record begins, or the message ends when it is what it says it is.
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

private:
  std::nullopt_t stop(std::string_view why, std::string_view rfc) noexcept {
    problem_ = parse_error{at_, why, rfc};
    return std::nullopt;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_;
  std::size_t section_ = 0;
  std::uint16_t left_[3]{};
  std::optional<parse_error> problem_;
};

/// A message whose header and question section are sound. It looks into the bytes it was made from.
class message {
public:
  explicit message(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint16_t id() const noexcept { return detail::get16(&bytes_[0]); }
  [[nodiscard]] bool is_response() const noexcept { return (bytes_[2] & 0x80) != 0; }
  [[nodiscard]] unsigned opcode() const noexcept { return bytes_[2] >> 3 & 15u; }
  [[nodiscard]] bool is_authoritative() const noexcept { return (bytes_[2] & 0x04) != 0; }
  [[nodiscard]] bool is_truncated() const noexcept { return (bytes_[2] & 0x02) != 0; }
  [[nodiscard]] bool recursion_available() const noexcept { return (bytes_[3] & 0x80) != 0; }
  [[nodiscard]] bool is_authenticated() const noexcept { return (bytes_[3] & 0x20) != 0; } // RFC 4035 3.2.3
  [[nodiscard]] unsigned header_rcode() const noexcept { return bytes_[3] & 15u; }
  [[nodiscard]] unsigned questions() const noexcept { return detail::get16(&bytes_[4]); }

  /// The first question; only when questions() > 0.
  [[nodiscard]] result<name> question_name() const {
    std::size_t at = header_size;
    return read_name(bytes_, at);
  }
  [[nodiscard]] type question_type() const noexcept {
    return static_cast<type>(detail::get16(&bytes_[qfixed_]));
  }
  [[nodiscard]] std::uint16_t question_class() const noexcept { return detail::get16(&bytes_[qfixed_ + 2]); }

  [[nodiscard]] record_cursor records() const noexcept { return {bytes_, records_at_}; }

private:
  friend result<message> parse_message(std::span<const std::uint8_t> bytes);
  std::span<const std::uint8_t> bytes_;
  std::size_t qfixed_ = 0;     // where type and class of the first question lie
  std::size_t records_at_ = 0; // where the answer section starts
};

/// Checks header and questions. The records are judged while they are read: see record_cursor and read_*.
///
/// Errors: fewer than 12 bytes; a question cut short. `bytes` must outlive the message.
[[nodiscard]] inline result<message> parse_message(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < header_size)
    return failure{bytes.size(), "header cut short", "RFC 1035 4.1.1"};
  message m(bytes);
  std::size_t at = header_size;
  for (unsigned i = 0; i < m.questions(); ++i) {
    if (!skip_name(bytes, at))
      return failure{at, "question name broken", "RFC 1035 4.1.2"};
    if (bytes.size() - at < 4)
      return failure{at, "question cut short", "RFC 1035 4.1.2"};
    if (i == 0)
      m.qfixed_ = at;
    at += 4;
  }
  m.records_at_ = at;
  return m;
}

enum class question_match { exact, other_case, no };

/// Does the message's only question repeat (n, t, IN), and in the letters of `n`?
[[nodiscard]] inline question_match match_question(const message& m, const name& n, type t) noexcept {
  if (m.questions() != 1 || m.question_type() != t || m.question_class() != class_in)
    return question_match::no;
  const auto wire = n.wire();
  if (m.bytes().size() < header_size + wire.size())
    return question_match::no;
  const std::uint8_t* got = m.bytes().data() + header_size;
  if (std::memcmp(got, wire.data(), wire.size()) == 0)
    return question_match::exact;
  return name::same(got, wire.data(), wire.size()) ? question_match::other_case : question_match::no;
}

/// How many bits a reply's question section differs from (n, t, IN), when it has the same size; 0 when it is
/// the same, or the same in lower case. A bit or two are damage, for nobody answers another question by
/// chance.
///
/// Example: "gmail.com" in the reply to "email.com" differs in 1 bit, "mail.ru" in more than any limit.
[[nodiscard]] inline unsigned question_damage(std::span<const std::uint8_t> reply, const name& n,
                                              type t) noexcept {
  const auto wire = n.wire();
  constexpr std::size_t type_and_class = 4;
  constexpr unsigned beyond = 8 * (name::max_size + type_and_class);
  if (reply.size() < header_size + wire.size() + type_and_class)
    return beyond;
  const std::uint8_t* got = reply.data() + header_size;
  unsigned bits = 0;
  bool lowered = true;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    bits += static_cast<unsigned>(std::popcount(static_cast<unsigned>(got[i] ^ wire[i])));
    lowered = lowered && got[i] == static_cast<std::uint8_t>(text::to_lower(static_cast<char>(wire[i])));
  }
  got += wire.size();
  const auto want_type = static_cast<unsigned>(t);
  const auto rest = static_cast<unsigned>(std::popcount(detail::get16(got) ^ want_type) +
                                          std::popcount(detail::get16(got + 2) ^ unsigned{class_in}));
  return rest == 0 && lowered ? 0 : bits + rest;
}

[[nodiscard]] inline result<name> read_owner(const message& m, const record& rr) {
  std::size_t at = rr.owner_at;
  return read_name(m.bytes(), at);
}

/// Whether the owner of `rr` is `n`; a broken owner is nobody's.
[[nodiscard]] inline bool owner_is(const message& m, const record& rr, const name& n) {
  const auto bytes = m.bytes();
  // The usual reply names the question by a pointer to it.
  if (bytes[rr.owner_at] == 0xc0 && bytes[rr.owner_at + 1] == header_size &&
      bytes.size() >= header_size + n.size() && name::same(&bytes[header_size], n.wire().data(), n.size()))
    return true;
  const auto owner = read_owner(m, rr);
  return owner && *owner == n;
}

[[nodiscard]] inline std::span<const std::uint8_t> rdata(const message& m, const record& rr) noexcept {
  return m.bytes().subspan(rr.rdata_at, rr.rdata_size);
}

/// A or AAAA (RFC 1035 3.4.1, RFC 3596 2.2).
[[nodiscard]] inline result<net::address> read_address(const message& m, const record& rr) {
  if (rr.rdata_size != (rr.rtype == type::aaaa ? 16u : 4u))
    return failure{rr.rdata_at, "address of the wrong size",
                   rr.rtype == type::aaaa ? "RFC 3596 2.2" : "RFC 1035 3.4.1"};
  return net::address::from_bytes(&m.bytes()[rr.rdata_at], rr.rdata_size);
}

namespace detail {

/// The name that fills RDATA from `skip` to its end.
[[nodiscard]] inline result<name> read_last_name(const message& m, const record& rr, std::size_t skip) {
  if (rr.rdata_size < skip + 1)
    return failure{rr.rdata_at, "RDATA too short", "RFC 1035 3.3"};
  std::size_t at = rr.rdata_at + skip;
  auto n = read_name(m.bytes().first(rr.rdata_at + rr.rdata_size), at);
  if (n && at != rr.rdata_at + rr.rdata_size)
    return failure{at, "RDATA has bytes left over", "RFC 1035 3.3"};
  return n;
}

} // namespace detail

/// CNAME, NS, PTR or DNAME: the one name (RFC 1035 3.3).
[[nodiscard]] inline result<name> read_target(const message& m, const record& rr) {
  return detail::read_last_name(m, rr, 0);
}

/// MX: where to, the lower preference first. RFC 1035 3.3.9.
struct mx_record {
  std::uint16_t preference = 0;
  name exchange;
  friend bool operator==(const mx_record&, const mx_record&) = default;
};

[[nodiscard]] inline result<mx_record> read_mx(const message& m, const record& rr) {
  const auto exchange = detail::read_last_name(m, rr, 2);
  if (!exchange)
    return failure(exchange.error());
  return mx_record{detail::get16(&m.bytes()[rr.rdata_at]), *exchange};
}

/// TXT: its strings joined without anything between, bytes exact. RFC 1035 3.3.14, RFC 7208 3.3.
///
/// RDATA without a single string is against the rules, but resolvers pass it on, and nothing in it can be
/// misread: it is an empty text.
[[nodiscard]] inline result<std::string> read_txt(const message& m, const record& rr) {
  const auto data = rdata(m, rr);
  std::string joined;
  joined.reserve(data.size());
  for (std::size_t at = 0; at < data.size(); at += data[at] + 1u) {
    if (data.size() - at - 1 < data[at])
      return failure{rr.rdata_at + at, "TXT string runs past RDATA", "RFC 1035 3.3"};
    joined.append(reinterpret_cast<const char*>(&data[at]) + 1, data[at]);
  }
  return joined;
}

/// SOA, as far as negative answers need it. RFC 1035 3.3.13, RFC 2308 4.
struct soa_record {
  name primary, mailbox;
  std::uint32_t serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0; ///< seconds but for the serial
};

[[nodiscard]] inline result<soa_record> read_soa(const message& m, const record& rr) {
  const auto within = m.bytes().first(rr.rdata_at + rr.rdata_size);
  std::size_t at = rr.rdata_at;
  const auto primary = read_name(within, at);
  if (!primary)
    return failure(primary.error());
  const auto mailbox = read_name(within, at);
  if (!mailbox)
    return failure(mailbox.error());
  if (within.size() - at != 20)
    return failure{at, "SOA of the wrong size", "RFC 1035 3.3.13"};
  const std::uint8_t* n = &within[at];
  return soa_record{*primary,
                    *mailbox,
                    detail::get32(n),
                    detail::get32(n + 4),
                    detail::get32(n + 8),
                    detail::get32(n + 12),
                    detail::get32(n + 16)};
}

/// The OPT pseudo-record. RFC 6891 6.1.3.
struct edns {
  std::uint16_t udp_size = 0;
  std::uint8_t upper_rcode = 0; ///< bits 4 to 11 of the response code
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::span<const std::uint8_t> options;
};

[[nodiscard]] inline result<edns> read_opt(const message& m, const record& rr) {
  if (rr.where != section::additional)
    return failure{rr.owner_at, "OPT outside the additional section", "RFC 6891 6.1.1"};
  if (m.bytes()[rr.owner_at] != 0)
    return failure{rr.owner_at, "OPT not at the root", "RFC 6891 6.1.2"};
  const auto options = rdata(m, rr);
  for (std::size_t at = 0; at < options.size();) {
    if (options.size() - at < 4 || options.size() - at - 4 < detail::get16(&options[at + 2]))
      return failure{rr.rdata_at + at, "EDNS option runs past RDATA", "RFC 6891 6.1.2"};
    at += 4u + detail::get16(&options[at + 2]);
  }
  return edns{rr.rclass, static_cast<std::uint8_t>(rr.ttl >> 24), static_cast<std::uint8_t>(rr.ttl >> 16),
              (rr.ttl & 0x8000) != 0, options};
}

/// RDATA of any type in generic form. Example: `\# 4 c0000201`. RFC 3597 5.
[[nodiscard]] inline std::string generic_rdata(const message& m, const record& rr) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\\# " + std::to_string(rr.rdata_size);
  if (rr.rdata_size != 0)
    out += ' ';
  for (const std::uint8_t byte : rdata(m, rr)) {
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
  return out;
}

} // namespace postroad::dns
