/// Asks resolvers about mail servers. Study 5.2.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/audit_class.hpp>
#include <postroad/dns/audit_reference.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/random.hpp>
#include <postroad/net/naps.hpp>
#include <postroad/net/task.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace postroad::dns::audit {

/// A server that a resolver sends mail to and that is not the provider's.
struct target {
  std::string provider;           ///< the mail name, "gmail.com"
  std::string via;                ///< "mx": a false exchange; "a": a false address of a true exchange
  std::string host;               ///< the exchange
  std::optional<net::address> ip; ///< what the resolver says; nothing when it has no address for the name
  friend bool operator==(const target&, const target&) = default;
};

/// All that an audit of one resolver brought.
struct report {
  net::endpoint at;
  outcome what = outcome::aborted;
  finding found;
  std::deque<question> own; ///< questions of this audit alone: names that nobody has
  entry_log log;            ///< what was asked, in order
  std::vector<target> targets;
  unsigned passes = 0;
  unsigned tries = 0; ///< packets and connections
  std::chrono::microseconds elapsed{0};
};

/// Audits resolvers, as many at a time as are asked for, each question after the other.
///
/// A resolver that keeps silent twice, or refuses four times, is asked no more. What deviates is asked again
/// after `between`; then the report is made. The answers' second replies are counted in until then.
class auditor {
public:
  auditor(asio::io_context& io, client& asking, reference& known, std::uint64_t seed)
      : client_(asking), known_(known), naps_(io), random_(seed) {}

  /// `all_asked` is called when only second replies are waited for.
  [[nodiscard]] POSTROAD_DECL net::task<report> run(net::endpoint at, bool paced,
                                                    std::function<void()> all_asked = nullptr);
  /// Every audit under way ends soon, with outcome `aborted`. The client is told by its owner.
  void abort() { naps_.abort(); }

private:
  struct visit;
  [[nodiscard]] net::task<void> first_pass(visit& v);
  [[nodiscard]] net::task<void> further_pass(visit& v, bool everything);
  [[nodiscard]] net::task<void> ask(visit& v, entry& e);
  [[nodiscard]] net::task<void> take_back(visit& v);
  [[nodiscard]] net::task<void> reconsider_exchanges(visit& v, entry& e, reading& r);
  [[nodiscard]] net::task<void> reconsider_addresses(entry& e, reading& r);
  [[nodiscard]] net::task<answer_ptr> look_up(visit& v, name exchange);
  [[nodiscard]] net::task<void> find_targets(visit& v);
  [[nodiscard]] net::task<void> find_exchange(visit& v, std::string provider, name exchange);
  [[nodiscard]] name random_name(const name& suffix);

  client& client_;
  reference& known_;
  net::naps naps_;
  random_stream random_;
};

} // namespace postroad::dns::audit

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/dns/impl/auditor.ipp>
#endif
