/// Answers that are still good: bounded in bytes, each for as long as its TTL says.
#pragma once

#include <postroad/dns/answer.hpp>
#include <postroad/dns/packed.hpp>
#include <postroad/net/fifo.hpp>
#include <postroad/net/lru.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postroad::dns {

/// What a look-up is known by: the lower-cased wire form and the type, hashed once.
struct question_key {
  name asked; ///< lower case
  type rtype{};
  std::size_t hash = 0;

  question_key() = default;
  question_key(const name& n, type t)
      : asked(n.lowered()), rtype(t),
        hash(std::hash<std::string_view>{}(bytes()) + static_cast<std::size_t>(t)) {}

  [[nodiscard]] std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(asked.wire().data()), asked.size()};
  }
  friend bool operator==(const question_key& a, const question_key& b) noexcept {
    return a.rtype == b.rtype && a.bytes() == b.bytes();
  }

  /// What an entry of a cache starts with: the name and the type.
  void append_to(std::string& entry) const {
    entry += bytes();
    detail::append_raw(entry, rtype);
  }
  [[nodiscard]] std::size_t head_size() const noexcept { return asked.size() + sizeof rtype; }
  [[nodiscard]] bool heads(std::string_view entry) const noexcept {
    return entry.size() >= head_size() && entry.starts_with(bytes()) &&
           std::memcmp(&entry[asked.size()], &rtype, sizeof rtype) == 0;
  }

  struct hasher {
    [[nodiscard]] std::size_t operator()(const question_key& key) const noexcept { return key.hash; }
  };
};

/// How long an answer may be used again; nothing for one that must not be.
///
/// Records and negative answers live for their TTL, 1 s to 1 day: within one run a TTL of 0 must not undo the
/// coalescing of equal questions. Failures live 30 s (RFC 9520 3.2: 1 s to 5 minutes). An aborted look-up
/// says nothing.
[[nodiscard]] inline std::optional<std::chrono::seconds> lifetime(const answer& a) noexcept {
  using std::chrono::seconds;
  switch (a.what) {
  case outcome::aborted:
    return std::nullopt;
  case outcome::ok:
  case outcome::nodata:
  case outcome::nxdomain:
    return std::clamp(seconds(a.ttl), seconds(1),
                      seconds(86400)); // a day: RFC 8767 and BIND's max-ncache rule
  default:
    return seconds(30);
  }
}

/// Two queues (2Q, Johnson and Shasha 1994): an answer comes in packed and leaves in the order it came; one
/// that is asked for again moves to the larger part, which forgets by use. A quarter is for those who come,
/// as the authors found best. A list of a million domains, each asked for once, thus passes by the servers
/// that they share.
class answer_cache {
public:
  using time = std::chrono::steady_clock::time_point;

  explicit answer_cache(std::size_t max_bytes) : once_(max_bytes / 4), often_(max_bytes - max_bytes / 4) {}

  /// Null when there is none, or none that is still good.
  [[nodiscard]] answer_ptr find(const question_key& key, time now) {
    if (const auto* found = often_.find(key)) {
      if (found->until > now)
        return found->what;
      often_.erase(key);
    }
    const auto packed = once_.find(key.hash, [&](std::string_view v) { return key.heads(v); });
    if (packed.data() == nullptr)
      return nullptr;
    detail::unpacker from(packed.substr(key.head_size()));
    const auto until = from.raw<time>();
    if (until <= now)
      return nullptr;
    auto what =
        std::make_shared<const answer>(unpack(packed.substr(key.head_size() + sizeof until), key.bytes()));
    keep(key, what, until);
    return what;
  }

  void store(question_key key, answer_ptr what, time now) {
    const auto life = lifetime(*what);
    if (!life)
      return;
    scratch_.clear();
    key.append_to(scratch_);
    if (is_packable(*what)) {
      detail::append_raw(scratch_, now + *life);
      pack(*what, scratch_);
      if (scratch_.size() <= once_.longest()) {
        once_.put(key.hash, scratch_);
        return;
      }
    }
    keep(std::move(key), std::move(what), now + *life);
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return once_.bytes() + often_.bytes(); }

private:
  void keep(question_key key, answer_ptr what, time until) {
    constexpr std::size_t control_block = 2 * sizeof(void*); // of make_shared
    const std::size_t weight = what->bytes() + key.asked.heap_bytes() + control_block;
    often_.put(std::move(key), {std::move(what), until}, weight);
  }

  struct entry {
    answer_ptr what;
    time until{};
  };
  net::fifo_store once_;
  net::lru<question_key, entry, question_key::hasher> often_;
  std::string scratch_;
};

} // namespace postroad::dns
