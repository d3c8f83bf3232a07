/// The `resolver` member of a record: what an audit brought, as JSON.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/auditor.hpp>
#include <postroad/text/json.hpp>

#include <string_view>

namespace postroad::dns::audit {

/// Writes the member as one object. `time` is RFC 3339 UTC.
///
/// Example: {"outcome":"ok","class":"honest","flags":[],"ip":"192.0.2.53","port":53,...}
POSTROAD_DECL void write_resolver(text::json_writer& json, const report& r, std::string_view time);

/// Writes the member `target` of one record of --each-target.
POSTROAD_DECL void write_target(text::json_writer& json, const target& t);

} // namespace postroad::dns::audit

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/dns/impl/audit_member.ipp>
#endif
