#pragma once

#include <postroad/dns/cache.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/impl/datagrams.hpp>
#include <postroad/dns/inflight.hpp>
#include <postroad/dns/random.hpp>
#include <postroad/dns/rtt.hpp>
#include <postroad/dns/wheel.hpp>
#include <postroad/dns/window.hpp>
#include <postroad/net/connect.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <cerrno>
#include <deque>
#include <string>
#include <utility>

namespace postroad::dns {

namespace detail {

using clock = std::chrono::steady_clock;
using std::chrono::microseconds;

/// One packet, or one TCP exchange, on behalf of a question.
struct attempt {
  clock::time_point sent{};
  std::uint32_t key = inflight_table::none; ///< socket and id; none once it is closed, and for TCP
  std::uint16_t server = 0;
  std::uint8_t sequence = 0;
  bool edns : 1 = false;
  bool plain_case : 1 = false;
  bool holds_room : 1 = false; ///< counts in the server's window
  bool silent : 1 = false;     ///< its time-out has passed
  bool answered : 1 = false;   ///< yet open: within the grace period a second reply may come
};

/// A TCP connection that is busy with a question or rests in the pool.
struct tcp_link {
  explicit tcp_link(asio::io_context& io) : socket(io) {}
  asio::ip::tcp::socket socket;
  std::uint16_t server = 0;
  bool reused = false;
  clock::time_point resting_since{};
  std::vector<std::uint8_t> buffer;
};

/// How far a question has come; a new one starts from the defaults.
struct progress {
  static constexpr int any_server = -1;

  type rtype{};
  std::uint8_t sequence = 0; ///< of the latest attempt, from 1; after 255 comes 1
  std::uint8_t used = 0;     ///< of the question's attempts
  std::uint8_t timeouts = 0;
  bool alive = false, queued = false, no_edns = false, plain_case = false, case_mismatch = false,
       failed_over = false;
  bool awaits_tcp = false;
  bool authenticated = true; ///< so far along the chain
  int forced = any_server;   ///< the next packet goes to this server, window or not
  int avoided = any_server;
  unsigned tries = 0, replies = 0, hops = 0;
  std::uint32_t ttl = 0x7fffffff; ///< least so far along the chain
  microseconds left{0};           ///< of the time for the whole question
  clock::time_point running{};    ///< since when `left` runs; zero while the question waits in our queue
};

/// A question under way. The slot is used again; `generation` tells the old tenant's deadlines from the new
/// one's.
struct question : progress {
  static constexpr std::size_t max_attempts = 8; ///< open ones; older ones are given up

  std::uint32_t generation = 0;
  name asked;   ///< in lower case; moves along a CNAME chain that leaves the message
  name spelled; ///< the same in the letters that are sent (0x20)
  client::callback done;
  std::array<attempt, max_attempts> attempts{};
  std::shared_ptr<answer> fallback; ///< a reply that another server or TCP is to improve on
  std::shared_ptr<answer> held;     ///< the answer, within the grace period
  std::shared_ptr<tcp_link> tcp;

  /// Makes room for the next tenant.
  void leave() {
    ++generation;
    static_cast<progress&>(*this) = {};
    done = nullptr;
    fallback.reset();
    held.reset();
    tcp.reset();
  }
  /// Where the attempt of this sequence number is, or its successor, max_attempts later.
  [[nodiscard]] attempt& with(unsigned number) noexcept { return attempts[(number - 1) % max_attempts]; }
  [[nodiscard]] std::span<attempt> in_use() noexcept { return std::span(attempts).first(used); }
  [[nodiscard]] std::span<const attempt> in_use() const noexcept { return std::span(attempts).first(used); }
};

struct server_state {
  explicit server_state(const net::endpoint& e, unsigned cap)
      : where(e), to(to_socket_address(e)), open(cap) {}
  net::endpoint where;
  socket_address to;
  window open;
  rtt_estimator rtt;
  bool no_edns = false;     ///< it answered without EDNS what it rejected with it
  unsigned lower_cases = 0; ///< questions it answered only after 0x20 was given up
  unsigned silences = 0;    ///< time-outs since it was last heard
  clock::time_point shunned_until{};
};

/// After so many questions that came back right only in lower case, 0x20 is not tried on this server any
/// more.
inline constexpr unsigned lower_case_server = 4;
/// A server that left so many packets in a row unanswered is passed over for a second while others are there.
inline constexpr unsigned silent_server = 16;
inline constexpr std::chrono::milliseconds tick_length{10};
inline constexpr std::size_t max_tcp = 64;             ///< connections to all servers together
inline constexpr std::chrono::seconds tcp_rest{2};     ///< how long an idle connection is kept for reuse
inline constexpr unsigned max_stray_tcp_messages = 16; ///< then the server is talking nonsense
inline constexpr int socket_buffer = 4 << 20;          ///< as much as the kernel grants of it

/// One of our UDP sockets.
struct udp_port {
  explicit udp_port(asio::io_context& io) : socket(io) {}
  asio::ip::udp::socket socket;
  std::uint32_t keys = 0; ///< in the in-flight table
  bool waiting = false;   ///< an async_wait is out
};

enum class due : std::uint8_t { silence, budget, grace };

struct deadline {
  std::uint32_t slot, generation;
  due what;
  std::uint8_t sequence;
};

/// Packets a second, with a burst of what a tick brings.
class token_bucket {
public:
  explicit token_bucket(double rate) : rate_(rate), burst_(std::max(1.0, rate * .02)) {}
  [[nodiscard]] bool take(clock::time_point now) noexcept {
    if (rate_ <= 0)
      return true;
    if (last_ != clock::time_point{})
      tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - last_).count());
    last_ = now;
    if (tokens_ < 1)
      return false;
    tokens_ -= 1;
    return true;
  }

