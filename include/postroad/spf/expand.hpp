/// Which addresses a domain's SPF policy lets in, exactly, and what it costs a receiver to find out.
///
/// This is no check_host(): nobody sends. The set is made by interval algebra, left to right as RFC
/// 7208 4.6.2 has it, and limits are counted rather than obeyed unless asked for. See man/spfexpand.1.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/answer.hpp>
#include <postroad/net/address_set.hpp>
#include <postroad/net/lru.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>
#include <postroad/spf/grammar.hpp>
#include <postroad/spf/lookup.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::spf {

/// What stands at a name. `valid`: one record that the grammar takes; what it leads to is another matter.
enum class status : std::uint8_t { none, valid, multiple, syntax, temperror };
inline constexpr std::array status_words =
    std::to_array<std::string_view>({"none", "valid", "multiple", "syntax", "temperror"});

/// What happens to those whom no other term matches: the sign of `all`, else redirect, else nothing.
enum class policy : std::uint8_t { hard, soft, neutral, pass, none, redirect };
inline constexpr std::array policy_words =
    std::to_array<std::string_view>({"hard", "soft", "neutral", "pass", "none", "redirect"});

[[nodiscard]] constexpr std::string_view to_string(status s) noexcept {
  return status_words[static_cast<std::size_t>(s)];
}
[[nodiscard]] constexpr std::string_view to_string(policy p) noexcept {
  return policy_words[static_cast<std::size_t>(p)];
}

/// Terms by kind: the mechanisms in their order, then redirect, exp and unknown modifiers.
inline constexpr std::size_t term_kinds = mechanism_words.size() + 3;
using term_counts = std::array<std::uint32_t, term_kinds>;
[[nodiscard]] constexpr std::string_view term_word(std::size_t kind) noexcept {
  constexpr std::array more = std::to_array<std::string_view>({"redirect", "exp", "unknown"});
  return kind < mechanism_words.size() ? mechanism_words[kind] : more[kind - mechanism_words.size()];
}

/// Look-ups that found nothing, as a client of one family meets them, and those that neither finds anything
/// with. Peers disagree about which of these the limit of two is for.
struct void_counts {
  unsigned ip4 = 0, ip6 = 0, both = 0;
};

/// Something that is wrong. Codes: dns_timeout dns_servfail dns_refused dns_failed multiple syntax
/// include_none redirect_none loop lookups void mx_names macro cap.
struct problem {
  std::string_view code;
  std::string at;     ///< the name whose record has it
  std::string term;   ///< the term, as written; empty: the record as a whole
  std::string detail; ///< more, in plain words; mostly empty
  friend bool operator==(const problem&, const problem&) = default;
};
inline constexpr std::size_t max_problems = 100;

/// What a receiver comes to for a client that nothing matches. RFC 7208 2.6
enum class result_class : std::uint8_t { ok, permerror, temperror };
inline constexpr std::array result_class_words =
    std::to_array<std::string_view>({"ok", "permerror", "temperror"});

/// The first thing on the way of such a client that ends the check, limits apart: how much it had cost until
/// then.
struct stop {
  bool temporary = false;
  unsigned lookups = 0, voids = 0;
};

struct expansion;

/// A term of a record and what came of it, for trees.
struct branch {
  std::string term;
  net::address_set adds;                     ///< what it lets in that no term before it did
  std::shared_ptr<const expansion> leads_to; ///< include, redirect
  std::string_view trouble;                  ///< a code of problem, or "dynamic"
};

/// What a name's SPF record and all that it leads to come to. Counts and sets are those of the whole tree.
struct expansion {
  std::string at; ///< the name, lower case
  /// Of the question for the record; of the root of a tree, of the first one anywhere in it that failed.
  outcome what = outcome::aborted;
  dns::answer_ptr answer; ///< to that question; only of the root
  status is = status::none;
  std::string text; ///< the record; the first of several
  policy says = policy::none;
  std::optional<policy> in_the_end;      ///< behind all redirects; nothing: there is no policy to be had
  std::string redirect;                  ///< target, expanded; empty: none, or not followed
  std::vector<std::string> includes;     ///< targets, expanded, each once
  std::vector<std::string> includes_all; ///< the same of the tree
  term_counts top{}, terms{};            ///< of the record, of the tree: as written
  unsigned lookups = 0;                  ///< terms that ask the DNS
  void_counts voids;
  unsigned records = 0, depth = 0; ///< a record that is included twice counts twice
  bool loop = false, include_none = false, macro = false, ptr = false, exists = false, host_bits = false;
  bool all4 = false,
       all6 = false; ///< +all, or an exists that is true for all, let in what nothing before it had matched
  net::address_set pass;                      ///< who passes
  net::address_set united;                    ///< every term with + taken alone: what most tools print
  std::optional<unsigned> largest4, largest6; ///< bits of the widest network that was published
  std::vector<problem> problems;              ///< at most max_problems
  std::optional<stop> stops;
  std::vector<branch> branches; ///< only when asked for

