/// The nouns of the world: servers, certificates, names, and the list of domains that a study reads.
///
/// A plan is drawn from the seed and the hand-written table before anything is started. The DNS, SMTP and TLS
/// servers act it out; the truth is worked out from it and never from what a client saw.
#pragma once

#include "policy.hpp"
#include "zone.hpp"

#include <asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace world {

/// What a server does to its client; each a known class of the field (study.md, notes on SMTP).
enum class temper : std::uint8_t {
  // before the greeting
  refused_port,   ///< nobody listens: the kernel answers RST
  unreachable,    ///< no route to the address
  no_answer,      ///< SYNs vanish
  resets_at_once, ///< RST instead of a banner
  closes_at_once, ///< FIN instead of a banner
  silent,         ///< never greets
  garbage_banner, ///< bytes that are no SMTP
  greets_554,
  greets_421,
  // between the greeting and STARTTLS
  drops_after_banner, ///< FIN as the answer to EHLO
  resets_on_ehlo,
  silent_on_ehlo,
  garbage_on_ehlo,
  says_421_to_ehlo,
  refuses_hello, ///< neither EHLO nor HELO is welcome
  // at STARTTLS
  closes_on_starttls, ///< offers it, then hangs up
  resets_on_starttls,
  silent_on_starttls,
  // operational, not protected
  no_starttls,     ///< 5xx in the words of its software
  unavailable_454, ///< offers it, then "not available"
  helo_only,       ///< EHLO is unknown, HELO works
  masked,          ///< an inspecting middlebox writes X over what it does not know
  noop_250,        ///< an old PIX turns the verb into NOOP
  bluf,            ///< the Ukrainian device of the paper
  four_letter,     ///< a parser that cuts verbs after four letters: looks like tampering, is none
  // STARTTLS is answered 220, TLS fails
  alert_handshake_failure,
  alert_internal_error,
  alert_protocol_version,
  garbage_on_tls,
  silent_on_tls,
  closes_on_tls,
  resets_on_tls,
  // STARTTLS is answered 220, TLS works
  hidden,  ///< works although EHLO does not offer it
  covered, ///< the same, and a middlebox writes X over its keyword, but lets the verb pass
  good,
};

inline constexpr std::array temper_words = std::to_array<std::string_view>({"refused_port",
                                                                            "unreachable",
                                                                            "no_answer",
                                                                            "resets_at_once",
                                                                            "closes_at_once",
                                                                            "silent",
                                                                            "garbage_banner",
                                                                            "greets_554",
                                                                            "greets_421",
                                                                            "drops_after_banner",
                                                                            "resets_on_ehlo",
                                                                            "silent_on_ehlo",
                                                                            "garbage_on_ehlo",
                                                                            "says_421_to_ehlo",
                                                                            "refuses_hello",
                                                                            "closes_on_starttls",
                                                                            "resets_on_starttls",
                                                                            "silent_on_starttls",
                                                                            "no_starttls",
                                                                            "unavailable_454",
                                                                            "helo_only",
                                                                            "masked",
                                                                            "noop_250",
                                                                            "bluf",
                                                                            "four_letter",
                                                                            "alert_handshake_failure",
                                                                            "alert_internal_error",
                                                                            "alert_protocol_version",
                                                                            "garbage_on_tls",
                                                                            "silent_on_tls",
                                                                            "closes_on_tls",
                                                                            "resets_on_tls",
                                                                            "hidden",
                                                                            "covered",
                                                                            "good"});

inline std::string_view word(temper t) {
  return temper_words[static_cast<std::size_t>(t)];
}

/// How a server says what it says; goes with every temper.
enum class manner : std::uint8_t {
  plain,
  slow,       ///< greets after one to one and a half seconds
  drip,       ///< one byte every few milliseconds
  bare_lf,    ///< lines end in LF alone
  multi_line, ///< the banner has several lines
  long_lines, ///< lines beyond the 512 octets of RFC 5321 4.5.3.1.5
  eight_bit,  ///< Latin-1 bytes in the banner
};
inline constexpr std::array manner_words = std::to_array<std::string_view>(
    {"plain", "slow", "drip", "bare_lf", "multi_line", "long_lines", "eight_bit"});
inline std::string_view word(manner m) {
  return manner_words[static_cast<std::size_t>(m)];
}

/// What a server runs; the words of the member `smtp.software`.
enum class mta : std::uint8_t {
  exim,
  postfix,
  qmail,
  sendmail,
  exchange,
  gmail,
  godaddy,
  yandex,
  qq,
  other,
  unknown
};
inline constexpr std::array mta_words =
    std::to_array<std::string_view>({"exim", "postfix", "qmail", "sendmail", "exchange", "gmail", "godaddy",
                                     "yandex", "qq", "other", "unknown"});
inline std::string_view word(mta m) {
  return mta_words[static_cast<std::size_t>(m)];
}

enum class key_kind : std::uint8_t { rsa_512, rsa_1024, rsa_2048, rsa_4096, ec_256 };
inline constexpr std::array key_bits = {512U, 1024U, 2048U, 4096U, 256U};
inline bool is_ec(key_kind k) {
  return k == key_kind::ec_256;
}

enum class signer : std::uint8_t {
  world,           ///< leaf and intermediate are sent, the root is in roots.pem
  world_leaf_only, ///< the same, but the intermediate is not sent
  itself,
  stranger, ///< leaf and a root that nobody knows
  forger,   ///< names the intermediate, which is sent, as its issuer; the signature is not that one's
};
enum class validity : std::uint8_t { now, over, to_come };

