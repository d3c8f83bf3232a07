#pragma once

#include <postroad/flow/tls_prober.hpp>

#include <postroad/net/connect.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

namespace postroad::flow {

POSTROAD_DECL void add_probe_options(cli::options& table, probe_options& use) {
  table.add(0, "profile", "NAME", "send the hello of a client of our days, modern, or of the study's, 2015",
            use.profile);
  table.add(0, "full", "shake hands by OpenSSL, prove the server's key, say EHLO inside", use.full);
  table.add(0, "implicit", "TLS from the first byte, without SMTP before it", use.implicit);
  table.add(0, "no-sni", "send no server name", use.no_sni);
  table.add(0, "versions", "ask for each version, SSLv3 to TLS 1.3", use.versions);
  table.add(0, "legacy", "ask for RC4, DES, EXPORT, anon and NULL suites and for the size of DHE",
            use.legacy);
  table.add(0, "pq", "ask for X25519MLKEM768", use.pq);
  table.add(0, "suites", "ask for every suite, one connection each", use.suites);
  table.add(0, "pause", "SECONDS", "between two connections to one server", use.pause);
  table.add(0, "time", "WHEN", "judge certificates as of WHEN; else now", use.time);
  table.add(0, "chain", "tell of the certificates above the server's, too", use.chain);
  table.add(0, "certs", "FILE", "keep every certificate in FILE (PEM), each once", use.certs);
}

POSTROAD_DECL tls::observation tls_visit::outcome_of_all() const {
  tls::observation all = seen;
  if (!ready) {
    all.what = got.what == outcome::ok ? outcome::skipped : got.what;
    all.reached = got.reached;
    all.elapsed = got.elapsed;
  }
  return all;
}

POSTROAD_DECL std::size_t tls_visit::bytes() const noexcept {
  std::size_t n = sizeof *this + got.banner.capacity() + got.ehlo.capacity() + got.starttls_reply.capacity() +
                  seen.detail.capacity() + sni.capacity() + time.capacity();
  for (const auto& der : seen.flight.chain)
    n += sizeof der + der.capacity();
  return n;
}

POSTROAD_DECL const tls::hello_profile& profile_of(const std::string& name) {
  if (const auto* found = tls::find_profile(name))
    return *found;
  std::string names;
  for (const auto& p : tls::hello_profiles)
    names += ' ' + std::string(p.name);
  throw cli::usage_error{fmt::format("--profile: '{}' is none of{}", name, names)};
}

POSTROAD_DECL std::chrono::system_clock::time_point time_of(const std::string& text) {
  for (const auto* format : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0')
      return std::chrono::system_clock::from_time_t(::timegm(&parts));
  }
  throw cli::usage_error{
      fmt::format("--time: '{}' is no time such as 2015-04-26 or 2015-04-26T12:00:00Z", text)};
}

POSTROAD_DECL tls_prober::tls_prober(const room& in, smtp::session_settings use, const probe_options& options,
                                     tls::trust_store& roots)
    : io_(in.io), courtesy_(in.courtesy), use_(std::move(use)), options_(options),
      profile_(profile_of(options.profile)), roots_(roots), pauses_(in.io), random_(in.use.seed),
      visits_(in.io, in.use.cache.bytes) {
  if (!options.time.empty())
    clock_ = time_of(options.time);
  if (!options.certs.empty())
    certificates_.emplace(options.certs);
  if (options.full)
    context_.emplace();
}

POSTROAD_DECL std::array<std::uint8_t, 32> tls_prober::random_bytes() {
  std::array<std::uint8_t, 32> bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = random_();
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  return bytes;
}

POSTROAD_DECL net::task<std::shared_ptr<const tls_visit>> tls_prober::at(job& record,
                                                                         const candidate& server) {
  return visits_.get(record, net::packed(server.to) + text::lowered(server.host), // one profile a run
                     [this, &record, server](tls_visit& v) { return call(record, server, v); });
}

POSTROAD_DECL net::task<void> tls_prober::call(job& record, candidate server, tls_visit& v) {
  if (!courtesy_.may_contact(server.to.ip)) {
    v.got.what = outcome::blocked;
    v.time = text::now_rfc3339();
    co_return;
  }
  co_await call_once(record, server, profile_, v);
  judge(v);
  if (v.ready)
    co_await ask_more(record, server, v);
}

/// One connection: waits for its turn, opens it, and holds the exchange of that hello.
POSTROAD_DECL net::task<void> tls_prober::call_once(job& record, candidate server, tls::hello_profile hello,
                                                    tls_visit& v) {
  net::courtesy::permit permit;
  v.got.what = outcome::aborted;
  const bool may = co_await enter(record, courtesy_, server.to, permit);
  v.time = text::now_rfc3339();
  if (!may)
    co_return;
  asio::ip::tcp::socket socket(io_);
  co_await open(socket, server, v);
  if (!v.ready)
    co_return;
  const bool names = options_.full || tls::sends_name(hello);
  v.sni = options_.no_sni || !names ? std::string() : server.host;
  co_await talk(socket, hello, v);
}

namespace detail {

/// EHLO and QUIT inside TLS (RFC 3207 4.2); the reply to EHLO is left in `ehlo`.
struct ehlo_inside {
  std::string name;
  std::shared_ptr<std::string> ehlo;
  smtp::reply_reader reader = {};
  bool asked = false;

