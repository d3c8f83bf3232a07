/// Facts of an X.509 certificate, read without a library. RFC 5280 4.1.
///
/// Facts only: whether anybody should believe the certificate is trust.hpp's affair. Names come out as they
/// were put in, NUL and all, because a NUL in a name is an attack that a study wants to see.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/result.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/tls/der.hpp>
#include <postroad/tls/wire.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::tls {

/// What one certificate says. Times are seconds since 1970, UTC.
struct certificate_facts {
  std::string common_name; ///< the last CN, which is the most specific (RFC 6125 1.8)
  std::string subject;     ///< "C=US, O=Example, CN=mx.example.org", in the order of the certificate
  std::string issuer;      ///< the same way
  std::vector<std::string> dns_names; ///< SAN dNSName, as encoded
  std::vector<std::string> ip_names;  ///< SAN iPAddress, as text
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  std::string key_type;     ///< rsa ec ed25519 ed448 dsa other
  unsigned key_bits = 0;    ///< modulus, prime or field; 0 where it cannot be told
  std::string signature;    ///< "sha256WithRSAEncryption", "ecdsa-with-SHA256"; an unknown one as dotted OID
  bool self_signed = false; ///< issuer and subject are the same bytes; the signature is not looked at
  bool is_ca = false;       ///< basicConstraints says so
  unsigned scts = 0;        ///< certificate-transparency time stamps inside (RFC 6962 3.3)

  friend bool operator==(const certificate_facts&, const certificate_facts&) = default;
};

namespace detail {

[[nodiscard]] inline std::string_view text_of(der::bytes b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

/// "1.2.840.113549.1.1.11"; numbers beyond 64 bits keep their low end, which no OID in use has.
[[nodiscard]] inline std::string dotted(der::bytes oid) {
  std::string out;
  std::uint64_t n = 0;
  for (const auto b : oid) {
    n = n << 7 | (b & 0x7fu);
    if ((b & 0x80) != 0)
      continue;
    if (out.empty()) {
      const auto first = std::min<std::uint64_t>(n / 40, 2);
      out = std::to_string(first) + '.' + std::to_string(n - 40 * first);
    } else {
      out += '.' + std::to_string(n);
    }
    n = 0;
  }
  return out;
}

struct oid_name {
  std::string_view oid, name;
};

template <std::size_t N>
[[nodiscard]] std::string name_of(const std::array<oid_name, N>& table, der::bytes oid) {
  const auto text = dotted(oid);
  const auto at = std::ranges::find(table, text, &oid_name::oid);
  return at == table.end() ? text : std::string(at->name);
}

// RFC 4519 2 and RFC 5280 A.1; what OpenSSL prints for the rest.
inline constexpr auto attribute_names = std::to_array<oid_name>({
    {"2.5.4.3", "CN"},
    {"2.5.4.6", "C"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"1.2.840.113549.1.9.1", "emailAddress"},
    {"0.9.2342.19200300.100.1.25", "DC"},
    {"0.9.2342.19200300.100.1.1", "UID"},
    {"2.5.4.4", "SN"},
    {"2.5.4.5", "serialNumber"},
    {"2.5.4.9", "street"},
    {"2.5.4.12", "title"},
    {"2.5.4.13", "description"},
    {"2.5.4.15", "businessCategory"},
    {"2.5.4.17", "postalCode"},
    {"2.5.4.42", "GN"},
    {"2.5.4.97", "organizationIdentifier"},
    {"1.2.840.113549.1.9.2", "unstructuredName"},
    {"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"},
    {"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"},
    {"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"},
});

// RFC 8017 A.2.4, RFC 5758 3, RFC 8410 9, RFC 9215 2; the names are OpenSSL's long names.
inline constexpr auto signature_names = std::to_array<oid_name>({
    {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption"},
    {"1.2.840.10045.4.3.2", "ecdsa-with-SHA256"},
    {"1.2.840.10045.4.3.3", "ecdsa-with-SHA384"},
    {"1.2.840.113549.1.1.5", "sha1WithRSAEncryption"},
    {"1.3.14.3.2.29", "sha1WithRSA"},
    {"1.2.840.113549.1.1.12", "sha384WithRSAEncryption"},
    {"1.2.840.113549.1.1.13", "sha512WithRSAEncryption"},
    {"1.2.840.113549.1.1.14", "sha224WithRSAEncryption"},
    {"1.2.840.113549.1.1.10", "rsassaPss"},
    {"1.2.840.113549.1.1.2", "md2WithRSAEncryption"},
    {"1.2.840.113549.1.1.3", "md4WithRSAEncryption"},
    {"1.2.840.113549.1.1.4", "md5WithRSAEncryption"},
    {"1.2.840.10045.4.1", "ecdsa-with-SHA1"},
    {"1.2.840.10045.4.3.1", "ecdsa-with-SHA224"},
    {"1.2.840.10045.4.3.4", "ecdsa-with-SHA512"},
    {"1.3.101.112", "ED25519"},
    {"1.3.101.113", "ED448"},
    {"1.2.840.10040.4.3", "dsaWithSHA1"},
    {"2.16.840.1.101.3.4.3.2", "dsa_with_SHA256"},
    {"1.2.643.2.2.3", "GOST R 34.11-94 with GOST R 34.10-2001"},
    {"1.2.643.7.1.1.3.2", "GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)"},
    {"1.2.643.7.1.1.3.3", "GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)"},
});

inline void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80)
    return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xe0 | c >> 12);
    } else {
      put(0xf0 | c >> 18);
      put(0x80 | (c >> 12 & 63));
    }
    put(0x80 | (c >> 6 & 63));
  }
  put(0x80 | (c & 63));
}

