/// RFC 7208's check, limits and all, for an IPv4 client that nothing matches.
#pragma once

#include "plan.hpp"

#include <string>

namespace world {

/// "ok", "permerror" or "temperror".
std::string result_for_strangers(const plan& all, const std::string& domain);

} // namespace world
