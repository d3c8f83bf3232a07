/// Asks resolvers about mail servers, and trusted ones first. Study 5.2.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/audit_class.hpp>
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
#include <optional>
#include <string>
#include <vector>

namespace postroad::dns::audit {

/// A label that nobody has registered, of letters and digits.
[[nodiscard]] POSTROAD_DECL std::string random_label(random_stream& random);

/// What is asked of each resolver, and how.
struct options {
  std::vector<std::string> names;       ///< mail domains, presentation form
  std::string control = "umich.edu";    ///< a name that has nothing to do with mail
  unsigned passes = 1;                  ///< whole rounds; what deviates is asked again in any case
  std::chrono::milliseconds between{0}; ///< from one pass to the next
  std::chrono::milliseconds pace{0};    ///< from one question to the next
  bool ipv4 = true, ipv6 = true;        ///< which addresses of the mail servers are asked for
  std::uint64_t seed = 0;               ///< of the names that nobody has; 0: from the kernel
};

/// What trusted resolvers say to all that resolvers are going to be asked: the plan, with its truth.
///
/// It ages: questions() may gain addresses and exchanges while an audit runs, never loses one.
class reference {
public:
  /// `trusted` are asked through `asking`, each by itself; it must live while it is used.
  reference(client& asking, std::vector<net::endpoint> trusted, options use)
      : client_(&asking), trusted_(std::move(trusted)), use_(std::move(use)) {}
  reference(const reference&) = delete;
  reference& operator=(const reference&) = delete;
  /// From now on through another client.
  void ask_through(client& other) noexcept { client_ = &other; }

  /// Asks for all of it. Afterwards questions() may be empty: then nobody knows where those names have mail.
  [[nodiscard]] POSTROAD_DECL net::task<void> gather();

  /// Asks again for a question whose truth is older than a minute; several who want that wait for one.
  [[nodiscard]] POSTROAD_DECL net::task<void> renew(const question& q);

  /// Whether `stranger` is a server of the provider of `q`: its registrable domain is that of a true
  /// exchange, and trusted resolvers know it in the networks of the true ones. Then a provider has renamed
  /// it, or names it differently in another place. Fills its addresses in.
  [[nodiscard]] POSTROAD_DECL net::task<bool> knows_cousin(name stranger, const question& q,
                                                           truth& addresses);
  /// Whether an address belongs to whom the true ones belong: its name, looked up backwards and forwards at
  /// trusted resolvers, has the registrable domain of one of theirs.
  [[nodiscard]] POSTROAD_DECL net::task<bool> confirms(net::address stranger, const question& q);

  /// In the order of asking: what is decisive first.
  [[nodiscard]] const std::deque<question>& questions() const noexcept { return plan_; }
  /// Suffixes under which a random label names nothing: ".umich.edu", ".com".
  [[nodiscard]] const std::vector<name>& void_suffixes() const noexcept { return void_suffixes_; }
  /// Mail domains of the options that the trusted resolvers find no mail server for.
  [[nodiscard]] const std::vector<std::string>& unknown_names() const noexcept { return unknown_names_; }
  /// Whether a trusted resolver answered at all.
  [[nodiscard]] bool any_answer() const noexcept { return any_answer_; }
  [[nodiscard]] const options& settings() const noexcept { return use_; }
  [[nodiscard]] const std::vector<net::endpoint>& trusted() const noexcept { return trusted_; }

private:
  using clock = std::chrono::steady_clock;
  struct age {
    clock::time_point asked_at{};
    bool renewing = false;
    std::vector<std::coroutine_handle<>> waiting{};
    std::optional<std::vector<std::string>> owners{}; ///< registrable domains of the true addresses' names
  };
  struct turn {
    age& of;
    [[nodiscard]] bool await_ready() const noexcept { return !of.renewing; }
    void await_suspend(std::coroutine_handle<> h) { of.waiting.push_back(h); }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] age* age_of(const question& q);
  [[nodiscard]] bool is_near_truth(const truth& addresses, const std::string& provider) const;
  /// The registrable domain of an address's name, confirmed forwards; empty when there is none.
  [[nodiscard]] net::task<std::string> owner_of(net::address ip);
  [[nodiscard]] net::task<truth> ask(name n, type t);
  [[nodiscard]] net::task<std::vector<name>> ask_names(name n);
  static net::task<void> ask_one(client& c, net::endpoint at, name n, type t, answer_ptr& into,
                                 net::join& all);
  [[nodiscard]] net::task<void> plan_name(std::string text);
  [[nodiscard]] net::task<void> plan_addresses(name n, std::string provider, part of);
  [[nodiscard]] net::task<void> plan_control();
  [[nodiscard]] net::task<void> plan_nonexistent(std::string suffix);
  void put(question q);
  void order();

  client* client_;
  std::vector<net::endpoint> trusted_;
  options use_;
  std::deque<question> plan_;
  std::deque<age> ages_;
  std::vector<name> void_suffixes_;
  std::vector<std::string> unknown_names_;
  bool any_answer_ = false;
};

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

  [[nodiscard]] POSTROAD_DECL net::task<report> run(net::endpoint at, bool paced);
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
