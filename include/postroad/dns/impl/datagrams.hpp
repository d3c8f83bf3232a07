/// Datagrams in batches: one system call for dozens. sendmmsg(2), recvmmsg(2).
#pragma once

#include <postroad/net/address.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

namespace postroad::dns::detail {

/// A socket address of either family.
struct socket_address {
  sockaddr_in6 raw{}; // the larger of the two
  socklen_t size = 0;
};

[[nodiscard]] inline socket_address to_socket_address(const net::endpoint& e) noexcept {
  socket_address out;
  if (e.ip.v6) {
    out.raw.sin6_family = AF_INET6;
    out.raw.sin6_port = htons(e.port);
    std::memcpy(&out.raw.sin6_addr, e.ip.bytes.data(), 16);
    out.size = sizeof(sockaddr_in6);
    return out;
  }
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(e.port);
  std::memcpy(&four.sin_addr, e.ip.bytes.data(), 4);
  std::memcpy(&out.raw, &four, sizeof four);
  out.size = sizeof four;
  return out;
}

[[nodiscard]] inline net::endpoint to_endpoint(const sockaddr_in6& raw) noexcept {
  if (raw.sin6_family == AF_INET6)
    return {net::address::from_bytes(raw.sin6_addr.s6_addr, 16), ntohs(raw.sin6_port)};
  sockaddr_in four;
  std::memcpy(&four, &raw, sizeof four);
  std::uint8_t bytes[4];
  std::memcpy(bytes, &four.sin_addr, 4);
  return {net::address::from_bytes(bytes, 4), ntohs(four.sin_port)};
}

/// Datagrams that wait to be sent through one socket. Those of one size to one server go down the stack as
/// one train and are parted at its end (UDP_SEGMENT, udp(7)): of names there are many of one length, and the
/// way down is most of what a query costs. Where the device cannot part them, each goes alone.
class outbox {
public:
  static constexpr std::size_t capacity = 128;
  static constexpr std::size_t longest = 288;      // the longest query there is
  static constexpr std::size_t longest_train = 64; // UDP_MAX_SEGMENTS of older kernels

  [[nodiscard]] bool full() const noexcept { return count_ == capacity; }
  [[nodiscard]] bool empty() const noexcept { return coupled_ && sent_ == trains_; }
  void clear() noexcept {
    count_ = trains_ = sent_ = 0;
    coupled_ = false;
  }

  /// Where the next datagram is to be written; then commit(). `to` must live until all is out.
  [[nodiscard]] std::span<std::uint8_t, longest> buffer() noexcept { return buffers_[count_]; }
  void commit(std::size_t size, const socket_address& to, std::uint16_t server, std::uint32_t tag) noexcept {
    to_[count_] = &to;
    tags_[count_] = tag;
    order_[count_] = std::uint64_t{server} << 48 | std::uint64_t{size} << 32 | count_;
    ++count_;
  }

  /// Sends what is left; 0 when all is out, else the errno that stopped it at the front().
  [[nodiscard]] int send(int socket) noexcept {
    if (!coupled_)
      couple();
    while (sent_ < trains_) {
      const int n = sendmmsg(socket, &headers_[sent_], static_cast<unsigned>(trains_ - sent_), MSG_DONTWAIT);
      if (n >= 0)
        sent_ += static_cast<std::size_t>(n);
      else if (passes(errno) || headers_[sent_].msg_hdr.msg_iovlen == 1)
        return errno;
      else
        uncouple(errno);
    }
    return 0;
  }
  /// Without: each goes alone. Kernels before 4.18 take a train for one long datagram, and do not say so.
  void allow_trains(bool yes) noexcept { coupling_ = yes; }
  /// The tag that the datagram at the front was committed with.
  [[nodiscard]] std::uint32_t front() const noexcept { return tags_[index(first_[sent_])]; }
  void drop_front() noexcept {
    if (headers_[sent_].msg_hdr.msg_iovlen == 1)
      ++sent_;
    else
      make_trains(first_[sent_] + 1);
  }

private:
  [[nodiscard]] static bool passes(int error) noexcept {
    return error == EAGAIN || error == ENOBUFS || error == EINTR || error == ECONNREFUSED;
  }
  [[nodiscard]] std::size_t index(std::size_t place) const noexcept { return order_[place] & 0xffffffff; }
  [[nodiscard]] std::uint64_t kind(std::size_t place) const noexcept { return order_[place] >> 32; }