/// A directory string as UTF-8 where its type says what it is; a surrogate or a number beyond Unicode in the
/// fixed-width types gives U+FFFD. Other types keep their bytes.
[[nodiscard]] inline std::string directory_text(const der::element& value) {
  const std::size_t width = value.tag == der::bmp_string         ? 2
                            : value.tag == der::universal_string ? 4
                            : value.tag == der::teletex_string ? 1 // read as Latin-1, as everybody writes it
                                                               : 0;
  if (width == 0)
    return std::string(text_of(value.content));
  std::string out;
  for (auto rest = value.content; rest.size() >= width; rest = rest.subspan(width)) {
    std::uint32_t c = 0;
    for (const auto b : rest.first(width))
      c = c << 8 | b;
    append_utf8(out, c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0xfffd : c);
  }
  return out;
}

/// RFC 4514 2.4 puts a backslash before these.
inline void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (std::string_view(",+\"\\<>;").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
}

struct distinguished_name {
  std::string line, common_name;
};

/// One `attribute = value` of a name.
inline void read_attribute(der::reader& in, distinguished_name& name, std::string_view separator) {
  const auto attribute = in.expect(der::sequence, "attribute of a name is no sequence");
  der::reader inside(attribute);
  const auto type = inside.expect(der::oid, "attribute of a name without a type");
  const auto value = inside.next();
  if (in.failed() || inside.failed()) {
    in.fail(inside.error().offset, inside.error().why);
    return;
  }
  const auto text = directory_text(value);
  const auto word = name_of(attribute_names, type.content);
  if (word == "CN")
    name.common_name = text;
  if (!name.line.empty())
    name.line += separator;
  name.line += word + '=';
  append_escaped(name.line, text);
}

/// RFC 5280 4.1.2.4: a sequence of sets of attributes; attributes of one set are joined with '+'.
[[nodiscard]] inline result<distinguished_name> read_name(const der::element& whole) {
  distinguished_name name;
  der::reader sets(whole);
  while (!sets.at_end()) {
    der::reader in(sets.expect(der::set, "part of a name is no set"));
    for (std::string_view separator = ", "; !in.at_end() && !sets.failed(); separator = " + ")
      read_attribute(in, name, separator);
    if (in.failed())
      return failure(in.error());
  }
  if (sets.failed())
    return failure(sets.error());
  return name;
}

