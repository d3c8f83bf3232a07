#pragma once

#include <postroad/flow/settings.hpp>

#include <postroad/record/word.hpp>
#include <postroad/scan/state.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>

namespace postroad::flow {

namespace detail {

inline void add_network(cli::options& table, settings& use) {
  table.add('c', "concurrency", "N", "work on at most N records at once", use.concurrency);
  table.add(0, "window", "BYTES", "hold at most BYTES of records that wait for others", use.window);
  table.add(0, "rate", "N", "start at most N look-ups or connections a second, 0 = no limit", use.rate);
  table.add('t', "timeout", "SECONDS", "give up on a server after SECONDS", use.timeout);
  table.add(0, "retries", "N", "ask again at most N times", use.retries);
  table.add('k', "keep-order", "write the records in the order in which they were read", use.keep_order);
  table.add(0, "resolver", "ADDR[:PORT]", "ask this resolver, repeatable; else those of /etc/resolv.conf",
            use.resolvers);
  table.add(0, "cache", "BYTES", "remember at most BYTES of answers", use.cache);
  table.add('4', "ipv4", "use IPv4 only", use.ipv4_only);
  table.add('6', "ipv6", "use IPv6 only", use.ipv6_only);
  table.add(0, "source", "ADDR", "send from this address", use.source);
  table.add(0, "vantage", "NAME", "the name of this place, for the metadata", use.vantage);
  table.add(0, "blocklist", "FILE", "never ask or contact the CIDRs and domains in FILE, repeatable",
            use.blocklists);
  table.add(0, "allow", "CIDR", "a laboratory: contact it although it is special, without pacing", use.allow);
  table.add(0, "subnet-rate", "N", "start at most N connections a second in one /24 or IPv6 /48",
            use.subnet_rate);
  table.add(0, "seed", "N", "seed of the random choices, 0 = from the system", use.seed);
}

} // namespace detail

POSTROAD_DECL void add_common(cli::options& table, settings& use, bool is_local) {
  table.add('i', "input", "FILE", "read FILE instead of standard input", use.input);
  table.add('o', "output", "FILE", "write FILE instead of standard output", use.output);
  if (!is_local)
    detail::add_network(table, use);
  table.add(0, "only", "OUTCOMES",
            "measure again only records with one of these outcomes, pass the others on", use.only);
  table.add(0, "shard", "K/N", "take the K-th of N shares of the records, by the hash of whom they are about",
            use.shard);
  table.add(0, "metadata", "FILE", "write how the run went to FILE, as one JSON object", use.metadata);
  table.add(0, "rejects", "FILE", "keep lines that are no records in FILE; the status is 0 then",
            use.rejects);
  table.add(0, "json", "write records, also to a terminal", use.json);
  table.add(0, "pretty", "write pages for people, also to a pipe", use.pretty);
  table.add(0, "progress", "show progress on standard error, also when it is no terminal", use.progress);
  table.add('q', "quiet", "no progress and no warnings", use.quiet);
  table.add('v', "verbose", "say more on standard error", use.verbose);
}

namespace detail {

struct file_closer {
  void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};
using file = std::unique_ptr<std::FILE, file_closer>;

/// A name that a blocklist can speak of: labels of letters, digits, - and _, and no number at the end.
inline bool is_domain(std::string_view name) {
  if (name.empty() || name.size() > 253)
    return false;
  bool letter = false;
  std::string_view label;
  while (!name.empty()) {
    const bool last = name.find('.') == std::string_view::npos;
    label = text::take_until(name, '.');
    letter = false;
    for (const char c : label) {
      if (!text::is_alpha(c) && !text::is_digit(c) && c != '-' && c != '_')
        return false;
      letter = letter || text::is_alpha(c);
    }
    if (label.empty() || label.size() > 63 || (!last && name.empty()))
      return false;
  }
  return letter;
}

} // namespace detail

POSTROAD_DECL std::string whole_file(const std::string& name) {
  const detail::file in(std::fopen(name.c_str(), "re"));
  std::string text;
  char part[4096];
  for (std::size_t n; in && (n = std::fread(part, 1, sizeof part, in.get())) > 0;)
    text.append(part, n);
  if (!in || std::ferror(in.get()))
    throw cli::usage_error{fmt::format("cannot read '{}': {}", name, std::strerror(errno))};
  return text;
}

POSTROAD_DECL void blocklist::load(const std::string& name) {
  const auto text = whole_file(name);
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    auto line = text::take_until(rest, '\n');
    line = text::trimmed(text::take_until(line, '#'));
    if (line.empty())
      continue;
    if (const auto p = net::parse_prefix(line)) {
      addresses_.insert(*p);
      continue;
    }
    auto suffix =
        line; // all below a domain is meant in any case: *.example.org and .example.org say it twice
    if (suffix.starts_with("*."))
      suffix.remove_prefix(1);
    if (suffix.starts_with('.'))
      suffix.remove_prefix(1);
    if (auto domain = record::to_a_label(suffix); detail::is_domain(domain)) {
      domains_.insert(std::move(domain));
    } else {
      throw cli::usage_error{
          fmt::format("blocklist '{}', line {}: '{}' is no CIDR, address or domain", name, number, line)};
    }
  }
}

