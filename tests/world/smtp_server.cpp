#include "smtp_server.hpp"

#include "dialect.hpp"
#include "flight.hpp"
#include "random.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <stdexcept>

namespace world {

namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;
using task = asio::awaitable<void>;

constexpr std::size_t longest_line = 4096; // a client that sends more without a line end is shown the door

struct connection;
/// The connections of one address that have not ended.
using crowd = std::set<const connection*>;

/// One client and one server. It lives until its coroutine ends or its time is up.
struct connection {
  connection(tcp::socket taken, const server& me, const asio::ip::address& at, smtp_world& all,
             std::shared_ptr<crowd> with)
      : socket(std::move(taken)), limit(socket.get_executor()), pause(socket.get_executor()), who(me),
        address(at), world(all), seen(all.seen()), others(std::move(with)) {
    others->insert(this);
    seen.opened(address, open_now());
  }
  ~connection() { others->erase(this); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// How many clients hold a connection to this address open. The kernel is asked, for a client may have
  /// closed its last one and come again before we have heard of the end.
  [[nodiscard]] std::uint64_t open_now() const {
    std::uint64_t count = 0;
    for (const auto* one : *others) {
      tcp_info info{};
      socklen_t size = sizeof info;
      auto& handle = const_cast<tcp::socket&>(one->socket);
      if (handle.is_open() && getsockopt(handle.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
          info.tcpi_state == TCP_ESTABLISHED)
        ++count;
    }
    return count;
  }

  tcp::socket socket;
  asio::steady_timer limit;
  asio::steady_timer pause;
  const server& who;
  asio::ip::address address;
  smtp_world& world;
  contacts& seen;
  std::shared_ptr<crowd> others;
  std::string in; ///< read and not yet used
  bool gone = false;
};
using connection_ptr = std::shared_ptr<connection>;

/// Nobody is kept longer than five minutes, the longest time an SMTP client waits for a banner (RFC
/// 5321 4.5.3.2.1).
void arm_limit(const connection_ptr& c) {
  c->limit.expires_after(std::chrono::minutes(5));
  c->limit.async_wait([weak = std::weak_ptr(c)](const asio::error_code& cancelled) {
    const auto alive = weak.lock();
    asio::error_code ignored;
    if (!cancelled && alive)
      alive->socket.close(ignored);
  });
}

task wait(connection_ptr c, milliseconds time) {
  asio::error_code error;
  c->pause.expires_after(time);
  co_await c->pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<bool> read_more(connection_ptr c) {
  std::array<char, 4096> buffer;
  asio::error_code error;
  const auto size = co_await c->socket.async_read_some(asio::buffer(buffer),
                                                       asio::redirect_error(asio::use_awaitable, error));
  if (error)
    co_return false;
  c->in.append(buffer.data(), size);
  co_return true;
}

/// The next line without its end, or nothing when the client is gone or talks without end.
asio::awaitable<std::optional<std::string>> read_line(connection_ptr c) {
  for (;;) {
    const auto end = c->in.find('\n');
    if (end != std::string::npos) {
      std::string line = c->in.substr(0, end);
      c->in.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r')
        line.pop_back();
      co_return line;
    }
    if (c->in.size() > longest_line)
      co_return std::nullopt;
    const bool more = co_await read_more(c);
    if (!more)
      co_return std::nullopt;
  }
}

/// Waits until the client goes, and listens to nothing it says.
task wait_for_end(connection_ptr c) {
  for (bool more = true; more;) {
    more = co_await read_more(c);
    c->in.clear();
  }
}

/// Sends bytes as they are. A server that drips sends the first of them one by one and the rest in larger
/// drops: every split is met, and even on a busy machine no reply takes longer than clients wait.
task send(connection_ptr c, std::string text) {
  constexpr std::size_t single = 48, drop = 64;
  asio::error_code error;
  std::size_t size = text.size();
  for (std::size_t from = 0; from < text.size() && !error; from += size) {
    if (c->who.speaks == manner::drip) {
      if (from > 0)
        co_await wait(c, milliseconds(2));
      size = std::min(from < single ? std::size_t{1} : drop, text.size() - from);
    }
    co_await asio::async_write(c->socket, asio::buffer(text.data() + from, size),
                               asio::redirect_error(asio::use_awaitable, error));
  }
  c->gone = static_cast<bool>(error);
}

/// Says a reply, its lines ended as this server ends them.
task say(connection_ptr c, std::string reply) {
  if (c->who.speaks == manner::bare_lf)
    std::erase(reply, '\r');
  co_await send(c, std::move(reply));
}

/// RST instead of FIN.
void reset(const connection_ptr& c) {
  asio::error_code ignored;
  c->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  c->socket.close(ignored);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines)
    out += line + "\r\n";
  return out;
}

std::string ehlo_reply(const dialect& words) {
  std::vector<std::string> lines = {words.hello};
  lines.insert(lines.end(), words.keywords.begin(), words.keywords.end());
  for (std::size_t i = 0; i < lines.size(); ++i)
    lines[i].insert(0, i + 1 < lines.size() ? "250-" : "250 ");
  return joined(lines);
}

/// The verb of a line, upper case.
std::string verb_of(const std::string& line) {
  std::string verb = line.substr(0, line.find(' '));
  std::transform(verb.begin(), verb.end(), verb.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return verb;
}

std::string garbage(const server& who) {
  static const std::vector<std::string> kinds = {"SSH-2.0-OpenSSH_5.3\r\n",
                                                 "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
                                                 std::string("\x00\x01\x02\xff\xfe junk \x80\x81\r\n", 16),
                                                 "+OK Dovecot ready.\r\n", "* OK IMAP4rev1 ready\r\n"};
  return kinds[who.variant % kinds.size()];
}

/// Dialog inside TLS, for clients that go on: EHLO again and QUIT are enough.
task talk_inside(connection_ptr c, asio::ssl::stream<tcp::socket&>& stream, dialect words) {
  std::erase(words.keywords, "STARTTLS"); // RFC 3207 4.2
  std::string in;
  asio::error_code error;
  while (!error) {
    std::array<char, 2048> buffer;
    const auto size = co_await stream.async_read_some(asio::buffer(buffer),
                                                      asio::redirect_error(asio::use_awaitable, error));
    in.append(buffer.data(), size);
    for (auto end = in.find('\n'); !error && end != std::string::npos; end = in.find('\n')) {
      const std::string verb = verb_of(in.substr(0, in.find_first_of("\r\n")));
      in.erase(0, end + 1);
      c->seen.verb(c->address, verb);
      const std::string reply = verb == "EHLO"   ? ehlo_reply(words)
                                : verb == "QUIT" ? words.bye + "\r\n"
                                                 : "502 5.5.1 Not here\r\n";
      co_await asio::async_write(stream, asio::buffer(reply),
                                 asio::redirect_error(asio::use_awaitable, error));
      if (verb == "QUIT")
        co_return;
    }
    if (in.size() > longest_line)
      co_return;
  }
}

task shake_hands(connection_ptr c, dialect words) {
  const auto& tls = c->world.tls_of(c->who);
  asio::ssl::stream<tcp::socket&> stream(c->socket, *tls.context);
  asio::error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::server,
                                  asio::redirect_error(asio::use_awaitable, error));
  if (error)
    co_return;
  co_await talk_inside(c, stream, words);
  co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
}

/// Reads records up to a ClientHello; nothing when the client goes or sends something else.
asio::awaitable<std::optional<client_hello>> await_hello(connection_ptr c) {
  hello_reader reader;
  for (;;) {
    const bool more = co_await read_more(c);
    if (!more)
      co_return std::nullopt;
    const auto state = reader.feed(c->in);
    c->in.clear();
    if (state == hello_reader::state::failed) {
      co_await send(c, alert_record(alert::decode_error));
      co_return std::nullopt;
    }
    if (state == hello_reader::state::complete)
      co_return reader.hello();
  }
}

task protect(connection_ptr c, dialect words) {
  c->in.clear(); // what was sent in the clear behind STARTTLS is void (RFC 3207 4.2)
  const bool works = c->who.does >= temper::hidden;
  if (works && !suite_of(c->who.suite_id).openssl.empty()) {
    c->seen.client_hello(c->address);
    co_return co_await shake_hands(c, std::move(words));
  }
  const auto hello = co_await await_hello(c);
  if (!hello)
    co_return;
  c->seen.client_hello(c->address);
  switch (c->who.does) {
  case temper::alert_handshake_failure:
    co_return co_await send(c, alert_record(alert::handshake_failure));
  case temper::alert_internal_error:
    co_return co_await send(c, alert_record(alert::internal_error));
  case temper::alert_protocol_version:
    co_return co_await send(c, alert_record(alert::protocol_version));
  case temper::garbage_on_tls:
    co_await send(c, "500 5.5.1 Command unrecognized\r\n");
    co_return co_await wait_for_end(c);
  case temper::silent_on_tls:
    co_return co_await wait_for_end(c);
  case temper::closes_on_tls:
    co_return;
  case temper::resets_on_tls:
    co_return reset(c);
  default:
    co_await send(c, answer_hello(*hello, c->who, c->world.tls_of(c->who).chain));
    co_return co_await wait_for_end(c);
  }
}

/// Everything that can happen instead of a 220 greeting; true when it did.
asio::awaitable<bool> greets_otherwise(connection_ptr c) {
  switch (c->who.does) {
  case temper::resets_at_once:
    co_await wait(c, milliseconds(60)); // else the client's connect() may already see it
    reset(c);
    co_return true;
  case temper::closes_at_once:
    co_return true;
  case temper::silent:
    co_await wait_for_end(c);
    co_return true;
  case temper::garbage_banner:
    co_await send(c, garbage(c->who));
    co_await wait_for_end(c);
    co_return true;
  default:
    co_return false;
  }
}

std::string greeting(const server& who, const dialect& words) {
  static const std::vector<std::string> refusals = {"554 5.7.1 Service unavailable; client host blocked",
                                                    "554 No SMTP service here", "550 Access denied"};
  if (who.does == temper::greets_554)
    return who.variant % 3 == 2 ? "554 " + who.host + " ESMTP not accepting messages\r\n"
                                : refusals[who.variant % 2] + "\r\n";
  if (who.does == temper::greets_421)
    return "421 4.7.0 Too many connections, try again later\r\n";
  return joined(words.banner);
}

enum class next : std::uint8_t { listen, end, protect };

/// Answers EHLO and HELO.
asio::awaitable<next> answer_hello_verb(connection_ptr c, std::string verb, const dialect& words) {
  switch (c->who.does) {
  case temper::drops_after_banner:
    co_return next::end;
  case temper::resets_on_ehlo:
    reset(c);
    co_return next::end;
  case temper::silent_on_ehlo:
    co_await wait_for_end(c);
    co_return next::end;
  case temper::garbage_on_ehlo:
    co_await send(c, "What do you mean?\r\n");
    co_await wait_for_end(c);
    co_return next::end;
  case temper::says_421_to_ehlo:
    co_await say(c, "421 4.3.2 Service shutting down\r\n");
    co_return next::end;
  case temper::refuses_hello:
    co_await say(c, "550 5.7.1 Go away\r\n");
    co_return next::listen;
  case temper::helo_only:
    if (verb == "EHLO") {
      co_await say(c, "502 Only HELO here\r\n");
      co_return next::listen;
    }
    break;
  default:
    break;
  }
  // Here and below: awaited calls stand in statements of their own, out of conditions and without
  // conditionals among their arguments, of which g++ 12 makes wrong code.
  std::string reply = verb == "EHLO" ? ehlo_reply(words) : "250 " + c->who.host + "\r\n";
  co_await say(c, std::move(reply));
  co_return next::listen;
}

asio::awaitable<next> answer_starttls(connection_ptr c, const dialect& words) {
  switch (c->who.does) {
  case temper::closes_on_starttls:
    co_return next::end;
  case temper::resets_on_starttls:
    reset(c);
    co_return next::end;
  case temper::silent_on_starttls:
    co_await wait_for_end(c);
    co_return next::end;
  case temper::unavailable_454:
    co_await say(c, words.unavailable + "\r\n");
    co_return next::listen;
  case temper::noop_250:
    co_await say(c, "250 OK\r\n");
    co_return next::listen;
  case temper::no_starttls:
  case temper::helo_only:
  case temper::masked:
  case temper::bluf:
  case temper::four_letter:
    co_await say(c, words.no_starttls + "\r\n");
    co_return next::listen;
  default:
    co_await say(c, words.ready + "\r\n");
    co_return next::protect;
  }
}

asio::awaitable<next> answer_line(connection_ptr c, std::string line, const dialect& words) {
  const std::string verb = verb_of(line);
  c->seen.verb(c->address, verb);
  if (verb == "QUIT") {
    co_await say(c, words.bye + "\r\n");
    co_return next::end;
  }
  if (c->who.does == temper::greets_554 || c->who.does == temper::greets_421) {
    co_await say(c, "503 5.5.1 Bad sequence of commands\r\n"); // RFC 5321 3.1: only QUIT is in order now
    co_return next::listen;
  }
  if (verb == "EHLO" || verb == "HELO")
    co_return co_await answer_hello_verb(c, verb, words);
  if (verb == "STARTTLS")
    co_return co_await answer_starttls(c, words);
  std::string reply = verb == "NOOP" || verb == "RSET" ? "250 OK" : refusal_of(c->who, words, verb);
  reply += "\r\n";
  co_await say(c, std::move(reply));
  co_return next::listen;
}

task serve(connection_ptr c) {
  constexpr int most_lines = 100; // more than any client needs, an end for those that never stop
  const bool otherwise = co_await greets_otherwise(c);
  if (otherwise)
    co_return;
  asio::error_code ignored;
  const auto client = c->socket.remote_endpoint(ignored).address();
  const dialect words = dialect_of(c->who, ignored ? "unknown" : client.to_string());
  if (c->who.speaks == manner::slow)
    co_await wait(c, milliseconds(1000 + hash(c->who.host) % 500));
  co_await say(c, greeting(c->who, words));
  for (int i = 0; i < most_lines && !c->gone; ++i) {
    auto line = co_await read_line(c);
    if (!line)
      co_return;
    const next then = co_await answer_line(c, std::move(*line), words);
    if (then == next::protect)
      co_return co_await protect(c, words);
    if (then == next::end)
      co_return;
  }
}

/// Serves and closes. Closing waits for the client's FIN a moment where it may still be talking: a close with
/// unread bytes would turn the FIN into RST and take the last reply with it.
task serve_and_close(connection_ptr c) {
  co_await serve(c);
  c->limit.cancel();
  asio::error_code ignored;
  c->socket.shutdown(tcp::socket::shutdown_send, ignored);
  c->limit.expires_after(std::chrono::seconds(2));
  c->limit.async_wait([weak = std::weak_ptr(c)](const asio::error_code& cancelled) {
    const auto alive = weak.lock();
    asio::error_code unheard;
    if (!cancelled && alive)
      alive->socket.close(unheard);
  });
  if (c->socket.is_open())
    co_await wait_for_end(c);
}

task accept_all(tcp::acceptor& from, const server& who, asio::ip::address at, smtp_world& all) {
  asio::steady_timer pause(from.get_executor());
  const auto here = std::make_shared<crowd>();
  while (from.is_open()) {
    asio::error_code error;
    tcp::socket socket = co_await from.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) { // out of descriptors: clients wait in the backlog meanwhile
      pause.expires_after(milliseconds(50));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    const auto c = std::make_shared<connection>(std::move(socket), who, at, all, here);
    c->socket.set_option(tcp::no_delay(true), error);
    arm_limit(c);
    asio::co_spawn(from.get_executor(), serve_and_close(c), asio::detached);
  }
}

/// Lets a socket bind to an address that only a local route makes ours.
void bind_freely(tcp::acceptor& listener, const asio::ip::address& at) {
  const int yes = 1;
  if (at.is_v4())
    setsockopt(listener.native_handle(), IPPROTO_IP, IP_FREEBIND, &yes, sizeof yes);
  else
    setsockopt(listener.native_handle(), IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof yes);
  listener.set_option(asio::socket_base::reuse_address(true));
  listener.bind(tcp::endpoint(at, 25));
}

std::string der(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(bytes);
  return out;
}

/// ffdhe2048 of RFC 7919; the caller owns it.
EVP_PKEY* dh_group() {
  EVP_PKEY* group = nullptr;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
  if (!context || EVP_PKEY_keygen_init(context) <= 0 ||
      EVP_PKEY_CTX_set_group_name(context, "ffdhe2048") <= 0 || EVP_PKEY_generate(context, &group) <= 0)
    throw std::runtime_error("openssl has no ffdhe2048");
  EVP_PKEY_CTX_free(context);
  return group;
}

std::unique_ptr<asio::ssl::context> make_context(const server& who, const identity& shown) {
  auto out = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* context = out->native_handle();
  SSL_CTX_set_security_level(context, 0); // 2015: SHA-1, 512-bit keys, TLS 1.0
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, number_of(who.top));
  SSL_CTX_set_cipher_list(context, (std::string(suite_of(who.suite_id).openssl) + ":@SECLEVEL=0").c_str());
  // A group of one size for all: OpenSSL's own choice follows the key, and thousands of clients at 4096 bits
  // would measure our arithmetic.
  SSL_CTX_set0_tmp_dh_pkey(context, dh_group());
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  if (SSL_CTX_use_certificate(context, shown.chain[0].get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, shown.key.get()) != 1)
    throw std::runtime_error("openssl takes neither certificate nor key of " + who.host);
  for (std::size_t i = 1; i < shown.chain.size(); ++i)
    SSL_CTX_add1_chain_cert(context, shown.chain[i].get());
  return out;
}

} // namespace

smtp_world::smtp_world(asio::io_context& on, const plan& all, const pki& authorities, contacts& seen)
    : io_(on), plan_(all), pki_(authorities), seen_(seen), tls_(all.servers.size()) {
  for (const auto& who : plan_.servers) {
    if (who.does == temper::refused_port || who.does == temper::unreachable)
      continue;
    for (const auto& at : who.addresses) {
      if (who.does == temper::no_answer)
        swallow(at);
      else
        listen(who, at);
    }
  }
}

void smtp_world::listen(const server& who, const asio::ip::address& at) {
  auto& listener =
      *listeners_.emplace_back(std::make_unique<tcp::acceptor>(io_, at.is_v4() ? tcp::v4() : tcp::v6()));
  bind_freely(listener, at);
  listener.listen(4096);
  asio::co_spawn(io_, accept_all(listener, who, at, *this), asio::detached);
}

/// An address where SYNs vanish: a listener whose backlog is full and stays full.
void smtp_world::swallow(const asio::ip::address& at) {
  auto& listener =
      *listeners_.emplace_back(std::make_unique<tcp::acceptor>(io_, at.is_v4() ? tcp::v4() : tcp::v6()));
  bind_freely(listener, at);
  listener.listen(0);
  auto& filler = *fillers_.emplace_back(std::make_unique<tcp::socket>(io_));
  filler.connect(tcp::endpoint(at, 25));
}

const smtp_world::tls_side& smtp_world::tls_of(const server& who) {
  auto& side = tls_[static_cast<std::size_t>(&who - plan_.servers.data())];
  if (!side) {
    side = std::make_unique<tls_side>();
    side->shown = pki_.issue(who.shows);
    for (const auto& one : side->shown.chain)
      side->chain.push_back(der(one.get()));
    if (!suite_of(who.suite_id).openssl.empty())
      side->context = make_context(who, side->shown);
  }
  return *side;
}

} // namespace world
