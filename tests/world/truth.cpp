#include "truth.hpp"

#include "json.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace world {

namespace {

using asio::ip::address;
using asio::ip::make_address;

bool inside(const address& one, const char* network, unsigned bits) {
  const auto base = make_address(network);
  if (one.is_v4() != base.is_v4())
    return false;
  const auto bytes_of = [](const address& a) {
    std::vector<unsigned char> out;
    if (a.is_v4()) {
      const auto b = a.to_v4().to_bytes();
      out.assign(b.begin(), b.end());
    } else {
      const auto b = a.to_v6().to_bytes();
      out.assign(b.begin(), b.end());
    }
    return out;
  };
  const auto left = bytes_of(one), right = bytes_of(base);
  for (unsigned bit = 0; bit < bits; ++bit)
    if (((left[bit / 8] ^ right[bit / 8]) >> (7 - bit % 8)) & 1)
      return false;
  return true;
}

bool reads_as_ipv4(const std::string& name) {
  asio::error_code error;
  asio::ip::make_address_v4(name, error);
  return !error;
}

void flag(expected_host& host, const char* what) {
  if (std::find(host.flags.begin(), host.flags.end(), what) == host.flags.end())
    host.flags.emplace_back(what);
}

/// Asks for one family of addresses; returns the outcome.
std::string collect(const zone& names, expected_host& host, rrtype kind, std::vector<address>& into) {
  const auto found = names.look_up(host.name, kind);
  for (const auto& [owner, record] : found.records) {
    if (record->kind == kind)
      into.push_back(record->address);
    if (record->kind == rrtype::cname)
      host.alias = lower(record->text);
  }
  std::sort(into.begin(), into.end());
  return outcome_word(found, kind);
}

void resolve(const zone& names, expected_host& host) {
  if (reads_as_ipv4(host.name)) {
    flag(host, "address_literal");
    return flag(host, "unresolvable");
  }
  host.ipv4_outcome = collect(names, host, rrtype::a, host.ipv4);
  host.ipv6_outcome = collect(names, host, rrtype::aaaa, host.ipv6);
  if (!host.alias.empty())
    flag(host, "cname");
  const auto special = [](const std::vector<address>& all) {
    return std::any_of(all.begin(), all.end(), is_special);
  };
  if (special(host.ipv4) || special(host.ipv6))
    flag(host, "reserved");
  const bool none4 = host.ipv4.empty() && !is_failure(host.ipv4_outcome),
             none6 = host.ipv6.empty() && !is_failure(host.ipv6_outcome);
  if (none4 && none6)
    flag(host, "unresolvable");
  if (none4 && !host.ipv6.empty())
    flag(host, "no_ipv4");
  if (none6 && !host.ipv4.empty())
    flag(host, "no_ipv6");
}

std::vector<expected_host> hosts_of(const answer& found) {
  std::map<std::string, expected_host> by_name;
  for (const auto& [owner, record] : found.records) {
    if (record->kind != rrtype::mx)
      continue;
    const auto name = lower(record->text);
    const auto [at, fresh] = by_name.try_emplace(name);
    auto& host = at->second;
    host.preference = fresh ? record->preference : std::min(host.preference, record->preference);
    host.name = name;
    if (!fresh)
      flag(host, "duplicate");
  }
  std::vector<expected_host> out;
  for (auto& [name, host] : by_name)
    out.push_back(std::move(host));
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.preference < b.preference; });
  return out;
}

std::string provider_of(const std::string& host) {
  static const std::map<std::string, std::string> big = {{"google.com", "gmail"},
                                                         {"googlemail.com", "gmail"},
                                                         {"secureserver.net", "godaddy"},
                                                         {"yandex.net", "yandex"},
                                                         {"qq.com", "qq"},
                                                         {"ovh.net", "ovh"}};
  const auto registrable = registrable_domain(host);
  const auto found = big.find(registrable);
  return found == big.end() ? registrable : found->second;
}

