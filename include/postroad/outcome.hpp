/// The closed list of words for what the network did. They are data of the study, never exceptions or exit
/// statuses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postroad {

/// One word per member that a network tool writes (postroad-records(5), "outcome").
///
/// `refused` is a connection refused, or a server that says no in its own protocol (a 554 greeting);
/// `query_refused` is the DNS rcode. `skipped` means there was nothing to ask, `blocked` that we may not ask,
/// `aborted` that the user stopped us.
enum class outcome : std::uint8_t {
  ok,
  timeout,
  refused,
  reset,
  unreachable,
  closed,
  protocol_error,
  tls_error,
  nxdomain,
  nodata,
  servfail,
  query_refused,
  formerr,
  notimp,
  rcode_other,
  truncated,
  tcp_failed,
  lame,
  malformed,
  send_error,
  blocked,
  skipped,
  aborted,
};

inline constexpr std::array<std::string_view, 23> outcome_words = {
    "ok",          "timeout",   "refused",    "reset",    "unreachable",   "closed",     "protocol_error",
    "tls_error",   "nxdomain",  "nodata",     "servfail", "query_refused", "formerr",    "notimp",
    "rcode_other", "truncated", "tcp_failed", "lame",     "malformed",     "send_error", "blocked",
    "skipped",     "aborted"};

[[nodiscard]] constexpr std::string_view to_string(outcome o) noexcept {
  return outcome_words[static_cast<std::size_t>(o)];
}

/// The outcome of that name, or nothing. Example: outcome_from("nxdomain") == outcome::nxdomain.
[[nodiscard]] constexpr std::optional<outcome> outcome_from(std::string_view word) noexcept {
  for (std::size_t i = 0; i < outcome_words.size(); ++i)
    if (outcome_words[i] == word)
      return static_cast<outcome>(i);
  return std::nullopt;
}

/// The last step that a dialog with a server reached.
enum class stage : std::uint8_t { resolve, connect, banner, ehlo, starttls, tls, certificate };

inline constexpr std::array<std::string_view, 7> stage_words = {"resolve",  "connect", "banner",     "ehlo",
                                                                "starttls", "tls",     "certificate"};

[[nodiscard]] constexpr std::string_view to_string(stage s) noexcept {
  return stage_words[static_cast<std::size_t>(s)];
}

} // namespace postroad
