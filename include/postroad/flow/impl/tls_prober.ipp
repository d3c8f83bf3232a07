#pragma once

#include <postroad/flow/tls_prober.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace postroad::flow {

POSTROAD_DECL tls::observation tls_visit::outcome_of_all() const {
  tls::observation all = seen;
  if (!got_220()) {
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

POSTROAD_DECL tls_prober::tls_prober(const room& in, smtp::session_settings use,
                                     const tls::hello_profile& profile, tls::trust_store& roots)
    : io_(in.io), courtesy_(in.courtesy), use_(std::move(use)), profile_(profile), roots_(roots),
      random_(in.use.seed), visits_(in.io, in.use.cache.bytes) {}

POSTROAD_DECL std::array<std::uint8_t, 32> tls_prober::random_bytes() {
  std::array<std::uint8_t, 32> bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = random_();
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  return bytes;
}

POSTROAD_DECL net::task<std::shared_ptr<const tls_visit>> tls_prober::at(job& record, candidate server) {
  std::string key = net::to_string(server.to) + ' ' + server.host; // one profile a run
  memo<tls_visit>::fetch fetch = [this, &record, server] { return call(record, server); };
  auto seen = co_await visits_.get(record, std::move(key), std::move(fetch));
  co_return seen;
}

POSTROAD_DECL net::task<tls_visit> tls_prober::call(job& record, candidate server) {
  tls_visit v;
  v.got.what = outcome::blocked;
  if (courtesy_.may_contact(server.to.ip)) {
    net::courtesy::permit permit;
    v.got.what = outcome::aborted;
    const bool may = co_await enter(record, courtesy_, server.to, permit);
    v.time = text::now_rfc3339();
    if (may)
      co_await probe(server, v);
  } else {
    v.time = text::now_rfc3339();
  }
  co_return v;
}

POSTROAD_DECL net::task<void> tls_prober::probe(candidate server, tls_visit& v) {
  asio::ip::tcp::socket socket(io_);
  v.got = co_await smtp::converse(socket, server.to, use_, smtp::after_220::keep_open);
  if (!v.got_220())
    co_return;
  if (!v.got.surplus.empty() || !socket.is_open()) { // plain text behind the 220, or it went away at once
    v.seen.what = v.got.surplus.empty() ? outcome::closed : outcome::protocol_error;
    v.seen.elapsed = v.got.elapsed;
    co_return;
  }
  v.sni = server.host;
  tls::probe_settings patience;
  patience.timeout = std::min(patience.timeout, use_.step_timeout);
  tls::exchange talk(profile_, v.sni, random_bytes(), keys_);
  v.seen = co_await tls::read_flight(socket, std::move(talk), patience);
  v.seen.elapsed += v.got.elapsed;
  if (v.seen.flight.chain.empty())
    co_return;
  v.chain = roots_.judge(v.seen.flight.chain, std::chrono::system_clock::now());
  v.seen.flight.chain.clear(); // the verdict and the facts are kept, once for all who send this chain
  v.seen.flight.chain.shrink_to_fit();
}

} // namespace postroad::flow
