/// Times as records write them: RFC 3339, UTC, whole seconds.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include <time.h>

namespace postroad::text {

/// Example: the epoch gives "1970-01-01T00:00:00Z". Years 0 to 9999 (RFC 3339 section 1).
[[nodiscard]] inline std::string rfc3339(std::chrono::system_clock::time_point t) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const auto n = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                               parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return std::string(text, static_cast<std::size_t>(n));
}

/// Now; the text is made once a second.
[[nodiscard]] inline const std::string& now_rfc3339() {
  thread_local std::time_t when = -1;
  thread_local std::string text;
  if (const std::time_t now = std::time(nullptr); now != when) {
    when = now;
    text = rfc3339(std::chrono::system_clock::from_time_t(now));
  }
  return text;
}

} // namespace postroad::text
