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

/// Tables of a study ask the same of a record over and over: does it receive mail, did its server speak?
/// Conditions that are spelled alike are one here, and so are the tests they are made of.
class condition_pool {
public:
  /// The number of a condition, which must outlive the pool and be of the same paths as all of it.
  std::size_t add(const expression& e) {
    const auto fresh = slots_.size();
    const auto at =
        e.has_else() ? fresh
                     : at_.try_emplace(e.source(), fresh).first->second; // `else` depends on where it stands
    if (at != fresh)
      return at;
    slot s;
    s.is_placed = e.has_else();
    s.first = static_cast<std::uint32_t>(steps_.size());
    s.size = static_cast<std::uint32_t>(e.nodes_.size());
    for (std::size_t i = 0; i < e.nodes_.size(); ++i)
      steps_.push_back(step_of(e, i, s.first));
    slots_.push_back(s);
    return fresh;
  }

  [[nodiscard]] bool holds(std::size_t i, const fields& in, bool taken = false) const {
    const auto& s = slots_[i];
    if (s.size == 0)
      return true;
    if (s.size == 1 || s.is_placed)
      return run(s.first + s.size - 1, in, taken);
    if (s.last.record != in.record())
      s.last = {in.record(), run(s.first + s.size - 1, in, taken)};
    return s.last.holds;
  }

private:
  using node = expression::node;
  using kind = expression::kind;
  struct answer {
    std::uint64_t record = 0;
    bool holds = false;
  };
  /// Small, so that those of all tables stay in the cache.
  struct step {
    kind is;
    std::uint32_t left, right; ///< operands, earlier steps; of a test: its number, twice
  };
  struct slot {
    std::uint32_t first = 0, size = 0; ///< steps
    bool is_placed = false;
    mutable answer last{};
  };
  struct test {
    const node* what;
    answer last{};
  };

  step step_of(const expression& e, std::size_t i, std::uint32_t first) {
    const auto& n = e.nodes_[i];
    if (n.is == kind::negation || n.is == kind::both || n.is == kind::either || n.is == kind::otherwise)
      return {n.is, first + static_cast<std::uint32_t>(n.left), first + static_cast<std::uint32_t>(n.right)};
    const auto at = test_at_.try_emplace(e.spelling_of(i), tests_.size()).first->second;
    if (at == tests_.size())
      tests_.push_back({&n});
    return {n.is, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at)};
  }

  bool run(std::uint32_t at, const fields& in, bool taken) const {
    for (;;) {
      const auto& s = steps_[at];
      switch (s.is) {
      case kind::negation:
        return !run(s.right, in, taken);
      case kind::both:
        if (!run(s.left, in, taken))
          return false;
        at = s.right;
        break;
      case kind::either:
        if (run(s.left, in, taken))
          return true;
        at = s.right;
        break;
      case kind::otherwise:
        return !taken;
      default:
        auto& t = tests_[s.left];
        if (t.last.record != in.record())
          t.last = {in.record(), expression::any_fits(*t.what, in)};
        return t.last.holds;
      }
    }
  }

  std::vector<slot> slots_;
  std::vector<step> steps_;
  mutable std::vector<test> tests_;
  std::map<std::string, std::size_t> at_, test_at_; ///< by spelling
};

} // namespace postroad::study
