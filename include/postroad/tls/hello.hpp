/// Our own ClientHello: what a client of a given make would say, byte for byte, without a TLS library. RFC
/// 5246 7.4.1.2, RFC 8446 4.1.2.
///
/// A library cannot ask for what it does not speak itself (RC4, 3DES, EXPORT, SSLv3), and a study that
/// repeats 2015 has to ask for just that.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/tls/suites.hpp>
#include <postroad/tls/wire.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace postroad::tls {

/// Extension numbers, IANA "TLS ExtensionType Values".
namespace extension {
inline constexpr std::uint16_t server_name = 0;             // RFC 6066 3
inline constexpr std::uint16_t status_request = 5;          // RFC 6066 8
inline constexpr std::uint16_t supported_groups = 10;       // RFC 8422 5.1.1
inline constexpr std::uint16_t ec_point_formats = 11;       // RFC 8422 5.1.2
inline constexpr std::uint16_t signature_algorithms = 13;   // RFC 5246 7.4.1.4.1
inline constexpr std::uint16_t padding = 21;                // RFC 7685
inline constexpr std::uint16_t extended_master_secret = 23; // RFC 7627 5.1
inline constexpr std::uint16_t session_ticket = 35;         // RFC 5077 3.2
inline constexpr std::uint16_t signed_timestamp = 18;       // RFC 6962 3.3.1
inline constexpr std::uint16_t supported_versions = 43;     // RFC 8446 4.2.1
inline constexpr std::uint16_t cookie = 44;                 // RFC 8446 4.2.2
inline constexpr std::uint16_t psk_key_exchange_modes = 45; // RFC 8446 4.2.9
inline constexpr std::uint16_t key_share = 51;              // RFC 8446 4.2.8
inline constexpr std::uint16_t renegotiation_info = 0xff01; // RFC 5746 3.2
} // namespace extension

/// What a hello offers. `version` is the highest; the lists are in order of preference, `extensions` in the
/// order in which they are sent. No extension at all means that the block itself is left out, as SSLv3 needs.
/// `versions` is what supported_versions names, `shares` the groups for which a key share is sent at once.
struct hello_profile {
  std::string_view name;
  std::uint16_t version = tls_1_2;
  std::span<const std::uint16_t> suites;
  std::span<const std::uint16_t> groups;
  std::span<const std::uint16_t> signature_schemes;
  std::span<const std::uint16_t> extensions;
  std::span<const std::uint16_t> versions = {};
  std::span<const std::uint16_t> shares = {};
};

/// A public key that goes into the hello's key_share. RFC 8446 4.2.8.
struct key_share {
  std::uint16_t group = 0;
  std::string bytes;
};

