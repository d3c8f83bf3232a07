/// Conditions on a record: `smtp.outcome = ok and not tls.certificate.trusted`.
#pragma once

#include <postroad/config.hpp>
#include <postroad/record/path.hpp>
#include <postroad/record/value.hpp>
#include <postroad/result.hpp>
#include <postroad/study/decimal.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// A compiled condition, which a condition_pool answers.
///
///   EXPR     PATH | has PATH | PATH OP WORD | PATH ~ WORD | PATH in WORD,… | PATH in @FILE
///            | not EXPR | ! EXPR | EXPR and EXPR | EXPR or EXPR | ( EXPR ) | else
///   OP       = != < <= > >=
///
/// `not` binds looser than an OP and tighter than `and`, which binds tighter than `or`. A bare PATH holds
/// when its value is neither null nor false; `has PATH` when there is a value of any kind. A comparison with
/// what is not there is false, `!=` too. Where a path has several values (fan-out), one that fits is enough.
/// Numbers, and text that is a whole number, compare as numbers, in a list too; everything else by bytes. A
/// WORD with blanks, commas or parentheses stands in quotes; true, false and null without quotes are JSON's.
/// `~` is an extended regular expression (regex(7)) that fits somewhere. `else` holds for records that no row
/// above has taken.
class expression {
public:
  expression() = default; ///< holds always

  /// Compiles `source`, adding its paths to `paths`. Reads the files of `in @FILE`.
  static result<expression> parse(std::string_view source, record::path_set& paths);

  /// Whether it depends on the rows above.
  [[nodiscard]] bool has_else() const noexcept;
  [[nodiscard]] bool always() const noexcept { return nodes_.empty(); }
  /// As it was written.
  [[nodiscard]] const std::string& source() const noexcept { return source_; }

private:
  friend class condition_pool;

  enum class kind : std::uint8_t {
    truth,
    has,
    equal,
    unequal,
    less,
    at_most,
    more,
    at_least,
    in,
    fits,
    negation,
    both,
    either,
    otherwise
  };
  struct literal {
    std::string text;
    bool quoted = false;
    std::optional<decimal> number; ///< of a word without quotes
  };
  struct pattern;
  class word_set;
  struct node {
    kind is = kind::truth;
    std::size_t path = 0;
    std::size_t left = 0, right = 0; ///< operands, earlier nodes
    std::string spelled{};           ///< a test: as it was written, from its path on
    literal word{};
    std::shared_ptr<const word_set> set{};
    std::shared_ptr<pattern> regex{};
  };
  class parser;

  /// Tests that are spelled alike are alike.
  [[nodiscard]] std::string spelling_of(std::size_t at) const;
  [[nodiscard]] static bool is_test(kind is) noexcept { return is < kind::negation; }
  [[nodiscard]] static bool asks_for_number(const node& n) noexcept;
  /// Whether a value, and the number that it is, pass the test.
  [[nodiscard]] static bool fits(const node& n, const record::value& v, const std::optional<decimal>& number);
  [[nodiscard]] static bool equals(const node& n, const record::value& v,
                                   const std::optional<decimal>& number);
  [[nodiscard]] static bool compares(const node& n, const record::value& v,
                                     const std::optional<decimal>& number);

  std::vector<node> nodes_;
  std::string source_;
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/expression.ipp>
#endif
