/// Several threads that count the lines of one input.
#pragma once

#include <postroad/config.hpp>
#include <postroad/study/fold.hpp>
#include <postroad/study/lines.hpp>
#include <postroad/study/partial.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace postroad::study {

/// A line that is no record.
struct rejected_line {
  std::uint64_t number = 0; ///< in its input, from 1
  std::string text;
  std::string_view why;
};

/// Each thread counts the blocks that it takes into a fold of its own; at the end they are put together,
/// which gives the tables of one thread, byte for byte.
///
/// Example: crew c(2, [] { return fold(specs, paths, how); }, false); while (reader.next(block) ==
/// got::lines) c.give(block); c.finish(all);
class crew {
public:
  /// `hashed`: the lines' shard_hash is wanted. Where the machine gives fewer threads, these do; throws
  /// std::runtime_error where it gives none.
  crew(unsigned threads, const std::function<fold()>& make, bool hashed);
  ~crew();
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  /// Hands a block over and takes an empty one for it; waits while enough are waiting.
  void give(line_block& block);
  /// A line that was passed over stands between the blocks.
  void give_rejected(std::string_view why);
  /// Lines that were no records, in the order of the input, as far as everything before them is counted.
  [[nodiscard]] std::vector<rejected_line> take_rejected();
  /// How many lines take_rejected() has come past.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }
  /// Waits for all, and adds them to `all`.
  void finish(fold& all, shard_hash& hash);

private:
  struct job {
    std::uint64_t place;
    line_block block;
  };
  struct outcome { ///< of one block
    std::uint64_t lines = 0;
    std::vector<rejected_line> rejected; ///< numbered within the block
  };
  struct worker {
    fold counted;
    shard_hash hash{};
    std::thread thread{};
  };

  void work(worker& w);
  outcome count(worker& w, const line_block& block) const;
  void stop();

  bool hashed_;
  std::deque<worker> workers_;
  std::mutex mutex_;
  std::condition_variable wanted_, room_;
  std::deque<job> waiting_;
  std::vector<line_block> empty_;
  std::map<std::uint64_t, outcome> done_; ///< by place, until what is before is done
  std::uint64_t given_ = 0, taken_ = 0;   ///< places
  std::uint64_t lines_ = 0;               ///< before the place that is taken next
  bool ended_ = false;
};

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/crew.ipp>
#endif
