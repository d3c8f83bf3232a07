/// Certificates put together by hand, for tests of what no authority would sign.
#pragma once

#include <postroad/tls/wire.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tls_test {

using namespace std::string_literals;

inline std::span<const std::uint8_t> der_bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}

/// One DER element with the shortest length.
inline std::string der(unsigned tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 0x80)
    return out + postroad::tls::wire::as_vector(1, content);
  const int width = content.size() < 0x100 ? 1 : 2;
  out += static_cast<char>(0x80 | width);
  return out + postroad::tls::wire::as_vector(width, content);
}

// OIDs as they stand in DER.
inline const std::string oid_cn = "\x55\x04\x03";
inline const std::string oid_rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
inline const std::string oid_sha256_rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";

inline std::string attribute(std::string_view oid, unsigned string_tag, std::string_view value) {
  return der(0x30, der(0x06, oid) + der(string_tag, value));
}
/// A name with one CN in UTF-8.
inline std::string name(std::string_view cn) {
  return der(0x30, der(0x31, attribute(oid_cn, 0x0c, cn)));
}
inline std::string rsa_key(std::string_view modulus) {
  return der(0x30, der(0x30, der(0x06, oid_rsa) + der(0x05, "")) +
                       der(0x03, "\0"s + der(0x30, der(0x02, modulus) + der(0x02, "\x01\x00\x01"s))));
}
inline std::string certificate_extension(std::string_view oid, std::string_view value,
                                         bool critical = false) {
  return der(0x30, der(0x06, oid) + (critical ? der(0x01, "\xff") : "") + der(0x04, value));
}
inline std::string alternative_names(std::string_view general_names) {
  return certificate_extension("\x55\x1d\x11", der(0x30, general_names));
}

/// The parts of a certificate, each as DER; change one and see what the reader says.
struct certificate_parts {
  std::string version = der(0xa0, der(0x02, "\x02"));
  std::string serial = der(0x02, "\x01");
  std::string issuer = name("Example CA");
  std::string not_before = der(0x17, "150426000000Z");
  std::string not_after = der(0x17, "160426000000Z");
  std::string subject = name("mx.example.org");
  std::string key = rsa_key("\0"s + std::string(256, '\xc1'));
  std::string signature_oid = oid_sha256_rsa;
  std::string extensions;

  [[nodiscard]] std::string bytes() const {
    const auto algorithm = der(0x30, der(0x06, signature_oid) + der(0x05, ""));
    const auto wrapped = extensions.empty() ? "" : der(0xa3, der(0x30, extensions));
    const auto tbs = der(0x30, version + serial + algorithm + issuer + der(0x30, not_before + not_after) +
                                   subject + key + wrapped);
    return der(0x30, tbs + algorithm + der(0x03, "\0signature"s));
  }
};

} // namespace tls_test
