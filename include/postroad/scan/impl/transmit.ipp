#pragma once

#include <postroad/scan/transmit.hpp>

#include <postroad/scan/owned.hpp>
#include <postroad/scan/trouble.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace postroad::scan {

namespace detail {

inline void widen_send_buffer(int fd) {
  const int bytes = 4 << 20; // as many packets as a driver's queue holds
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

[[nodiscard]] inline bool is_full_queue(int error) noexcept {
  return error == ENOBUFS || error == EAGAIN || error == ENOMEM;
}
/// A queue of a driver empties within microseconds and tells nobody: look again after a millisecond at most,
/// and ask now and then whether that still makes sense.
class room_wait {
public:
  /// False when the patience is at its end.
  [[nodiscard]] bool again(int fd, const patience& wait) {
    pollfd out{fd, POLLOUT, 0};
    constexpr int a_millisecond = 1;
    if (::poll(&out, 1, a_millisecond) > 0) // the socket has room, the driver had none
      ::usleep(50);
    return ++turns_ % asking_turns != 0 || wait(ENOBUFS);
  }

private:
  static constexpr unsigned asking_turns = 256; // 13 to 256 ms
  unsigned turns_ = 0;
};

/// Sends a batch piece by piece, and says how far it came.
class batch_sender : public transmitter {
public:
  std::span<frame> reserve(std::size_t n, const patience&) override {
    return std::span(frames_).first(std::min(n, largest_batch));
  }
  sent commit(std::size_t n, const patience& wait) override {
    at_ = 0;
    end_ = n;
    prepare();
    room_wait room;
    while (at_ < end_) {
      const int n_taken = send_some();
      if (n_taken > 0) {
        at_ += static_cast<std::size_t>(n_taken);
        skipped_in_a_row_ = 0;
        continue;
      }
      const int why = errno;
      if (skips(why) && ++skipped_in_a_row_ < suspicious) {
        ++unsendable_;
        ++at_;
      } else if (is_full_queue(why)) {
        if (!room.again(fd(), wait))
          return {at_, why};
      } else if (why != EINTR && !wait(why)) {
        return {at_, why};
      }
    }
    return {at_, 0};
  }
  [[nodiscard]] std::uint64_t unsendable() const override { return unsendable_; }

protected:
  /// Frames are in this memory, frame_size each.
  void lend(std::uint8_t* memory) noexcept {
    for (std::size_t i = 0; i < largest_batch; ++i)
      frames_[i].bytes = memory + i * frame_size;
  }
  /// Before the first piece of a batch.
  virtual void prepare() {}
  /// Sends from at_ on; how many were taken, at least one, or -1 and errno.
  virtual int send_some() = 0;
  /// That polls as writable when there is room, or -1.
  [[nodiscard]] virtual int fd() const = 0;
  /// Does this error concern one target only?
  [[nodiscard]] virtual bool skips(int) const { return false; }

  std::array<frame, largest_batch> frames_{};
  std::size_t at_ = 0, end_ = 0; ///< of the batch: sent so far, in all

private:
  /// So many targets in a row, drawn at random, without a way: it is the link that is gone, not theirs.
  static constexpr std::uint64_t suspicious = 1024;
  std::uint64_t unsendable_ = 0, skipped_in_a_row_ = 0;
};

/// What sendmmsg(2) back ends share.
class message_sender : public batch_sender {
public:
  message_sender() : memory_(largest_batch * frame_size) { lend(memory_.data()); }

protected:
  void prepare() override {
    for (std::size_t i = 0; i < end_; ++i) {
      parts_[i] = {frames_[i].bytes, frames_[i].size};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      address(i);
    }
  }
  /// Says where the i-th message goes, when it is not the same for all.
  virtual void address(std::size_t) {}

  std::array<mmsghdr, largest_batch> messages_{};

private:
  std::vector<std::uint8_t> memory_;
  std::array<iovec, largest_batch> parts_{};
};

class packet_transmitter final : public message_sender {
public:
  explicit packet_transmitter(const link& out) : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    if (fd_.get() < 0)
      no_raw_socket("a packet socket");
    const int yes = 1;
    ::setsockopt(fd_.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
    widen_send_buffer(fd_.get());
    sockaddr_ll to{};
    to.sll_family = AF_PACKET; // protocol 0: it receives nothing
    to.sll_ifindex = out.index;
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw trouble_of("cannot bind to " + out.name);
  }
  [[nodiscard]] bool wants_link() const override { return true; }
  [[nodiscard]] std::string_view name() const override { return "packet"; }

private:
  int send_some() override {
    return ::sendmmsg(fd_.get(), &messages_[at_], static_cast<unsigned>(end_ - at_), MSG_DONTWAIT);
  }
  [[nodiscard]] int fd() const override { return fd_.get(); }

  owned_fd fd_;
};

class ip_transmitter final : public message_sender {
public:
  explicit ip_transmitter(const std::string& interface) : v4_(open(AF_INET, interface)) {
    if (v4_.get() < 0)
      no_raw_socket("a raw IP socket");
    v6_ = open(AF_INET6, interface); // a kernel without IPv6 is no trouble until it has to send some
  }
  [[nodiscard]] bool wants_link() const override { return false; }
  [[nodiscard]] std::string_view name() const override { return "ip"; }

private:
  static owned_fd open(int family, const std::string& interface) {
    owned_fd fd(::socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)); // raw(7): we write the IP header
    if (fd.get() < 0)
      return fd;
    widen_send_buffer(fd.get());
    const int yes = 1; // else a full queue, or a full table of neighbours, would read as success
    ::setsockopt(fd.get(), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
                 family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &yes, sizeof yes);
    if (!interface.empty() && ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                                           static_cast<socklen_t>(interface.size() + 1)) != 0)
      throw trouble_of("cannot bind to " + interface);
    return fd;
  }
  /// No route, a firewall of this machine, a broadcast address: the others may still be reached.
  [[nodiscard]] bool skips(int error) const override {
    return error == EHOSTUNREACH || error == ENETUNREACH || error == EPERM || error == EACCES ||
           error == EINVAL || error == EADDRNOTAVAIL;
  }
  [[nodiscard]] bool is_v6(std::size_t i) const noexcept { return frames_[i].bytes[0] >> 4 == 6; }

