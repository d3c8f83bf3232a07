/// What the kernel lends for packets, and its return: descriptors and mapped memory.
#pragma once

#include <postroad/scan/trouble.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace postroad::scan::detail {

/// A file descriptor that closes itself.
class owned_fd {
public:
  explicit owned_fd(int fd = -1) noexcept : fd_(fd) {}
  owned_fd(owned_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  owned_fd& operator=(owned_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~owned_fd() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

private:
  int fd_;
};

/// Memory that is mapped and unmapped.
class mapping {
public:
  mapping() = default;
  mapping(std::size_t size, int flags, int fd, std::uint64_t offset)
      : at_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, static_cast<off_t>(offset))),
        size_(size) {
    if (at_ == MAP_FAILED)
      throw trouble_of("cannot map memory for packets");
  }
  mapping(mapping&& other) noexcept
      : at_(std::exchange(other.at_, MAP_FAILED)), size_(std::exchange(other.size_, 0)) {}
  mapping& operator=(mapping&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~mapping() {
    if (at_ != MAP_FAILED)
      ::munmap(at_, size_);
  }
  [[nodiscard]] std::uint8_t* bytes() const noexcept { return static_cast<std::uint8_t*>(at_); }

private:
  void* at_ = MAP_FAILED;
  std::size_t size_ = 0;
};

/// errno says why the kernel does not give us `what`; `needs` who would get it.
[[noreturn]] inline void not_for_us(const std::string& what, const char* needs) {
  const int why = errno;
  if (why == EPERM || why == EACCES)
    throw not_permitted(what + " needs " + needs);
  throw trouble_of("cannot open " + what, why);
}
[[noreturn]] inline void no_raw_socket(const char* what) {
  not_for_us(what, "root or CAP_NET_RAW; --tx connect does without");
}

} // namespace postroad::scan::detail
