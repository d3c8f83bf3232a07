/// The tables about policies, counted from what was worked out, by code of its own.
#pragma once

#include "dmarc.hpp"
#include "senders.hpp"
#include "truth.hpp"

#include <string>
#include <vector>

namespace world {

struct expected_sender {
  const input* line = nullptr;
  std::size_t rank = 0;
  std::string mx_kind; ///< empty: unknown
  expected_spf spf;
  expected_dmarc dmarc;
};

std::vector<expected_sender> work_out_senders(const plan& all);
std::string to_json(const expected_sender& from);

/// One cell a line, as truth.hpp has it.
std::vector<std::string> policy_cells(const std::vector<expected_sender>& all, const plan& published);

/// What spfexpand --overlap says in its lines "summary" and "space": how many domains let in how much of the
/// address space.
std::vector<std::string> overlap_lines(const std::vector<expected_sender>& all);

} // namespace world