expected_mx expect_mx(const plan& all, const std::string& name) {
  expected_mx out;
  if (name.empty()) {
    out.outcome = "malformed";
    return out;
  }
  const auto found = all.names.look_up(name, rrtype::mx);
  out.outcome = outcome_word(found, rrtype::mx);
  out.secure = found.secure && found.code == rcode::noerror;
  if (out.outcome == "ok") {
    out.hosts = hosts_of(found);
    if (out.hosts.size() == 1 && out.hosts[0].name.empty()) {
      out.hosts.clear();
      out.kind = "null";
      return out;
    }
    out.kind = "mx";
  } else if (out.outcome == "nodata") {
    expected_host self;
    self.name = name;
    resolve(all.names, self);
    if (!self.ipv4.empty() || !self.ipv6.empty()) {
      out.kind = "implicit";
      out.hosts = {self};
    } else if (!is_failure(self.ipv4_outcome) && !is_failure(self.ipv6_outcome)) {
      out.kind = "none";
    }
  } else if (out.outcome == "nxdomain") {
    out.kind = "none";
  }
  if (out.kind == "mx")
    for (auto& host : out.hosts)
      resolve(all.names, host);
  if (!out.hosts.empty())
    out.provider = provider_of(out.hosts.front().name);
  return out;
}

/// How a grab of that temper ends, as outcome and stage.
std::pair<const char*, const char*> end_of(temper does) {
  switch (does) {
  case temper::refused_port:
    return {"refused", "connect"};
  case temper::unreachable:
    return {"unreachable", "connect"};
  case temper::no_answer:
    return {"timeout", "connect"};
  case temper::resets_at_once:
    return {"reset", "banner"};
  case temper::closes_at_once:
    return {"closed", "banner"};
  case temper::silent:
    return {"timeout", "banner"};
  case temper::garbage_banner:
    return {"protocol_error", "banner"};
  case temper::greets_554:
  case temper::greets_421:
    return {"refused", "banner"};
  case temper::drops_after_banner:
    return {"closed", "ehlo"};
  case temper::resets_on_ehlo:
    return {"reset", "ehlo"};
  case temper::silent_on_ehlo:
    return {"timeout", "ehlo"};
  case temper::garbage_on_ehlo:
    return {"protocol_error", "ehlo"};
  case temper::says_421_to_ehlo:
  case temper::refuses_hello:
    return {"refused", "ehlo"};
  case temper::closes_on_starttls:
    return {"closed", "starttls"};
  case temper::resets_on_starttls:
    return {"reset", "starttls"};
  case temper::silent_on_starttls:
    return {"timeout", "starttls"};
  default:
    return {"ok", "starttls"};
  }
}

std::optional<int> greeting_of(temper does) {
  if (does == temper::greets_554)
    return 554;
  if (does == temper::greets_421)
    return 421;
  if (does < temper::drops_after_banner)
    return std::nullopt;
  return 220;
}

bool advertises(temper does) {
  switch (does) {
  case temper::no_starttls:
  case temper::helo_only:
  case temper::masked:
  case temper::noop_250:
  case temper::bluf:
  case temper::four_letter:
  case temper::hidden:
  case temper::covered:
    return false;
  default:
    return true;
  }
}

/// The code of the reply to STARTTLS, as the dialect of the server writes it.
int starttls_code(const server& who) {
  static constexpr std::array unknown_codes = {502, 500, 550, 500}; // the wordings of dialect.cpp, in order
  switch (who.does) {
  case temper::unavailable_454:
    return 454;
  case temper::noop_250:
    return 250;
  case temper::masked:
  case temper::bluf:
  case temper::four_letter:
    return 500;
  case temper::no_starttls:
  case temper::helo_only:
    break;
  default:
    return 220;
  }
  switch (who.runs) {
  case mta::exim:
    return who.variant % 2 == 0 ? 503 : 500;
  case mta::sendmail:
  case mta::exchange:
    return 500;
  case mta::other:
    return 503;
  case mta::unknown:
    return unknown_codes[who.variant % unknown_codes.size()];
  default:
    return 502;
  }
}

expected_smtp grab(const server& who, const address& ip, const std::string& host) {
  expected_smtp out;
  const auto [outcome, stage] = end_of(who.does);
  out.outcome = outcome;
  out.stage = stage;
  out.host = host;
  out.ip = ip;
  out.at = &who;
  out.banner_code = greeting_of(who.does);
  if (out.stage == "starttls")
    out.advertised = advertises(who.does);
  if (out.outcome == "ok")
    out.starttls_code = starttls_code(who);
  return out;
}

