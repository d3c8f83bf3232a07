/// The state that a scan begins with.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/scan_settings.hpp>
#include <postroad/flow/scan_targets.hpp>
#include <postroad/scan/siphash.hpp>
#include <postroad/scan/state.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace postroad::flow {

/// The ports that are asked: those of --port, or the probe's own; 0 stands for none.
[[nodiscard]] std::vector<std::uint16_t> ports_of(const scan_settings&);
/// Example: "dns example.com/A".
[[nodiscard]] std::string spelled(const scan::probe&);

/// The state in the file of --resume, which must be of the same scan; where there is none, that of a scan
/// that begins. Throws usage_error, also where a scan cannot be resumed or shared as the options ask for.
[[nodiscard]] scan::state begin_or_resume(const scan_settings&, const scan_targets&);

/// What the seed decides: a scan that is resumed knows its order and its answers again. Who finds out the
/// order from the packets that he sees does not know the key by that.
struct secrets {
  scan::siphash_key key;
  std::uint64_t order;
};
[[nodiscard]] secrets secrets_of(std::uint64_t seed);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/scan_place.ipp>
#endif