namespace detail {

// What Postfix 3.7 over OpenSSL 3.0 offers, without the anonymous suites that it adds on port 25: they would
// win against the certificate that is to be seen.
inline constexpr auto modern_suites = std::to_array<std::uint16_t>(
    {0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b,
     0xc02f, 0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014,
     0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f});
inline constexpr auto modern_versions = std::to_array<std::uint16_t>({tls_1_3, tls_1_2, tls_1_1, tls_1_0});
inline constexpr auto modern_shares = std::to_array<std::uint16_t>({29});
// The same client with TLS 1.3 switched off.
inline constexpr auto tls_1_2_suites = std::span(modern_suites).subspan(3);
inline constexpr auto modern_groups = std::to_array<std::uint16_t>({29, 23, 30, 24, 25});
inline constexpr auto modern_schemes = std::to_array<std::uint16_t>(
    {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0807, 0x0808, 0x0203, 0x0201});
inline constexpr auto modern_extensions = std::to_array<std::uint16_t>(
    {extension::server_name, extension::renegotiation_info, extension::ec_point_formats,
     extension::supported_groups, extension::session_ticket, extension::extended_master_secret,
     extension::signature_algorithms, extension::supported_versions, extension::psk_key_exchange_modes,
     extension::key_share});
inline constexpr auto tls_1_2_extensions = std::span(modern_extensions).first(7);

// The paper's scanner (zgrab, spring 2015) was Go's crypto/tls, whose list put RC4 before AES-CBC because of
// Lucky 13; the order is Go 1.4's, widened by the DHE, RSA-GCM and MD5 suites that other clients of the time
// had.
inline constexpr auto suites_2015 = std::to_array<std::uint16_t>(
    {0xc02f, 0xc02b, 0xc030, 0xc02c, 0xc011, 0xc007, 0xc013, 0xc009, 0xc014, 0xc00a,
     0x009e, 0x009f, 0x0067, 0x006b, 0x0033, 0x0039, 0x009c, 0x009d, 0x0005, 0x0004,
     0x003c, 0x003d, 0x002f, 0x0035, 0xc012, 0xc008, 0x0016, 0x000a, 0x00ff});
inline constexpr auto groups_2015 = std::to_array<std::uint16_t>({23, 25, 24});
inline constexpr auto schemes_2015 = std::to_array<std::uint16_t>(
    {0x0601, 0x0603, 0x0501, 0x0503, 0x0401, 0x0403, 0x0301, 0x0303, 0x0201, 0x0203, 0x0202});
inline constexpr auto extensions_2015 = std::to_array<std::uint16_t>(
    {extension::server_name, extension::ec_point_formats, extension::supported_groups,
     extension::session_ticket, extension::signature_algorithms});

// TLS 1.0 and 1.1 know no AEAD, no SHA-256 suite (RFC 5246 1.2) and no signature_algorithms.
inline constexpr auto old_suites =
    std::to_array<std::uint16_t>({0xc014, 0xc00a, 0x0039, 0x0035, 0xc013, 0xc009, 0x0033, 0x002f, 0xc011,
                                  0xc007, 0x0005, 0x0004, 0xc012, 0xc008, 0x0016, 0x000a, 0x00ff});
inline constexpr auto old_extensions =
    std::to_array<std::uint16_t>({extension::server_name, extension::ec_point_formats,
                                  extension::supported_groups, extension::session_ticket});
// RFC 6101 A.6, with the AES suites that SSLv3 servers took on later (RFC 3268).
inline constexpr auto sslv3_suites = std::to_array<std::uint16_t>(
    {0x0039, 0x0035, 0x0033, 0x002f, 0x0005, 0x0004, 0x0016, 0x000a, 0x0015, 0x0009, 0x00ff});

inline constexpr auto suites_1_3 = std::to_array<std::uint16_t>({0x1301, 0x1302, 0x1303});
inline constexpr auto versions_1_3 = std::to_array<std::uint16_t>({tls_1_3});
inline constexpr auto groups_pq = std::to_array<std::uint16_t>({0x11ec});
inline constexpr auto extensions_1_3 = std::to_array<std::uint16_t>(
    {extension::server_name, extension::supported_groups, extension::signature_algorithms,
     extension::supported_versions, extension::psk_key_exchange_modes, extension::key_share});

} // namespace detail

/// A mail server of our days as a client, up to TLS 1.3: the default.
inline constexpr hello_profile modern{.name = "modern",
                                      .version = tls_1_3,
                                      .suites = detail::modern_suites,
                                      .groups = detail::modern_groups,
                                      .signature_schemes = detail::modern_schemes,
                                      .extensions = detail::modern_extensions,
                                      .versions = detail::modern_versions,
                                      .shares = detail::modern_shares};
/// A client of the paper's time: Tables 2, 5 and 7 compare only against such a hello.
inline constexpr hello_profile paper_2015{.name = "2015",
                                          .version = tls_1_2,
                                          .suites = detail::suites_2015,
                                          .groups = detail::groups_2015,
                                          .signature_schemes = detail::schemes_2015,
                                          .extensions = detail::extensions_2015};