expected_smtp expect_smtp(const plan& all, const expected_mx& mx) {
  std::optional<expected_smtp> first;
  bool passed_over = false;
  for (const auto& host : mx.hosts) {
    auto addresses = host.ipv4;
    addresses.insert(addresses.end(), host.ipv6.begin(), host.ipv6.end());
    for (const auto& ip : addresses) {
      if (is_special(ip)) {
        passed_over = true;
        continue;
      }
      auto found = grab(all.servers.at(all.server_at.at(ip)), ip, host.name);
      if (found.banner_code == 220)
        return found;
      if (!first)
        first = std::move(found);
    }
  }
  if (first)
    return *first;
  expected_smtp none;
  if (passed_over)
    none.outcome = "blocked";
  return none;
}

std::vector<std::string> errors_of(const certificate& shown) {
  std::vector<std::string> out;
  if (shown.by == signer::forger)
    out.emplace_back("bad_parent");
  if (shown.when == validity::over)
    out.emplace_back("expired");
  if (shown.by == signer::world_leaf_only)
    out.emplace_back("incomplete_chain");
  if (shown.when == validity::to_come)
    out.emplace_back("not_yet_valid");
  if (shown.by == signer::itself)
    out.emplace_back("self_signed");
  if (shown.by == signer::stranger)
    out.emplace_back("unknown_ca");
  if (shown.key == key_kind::rsa_512)
    out.emplace_back("weak_key");
  if (shown.md5)
    out.emplace_back("weak_signature");
  return out; // in alphabetical order
}

expected_tls expect_tls(const expected_smtp& smtp, const std::string& domain) {
  expected_tls out;
  if (smtp.starttls_code != 220)
    return out;
  const server& who = *smtp.at;
  out.stage = "tls";
  switch (who.does) {
  case temper::alert_handshake_failure:
  case temper::alert_internal_error:
  case temper::alert_protocol_version:
    out.outcome = "tls_error";
    out.alert = word(who.does).substr(6);
    return out;
  case temper::garbage_on_tls:
    out.outcome = "protocol_error";
    return out;
  case temper::silent_on_tls:
    out.outcome = "timeout";
    return out;
  case temper::closes_on_tls:
    out.outcome = "closed";
    return out;
  case temper::resets_on_tls:
    out.outcome = "reset";
    return out;
  default:
    break;
  }
  out.outcome = "ok";
  out.stage = "certificate";
  out.matches = match_names(who.shows, domain, smtp.host);
  out.verify_errors = errors_of(who.shows);
  return out;
}

/// What is left of the verb in the server's refusal, by the wordings of dialect.cpp.
std::string reply_class(const expected_smtp& smtp) {
  const auto& who = *smtp.at;
  switch (who.does) {
  case temper::masked:
    return "echo_replaced_x";
  case temper::bluf:
    return "echo_replaced_other";
  case temper::four_letter:
    return "echo_truncated";
  case temper::noop_250:
    return "noop_substituted";
  case temper::unavailable_454: // all but these speak of TLS
    return who.runs >= mta::gmail && who.runs != mta::other ? "no_echo" : "refused_recognized";
  case temper::no_starttls:
  case temper::helo_only:
    break;
  default:
    return smtp.starttls_code == 220 ? "tls_ready" : "no_reply_class";
  }
  const bool echoes = who.runs == mta::sendmail || (who.runs == mta::exim && who.variant % 2 == 0) ||
                      (who.runs == mta::unknown && who.variant % 2 == 1);
  return echoes ? "echo_intact" : "no_echo";
}

std::string ehlo_class(const expected_smtp& smtp) {
  if (smtp.stage != "starttls" || smtp.at->does == temper::helo_only)
    return {};
  switch (smtp.at->does) {
  case temper::masked:
  case temper::noop_250:
  case temper::covered:
    return "ehlo_masked_len8";
  case temper::bluf:
    return "ehlo_masked_keyword";
  default:
    return *smtp.advertised ? "ehlo_starttls" : "ehlo_no_starttls";
  }
}

