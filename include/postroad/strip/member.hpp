/// The record member `strip`. postroad-records(5).
#pragma once

#include <postroad/strip/classify.hpp>
#include <postroad/strip/compare.hpp>
#include <postroad/text/json.hpp>

#include <string_view>

namespace postroad::strip {

namespace detail {

inline void write_evidence(text::json_writer& out, const finding& f) {
  out.key("evidence").array();
  for (const auto& e : f.evidence)
    out.object().member("rule", e.rule).member("where", e.where).member_bytes("bytes", e.bytes).end();
  out.end();
}

inline void write_elsewhere(text::json_writer& out, const elsewhere& e) {
  out.key("other").object().member("verdict", to_string(e.verdict)).member("reply", to_string(e.reply));
  if (e.ehlo != ehlo_class::none)
    out.member("ehlo", to_string(e.ehlo));
  out.member_list("differs", e.differs).end();
}

} // namespace detail

/// Writes the value of the member `strip`, an object. `has_banner` is false when no banner came; `other` may
/// be null. What was not learnt is not there.
///
/// Example: {"outcome":"ok","verdict":"stripped","style":"cisco","reply":"echo_replaced_x",
/// "ehlo":"ehlo_masked_len8","banner":"banner_masked","echo":"XXXXXXXX","confidence":"high","evidence":[...]}
inline void write_strip(text::json_writer& out, const finding& f, bool has_banner,
                        const elsewhere* other = nullptr) {
  out.object().member("outcome", "ok").member("verdict", to_string(f.verdict));
  if (f.hand != style::none)
    out.member("style", to_string(f.hand));
  out.member("reply", to_string(f.reply));
  if (f.ehlo != ehlo_class::none)
    out.member("ehlo", to_string(f.ehlo));
  if (has_banner)
    out.member("banner", f.banner_masked ? "banner_masked" : "banner_plain");
  if (!f.echo.empty())
    out.member_bytes("echo", f.echo);
  if (f.control)
    out.member("control", to_string(*f.control));
  out.member("confidence", to_string(f.confidence));
  detail::write_evidence(out, f);
  if (other != nullptr)
    detail::write_elsewhere(out, *other);
  out.end();
}

} // namespace postroad::strip
