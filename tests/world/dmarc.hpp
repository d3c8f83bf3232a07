/// What a faultless dmarcq finds, worked out from the policies as planned and from the zone.
///
/// Rules: RFC 9989 4.10, by tree walk. Questions go to _dmarc.NAME, then, from seven labels down, to each
/// name with one label less, down to the top-level domain. Several records at a name are none. psd=y or psd=n
/// ends the walk. The organizational domain is that of psd=n; one label below psd=y; else that of the record
/// with the fewest labels; else the domain itself. A look-up that fails ends the walk, and nothing is known.
#pragma once

#include "plan.hpp"

#include <string>
#include <vector>

namespace world {

struct expected_dmarc {
  std::string outcome; ///< of the first question, or of the one that failed
  bool failed = false; ///< nothing is known
  std::string org_domain, policy_domain, source;
  const dmarc_policy* has = nullptr;
  std::string policy, effective; ///< empty: null
  std::vector<std::string> errors;
  std::vector<std::string> queries;
};

expected_dmarc expect_dmarc(const plan& all, const std::string& domain);
std::string to_json(const expected_dmarc& from);

} // namespace world
