/// The works of the client: from a question to its answer. The sections have their bodies in engine_*.ipp.
#pragma once

#include <postroad/dns/cache.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/impl/datagrams.hpp>
#include <postroad/dns/impl/lookup_table.hpp>
#include <postroad/dns/impl/question.hpp>
#include <postroad/dns/inflight.hpp>
#include <postroad/dns/random.hpp>
#include <postroad/dns/wheel.hpp>
#include <postroad/net/pool.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace postroad::dns {

[[nodiscard]] inline std::shared_ptr<answer> new_answer() {
  return std::allocate_shared<answer>(net::pool_allocator<answer>{});
}

struct client::engine : std::enable_shared_from_this<client::engine> {
  using clock = detail::clock;
  using time = clock::time_point;
  using question = detail::question;
  using attempt = detail::attempt;
  using link_ptr = std::shared_ptr<detail::tcp_link>;

  engine(asio::io_context& context, client_settings s)
      : io(context), use(std::move(s)), random(use.seed),
        mail(std::max<std::size_t>(use.edns_size, 1232) + 1), tick_timer(context), write_timer(context),
        bucket(use.rate), cache(use.cache_bytes) {
    for (const auto& e : use.resolvers)
      servers.emplace_back(e, std::max(1u, use.window));
    resolvers = servers.size();
    rotor = servers.empty() ? 0 : random.below(servers.size());
  }

  // questions
  void ask(const name& n, type t, callback done, int only = question::any_server);
  void name_question(question& q, const name& n);
  [[nodiscard]] std::uint32_t take_slot();
  [[nodiscard]] bool is(std::uint32_t slot, std::uint32_t generation) const noexcept;
  void finish(std::uint32_t slot, outcome what, std::string detail = {});
  /// The end of a question: `a` is told the story of its making and handed out, the slot becomes free.
  void finish(std::uint32_t slot, std::shared_ptr<answer> a);
  void tell_story(question& q, answer& a) noexcept;
  /// Hands the answer out and goes on listening for another to the same packet.
  void hand_out_and_listen(std::uint32_t slot, std::shared_ptr<answer> a, time now);
  void vacate(std::uint32_t slot);
  void charge(question& q, time now) noexcept;
  void run(question& q, time now) noexcept;
  [[nodiscard]] detail::microseconds left(const question& q, time now) const noexcept;

  // attempts
  [[nodiscard]] static attempt& latest(question& q) noexcept { return q.with(q.sequence); }

  attempt& new_attempt(question& q, std::uint16_t server, time now);
  void release_room(attempt& at) noexcept;
  void close(attempt& at);
  /// Recently closed keys, so that a late or second reply is not taken for a forged id.
  void remember(std::uint32_t key) noexcept { recent[key % recent.size()] = key; }

  [[nodiscard]] bool has_open_attempt(const question& q) const noexcept;

  // servers that come and go
  [[nodiscard]] std::uint16_t take_server(const net::endpoint& at);
  void leave_server(std::uint16_t server);

  // which server
  [[nodiscard]] bool may_go_elsewhere(const question& q) const noexcept {
    return q.only == question::any_server && resolvers > 1;
  }
  [[nodiscard]] unsigned uses(const question& q, std::size_t server) const noexcept;
  /// The server that this question has troubled least, in turn; nothing when its window is full.
  [[nodiscard]] std::optional<std::uint16_t> pick_server(const question& q, time now);
  void heard(detail::server_state& s) noexcept;
  void not_heard(detail::server_state& s, time now) noexcept;

  // sending
  void request_flush();
  struct ticket {
    std::uint32_t slot, generation;
  };
  struct sending {
    std::uint32_t slot = 0;
    std::uint16_t server = 0;
    bool any = false; ///< else there is nothing to send now
  };

  /// Takes a question that may be sent now; queues keep their order but for those whose servers are full.
  [[nodiscard]] sending next_to_send(time now);
  void flush();
  void requeue_front(std::uint32_t slot);
  void write_query(std::uint32_t slot, std::uint16_t server, std::uint16_t port, time now);
  [[nodiscard]] static detail::microseconds backed_off(detail::microseconds base, unsigned timeouts) noexcept;
  [[nodiscard]] static const name& spelling(const question& q, const attempt& at) noexcept;
  [[nodiscard]] query query_of(const attempt& at) const noexcept;
  [[nodiscard]] std::uint32_t fresh_key(std::uint16_t port);
  void send_batch(std::uint16_t port);
  void send_failed(std::uint32_t slot, std::uint16_t server, int error);
  void wait_to_write(std::uint16_t port, int error);

  // sockets
  /// A random socket of the family; another is opened until there are enough. Nothing, and errno, when none
  /// opens.
  [[nodiscard]] std::optional<std::uint16_t> choose_port(bool v6);
  [[nodiscard]] std::optional<std::uint16_t> open_port(bool v6);
  void wait_to_read(std::uint16_t port);
  /// Nothing pending: no wait of ours may keep the context running.
  void rest_if_idle();

