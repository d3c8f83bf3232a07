#pragma once

#include <postroad/dns/impl/engine.hpp>
#include <postroad/net/connect.hpp>
#include <postroad/net/use_task.hpp>

#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

namespace postroad::dns {

POSTROAD_DECL void client::engine::start_tcp(std::uint32_t slot, std::uint16_t server, time now) {
  question& q = questions[slot];
  q.queued = false;
  q.awaits_tcp = busy_tcp >= detail::max_tcp;
  if (q.awaits_tcp) {
    charge(q, now);
    waiting_for_tcp.push_back({slot, tenants[slot]});
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
  schedule(now + left(q, now), {slot, tenants[slot], detail::due::budget, at.sequence});
  write_tcp_query(q, at, *link);
  net::spawn(exchange(shared_from_this(), std::move(link), slot, tenants[slot]));
}

POSTROAD_DECL client::engine::link_ptr client::engine::take_link(std::uint16_t server) {
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

POSTROAD_DECL void client::engine::write_tcp_query(const question& q, const attempt& at,
                                                   detail::tcp_link& link) {
  query ask = query_of(at);
  ask.id = static_cast<std::uint16_t>(random.word());
  link.buffer.resize(2 + max_query_size);
  const auto size =
      encode_query(std::span(link.buffer).subspan<2, max_query_size>(), spelling(q, at), q.rtype, ask);
  detail::put16(link.buffer.data(), static_cast<unsigned>(size)); // RFC 1035 4.2.2
  link.buffer.resize(2 + size);
}

POSTROAD_DECL net::task<std::error_code> client::engine::connect(const link_ptr& link) {
  const auto& where = servers[link->server].where;
  const bool bound = use.source && use.source->v6 == where.ip.v6;
  return net::connect(link->socket, where, bound ? use.source : std::nullopt);
}

POSTROAD_DECL net::task<std::error_code> client::engine::round_trip(link_ptr link) {
  const auto [write_error, written] =
      co_await asio::async_write(link->socket, asio::buffer(link->buffer), net::use_task);
  if (write_error)
    co_return write_error;
  co_return co_await read_message(link);
}

POSTROAD_DECL net::task<std::error_code> client::engine::read_message(link_ptr link) {
  std::array<std::uint8_t, 2> prefix{};
  const auto [prefix_error, n] = co_await asio::async_read(link->socket, asio::buffer(prefix), net::use_task);
  if (prefix_error)
    co_return prefix_error;
  link->buffer.resize(detail::get16(prefix.data()));
  const auto [body_error, m] =
      co_await asio::async_read(link->socket, asio::buffer(link->buffer), net::use_task);
  co_return body_error;
}

POSTROAD_DECL net::task<void> client::engine::exchange(std::shared_ptr<engine> self, link_ptr link,
                                                       std::uint32_t slot, std::uint32_t generation) {
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

POSTROAD_DECL bool client::engine::accept_tcp(std::uint32_t slot, const link_ptr& link,
                                              std::span<const std::uint8_t> query_bytes) {
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
  auto got = new_answer();
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

POSTROAD_DECL void client::engine::tcp_done(std::uint32_t slot, std::shared_ptr<answer> got,
                                            std::string why) {
  question& q = questions[slot];
  if (q.tcp)
    drop_tcp(*std::exchange(q.tcp, nullptr));
  const auto server = latest(q).server;
  if (!got) {
    got = q.fallback ? std::move(q.fallback) : new_answer();
    got->what = outcome::tcp_failed;
    got->detail = std::move(why);
  }
  q.fallback.reset();
  q.answered_by = 0;
  settle(slot, server, std::move(got), refresh());
}

POSTROAD_DECL void client::engine::drop_tcp(detail::tcp_link& link) {
  std::error_code ignored;
  link.socket.close(ignored);
}

POSTROAD_DECL void client::engine::tcp_free() {
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

POSTROAD_DECL void client::engine::rest_tcp() {
  const auto now = refresh();
  while (!resting.empty() &&
         (resting.size() > detail::max_tcp || now - resting.front()->resting_since > detail::tcp_rest))
    resting.pop_front();
}

} // namespace postroad::dns
