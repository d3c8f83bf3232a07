/// Does a certificate's name fit the mail domain, the mail server, or neither? RFC 6125 6, RFC 7817 for mail.
///
/// A question apart from trust: the paper's Table 5 crosses the two.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/tls/certificate.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace postroad::tls {

enum class name_fit : std::uint8_t { domain, server, neither };

[[nodiscard]] constexpr std::string_view to_string(name_fit fit) noexcept {
  return fit == name_fit::domain ? "domain" : fit == name_fit::server ? "server" : "neither";
}

struct match_result {
  name_fit matches = name_fit::neither;
  std::string matched_name; ///< as it stands in the certificate; empty for `neither`
};

namespace detail {

[[nodiscard]] inline std::string_view without_root(std::string_view name) {
  if (name.ends_with('.'))
    name.remove_suffix(1);
  return name;
}

} // namespace detail

/// Whether one name of a certificate covers `host`. Both may have a trailing dot; case does not matter;
/// U-labels are not converted. A '*' counts only as the whole left-most label, stands for exactly one label,
/// and needs two labels behind it, so that nobody owns "*.com" (RFC 6125 6.4.3, 7.2). Example:
/// covers("*.example.org", "mx.example.org"), but not "a.mx.example.org" and not "example.org".
[[nodiscard]] inline bool covers(std::string_view pattern, std::string_view host) {
  pattern = detail::without_root(pattern);
  host = detail::without_root(host);
  if (pattern.empty() || host.empty())
    return false;
  if (!pattern.starts_with("*."))
    return pattern.find('*') == std::string_view::npos && text::iequals(pattern, host);
  const auto suffix = pattern.substr(1); // ".example.org"
  const auto first_label = host.find('.');
  return first_label != std::string_view::npos && first_label != 0 &&
         suffix.find('.', 1) != std::string_view::npos && text::iequals(suffix, host.substr(first_label));
}

/// The name of the certificate that covers `host`, or an empty one. `host` may be an address: then only an
/// iPAddress fits. The CN counts only where no dNSName is present (RFC 6125 6.4.4, the rule of 2015 too).
[[nodiscard]] inline std::string_view find_name(const certificate_facts& facts, std::string_view host) {
  if (const auto ip = net::parse_address(host)) {
    const auto at = std::ranges::find(facts.ip_names, net::to_string(*ip));
    return at == facts.ip_names.end() ? std::string_view{} : std::string_view(*at);
  }
  for (const auto& name : facts.dns_names)
    if (covers(name, host))
      return name;
  if (facts.dns_names.empty() && covers(facts.common_name, host))
    return facts.common_name;
  return {};
}

/// Compares with the mail domain first, then with the server's name. An empty domain (the input was an
/// address or a server) can only match the server; a server that is the domain itself counts as the domain.
[[nodiscard]] inline match_result match_names(const certificate_facts& facts, std::string_view domain,
                                              std::string_view mx_host) {
  if (const auto name = find_name(facts, domain); !name.empty())
    return {name_fit::domain, std::string(name)};
  if (const auto name = find_name(facts, mx_host); !name.empty())
    return {name_fit::server, std::string(name)};
  return {};
}

} // namespace postroad::tls
