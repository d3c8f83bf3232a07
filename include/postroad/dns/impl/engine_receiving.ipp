#pragma once

#include <postroad/dns/impl/engine.hpp>

namespace postroad::dns {

POSTROAD_DECL void client::engine::receive(std::uint16_t port) {
  const int fd = ports[port]->socket.native_handle();
  constexpr int max_batches = 64; // then the other sockets have their turn
  for (int batch = 0; batch < max_batches; ++batch) {
    const int n = mail.receive(fd);
    if (n <= 0) {
      if (batch == 0)
        read_way_errors(port);
      return;
    }
    const auto now = refresh();
    call_up(port, static_cast<std::size_t>(n));
    for (int i = 0; i < n && !closed; ++i)
      take_reply(port, static_cast<std::size_t>(i), now);
    if (n < static_cast<int>(detail::inbox::capacity) || closed)
      return;
  }
}

POSTROAD_DECL void client::engine::call_up(std::uint16_t port, std::size_t n) const noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const auto bytes = mail.bytes(i);
    if (bytes.size() < 2)
      continue;
    const auto found = table.find(std::uint32_t{port} << 16 | detail::get16(bytes.data()));
    if (found == inflight_table::none)
      continue;
    const auto* const q = reinterpret_cast<const char*>(&questions[found >> 8]);
    for (std::size_t line = 0; line < sizeof(question); line += 64)
      __builtin_prefetch(q + line);
  }
}

POSTROAD_DECL void client::engine::take_reply(std::uint16_t port, std::size_t i, time now) {
  const auto bytes = mail.bytes(i);
  ++counts.datagrams_in;
  counts.bytes_in += bytes.size();
  if (bytes.size() < 2)
    return void(++counts.bad_id);
  const std::uint32_t key = std::uint32_t{port} << 16 | detail::get16(bytes.data());
  const auto found = table.find(key);
  if (found == inflight_table::none)
    return void(++(recent[key % recent.size()] == key ? counts.late : counts.bad_id));
  const std::uint32_t slot = found >> 8;
  attempt& at = questions[slot].with(found & 0xff);
  if (const auto sender = mail.sender(i); sender != servers[at.server].where) {
    note_stranger(questions[slot], at, sender, bytes);
    return void(++counts.bad_sender);
  }
  const auto m = parse_message(bytes);
  if (!m || !m->is_response() || m->opcode() != 0) {
    note_damage(questions[slot], at, bytes);
    return void(++counts.bad_question);
  }
  judge_identity(slot, at, *m, mail.cut(i), now);
}

POSTROAD_DECL void client::engine::judge_identity(std::uint32_t slot, attempt& at, const message& m, bool cut,
                                                  time now) {
  question& q = questions[slot];
  const auto code = m.header_rcode();
  const bool bare = m.questions() == 0 && (code == 1 || code == 4); // FORMERR, NOTIMP: some leave it out
  const auto match = match_question(m, spelling(q, at), q.rtype);
  if (!bare && match == question_match::no) {
    note_damage(q, at, m.bytes());
    return void(++counts.bad_question);
  }
  if (!bare && match == question_match::other_case && !at.plain_case) {
    ++counts.case_mismatch;
    q.case_mismatch = true;
    note_damage(q, at, m.bytes());
    if (!std::exchange(q.plain_case, true))
      ask_again(slot, at.server); // once; the first packet goes on waiting for a reply in the right letters
    return;
  }
  accept(slot, at, m, cut, now);
}

POSTROAD_DECL void client::engine::accept(std::uint32_t slot, attempt& at, const message& m, bool cut,
                                          time now) {
  question& q = questions[slot];
  detail::server_state& s = servers[at.server];
  ++q.replies;
  heard(s);
  auto got = new_answer();
  got->canonical = q.asked;
  got->cname_hops = q.hops;
  got->server = s.where;
  read_answer(m, q.rtype, *got);
  got->truncated = got->truncated || cut;
  if (q.held && at.sequence == q.answered_by)
    return note_second_reply(q, std::move(got));
  if (at.answered || q.held) // to another packet of ours: a resolver may turn its records around
    return;
  at.answered = true;
  q.answered_by = at.sequence;
  credit(q, at, now);
  const bool edns = at.edns;
  if (at.plain_case && q.case_mismatch)
    ++s.lower_cases;
  const auto server = at.server;
  if (use.grace.count() == 0)
    close(at);
  else
    release_room(at); // the key stays, for a second reply
  decide(slot, server, edns, std::move(got), now);
}

POSTROAD_DECL void client::engine::credit(question& q, attempt& at, time now) {
  const auto rtt = std::chrono::duration_cast<detail::microseconds>(now - at.sent);
  servers[at.server].rtt.sample(rtt);
  servers[at.server].open.on_answer(now);
  for (auto& other : q.in_use())
    if (other.silent && other.key != inflight_table::none && other.sent < at.sent)
      servers[other.server].open.on_loss(now);
}