  void couple() noexcept {
    std::sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count_));
    make_trains(0);
    coupled_ = true;
  }
  /// From the front on, each goes alone; ever after, if it was the coupling that was refused.
  void uncouple(int error) noexcept {
    const bool were_coupling = std::exchange(coupling_, false);
    make_trains(first_[sent_]);
    coupling_ = were_coupling && error != EIO && error != EINVAL && error != EMSGSIZE && error != ENOPROTOOPT;
  }
  void make_trains(std::size_t place) noexcept {
    trains_ = sent_ = 0;
    while (place < count_) {
      std::size_t end = place + 1;
      while (coupling_ && end < count_ && end - place < longest_train && kind(end) == kind(place))
        ++end;
      make_train(place, end);
      place = end;
    }
  }
  void make_train(std::size_t place, std::size_t end) noexcept {
    const auto size = static_cast<std::uint16_t>(kind(place) & 0xffff);
    for (std::size_t i = place; i < end; ++i)
      parts_[i] = {buffers_[index(i)].data(), size};
    const socket_address& to = *to_[index(place)];
    msghdr& h = headers_[trains_].msg_hdr;
    h = {};
    h.msg_name = const_cast<sockaddr_in6*>(&to.raw); // sendmmsg(2) only reads it
    h.msg_namelen = to.size;
    h.msg_iov = &parts_[place];
    h.msg_iovlen = end - place;
    if (h.msg_iovlen > 1)
      say_segment_size(h, controls_[trains_], size);
    first_[trains_++] = place;
  }
  using control = std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))>;
  static void say_segment_size(msghdr& h, control& room, std::uint16_t size) noexcept {
    h.msg_control = room.data();
    h.msg_controllen = room.size();
    cmsghdr* const c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof size);
    std::memcpy(CMSG_DATA(c), &size, sizeof size);
  }

  std::size_t count_ = 0, trains_ = 0, sent_ = 0;
  bool coupled_ = false, coupling_ = true;
  std::array<std::uint64_t, capacity> order_{}; ///< server, size, index; what may be coupled is neighbours
  std::array<const socket_address*, capacity> to_{};
  std::array<std::uint32_t, capacity> tags_{};
  std::array<std::size_t, capacity> first_{}; ///< of each train: its first place in order_
  std::array<mmsghdr, capacity> headers_{};
  std::array<iovec, capacity> parts_{};
  alignas(cmsghdr) std::array<control, capacity> controls_{};
  std::array<std::array<std::uint8_t, longest>, capacity> buffers_{};
};

/// Room for datagrams that came in.
class inbox {
public:
  static constexpr std::size_t capacity = 64;

  explicit inbox(std::size_t longest) : longest_(longest), buffers_(capacity * longest) {
    for (std::size_t i = 0; i < capacity; ++i) {
      parts_[i] = {&buffers_[i * longest_], longest_};
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
      headers_[i].msg_hdr.msg_name = &from_[i];
      headers_[i].msg_hdr.msg_namelen = sizeof from_[i];
    }
  }

  /// Takes what is there, up to capacity datagrams; negative with errno set when there is nothing or worse.
  [[nodiscard]] int receive(int socket) noexcept {
    for (std::size_t i = 0; i < used_; ++i)
      headers_[i].msg_hdr.msg_namelen = sizeof from_[i];
    const int n = recvmmsg(socket, headers_.data(), capacity, MSG_DONTWAIT, nullptr);
    used_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    return n;
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t i) const noexcept {
    return {&buffers_[i * longest_], headers_[i].msg_len};
  }
  [[nodiscard]] net::endpoint sender(std::size_t i) const noexcept { return to_endpoint(from_[i]); }
  [[nodiscard]] bool cut(std::size_t i) const noexcept {
    return (headers_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
  }

private:
  std::size_t longest_, used_ = 0;
  std::vector<std::uint8_t> buffers_;
  std::array<mmsghdr, capacity> headers_{};
  std::array<iovec, capacity> parts_{};
  std::array<sockaddr_in6, capacity> from_{};
};

/// One error from the way, as IP_RECVERR keeps it (ip(7)): for whom, and the start of what we had sent.
struct way_error {
  net::endpoint to;
  int code = 0;
  std::size_t size = 0;
  std::array<std::uint8_t, 64> sent{};
};

inline void ask_for_way_errors(int socket, bool v6) noexcept {
  const int on = 1;
  setsockopt(socket, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
}

[[nodiscard]] inline bool knows_trains(int socket) noexcept {
  const int none = 0;
  return setsockopt(socket, SOL_UDP, UDP_SEGMENT, &none, sizeof none) == 0;
}

[[nodiscard]] inline std::optional<way_error> next_way_error(int socket) noexcept {
  way_error e;
  sockaddr_in6 to{};
  iovec part{e.sent.data(), e.sent.size()};
  alignas(cmsghdr) char control[512];
  msghdr header{};
  header.msg_name = &to;
  header.msg_namelen = sizeof to;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const auto n = recvmsg(socket, &header, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (n < 0)
    return std::nullopt;
  e.size = static_cast<std::size_t>(n);
  e.to = to_endpoint(to);
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    const bool ours = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                      (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
    if (!ours)
      continue;
    sock_extended_err report;
    std::memcpy(&report, CMSG_DATA(c), sizeof report);
    e.code = static_cast<int>(report.ee_errno);
  }
  return e;
}

} // namespace postroad::dns::detail
