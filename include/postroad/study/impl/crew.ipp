#pragma once

#include <postroad/study/crew.hpp>

#include <iterator>
#include <stdexcept>
#include <system_error>

namespace postroad::study {

POSTROAD_DECL crew::crew(unsigned threads, const std::function<fold()>& make, bool hashed) : hashed_(hashed) {
  for (unsigned i = 0; i < threads; ++i) {
    auto& w = workers_.emplace_back(worker{make()});
    try {
      w.thread = std::thread([this, &w] { work(w); });
    } catch (const std::system_error&) { // as many as the machine gives
      workers_.pop_back();
      break;
    }
  }
  if (workers_.empty())
    throw std::runtime_error("no thread can be started");
}

POSTROAD_DECL crew::~crew() {
  stop();
}

POSTROAD_DECL void crew::stop() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wanted_.notify_all();
  for (auto& w : workers_)
    if (w.thread.joinable())
      w.thread.join();
}

POSTROAD_DECL void crew::give(line_block& block) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return waiting_.size() < 2 * workers_.size(); });
    waiting_.push_back({given_++, std::move(block)});
    block = {};
    if (!empty_.empty()) {
      block = std::move(empty_.back());
      empty_.pop_back();
    }
  }
  wanted_.notify_one();
}

POSTROAD_DECL void crew::give_rejected(std::string_view why) {
  const std::lock_guard lock(mutex_);
  done_[given_++] = {1, {{1, {}, why}}};
}

POSTROAD_DECL void crew::work(worker& w) {
  for (;;) {
    job next;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
      if (waiting_.empty())
        return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    room_.notify_one();
    auto said = count(w, next.block);
    const std::lock_guard lock(mutex_);
    done_[next.place] = std::move(said);
    empty_.push_back(std::move(next.block));
  }
}

POSTROAD_DECL crew::outcome crew::count(worker& w, const line_block& block) const {
  outcome said;
  for (auto rest = block.text(); !rest.empty();) {
    const auto line = take_line(rest);
    ++said.lines;
    if (hashed_)
      w.hash.add(line);
    if (const auto why = w.counted.add(line))
      said.rejected.push_back({said.lines, std::string(line), *why});
  }
  return said;
}

POSTROAD_DECL std::vector<rejected_line> crew::take_rejected() {
  std::vector<rejected_line> out;
  const std::lock_guard lock(mutex_);
  for (auto at = done_.find(taken_); at != done_.end(); at = done_.find(taken_)) {
    for (auto& line : at->second.rejected)
      out.push_back({lines_ + line.number, std::move(line.text), line.why});
    lines_ += at->second.lines;
    done_.erase(at);
    ++taken_;
  }
  return out;
}

POSTROAD_DECL void crew::finish(fold& all, shard_hash& hash) {
  stop();
  for (auto& w : workers_) {
    all.merge(w.counted);
    hash.add(w.hash);
  }
}

} // namespace postroad::study
