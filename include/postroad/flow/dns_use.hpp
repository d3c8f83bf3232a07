/// The DNS client as the common options want it, and small members that several tools write.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/mx.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/outcome.hpp>
#include <postroad/text/json.hpp>
#include <postroad/text/time.hpp>

#include <string>
#include <string_view>

namespace postroad::flow {

/// `retries` is --retries where that speaks of DNS; a tool that visits servers keeps it for those.
[[nodiscard]] dns::client_settings client_settings_of(const settings&,
                                                      std::uint32_t retries = settings{}.retries);
[[nodiscard]] dns::provider_map providers_of(const std::string& file); ///< empty: the map that ships
void write_dns_counts(text::json_writer&, const dns::client&);

/// One record for each server address of a route, with `host`, `preference` and `ip`; the record alone when
/// there is none.
void write_each_address(job&, const dns::mail_route&, std::string_view mx_json);

/// A member that tells an outcome and the time, and no more.
[[nodiscard]] inline std::string outcome_member(outcome what, std::string_view detail = {}) {
  std::string json;
  text::json_writer out(json);
  out.object().member("outcome", to_string(what)).member("time", text::now_rfc3339());
  if (!detail.empty())
    out.member("detail", detail);
  out.end();
  return json;
}

/// The member of a record for which there is no server to visit.
[[nodiscard]] inline std::string unreached_member(outcome what) {
  std::string json;
  text::json_writer out(json);
  out.object().member("outcome", to_string(what));
  out.member("stage", to_string(stage::resolve)).member("time", text::now_rfc3339()).end();
  return json;
}

template <class Counters>
void write_memo_counts(text::json_writer& out, std::string_view name, const Counters& c) {
  out.key(name).object().member("fetched", c.fetched).member("joined", c.joined);
  out.member("remembered", c.remembered).member("repeated", c.repeated).end();
}

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/dns_use.ipp>
#endif
