/// What each mail software says: banners, EHLO replies and error texts as seen in the field.
#pragma once

#include "plan.hpp"

#include <string>
#include <vector>

namespace world {

/// All replies are without line ends; multi-line replies are several strings, codes included.
struct dialect {
  std::vector<std::string> banner;
  std::string hello;                 ///< text of the first EHLO line, after the code
  std::vector<std::string> keywords; ///< in the software's own order, STARTTLS where it offers it
  std::string ready;                 ///< 220 to STARTTLS
  std::string no_starttls;           ///< 5xx to STARTTLS, verb as `%` where it is echoed
  std::string unavailable;           ///< 454 to STARTTLS
  std::string bye;
};

/// The words of a server, for a client at `client`.
dialect dialect_of(const server& who, const std::string& client);

} // namespace world
