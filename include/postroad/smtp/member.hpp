/// The record member `smtp`. postroad-records(5).
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/smtp/dialog.hpp>
#include <postroad/smtp/software.hpp>
#include <postroad/text/json.hpp>

#include <chrono>
#include <span>
#include <string_view>

namespace postroad::smtp {

namespace detail {

inline void write_bytes_if_any(text::json_writer& out, std::string_view name, std::string_view bytes) {
  if (!bytes.empty())
    out.member_bytes(name, bytes);
}

inline void write_capabilities(text::json_writer& out, std::string_view ehlo) {
  out.key("capabilities").array();
  for_each_capability(ehlo, [&](std::string_view line) { out.value(line); });
  out.end();
}

inline void write_software(text::json_writer& out, const grab& got, std::span<const software_rule> first) {
  const spoken heard{got.banner, got.ehlo, got.starttls_reply};
  auto found = identify(heard, first);
  if (found.rule.empty())
    found = identify(heard);
  out.member("software", found.software);
  if (!found.version.empty())
    out.member_bytes("version", found.version);
  if (!found.rule.empty())
    out.member("rule", found.rule);
}

inline void write_starttls(text::json_writer& out, const grab& got) {
  out.key("starttls").object().member("advertised", got.advertised);
  if (got.sent)
    out.member("sent", "STARTTLS");
  if (got.starttls_code != 0)
    out.member("code", got.starttls_code);
  write_bytes_if_any(out, "reply", got.starttls_reply);
  write_bytes_if_any(out, "extra", got.surplus);
  out.end();
}

inline void write_controls(text::json_writer& out, const grab& got) {
  if (got.controls.empty())
    return;
  out.key("controls").array();
  for (const auto& c : got.controls) {
    out.object().member("sent", c.sent);
    if (c.code != 0)
      out.member("code", c.code);
    write_bytes_if_any(out, "reply", c.reply);
    out.end();
  }
  out.end();
}

} // namespace detail

/// Writes the value of the member `smtp`, an object. A member that is missing was not asked for or did not
/// come: `starttls` stands there once EHLO or HELO was answered, `software` once the server said anything.
/// `host` may be empty (the record named an address). `first_rules` are asked for the software before the
/// built-in ones. `extra` is what came in plain text behind a 220.
///
/// Example: {"outcome":"ok","stage":"starttls","time":"2015-04-26T12:00:00Z","ip":"192.0.2.1","port":25,
/// "banner":"220 hi","banner_code":220,...}
inline void write_smtp(text::json_writer& out, const grab& got, net::endpoint server, std::string_view host,
                       std::string_view time_rfc3339, std::chrono::microseconds elapsed, unsigned tries = 1,
                       std::span<const software_rule> first_rules = {}) {
  out.object()
      .member("outcome", to_string(got.what))
      .member("stage", to_string(got.reached))
      .member("time", time_rfc3339)
      .member("ip", net::to_string(server.ip))
      .member("port", server.port);
  if (!host.empty())
    out.member("host", host);
  detail::write_bytes_if_any(out, "banner", got.banner);
  if (got.banner_code != 0)
    out.member("banner_code", got.banner_code);
  detail::write_bytes_if_any(out, "ehlo", got.ehlo);
  detail::write_bytes_if_any(out, "helo", got.helo);
  if (got.greeted)
    detail::write_capabilities(out, got.told());
  if (!got.banner.empty())
    detail::write_software(out, got, first_rules);
  if (got.greeted)
    detail::write_starttls(out, got);
  detail::write_controls(out, got);
  if (!got.detail.empty())
    out.member_bytes("detail", got.detail);
  if (tries > 1)
    out.member("tries", tries);
  out.member_milliseconds("elapsed_ms", elapsed).end();
}

} // namespace postroad::smtp
