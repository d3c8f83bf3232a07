/// DMARC records, well written and badly.
#pragma once

#include "policy.hpp"

#include <functional>
#include <string>
#include <vector>

namespace world {

/// A record of that text; `means` says what it means.
dmarc_policy dmarc_record(std::string text, const std::function<void(dmarc_policy&)>& means);

/// Ways to write a policy that holds: of the policy's word and the domain.
std::vector<std::function<dmarc_policy(const std::string&, const std::string&)>> good_records();

/// Ways to get it wrong, and what is left then: of the domain.
std::vector<std::function<dmarc_policy(const std::string&)>> bad_records();

} // namespace world
