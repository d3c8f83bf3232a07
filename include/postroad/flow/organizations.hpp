/// Which organization a domain belongs to, by either way of discovery.
#pragma once

#include <postroad/dmarc/reporting.hpp>
#include <postroad/flow/public_suffix.hpp>
#include <postroad/flow/spf_use.hpp>

#include <string>

namespace postroad::flow {

namespace detail {
inline net::task<dmarc::organization> listed_organization(const public_suffix_list& list,
                                                          std::string domain) {
  auto registrable = list.registrable(domain);
  co_return dmarc::organization{registrable.empty() ? std::move(domain) : std::move(registrable)};
}
} // namespace detail

/// By the list, or without one by tree walk. What is given must outlive it.
[[nodiscard]] inline dmarc::organization_of organizations(dns::client& c, const public_suffix_list* list) {
  return [&c, list](std::string domain) {
    return list != nullptr ? detail::listed_organization(*list, std::move(domain))
                           : dmarc::walked_organization(lookup_of(c), std::move(domain));
  };
}

} // namespace postroad::flow
