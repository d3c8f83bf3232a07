/// What comes with the tool beside its code.
#pragma once

#include <string_view>
#include <vector>

namespace postroad::study {

/// Flags of tables as text, under a name.
struct preset {
  std::string_view name, text;
};

/// Presets, and the paper's figures (paper.hpp).
struct library {
  std::vector<preset> presets;
  std::string_view paper;
};

} // namespace postroad::study