expected_strip expect_strip(const expected_smtp& smtp) {
  expected_strip out;
  if (!smtp.banner_code)
    return out;
  out.outcome = "ok";
  out.reply = reply_class(smtp);
  out.ehlo = ehlo_class(smtp);
  const auto does = smtp.at->does;
  out.masked = does == temper::masked || does == temper::noop_250;
  if (out.masked || does == temper::covered)
    out.style = "cisco";
  else if (does == temper::bluf)
    out.style = "bluf";
  if (!out.style.empty())
    out.verdict = "stripped";
  else
    out.verdict = out.reply == "no_echo" || out.reply == "no_reply_class" ? "no_evidence" : "not_stripped";
  return out;
}

std::string host_json(const expected_host& host) {
  auto out = object();
  out.number("preference", host.preference).text("name", host.name);
  const auto family = [&out](const std::string& name, const std::vector<address>& all,
                             const std::string& outcome) {
    std::vector<std::string> texts;
    for (const auto& one : all)
      texts.push_back(one.to_string());
    out.add(name, quoted_list(texts));
    out.text(name + "_outcome", outcome);
  };
  if (!host.ipv4_outcome.empty())
    family("ipv4", host.ipv4, host.ipv4_outcome);
  if (!host.ipv6_outcome.empty())
    family("ipv6", host.ipv6, host.ipv6_outcome);
  out.add("flags", quoted_list(host.flags));
  return out.close();
}

std::string mx_json(const expected_mx& mx) {
  auto out = object();
  out.text("outcome", mx.outcome);
  out.add("kind", mx.kind.empty() ? "null" : quoted(mx.kind));
  out.add("provider", mx.provider.empty() ? "null" : quoted(mx.provider));
  if (mx.secure)
    out.flag("authenticated", true);
  if (!mx.kind.empty()) {
    auto hosts = array();
    for (const auto& host : mx.hosts)
      hosts.item(host_json(host));
    out.add("hosts", hosts.close());
  }
  return out.close();
}

std::string smtp_json(const expected_smtp& smtp) {
  auto out = object();
  out.text("outcome", smtp.outcome);
  if (!smtp.at)
    return out.close();
  out.text("stage", smtp.stage).text("ip", smtp.ip.to_string()).number("port", 25).text("host", smtp.host);
  if (smtp.banner_code)
    out.number("banner_code", static_cast<std::uint64_t>(*smtp.banner_code));
  if (smtp.outcome == "ok")
    out.text("software", word(smtp.at->runs));
  if (!smtp.advertised)
    return out.close();
  auto starttls = object();
  starttls.flag("advertised", *smtp.advertised);
  starttls.add("code", smtp.starttls_code ? std::to_string(*smtp.starttls_code) : "null");
  return out.add("starttls", starttls.close()).close();
}

std::string tls_json(const expected_tls& tls, const expected_smtp& smtp) {
  auto out = object();
  out.text("outcome", tls.outcome);
  if (tls.outcome == "skipped")
    return out.close();
  out.text("stage", tls.stage).text("ip", smtp.ip.to_string());
  if (!tls.alert.empty())
    out.text("alert", tls.alert);
  if (tls.outcome != "ok")
    return out.close();
  const auto& who = *smtp.at;
  const auto& chosen = suite_of(who.suite_id);
  out.text("version", word(in_2015(who.top)))
      .text("cipher", chosen.name)
      .text("key_exchange", chosen.key_exchange)
      .text("bulk", chosen.bulk)
      .text("mac", chosen.mac)
      .flag("forward_secret", chosen.key_exchange != "RSA");
  auto shown = object();
  shown.flag("trusted", tls.verify_errors.empty())
      .add("verify_errors", quoted_list(tls.verify_errors))
      .text("matches", tls.matches)
      .text("key_type", is_ec(who.shows.key) ? "ec" : "rsa")
      .number("key_bits", key_bits[static_cast<std::size_t>(who.shows.key)]);
  return out.add("certificate", shown.close()).close();
}