  /// Takes what may not be there yet; the next takers wait for it.
  void spend() noexcept { tokens_ -= 1; }

private:
  double rate_, burst_, tokens_ = 1;
  clock::time_point last_{};
};

[[nodiscard]] inline bool is_poor(outcome o) noexcept {
  return o == outcome::servfail || o == outcome::query_refused || o == outcome::malformed ||
         o == outcome::lame || o == outcome::notimp || o == outcome::formerr || o == outcome::tcp_failed;
}

[[nodiscard]] inline outcome outcome_of_errno(int code) noexcept {
  switch (code) {
  case ECONNREFUSED:
    return outcome::refused;
  case EHOSTUNREACH:
  case ENETUNREACH:
  case EHOSTDOWN:
  case ENETDOWN:
    return outcome::unreachable;
  default:
    return outcome::send_error;
  }
}

} // namespace detail

/// One who waits for a look-up. It lives in the frame of the waiting coroutine; the first for a question
/// leads, and those who join are a list behind it.
struct client::flight {
  flight(engine& asking, question_key&& about, const name& asked, type asked_type)
      : e(asking), key(std::move(about)), n(asked), t(asked_type) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  inline void await_suspend(std::coroutine_handle<> h);
  answer_ptr await_resume() noexcept { return std::move(got); }
  inline void land(const answer_ptr& a);

  engine& e;
  question_key key;
  const name& n;
  type t;
  answer_ptr got;
  std::coroutine_handle<> waiting;
  flight *next = nullptr, *last = this; ///< who joined, the leader's last
  flight* chain = nullptr;              ///< of the table's bucket
};