/// Every profile by name. "pq" offers X25519MLKEM768 alone and sends an empty key share, so that a server
/// that knows the group says so in a HelloRetryRequest, and nobody computes anything.
inline constexpr auto hello_profiles = std::to_array<hello_profile>({
    modern,
    paper_2015,
    {"sslv3", ssl_3_0, detail::sslv3_suites, {}, {}, {}},
    {"tls1.0", tls_1_0, detail::old_suites, detail::groups_2015, {}, detail::old_extensions},
    {"tls1.1", tls_1_1, detail::old_suites, detail::groups_2015, {}, detail::old_extensions},
    {"tls1.2", tls_1_2, detail::tls_1_2_suites, detail::modern_groups, detail::modern_schemes,
     detail::tls_1_2_extensions},
    {"tls1.3", tls_1_3, detail::suites_1_3, detail::modern_groups, detail::modern_schemes,
     detail::extensions_1_3, detail::versions_1_3, detail::modern_shares},
    {"pq", tls_1_3, detail::suites_1_3, detail::groups_pq, detail::modern_schemes, detail::extensions_1_3,
     detail::versions_1_3},
});

/// The profile of that name, or nullptr.
[[nodiscard]] inline const hello_profile* find_profile(std::string_view name) {
  const auto at = std::ranges::find(hello_profiles, name, &hello_profile::name);
  return at == hello_profiles.end() ? nullptr : &*at;
}

/// Does a hello of that profile tell whom it asks for (RFC 6066 3)?
[[nodiscard]] inline bool sends_name(const hello_profile& profile) noexcept {
  return std::ranges::find(profile.extensions, extension::server_name) != profile.extensions.end();
}

/// The name that a hello asks `host` for: lower case, without the root's dot; empty for an address literal,
/// which has no place there, and for a name too long to exist. RFC 6066 3. Example:
/// sni_name("MX.example.org.") == "mx.example.org".
[[nodiscard]] inline std::string sni_name(std::string_view host) {
  if (host.ends_with('.'))
    host.remove_suffix(1);
  const bool literal = host.starts_with('[') || net::parse_address(host).has_value();
  constexpr std::size_t longest_name = 253; // RFC 1035 2.3.4, without the root's dot
  return literal || host.size() > longest_name ? std::string{} : text::lowered(host);
}

namespace detail {

/// What differs from hello to hello of one profile.
struct hello_values {
  std::string_view sni;
  std::span<const tls::key_share> shares;
  std::string_view cookie;
};

[[nodiscard]] inline std::string key_share_list(std::span<const tls::key_share> shares) {
  std::string list;
  for (const auto& share : shares) {
    wire::put16(list, share.group);
    wire::put_vector(list, 2, share.bytes);
  }
  return list;
}

[[nodiscard]] inline std::string extension_body(std::uint16_t number, const hello_profile& profile,
                                                const hello_values& use) {
  switch (number) {
  case extension::server_name:
    return wire::as_vector(2, '\0' + wire::as_vector(2, use.sni)); // name_type host_name(0)
  case extension::status_request:
    return {"\x01\0\0\0\0", 5}; // ocsp(1), no responder ids, no extensions
  case extension::supported_groups:
    return wire::as_vector(2, wire::number_list(profile.groups));
  case extension::ec_point_formats:
    return wire::as_vector(1, {"\0", 1}); // uncompressed(0)
  case extension::signature_algorithms:
    return wire::as_vector(2, wire::number_list(profile.signature_schemes));
  case extension::supported_versions:
    return wire::as_vector(1, wire::number_list(profile.versions));
  case extension::psk_key_exchange_modes:
    return wire::as_vector(1, "\x01"); // psk_dhe_ke
  case extension::key_share:
    return wire::as_vector(2, key_share_list(use.shares));
  case extension::cookie:
    return wire::as_vector(2, use.cookie);
  case extension::renegotiation_info:
    return wire::as_vector(1, {}); // first handshake of the connection
  default:
    return {}; // session_ticket and extended_master_secret: there is nothing to say
  }
}

[[nodiscard]] inline std::string extension_block(const hello_profile& profile, const hello_values& use) {
  std::string block;
  const auto put = [&](std::uint16_t number) {
    wire::put16(block, number);
    wire::put_vector(block, 2, extension_body(number, profile, use));
  };
  for (const auto number : profile.extensions)
    if (number != extension::server_name || !use.sni.empty())
      put(number);
  if (!use.cookie.empty())
    put(extension::cookie);
  return block;
}

/// RFC 7685 3: F5 and IronPort devices hang on a hello of 256 to 511 bytes, so such a one grows to 512.
inline void pad_block(std::string& block, std::size_t before) {
  const auto size = before + 2 + block.size(); // 2: the length of the block
  if (size < 256 || size > 511)
    return;
  wire::put16(block, extension::padding);
  const std::size_t room = 512 - size;
  wire::put_vector(block, 2, std::string(room > 4 ? room - 4 : 1, '\0'));
}

} // namespace detail

