/// A server on loopback that plays a script to its one visitor, for tests of drivers.
#pragma once

#include <postroad/net/address.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace support {

/// One line of a script.
struct line {
  enum class kind : std::uint8_t { say, drip, expect, wait_for_close, pause, close, reset };
  kind what;
  std::string text{};
  std::chrono::milliseconds time{0};
};

[[nodiscard]] inline line say(std::string text) {
  return {line::kind::say, std::move(text)};
}
/// One byte at a time, `every` apart.
[[nodiscard]] inline line drip(std::string text, std::chrono::milliseconds every) {
  return {line::kind::drip, std::move(text), every};
}
/// Reads until a line end has come and checks that the line begins so.
[[nodiscard]] inline line expect(std::string start) {
  return {line::kind::expect, std::move(start)};
}
[[nodiscard]] inline line pause(std::chrono::milliseconds time) {
  return {line::kind::pause, {}, time};
}
/// Says nothing until the visitor goes.
[[nodiscard]] inline line silence() {
  return {line::kind::wait_for_close};
}
[[nodiscard]] inline line hang_up() {
  return {line::kind::close};
}
[[nodiscard]] inline line reset() {
  return {line::kind::reset};
}

/// Listens at once, plays the script on a thread of its own, and is joined by heard() or its destructor. A
/// script that ends closes the connection. No wait takes longer than five seconds.
///
/// Example: scripted_smtp server({say("220 hi\r\n"), expect("EHLO "), reset()});
class scripted_smtp {
public:
  explicit scripted_smtp(std::vector<line> script)
      : script_(std::move(script)), listener_(listen_somewhere()) {
    player_ = std::thread([this] { play(); });
  }
  ~scripted_smtp() { join(); }
  scripted_smtp(const scripted_smtp&) = delete;
  scripted_smtp& operator=(const scripted_smtp&) = delete;

  [[nodiscard]] postroad::net::endpoint at() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size);
    return {postroad::net::address::v4(INADDR_LOOPBACK), ntohs(own.sin_port)};
  }
  /// All that the visitor sent, once the script has ended.
  [[nodiscard]] const std::string& heard() {
    join();
    return heard_;
  }
  /// Expectations that were not met, once the script has ended.
  [[nodiscard]] const std::string& surprise() {
    join();
    return surprise_;
  }
  /// Did the visitor end with a RST?
  [[nodiscard]] bool was_reset() {
    join();
    return was_reset_;
  }

private:
  static constexpr int patience_ms = 5000;

  static int listen_somewhere() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 || ::listen(fd, 8) != 0)
      throw std::runtime_error("cannot listen on loopback");
    return fd;
  }
  static bool readable(int fd) {
    pollfd wanted{fd, POLLIN, 0};
    return ::poll(&wanted, 1, patience_ms) == 1;
  }

  void play() {
    if (!readable(listener_))
      return;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    for (const auto& now : script_)
      if (!act(fd, now))
        break;
    ::close(fd);
  }
  bool act(int fd, const line& now) {
    switch (now.what) {
    case line::kind::say:
      return write(fd, now.text);
    case line::kind::drip:
      for (const char c : now.text) {
        if (!write(fd, {&c, 1}))
          return false;
        std::this_thread::sleep_for(now.time);
      }
      return true;
    case line::kind::expect:
      return hear_line(fd, now.text);
    case line::kind::pause:
      std::this_thread::sleep_for(now.time);
      return true;
    case line::kind::wait_for_close:
      while (hear(fd)) {
      }
      return true;
    case line::kind::reset: {
      const linger hard{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      return false;
    }
    default:
      return false;
    }
  }
  static bool write(int fd, std::string_view text) {
    return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  bool hear(int fd) {
    char bytes[4096];
    if (!readable(fd))
      return false;
    const auto n = ::recv(fd, bytes, sizeof bytes, 0);
    was_reset_ = was_reset_ || (n < 0 && errno == ECONNRESET);
    if (n > 0)
      heard_.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  }
  bool hear_line(int fd, const std::string& start) {
    while (heard_.find('\n', read_to_) == std::string::npos)
      if (!hear(fd)) {
        surprise_ += "no line where " + start + " was awaited\n";
        return false;
      }
    if (heard_.compare(read_to_, start.size(), start) != 0)
      surprise_ += "awaited " + start + " and got " + heard_.substr(read_to_);
    read_to_ = heard_.find('\n', read_to_) + 1;
    return true;
  }
  void join() {
    if (player_.joinable())
      player_.join();
    if (listener_ >= 0)
      ::close(std::exchange(listener_, -1));
  }

  std::vector<line> script_;
  std::string heard_, surprise_;
  std::size_t read_to_ = 0;
  bool was_reset_ = false;
  int listener_;
  std::thread player_;
};

} // namespace support