/// Two decimal digits, or nothing.
[[nodiscard]] inline std::optional<int> two_digits(std::string_view& rest) {
  if (rest.size() < 2 || !text::is_digit(rest[0]) || !text::is_digit(rest[1]))
    return std::nullopt;
  const int n = (rest[0] - '0') * 10 + (rest[1] - '0');
  rest.remove_prefix(2);
  return n;
}

/// The zone at the end of a time, in seconds east of Greenwich. RFC 5280 wants "Z"; old certificates have
/// "+hhmm".
[[nodiscard]] inline std::optional<int> zone_offset(std::string_view rest) {
  if (rest == "Z")
    return 0;
  if (rest.empty() || (rest[0] != '+' && rest[0] != '-'))
    return std::nullopt;
  const int sign = rest[0] == '-' ? -1 : 1;
  rest.remove_prefix(1);
  const auto hours = two_digits(rest), minutes = two_digits(rest);
  if (!hours || !minutes || !rest.empty() || *hours > 23 || *minutes > 59)
    return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

/// UTCTime (YYMMDDhhmm[ss]Z) or GeneralizedTime (YYYYMMDDhhmm[ss[.f]]Z). RFC 5280 4.1.2.5: YY below 50 is
/// 20YY.
[[nodiscard]] inline std::optional<std::int64_t> read_time(const der::element& e) {
  auto rest = text_of(e.content);
  std::optional<int> century = 0;
  if (e.tag == der::generalized_time)
    century = two_digits(rest);
  const auto year = two_digits(rest), month = two_digits(rest), day = two_digits(rest);
  const auto hour = two_digits(rest), minute = two_digits(rest);
  const int second = two_digits(rest).value_or(0);
  if (!century || !year || !month || !day || !hour || !minute || *hour > 23 || *minute > 59 || second > 60)
    return std::nullopt;
  if (e.tag == der::generalized_time && rest.starts_with('.')) {
    rest.remove_prefix(1);
    while (!rest.empty() && text::is_digit(rest[0]))
      rest.remove_prefix(1);
  }
  const auto zone = zone_offset(rest);
  const int full_year = e.tag == der::generalized_time ? *century * 100 + *year
                        : *year < 50                   ? 2000 + *year
                                                       : 1900 + *year;
  const std::chrono::year_month_day date{std::chrono::year{full_year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!zone || !date.ok())
    return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return std::int64_t{days} * 86400 + *hour * 3600 + *minute * 60 + second - *zone;
}

// SEC 2 and RFC 5639: named curves and the size of their fields.
struct curve_bits {
  std::string_view oid;
  unsigned bits;
};
inline constexpr auto curves = std::to_array<curve_bits>({
    {"1.2.840.10045.3.1.7", 256}, // prime256v1
    {"1.3.132.0.34", 384},        // secp384r1
    {"1.3.132.0.35", 521},        // secp521r1
    {"1.2.840.10045.3.1.1", 192}, // prime192v1
    {"1.3.132.0.33", 224},        // secp224r1
    {"1.3.132.0.10", 256},        // secp256k1
    {"1.3.36.3.3.2.8.1.1.7", 256},
    {"1.3.36.3.3.2.8.1.1.11", 384},
    {"1.3.36.3.3.2.8.1.1.13", 512}, // brainpoolP256r1, P384r1, P512r1
});

/// The bits of an EC key: by its curve or, where that is unknown or spelt out, by the size of its point (one
/// byte, then two field elements; one when compressed).
[[nodiscard]] inline unsigned ec_bits(const der::element& parameters, der::bytes point) {
  if (parameters.tag == der::oid)
    for (const auto& curve : curves)
      if (dotted(parameters.content) == curve.oid)
        return curve.bits;
  if (point.empty())
    return 0;
  const auto elements = point[0] == 4 ? 2u : 1u;
  return static_cast<unsigned>((point.size() - 1) / elements * 8);
}

/// The bits of the first INTEGER of the sequence in `content`: an RSA modulus or a DSA prime.
[[nodiscard]] inline unsigned first_integer_bits(der::bytes content) {
  der::reader outer(content);
  der::reader in(outer.expect(der::sequence, "key is no sequence"));
  return wire::bit_length(in.expect(der::integer, "key without a number").content);
}

/// RFC 3279 2.3, RFC 8410 3.
inline void read_key(der::reader& in, certificate_facts& facts) {
  der::reader key(in.expect(der::sequence, "subjectPublicKeyInfo is no sequence"));
  der::reader algorithm(key.expect(der::sequence, "key algorithm is no sequence"));
  const auto oid = dotted(algorithm.expect(der::oid, "key algorithm without an OID").content);
  const auto parameters = algorithm.at_end() ? der::element{} : algorithm.next();
  auto bits = key.expect(der::bit_string, "public key is no bit string").content;
  if (key.failed() || algorithm.failed())
    return in.fail(key.failed() ? key.error().offset : algorithm.error().offset,
                   key.failed() ? key.error().why : algorithm.error().why);
  bits = bits.empty() ? bits : bits.subspan(1); // the count of unused bits
  facts.key_type = "other";
  if (oid == "1.2.840.113549.1.1.1" || oid == "1.2.840.113549.1.1.10") {
    facts.key_type = "rsa";
    facts.key_bits = first_integer_bits(bits);
  } else if (oid == "1.2.840.10045.2.1") {
    facts.key_type = "ec";
    facts.key_bits = ec_bits(parameters, bits);
  } else if (oid == "1.2.840.10040.4.1") {
    facts.key_type = "dsa";
    facts.key_bits = first_integer_bits(parameters.whole);
  } else if (oid == "1.3.101.112") {
    facts.key_type = "ed25519";
    facts.key_bits = 256; // RFC 8032 5.1
  } else if (oid == "1.3.101.113") {
    facts.key_type = "ed448";
    facts.key_bits = 456; // RFC 8032 5.2: 57 bytes
  }
}

/// RFC 5280 4.2.1.6.
inline void read_alternative_names(der::reader& value, certificate_facts& facts) {
  der::reader names(value.expect(der::sequence, "subjectAltName is no sequence"));
  while (!names.at_end()) {
    const auto name = names.next();
    if (name.tag == der::context(2, false))
      facts.dns_names.emplace_back(text_of(name.content));
    else if (name.tag == der::context(7, false) && (name.content.size() == 4 || name.content.size() == 16))
      facts.ip_names.push_back(
          net::to_string(net::address::from_bytes(name.content.data(), name.content.size())));
  }
  if (names.failed())
    value.fail(names.error().offset, names.error().why);
}

/// RFC 6962 3.3: an OCTET STRING around a TLS vector of vectors. A list that lies about its length counts for
/// nothing; the certificate is as good without it.
inline void read_timestamps(der::reader& value, certificate_facts& facts) {
  const auto wrapped = value.next();
  wire::reader in(wrapped.content);
  wire::reader list(in.vector(2));
  unsigned found = 0;
  while (list.left() != 0 && !list.failed()) {
    list.vector(2);
    ++found;
  }
  if (wrapped.tag == der::octet_string && in.at_end() && !list.failed())
    facts.scts = found;
}

inline void read_constraints(der::reader& value, certificate_facts& facts) {
  der::reader in(value.expect(der::sequence, "basicConstraints is no sequence"));
  const auto is_ca = in.optional(der::boolean);
  facts.is_ca = is_ca.content.size() == 1 && is_ca.content[0] != 0;
  if (in.failed())
    value.fail(in.error().offset, in.error().why);
}

inline void read_extension(der::reader& list, certificate_facts& facts) {
  der::reader in(list.expect(der::sequence, "extension is no sequence"));
  const auto oid = dotted(in.expect(der::oid, "extension without an OID").content);
  in.optional(der::boolean); // critical
  der::reader value(in.expect(der::octet_string, "extension without a value"));
  if (in.failed())
    return list.fail(in.error().offset, in.error().why);
  if (oid == "2.5.29.17")
    read_alternative_names(value, facts);
  else if (oid == "2.5.29.19")
    read_constraints(value, facts);
  else if (oid == "1.3.6.1.4.1.11129.2.4.2")
    read_timestamps(value, facts);
  if (value.failed())
    list.fail(value.error().offset, value.error().why);
}

/// Everything after the public key: two unique identifiers that nobody uses, and the extensions.
inline void read_tail(der::reader& tbs, certificate_facts& facts) {
  tbs.optional(der::context(1, false));
  tbs.optional(der::context(2, false));
  const auto wrapped = tbs.optional(der::context(3, true));
  if (wrapped.tag == 0)
    return;
  der::reader inside(wrapped);
  der::reader list(inside.expect(der::sequence, "extensions are no sequence"));
  while (!list.at_end())
    read_extension(list, facts);
  if (list.failed() || inside.failed()) {
    const auto& error = list.failed() ? list.error() : inside.error();
    tbs.fail(error.offset, error.why);
  }
}

inline void read_validity(der::reader& tbs, certificate_facts& facts) {
  der::reader in(tbs.expect(der::sequence, "validity is no sequence"));
  const auto from = in.next(), to = in.next();
  const auto not_before = read_time(from), not_after = read_time(to);
  if (in.failed())
    return tbs.fail(in.error().offset, in.error().why);
  if (!not_before || !not_after)
    return tbs.fail(not_before ? to.offset : from.offset, "time that is none");
  facts.not_before = *not_before;
  facts.not_after = *not_after;
}

inline void read_names(der::reader& tbs, const der::element& issuer, const der::element& subject,
                       certificate_facts& facts) {
  const auto issuer_name = read_name(issuer), subject_name = read_name(subject);
  for (const auto* name : {&issuer_name, &subject_name})
    if (!*name)
      return tbs.fail(name->error().offset, name->error().why);
  facts.issuer = issuer_name->line;
  facts.subject = subject_name->line;
  facts.common_name = subject_name->common_name;
  facts.self_signed = std::ranges::equal(issuer.whole, subject.whole);
}

/// RFC 5280 4.1.2, in its order.
inline void read_tbs(der::reader& tbs, certificate_facts& facts) {
  tbs.optional(der::context(0, true)); // version
  tbs.expect(der::integer, "serial number is no integer");
  tbs.expect(der::sequence, "inner signature algorithm is no sequence");
  const auto issuer = tbs.expect(der::sequence, "issuer is no sequence");
  read_validity(tbs, facts);
  const auto subject = tbs.expect(der::sequence, "subject is no sequence");
  read_key(tbs, facts);
  read_tail(tbs, facts);
  if (!tbs.failed())
    read_names(tbs, issuer, subject, facts);
}

} // namespace detail

/// Reads the facts of one certificate.
///
/// Lengths that lie, missing parts and times that are none are errors with their offset; unknown algorithms,
/// name types and extensions are not. What follows the outer sequence is an error too.
/// Example: `read_certificate(der)->key_bits == 2048`.
[[nodiscard]] inline result<certificate_facts> read_certificate(std::span<const std::uint8_t> whole) {
  der::reader outer(whole);
  const auto certificate = outer.expect(der::sequence, "certificate is no sequence");
  if (!outer.failed() && !outer.at_end())
    return failure(certificate.whole.size(), "bytes after the certificate", "RFC 5280 4.1");
  der::reader in(certificate);
  der::reader tbs(in.expect(der::sequence, "tbsCertificate is no sequence"));
  der::reader algorithm(in.expect(der::sequence, "signatureAlgorithm is no sequence"));
  const auto signature = algorithm.expect(der::oid, "signatureAlgorithm without an OID");
  in.expect(der::bit_string, "signature is no bit string");
  certificate_facts facts;
  facts.signature = detail::name_of(detail::signature_names, signature.content);
  for (const auto* part : {&outer, &in, &algorithm})
    if (part->failed())
      return failure(part->error());
  detail::read_tbs(tbs, facts);
  if (tbs.failed())
    return failure(tbs.error());
  return facts;
}

} // namespace postroad::tls