/// The leaders, by question: a chained hash table whose links are in the flights.
class client::flight_table {
public:
  [[nodiscard]] flight* find(const question_key& key) const noexcept {
    flight* f = buckets_[key.hash & (buckets_.size() - 1)];
    while (f != nullptr && !(f->key == key))
      f = f->chain;
    return f;
  }
  void insert(flight& f) {
    if (++size_ > buckets_.size())
      grow();
    flight*& bucket = buckets_[f.key.hash & (buckets_.size() - 1)];
    f.chain = std::exchange(bucket, &f);
  }
  void erase(flight& f) noexcept {
    flight** link = &buckets_[f.key.hash & (buckets_.size() - 1)];
    while (*link != &f)
      link = &(*link)->chain;
    *link = f.chain;
    --size_;
  }

private:
  void grow() {
    std::vector<flight*> old(2 * buckets_.size());
    old.swap(buckets_);
    for (flight* f : old)
      while (f != nullptr) {
        flight*& bucket = buckets_[f->key.hash & (buckets_.size() - 1)];
        flight* const rest = std::exchange(f->chain, bucket);
        bucket = std::exchange(f, rest);
      }
  }
  std::vector<flight*> buckets_ = std::vector<flight*>(256);
  std::size_t size_ = 0;
};

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
    rotor = servers.empty() ? 0 : random.below(servers.size());
  }

  // --- questions -------------------------------------------------------------------------------------------

  void ask(const name& n, type t, callback done) {
    const auto slot = take_slot();
    question& q = questions[slot];
    name_question(q, n);
    q.rtype = t;
    q.done = std::move(done);
    q.left = use.timeout;
    ++counts.questions;
    if (stopped || servers.empty()) {
      const auto self = shared_from_this();
      asio::post(io, [self, slot, g = q.generation] {
        if (self->is(slot, g))
          self->finish(slot, self->stopped ? outcome::aborted : outcome::send_error,
                       self->stopped ? "" : "no resolver");
      });
      return;
    }
    q.queued = true;
    fresh.push_back({slot, q.generation});
    request_flush();
  }

  void name_question(question& q, const name& n) {
    q.asked = n.lowered();
    const std::uint64_t bits = random.word(); // 32 on top of id and port are plenty
    q.spelled = use.use_0x20 ? n.spelled(bits << 32 | bits) : q.asked;
  }

  [[nodiscard]] std::uint32_t take_slot() {
    ++pending;
    std::uint32_t slot;
    if (free_slots.empty()) {
      slot = static_cast<std::uint32_t>(questions.size());
      questions.emplace_back();
    } else {
      slot = free_slots.back();
      free_slots.pop_back();
    }
    questions[slot].alive = true;
    return slot;
  }

  [[nodiscard]] bool is(std::uint32_t slot, std::uint32_t generation) const noexcept {
    return questions[slot].alive && questions[slot].generation == generation;
  }

  void finish(std::uint32_t slot, outcome what, std::string detail = {}) {
    question& q = questions[slot];
    auto a = std::make_shared<answer>();
    a->what = what;
    a->detail = std::move(detail);
    a->canonical = q.asked;
    a->cname_hops = q.hops;
    if (q.sequence != 0)
      a->server = servers[latest(q).server].where;
    finish(slot, std::move(a));
  }

  /// The end of a question: `a` is told the story of its making and handed out, the slot becomes free.
  void finish(std::uint32_t slot, std::shared_ptr<answer> a) {
    question& q = questions[slot];
    charge(q, turn);
    a->tries = q.tries;
    a->replies = q.replies;
    a->case_mismatch = q.case_mismatch;
    a->authenticated = a->authenticated && q.authenticated;
    a->ttl = std::min(a->ttl, q.ttl);
    a->elapsed = use.timeout - q.left;
    for (auto& at : q.in_use())
      close(at);
    if (q.tcp)
      drop_tcp(*q.tcp);
    auto done = std::move(q.done);
    q.leave();
    free_slots.push_back(slot);
    --pending;
    done(std::move(a));
  }

  void charge(question& q, time now) noexcept {
    if (q.running != time{})
      q.left -= std::chrono::duration_cast<detail::microseconds>(now - q.running);
    q.running = time{};
  }
  void run(question& q, time now) noexcept {
    if (q.running == time{})
      q.running = now;
  }
  [[nodiscard]] detail::microseconds left(const question& q, time now) const noexcept {
    return q.running == time{} ? q.left
                               : q.left - std::chrono::duration_cast<detail::microseconds>(now - q.running);
  }

  // --- attempts --------------------------------------------------------------------------------------------

  [[nodiscard]] static attempt& latest(question& q) noexcept { return q.with(q.sequence); }

  attempt& new_attempt(question& q, std::uint16_t server, time now) {
    ++q.sequence;
    if (q.sequence == 0) // 0 means none yet
      ++q.sequence;
    q.used = static_cast<std::uint8_t>(
        std::max<std::size_t>(q.used, (q.sequence - 1u) % question::max_attempts + 1));
    attempt& at = latest(q);
    close(at);
    at = {};
    at.server = server;
    at.sequence = q.sequence;
    at.sent = now;
    at.holds_room = true;
    servers[server].open.on_sent();
    ++q.tries;
    run(q, now);
    return at;
  }

  void release_room(attempt& at) noexcept {
    if (at.holds_room) {
      at.holds_room = false;
      servers[at.server].open.on_gone();
      request_flush();
    }
  }
  void close(attempt& at) {
    release_room(at);
    if (at.key == inflight_table::none)
      return;
    remember(at.key);
    table.erase(at.key);
    --ports[at.key >> 16]->keys;
    at.key = inflight_table::none;
  }

  /// Recently closed keys, so that a late or second reply is not taken for a forged id.
  void remember(std::uint32_t key) noexcept { recent[key % recent.size()] = key; }

  [[nodiscard]] bool has_open_attempt(const question& q) const noexcept {
    for (const auto& at : q.in_use())
      if (at.key != inflight_table::none && !at.silent && !at.answered)
        return true;
    return q.tcp || q.awaits_tcp;
  }

  // --- which server ----------------------------------------------------------------------------------------

  [[nodiscard]] unsigned uses(const question& q, std::size_t server) const noexcept {
    unsigned n = 0;
    for (const auto& at : q.in_use())
      n += at.sequence != 0 && at.server == server ? 1 : 0;
    return n + (q.avoided == static_cast<int>(server) ? 100 : 0); // more than there are attempts
  }

  /// The server that this question has troubled least, in turn; nothing when its window is full.
  [[nodiscard]] std::optional<std::uint16_t> pick_server(const question& q, time now) {
    if (q.forced != question::any_server)
      return static_cast<std::uint16_t>(q.forced);
    const std::size_t n = servers.size();
    if (n == 1)
      return servers[0].open.has_room() ? std::optional<std::uint16_t>(0) : std::nullopt;
    bool all_shunned = true;
    for (const auto& s : servers)
      all_shunned = all_shunned && s.shunned_until > now;
    unsigned fewest = ~0u;
    std::optional<std::uint16_t> best;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t at = (rotor + i) % n;
      const unsigned used = uses(q, at);
      if ((servers[at].shunned_until > now && !all_shunned) || used > fewest)
        continue;
      if (used < fewest)
        fewest = used, best.reset();
      if (!best && servers[at].open.has_room())
        best = static_cast<std::uint16_t>(at);
    }
    if (best)
      rotor = (*best + 1u) % n;
    return best;
  }

  void heard(detail::server_state& s) noexcept {
    s.silences = 0;
    s.shunned_until = {};
  }
  void not_heard(detail::server_state& s, time now) noexcept {
    s.open.on_silence(now);
    if (++s.silences >= detail::silent_server)
      s.shunned_until = now + std::chrono::seconds(1);
  }

  // --- sending ---------------------------------------------------------------------------------------------

  void request_flush() {
    if (flush_posted || blocked)
      return;
    flush_posted = true;
    asio::post(io, [self = shared_from_this()] {
      self->flush_posted = false;
      self->flush();
    });
  }

  struct ticket {
    std::uint32_t slot, generation;
  };
  struct sending {
    std::uint32_t slot = 0;
    std::uint16_t server = 0;
    bool any = false; ///< else there is nothing to send now
  };

  /// Takes a question that may be sent now; queues keep their order but for those whose servers are full.
  [[nodiscard]] sending next_to_send(time now) {
    for (auto* queue : {&again, &fresh})
      while (!queue->empty()) {
        const auto [slot, generation] = queue->front();
        if (!is(slot, generation) || !questions[slot].queued) {
          queue->pop_front();
          continue;
        }
        const auto server = pick_server(questions[slot], now);
        if (!server)
          break;
        if (!bucket.take(now))
          return {};
        queue->pop_front();
        questions[slot].queued = false;
        return {slot, *server, true};
      }
    return {};
  }

  void flush() {
    if (blocked || closed)
      return;
    const auto now = refresh();
    auto next = next_to_send(now);
    while (next.any) {
      const bool v6 = servers[next.server].where.ip.v6;
      const auto port = choose_port(v6);
      if (!port) {
        send_failed(next.slot, next.server, errno);
        next = next_to_send(now);
        continue;
      }
      out.clear();
      do {
        write_query(next.slot, next.server, *port, now);
        next = next_to_send(now);
      } while (next.any && !out.full() && servers[next.server].where.ip.v6 == v6);
      send_batch(*port);
      if (blocked) {
        if (next.any)
          requeue_front(next.slot);
        return;
      }
    }
    if (pending != 0)
      arm_tick();
  }

  void requeue_front(std::uint32_t slot) {
    questions[slot].queued = true;
    again.push_front({slot, questions[slot].generation});
  }

  void write_query(std::uint32_t slot, std::uint16_t server, std::uint16_t port, time now) {
    question& q = questions[slot];
    detail::server_state& s = servers[server];
    q.forced = question::any_server;
    attempt& at = new_attempt(q, server, now);
    at.edns = use.edns_size != 0 && !q.no_edns && !s.no_edns;
    at.plain_case = !use.use_0x20 || q.plain_case || s.lower_cases >= detail::lower_case_server;
    at.key = fresh_key(port);
    table.insert(at.key, slot << 8 | at.sequence);
    ++ports[port]->keys;
    const query ask = query_of(at);
    static_assert(detail::outbox::longest >= max_query_size);
    const auto size = encode_query(out.buffer().first<max_query_size>(), spelling(q, at), q.rtype, ask);
    out.commit(size, s.to, at.key);
    ++counts.queries;
    counts.bytes_out += size;
    const auto wait = std::min(backed_off(s.rtt.timeout(), q.timeouts), q.left);
    schedule(now + wait, {slot, q.generation, detail::due::silence, at.sequence});
  }

  [[nodiscard]] static detail::microseconds backed_off(detail::microseconds base,
                                                       unsigned timeouts) noexcept {
    return base * (1u << std::min(timeouts, 6u));
  }

  [[nodiscard]] static const name& spelling(const question& q, const attempt& at) noexcept {
    return at.plain_case ? q.asked : q.spelled;
  }

  [[nodiscard]] query query_of(const attempt& at) const noexcept {
    query ask;
    ask.id = static_cast<std::uint16_t>(at.key);
    ask.edns_size = at.edns ? use.edns_size : std::uint16_t{0};
    ask.authentic_data = use.ask_ad;
    ask.checking_disabled = use.checking_disabled;
    ask.dnssec_ok = use.dnssec_ok;
    return ask;
  }

  [[nodiscard]] std::uint32_t fresh_key(std::uint16_t port) {
    for (;;) {
      const std::uint32_t key = std::uint32_t{port} << 16 | (random.word() & 0xffff);
      if (table.find(key) == inflight_table::none)
        return key;
    }
  }

  void send_batch(std::uint16_t port) {
    auto& p = *ports[port];
    for (unsigned refusals = 0; !out.empty();) {
      const int error = out.send(p.socket.native_handle());
      if (error == 0)
        break;
      if (error == EAGAIN || error == ENOBUFS || error == EINTR) {
        wait_to_write(port, error);
        break;
      }
      if (error == ECONNREFUSED &&
          ++refusals < 64) // an ICMP for an earlier packet: reported, and thus cleared
        continue;
      const auto found = table.find(out.front());
      out.drop_front();
      ++counts.send_errors;
      if (found == inflight_table::none) // given up while it waited
        continue;
      const std::uint32_t slot = found >> 8;
      attempt& at = questions[slot].with(found & 0xff);
      const auto server = at.server;
      close(at);
      send_failed(slot, server, error);
    }
    wait_to_read(port);
  }

  void send_failed(std::uint32_t slot, std::uint16_t server, int error) {
    way_failed(slot, server, detail::outcome_of_errno(error), std::strerror(error));
  }

  void wait_to_write(std::uint16_t port, int error) {
    blocked = true;
    const auto resume = [self = shared_from_this(), port](const std::error_code&) {
      self->blocked = false;
      if (self->closed)
        return;
      self->send_batch(port);
      self->request_flush();
    };
    if (error == ENOBUFS) { // the device's queue is full and nobody tells when it is not
      write_timer.expires_after(std::chrono::milliseconds(1));
      write_timer.async_wait(resume);
    } else {
      ports[port]->socket.async_wait(asio::ip::udp::socket::wait_write, resume);
    }
  }

  // --- sockets ---------------------------------------------------------------------------------------------

  /// A random socket of the family; another is opened until there are enough. Nothing, and errno, when none
  /// opens.
  [[nodiscard]] std::optional<std::uint16_t> choose_port(bool v6) {
    auto& mine = family[v6 ? 1 : 0];
    if (mine.size() < std::max(1u, use.sockets)) {
      if (const auto fresh_port = open_port(v6)) {
        mine.push_back(*fresh_port);
        return fresh_port;
      }
      if (mine.empty())
        return std::nullopt;
    }
    return mine[random.below(mine.size())];
  }

  [[nodiscard]] std::optional<std::uint16_t> open_port(bool v6) {
    auto port = std::make_unique<detail::udp_port>(io);
    std::error_code ec;
    const auto protocol = v6 ? asio::ip::udp::v6() : asio::ip::udp::v4();
    port->socket.open(protocol, ec);
    if (ec)
      return errno = ec.value(), std::nullopt;
    const int fd = port->socket.native_handle();
    for (const int option : {SO_RCVBUF, SO_SNDBUF}) // as much as there is; less works, too
      setsockopt(fd, SOL_SOCKET, option, &detail::socket_buffer, sizeof detail::socket_buffer);
    detail::ask_for_way_errors(fd, v6);
    net::endpoint local;
    local.ip.v6 = v6;
    if (use.source && use.source->v6 == v6)
      local.ip = *use.source;
    const auto address = detail::to_socket_address(local);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.raw), address.size) != 0)
      return std::nullopt;
    port->socket.non_blocking(true, ec);
    ports.push_back(std::move(port));
    return static_cast<std::uint16_t>(ports.size() - 1);
  }

  void wait_to_read(std::uint16_t port) {
    auto& p = *ports[port];
    if (p.waiting || p.keys == 0 || closed)
      return;
    p.waiting = true;
    p.socket.async_wait(asio::ip::udp::socket::wait_read,
                        [self = shared_from_this(), port](const std::error_code&) {
                          self->ports[port]->waiting = false;
                          if (self->closed)
                            return;
                          self->receive(port);
                          self->wait_to_read(port);
                          self->rest_if_idle();
                        });
  }

  /// Nothing pending: no wait of ours may keep the context running.
  void rest_if_idle() {
    if (pending != 0)
      return;
    for (auto& p : ports)
      if (p->waiting)
        p->socket.cancel();
    if (ticking)
      tick_timer.cancel();
  }

  // --- receiving -------------------------------------------------------------------------------------------

  void receive(std::uint16_t port) {
    const int fd = ports[port]->socket.native_handle();
    constexpr int max_batches = 64; // then the other sockets have their turn
    for (int batch = 0; batch < max_batches; ++batch) {
      const int n = mail.receive(fd);
      if (n <= 0) {
        if (batch == 0)
          read_way_errors(port);
        return;
      }
      const auto now = refresh();
      for (int i = 0; i < n && !closed; ++i)
        take_reply(port, static_cast<std::size_t>(i), now);
      if (n < static_cast<int>(detail::inbox::capacity) || closed)
        return;
    }
  }

  void take_reply(std::uint16_t port, std::size_t i, time now) {
    const auto bytes = mail.bytes(i);
    ++counts.datagrams_in;
    counts.bytes_in += bytes.size();
    if (bytes.size() < 2)
      return void(++counts.bad_id);
    const std::uint32_t key = std::uint32_t{port} << 16 | detail::get16(bytes.data());
    const auto found = table.find(key);
    if (found == inflight_table::none)
      return void(++(recent[key % recent.size()] == key ? counts.late : counts.bad_id));
    const std::uint32_t slot = found >> 8;
    attempt& at = questions[slot].with(found & 0xff);
    if (mail.sender(i) != servers[at.server].where)
      return void(++counts.bad_sender);
    const auto m = parse_message(bytes);
    if (!m || !m->is_response() || m->opcode() != 0)
      return void(++counts.bad_question);
    judge_identity(slot, at, *m, mail.cut(i), now);
  }

  void judge_identity(std::uint32_t slot, attempt& at, const message& m, bool cut, time now) {
    question& q = questions[slot];
    const auto code = m.header_rcode();
    const bool bare = m.questions() == 0 && (code == 1 || code == 4); // FORMERR, NOTIMP: some leave it out
    const auto match = match_question(m, spelling(q, at), q.rtype);
    if (!bare && match == question_match::no)
      return void(++counts.bad_question);
    if (!bare && match == question_match::other_case && !at.plain_case) {
      ++counts.case_mismatch;
      q.case_mismatch = true;
      if (!std::exchange(q.plain_case, true))
        ask_again(slot, at.server); // once; the first packet goes on waiting for a reply in the right letters
      return;
    }
    accept(slot, at, m, cut, now);
  }

  void accept(std::uint32_t slot, attempt& at, const message& m, bool cut, time now) {
    question& q = questions[slot];
    detail::server_state& s = servers[at.server];
    ++q.replies;
    heard(s);
    auto got = std::make_shared<answer>();
    got->canonical = q.asked;
    got->cname_hops = q.hops;
    got->server = s.where;
    read_answer(m, q.rtype, *got);
    got->truncated = got->truncated || cut;
    if (q.held)
      return note_second_reply(q, std::move(got));
    if (at.answered)
      return;
    at.answered = true;
    credit(q, at, now);
    const bool edns = at.edns;
    if (at.plain_case && q.case_mismatch)
      ++s.lower_cases;
    const auto server = at.server;
    if (use.grace.count() == 0)
      close(at);
    else
      release_room(at); // the key stays, for a second reply
    decide(slot, server, edns, std::move(got), now);
  }

  /// What a reply teaches about its server: its time, and the losses it proves.
  void credit(question& q, attempt& at, time now) {
    const auto rtt = std::chrono::duration_cast<detail::microseconds>(now - at.sent);
    servers[at.server].rtt.sample(rtt);
    servers[at.server].open.on_answer(now);
    for (auto& other : q.in_use())
      if (other.silent && other.key != inflight_table::none && other.sent < at.sent)
        servers[other.server].open.on_loss(now);
  }

  void note_second_reply(question& q, std::shared_ptr<answer> got) {
    bool known = got->says_the_same(*q.held);
    for (const auto& other : q.held->others)
      known = known || got->says_the_same(other);
    constexpr std::size_t max_others = 8; // evidence enough, and a flood costs no memory
    if (!known && q.held->others.size() < max_others)
      q.held->others.push_back(std::move(*got));
  }

  // --- judging replies -------------------------------------------------------------------------------------

  void decide(std::uint32_t slot, std::uint16_t server, bool edns, std::shared_ptr<answer> got, time now) {
    question& q = questions[slot];
    if (edns && rejects_edns(*got) && !q.no_edns) {
      q.no_edns = true;
      ++counts.without_edns;
      return ask_again(slot, server);
    }
    if (q.no_edns && !edns && !rejects_edns(*got))
      servers[server].no_edns = true;
    if ((q.tcp || q.awaits_tcp) && (got->truncated || detail::is_poor(got->what)))
      return; // TCP will bring something better
    if (got->truncated && use.use_tcp) {
      q.fallback = std::move(got);
      return start_tcp(slot, server, now);
    }
    if (got->truncated)
      got->what = outcome::truncated;
    settle(slot, server, std::move(got), now);
  }

  [[nodiscard]] static bool rejects_edns(const answer& a) noexcept {
    return a.code == rcode::formerr || a.code == rcode::notimp || a.code == rcode::badvers;
  }

  /// Improves on a poor answer, follows an open chain, or ends the question.
  void settle(std::uint32_t slot, std::uint16_t server, std::shared_ptr<answer> got, time now) {
    if (detail::is_poor(got->what) && fail_over(slot, server, got))
      return;
    if (got->open_chain && got->cname_hops < max_cname_hops)
      return follow(slot, *got);
    if (got->open_chain) {
      got->what = outcome::malformed;
      got->detail = "CNAME chain longer than 16 or a loop";
    }
    if (use.grace.count() == 0)
      return finish(slot, std::move(got));
    question& q = questions[slot];
    q.held = std::move(got);
    charge(q, now);
    q.queued = false;
    schedule(now + use.grace, {slot, q.generation, detail::due::grace, 0});
  }

  /// Once more, at another server; false when there is none, or when that was done.
  bool fail_over(std::uint32_t slot, std::uint16_t server, std::shared_ptr<answer>& got) {
    question& q = questions[slot];
    if (has_open_attempt(q)) { // another server has been asked already
      q.fallback = std::move(got);
      return true;
    }
    if (q.failed_over || servers.size() < 2)
      return false;
    q.failed_over = true;
    q.avoided = server;
    q.fallback = std::move(got);
    queue_again(slot);
    return true;
  }

  void follow(std::uint32_t slot, const answer& got) {
    question& q = questions[slot];
    for (auto& at : q.in_use()) {
      close(at);
      at.sequence = 0;
    }
    name_question(q, got.canonical);
    q.hops = got.cname_hops;
    q.ttl = std::min(q.ttl, got.ttl);
    q.authenticated = q.authenticated && got.authenticated;
    q.timeouts = 0;
    q.failed_over = false;
    q.avoided = question::any_server;
    q.fallback.reset();
    queue_again(slot);
  }

  /// At the same server, without regard to its window: it just answered.
  void ask_again(std::uint32_t slot, std::uint16_t server) {
    questions[slot].forced = server;
    queue_again(slot);
  }

  void queue_again(std::uint32_t slot) {
    question& q = questions[slot];
    charge(q, refresh());
    if (std::exchange(q.queued, true))
      return;
    again.push_back({slot, q.generation});
    request_flush();
  }

  // --- silence ---------------------------------------------------------------------------------------------

  void schedule(time when, detail::deadline d) { wheel.add(tick_of(when) + 1, d); }
  [[nodiscard]] std::uint64_t tick_of(time t) const noexcept {
    return static_cast<std::uint64_t>((t - born) / detail::tick_length);
  }

  void arm_tick() {
    if (std::exchange(ticking, true))
      return;
    tick_timer.expires_after(detail::tick_length);
    tick_timer.async_wait([self = shared_from_this()](const std::error_code&) {
      self->ticking = false;
      if (!self->closed)
        self->tick();
    });
  }

  void tick() {
    // Whoever was stopped for a while finds his replies in the socket: read them before crying time-out.
    for (std::size_t i = 0; i < ports.size(); ++i)
      if (ports[i]->keys != 0)
        receive(static_cast<std::uint16_t>(i));
    wheel.advance(tick_of(refresh()), [this](const detail::deadline& d) {
      if (!closed && is(d.slot, d.generation))
        on_deadline(d);
    });
    rest_tcp();
    if (!again.empty() || !fresh.empty())
      request_flush();
    if (pending != 0)
      arm_tick();
    else
      rest_if_idle();
  }

  void on_deadline(const detail::deadline& d) {
    question& q = questions[d.slot];
    if (d.what == detail::due::grace)
      return finish(d.slot, std::move(q.held));
    if (q.held)
      return;
    if (d.what == detail::due::budget) {
      if (d.sequence == q.sequence && !q.queued)
        give_up(d.slot);
      return;
    }
    attempt& at = q.with(d.sequence);
    if (at.sequence == d.sequence && at.key != inflight_table::none && !at.silent && !at.answered)
      on_silence(d.slot, at);
  }

  /// A packet's time is over: ask again, elsewhere if possible; an answer to it is still welcome.
  void on_silence(std::uint32_t slot, attempt& at) {
    question& q = questions[slot];
    const auto now = refresh();
    at.silent = true;
    release_room(at);
    ++counts.timeouts;
    not_heard(servers[at.server], now);
    if (q.queued || has_open_attempt(q))
      return;
    if (q.fallback)
      return finish(slot, std::move(q.fallback));
    wait_on(slot, now);
  }

  /// Every packet of the question is overdue: another one, or the rest of its time.
  void wait_on(std::uint32_t slot, time now) {
    question& q = questions[slot];
    if (left(q, now).count() <= 0)
      return give_up(slot);
    if (q.timeouts >= use.retries)
      return schedule(now + left(q, now), {slot, q.generation, detail::due::budget, q.sequence});
    ++q.timeouts;
    ++counts.retransmissions;
    queue_again(slot);
  }

  void give_up(std::uint32_t slot) {
    question& q = questions[slot];
    if (q.tcp)
      return tcp_done(slot, nullptr, "no answer over TCP in time");
    if (q.fallback)
      return finish(slot, std::move(q.fallback));
    finish(slot, outcome::timeout);
  }

  /// The packet could not leave, or an ICMP message came back for it: at once to a server that is new to this
  /// question; without one, only a packet to another server that may still be answered keeps it waiting.
  void way_failed(std::uint32_t slot, std::uint16_t server, outcome what, std::string why) {
    question& q = questions[slot];
    q.avoided = server;
    if (has_open_attempt(q) || q.queued)
      return;
    if (q.fallback)
      return finish(slot, std::move(q.fallback));
    bool somebody_may_answer = false;
    for (const auto& at : q.in_use())
      somebody_may_answer = somebody_may_answer || at.key != inflight_table::none;
    bool somebody_is_new = false;
    for (std::size_t s = 0; s < servers.size(); ++s)
      somebody_is_new = somebody_is_new || (s != server && uses(q, s) == 0);
    if (somebody_is_new)
      return queue_again(slot);
    if (!somebody_may_answer)
      return finish(slot, what, std::move(why));
    wait_on(slot, refresh());
  }

  void read_way_errors(std::uint16_t port) {
    while (const auto e = detail::next_way_error(ports[port]->socket.native_handle())) {
      ++counts.icmp;
      if (e->size < 2)
        continue;
      const auto found = table.find(std::uint32_t{port} << 16 | detail::get16(e->sent.data()));
      if (found == inflight_table::none)
        continue;
      const std::uint32_t slot = found >> 8;
      attempt& at = questions[slot].with(found & 0xff);
      const auto server = at.server;
      if (e->to != servers[server].where || questions[slot].held)
        continue;
      close(at);
      way_failed(slot, server, detail::outcome_of_errno(e->code), std::strerror(e->code));
    }
  }

  // --- TCP -------------------------------------------------------------------------------------------------

  void start_tcp(std::uint32_t slot, std::uint16_t server, time now) {
    question& q = questions[slot];
    q.queued = false;
    q.awaits_tcp = busy_tcp >= detail::max_tcp;
    if (q.awaits_tcp) {
      charge(q, now);
      waiting_for_tcp.push_back({slot, q.generation});
      tcp_servers.push_back(server);
      return;
    }
    ++busy_tcp;
    ++counts.tcp;
    bucket.spend();
    auto link = take_link(server);
    q.tcp = link;
    attempt& at = new_attempt(q, server, now);
    release_room(at);
    at.edns = use.edns_size != 0 && !q.no_edns && !servers[server].no_edns;
    at.plain_case = !use.use_0x20 || q.plain_case || servers[server].lower_cases >= detail::lower_case_server;
    schedule(now + left(q, now), {slot, q.generation, detail::due::budget, at.sequence});
    write_tcp_query(q, at, *link);
    net::spawn(exchange(shared_from_this(), std::move(link), slot, q.generation));
  }

  [[nodiscard]] link_ptr take_link(std::uint16_t server) {
    for (auto i = resting.begin(); i != resting.end(); ++i)
      if ((*i)->server == server) {
        auto link = std::move(*i);
        resting.erase(i);
        link->reused = true;
        return link;
      }
    auto link = std::make_shared<detail::tcp_link>(io);
    link->server = server;
    return link;
  }

  void write_tcp_query(const question& q, const attempt& at, detail::tcp_link& link) {
    query ask = query_of(at);
    ask.id = static_cast<std::uint16_t>(random.word());
    link.buffer.resize(2 + max_query_size);
    const auto size =
        encode_query(std::span(link.buffer).subspan<2, max_query_size>(), spelling(q, at), q.rtype, ask);
    detail::put16(link.buffer.data(), static_cast<unsigned>(size)); // RFC 1035 4.2.2
    link.buffer.resize(2 + size);
  }

  [[nodiscard]] net::task<std::error_code> connect(const link_ptr& link) {
    const auto& where = servers[link->server].where;
    const bool bound = use.source && use.source->v6 == where.ip.v6;
    return net::connect(link->socket, where, bound ? use.source : std::nullopt);
  }

  /// Sends the query in link->buffer and reads one message into it.
  static net::task<std::error_code> round_trip(link_ptr link) {
    const auto [write_error, written] =
        co_await asio::async_write(link->socket, asio::buffer(link->buffer), net::use_task);
    if (write_error)
      co_return write_error;
    co_return co_await read_message(link);
  }

  static net::task<std::error_code> read_message(link_ptr link) {
    std::array<std::uint8_t, 2> prefix{};
    const auto [prefix_error, n] =
        co_await asio::async_read(link->socket, asio::buffer(prefix), net::use_task);
    if (prefix_error)
      co_return prefix_error;
    link->buffer.resize(detail::get16(prefix.data()));
    const auto [body_error, m] =
        co_await asio::async_read(link->socket, asio::buffer(link->buffer), net::use_task);
    co_return body_error;
  }

  static net::task<void> exchange(std::shared_ptr<engine> self, link_ptr link, std::uint32_t slot,
                                  std::uint32_t generation) {
    const auto query_bytes = link->buffer;
    std::error_code ec;
    if (!link->reused)
      ec = co_await self->connect(link);
    if (!ec)
      ec = co_await round_trip(link);
    if (ec && link->reused && self->is(slot, generation)) { // closed by the server while it rested
      std::error_code ignored;
      link->socket.close(ignored);
      link->buffer = query_bytes;
      ec = co_await self->connect(link);
      if (!ec)
        ec = co_await round_trip(link);
    }
    for (unsigned stray = 0; !ec && self->is(slot, generation); ++stray) {
      if (self->accept_tcp(slot, link, query_bytes))
        co_return self->tcp_free();
      if (stray == detail::max_stray_tcp_messages)
        ec = std::make_error_code(std::errc::protocol_error);
      else
        ec = co_await read_message(link);
    }
    if (self->is(slot, generation) && !self->closed)
      self->tcp_done(slot, nullptr, ec == asio::error::eof ? "closed before the answer" : ec.message());
    self->tcp_free();
  }

  /// Whether the message in the link's buffer is the reply; then the question goes on with it.
  bool accept_tcp(std::uint32_t slot, const link_ptr& link, std::span<const std::uint8_t> query_bytes) {
    question& q = questions[slot];
    attempt& at = latest(q);
    counts.bytes_in += link->buffer.size();
    const auto m = parse_message(link->buffer);
    if (!m || !m->is_response() || m->opcode() != 0)
      return ++counts.bad_question, false;
    if (m->id() != detail::get16(query_bytes.data() + 2))
      return ++counts.bad_id, false;
    const auto code = m->header_rcode();
    const bool bare = m->questions() == 0 && (code == 1 || code == 4);
    const auto match = match_question(*m, spelling(q, at), q.rtype);
    if (!bare && match == question_match::no)
      return ++counts.bad_question, false;
    if (!bare && match == question_match::other_case) { // nobody injects into TCP by guessing: take it
      ++counts.case_mismatch;
      q.case_mismatch = true;
    }
    ++q.replies;
    auto got = std::make_shared<answer>();
    got->canonical = q.asked;
    got->cname_hops = q.hops;
    got->server = servers[at.server].where;
    read_answer(*m, q.rtype, *got);
    heard(servers[at.server]);
    q.tcp.reset();
    link->resting_since = refresh();
    link->reused = false;
    resting.push_back(link);
    tcp_done(slot, std::move(got), {});
    return true;
  }

  /// TCP brought an answer, or `why` it did not: then the truncated one stands, marked.
  void tcp_done(std::uint32_t slot, std::shared_ptr<answer> got, std::string why) {
    question& q = questions[slot];
    if (q.tcp)
      drop_tcp(*std::exchange(q.tcp, nullptr));
    const auto server = latest(q).server;
    if (!got) {
      got = q.fallback ? std::move(q.fallback) : std::make_shared<answer>();
      got->what = outcome::tcp_failed;
      got->detail = std::move(why);
    }
    q.fallback.reset();
    settle(slot, server, std::move(got), refresh());
  }

  void drop_tcp(detail::tcp_link& link) {
    std::error_code ignored;
    link.socket.close(ignored);
  }

  /// A connection's place is free; whoever waits for one is next.
  void tcp_free() {
    --busy_tcp;
    while (!waiting_for_tcp.empty() && busy_tcp < detail::max_tcp && !closed) {
      const auto [slot, generation] = waiting_for_tcp.front();
      const auto server = tcp_servers.front();
      waiting_for_tcp.pop_front();
      tcp_servers.pop_front();
      if (is(slot, generation))
        start_tcp(slot, server, refresh());
    }
    rest_if_idle();
  }

  void rest_tcp() {
    const auto now = refresh();
    while (!resting.empty() &&
           (resting.size() > detail::max_tcp || now - resting.front()->resting_since > detail::tcp_rest))
      resting.pop_front();
  }

  // --- the whole -------------------------------------------------------------------------------------------

  time refresh() noexcept { return turn = clock::now(); }

  void cancel_all() {
    refresh();
    std::vector<ticket> all;
    for (std::uint32_t slot = 0; slot < questions.size(); ++slot)
      if (questions[slot].alive)
        all.push_back({slot, questions[slot].generation});
    for (const auto& [slot, generation] : all)
      if (is(slot, generation))
        finish(slot, outcome::aborted);
    rest_if_idle();
  }

  void shut() {
    closed = true;
    std::error_code ignored;
    for (auto& p : ports)
      p->socket.close(ignored);
    for (auto& q : questions)
      if (q.tcp)
        drop_tcp(*q.tcp);
    resting.clear();
    tick_timer.cancel();
    write_timer.cancel();
  }

  asio::io_context& io;
  client_settings use;
  client_counters counts;
  random_stream random;
  std::vector<detail::server_state> servers;
  std::size_t rotor = 0;

  std::vector<std::unique_ptr<detail::udp_port>> ports;
  std::array<std::vector<std::uint16_t>, 2> family; ///< which ports speak IPv4, IPv6
  detail::outbox out;
  detail::inbox mail;

  std::deque<question> questions;
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
  flight_table flights; ///< equal questions under way
};

