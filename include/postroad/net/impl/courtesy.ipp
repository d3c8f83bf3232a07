#pragma once

#include <postroad/net/courtesy.hpp>

#include <postroad/net/special.hpp>

#include <asio/post.hpp>

#include <algorithm>

namespace postroad::net {

namespace detail {

inline constexpr unsigned paced_network_v4 = 24; // the least that is announced in BGP, hence one operator
inline constexpr unsigned paced_network_v6 = 48; // likewise

inline std::chrono::steady_clock::duration gap_of(double per_second) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(1 / per_second));
}

} // namespace detail

POSTROAD_DECL bool courtesy::may_contact(const address& a) const {
  if (use_.blocked.contains(a))
    return false;
  return !is_special(a) || is_lab(a);
}

POSTROAD_DECL endpoint courtesy::key_of(const endpoint& to) const {
  return is_lab(to.ip) ? to : endpoint{to.ip, 0};
}

/// When the network and the whole have their next free moment.
POSTROAD_DECL courtesy::clock::time_point courtesy::due(const address& to) const {
  auto when = use_.rate > 0 ? next_ : clock::time_point{};
  if (is_lab(to) || use_.per_network <= 0)
    return when;
  const auto bits = to.v6 ? detail::paced_network_v6 : detail::paced_network_v4;
  const auto found = networks_.find(network_of(to, bits).base);
  return found == networks_.end() ? when : std::max(when, found->second);
}

POSTROAD_DECL courtesy::permit courtesy::enter_at_once(const endpoint& to) {
  const bool is_paced = use_.rate > 0 || use_.per_network > 0;
  if (naps_.aborted() || (is_paced && due(to.ip) > clock::now()))
    return {};
  const auto key = key_of(to);
  if (!busy_.try_emplace(key).second)
    return {};
  if (is_paced)
    (void)reserve(to.ip);
  return permit(*this, key);
}

/// Books the next free moment of the network and of the whole, and says when it is.
POSTROAD_DECL courtesy::clock::time_point courtesy::reserve(const address& to) {
  const auto now = clock::now();
  auto when = now;
  if (!is_lab(to) && use_.per_network > 0) {
    forget_idle_networks(now);
    auto& free_at =
        networks_[network_of(to, to.v6 ? detail::paced_network_v6 : detail::paced_network_v4).base];
    when = std::max(when, free_at);
    free_at = when + detail::gap_of(use_.per_network);
  }
  if (use_.rate > 0) {
    when = std::max(when, next_);
    next_ = when + detail::gap_of(use_.rate);
  }
  return when;
}

POSTROAD_DECL void courtesy::forget_idle_networks(clock::time_point now) {
  constexpr std::size_t remembered = 1 << 16; // 3 MiB; a network that is idle needs no memory of its own
  if (networks_.size() < remembered)
    return;
  std::erase_if(networks_, [now](const auto& network) { return network.second <= now; });
}

struct courtesy::in_line {
  line& behind;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    if (!behind)
      behind = std::make_unique<line::element_type>();
    behind->push_back(h);
  }
  void await_resume() const noexcept {}
};

POSTROAD_DECL task<courtesy::permit> courtesy::enter(endpoint to) {
  if (naps_.aborted())
    co_return permit();
  const endpoint key = key_of(to);
  if (const auto [at, is_first] = busy_.try_emplace(key); !is_first) {
    in_line wait{at->second};
    co_await wait;
    if (naps_.aborted())
      co_return permit(); // abort() has emptied the lines
  }
  permit mine(*this, key);
  const bool in_time = co_await naps_.until(reserve(to.ip));
  if (!in_time)
    co_return permit();
  co_return mine;
}

POSTROAD_DECL void courtesy::leave(const endpoint& key) {
  const auto found = busy_.find(key);
  if (found == busy_.end())
    return;
  const auto& waiting = found->second;
  if (!waiting || waiting->empty()) {
    busy_.erase(found);
    return;
  }
  const auto next = waiting->front();
  waiting->pop_front();
  asio::post(io_, [next] { next.resume(); }); // not from within the leaver
}

POSTROAD_DECL void courtesy::abort() {
  naps_.abort();
  auto lines = std::move(busy_);
  busy_.clear();
  for (const auto& [key, behind] : lines)
    if (behind)
      for (const auto waiting : *behind)
        asio::post(io_, [waiting] { waiting.resume(); });
}

} // namespace postroad::net
