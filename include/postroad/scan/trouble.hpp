/// What keeps a scan from running, in one line that says what to do.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace postroad::scan {

struct trouble : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The user may not do it here.
struct not_permitted : trouble {
  using trouble::trouble;
};

/// "what: reason of errno".
[[nodiscard]] inline trouble trouble_of(const std::string& what, int error = errno) {
  return trouble(what + ": " + std::strerror(error));
}

} // namespace postroad::scan
