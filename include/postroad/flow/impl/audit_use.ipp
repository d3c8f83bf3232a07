#pragma once

#include <postroad/flow/audit_use.hpp>

#include <postroad/flow/dns_use.hpp>
#include <postroad/text/time.hpp>

#include <asio/io_context.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace postroad::flow {

namespace detail {

/// Study 5.2.
inline const std::vector<std::string>& providers_of_the_paper() {
  static const std::vector<std::string> all = {"gmail.com", "yahoo.com", "outlook.com", "qq.com", "mail.ru"};
  return all;
}

inline std::vector<net::endpoint> trusted_of(const settings& use, const audit_settings& audit) {
  constexpr std::uint16_t dns_port = 53;
  if (audit.trusted.empty())
    return resolvers_of(use, dns::system_resolvers());
  std::vector<net::endpoint> all;
  for (const auto& text : audit.trusted) {
    const auto e = net::parse_endpoint(text, dns_port);
    if (!e)
      throw cli::usage_error{fmt::format("--trusted: '{}' is no address with or without a port", text)};
    all.push_back(*e);
  }
  return all;
}

inline std::string checked_name(std::string_view option, const std::string& text) {
  if (const auto n = dns::parse_name(text); !n)
    throw cli::usage_error{
        fmt::format("{}: '{}' is no name that can be asked for: {}", option, text, n.error().why)};
  return text;
}

inline dns::audit::options audit_options_of(const settings& use, const audit_settings& audit) {
  dns::audit::options o;
  for (const auto& n : audit.names.empty() ? providers_of_the_paper() : audit.names)
    o.names.push_back(checked_name("--name", n));
  o.control = checked_name("--control", audit.control);
  o.passes = std::max(1u, audit.passes);
  o.between = audit.repeat_after;
  o.pace = audit.pace;
  o.ipv4 = !use.ipv6_only;
  o.ipv6 = !use.ipv4_only;
  o.seed = use.seed;
  return o;
}

} // namespace detail

POSTROAD_DECL void add_audit_options(cli::options& table, audit_settings& use) {
  table.add(0, "trusted", "ADDR[:PORT]", "believe this resolver, repeatable; else those of --resolver",
            use.trusted);
  table.add(
      0, "name", "DOMAIN",
      "ask for the mail servers of DOMAIN, repeatable; else gmail.com yahoo.com outlook.com qq.com mail.ru",
      use.names);
  table.add(0, "control", "DOMAIN", "ask for DOMAIN, too, which has nothing to do with mail", use.control);
  table.add('p', "port", "PORT", "where resolvers listen", use.port);
  table.add(0, "passes", "N", "go N times through all questions", use.passes);
  table.add(0, "repeat-after", "SECONDS", "wait so long before asking again for what deviates",
            use.repeat_after);
  table.add(0, "pace", "SECONDS", "wait so long from one question to the next, outside --allow", use.pace);
  table.add(0, "grace", "SECONDS", "wait so long for second replies", use.grace);
  table.add(0, "each-target", "write one record for each false mail server", use.each_target);
}

POSTROAD_DECL dns::client_settings audit_client_of(const settings& use, const audit_settings& audit) {
  constexpr std::size_t most = dns::client::most_parties - most_listeners;
  if (use.concurrency > most)
    throw cli::usage_error{fmt::format("--concurrency: at most {} resolvers at once", most)};
  auto s = client_settings_of(use, use.retries);
  s.resolvers.clear();
  s.cache_bytes = 0;
  s.grace = audit.grace;
  return s;
}

POSTROAD_DECL gathered_reference::gathered_reference(dns::client& asking, const settings& use,
                                                     const audit_settings& audit)
    : truth_(asking, detail::trusted_of(use, audit), detail::audit_options_of(use, audit)) {
  asio::io_context io{1};
  auto s = asking.settings();
  s.grace = std::chrono::milliseconds(0);
  dns::client first(io, s);
  truth_.ask_through(first);
  net::spawn(truth_.gather());
  io.run();
  truth_.ask_through(asking);
  if (!truth_.any_answer())
    throw cli::usage_error{"no trusted resolver answers; name one that does with --trusted ADDR"};
  if (truth_.questions().empty())
    throw cli::usage_error{"the trusted resolvers find no mail server for any of the names; see --name"};
  if (!use.quiet)
    for (const auto& n : truth_.unknown_names())
      fmt::print(stderr, "mxaudit: the trusted resolvers find no mail server for {}: it is left out\n", n);
}

