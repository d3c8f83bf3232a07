/// The options of synscan.
#pragma once

#include <postroad/cli/options.hpp>
#include <postroad/config.hpp>
#include <postroad/flow/settings.hpp>
#include <postroad/scan/member.hpp>
#include <postroad/scan/probe.hpp>
#include <postroad/scan/referee.hpp>
#include <postroad/scan/transmit.hpp>
#include <postroad/scan/walk.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postroad::flow {

/// Defaults live here and nowhere else. Of the settings that all filters have it uses those of files,
/// manners, seed and display.
struct scan_settings : settings {
  scan_settings() {
    rate = 10'000; // 7 Mbit/s: half an hour for a /8
    retries = 0;
    timeout = std::chrono::seconds(5);
  }
  std::vector<std::uint16_t> ports; ///< empty: the probe's own
  scan::probe probe;
  std::string interface, gateway_mac;
  std::uint64_t bandwidth = 0; ///< bits a second, 0 = as --rate says
  std::chrono::milliseconds cooldown{8'000};
  std::chrono::milliseconds max_runtime{0};
  std::uint64_t max_results = 0;
  scan::shard shard;
  std::string resume;
  scan::transmit_kind tx = scan::transmit_kind::automatic;
  std::vector<const scan::field*> fields;
  std::array<bool, scan::answer_words.size()> wanted{true, true, true, true}; ///< by kind of answer
  bool whole_internet = false, dry_run = false, list_fields = false;
};

/// Adds them to the table of options.
void add_scan_options(cli::options&, scan_settings&);

/// The members of a record.
[[nodiscard]] std::vector<cli::member_doc> scan_schema();

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/scan_settings.ipp>
#endif