  // receiving
  void receive(std::uint16_t port);
  /// Has the memory of those whom the batch in the mail is for fetched, all at once.
  void call_up(std::uint16_t port, std::size_t n) const noexcept;
  void take_reply(std::uint16_t port, std::size_t i, time now);
  void judge_identity(std::uint32_t slot, attempt& at, const message& m, bool cut, time now);
  void accept(std::uint32_t slot, attempt& at, const message& m, bool cut, time now);
  /// What a reply teaches about its server: its time, and the losses it proves.
  void credit(question& q, attempt& at, time now);
  static void note_second_reply(question& q, std::shared_ptr<answer> got);
  /// A reply that is ours but for where it comes from.
  static void note_stranger(question& q, const attempt& at, const net::endpoint& sender,
                            std::span<const std::uint8_t> reply) noexcept;
  /// A reply from the right place whose question is ours but for a bit or two.
  static void note_damage(question& q, const attempt& at, std::span<const std::uint8_t> reply) noexcept;

  // judging replies
  void decide(std::uint32_t slot, std::uint16_t server, bool edns, std::shared_ptr<answer> got, time now);
  [[nodiscard]] static bool rejects_edns(const answer& a) noexcept;
  /// Improves on a poor answer, follows an open chain, or ends the question.
  void settle(std::uint32_t slot, std::uint16_t server, std::shared_ptr<answer> got, time now);
  /// Once more, at another server; false when there is none, or when that was done.
  bool fail_over(std::uint32_t slot, std::uint16_t server, std::shared_ptr<answer>& got);
  void follow(std::uint32_t slot, const answer& got);
  /// At the same server, without regard to its window: it just answered.
  void ask_again(std::uint32_t slot, std::uint16_t server);
  void queue_again(std::uint32_t slot);

  // silence
  void schedule(time when, detail::deadline d) { wheel.add(tick_of(when) + 1, d); }
  [[nodiscard]] std::uint64_t tick_of(time t) const noexcept;
  void arm_tick();
  void tick();
  void on_deadline(const detail::deadline& d);
  /// How long a packet that was just sent is waited for.
  [[nodiscard]] detail::microseconds patience(const question& q,
                                              const detail::server_state& s) const noexcept;
  /// Most losses are no sign of a full server: what is overdue leaves its room to others.
  void on_overdue(std::uint32_t slot, attempt& at);
  /// A packet's time is over: ask again, elsewhere if possible; an answer to it is still welcome.
  void on_silence(std::uint32_t slot, attempt& at);
  /// Every packet of the question is overdue: another one, or the rest of its time.
  void wait_on(std::uint32_t slot, time now);
  void give_up(std::uint32_t slot);
  /// The packet could not leave, or an ICMP message came back for it: at once to a server that is new to this
  /// question; without one, only a packet to another server that may still be answered keeps it waiting.
  void way_failed(std::uint32_t slot, std::uint16_t server, outcome what, std::string why);
  void read_way_errors(std::uint16_t port);

  // TCP
  void start_tcp(std::uint32_t slot, std::uint16_t server, time now);
  [[nodiscard]] link_ptr take_link(std::uint16_t server);
  void write_tcp_query(const question& q, const attempt& at, detail::tcp_link& link);
  [[nodiscard]] net::task<std::error_code> connect(const link_ptr& link);
  /// Sends the query in link->buffer and reads one message into it.
  static net::task<std::error_code> round_trip(link_ptr link);
  static net::task<std::error_code> read_message(link_ptr link);
  static net::task<void> exchange(std::shared_ptr<engine> self, link_ptr link, std::uint32_t slot,
                                  std::uint32_t generation);
  /// Whether the message in the link's buffer is the reply; then the question goes on with it.
  bool accept_tcp(std::uint32_t slot, const link_ptr& link, std::span<const std::uint8_t> query_bytes);
  /// TCP brought an answer, or `why` it did not: then the truncated one stands, marked.
  void tcp_done(std::uint32_t slot, std::shared_ptr<answer> got, std::string why);
  void drop_tcp(detail::tcp_link& link);
  /// A connection's place is free; whoever waits for one is next.
  void tcp_free();
  void rest_tcp();

  // the whole
  time refresh() noexcept { return turn = clock::now(); }

  void cancel_all();
  void shut();

  asio::io_context& io;
  client_settings use;
  client_counters counts;
  random_stream random;
  std::deque<detail::server_state> servers; ///< the settings' resolvers, then those of parties
  std::size_t resolvers = 0;                ///< how many are the settings'
  std::vector<std::uint16_t> free_servers;
  std::size_t rotor = 0;

  std::vector<std::unique_ptr<detail::udp_port>> ports;
  std::array<std::vector<std::uint16_t>, 2> family; ///< which ports speak IPv4, IPv6
  detail::outbox out;
  detail::inbox mail;

  std::deque<question> questions;
  /// How often each slot has changed hands: tells an old tenant's deadlines and tickets from the new one's
  /// without a look at the question, which has long left the CPU's caches.
  std::vector<std::uint32_t> tenants;
  std::vector<std::uint32_t> free_slots;
  std::size_t pending = 0;
  inflight_table table; ///< socket << 16 | id to slot << 8 | sequence
  std::array<std::uint32_t, 4096> recent{};
  std::deque<ticket> again, fresh;

  timing_wheel<detail::deadline> wheel;
  time born = clock::now();
  time turn = born; ///< when this turn of the loop began, near enough
  asio::steady_timer tick_timer, write_timer;
  detail::token_bucket bucket;
  bool ticking = false, flush_posted = false, blocked = false, closed = false, stopped = false;

  std::deque<link_ptr> resting;
  std::deque<ticket> waiting_for_tcp;
  std::deque<std::uint16_t> tcp_servers; ///< of those in waiting_for_tcp
  std::size_t busy_tcp = 0;

  answer_cache cache;
  lookup_table lookups; ///< equal questions under way
};

} // namespace postroad::dns
