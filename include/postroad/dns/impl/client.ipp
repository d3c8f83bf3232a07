#pragma once

#include <postroad/dns/client.hpp>
#include <postroad/dns/impl/engine.hpp>

#include <postroad/dns/impl/engine_questions.ipp>
#include <postroad/dns/impl/engine_receiving.ipp>
#include <postroad/dns/impl/engine_sending.ipp>
#include <postroad/dns/impl/engine_silence.ipp>
#include <postroad/dns/impl/engine_tcp.ipp>

namespace postroad::dns {

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
