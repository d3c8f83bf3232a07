#pragma once

#include <postroad/flow/scan_place.hpp>

#include <postroad/dns/random.hpp>
#include <postroad/scan/targets.hpp>

#include <fmt/format.h>

#include <unistd.h>

namespace postroad::flow {

POSTROAD_DECL std::vector<std::uint16_t> ports_of(const scan_settings& use) {
  if (use.probe.is == scan::probe_kind::icmp)
    return {0};
  if (!use.ports.empty())
    return use.ports;
  return {static_cast<std::uint16_t>(use.probe.is == scan::probe_kind::dns ? 53 : 25)};
}

POSTROAD_DECL std::string spelled(const scan::probe& p) {
  const auto word = std::string(scan::probe_words[static_cast<std::size_t>(p.is)]);
  return p.is == scan::probe_kind::dns ? word + " " + to_string(p.question) + "/" + to_string(p.type) : word;
}

namespace detail {

/// The state that this run would begin with.
[[nodiscard]] inline scan::state fresh_state(const scan_settings& use, const scan_targets& named) {
  scan::state s;
  const auto ports = ports_of(use);
  const auto count = scan::targets::count(named.addresses, ports.size());
  if (!count || *count > scan::targets::most / (use.retries + 1))
    throw cli::usage_error{"more targets than can be counted (2^62): name smaller IPv6 prefixes"};
  s.seed = seed_of(use);
  s.targets = *count;
  s.fingerprint = scan::fingerprint_of(named.addresses, ports, spelled(use.probe));
  s.mine = use.shard;
  s.attempts = use.retries + 1;
  return s;
}

} // namespace detail

POSTROAD_DECL scan::state begin_or_resume(const scan_settings& use, const scan_targets& named) {
  if (!use.resume.empty() && use.retries > 0)
    throw cli::usage_error{
        "a scan that goes on does not know who has answered before: --resume without --retries"};
  auto fresh = detail::fresh_state(use, named);
  const bool begins = use.resume.empty() || ::access(use.resume.c_str(), F_OK) != 0;
  if (begins && use.shard.of > 1 && use.seed == 0)
    throw cli::usage_error{"--shard: all shards need the same --seed, or they overlap"};
  if (begins)
    return fresh;
  const auto kept = scan::parse_state(whole_file(use.resume));
  if (!kept)
    throw cli::usage_error{fmt::format("--resume: '{}' is {}", use.resume, kept.error().why)};
  if (use.seed == 0)
    fresh.seed = kept->seed;
  fresh.next = kept->next;
  if (fresh != *kept || kept->next > kept->targets * kept->attempts)
    throw cli::usage_error{fmt::format("--resume: '{}' is of another scan (targets, ports, probe, --shard, "
                                       "--retries and --seed must be the same)",
                                       use.resume)};
  return *kept;
}

POSTROAD_DECL secrets secrets_of(std::uint64_t seed) {
  dns::random_stream stream(seed == 0 ? 1 : seed);
  const auto first = stream.word64(), second = stream.word64();
  return {{first, second}, stream.word64()};
}

} // namespace postroad::flow
