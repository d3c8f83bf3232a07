/// May this client send for that domain? Plain check_host(). RFC 7208 4.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>
#include <postroad/spf/grammar.hpp>
#include <postroad/spf/lookup.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postroad::spf {

/// RFC 7208 2.6.
enum class check_result : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
inline constexpr std::array check_result_words = std::to_array<std::string_view>(
    {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"});
[[nodiscard]] constexpr std::string_view to_string(check_result r) noexcept {
  return check_result_words[static_cast<std::size_t>(r)];
}

/// Who sends, as a receiver sees it.
struct sender {
  net::address ip;                  ///< an IPv4-mapped IPv6 address counts as IPv4 (RFC 7208 5)
  std::string helo;                 ///< what the client called itself
  std::string mailfrom;             ///< "user@example.org"; empty: the null reverse-path, and helo is checked
  std::string receiver = "unknown"; ///< %{r}
};

inline constexpr std::size_t max_sender = 1000;      // bytes; SMTP has 256 for a path (RFC 5321 4.5.3.1.3)
inline constexpr std::size_t max_explanation = 4096; // bytes; a longer one is none
inline constexpr std::chrono::seconds max_elapsed{
    120}; // then a check is temperror; RFC 7208 4.6.4: at least 20

struct checked {
  check_result result = check_result::none;
  outcome what = outcome::aborted; ///< of the question for the record of the domain
  std::string domain;              ///< that was checked, lower case
  std::string explanation;         ///< of the domain, when the result is fail and it has one
  std::string problem;             ///< why it is an error or none, in plain words
  std::string term;                ///< what decided, as written; empty: the default, or an error
  unsigned lookups = 0, voids = 0;
};

/// Checks a sender. Limits of RFC 7208 4.6.4 hold: ten terms that ask, two void look-ups, ten names of an MX
/// or a PTR, and max_elapsed.
///
/// Example: for "v=spf1 ip4:192.0.2.0/24 -all" and a client at 198.51.100.1 the result is fail, term "-all".
[[nodiscard]] POSTROAD_DECL net::task<checked> check_host(lookup ask, sender who);

} // namespace postroad::spf

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/spf/impl/check.ipp>
#endif