/// The record that holds the ClientHello, ready to send.
///
/// `sni` is the name to ask for; empty, an address literal or a name too long to exist leave the extension
/// out. `random` goes on the wire as it is. The record says TLS 1.0 (SSLv3 when that is all), which every
/// server takes; a TLS 1.3 hello has a session id of 32 bytes, taken from `random` (RFC 8446 D.4). `shares`
/// are the public keys for a TLS 1.3 server, `cookie` goes back to a server that sent one in its
/// HelloRetryRequest (RFC 8446 4.2.2). Example: `build_hello(modern, "mx1.example.org", random, shares)`.
[[nodiscard]] inline std::string build_hello(const hello_profile& profile, std::string_view sni,
                                             std::span<const std::uint8_t, 32> random,
                                             std::span<const key_share> shares = {},
                                             std::string_view cookie = {}) {
  const std::string_view nonce(reinterpret_cast<const char*>(random.data()), random.size());
  const bool is_1_3 = profile.version >= tls_1_3;
  std::string body;
  wire::put16(body, is_1_3 ? tls_1_2 : profile.version);
  body += nonce;
  wire::put_vector(body, 1, is_1_3 ? nonce : std::string_view{});
  wire::put_vector(body, 2, wire::number_list(profile.suites));
  wire::put_vector(body, 1, {"\0", 1}); // null compression
  constexpr std::size_t message_header = 4;
  const auto name = sni_name(sni);
  auto block = detail::extension_block(profile, {name, shares, cookie});
  if (!profile.extensions.empty()) {
    detail::pad_block(block, message_header + body.size());
    wire::put_vector(body, 2, block);
  }
  std::string message("\x01"); // client_hello
  wire::put_vector(message, 3, body);
  std::string record("\x16"); // handshake
  wire::put16(record, std::min(profile.version, tls_1_0));
  wire::put_vector(record, 2, message);
  return record;
}

/// The highest version that a hello of build_hello() offers. RFC 8446 4.2.1: the extension, where there is
/// one, knows better than the field.
[[nodiscard]] inline std::uint16_t offered_version(std::string_view hello) {
  constexpr std::size_t headers = 9; // of the record and of the message
  wire::reader in({reinterpret_cast<const std::uint8_t*>(hello.data()), hello.size()});
  in.take(headers);
  const auto version = static_cast<std::uint16_t>(in.number(2));
  in.take(32); // random
  in.vector(1);
  in.vector(2);
  in.vector(1);
  wire::reader block(in.left() == 0 ? std::span<const std::uint8_t>{} : in.vector(2));
  while (block.left() != 0 && !block.failed()) {
    const auto number = block.number(2);
    block.vector(2);
    if (number == extension::supported_versions)
      return tls_1_3;
  }
  return version;
}

} // namespace postroad::tls
