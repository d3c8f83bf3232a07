/// How far a scan has come, in a file from which it can go on.
#pragma once

#include <postroad/result.hpp>
#include <postroad/scan/siphash.hpp>
#include <postroad/scan/targets.hpp>
#include <postroad/scan/walk.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postroad::scan {

/// What must be the same for a step to mean the same, and the next step.
struct state {
  std::uint64_t seed = 0;
  std::uint64_t targets = 0;     ///< how many
  std::uint64_t fingerprint = 0; ///< of the targets, see fingerprint_of
  shard mine;
  std::uint32_t attempts = 1;
  std::uint64_t next = 0; ///< the first step that was not taken
  friend bool operator==(const state&, const state&) = default;
};

/// A number for the targets and the probe: other ones have another.
[[nodiscard]] inline std::uint64_t fingerprint_of(const net::address_set& addresses,
                                                  const std::vector<std::uint16_t>& ports,
                                                  std::string_view probe) noexcept {
  std::uint64_t mixed = 0;
  const auto mix = [&](std::uint64_t word) { mixed = siphash<2>({0, 0}, {mixed, word}); };
  for (const auto& r : addresses.ipv4.ranges())
    mix(std::uint64_t{r.first} << 32 | r.last);
  for (const auto& r : addresses.ipv6.ranges())
    for (const auto end : {r.first, r.last})
      mix(static_cast<std::uint64_t>(end >> 64)), mix(static_cast<std::uint64_t>(end));
  for (const auto port : ports)
    mix(port);
  for (const auto c : probe)
    mix(static_cast<unsigned char>(c));
  return mixed;
}

/// One line of JSON. Numbers are decimal strings: a step may be above 2^53.
[[nodiscard]] inline std::string to_text(const state& s) {
  return fmt::format(
      "{{\"synscan\":1,\"seed\":\"{}\",\"targets\":\"{}\",\"fingerprint\":\"{}\",\"shard\":\"{}/{}\","
      "\"attempts\":\"{}\",\"next\":\"{}\"}}\n",
      s.seed, s.targets, s.fingerprint, s.mine.part + 1, s.mine.of, s.attempts, s.next);
}

/// Reads "k/n", shard k of n, k from 1.
[[nodiscard]] inline std::optional<shard> parse_shard(std::string_view text) {
  const auto part = text::number<std::uint64_t>(text::take_until(text, '/'));
  const auto of = text::number<std::uint64_t>(text);
  if (!part || !of || *part == 0 || *part > *of)
    return std::nullopt;
  return shard{*part - 1, *of};
}

/// Reads what to_text has written.
[[nodiscard]] inline result<state> parse_state(std::string_view text) {
  const auto member = [&](std::string_view name) -> std::string_view {
    const auto key = fmt::format("\"{}\":\"", name);
    const auto at = text.find(key);
    if (at == std::string_view::npos)
      return {};
    auto rest = text.substr(at + key.size());
    return rest.substr(0, rest.find('"'));
  };
  const auto number = [&](std::string_view name) { return text::number<std::uint64_t>(member(name)); };
  const auto mine = parse_shard(member("shard"));
  const auto seed = number("seed"), targets = number("targets"), fingerprint = number("fingerprint"),
             next = number("next");
  const auto attempts = text::number<std::uint32_t>(member("attempts"));
  if (!text.starts_with("{\"synscan\":1,") || !text.ends_with("}\n") || !mine || !seed || !targets ||
      !fingerprint || !next || !attempts)
    return failure{0, "not the state of a scan, or cut short"};
  return state{*seed, *targets, *fingerprint, *mine, *attempts, *next};
}

} // namespace postroad::scan
