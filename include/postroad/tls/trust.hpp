/// Would somebody who knows these roots believe this chain, and if not, for which reasons, all of them? RFC
/// 5280 6.
///
/// The one room that asks OpenSSL about certificates. Everything else reads them itself.
#pragma once

#include <postroad/config.hpp>
#include <postroad/result.hpp>
#include <postroad/tls/certificate.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace postroad::tls {

/// A verdict on a chain; `trusted` exactly when `errors` is empty.
///
/// The words, sorted, each once:
///   expired, not_yet_valid   any certificate of the path, at the clock that was given
///   self_signed              the leaf is its own issuer, and no root
///   incomplete_chain         the leaf's issuer was not sent and is no root, or certificates known from
///   elsewhere
///                            lead from the end of what was sent to a root
///   unknown_ca               the path ends at a root, or below one, that is not in the store
///   bad_parent               a signature that does not verify, or an issuer that may not issue
///   weak_key                 RSA or DSA below 1024 bits, roots left out
///   weak_signature           MD5 or older, self-signed certificates left out
///   name_constraint, critical_extension, unparsable, other
struct verdict {
  bool trusted = false;
  std::vector<std::string> errors;
  std::string detail; ///< which certificate above the leaf, and what `other` is; may be empty
};

/// One certificate above the leaf, as it was sent.
struct chain_link {
  std::string subject, issuer;
  std::int64_t not_before = 0, not_after = 0; ///< seconds since 1970
  std::string key_type;
  unsigned key_bits = 0;
};

/// Everything about one chain that does not depend on who sent it.
struct judged_chain {
  tls::verdict verdict;
  result<certificate_facts> leaf; ///< why there are no facts goes with `unparsable`
  std::string sha256;             ///< of the leaf, hex
  std::size_t chain_length = 0;   ///< certificates as sent
  std::vector<chain_link> above;  ///< those behind the leaf that can be read, eight at most
};

/// Roots, and a memory of chains that have been judged.
///
/// Verification goes by OpenSSL's path building at security level 0, without purpose and name checks: sizes
/// and digests are named, not hidden behind one error. One thread uses a store at a time. Example:
///   auto roots = trust_store::load("");
///   const auto j = roots.judge(flight.chain, std::chrono::system_clock::now());
///   if (!j->verdict.trusted) show(j->verdict.errors);
class trust_store {
public:
  using clock = std::chrono::system_clock;

  /// Reads a PEM file of roots; an empty name stands for the system's. Throws std::runtime_error, with a text
  /// for the user, when there is no such file or no certificate in it. `cache_bytes` bounds the memory of
  /// chains.
  [[nodiscard]] POSTROAD_DECL static trust_store load(const std::string& file,
                                                      std::size_t cache_bytes = std::size_t{32} << 20);
  POSTROAD_DECL ~trust_store();
  POSTROAD_DECL trust_store(trust_store&&) noexcept;
  POSTROAD_DECL trust_store& operator=(trust_store&&) noexcept;

  /// Intermediates (PEM) that may complete a chain, only to tell `incomplete_chain` from `unknown_ca`. Throws
  /// as load() does. Those of chains that were trusted earlier in the run serve for that too, so that this
  /// one distinction can depend on the order of the input.
  POSTROAD_DECL void know_intermediates(const std::string& file);

  /// Judges `chain` (DER, leaf first, at least one) at `now`. The same chain costs one hash when it comes
  /// again.
  [[nodiscard]] POSTROAD_DECL std::shared_ptr<const judged_chain> judge(std::span<const std::string> chain,
                                                                        clock::time_point now);

  [[nodiscard]] POSTROAD_DECL const std::string& file() const noexcept;
  /// SHA-256 of the roots' file, hex.
  [[nodiscard]] POSTROAD_DECL const std::string& sha256() const noexcept;

private:
  struct state;
  explicit trust_store(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

} // namespace postroad::tls

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/tls/impl/trust.ipp>
#endif