  tls::inner_words operator()(std::string_view heard) {
    if (!std::exchange(asked, true))
      return {"EHLO " + name + "\r\n"};
    reader.feed(heard);
    if (reader.status() == smtp::reply_reader::state::more)
      return {};
    if (reader.status() == smtp::reply_reader::state::complete)
      *ehlo = reader.take().text;
    return {"QUIT\r\n", true};
  }
};

} // namespace detail

/// Up to the point where TLS may begin.
POSTROAD_DECL net::task<void> tls_prober::open(asio::ip::tcp::socket& socket, candidate server,
                                               tls_visit& v) {
  if (options_.implicit) {
    const auto started = net::deadline::clock::now();
    net::deadline limit(socket, started + use_.connect_timeout);
    std::error_code ec = asio::error::operation_aborted;
    if (limit.arm(use_.connect_timeout))
      ec = co_await net::connect(socket, server.to, use_.source);
    v.ready = !ec;
    v.got.reached = stage::connect;
    v.got.what = limit.aborted() ? outcome::aborted : net::outcome_of(ec);
    v.got.elapsed =
        std::chrono::duration_cast<std::chrono::microseconds>(net::deadline::clock::now() - started);
    co_return;
  }
  v.got = co_await smtp::converse(socket, server.to, use_, smtp::after_220::keep_open);
  v.ready = v.got.starttls_code == 220;
}

POSTROAD_DECL net::task<void> tls_prober::talk(asio::ip::tcp::socket& socket, tls::hello_profile hello,
                                               tls_visit& v) {
  if (!v.got.surplus.empty() || !socket.is_open()) { // plain text behind the 220, or it went away at once
    v.seen.what = v.got.surplus.empty() ? outcome::closed : outcome::protocol_error;
    if (!v.got.surplus.empty())
      v.seen.detail = "plain text came behind the 220";
    v.seen.elapsed = v.got.elapsed;
    co_return;
  }
  tls::probe_settings patience;
  patience.timeout = std::min(patience.timeout, use_.step_timeout);
  if (context_) {
    const auto ehlo = std::make_shared<std::string>();
    tls::inner_dialog inner;
    if (!options_.implicit) // what is spoken on 993 or 995 is no SMTP
      inner = detail::ehlo_inside{use_.ehlo_name, ehlo};
    tls::handshake whole(*context_, v.sni, std::move(inner));
    v.seen = co_await tls::shake_hands(socket, std::move(whole), patience);
    v.seen.inside->ehlo = *ehlo;
    v.seen.inside->capabilities = smtp::capabilities(*ehlo);
  } else {
    tls::exchange exchange(hello, v.sni, random_bytes(), keys_);
    v.seen = co_await tls::read_flight(socket, std::move(exchange), patience);
  }
  v.seen.elapsed += v.got.elapsed;
}

/// The verdict and the facts are kept, once for all who send this chain; the chain is not.
POSTROAD_DECL void tls_prober::judge(tls_visit& v) {
  auto& chain = v.seen.flight.chain;
  if (chain.empty())
    return;
  if (certificates_)
    certificates_->keep(chain);
  v.chain = roots_.judge(chain, clock_.value_or(std::chrono::system_clock::now()));
  chain.clear();
  chain.shrink_to_fit();
}

POSTROAD_DECL net::task<void> tls_prober::ask_more(job& record, candidate server, tls_visit& v) {
  if (options_.versions)
    co_await ask(record, server, tls::version_questions(), v.more.versions, v);
  if (options_.legacy)
    co_await ask(record, server, tls::legacy_questions(), v.more.legacy, v);
  if (options_.pq)
    co_await ask(record, server, tls::pq_questions(), v.more.pq, v);
  if (options_.suites)
    co_await enumerate(record, server, v);
}

POSTROAD_DECL net::task<void> tls_prober::ask(job& record, candidate server,
                                              std::vector<tls::question> questions,
                                              tls::survey::answers& answers, tls_visit& v) {
  for (const auto& q : questions) {
    if (v.seen.flight.version == q.hello.version && q.word == tls::version_name(v.seen.flight.version)) {
      answers.emplace_back(q.word, true); // the first probe has shown it
      continue;
    }
    co_await pauses_.wait(record, options_.pause);
    if (pauses_.aborted())
      co_return;
    tls_visit one;
    co_await call_once(record, server, q.hello, one);
    const auto yes = one.ready ? tls::takes(q.hello, one.seen.what, one.seen.flight) : std::optional<bool>();
    answers.emplace_back(q.word, yes);
    if (q.word == "dhe" && yes.value_or(false))
      v.more.dh_bits = one.seen.flight.dh_bits;
  }
}

POSTROAD_DECL net::task<void> tls_prober::enumerate(job& record, candidate server, tls_visit& v) {
  v.more.suites.emplace();
  v.more.suites_whole = true;
  co_await enumerate(record, server, *tls::find_profile("tls1.3"), tls::all_suites_1_3(), v);
  co_await enumerate(record, server, *tls::find_profile("tls1.2"), tls::all_suites(), v);
  const auto first = v.seen.flight.suite;
  if (first == 0 || std::ranges::find(*v.more.suites, first) != v.more.suites->end())
    co_return;
  v.more.suites->push_back(first); // what it chose at first it refused afterwards: not all was heard
  v.more.suites_whole = false;
}

/// Offers what is left until the server wants none of it.
POSTROAD_DECL net::task<void> tls_prober::enumerate(job& record, candidate server, tls::hello_profile hello,
                                                    std::vector<std::uint16_t> left, tls_visit& v) {
  constexpr int most = 100; // connections; a server that takes more suites is a liar
  for (int n = 0; n < most && !left.empty(); ++n) {
    co_await pauses_.wait(record, options_.pause);
    if (pauses_.aborted())
      break;
    hello.suites = left;
    tls_visit one;
    co_await call_once(record, server, hello, one);
    const auto yes = one.ready ? tls::takes(hello, one.seen.what, one.seen.flight) : std::optional<bool>();
    const auto chosen = std::ranges::find(left, one.seen.flight.suite);
    if (!yes.value_or(false) && yes.has_value() && chosen == left.end()) {
      v.more.suites_whole = v.more.suites_whole && one.seen.flight.alert.has_value();
      co_return; // refused: nothing of what is left is spoken, if it was the server that hung up
    }
    if (!yes.has_value() || chosen == left.end())
      break;
    v.more.suites->push_back(*chosen);
    left.erase(chosen);
  }
  if (!left.empty())
    v.more.suites_whole = false;
}

} // namespace postroad::flow
