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

POSTROAD_DECL bool client::lookup::await_ready() {
  got_ = engine_.cache.find(key_, detail::clock::now());
  engine_.counts.cache_hits += got_ != nullptr ? 1 : 0;
  return got_ != nullptr;
}

POSTROAD_DECL void client::lookup::await_suspend(std::coroutine_handle<> h) {
  waiting_ = h;
  if (lookup* const leader = engine_.lookups.find(key_)) {
    leader->last_ = leader->last_->next_ = this;
    ++engine_.counts.coalesced;
    return;
  }
  engine_.lookups.insert(*this);
  engine_.ask(key_.asked, key_.rtype, [this](const answer_ptr& a) { land(a); });
}

inline void client::lookup::land(const answer_ptr& a) {
  engine_.lookups.erase(*this);
  engine_.cache.store(std::move(key_), a, engine_.turn);
  lookup* each = this;
  while (each != nullptr) {
    lookup* const one = std::exchange(each, each->next_); // resuming it ends its life
    one->got_ = a;
    one->waiting_.resume();
  }
}

POSTROAD_DECL void client::ask_uncached(const name& n, type t, callback done) {
  engine_->ask(n, t, std::move(done));
}

POSTROAD_DECL client::party::party(client& c, const net::endpoint& at)
    : engine_(c.engine_), server_(engine_->take_server(at)) {}

POSTROAD_DECL client::party::~party() {
  engine_->leave_server(server_);
}

POSTROAD_DECL void client::party::lookup::await_suspend(std::coroutine_handle<> h) {
  of_.engine_->ask(
      asked_, type_,
      [this, h](answer_ptr a) {
        got_ = std::move(a);
        h.resume();
      },
      of_.server_);
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
