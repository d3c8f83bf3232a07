/// The run of synscan: targets in, probes out, answers in, records out.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/scan_settings.hpp>

#include <string>
#include <vector>

namespace postroad::flow {

/// Runs the scan and returns the exit status. `words` are targets; none: they are read from the input.
/// Throws usage_error and scan::trouble.
int run_scan(scan_settings&, const std::vector<std::string>& words);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/scan_run.ipp>
#endif
