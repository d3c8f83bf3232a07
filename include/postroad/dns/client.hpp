/// Asks resolvers by the hundred thousand, a batch of packets at a time.
#pragma once

#include <postroad/config.hpp>
#include <postroad/dns/answer.hpp>
#include <postroad/dns/cache.hpp>
#include <postroad/dns/resolv_conf.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace asio {
class io_context;
}

namespace postroad::dns {

/// How to ask.
struct client_settings {
  std::vector<net::endpoint> resolvers; ///< asked in turn; they must know the same names

  /// All the time one question may take, its retries included; waiting for our own turn does not count.
  /// A resolver needs up to 10 s before it says SERVFAIL: with less, its failures look like time-outs.
  std::chrono::milliseconds timeout{12'000};
  /// Packets sent after time-outs, beside the first. They double from 100 ms on a near server: the seventh
  /// fills the 12 s, and where a packet in ten is lost, one question in 10^7 stays without answer.
  unsigned retries = 6;

  std::size_t cache_bytes = std::size_t{64} << 20; ///< for answers; 0 remembers nothing
  unsigned window = 1024;                          ///< questions in flight to one server at the most
  double rate = 0;                ///< packets and TCP connections a second to all; 0: no limit
  bool use_0x20 = true;           ///< random letter case (draft-vixie-dnsext-dns0x20)
  bool use_tcp = true;            ///< after TC; else the outcome is `truncated`
  std::uint16_t edns_size = 1232; ///< DNS flag day 2020; 0: no EDNS at all
  bool ask_ad = true;             ///< AD in queries (RFC 6840 5.7)
  bool dnssec_ok = false;         ///< DO (RFC 3225)
  bool checking_disabled = false; ///< CD (RFC 4035 3.2.2)
  std::optional<net::address> source = std::nullopt; ///< to send from, for servers of its family
  /// How long a question listens on after its answer: a second, different reply to the same packet is
  /// evidence of injection, and joins answer::others while the answer is in use already.
  std::chrono::milliseconds grace{0};
  unsigned sockets = 16;  ///< per family, opened as they are needed; more ports are harder to guess
  std::uint64_t seed = 0; ///< 0: from the kernel; else one stream of ids and letter cases, for tests
};

/// What the client has seen. Replies that belong to no question are counted and otherwise ignored: the
/// question goes on waiting.
struct client_counters {
  std::uint64_t questions = 0;       ///< asked of servers, each once
  std::uint64_t queries = 0;         ///< packets, retransmissions included
  std::uint64_t retransmissions = 0; ///< after a time-out
  std::uint64_t datagrams_in = 0;
  std::uint64_t tcp = 0;           ///< exchanges over TCP
  std::uint64_t bad_sender = 0;    ///< right id and socket, other address or port
  std::uint64_t bad_id = 0;        ///< nobody waits under this id on this socket
  std::uint64_t bad_question = 0;  ///< right id, but no reply to what was asked, or not even a message
  std::uint64_t case_mismatch = 0; ///< the question came back in other letters
  std::uint64_t late = 0;          ///< after the question had its answer, duplicates included
  std::uint64_t timeouts = 0;      ///< packets that were waited for in vain
  std::uint64_t icmp = 0;          ///< errors from the way
  std::uint64_t send_errors = 0;
  std::uint64_t without_edns = 0; ///< asked again without EDNS
  std::uint64_t cache_hits = 0;
  std::uint64_t coalesced = 0; ///< waited for the same question of somebody else
  std::uint64_t bytes_out = 0, bytes_in = 0;
};

/// A stub client for one set of resolvers. Everything happens on the thread that runs `io`; when no question
/// is pending, nothing keeps `io` running.
///
/// Packets go out in batches of up to 128 (sendmmsg, UDP_SEGMENT), each batch from one of a few sockets
/// chosen at random; a reply belongs to a question when socket, sender, id, name in the letters sent, type
/// and class agree. Time-outs follow the measured round-trip time and go to the next server; a late reply to
/// an earlier packet still counts. SERVFAIL, REFUSED and broken replies are asked for once more at another
/// server, when there is one.
///
/// The client must outlive its questions: cancel_all() and a turn of `io` before it goes.
///
/// Example:
///   dns::client client(io, {.resolvers = dns::system_resolvers()});
///   const auto a = co_await client.ask(*dns::parse_name("example.org"), dns::type::mx);
class client {
public:
  using callback = std::function<void(answer_ptr)>;

