/// A map that forgets what was used least recently once its values hold too many bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace postroad::net {

/// Maps Key to Value within a budget of bytes. Both must be movable and default-constructible.
///
/// The caller says what a value weighs; each entry costs overhead() on top. Looking an entry up makes it the
/// youngest. Pointers to values hold until the next put, erase or clear.
/// Example: `lru<std::string, int> seen(1 << 20); seen.put("a", 1, 8); if (int* n = seen.find("a")) ++*n;`
template <class Key, class Value, class Hash = std::hash<Key>>
class lru {
public:
  explicit lru(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Bytes of one entry beside what the caller states.
  [[nodiscard]] static constexpr std::size_t overhead() noexcept {
    return sizeof(node) + sizeof(std::uint32_t);
  }

  [[nodiscard]] Value* find(const Key& key) {
    const auto at = locate(key, Hash{}(key));
    if (at == none)
      return nullptr;
    unlink(at);
    link_youngest(at);
    return &nodes_[at].value;
  }

  /// Puts or replaces; false when the value alone is too heavy (an older one under this key is gone then).
  bool put(Key key, Value value, std::size_t bytes) {
    const std::size_t hash = Hash{}(key);
    if (const auto old = locate(key, hash); old != none)
      remove(old);
    const std::size_t weight = bytes + overhead();
    if (weight > max_bytes_)
      return false;
    while (bytes_ + weight > max_bytes_)
      remove(oldest_);
    if (size_ + 1 > buckets_.size())
      rehash();
    const auto at = take_node();
    node& n = nodes_[at];
    n.key = std::move(key);
    n.value = std::move(value);
    n.hash = hash;
    n.weight = weight;
    n.chain = std::exchange(buckets_[hash & (buckets_.size() - 1)], at);
    link_youngest(at);
    bytes_ += weight;
    ++size_;
    return true;
  }

  bool erase(const Key& key) {
    const auto at = locate(key, Hash{}(key));
    if (at != none)
      remove(at);
    return at != none;
  }

  void clear() {
    while (oldest_ != none)
      remove(oldest_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t max_bytes() const noexcept { return max_bytes_; }

private:
  using index = std::uint32_t;
  static constexpr index none = ~index{0};
  struct node {
    Key key{};
    Value value{};
    std::size_t hash = 0, weight = 0;
    index older = none, younger = none; ///< by use
    index chain = none;                 ///< next of the same bucket, or of the free list
  };

  [[nodiscard]] index locate(const Key& key, std::size_t hash) const {
    if (buckets_.empty())
      return none;
    index at = buckets_[hash & (buckets_.size() - 1)];
    while (at != none && !(nodes_[at].hash == hash && nodes_[at].key == key))
      at = nodes_[at].chain;
    return at;
  }

  void link_youngest(index at) {
    nodes_[at].older = youngest_;
    nodes_[at].younger = none;
    (youngest_ == none ? oldest_ : nodes_[youngest_].younger) = at;
    youngest_ = at;
  }
  void unlink(index at) {
    const node& n = nodes_[at];
    (n.older == none ? oldest_ : nodes_[n.older].younger) = n.younger;
    (n.younger == none ? youngest_ : nodes_[n.younger].older) = n.older;
  }

  void remove(index at) {
    unlink(at);
    node& n = nodes_[at];
    index* link = &buckets_[n.hash & (buckets_.size() - 1)];
    while (*link != at)
      link = &nodes_[*link].chain;
    *link = n.chain;
    bytes_ -= n.weight;
    --size_;
    n.key = Key{};
    n.value = Value{};
    n.chain = std::exchange(free_, at);
  }

  [[nodiscard]] index take_node() {
    if (free_ == none) {
      nodes_.emplace_back();
      return static_cast<index>(nodes_.size() - 1);
    }
    return std::exchange(free_, nodes_[free_].chain);
  }

  void rehash() {
    buckets_.assign(buckets_.empty() ? 64 : 2 * buckets_.size(), none);
    for (index at = oldest_; at != none; at = nodes_[at].younger) {
      index& bucket = buckets_[nodes_[at].hash & (buckets_.size() - 1)];
      nodes_[at].chain = std::exchange(bucket, at);
    }
  }

  std::size_t max_bytes_, bytes_ = 0, size_ = 0;
  std::deque<node>
      nodes_; // a deque, so that growing neither moves values nor doubles the memory for a moment
  std::vector<index> buckets_;
  index oldest_ = none, youngest_ = none, free_ = none;
};

} // namespace postroad::net