  unsigned questions = 0;     ///< look-ups made, repeats included
  std::uint32_t ttl = 86'400; ///< seconds: the least of all answers
  bool cut = false;           ///< a loop, a cap or a limit ended the walk: true only for this way here
  bool uses_root = false;     ///< %{o}: it is another tree for another domain

  [[nodiscard]] result_class result() const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;
};

struct expand_options {
  bool strict = false;   ///< stop where RFC 7208 says, instead of counting on
  bool branches = false; ///< keep what trees are made of
  // Where a walk ends in any case.
  unsigned max_records = 256, max_depth = 32, max_questions = 1000;
  std::chrono::seconds max_time{300}; ///< then nothing more is asked for a domain
};

namespace detail {
/// One of the questions of a record, which are asked together.
struct question {
  dns::name asked;
  dns::type rtype{};
  dns::answer_ptr* into = nullptr;
};
} // namespace detail

/// Expands policies, and remembers what several of them include: bounded in bytes, as long as TTLs allow.
///
/// Equal results with and without the memory; only the questions differ. `ask` must coalesce equal questions
/// that are under way, as dns::client does.
///
/// Example:
///   spf::expander expand(ask, {}, 1 << 20);
///   const auto found = co_await expand.of("example.org");
///   found->pass.ipv4.count()   // "1027"
class expander {
public:
  expander(lookup ask, expand_options use, std::size_t memory)
      : ask_(std::move(ask)), use_(use), known_(memory) {}

  /// Never null. A domain that is no DNS name has outcome `malformed`.
  [[nodiscard]] POSTROAD_DECL net::task<std::shared_ptr<const expansion>> of(std::string domain);

  [[nodiscard]] std::uint64_t remembered() const noexcept { return remembered_; }

private:
  using clock = std::chrono::steady_clock;
  using shared = std::shared_ptr<const expansion>;
  struct walk;
  struct node;
  struct target;
  struct found;
  struct entry {
    shared what;
    clock::time_point until{};
  };

  [[nodiscard]] net::task<shared> expand(walk& w, std::string at, dns::answer_ptr said);
  [[nodiscard]] net::task<void> walk_terms(walk& w, node& n);
  [[nodiscard]] net::task<void> read_target(walk& w, node& n, found& f, std::string_view term, bool v6);
  [[nodiscard]] net::task<void> walk_redirect(walk& w, node& n);
  [[nodiscard]] bool must_stop(const walk& w, node& n, bool would_ask, std::string_view term) const;
  [[nodiscard]] bool refuses(const walk& w, node& n, const std::string& at, std::string_view term,
                             bool is_there) const;
  [[nodiscard]] bool leads_on(walk& w, node& n, found& f, std::string_view term, bool v6);

  // asking
  [[nodiscard]] net::task<void> gather(walk& w, node& n);
  [[nodiscard]] net::task<void> ask_all(walk& w, node& n, std::vector<detail::question> questions);
  static net::task<void> ask_one(const lookup& ask, dns::name n, dns::type t, dns::answer_ptr& into,
                                 net::join& all);
  [[nodiscard]] static target aim(const walk& w, node& n, std::string_view spec);
  void plan(const walk& w, mechanism what, found& f, std::vector<detail::question>& questions);
  static void plan_hosts(found& f, std::vector<detail::question>& questions);

  // deciding
  [[nodiscard]] bool step(walk& w, node& n, const directive& d, const found& f);
  static void settle(walk& w, node& n, const found& f, std::string_view term, bool redirect);
  static void bring_in(node& n, const found& f, qualifier sign);
  static void fold(node& n, const expansion& child);
  static void fold_ip6(node& n, const expansion& child);
  static void settle_none(node& n, bool is_name, const shared& child, std::string_view term, bool redirect);
  void step_addresses(walk& w, node& n, const directive& d, const found& f);
  static void step_a(node& n, const directive& d, const found& f);
  static void step_mx(node& n, const directive& d, const found& f);
  static void step_exists(node& n, const directive& d, const found& f);
  static void take(node& n, const directive& d, const dns::answer_ptr& said, bool v6, net::address_set& into);
  static void take_hosts(node& n, const directive& d, const found& f, bool v6, net::address_set& into);

  [[nodiscard]] bool fits_in(const walk& w, const expansion& it) const noexcept;
  [[nodiscard]] shared recall(const walk& w, const std::string& at);
  void remember(const walk& w, const shared& what);

  lookup ask_;
  expand_options use_;
  net::lru<std::string, entry> known_;
  std::uint64_t remembered_ = 0;
};

} // namespace postroad::spf

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/spf/impl/expand.ipp>
#include <postroad/spf/impl/expand_terms.ipp>
#endif
