/// Whom we may contact, and how fast: the manners that every network filter shares.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/naps.hpp>
#include <postroad/net/prefix.hpp>
#include <postroad/net/task.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

namespace postroad::net {

struct courtesy_settings {
  prefix_set blocked{};    ///< never contacted
  prefix_set allowed{};    ///< a laboratory: contacted although special, and without pacing
  double per_network = 20; ///< new connections a second for each /24 (IPv6: /48); 0 = no limit
  double rate = 0;         ///< new connections a second in all; 0 = no limit
};

/// At most one connection per address at a time (inside `allowed`: per address and port), new ones spaced per
/// network and in all. Who waits here waits in order of arrival.
class courtesy {
public:
  courtesy(asio::io_context& io, courtesy_settings use) : io_(io), use_(std::move(use)), naps_(io) {}
  courtesy(const courtesy&) = delete;
  courtesy& operator=(const courtesy&) = delete;

  /// False for addresses on the blocklist and, outside `allowed`, for special-purpose space.
  [[nodiscard]] bool may_contact(const address& a) const;

  /// The right to one connection, for as long as it lives. False after abort().
  class permit {
  public:
    permit() = default;
    permit(permit&& other) noexcept
        : host_(std::exchange(other.host_, nullptr)), key_(std::exchange(other.key_, {})) {}
    permit& operator=(permit&& other) noexcept {
      std::swap(host_, other.host_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~permit() {
      if (host_)
        host_->leave(key_);
    }
    explicit operator bool() const noexcept { return host_ != nullptr; }

  private:
    friend courtesy;
    permit(courtesy& host, const endpoint& key) : host_(&host), key_(key) {}
    courtesy* host_ = nullptr;
    endpoint key_;
  };

  /// Waits for its turn.
  task<permit> enter(endpoint to);
  /// The permit, where enter() would not wait for it; none otherwise.
  [[nodiscard]] permit enter_at_once(const endpoint& to);
  /// Nobody gets a permit any more; those who wait are told at once.
  void abort();

private:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] bool is_lab(const address& a) const { return use_.allowed.contains(a); }
  [[nodiscard]] endpoint key_of(const endpoint& to) const;
  [[nodiscard]] clock::time_point due(const address& to) const;
  [[nodiscard]] clock::time_point reserve(const address& to);
  void leave(const endpoint& key);
  void forget_idle_networks(clock::time_point now);

  asio::io_context& io_;
  courtesy_settings use_;
  /// Who waits for a server that is busy; null while nobody does, as with nearly all of them.
  using line = std::unique_ptr<std::deque<std::coroutine_handle<>>>;
  struct in_line;
  std::unordered_map<endpoint, line, endpoint_hash> busy_;
  std::unordered_map<address, clock::time_point, address_hash> networks_; ///< when the next one may start
  clock::time_point next_ = {};
  naps naps_;
};

} // namespace postroad::net

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/net/impl/courtesy.ipp>
#endif
