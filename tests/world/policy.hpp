/// The nouns of sender policies: SPF and DMARC records as they were planned, before anybody spells them.
///
/// The text that a zone holds is made from these, and the truth is worked out from these. Nothing here reads
/// text, so that an error in a reader of SPF cannot hide in both.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace world {

enum class qualifier : std::uint8_t { pass, fail, softfail, neutral };
enum class mechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

/// One mechanism of an SPF record.
struct term {
  mechanism is = mechanism::all;
  qualifier says = qualifier::pass;
  /// A name in lower case; empty: the record's own. "%{d}" in it is that name, "%{o}" the domain that is
  /// checked, "%{v}" in-addr or ip6.
  std::string target;
  bool dynamic = false; ///< the target depends on the client
  std::string network;  ///< ip4, ip6: the first address
  unsigned bits = 0;    ///< of it
  std::string written;  ///< ip4, ip6: what stands in the record where that is another address of the network
  unsigned bits4 = 32, bits6 = 128; ///< a, mx
};

enum class fault : std::uint8_t { none, syntax, multiple };

/// One SPF policy.
struct sender_policy {
  std::vector<term> terms;
  std::string redirect; ///< target, empty: none
  bool redirect_dynamic = false;
  bool explains = false; ///< exp=
  unsigned unknown = 0;  ///< modifiers that nobody knows
  fault wrong = fault::none;
  std::string broken; ///< fault::syntax: the term that no grammar takes
};

/// One DMARC policy record: what it says, and how it is written.
struct dmarc_policy {
  std::string text;
  std::optional<std::string> p, sp, np;
  std::string t = "n", psd = "u", adkim = "r", aspf = "r", fo = "0";
  std::vector<std::string> rua, ruf;
  bool wants_reports = false; ///< one of rua is a URI
  std::optional<unsigned> pct;
  std::vector<std::string> flaws; ///< codes of man/dmarcq.1
  bool broken = false;            ///< p, sp or np is missing or no word
  bool duplicate = false;         ///< no list of tags at all
};

/// What is published for one name.
struct policies {
  std::map<std::string, sender_policy> spf;
  std::map<std::string, std::vector<dmarc_policy>>
      dmarc; ///< by the name without _dmarc; several void each other
};

} // namespace world