POSTROAD_DECL no_resolver why_no_resolver(const subject& about, const net::courtesy& courtesy) {
  if (about.bad_ip || about.bad_port)
    return {outcome::malformed, "the resolver's address or port is none"};
  if (!about.ip)
    return {outcome::skipped, "the record names no resolver"};
  if (!courtesy.may_contact(*about.ip))
    return {outcome::blocked, "on a blocklist, or special-purpose space; see --allow"};
  return {outcome::ok, {}};
}

POSTROAD_DECL void write_unasked(flow::job& job, const no_resolver& none, bool each_target) {
  const audited nothing{none.what, outcome_member(none.what, none.why), {}};
  if (each_target)
    write_each_target(job, nothing);
  else
    job.write(nothing.what, nothing.json);
}

POSTROAD_DECL audits::audits(const room& in, dns::client& asking, dns::audit::reference& truth,
                             const settings& use)
    : lab_(allowed_of(use)), auditor_(in.io, asking, truth, use.seed), made_(in.io, use.cache.bytes) {}

/// Who only listens on for second replies needs no place among those who ask; but a client knows just so
/// many servers at a time.
POSTROAD_DECL net::task<void> audits::make(job& record, net::endpoint resolver, audited& a) {
  const std::function<void()> all_asked = [this, &record] {
    if (++listening_ <= most_listeners)
      record.park();
  };
  const auto found = co_await auditor_.run(resolver, !lab_.contains(resolver.ip), all_asked);
  --listening_;
  a = {found.what, {}, found.targets};
  text::json_writer out(a.json);
  dns::audit::write_resolver(out, found, text::now_rfc3339());
}

POSTROAD_DECL net::task<std::shared_ptr<const audited>> audits::at(job& record, net::endpoint resolver) {
  return made_.get(record, net::packed(resolver),
                   [this, &record, resolver](audited& a) { return make(record, resolver, a); });
}

POSTROAD_DECL void write_each_target(flow::job& job, const audited& r) {
  std::string target, ip;
  const std::string_view port = job.about().port ? "25" : "";
  const auto write = [&] {
    std::vector<record::member> added = {{"ip", ip}, {"target", target}};
    if (!port.empty())
      added.push_back({"port", port});
    job.write(r.what, r.json, added);
  };
  for (const auto& t : r.targets) {
    target.clear();
    text::json_writer out(target);
    dns::audit::write_target(out, t);
    ip = t.ip ? '"' + net::to_string(*t.ip) + '"' : "null";
    write();
  }
  if (!r.targets.empty())
    return;
  ip = target = "null";
  std::vector<record::member> none = {{"ip", ip}};
  if (job.stood("target"))
    none.push_back({"target", target});
  job.write(r.what, r.json, none);
}

POSTROAD_DECL void write_reference(text::json_writer& out, const dns::audit::reference& truth) {
  out.key("reference").object().key("trusted").array();
  for (const auto& at : truth.trusted())
    out.value(net::to_string(at));
  out.end().member_list("unknown_names", truth.unknown_names());
  out.key("truth").array();
  for (const auto& [q, age] : truth.questions()) {
    out.object().member("name", to_lower_string(q.asked)).member("type", dns::audit::word_of(q.rtype));
    out.member("provider", q.provider).key("values").array();
    for (const auto& n : q.expected.exchanges)
      out.value(to_lower_string(n));
    for (const auto& ip : q.expected.addresses)
      out.value(net::to_string(ip));
    out.end().end();
  }
  out.end().end();
}

} // namespace postroad::flow
