/// The conditions of many tables, each worked out once a batch.
#pragma once

#include <postroad/study/batch.hpp>
#include <postroad/study/expression.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace postroad::study {

/// Tables of a study ask the same of a record over and over: does it receive mail, did its server speak?
/// Conditions that are spelled alike are one here, and so are the tests they are made of; what a test makes
/// of a value is remembered.
///
/// Example: const auto ok = pool.add(*expression::parse("smtp.outcome = ok", paths), in); then, for every
/// batch, pool.holds(ok, in, in.all()) are the records whose server spoke.
class condition_pool {
public:
  /// The number of a condition, which must outlive the pool and be of the same paths as all of it. `in`
  /// learns what is asked of them.
  std::size_t add(const expression& e, batch& in) {
    const auto fresh = slots_.size();
    const auto at =
        e.has_else() ? fresh
                     : at_.try_emplace(e.source(), fresh).first->second; // `else` depends on where it stands
    if (at != fresh)
      return at;
    slot s;
    s.is_placed = e.has_else();
    s.is_costly =
        std::any_of(e.nodes_.begin(), e.nodes_.end(), [](const node& n) { return is_costly(n.is); });
    s.first = static_cast<std::uint32_t>(steps_.size());
    s.size = static_cast<std::uint32_t>(e.nodes_.size());
    for (std::size_t i = 0; i < e.nodes_.size(); ++i)
      steps_.push_back(step_of(e, i, s.first, in));
    slots_.push_back(s);
    return fresh;
  }

  /// The records for which it holds, of those in `within`; others may or may not be among them. `taken`:
  /// those for which a row above does, for `else`.
  [[nodiscard]] selection holds(std::size_t i, const batch& in, const selection& within,
                                const selection& taken = {}) {
    auto& s = slots_[i];
    if (s.size == 0)
      return in.all();
    const question asked{in, s.is_costly ? within : in.all(), taken};
    if (s.is_placed || s.is_costly)
      return run(s.first + s.size - 1, asked);
    if (s.last.batch != in.serial())
      s.last = {in.serial(), run(s.first + s.size - 1, asked)};
    return s.last.holds;
  }

private:
  using node = expression::node;
  using kind = expression::kind;
  struct answer {
    std::uint64_t batch = 0;
    selection holds{};
  };
  struct question {
    const batch& in;
    selection within, taken;
  };
  struct step {
    kind is;
    std::uint32_t left, right; ///< operands, earlier steps; of a test: its number, twice
  };
  struct slot {
    std::uint32_t first = 0, size = 0; ///< steps
    bool is_placed = false;            ///< has an `else`
    bool is_costly = false;            ///< a test in it is
    answer last{};
  };
  struct test {
    const node* what;
    std::vector<char> known{}; ///< by number of a value: whether it passes; 2 where nobody has asked
    answer last{};
  };
  static constexpr char unknown = 2;

  /// Worth to be asked of no more records than must be.
  [[nodiscard]] static bool is_costly(kind is) noexcept { return is == kind::fits; }

  step step_of(const expression& e, std::size_t i, std::uint32_t first, batch& in) {
    const auto& n = e.nodes_[i];
    if (!expression::is_test(n.is))
      return {n.is, first + static_cast<std::uint32_t>(n.left), first + static_cast<std::uint32_t>(n.right)};
    in.ask(n.path, n.is == kind::truth || n.is == kind::has ? need::presence : need::all);
    const auto at = test_at_.try_emplace(e.spelling_of(i), tests_.size()).first->second;
    if (at == tests_.size())
      tests_.push_back({&n});
    return {n.is, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at)};
  }

  selection run(std::uint32_t at, const question& asked) {
    const auto& s = steps_[at];
    const auto all = asked.in.all();
    switch (s.is) {
    case kind::negation:
      return all - run(s.right, asked);
    case kind::both: {
      const auto left = run(s.left, asked);
      return left.none() ? left : left & run(s.right, {asked.in, asked.within & left, asked.taken});
    }
    case kind::either: {
      const auto left = run(s.left, asked);
      return left == all ? left : left | run(s.right, {asked.in, asked.within - left, asked.taken});
    }
    case kind::otherwise:
      return all - asked.taken;
    default:
      return answer_of(tests_[s.left], asked);
    }
  }

  static selection answer_of(test& t, const question& asked) {
    const auto& in = asked.in;
    if (in.empty(t.what->path))
      return {};
    if (is_costly(t.what->is))
      return those_that_fit(t, in, asked.within);
    if (t.last.batch != in.serial())
      t.last = {in.serial(), those_that_fit(t, in)};
    return t.last.holds;
  }

  static selection those_that_fit(test& t, const batch& in, const selection& within) {
    selection out;
    know_all(t, in);
    within.each([&](std::uint32_t record) {
      bool any = false;
      in.each(t.what->path, record,
              [&](std::uint32_t number, std::uint32_t) { any = any || fits(t, number, in); });
      if (any)
        out.add(record);
    });
    return out;
  }
  /// Makes room for what will be known.
  static void know_all(test& t, const batch& in) {
    t.known.resize(in.words(t.what->path).size(), unknown);
    t.known[0] = 0; // no value passes no test
  }

  /// Where a path has several values, one that fits is enough.
  static selection those_that_fit(test& t, const batch& in) {
    const auto path = t.what->path;
    know_all(t, in);
    selection out;
    if (in.fans_out(path)) {
      for (const auto& i : in.items(path))
        if (fits(t, i.number, in))
          out.add(i.record);
      return out;
    }
    const auto numbers = in.numbers(path);
    for (std::uint32_t first = 0; first < numbers.size(); first += 64) {
      const auto some = numbers.subspan(first, std::min<std::size_t>(64, numbers.size() - first));
      out.set_word(first / 64, in.has_passing(path) ? word_of_any(t, some, in) : word_of(t, some, in));
    }
    return out;
  }
  /// Of up to 64 values. Most have been seen before: these are looked up without a branch.
  static std::uint64_t word_of(test& t, std::span<const std::uint32_t> some, const batch& in) {
    std::uint64_t bits = 0, open = 0;
    const auto* const known = t.known.data();
    for (std::uint32_t i = 0; i < some.size(); ++i) {
      const auto answer = static_cast<unsigned char>(known[some[i]]);
      bits |= std::uint64_t{answer & 1u} << i;
      open |= answer & static_cast<unsigned char>(unknown);
    }
    return open == 0 ? bits : word_of_any(t, some, in);
  }
  static std::uint64_t word_of_any(test& t, std::span<const std::uint32_t> some, const batch& in) {
    std::uint64_t bits = 0;
    for (std::uint32_t i = 0; i < some.size(); ++i)
      bits |= std::uint64_t{fits(t, some[i], in)} << i;
    return bits;
  }
  [[nodiscard]] static bool fits(test& t, std::uint32_t number, const batch& in) {
    static const std::optional<decimal> none;
    const auto path = t.what->path;
    if (batch::is_passing(number))
      return expression::fits(*t.what, in.value(path, number),
                              expression::asks_for_number(*t.what) ? in.decimal_of_passing(number) : none);
    auto& known = t.known[number];
    if (known == unknown) {
      const auto v = in.value(path, number);
      known = expression::fits(*t.what, v, decimal_of(v)) ? 1 : 0;
    }
    return known != 0;
  }

  std::vector<slot> slots_;
  std::vector<step> steps_;
  std::vector<test> tests_;
  std::map<std::string, std::size_t> at_, test_at_; ///< by spelling
};

} // namespace postroad::study
