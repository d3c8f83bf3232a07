/// What the client keeps of a question, a server and a socket.
#pragma once

#include <postroad/dns/answer.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/impl/datagrams.hpp>
#include <postroad/dns/inflight.hpp>
#include <postroad/dns/rtt.hpp>
#include <postroad/dns/window.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

namespace postroad::dns::detail {

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
  std::uint8_t answered_by = 0; ///< sequence of the attempt whose reply decided; 0: none, or TCP
  bool alive = false, queued = false, no_edns = false, plain_case = false, case_mismatch = false,
       failed_over = false;
  bool awaits_tcp = false;
  bool authenticated = true; ///< so far along the chain
  int only = any_server;     ///< nobody but this server is asked: a client::party
  int forced = any_server;   ///< the next packet goes to this server, window or not
  int avoided = any_server;
  unsigned tries = 0, replies = 0, hops = 0, damaged = 0;
  std::optional<net::endpoint> elsewhere; ///< where else a reply came from
  std::uint32_t ttl = 0x7fffffff;         ///< least so far along the chain
  microseconds left{0};                   ///< of the time for the whole question
  clock::time_point running{}; ///< since when `left` runs; zero while the question waits in our queue
};

/// A question under way. The slot is used again.
struct question : progress {
  static constexpr std::size_t max_attempts = 8; ///< open ones; older ones are given up

  name asked;   ///< in lower case; moves along a CNAME chain that leaves the message
  name spelled; ///< the same in the letters that are sent (0x20)
  client::callback done;
  std::array<attempt, max_attempts> attempts{};
  std::shared_ptr<answer> fallback; ///< a reply that another server or TCP is to improve on
  std::shared_ptr<answer> held;     ///< the answer, handed out, within the grace period
  std::shared_ptr<tcp_link> tcp;

  /// Makes room for the next tenant.
  void leave() {
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
  unsigned users = 0; ///< of a party's server: the party, and each of its questions
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

enum class due : std::uint8_t {
  overdue, ///< a packet's answer is late: it holds no room in the window any more
  silence, ///< a packet's time is over
  budget,  ///< the question's time is over
  grace    ///< no second reply is waited for any more
};

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

} // namespace postroad::dns::detail
