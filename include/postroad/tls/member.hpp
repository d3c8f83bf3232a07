/// The record member `tls`. postroad-records(5).
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/text/json.hpp>
#include <postroad/text/time.hpp>
#include <postroad/tls/name_match.hpp>
#include <postroad/tls/probe.hpp>
#include <postroad/tls/survey.hpp>
#include <postroad/tls/trust.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::tls {

/// What goes into the member beside the observation; views into what the caller holds.
struct probe_context {
  net::endpoint server;
  std::string_view host;               ///< the server's name; empty when the record gave an address
  std::string_view profile;            ///< of the hello
  std::string_view sni;                ///< the name that the hello was built with
  std::string_view domain;             ///< to match the certificate with; may be empty
  std::string_view time_rfc3339;       ///< when the probe began
  const judged_chain* chain = nullptr; ///< set when the observation has a chain
  const trust_store* roots = nullptr;  ///< goes with `chain`
  bool whole_chain = false;            ///< tell of the certificates above the leaf, too
  const survey* more = nullptr;        ///< what was asked for beside the first hello
};

namespace detail {

inline void write_if_any(text::json_writer& out, std::string_view name, std::string_view value) {
  if (!value.empty())
    out.member(name, value);
}

/// The group of the exchange; for DHE and EXPORT RSA, which have none, the size: "DH-1024", "RSA-512".
[[nodiscard]] inline std::string group_word(const flight& f) {
  if (f.group)
    return group_name(*f.group);
  if (f.dh_bits)
    return "DH-" + std::to_string(*f.dh_bits);
  return f.rsa_bits ? "RSA-" + std::to_string(*f.rsa_bits) : std::string{};
}

/// TLS 1.3's suites do not say how keys are exchanged, its groups do. The hybrids have the name of their
/// draft (draft-ietf-tls-ecdhe-mlkem).
[[nodiscard]] inline std::string_view key_exchange_word(const flight& f, const suite& s) {
  if (f.version < tls_1_3 || !f.group)
    return s.key_exchange;
  const auto name = group_name(*f.group);
  if (name.find("MLKEM") != std::string::npos || name.find("Kyber") != std::string::npos)
    return name.starts_with("MLKEM") ? "MLKEM" : "ECDHE_MLKEM";
  return name.starts_with("ffdhe") ? "DHE" : "ECDHE";
}

inline void write_flight(text::json_writer& out, const flight& f) {
  if (f.version == 0)
    return;
  out.member("version", version_name(f.version)).member("cipher", suite_name(f.suite));
  const auto suite = find_suite(f.suite);
  if (suite) {
    write_if_any(out, "key_exchange", key_exchange_word(f, *suite));
    out.member("bulk", suite->bulk).member("mac", suite->mac);
  }
  write_if_any(out, "group", group_word(f));
  if (suite)
    out.member("forward_secret", suite->forward_secret);
  if (f.downgraded)
    out.member("downgraded", true);
}

/// Names as text and, where one of them is no UTF-8, all of them again in base64.
inline void write_names(text::json_writer& out, const certificate_facts& facts) {
  auto names = facts.dns_names;
  names.insert(names.end(), facts.ip_names.begin(), facts.ip_names.end());
  out.member_list("names", names);
  if (std::ranges::all_of(names, [](const auto& n) { return text::is_utf8(n); }))
    return;
  for (auto& name : names) {
    std::string encoded;
    text::append_base64(encoded, name);
    name = std::move(encoded);
  }
  out.member_list("names_b64", names);
}

[[nodiscard]] inline std::string time_text(std::int64_t seconds) {
  return text::rfc3339(std::chrono::system_clock::from_time_t(static_cast<std::time_t>(seconds)));
}

inline void write_facts(text::json_writer& out, const certificate_facts& facts, const probe_context& about) {
  const auto match = match_names(
      facts, about.domain, about.host.empty() ? net::to_string(about.server.ip) : std::string(about.host));
  out.member("matches", to_string(match.matches));
  if (!match.matched_name.empty())
    out.member_bytes("matched_name", match.matched_name);
  out.member_bytes("subject", facts.subject).member_bytes("issuer", facts.issuer);
  write_names(out, facts);
  out.member("not_before", time_text(facts.not_before)).member("not_after", time_text(facts.not_after));
  out.member("key_type", facts.key_type).member("key_bits", facts.key_bits);
  out.member("signature", facts.signature).member("self_signed", facts.self_signed);
}

inline void write_chain(text::json_writer& out, const judged_chain& chain) {
  out.key("chain").array();
  for (const auto& link : chain.above) {
    out.object().member_bytes("subject", link.subject).member_bytes("issuer", link.issuer);
    out.member("not_before", time_text(link.not_before)).member("not_after", time_text(link.not_after));
    out.member("key_type", link.key_type).member("key_bits", link.key_bits).end();
  }
  out.end();
}

inline void write_certificate(text::json_writer& out, const judged_chain& chain, const probe_context& about) {
  out.key("certificate").object();
  out.member("trusted", chain.verdict.trusted).member_list("verify_errors", chain.verdict.errors);
  if (chain.leaf)
    write_facts(out, *chain.leaf, about);
  out.member("sha256", chain.sha256).member("chain_length", chain.chain_length);
  if (chain.leaf)
    out.member("scts", chain.leaf->scts);
  if (about.whole_chain)
    write_chain(out, chain);
  out.end();
}

inline void write_inside(text::json_writer& out, const inside_tls& inside) {
  out.member("proven", inside.proven);
  if (inside.ehlo.empty())
    return;
  out.key("inside").object().member_bytes("ehlo", inside.ehlo);
  out.member_list("capabilities", inside.capabilities).end();
}

} // namespace detail

/// Writes the value of the member `tls`, an object. A member that is missing was not learnt: no `version`
/// without a ServerHello, no `certificate` unless the flight was read to its end with one, no facts in it
/// when the leaf cannot be read (verify_errors then says unparsable).
///
/// Example: {"outcome":"tls_error","stage":"tls","time":"2015-04-26T12:00:00Z","ip":"192.0.2.1","port":25,
/// "host":"mx1.example.org","profile":"modern","sni":"mx1.example.org","alert":"handshake_failure",...}
inline void write_tls(text::json_writer& out, const observation& seen, const probe_context& about) {
  out.object().member("outcome", to_string(seen.what)).member("stage", to_string(seen.reached));
  out.member("time", about.time_rfc3339);
  out.member("ip", net::to_string(about.server.ip)).member("port", about.server.port);
  detail::write_if_any(out, "host", about.host);
  detail::write_if_any(out, "profile", about.profile);
  detail::write_flight(out, seen.flight);
  detail::write_if_any(out, "sni", sni_name(about.sni));
  if (seen.flight.alert)
    out.member("alert", alert_name(seen.flight.alert->description));
  std::string_view explanation = seen.detail;
  if (seen.what == outcome::ok && about.chain != nullptr) {
    detail::write_certificate(out, *about.chain, about);
    if (explanation.empty())
      explanation = about.chain->verdict.detail;
    if (about.roots != nullptr)
      out.key("roots")
          .object()
          .member_bytes("file", about.roots->file())
          .member("sha256", about.roots->sha256())
          .end();
  }
  if (seen.inside)
    detail::write_inside(out, *seen.inside);
  if (about.more != nullptr)
    write_survey(out, *about.more);
  if (!explanation.empty())
    out.member_bytes("detail", explanation);
  out.member_milliseconds("elapsed_ms", seen.elapsed).end();
}

} // namespace postroad::tls
