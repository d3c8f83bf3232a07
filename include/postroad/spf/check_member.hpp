/// The `spf_check` member of a record, as JSON.
#pragma once

#include <postroad/config.hpp>
#include <postroad/spf/check.hpp>
#include <postroad/text/json.hpp>

#include <string_view>

namespace postroad::spf {

/// Writes the member as one object. `time` is RFC 3339 UTC.
///
/// Example: {"outcome":"ok","result":"fail","domain":"example.org","term":"-all","lookups":2,"void":0,...}
inline void write_check(text::json_writer& json, const checked& c, std::string_view time) {
  json.object().member("outcome", to_string(c.what));
  if (c.what != outcome::aborted)
    json.member("result", to_string(c.result));
  json.member_bytes("domain", c.domain);
  if (!c.term.empty())
    json.member_bytes("term", c.term);
  if (!c.explanation.empty())
    json.member_bytes("explanation", c.explanation);
  if (!c.problem.empty())
    json.member_bytes("problem", c.problem);
  json.member("lookups", c.lookups).member("void", c.voids).member("time", time).end();
}

} // namespace postroad::spf
