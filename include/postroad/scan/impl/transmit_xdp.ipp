/// AF_XDP by plain system calls: a socket that only sends needs no program in the kernel and no library.
/// Documentation/networking/af_xdp.rst.
#pragma once

#include <postroad/scan/transmit.hpp>

#include <postroad/scan/impl/transmit.ipp>
#include <postroad/scan/owned.hpp>
#include <postroad/scan/trouble.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include <linux/if_xdp.h>
#include <poll.h>
#include <sys/socket.h>

namespace postroad::scan {

namespace detail {

/// One ring that we share with the kernel: `Entry` entries between two counters.
template <class Entry>
struct xdp_ring {
  mapping memory;
  std::uint32_t* producer = nullptr;
  std::uint32_t* consumer = nullptr;
  Entry* entries = nullptr;
  std::uint32_t mask = 0;

  void map(int fd, const xdp_ring_offset& at, std::uint32_t size, std::uint64_t page) {
    memory = mapping(at.desc + size * sizeof(Entry), MAP_SHARED | MAP_POPULATE, fd, page);
    producer = reinterpret_cast<std::uint32_t*>(memory.bytes() + at.producer);
    consumer = reinterpret_cast<std::uint32_t*>(memory.bytes() + at.consumer);
    entries = reinterpret_cast<Entry*>(memory.bytes() + at.desc);
    mask = size - 1;
  }
};

class xdp_transmitter final : public transmitter {
public:
  explicit xdp_transmitter(const link& out)
      : fd_(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)),
        packets_(size * frame_size, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) {
    if (fd_.get() < 0)
      no_raw_socket("an XDP socket");
    share_memory();
    widen_send_buffer(fd_.get());
#ifdef XDP_MAX_TX_SKB_BUDGET
    constexpr int budget_option = XDP_MAX_TX_SKB_BUDGET;
#else
    constexpr int budget_option = 9; // Linux 6.17: packets a call; 32 before
#endif
    const std::uint32_t budget = largest_batch;
    ::setsockopt(fd_.get(), SOL_XDP, budget_option, &budget, sizeof budget);
    sockaddr_xdp to{};
    to.sxdp_family = AF_XDP;
    to.sxdp_flags = XDP_COPY;
    to.sxdp_ifindex = static_cast<std::uint32_t>(out.index);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw trouble_of("cannot bind an XDP socket to " + out.name);
    for (std::uint32_t i = 0; i < size; ++i)
      free_.push_back(std::uint64_t{i} * frame_size);
  }

  std::span<frame> reserve(std::size_t n, const patience& wait) override {
    room_wait room;
    for (reap(); free_.empty(); reap()) // the far end still holds them all
      if (!room.again(fd_.get(), wait))
        return {};
    n = std::min({n, largest_batch, free_.size()});
    for (std::size_t i = 0; i < n; ++i) {
      batch_[i] = free_.back();
      free_.pop_back();
      frames_[i] = {packets_.bytes() + batch_[i], 0};
    }
    reserved_ = n;
    return std::span(frames_).first(n);
  }

  sent commit(std::size_t n, const patience& wait) override {
    while (reserved_ > n)
      free_.push_back(batch_[--reserved_]);
    for (;;) {
      const auto end = push(n, wait);
      if (end.error != 0 || !end.lost)
        return {end.error == 0 ? n : 0, end.error};
      if (!wait(ENETDOWN) || !take_back(n, wait))
        return {0, ENETDOWN};
    }
  }
  [[nodiscard]] bool wants_link() const override {
    return true;
  }
  [[nodiscard]] std::string_view name() const override {
    return "xdp";
  }

private:
  static constexpr std::uint32_t size = 2048; ///< packets under way at most

  void share_memory() {
    xdp_umem_reg memory{};
    memory.addr = reinterpret_cast<std::uint64_t>(packets_.bytes());
    memory.len = size * frame_size;
    memory.chunk_size = frame_size;
    set(XDP_UMEM_REG, memory);
    set(XDP_UMEM_FILL_RING, std::uint32_t{1}); // nothing is received, but a socket must have one
    set(XDP_UMEM_COMPLETION_RING, size);
    set(XDP_TX_RING, size);
    xdp_mmap_offsets at{};
    socklen_t length = sizeof at;
    if (::getsockopt(fd_.get(), SOL_XDP, XDP_MMAP_OFFSETS, &at, &length) != 0)
      throw trouble_of("cannot set up an XDP socket");
    out_.map(fd_.get(), at.tx, size, XDP_PGOFF_TX_RING);
    done_.map(fd_.get(), at.cr, size, XDP_UMEM_PGOFF_COMPLETION_RING);
  }
  template <class T>
  void set(int option, const T& value) {
    if (::setsockopt(fd_.get(), SOL_XDP, option, &value, sizeof value) != 0)
      throw trouble_of("cannot set up an XDP socket");
  }

  struct pushed {
    int error;
    bool lost; ///< one of them or more; which is not told
  };
  /// Hands the batch to the kernel and calls it until it has taken all.
  pushed push(std::size_t n, const patience& wait) {
    auto at = *out_.producer;
    for (std::size_t i = 0; i < n; ++i)
      out_.entries[at++ & out_.mask] = {batch_[i], static_cast<std::uint32_t>(frames_[i].size), 0};
    std::atomic_ref(*out_.producer).store(at, std::memory_order_release);
    bool lost = false;
    room_wait room;
    constexpr unsigned calls_without_a_budget = largest_batch / 32 + 1;
    for (unsigned calls = 0; ::sendto(fd_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) < 0; ++calls) {
      const int why = errno;
      if (why == EBUSY) { // "completed but not sent": no carrier
        lost = true;
      } else if (is_full_queue(why)) {
        if (calls > calls_without_a_budget && !room.again(fd_.get(), wait))
          return {why, lost};
      } else if (why != EINTR && !wait(why)) {
        return {why, lost};
      }
    }
    return {0, lost};
  }

  /// Frames that the kernel has done with are free again.
  void reap() {
    auto at = *done_.consumer;
    const auto end = std::atomic_ref(*done_.producer).load(std::memory_order_acquire);
    for (; at != end; ++at)
      free_.push_back(done_.entries[at & done_.mask]);
    std::atomic_ref(*done_.consumer).store(at, std::memory_order_release);
  }

  /// Waits until the kernel has done with everything, and takes the batch once more.
  [[nodiscard]] bool take_back(std::size_t n, const patience& wait) {
    room_wait room;
    for (reap(); free_.size() < size; reap())
      if (!room.again(fd_.get(), wait))
        return false;
    const auto end = batch_.begin() + static_cast<std::ptrdiff_t>(n);
    std::erase_if(free_, [&](std::uint64_t f) { return std::find(batch_.begin(), end, f) != end; });
    return true;
  }

  owned_fd fd_;
  mapping packets_;
  xdp_ring<xdp_desc> out_;
  xdp_ring<std::uint64_t> done_;
  std::vector<std::uint64_t> free_; ///< offsets of frames
  std::array<std::uint64_t, largest_batch> batch_{};
  std::array<frame, largest_batch> frames_{};
  std::size_t reserved_ = 0;
};

} // namespace detail

POSTROAD_DECL std::unique_ptr<transmitter> transmit_xdp(const link& out) {
  return std::make_unique<detail::xdp_transmitter>(out);
}

} // namespace postroad::scan