  POSTROAD_DECL client(asio::io_context& io, client_settings settings);
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  POSTROAD_DECL ~client();

  class lookup;
  /// To be awaited at once: the answer from the cache, from an equal question under way, or from a server.
  /// Never null.
  [[nodiscard]] lookup ask(const name& n, type t);

  class party;
  static constexpr std::size_t most_parties = 60'000; ///< at a time

  /// Asks a server in any case. `done` is called once, from `io`, never from within this call.
  POSTROAD_DECL void ask_uncached(const name& n, type t, callback done);

  /// Everything under way comes to its end now, with outcome::aborted.
  POSTROAD_DECL void cancel_all();
  /// cancel_all, and whatever is asked later is aborted, too.
  POSTROAD_DECL void stop();

  [[nodiscard]] POSTROAD_DECL const client_counters& counts() const noexcept;
  [[nodiscard]] POSTROAD_DECL const client_settings& settings() const noexcept;
  [[nodiscard]] POSTROAD_DECL std::size_t pending() const noexcept;

private:
  struct engine;
  class lookup_table;
  std::shared_ptr<engine> engine_;
};

/// One who waits for an answer. It lives in the frame of the waiting coroutine and costs none of its own; the
/// first for a question leads, and those who join are a list behind it.
class client::lookup {
public:
  lookup(engine& asking, const name& n, type t) : engine_(asking), key_(n, t) {}
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;
  ~lookup() = default;

  [[nodiscard]] POSTROAD_DECL bool await_ready();
  POSTROAD_DECL void await_suspend(std::coroutine_handle<> h);
  [[nodiscard]] answer_ptr await_resume() noexcept { return std::move(got_); }

private:
  friend class lookup_table;
  void land(const answer_ptr& a);

  engine& engine_;
  question_key key_;
  answer_ptr got_;
  std::coroutine_handle<> waiting_;
  lookup *next_ = nullptr, *last_ = this; ///< who joined, the leader's last
  lookup* chain_ = nullptr;               ///< of the table's bucket
};

/// One server that is asked by itself, whatever the settings' resolvers are: no other server is tried, no
/// answer comes from the cache, and how many questions are out at a time is the caller's business.
///
/// Its address is known to the client for as long as the party or a question to it lives. Not more than
/// most_parties at a time.
///
/// Example:
///   dns::client::party one(client, {*net::parse_address("192.0.2.53"), 53});
///   const auto a = co_await one.ask(*dns::parse_name("example.org"), dns::type::mx);
class client::party {
public:
  POSTROAD_DECL party(client& c, const net::endpoint& at);
  party(const party&) = delete;
  party& operator=(const party&) = delete;
  POSTROAD_DECL ~party();

  class lookup;
  /// To be awaited at once. Never null.
  [[nodiscard]] lookup ask(const name& n, type t);

private:
  std::shared_ptr<engine> engine_;
  std::uint16_t server_;
};

class client::party::lookup {
public:
  lookup(party& of, const name& n, type t) : of_(of), asked_(n), type_(t) {}
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  POSTROAD_DECL void await_suspend(std::coroutine_handle<> h);
  [[nodiscard]] answer_ptr await_resume() noexcept { return std::move(got_); }

private:
  party& of_;
  const name& asked_;
  type type_;
  answer_ptr got_;
};

inline client::party::lookup client::party::ask(const name& n, type t) {
  return {*this, n, t};
}

inline client::lookup client::ask(const name& n, type t) {
  return {*engine_, n, t};
}

} // namespace postroad::dns

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/dns/impl/client.ipp>
#endif
