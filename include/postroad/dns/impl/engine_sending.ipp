#pragma once

#include <postroad/dns/impl/engine.hpp>

#include <asio/post.hpp>

#include <cerrno>
#include <cstring>

namespace postroad::dns {

POSTROAD_DECL unsigned client::engine::uses(const question& q, std::size_t server) const noexcept {
  unsigned n = 0;
  for (const auto& at : q.in_use())
    n += at.sequence != 0 && at.server == server ? 1 : 0;
  return n + (q.avoided == static_cast<int>(server) ? 100 : 0); // more than there are attempts
}

POSTROAD_DECL std::optional<std::uint16_t> client::engine::pick_server(const question& q, time now) {
  if (q.forced != question::any_server)
    return static_cast<std::uint16_t>(q.forced);
  if (q.only != question::any_server)
    return static_cast<std::uint16_t>(q.only);
  const std::size_t n = resolvers;
  if (n == 1)
    return servers[0].open.has_room() ? std::optional<std::uint16_t>(0) : std::nullopt;
  bool all_shunned = true;
  for (std::size_t i = 0; i < n; ++i)
    all_shunned = all_shunned && servers[i].shunned_until > now;
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

POSTROAD_DECL void client::engine::heard(detail::server_state& s) noexcept {
  s.silences = 0;
  s.shunned_until = {};
}

POSTROAD_DECL void client::engine::not_heard(detail::server_state& s, time now) noexcept {
  s.open.on_silence(now);
  if (++s.silences >= detail::silent_server)
    s.shunned_until = now + std::chrono::seconds(1);
}

POSTROAD_DECL void client::engine::request_flush() {
  if (flush_posted || blocked)
    return;
  flush_posted = true;
  asio::post(io, [self = shared_from_this()] {
    self->flush_posted = false;
    self->flush();
  });
}

POSTROAD_DECL client::engine::sending client::engine::next_to_send(time now) {
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

POSTROAD_DECL void client::engine::flush() {
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

POSTROAD_DECL void client::engine::requeue_front(std::uint32_t slot) {
  questions[slot].queued = true;
  again.push_front({slot, tenants[slot]});
}

POSTROAD_DECL void client::engine::write_query(std::uint32_t slot, std::uint16_t server, std::uint16_t port,
                                               time now) {
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
  out.commit(size, s.to, server, at.key);
  ++counts.queries;
  counts.bytes_out += size;
  const auto wait = patience(q, s), late = s.rtt.overdue();
  schedule(now + std::min(wait, late),
           {slot, tenants[slot], late < wait ? detail::due::overdue : detail::due::silence, at.sequence});
}

POSTROAD_DECL detail::microseconds client::engine::patience(const question& q,
                                                            const detail::server_state& s) const noexcept {
  // At the end of a list there is room for one packet too many, and everybody waits for the last.
  const bool last_ones = q.timeouts > 0 && fresh.empty() && again.empty();
  return std::min(backed_off(last_ones ? s.rtt.overdue() : s.rtt.timeout(), q.timeouts), q.left);
}

POSTROAD_DECL detail::microseconds client::engine::backed_off(detail::microseconds base,
                                                              unsigned timeouts) noexcept {
  return base * (1u << std::min(timeouts, 6u));
}

POSTROAD_DECL const name& client::engine::spelling(const question& q, const attempt& at) noexcept {
  return at.plain_case ? q.asked : q.spelled;
}

POSTROAD_DECL query client::engine::query_of(const attempt& at) const noexcept {
  query ask;
  ask.id = static_cast<std::uint16_t>(at.key);
  ask.edns_size = at.edns ? use.edns_size : std::uint16_t{0};
  ask.authentic_data = use.ask_ad;
  ask.checking_disabled = use.checking_disabled;
  ask.dnssec_ok = use.dnssec_ok;
  return ask;
}

POSTROAD_DECL std::uint32_t client::engine::fresh_key(std::uint16_t port) {
  for (;;) {
    const std::uint32_t key = std::uint32_t{port} << 16 | (random.word() & 0xffff);
    if (table.find(key) == inflight_table::none)
      return key;
  }
}

POSTROAD_DECL void client::engine::send_batch(std::uint16_t port) {
  auto& p = *ports[port];
  for (unsigned refusals = 0; !out.empty();) {
    const int error = out.send(p.socket.native_handle());
    if (error == 0)
      break;
    if (error == EAGAIN || error == ENOBUFS || error == EINTR) {
      wait_to_write(port, error);
      break;
    }
    if (error == ECONNREFUSED && ++refusals < 64) // an ICMP for an earlier packet: reported, and thus cleared
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

POSTROAD_DECL void client::engine::send_failed(std::uint32_t slot, std::uint16_t server, int error) {
  way_failed(slot, server, detail::outcome_of_errno(error), std::strerror(error));
}

POSTROAD_DECL void client::engine::wait_to_write(std::uint16_t port, int error) {
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

POSTROAD_DECL std::optional<std::uint16_t> client::engine::choose_port(bool v6) {
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

POSTROAD_DECL std::optional<std::uint16_t> client::engine::open_port(bool v6) {
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
  if (!detail::knows_trains(fd))
    out.allow_trains(false);
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

POSTROAD_DECL void client::engine::wait_to_read(std::uint16_t port) {
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

POSTROAD_DECL void client::engine::rest_if_idle() {
  if (pending != 0)
    return;
  for (auto& p : ports)
    if (p->waiting)
      p->socket.cancel();
  if (ticking)
    tick_timer.cancel();
}

} // namespace postroad::dns
