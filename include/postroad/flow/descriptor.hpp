/// Files that a tool reads or writes beside its records.
#pragma once

#include <postroad/cli/options.hpp>
#include <postroad/record/stdio.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postroad::flow {

/// A file descriptor of our own, or a borrowed standard one.
class descriptor {
public:
  descriptor(const std::string& name, int standard, int flags)
      : name_(name), fd_(standard), own_(name != "-") {
    if (!own_)
      return;
    fd_ = ::open(name.c_str(), flags | O_CLOEXEC, 0666);
    if (fd_ < 0)
      throw cli::usage_error{fmt::format("cannot open '{}': {}", name, std::strerror(errno))};
  }
  ~descriptor() {
    if (own_)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// Writes all of it, or throws usage_error.
  void write(std::string_view text) const {
    if (const int failed = record::write_all(fd_, text))
      throw cli::usage_error{fmt::format("cannot write '{}': {}", name_, std::strerror(failed))};
  }
  /// Empties a file of our own: only once it is certain that it will be written.
  void empty() const noexcept {
    if (own_)
      (void)!::ftruncate(fd_, 0); // a device or pipe has nothing to lose
  }
  [[nodiscard]] bool is_same_file(const descriptor& other) const noexcept {
    struct stat a {
    }, b{};
    return ::fstat(fd_, &a) == 0 && ::fstat(other.fd_, &b) == 0 && S_ISREG(a.st_mode) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  }

private:
  std::string name_;
  int fd_;
  bool own_;
};

} // namespace postroad::flow
