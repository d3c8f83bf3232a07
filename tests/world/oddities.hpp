/// SPF policies that are odd, each in a way of its own.
#pragma once

#include "policy.hpp"

#include <functional>
#include <string>
#include <vector>

namespace world {

/// A way in which a policy is odd; `make` gets the domain.
struct oddity {
  const char* kind;
  double share; ///< of the domains with SPF
  std::function<sender_policy(const std::string&)> make;
};

std::vector<oddity> oddities();

/// A name in the zone of what is wrong in others' policies: publish.cpp says what stands there.
inline std::string below_shared(const std::string& label) {
  return label + ".shared-senders.net";
}

} // namespace world
