/// The half of a scan that sends: step by step, at its pace, on a thread of its own.
#pragma once

#include <postroad/config.hpp>
#include <postroad/scan/cookie.hpp>
#include <postroad/scan/number_set.hpp>
#include <postroad/scan/pace.hpp>
#include <postroad/scan/probe.hpp>
#include <postroad/scan/sent_log.hpp>
#include <postroad/scan/targets.hpp>
#include <postroad/scan/transmit.hpp>
#include <postroad/scan/walk.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace postroad::scan {

/// Targets that have answered: nobody who did is asked again. Both halves of a scan use it.
class answered {
public:
  void add(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    numbers_.insert(number);
  }
  [[nodiscard]] bool has(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    return numbers_.contains(number);
  }

private:
  mutable std::mutex mutex_;
  number_set numbers_;
};

/// What a sender works on. All of it outlives the sender.
struct errand {
  const targets& whom;
  const walk& course;
  siphash_key key;
  port_range ports;
  std::optional<packet_maker> v4, v6; ///< one for each family there is among the targets
  double rate = 0;                    ///< packets a second, 0 = no limit
  std::uint64_t first = 0;            ///< the step to begin with
};

/// The half of a scan that asks, as the other half sees it. It works on a thread of its own from start() on,
/// until all steps are taken, stop() is called or there is no way to send any more.
class asking {
public:
  virtual ~asking() = default;
  asking() = default;
  asking(const asking&) = delete;
  asking& operator=(const asking&) = delete;

  virtual void start() = 0;
  /// Takes no further step. What is under way is finished.
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
  /// Gives up what is under way, too.
  virtual void abort() { stop(); }
  /// Rests while the reader of the answers does not keep up.
  void rest(bool yes) noexcept { resting_.store(yes, std::memory_order_relaxed); }

  [[nodiscard]] bool running() const noexcept { return running_.load(std::memory_order_acquire); }
  /// The first step that was not taken.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// Steps that could not be taken: no route, not permitted, no port.
  [[nodiscard]] std::uint64_t unsendable() const noexcept {
    return unsendable_.load(std::memory_order_relaxed);
  }
  /// errno of what ended it, or 0.
  [[nodiscard]] int error() const noexcept { return error_.load(std::memory_order_relaxed); }
  [[nodiscard]] virtual std::string_view way() const noexcept = 0;
  /// When steps were taken.
  [[nodiscard]] const sent_log& log() const noexcept { return log_; }

protected:
  sent_log log_;
  std::atomic<bool> stop_{false}, resting_{false}, running_{false};
  std::atomic<std::uint64_t> next_{0}, packets_{0}, bytes_{0}, unsendable_{0};
  std::atomic<int> error_{0};
};

/// Sends packets by a transmitter; who answers them is heard elsewhere.
class sender final : public asking {
public:
  /// Targets in `skip` are not asked again; `ended` is called on the sending thread.
  POSTROAD_DECL sender(errand what, std::unique_ptr<transmitter> out, const answered* skip,
                       std::function<void()> ended);
  POSTROAD_DECL ~sender() override;
  POSTROAD_DECL void start() override;
  [[nodiscard]] std::string_view way() const noexcept override { return out_->name(); }

private:
  void run();
  void wait_for_round(std::uint64_t round);
  bool sleep_until(pace::time when);
  bool batch(std::size_t n);
  std::size_t fill(std::span<frame> frames, std::uint64_t& next_step, std::uint64_t end);
  bool give_up(int error);
  [[nodiscard]] bool again(int error);

  errand what_;
  std::unique_ptr<transmitter> out_;
  const answered* skip_;
  std::function<void()> ended_;
  pace pace_;
  patience patience_;
  pace::time round_began_{}, trouble_since_{};
  std::thread thread_;
};

} // namespace postroad::scan

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/scan/impl/sender.ipp>
#endif
