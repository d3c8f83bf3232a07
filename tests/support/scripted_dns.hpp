/// A DNS server on loopback that does what a test tells it: answers, lies, stutters, keeps silent. It shares
/// no code with the library.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace support {

class scripted_dns {
public:
  using bytes = std::vector<std::uint8_t>;

  /// A query as it came. `qname` keeps its letters.
  struct request {
    bytes raw;
    unsigned id = 0;
    std::string qname;
    unsigned type = 0;
    bool edns = false, tcp = false;
    unsigned number = 0; ///< of all queries to this server, from 1
    std::uint16_t port = 0;

    /// Its question section, byte for byte.
    [[nodiscard]] bytes question() const {
      std::size_t end = 12;
      while (raw[end] != 0)
        end += raw[end] + 1u;
      return {raw.begin() + 12, raw.begin() + static_cast<std::ptrdiff_t>(end + 5)};
    }
    [[nodiscard]] std::string lower_qname() const {
      std::string s = qname;
      for (char& c : s)
        c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      return s;
    }
    /// Header and question of a reply with these flags; `more` is what follows, counted as answers.
    [[nodiscard]] bytes reply(unsigned flags, unsigned answers = 0, const bytes& more = {}) const {
      bytes out{raw[0],
                raw[1],
                static_cast<std::uint8_t>(flags >> 8),
                static_cast<std::uint8_t>(flags),
                0,
                1,
                0,
                static_cast<std::uint8_t>(answers),
                0,
                0,
                0,
                0};
      const auto q = question();
      out.insert(out.end(), q.begin(), q.end());
      out.insert(out.end(), more.begin(), more.end());
      return out;
    }
    /// A reply with one MX record, preference 10, to "mxN.example".
    [[nodiscard]] bytes mx(unsigned n = 1, unsigned flags = 0x8180) const {
      const auto digit = static_cast<std::uint8_t>('0' + n);
      return reply(flags, 1, {0xc0, 12,  0,   15,    0, 1,   0,   0,   1,   44,  0,   15,  0, 10,
                              3,    'm', 'x', digit, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0});
    }
    /// A reply with one A record.
    [[nodiscard]] bytes a(const char* address, unsigned flags = 0x8180) const {
      bytes more{0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 0, 0, 0, 0};
      inet_pton(AF_INET, address, &more[12]);
      return reply(flags, 1, more);
    }
  };

  enum class manner {
    plain,
    other_port,       ///< UDP: from a socket that nobody asked
    byte_by_byte,     ///< TCP
    close,            ///< TCP: without a byte
    half_a_prefix,    ///< TCP: one byte of the length, then close
    half_a_message,   ///< TCP: half of it, then close
    stall_in_prefix,  ///< TCP: one byte of the length, and no more
    stall_in_message, ///< TCP: half of it, and no more
  };
  struct reply {
    bytes message;
    std::chrono::milliseconds after{0};
    manner how = manner::plain;
  };
  using script = std::function<std::vector<reply>(const request&)>;

  /// On 127.0.0.1, on a port of the kernel's choice, for UDP and, when wanted, TCP.
  explicit scripted_dns(script s, bool with_tcp = true) : script_(std::move(s)) {
    for (int tries = 0; tries < 20 && !open(with_tcp); ++tries)
      close_all();
    if (udp_ < 0)
      throw std::runtime_error("scripted_dns: no port");
    if (pipe(stop_) != 0)
      throw std::runtime_error("scripted_dns: no pipe");
    thread_ = std::thread([this] { run(); });
  }
  scripted_dns(const scripted_dns&) = delete;
  ~scripted_dns() {
    [[maybe_unused]] const auto n = write(stop_[1], "", 1);
    thread_.join();
    close_all();
    ::close(stop_[0]);
    ::close(stop_[1]);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] unsigned queries() const { return count_; }
  [[nodiscard]] std::vector<request> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

private:
  using clock = std::chrono::steady_clock;
  struct delayed {
    int fd;
    sockaddr_in to;
    reply what;
    bool tcp;
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
  }

