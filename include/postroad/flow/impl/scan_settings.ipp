#pragma once

#include <postroad/flow/scan_settings.hpp>

#include <postroad/scan/state.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace postroad::flow {

namespace detail {

/// "25,587,8000-8009".
inline std::vector<std::uint16_t> ports_in(std::string_view list) {
  std::vector<std::uint16_t> out;
  while (!list.empty()) {
    const auto part = text::take_until(list, ',');
    auto rest = part;
    const auto first = text::number<std::uint16_t>(text::take_until(rest, '-'));
    const auto last = rest.empty() && !part.ends_with('-') ? first : text::number<std::uint16_t>(rest);
    if (!first || !last || *first == 0 || *last < *first)
      throw cli::usage_error{fmt::format("'{}' is no port and no range of ports", part)};
    for (unsigned p = *first; p <= *last; ++p)
      out.push_back(static_cast<std::uint16_t>(p));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.empty())
    throw cli::usage_error{"no port"};
  return out;
}

template <class Words>
[[nodiscard]] std::size_t index_in(const Words& words, std::string_view text) {
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end())
    throw cli::usage_error{fmt::format("'{}' is none of {}", text, fmt::join(words, ", "))};
  return static_cast<std::size_t>(found - words.begin());
}

/// "10M", "1G": bits a second.
inline std::uint64_t bits_in(std::string_view text) {
  constexpr std::string_view units = "KMG";
  const auto unit = text.empty() ? std::string_view::npos : units.find(text.back());
  std::uint64_t factor = 1;
  if (unit != std::string_view::npos) {
    text.remove_suffix(1);
    for (std::size_t i = 0; i <= unit; ++i)
      factor *= 1000;
  }
  const auto n = text::number<std::uint64_t>(text);
  if (!n || *n == 0 || *n > 1'000'000'000'000 / factor)
    throw cli::usage_error{"bits a second, such as 10M"};
  return *n * factor;
}

/// "NAME" or "NAME/TYPE".
inline void read_query(scan::probe& probe, std::string_view text) {
  const auto name = dns::parse_name(text::take_until(text, '/'));
  if (!name)
    throw cli::usage_error{"a name with or without a type, such as example.com/MX"};
  probe.question = name->spelled(0);
  if (text.empty())
    return;
  for (const auto t : {dns::type::a, dns::type::aaaa, dns::type::mx, dns::type::ns, dns::type::txt,
                       dns::type::soa, dns::type::any, dns::type::ptr})
    if (text::iequals(to_string(t), text))
      return void(probe.type = t);
  const auto number = text::number<std::uint16_t>(text.starts_with("TYPE") ? text.substr(4) : text);
  if (!number)
    throw cli::usage_error{fmt::format("'{}' is no type that is known here; TYPE257 names any", text)};
  probe.type = static_cast<dns::type>(*number);
}

inline std::vector<const scan::field*> fields_in(std::string_view list) {
  std::vector<const scan::field*> out;
  while (!list.empty()) {
    const auto name = text::take_until(list, ',');
    const auto* found = scan::find_field(name);
    if (found == nullptr && name != "all")
      throw cli::usage_error{fmt::format("no field '{}'; --list-fields shows them", name)};
    if (found != nullptr)
      out.push_back(found);
    else
      for (const auto& f : scan::fields)
        out.push_back(&f);
  }
  return out;
}

inline std::vector<const scan::field*> usual_fields() {
  std::vector<const scan::field*> out;
  for (const auto& f : scan::fields)
    if (f.usual)
      out.push_back(&f);
  return out;
}

} // namespace detail