std::string strip_json(const expected_strip& strip) {
  auto out = object();
  out.text("outcome", strip.outcome);
  if (strip.outcome != "ok")
    return out.close();
  const auto word_or_null = [](const std::string& s) { return s.empty() ? "null" : quoted(s); };
  return out.text("verdict", strip.verdict)
      .text("reply", strip.reply)
      .add("style", word_or_null(strip.style))
      .add("ehlo", word_or_null(strip.ehlo))
      .text("banner", strip.masked ? "banner_masked" : "banner_plain")
      .close();
}

/// Rank, and the domain where the contract says how it is written: not for words that are no names.
std::string head_of(const expected_record& from) {
  auto out = object();
  out.number("rank", from.rank);
  if (!from.line->name.empty())
    out.text("domain", from.line->name);
  const auto text = out.close();
  return text.substr(0, text.size() - 1);
}

} // namespace

std::string outcome_word(const answer& from, rrtype kind) {
  if (from.silence)
    return "timeout";
  switch (from.code) {
  case rcode::noerror:
    return from.holds(kind) ? "ok" : "nodata";
  case rcode::nxdomain:
    return "nxdomain";
  case rcode::servfail:
    return "servfail";
  case rcode::refused:
    return "query_refused";
  case rcode::formerr:
    return "formerr";
  case rcode::notimp:
    break;
  }
  return "notimp";
}

bool is_failure(const std::string& outcome) {
  return outcome != "ok" && outcome != "nodata" && outcome != "nxdomain";
}

bool is_special(const address& one) {
  // IANA special-purpose registries (RFC 6890 and successors), multicast and what is reserved behind it.
  static constexpr std::array<std::pair<const char*, unsigned>, 22> ranges = {
      {{"0.0.0.0", 8},      {"10.0.0.0", 8},    {"100.64.0.0", 10},   {"127.0.0.0", 8},
       {"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.0.0.0", 24},    {"192.0.2.0", 24},
       {"192.168.0.0", 16}, {"198.18.0.0", 15}, {"198.51.100.0", 24}, {"203.0.113.0", 24},
       {"224.0.0.0", 3},    {"::", 128},        {"::1", 128},         {"::ffff:0:0", 96},
       {"100::", 64},       {"2001:db8::", 32}, {"2002::", 16},       {"fc00::", 7},
       {"fe80::", 10},      {"ff00::", 8}}};
  return std::any_of(ranges.begin(), ranges.end(),
                     [&one](const auto& r) { return inside(one, r.first, r.second); });
}

std::string match_names(const certificate& shown, const std::string& domain, const std::string& host) {
  const auto names = shown.names.empty() ? std::vector{shown.common_name} : shown.names;
  const auto covers = [](const std::string& pattern, const std::string& name) {
    if (pattern.rfind("*.", 0) != 0)
      return lower(pattern) == name;
    const auto dot = name.find('.');
    return dot != std::string::npos && dot > 0 && lower(pattern).substr(1) == name.substr(dot);
  };
  const auto any = [&](const std::string& name) {
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& pattern) { return covers(pattern, name); });
  };
  return any(domain) ? "domain" : any(host) ? "server" : "neither";
}

std::string mx_kind(const plan& all, const std::string& name) {
  return expect_mx(all, name).kind;
}

std::vector<expected_record> work_out(const plan& all) {
  std::vector<expected_record> out;
  out.reserve(all.inputs.size());
  for (const auto& line : all.inputs) {
    expected_record one;
    one.line = &line;
    one.rank = out.size() + 1;
    one.mx = expect_mx(all, line.name);
    one.smtp = expect_smtp(all, one.mx);
    one.tls = expect_tls(one.smtp, line.name);
    one.strip = expect_strip(one.smtp);
    out.push_back(std::move(one));
  }
  return out;
}

std::string to_json(const expected_record& from) {
  return head_of(from) + ",\"mx\":" + mx_json(from.mx) + ",\"smtp\":" + smtp_json(from.smtp) +
         ",\"tls\":" + tls_json(from.tls, from.smtp) + ",\"strip\":" + strip_json(from.strip) + "}";
}

std::string hand_json(const expected_record& from) {
  return head_of(from) + "," + from.line->expected + "}";
}

} // namespace world