POSTROAD_DECL void client::engine::note_second_reply(question& q, std::shared_ptr<answer> got) {
  q.held->replies = q.replies;
  if (got->truncated)
    return;
  bool known = got->says_the_same(*q.held);
  for (const auto& other : q.held->others)
    known = known || got->says_the_same(other);
  constexpr std::size_t max_others = 8; // evidence enough, and a flood costs no memory
  if (!known && q.held->others.size() < max_others)
    q.held->others.push_back(std::move(*got));
}

POSTROAD_DECL void client::engine::note_stranger(question& q, const attempt& at, const net::endpoint& sender,
                                                 std::span<const std::uint8_t> reply) noexcept {
  const auto m = parse_message(reply);
  if (!m || !m->is_response() || match_question(*m, spelling(q, at), q.rtype) != question_match::exact)
    return;
  q.elsewhere = sender;
  if (q.held)
    q.held->elsewhere = sender;
}

POSTROAD_DECL void client::engine::note_damage(question& q, const attempt& at,
                                               std::span<const std::uint8_t> reply) noexcept {
  constexpr unsigned most_bits = 2;
  const auto bits = question_damage(reply, spelling(q, at), q.rtype);
  if (bits == 0 || bits > most_bits)
    return;
  ++q.damaged;
  if (q.held)
    q.held->damaged = q.damaged;
}

POSTROAD_DECL void client::engine::decide(std::uint32_t slot, std::uint16_t server, bool edns,
                                          std::shared_ptr<answer> got, time now) {
  question& q = questions[slot];
  if (edns && rejects_edns(*got) && !q.no_edns) {
    q.no_edns = true;
    ++counts.without_edns;
    return ask_again(slot, server);
  }
  if (q.no_edns && !edns && !rejects_edns(*got))
    servers[server].no_edns = true;
  if ((q.tcp || q.awaits_tcp) && (got->truncated || detail::is_poor(got->what)))
    return; // TCP will bring something better
  if (got->truncated && use.use_tcp) {
    q.fallback = std::move(got);
    return start_tcp(slot, server, now);
  }
  if (got->truncated)
    got->what = outcome::truncated;
  settle(slot, server, std::move(got), now);
}

POSTROAD_DECL bool client::engine::rejects_edns(const answer& a) noexcept {
  return a.code == rcode::formerr || a.code == rcode::notimp || a.code == rcode::badvers;
}

POSTROAD_DECL void client::engine::settle(std::uint32_t slot, std::uint16_t server,
                                          std::shared_ptr<answer> got, time now) {
  if (detail::is_poor(got->what) && fail_over(slot, server, got))
    return;
  if (got->open_chain && got->cname_hops < max_cname_hops)
    return follow(slot, *got);
  if (got->open_chain) {
    got->what = outcome::malformed;
    got->detail = "CNAME chain longer than 16 or a loop";
  }
  if (use.grace.count() == 0)
    return finish(slot, std::move(got));
  hand_out_and_listen(slot, std::move(got), now);
}

POSTROAD_DECL bool client::engine::fail_over(std::uint32_t slot, std::uint16_t server,
                                             std::shared_ptr<answer>& got) {
  question& q = questions[slot];
  if (has_open_attempt(q)) { // another server has been asked already
    q.fallback = std::move(got);
    return true;
  }
  if (q.failed_over || !may_go_elsewhere(q))
    return false;
  q.failed_over = true;
  q.avoided = server;
  q.fallback = std::move(got);
  queue_again(slot);
  return true;
}

POSTROAD_DECL void client::engine::follow(std::uint32_t slot, const answer& got) {
  question& q = questions[slot];
  for (auto& at : q.in_use()) {
    close(at);
    at.sequence = 0;
  }
  name_question(q, got.canonical);
  q.hops = got.cname_hops;
  q.ttl = std::min(q.ttl, got.ttl);
  q.authenticated = q.authenticated && got.authenticated;
  q.timeouts = 0;
  q.failed_over = false;
  q.avoided = question::any_server;
  q.fallback.reset();
  queue_again(slot);
}

POSTROAD_DECL void client::engine::ask_again(std::uint32_t slot, std::uint16_t server) {
  questions[slot].forced = server;
  queue_again(slot);
}

POSTROAD_DECL void client::engine::queue_again(std::uint32_t slot) {
  question& q = questions[slot];
  charge(q, refresh());
  if (std::exchange(q.queued, true))
    return;
  again.push_back({slot, tenants[slot]});
  request_flush();
}

} // namespace postroad::dns
