/// The packets that come in while a scan runs: a ring that the kernel fills with what may be answers.
#pragma once

#include <postroad/config.hpp>
#include <postroad/scan/cookie.hpp>
#include <postroad/scan/probe.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

struct sock_filter;

namespace postroad::scan {

/// One packet as it lies in the ring.
struct received {
  std::span<const std::uint8_t> bytes;        ///< from the IP header on
  bool checked = false;                       ///< its sums need not be checked, or are not written yet
  std::chrono::steady_clock::time_point at{}; ///< when the kernel had it, not when it was read
};

/// A packet socket with a ring (TPACKET_V3) and a filter in the kernel: nothing is copied and nobody is woken
/// for packets that cannot be answers. Needs CAP_NET_RAW.
///
/// Example: receiver in(0, probe_kind::syn, {}); in.wait(10ms, [](const received& r) { ... });
class receiver {
public:
  /// Hears one interface, or with 0 all of them. Throws trouble.
  POSTROAD_DECL receiver(int interface, probe_kind probe, const port_range& ports);
  POSTROAD_DECL ~receiver();
  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;

  /// Readable when packets are there.
  [[nodiscard]] POSTROAD_DECL int fd() const noexcept;
  /// Calls `sink` for all that is there and gives the room back. Does not wait.
  POSTROAD_DECL void take(const std::function<void(const received&)>& sink);
  /// Packets for which there was no room.
  [[nodiscard]] POSTROAD_DECL std::uint64_t dropped();

private:
  struct ring;
  std::unique_ptr<ring> ring_;
};

namespace detail {
/// The classic BPF program that lets through what may be an answer; it sees packets from the IP header on.
[[nodiscard]] POSTROAD_DECL std::vector<sock_filter> answer_filter(probe_kind probe, const port_range& ports);
} // namespace detail

} // namespace postroad::scan

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/scan/impl/receive.ipp>
#endif