struct certificate {
  signer by = signer::world;
  validity when = validity::now;
  bool md5 = false; ///< signed over MD5, as nobody may since 2008
  key_kind key = key_kind::rsa_2048;
  std::string common_name;
  std::vector<std::string> names; ///< dNSNames; empty: the certificate has no subjectAltName at all
};

/// Facts of a cipher suite; `openssl` is empty where OpenSSL has none of it and the flight is made by hand.
struct suite {
  std::uint16_t id;
  std::string_view name; ///< IANA
  std::string_view openssl;
  std::string_view key_exchange;
  std::string_view bulk;
  std::string_view mac; ///< as in the HMAC column of the paper's Table 2
  bool needs_tls12;
};

inline constexpr std::array suites = std::to_array<suite>({
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE", "AES-128-GCM",
     "SHA-256", true},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE", "AES-256-GCM",
     "SHA-384", true},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", "ECDHE", "AES-128-CBC", "SHA-1",
     false},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", "ECDHE", "AES-256-CBC", "SHA-1",
     false},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", "DHE", "AES-128-GCM",
     "SHA-256", true},
    {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA", "DHE", "AES-256-CBC", "SHA-1", false},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", "RSA", "AES-128-GCM", "SHA-256", true},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", "RSA", "AES-256-GCM", "SHA-384", true},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", "RSA", "AES-128-CBC", "SHA-1", false},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", "RSA", "AES-256-CBC", "SHA-1", false},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE",
     "AES-128-GCM", "SHA-256", true},
    {0x0005, "TLS_RSA_WITH_RC4_128_SHA", "", "RSA", "RC4-128", "SHA-1", false},
    {0x0004, "TLS_RSA_WITH_RC4_128_MD5", "", "RSA", "RC4-128", "MD5", false},
    {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "", "RSA", "3DES-CBC", "SHA-1", false},
});

/// The suite of that number; the number is one of the table's.
inline const suite& suite_of(std::uint16_t id) {
  for (const auto& one : suites)
    if (one.id == id)
      return one;
  return suites[0];
}

enum class tls_version : std::uint8_t { ssl3, v1_0, v1_1, v1_2, v1_3 };
inline constexpr std::array version_words =
    std::to_array<std::string_view>({"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"});
inline std::string_view word(tls_version v) {
  return version_words[static_cast<std::size_t>(v)];
}
/// As on the wire: 0x0300 is SSLv3.
inline std::uint16_t number_of(tls_version v) {
  return static_cast<std::uint16_t>(0x0300 + static_cast<unsigned>(v));
}
/// What a server of that highest version answers to a hello of 2015, which knew no TLS 1.3.
inline tls_version in_2015(tls_version top) {
  return std::min(top, tls_version::v1_2);
}

struct server {
  std::string host; ///< the name it calls itself
  std::vector<asio::ip::address> addresses;
  temper does = temper::good;
  manner speaks = manner::plain;
  mta runs = mta::unknown;
  unsigned variant = 0; ///< which of several wordings
  certificate shows;
  std::uint16_t suite_id = 0xc02f;
  tls_version top = tls_version::v1_2;
  bool takes_export = false; ///< speaks EXPORT, too, to those who offer nothing better
};

/// One line of the list of domains.
struct input {
  std::string word; ///< as it stands in the list
  std::string
      name; ///< what is asked for: lower case, A-labels, no final dot; empty when nothing can be asked
  std::string kind;     ///< for plan.ndjson
  std::string shows;    ///< hand-written domains: what they show
  std::string expected; ///< hand-written domains: the record, a JSON object; empty: worked out from the plan
};

struct plan {
  std::uint64_t seed = 0;
  std::vector<server> servers;
  zone names;
  std::vector<input> inputs;                          ///< in order of rank, which starts at 1
  std::map<asio::ip::address, std::size_t> server_at; ///< index into servers
  policies published;
  std::vector<input>
      senders; ///< a second list, for SPF and DMARC: inputs, and names that only say who may send
};

struct sizes {
  std::uint64_t seed = 20150426; // the day of the paper's scan of the Top Million
  std::size_t domains = 2000;
  std::size_t servers = 300;
  std::size_t resolvers = 500;
};

/// The whole plan: generated domains first, the hand-written ones behind them.
plan draw_plan(const sizes& wanted);

/// Adds the hand-written domains and their servers (hand.cpp).
void add_hand_written(plan& to);
std::size_t hand_written_servers();

/// Publishes SPF and DMARC for the domains of the plan, and adds the list of senders (publish.cpp).
void publish_policies(plan& to);

/// Adds a server and makes its addresses known. Throws std::logic_error when an address is taken.
std::size_t add_server(plan& to, server one);

/// The addresses of the world; none is in IANA special-purpose space, all of them live on `lo`.
inline constexpr std::string_view resolver_address = "20.53.0.53";
inline constexpr std::string_view client_address = "20.63.0.1";
inline constexpr std::string_view client_address_6 = "2a00:2000::1";
inline constexpr std::array local_ranges = std::to_array<std::string_view>({"20.48.0.0/12", "45.32.0.0/11"});
inline constexpr std::string_view local_range_6 = "2a00:2000::/24";
inline constexpr std::string_view unreachable_range = "45.31.0.0/16";

} // namespace world
