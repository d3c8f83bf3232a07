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
  std::string unknown;               ///< 5xx to a verb that the server does not know, as `no_starttls`
  std::string unavailable;           ///< 454 to STARTTLS
  std::string bye;
};

/// The words of a server, for a client at `client`.
dialect dialect_of(const server& who, const std::string& client);

/// A verb as it reaches the server, behind whatever stands in front of it.
std::string as_received(const server& who, const std::string& verb);

/// The reply to a verb that the server does not know.
std::string refusal_of(const server& who, const dialect& words, const std::string& verb);

} // namespace world