POSTROAD_DECL void add_scan_options(cli::options& table, scan_settings& use) {
  use.probe.question = *dns::parse_name("example.com");
  use.fields = detail::usual_fields();
  table.add_with('p', "port", "PORTS", "25; with --probe dns 53", "ask on these ports: 25,587,8000-8009",
                 [&](std::string_view list) { use.ports = detail::ports_in(list); });
  table.add_with(0, "probe", "KIND", "syn", "send TCP SYN (syn), a DNS query (dns) or ICMP echo (icmp)",
                 [&](std::string_view word) {
                   use.probe.is = static_cast<scan::probe_kind>(detail::index_in(scan::probe_words, word));
                 });
  table.add_with(0, "query", "NAME[/TYPE]", "example.com/A", "the question of --probe dns",
                 [&](std::string_view text) { detail::read_query(use.probe, text); });
  table.add('r', "rate", "N", "send at most N packets a second, 0 = no limit", use.rate);
  table.add_with(0, "bandwidth", "BITS", "", "send at most so many bits a second, as 10M, instead of --rate",
                 [&](std::string_view text) { use.bandwidth = detail::bits_in(text); });
  table.add_with(0, "retries", "N", "0", "ask those who have not answered at most N times more",
                 [&](std::string_view text) {
                   constexpr std::uint32_t most = 100; // an answer is held against the cookies of all tries
                   const auto n = text::number<std::uint32_t>(text);
                   if (!n || *n > most)
                     throw cli::usage_error{fmt::format("'{}' is no number up to {}", text, most)};
                   use.retries = *n;
                 });
  table.add(0, "cooldown", "SECONDS", "wait for answers so long after the last packet", use.cooldown);
  table.add(0, "max-results", "N", "stop after N records, 0 = no limit", use.max_results);
  table.add(0, "max-runtime", "SECONDS", "stop sending after SECONDS, 0 = no limit", use.max_runtime);
  table.add_with(0, "shard", "K/N", "1/1", "take the K-th of N shares of the targets, of the same --seed",
                 [&](std::string_view text) {
                   const auto mine = scan::parse_shard(text);
                   if (!mine)
                     throw cli::usage_error{fmt::format("'{}' is no K/N with K from 1 to N", text)};
                   use.shard = *mine;
                 });
  table.add(0, "seed", "N", "seed of the order and of the cookies, 0 = from the system", use.seed);
  table.add(0, "resume", "FILE", "go on where FILE says, and keep it up to date", use.resume);
  table.add(0, "interface", "NAME", "send by this interface; else as the routing table says", use.interface);
  table.add(0, "source", "ADDR", "send from this address", use.source);
  table.add(0, "gateway-mac", "MAC", "send to this hardware address; else the gateway's", use.gateway_mac);
  table.add_with(0, "tx", "WAY", "auto", "send by bpf, xdp, packet, ip or connect",
                 [&](std::string_view word) {
                   use.tx = static_cast<scan::transmit_kind>(detail::index_in(scan::transmit_words, word));
                 });
  table.add('c', "concurrency", "N", "--tx connect: at most N connections at once", use.concurrency);
  table.add('t', "timeout", "SECONDS", "--tx connect: give up on a target after SECONDS", use.timeout);
  table.add(0, "blocklist", "FILE", "never ask the CIDRs in FILE, repeatable", use.blocklists);
  table.add(0, "allow", "CIDR", "a laboratory: ask it although it is special", use.allow);
  table.add(0, "whole-internet", "yes, a /0 is meant", use.whole_internet);
  table.add(0, "dry-run", "send nothing: say on standard error what would be done, write whom it would ask",
            use.dry_run);
  table.add_with(0, "fields", "NAME,...", "ttl,rtt_ms,time,malformed", "write these in `scan`, or all",
                 [&](std::string_view list) { use.fields = detail::fields_in(list); });
  table.add_with(0, "outcomes", "WORDS", "open,closed,answer,icmp", "write these answers only",
                 [&](std::string_view list) {
                   if (list.empty())
                     throw cli::usage_error{"no outcome"};
                   use.wanted = {};
                   while (!list.empty())
                     use.wanted[detail::index_in(scan::answer_words, text::take_until(list, ','))] = true;
                 });
  table.add(0, "list-fields", "print the fields with type and meaning, and end", use.list_fields);
  table.add('i', "input", "FILE", "read targets from FILE instead of standard input", use.input);
  table.add('o', "output", "FILE", "write FILE instead of standard output", use.output);
  table.add(0, "rejects", "FILE", "keep lines that name no target in FILE; the status is 0 then",
            use.rejects);
  table.add(0, "metadata", "FILE", "write how the run went to FILE, as one JSON object", use.metadata);
  table.add(0, "vantage", "NAME", "the name of this place, for the metadata", use.vantage);
  table.add(0, "json", "write records, also to a terminal", use.json);
  table.add(0, "pretty", "write lines for people, also to a pipe", use.pretty);
  table.add(0, "progress", "show progress on standard error, also when it is no terminal", use.progress);
  table.add('q', "quiet", "no progress and no warnings", use.quiet);
}

POSTROAD_DECL std::vector<cli::member_doc> scan_schema() {
  static const auto paths = [] {
    std::vector<std::string> all;
    for (const auto& f : scan::fields)
      all.push_back("scan." + std::string(f.name) + (f.name == "addresses" ? "[]" : ""));
    return all;
  }();
  std::vector<cli::member_doc> out{{"ip", "string", "address of the target that answered"},
                                   {"port", "integer", "port of the target; not with --probe icmp"},
                                   {"scan.probe", "syn|dns|icmp", "what was sent"},
                                   {"scan.outcome", "open|closed|answer|icmp",
                                    "a SYN-ACK, a RST, a DNS message or an echo, an ICMP error"}};
  for (std::size_t i = 0; i < scan::fields.size(); ++i)
    out.push_back({paths[i], scan::fields[i].type, scan::fields[i].meaning});
  return out;
}

} // namespace postroad::flow
