/// Look-ups under way, by question.
#pragma once

#include <postroad/dns/client.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace postroad::dns {

/// The leaders, by question: a chained hash table whose links are in the look-ups.
class client::lookup_table {
public:
  [[nodiscard]] lookup* find(const question_key& key) const noexcept {
    lookup* f = buckets_[key.hash & (buckets_.size() - 1)];
    while (f != nullptr && !(f->key_ == key))
      f = f->chain_;
    return f;
  }
  void insert(lookup& f) {
    if (++size_ > buckets_.size())
      grow();
    lookup*& bucket = buckets_[f.key_.hash & (buckets_.size() - 1)];
    f.chain_ = std::exchange(bucket, &f);
  }
  void erase(lookup& f) noexcept {
    lookup** link = &buckets_[f.key_.hash & (buckets_.size() - 1)];
    while (*link != &f)
      link = &(*link)->chain_;
    *link = f.chain_;
    --size_;
  }

private:
  void grow() {
    std::vector<lookup*> old(2 * buckets_.size());
    old.swap(buckets_);
    for (lookup* f : old)
      while (f != nullptr) {
        lookup*& bucket = buckets_[f->key_.hash & (buckets_.size() - 1)];
        lookup* const rest = std::exchange(f->chain_, bucket);
        bucket = std::exchange(f, rest);
      }
  }
  std::vector<lookup*> buckets_ = std::vector<lookup*>(256);
  std::size_t size_ = 0;
};

} // namespace postroad::dns
