/// Signals and other threads as descriptors that poll(2) can wait for.
#pragma once

#include <csignal>

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace postroad::flow {

/// Keeps SIGINT and SIGTERM from all threads that begin later, and gives them as a descriptor.
class signal_door {
public:
  signal_door() {
    sigemptyset(&mask_);
    sigaddset(&mask_, SIGINT);
    sigaddset(&mask_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &mask_, nullptr);
    fd_ = ::signalfd(-1, &mask_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~signal_door() {
    ::close(fd_);
    pthread_sigmask(SIG_UNBLOCK, &mask_, nullptr);
  }
  signal_door(const signal_door&) = delete;
  signal_door& operator=(const signal_door&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Ends the process as if nobody had caught the signal.
  void die_of(int which) const {
    std::signal(which, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &mask_, nullptr);
    std::raise(which);
  }
  /// The signal that came, or 0.
  [[nodiscard]] int take() const noexcept {
    signalfd_siginfo info;
    return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

private:
  sigset_t mask_;
  int fd_;
};

/// Wakes the main thread from another.
class bell {
public:
  bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~bell() { ::close(fd_); }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }
  void ring() const noexcept { (void)!::eventfd_write(fd_, 1); }
  void hush() const noexcept {
    eventfd_t n;
    (void)!::eventfd_read(fd_, &n);
  }

private:
  int fd_;
};

} // namespace postroad::flow
