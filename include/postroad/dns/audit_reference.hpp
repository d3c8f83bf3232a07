/// What trusted resolvers say about mail servers: the truth that an audit holds answers against. Study 5.2.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/ask.hpp>
#include <postroad/dns/audit.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/random.hpp>
#include <postroad/dns/reverse.hpp>
#include <postroad/net/task.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
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
  std::chrono::milliseconds fresh{
      60'000};            ///< truth that is older is asked for again before it is held against anybody
  std::uint64_t seed = 0; ///< of the names that nobody has; 0: from the kernel
};

/// What trusted resolvers say to all that resolvers are going to be asked: the plan, with its truth.
///
/// It ages: questions() may gain addresses and exchanges while an audit runs, never loses one.
class reference {
  using clock = std::chrono::steady_clock;
  struct ageing {
    clock::time_point asked_at = clock::now();
    bool renewing = false;
    std::vector<std::coroutine_handle<>> waiting{};
    std::optional<std::vector<std::string>> owners{}; ///< registrable domains of the true addresses' names
  };

public:
  /// A question, and how old its truth is.
  struct planned {
    question ask;
    ageing of_truth{};
  };
  /// `trusted` are asked through `asking`, each by itself; it must live while it is used.
  reference(client& asking, std::vector<net::endpoint> trusted, options use)
      : client_(&asking), trusted_(std::move(trusted)), use_(std::move(use)) {}
  reference(const reference&) = delete;
  reference& operator=(const reference&) = delete;
  /// From now on through another client.
  void ask_through(client& other) noexcept { client_ = &other; }

  /// Asks for all of it. Afterwards questions() may be empty: then nobody knows where those names have mail.
  [[nodiscard]] POSTROAD_DECL net::task<void> gather();

  /// Asks again for a question whose truth is no longer fresh; several who want that wait for one.
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
  [[nodiscard]] const std::deque<planned>& questions() const noexcept { return plan_; }
  /// The type of the questions for one address that will do: A, or AAAA where only those are wanted.
  [[nodiscard]] type address_type() const noexcept { return use_.ipv4 ? type::a : type::aaaa; }
  /// Suffixes under which a random label names nothing: ".umich.edu", ".com".
  [[nodiscard]] const std::vector<name>& void_suffixes() const noexcept { return void_suffixes_; }
  /// Mail domains of the options that the trusted resolvers find no mail server for.
  [[nodiscard]] const std::vector<std::string>& unknown_names() const noexcept { return unknown_names_; }
  /// Whether a trusted resolver answered at all.
  [[nodiscard]] bool any_answer() const noexcept { return any_answer_; }
  [[nodiscard]] const options& settings() const noexcept { return use_; }
  [[nodiscard]] const std::vector<net::endpoint>& trusted() const noexcept { return trusted_; }

private:
  struct turn {
    ageing& of;
    [[nodiscard]] bool await_ready() const noexcept { return !of.renewing; }
    void await_suspend(std::coroutine_handle<> h) { of.waiting.push_back(h); }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] planned* find(const question& q);
  [[nodiscard]] bool is_near_truth(const truth& addresses, const std::string& provider) const;
  /// The registrable domain of an address's name, confirmed forwards; empty when there is none.
  [[nodiscard]] net::task<std::string> owner_of(net::address ip);
  [[nodiscard]] net::task<std::string> find_owner(net::address ip);
  [[nodiscard]] net::task<void> find_owners(planned& p);
  [[nodiscard]] net::task<truth> ask(name n, type t);
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
  std::deque<planned> plan_;
  std::map<net::address, std::string> owners_; ///< as owner_of() found them
  std::vector<name> void_suffixes_;
  std::vector<std::string> unknown_names_;
  bool any_answer_ = false;
};

} // namespace postroad::dns::audit

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/dns/impl/audit_reference.ipp>
#endif