  bool open(bool with_tcp) {
    udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    other_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    auto a = loopback(0);
    socklen_t size = sizeof a;
    if (bind(udp_, reinterpret_cast<sockaddr*>(&a), sizeof a) != 0 ||
        getsockname(udp_, reinterpret_cast<sockaddr*>(&a), &size) != 0)
      return false;
    port_ = ntohs(a.sin_port);
    a = loopback(0);
    if (bind(other_, reinterpret_cast<sockaddr*>(&a), sizeof a) != 0)
      return false;
    if (!with_tcp)
      return true;
    tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(tcp_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    a = loopback(port_);
    return bind(tcp_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0 && listen(tcp_, 64) == 0;
  }

  void close_all() {
    for (int* fd : {&udp_, &other_, &tcp_})
      if (*fd >= 0)
        ::close(std::exchange(*fd, -1));
    for (const auto& [fd, pending] : connections_)
      ::close(fd);
    connections_.clear();
  }

  void run() {
    for (;;) {
      std::vector<pollfd> fds{{stop_[0], POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      for (const auto& [fd, pending] : connections_)
        fds.push_back({fd, POLLIN, 0});
      poll(fds.data(), fds.size(), later_.empty() ? 1000 : 1);
      if (fds[0].revents != 0)
        return;
      if (fds[1].revents != 0)
        read_datagram();
      if (fds[2].revents != 0)
        if (const int fd = accept(tcp_, nullptr, nullptr); fd >= 0)
          connections_[fd];
      for (std::size_t i = 3; i < fds.size(); ++i)
        if (fds[i].revents != 0)
          read_stream(fds[i].fd);
      send_due();
    }
  }

  void read_datagram() {
    bytes raw(4096);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto n = recvfrom(udp_, raw.data(), raw.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 12)
      return;
    raw.resize(static_cast<std::size_t>(n));
    answer(raw, udp_, from, false);
  }

  void read_stream(int fd) {
    std::uint8_t part[4096];
    const auto n = recv(fd, part, sizeof part, 0);
    if (n <= 0) {
      ::close(fd);
      connections_.erase(fd);
      return;
    }
    auto& pending = connections_[fd];
    pending.insert(pending.end(), part, part + n);
    while (pending.size() >= 2) {
      const std::size_t size = static_cast<std::size_t>(pending[0] << 8 | pending[1]);
      if (pending.size() < 2 + size)
        return;
      const bytes raw(pending.begin() + 2, pending.begin() + 2 + static_cast<std::ptrdiff_t>(size));
      pending.erase(pending.begin(), pending.begin() + 2 + static_cast<std::ptrdiff_t>(size));
      answer(raw, fd, {}, true);
      if (connections_.find(fd) == connections_.end())
        return;
    }
  }

  void answer(const bytes& raw, int fd, const sockaddr_in& from, bool tcp) {
    request r;
    r.raw = raw;
    r.id = static_cast<unsigned>(raw[0] << 8 | raw[1]);
    std::size_t at = 12;
    while (raw[at] != 0) {
      r.qname += r.qname.empty() ? "" : ".";
      r.qname.append(reinterpret_cast<const char*>(&raw[at + 1]), raw[at]);
      at += raw[at] + 1u;
    }
    r.type = static_cast<unsigned>(raw[at + 1] << 8 | raw[at + 2]);
    r.edns = raw[11] != 0;
    r.tcp = tcp;
    r.number = ++count_;
    r.port = ntohs(from.sin_port);
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(r);
    }
    for (auto& what : script_(r)) {
      if (what.after.count() == 0)
        send_now({fd, from, std::move(what), tcp});
      else
        later_.emplace(clock::now() + what.after, delayed{fd, from, what, tcp});
    }
  }

  void send_due() {
    while (!later_.empty() && later_.begin()->first <= clock::now()) {
      const auto d = later_.begin()->second;
      later_.erase(later_.begin());
      send_now(d);
    }
  }

  void send_now(const delayed& d) {
    if (!d.tcp) {
      sendto(d.what.how == manner::other_port ? other_ : udp_, d.what.message.data(), d.what.message.size(),
             0, reinterpret_cast<const sockaddr*>(&d.to), sizeof d.to);
      return;
    }
    if (connections_.find(d.fd) == connections_.end())
      return;
    bytes out{static_cast<std::uint8_t>(d.what.message.size() >> 8),
              static_cast<std::uint8_t>(d.what.message.size())};
    out.insert(out.end(), d.what.message.begin(), d.what.message.end());
    switch (d.what.how) {
    case manner::close:
      out.clear();
      break;
    case manner::half_a_prefix:
    case manner::stall_in_prefix:
      out.resize(1);
      break;
    case manner::half_a_message:
    case manner::stall_in_message:
      out.resize(out.size() / 2);
      break;
    default:
      break;
    }
    const std::size_t step = d.what.how == manner::byte_by_byte ? 1 : 65536;
    for (std::size_t at = 0; at < out.size(); at += step) {
      send(d.fd, &out[at], std::min(step, out.size() - at), MSG_NOSIGNAL);
      if (step == 1)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    if (d.what.how == manner::close || d.what.how == manner::half_a_prefix ||
        d.what.how == manner::half_a_message) {
      ::close(d.fd);
      connections_.erase(d.fd);
    }
  }

  script script_;
  int udp_ = -1, other_ = -1, tcp_ = -1;
  int stop_[2] = {-1, -1};
  std::uint16_t port_ = 0;
  std::map<int, bytes> connections_; ///< with what of a message has come in
  std::multimap<clock::time_point, delayed> later_;
  std::atomic<unsigned> count_ = 0;
  mutable std::mutex mutex_;
  std::vector<request> seen_;
  std::thread thread_;
};

} // namespace support