  /// As many of one family as stand together.
  int send_some() override {
    const bool v6 = is_v6(at_);
    std::size_t n = at_ + 1;
    while (n < end_ && is_v6(n) == v6)
      ++n;
    return ::sendmmsg((v6 ? v6_ : v4_).get(), &messages_[at_], static_cast<unsigned>(n - at_), MSG_DONTWAIT);
  }
  [[nodiscard]] int fd() const override { return v4_.get(); }
  void address(std::size_t i) override {
    auto& header = messages_[i].msg_hdr;
    const auto* ip = frames_[i].bytes;
    if (is_v6(i)) {
      auto& to = to6_[i];
      to = {};
      to.sin6_family = AF_INET6;
      std::memcpy(&to.sin6_addr, ip + 24, 16);
      header.msg_name = &to;
      header.msg_namelen = sizeof to;
    } else {
      auto& to = to4_[i];
      to = {};
      to.sin_family = AF_INET;
      std::memcpy(&to.sin_addr, ip + 16, 4);
      header.msg_name = &to;
      header.msg_namelen = sizeof to;
    }
  }

  owned_fd v4_, v6_;
  std::array<sockaddr_in, largest_batch> to4_{};
  std::array<sockaddr_in6, largest_batch> to6_{};
};

} // namespace detail

POSTROAD_DECL std::unique_ptr<transmitter> transmit_packet(const link& out) {
  return std::make_unique<detail::packet_transmitter>(out);
}
POSTROAD_DECL std::unique_ptr<transmitter> transmit_ip(const std::string& interface) {
  return std::make_unique<detail::ip_transmitter>(interface);
}

} // namespace postroad::scan