POSTROAD_DECL bool blocklist::has(std::string_view domain) const {
  if (domains_.empty())
    return false;
  const std::string low = text::lowered(domain);
  domain = low;
  while (!domain.empty()) {
    if (domains_.contains(std::string(domain)))
      return true;
    text::take_until(domain, '.');
  }
  return false;
}

POSTROAD_DECL std::vector<net::endpoint> resolvers_of(const settings& use,
                                                      std::vector<net::endpoint> system) {
  constexpr std::uint16_t dns_port = 53;
  std::vector<net::endpoint> all;
  for (const auto& text : use.resolvers) {
    const auto e = net::parse_endpoint(text, dns_port);
    if (!e)
      throw cli::usage_error{fmt::format("--resolver: '{}' is no address with or without a port", text)};
    all.push_back(*e);
  }
  if (all.empty())
    all = std::move(system);
  if (all.empty())
    throw cli::usage_error{"no resolver: /etc/resolv.conf names none; use --resolver ADDR"};
  return all;
}

POSTROAD_DECL std::optional<net::address> source_of(const settings& use) {
  if (use.source.empty())
    return std::nullopt;
  const auto a = net::parse_address(use.source);
  if (!a)
    throw cli::usage_error{fmt::format("--source: '{}' is no address", use.source)};
  return a;
}

POSTROAD_DECL std::vector<outcome> only_of(const settings& use) {
  std::vector<outcome> all;
  for (const auto& word : use.only) {
    const auto o = outcome_from(word);
    if (!o)
      throw cli::usage_error{
          fmt::format("--only: '{}' is no outcome; they are {}", word, fmt::join(outcome_words, " "))};
    all.push_back(*o);
  }
  return all;
}

POSTROAD_DECL net::prefix_set allowed_of(const settings& use) {
  net::prefix_set all;
  for (const auto& text : use.allow) {
    const auto p = net::parse_prefix(text);
    if (!p)
      throw cli::usage_error{fmt::format("--allow: '{}' is no CIDR", text)};
    all.insert(*p);
  }
  return all;
}

POSTROAD_DECL blocklist blocklist_of(const settings& use) {
  blocklist all;
  for (const auto& file : use.blocklists)
    all.load(file);
  return all;
}

POSTROAD_DECL record_shard shard_of(const settings& use) {
  const auto mine = scan::parse_shard(use.shard);
  if (!mine)
    throw cli::usage_error{fmt::format("--shard: '{}' is not K/N, with K from 1 to N", use.shard)};
  return record_shard(*mine);
}

POSTROAD_DECL std::uint64_t seed_of(const settings& use) {
  if (use.seed != 0)
    return use.seed;
  std::random_device system;
  return std::uint64_t{system()} << 32 | system();
}

} // namespace postroad::flow