POSTROAD_DECL client::client(asio::io_context& io, client_settings settings)
    : engine_(std::make_shared<engine>(io, std::move(settings))) {}

POSTROAD_DECL client::~client() {
  engine_->shut();
}

inline void client::flight::await_suspend(std::coroutine_handle<> h) {
  waiting = h;
  if (flight* const leader = e.flights.find(key)) {
    leader->last = leader->last->next = this;
    ++e.counts.coalesced;
    return;
  }
  e.flights.insert(*this);
  e.ask(n, t, [this](const answer_ptr& a) { land(a); });
}

inline void client::flight::land(const answer_ptr& a) {
  e.flights.erase(*this);
  e.cache.store(std::move(key), a, e.turn);
  flight* each = this;
  while (each != nullptr) {
    flight* const f = std::exchange(each, each->next); // resuming it ends its life
    f->got = a;
    f->waiting.resume();
  }
}

POSTROAD_DECL net::task<answer_ptr> client::ask(name n, type t) {
  question_key key(n, t);
  if (auto hit = engine_->cache.find(key, detail::clock::now())) {
    ++engine_->counts.cache_hits;
    co_return hit;
  }
  flight wait(*engine_, std::move(key), n, t);
  co_return co_await wait;
}

POSTROAD_DECL void client::ask_uncached(const name& n, type t, callback done) {
  engine_->ask(n, t, std::move(done));
}

POSTROAD_DECL void client::cancel_all() {
  engine_->cancel_all();
}
POSTROAD_DECL void client::stop() {
  engine_->stopped = true;
  engine_->cancel_all();
}
POSTROAD_DECL const client_counters& client::counts() const noexcept {
  return engine_->counts;
}
POSTROAD_DECL const client_settings& client::settings() const noexcept {
  return engine_->use;
}
POSTROAD_DECL std::size_t client::pending() const noexcept {
  return engine_->pending;
}

} // namespace postroad::dns
