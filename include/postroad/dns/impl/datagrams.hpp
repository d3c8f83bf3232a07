/// Datagrams in batches: one system call for dozens. sendmmsg(2), recvmmsg(2).
#pragma once

#include <postroad/net/address.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include <linux/errqueue.h>
#include <netinet/in.h>
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

/// Datagrams that wait to be sent through one socket.
class outbox {
public:
  static constexpr std::size_t capacity = 32; // beyond, the gain per packet is lost in the noise
  static constexpr std::size_t longest = 288; // the longest query there is

  [[nodiscard]] bool full() const noexcept { return count_ == capacity; }
  [[nodiscard]] bool empty() const noexcept { return sent_ == count_; }
  void clear() noexcept { count_ = sent_ = 0; }

  /// Where the next datagram is to be written; then commit().
  [[nodiscard]] std::span<std::uint8_t, longest> buffer() noexcept { return buffers_[count_]; }
  void commit(std::size_t size, const socket_address& to, std::uint32_t tag) noexcept {
    to_[count_] = to;
    parts_[count_] = {buffers_[count_].data(), size};
    headers_[count_] = {};
    headers_[count_].msg_hdr.msg_name = &to_[count_].raw;
    headers_[count_].msg_hdr.msg_namelen = to.size;
    headers_[count_].msg_hdr.msg_iov = &parts_[count_];
    headers_[count_].msg_hdr.msg_iovlen = 1;
    tags_[count_++] = tag;
  }

  /// Sends what is left; 0 when all is out, else the errno that stopped it at the front().
  [[nodiscard]] int send(int socket) noexcept {
    while (sent_ < count_) {
      const int n = sendmmsg(socket, &headers_[sent_], static_cast<unsigned>(count_ - sent_), MSG_DONTWAIT);
      if (n < 0)
        return errno;
      sent_ += static_cast<std::size_t>(n);
    }
    return 0;
  }
  [[nodiscard]] std::uint32_t front() const noexcept {
    return tags_[sent_];
  } ///< the tag it was committed with
  void drop_front() noexcept { ++sent_; }

private:
  std::size_t count_ = 0, sent_ = 0;
  std::array<mmsghdr, capacity> headers_{};
  std::array<iovec, capacity> parts_{};
  std::array<socket_address, capacity> to_{};
  std::array<std::uint32_t, capacity> tags_{};
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
