/// The certificates of a run, each once: what --certs writes.
#pragma once

#include <postroad/flow/descriptor.hpp>
#include <postroad/text/base64.hpp>

#include <openssl/evp.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

namespace postroad::flow {

/// PEM, with the SHA-256 of the DER before each, as in `tls.certificate.sha256`.
class certificates_file {
public:
  explicit certificates_file(const std::string& name) : file_(name, STDOUT_FILENO, O_WRONLY | O_CREAT) {
    file_.empty();
  }
  /// A file that cannot be written any more does not stop the run: finish() tells.
  void keep(std::span<const std::string> chain) {
    for (const auto& der : chain)
      if (auto hash = sha256(der); !failed_ && seen_.insert(hash).second)
        write("# " + hash + '\n' + pem(der));
  }
  /// Throws usage_error when a certificate is missing.
  void finish() const {
    if (failed_)
      throw cli::usage_error{*failed_};
  }

private:
  void write(std::string_view text) {
    try {
      file_.write(text);
    } catch (const cli::usage_error& e) {
      failed_ = e.message;
    }
  }
  static std::string sha256(std::string_view der) {
    std::array<unsigned char, 32> digest{};
    EVP_Digest(der.data(), der.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    std::string out;
    for (const auto byte : digest) {
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
    return out;
  }
  static std::string pem(std::string_view der) {
    constexpr std::size_t line = 64; // RFC 7468 2
    std::string encoded, out = "-----BEGIN CERTIFICATE-----\n";
    text::append_base64(encoded, der);
    for (std::size_t at = 0; at < encoded.size(); at += line)
      out += encoded.substr(at, line) + '\n';
    return out + "-----END CERTIFICATE-----\n";
  }

  descriptor file_;
  std::optional<std::string> failed_;
  std::unordered_set<std::string> seen_;
};

} // namespace postroad::flow
