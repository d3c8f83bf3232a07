#pragma once

#include <postroad/dns/impl/engine.hpp>

#include <cstring>

namespace postroad::dns {

POSTROAD_DECL std::uint64_t client::engine::tick_of(time t) const noexcept {
  return static_cast<std::uint64_t>((t - born) / detail::tick_length);
}

POSTROAD_DECL void client::engine::arm_tick() {
  if (std::exchange(ticking, true))
    return;
  tick_timer.expires_after(detail::tick_length);
  tick_timer.async_wait([self = shared_from_this()](const std::error_code&) {
    self->ticking = false;
    if (!self->closed)
      self->tick();
  });
}

POSTROAD_DECL void client::engine::tick() {
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

POSTROAD_DECL void client::engine::on_deadline(const detail::deadline& d) {
  question& q = questions[d.slot];
  if (d.what == detail::due::grace)
    return vacate(d.slot);
  if (q.held)
    return;
  if (d.what == detail::due::budget) {
    if (d.sequence == q.sequence && !q.queued)
      give_up(d.slot);
    return;
  }
  attempt& at = q.with(d.sequence);
  if (at.sequence != d.sequence || at.key == inflight_table::none || at.silent || at.answered)
    return;
  if (d.what == detail::due::overdue)
    on_overdue(d.slot, at);
  else
    on_silence(d.slot, at);
}

POSTROAD_DECL void client::engine::on_overdue(std::uint32_t slot, attempt& at) {
  release_room(at);
  const auto until = std::max(at.sent + patience(questions[slot], servers[at.server]), turn);
  schedule(until, {slot, tenants[slot], detail::due::silence, at.sequence});
}

POSTROAD_DECL void client::engine::on_silence(std::uint32_t slot, attempt& at) {
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

POSTROAD_DECL void client::engine::wait_on(std::uint32_t slot, time now) {
  question& q = questions[slot];
  if (left(q, now).count() <= 0)
    return give_up(slot);
  if (q.timeouts >= use.retries)
    return schedule(now + left(q, now), {slot, tenants[slot], detail::due::budget, q.sequence});
  ++q.timeouts;
  ++counts.retransmissions;
  queue_again(slot);
}

POSTROAD_DECL void client::engine::give_up(std::uint32_t slot) {
  question& q = questions[slot];
  if (q.tcp)
    return tcp_done(slot, nullptr, "no answer over TCP in time");
  if (q.fallback)
    return finish(slot, std::move(q.fallback));
  finish(slot, outcome::timeout);
}

POSTROAD_DECL void client::engine::way_failed(std::uint32_t slot, std::uint16_t server, outcome what,
                                              std::string why) {
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
  for (std::size_t s = 0; s < resolvers && may_go_elsewhere(q); ++s)
    somebody_is_new = somebody_is_new || (s != server && uses(q, s) == 0);
  if (somebody_is_new)
    return queue_again(slot);
  if (!somebody_may_answer)
    return finish(slot, what, std::move(why));
  wait_on(slot, refresh());
}

POSTROAD_DECL void client::engine::read_way_errors(std::uint16_t port) {
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

} // namespace postroad::dns
