#pragma once

#include <postroad/dns/impl/engine.hpp>

#include <asio/post.hpp>

namespace postroad::dns {

POSTROAD_DECL void client::engine::ask(const name& n, type t, callback done, int only) {
  const auto slot = take_slot();
  question& q = questions[slot];
  q.only = only;
  if (only != question::any_server)
    ++servers[static_cast<std::size_t>(only)].users;
  name_question(q, n);
  q.rtype = t;
  q.done = std::move(done);
  q.left = use.timeout;
  ++counts.questions;
  if (stopped || (only == question::any_server && resolvers == 0)) {
    const auto self = shared_from_this();
    asio::post(io, [self, slot, g = tenants[slot]] {
      if (self->is(slot, g))
        self->finish(slot, self->stopped ? outcome::aborted : outcome::send_error,
                     self->stopped ? "" : "no resolver");
    });
    return;
  }
  q.queued = true;
  fresh.push_back({slot, tenants[slot]});
  request_flush();
}

POSTROAD_DECL void client::engine::name_question(question& q, const name& n) {
  q.asked = n.lowered();
  const std::uint64_t bits = random.word(); // 32 on top of id and port are plenty
  q.spelled = use.use_0x20 ? n.spelled(bits << 32 | bits) : q.asked;
}

POSTROAD_DECL std::uint32_t client::engine::take_slot() {
  ++pending;
  std::uint32_t slot;
  if (free_slots.empty()) {
    slot = static_cast<std::uint32_t>(questions.size());
    questions.emplace_back();
    tenants.push_back(0);
  } else {
    slot = free_slots.back();
    free_slots.pop_back();
  }
  questions[slot].alive = true;
  return slot;
}

POSTROAD_DECL bool client::engine::is(std::uint32_t slot, std::uint32_t generation) const noexcept {
  return tenants[slot] == generation;
}

POSTROAD_DECL void client::engine::finish(std::uint32_t slot, outcome what, std::string detail) {
  question& q = questions[slot];
  auto a = new_answer();
  a->what = what;
  a->detail = std::move(detail);
  a->canonical = q.asked;
  a->cname_hops = q.hops;
  if (q.sequence != 0)
    a->server = servers[latest(q).server].where;
  finish(slot, std::move(a));
}

POSTROAD_DECL void client::engine::finish(std::uint32_t slot, std::shared_ptr<answer> a) {
  question& q = questions[slot];
  tell_story(q, *a);
  auto done = std::move(q.done);
  vacate(slot);
  done(std::move(a));
}

POSTROAD_DECL void client::engine::tell_story(question& q, answer& a) noexcept {
  charge(q, turn);
  a.tries = q.tries;
  a.replies = q.replies;
  a.damaged = q.damaged;
  a.elsewhere = q.elsewhere;
  a.case_mismatch = q.case_mismatch;
  a.authenticated = a.authenticated && q.authenticated;
  a.ttl = std::min(a.ttl, q.ttl);
  a.elapsed = use.timeout - q.left;
}

POSTROAD_DECL void client::engine::hand_out_and_listen(std::uint32_t slot, std::shared_ptr<answer> a,
                                                       time now) {
  question& q = questions[slot];
  tell_story(q, *a);
  q.held = a;
  q.queued = false;
  schedule(now + use.grace, {slot, tenants[slot], detail::due::grace, 0});
  std::exchange(q.done, nullptr)(std::move(a));
}

POSTROAD_DECL void client::engine::vacate(std::uint32_t slot) {
  question& q = questions[slot];
  for (auto& at : q.in_use())
    close(at);
  if (q.tcp)
    drop_tcp(*q.tcp);
  const int only = q.only;
  q.leave();
  ++tenants[slot];
  free_slots.push_back(slot);
  --pending;
  if (only != question::any_server)
    leave_server(static_cast<std::uint16_t>(only));
}

POSTROAD_DECL std::uint16_t client::engine::take_server(const net::endpoint& at) {
  std::uint16_t server;
  // What waits in a blocked socket still points at the servers that it is for.
  if (free_servers.empty() || blocked) {
    server = static_cast<std::uint16_t>(servers.size());
    servers.emplace_back(at, std::max(1u, use.window));
  } else {
    server = free_servers.back();
    free_servers.pop_back();
    servers[server] = detail::server_state(at, std::max(1u, use.window));
  }
  servers[server].users = 1;
  return server;
}

POSTROAD_DECL void client::engine::leave_server(std::uint16_t server) {
  if (--servers[server].users > 0)
    return;
  std::erase_if(resting, [server](const link_ptr& link) { return link->server == server; });
  free_servers.push_back(server);
}

POSTROAD_DECL void client::engine::charge(question& q, time now) noexcept {
  if (q.running != time{})
    q.left -= std::chrono::duration_cast<detail::microseconds>(now - q.running);
  q.running = time{};
}

POSTROAD_DECL void client::engine::run(question& q, time now) noexcept {
  if (q.running == time{})
    q.running = now;
}

POSTROAD_DECL detail::microseconds client::engine::left(const question& q, time now) const noexcept {
  return q.running == time{} ? q.left
                             : q.left - std::chrono::duration_cast<detail::microseconds>(now - q.running);
}

POSTROAD_DECL client::engine::attempt& client::engine::new_attempt(question& q, std::uint16_t server,
                                                                   time now) {
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

POSTROAD_DECL void client::engine::release_room(attempt& at) noexcept {
  if (at.holds_room) {
    at.holds_room = false;
    servers[at.server].open.on_gone();
    request_flush();
  }
}

POSTROAD_DECL void client::engine::close(attempt& at) {
  release_room(at);
  if (at.key == inflight_table::none)
    return;
  remember(at.key);
  table.erase(at.key);
  --ports[at.key >> 16]->keys;
  at.key = inflight_table::none;
}

POSTROAD_DECL bool client::engine::has_open_attempt(const question& q) const noexcept {
  for (const auto& at : q.in_use())
    if (at.key != inflight_table::none && !at.silent && !at.answered)
      return true;
  return q.tcp || q.awaits_tcp;
}

POSTROAD_DECL void client::engine::cancel_all() {
  refresh();
  std::vector<ticket> all;
  for (std::uint32_t slot = 0; slot < questions.size(); ++slot)
    if (questions[slot].alive)
      all.push_back({slot, tenants[slot]});
  for (const auto& [slot, generation] : all) {
    if (!is(slot, generation))
      continue;
    if (questions[slot].held)
      vacate(slot);
    else
      finish(slot, outcome::aborted);
  }
  rest_if_idle();
}

POSTROAD_DECL void client::engine::shut() {
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

} // namespace postroad::dns
