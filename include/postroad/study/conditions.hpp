/// The conditions of many tables, each worked out once a record.
#pragma once

#include <postroad/study/expression.hpp>
#include <postroad/study/fields.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace postroad::study {

/// Tables of a study ask the same of a record over and over: is it a domain that receives mail? Conditions
/// that are spelled alike are one here.
class condition_pool {
public:
  /// The number of a condition, which must outlive the pool and be of the same paths as all of it.
  std::size_t add(const expression& e) {
    if (!e.has_else()) // that depends on where it stands
      if (const auto known = at_.find(e.source()); known != at_.end())
        return known->second;
    slots_.push_back({&e, e.has_else()});
    if (!e.has_else())
      at_.emplace(e.source(), slots_.size() - 1);
    return slots_.size() - 1;
  }

  [[nodiscard]] bool holds(std::size_t i, const fields& in, bool taken = false) const {
    const auto& s = slots_[i];
    if (s.is_placed)
      return s.what->holds(in, taken);
    if (s.record != in.record()) {
      s.value = s.what->holds(in);
      s.record = in.record();
    }
    return s.value;
  }

private:
  struct slot {
    const expression* what;
    bool is_placed;
    mutable bool value = false;
    mutable std::uint64_t record = 0; ///< for which value is known
  };
  std::vector<slot> slots_;
  std::map<std::string, std::size_t> at_; ///< by source
};

} // namespace postroad::study
