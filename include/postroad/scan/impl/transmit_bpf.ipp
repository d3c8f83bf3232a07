/// A program in the kernel sends a whole batch in one go, so that what a packet sets in motion on this
/// machine (a far end in a container, an answer of its own) is done once for all of them and not after each.
/// By the bare system call: a program of thirty instructions needs no compiler and no library.
/// Documentation/bpf, bpf(2), bpf-helpers(7).
#pragma once

#include <postroad/scan/transmit.hpp>

#include <postroad/scan/impl/transmit.ipp>
#include <postroad/scan/owned.hpp>
#include <postroad/scan/trouble.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <linux/bpf.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace postroad::scan {

namespace detail {

/// What the program and we share. It sends frames first to end - 1, all of one size, and stops at the first
/// that is not taken.
struct bpf_errand {
  std::uint32_t first = 0, end = 0; ///< first goes on with each frame that is taken
  std::uint32_t size = 0;
  std::uint32_t interface = 0;
  std::int32_t result = 0; ///< of the last frame: an error below 0, above 0 a queue that dropped it
};

struct bpf_memory {
  bpf_errand errand;
  alignas(64) std::uint8_t frames[transmitter::largest_batch][transmitter::frame_size];
};

/// The program, in the terms of bpf(2): registers 0 to 5 are lost in a call, 6 to 9 are kept.
struct bpf_code {
  static constexpr bpf_insn word(int code, int to, int from, int offset, int value) {
    bpf_insn i{};
    i.code = static_cast<std::uint8_t>(code);
    i.dst_reg = static_cast<std::uint8_t>(to & 15);
    i.src_reg = static_cast<std::uint8_t>(from & 15);
    i.off = static_cast<std::int16_t>(offset);
    i.imm = value;
    return i;
  }
  static constexpr bpf_insn copy(int to, int from) {
    return word(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
  }
  static constexpr bpf_insn set(int to, int value) {
    return word(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
  }
  static constexpr bpf_insn add(int to, int value) {
    return word(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
  }
  static constexpr bpf_insn load(int to, int base, std::size_t at) {
    return word(BPF_LDX | BPF_MEM | BPF_W, to, base, static_cast<int>(at), 0);
  }
  static constexpr bpf_insn store(int base, std::size_t at, int from) {
    return word(BPF_STX | BPF_MEM | BPF_W, base, from, static_cast<int>(at), 0);
  }
  static constexpr bpf_insn call(int helper) { return word(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
  static constexpr bpf_insn leave_if(int condition, int left, int right, int by) {
    return word(BPF_JMP | condition | BPF_X, left, right, by, 0);
  }
  static constexpr bpf_insn leave_if_value(int condition, int left, int value, int by) {
    return word(BPF_JMP | condition | BPF_K, left, 0, by, value);
  }
};

[[nodiscard]] inline auto batch_program(int memory) {
  using b = bpf_code;
  constexpr int packet = 6, shared = 7, at = 8; // registers
  constexpr int frame_bits = 11;
  static_assert(transmitter::frame_size == 1u << frame_bits);
  constexpr int loop = 4, out = 27; // instructions
  const auto to = [](int target, int here) { return target - here - 1; };
  return std::array{
      b::copy(packet, 1),
      b::word(BPF_LD | BPF_DW | BPF_IMM, shared, BPF_PSEUDO_MAP_VALUE, 0, memory), // takes two
      b::word(0, 0, 0, 0, 0),
      b::load(at, shared, offsetof(bpf_errand, first)),
      // loop:
      b::leave_if_value(BPF_JGE, at, transmitter::largest_batch, to(out, 4)),
      b::load(1, shared, offsetof(bpf_errand, end)),
      b::leave_if(BPF_JGE, at, 1, to(out, 6)),
      b::load(4, shared, offsetof(bpf_errand, size)),
      b::leave_if_value(BPF_JGT, 4, transmitter::frame_size, to(out, 8)), // what the kernel wants to see
      b::leave_if_value(BPF_JEQ, 4, 0, to(out, 9)),
      b::copy(3, at),
      b::word(BPF_ALU64 | BPF_LSH | BPF_K, 3, 0, 0, frame_bits),
      b::word(BPF_ALU64 | BPF_ADD | BPF_X, 3, shared, 0, 0),
      b::add(3, offsetof(bpf_memory, frames)),
      b::copy(1, packet),
      b::set(2, 0),
      b::set(5, 0),
      b::call(BPF_FUNC_skb_store_bytes), // the packet, from its first byte, is the frame
      b::copy(1, packet),
      b::load(2, shared, offsetof(bpf_errand, interface)),
      b::set(3, 0),
      b::call(BPF_FUNC_clone_redirect), // and a copy of it leaves
      b::store(shared, offsetof(bpf_errand, result), 0),
      b::leave_if_value(BPF_JNE, 0, 0, to(out, 23)),
      b::add(at, 1),
      b::store(shared, offsetof(bpf_errand, first), at),
      b::word(BPF_JMP | BPF_JA, 0, 0, to(loop, 26), 0),
      // out:
      b::set(0, 0),
      b::word(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  };
}

/// bpf(2). The attributes are a union of which each command reads its own part.
inline long bpf_call(bpf_cmd what, bpf_attr& use) {
  return ::syscall(SYS_bpf, what, &use, sizeof use);
}
[[nodiscard]] inline owned_fd new_bpf_memory() {
  bpf_attr use{};
  use.map_type = BPF_MAP_TYPE_ARRAY;
  use.key_size = sizeof(std::uint32_t);
  use.value_size = sizeof(bpf_memory);
  use.max_entries = 1;
  use.map_flags = BPF_F_MMAPABLE;
  owned_fd fd(static_cast<int>(bpf_call(BPF_MAP_CREATE, use)));
  if (fd.get() < 0)
    not_for_us("a program in the kernel", "root or CAP_BPF and CAP_NET_ADMIN; --tx packet does without");
  return fd;
}
[[nodiscard]] inline owned_fd load_batch_program(int memory) {
  const auto code = batch_program(memory);
  bpf_attr use{};
  use.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  use.insns = reinterpret_cast<std::uint64_t>(code.data());
  use.insn_cnt = code.size();
  use.license = reinterpret_cast<std::uint64_t>("GPL"); // as the helpers it calls want it
  owned_fd fd(static_cast<int>(bpf_call(BPF_PROG_LOAD, use)));
  if (fd.get() < 0)
    throw trouble_of("cannot load a program into the kernel");
  return fd;
}

class bpf_transmitter final : public batch_sender {
public:
  explicit bpf_transmitter(const link& out) : bpf_transmitter(out, new_bpf_memory()) {}
  [[nodiscard]] bool wants_link() const override { return true; }
  [[nodiscard]] std::string_view name() const override { return "bpf"; }

private:
  bpf_transmitter(const link& out, owned_fd memory)
      : memory_fd_(std::move(memory)), memory_(sizeof(bpf_memory), MAP_SHARED, memory_fd_.get(), 0),
        program_(load_batch_program(memory_fd_.get())), name_(out.name) {
    shared().errand.interface = static_cast<std::uint32_t>(out.index);
    lend(shared().frames[0]);
  }
  [[nodiscard]] bpf_memory& shared() const noexcept {
    return *reinterpret_cast<bpf_memory*>(memory_.bytes());
  }

  /// As many of one size and one protocol as stand together: the kernel takes both from the first.
  int send_some() override {
    auto& errand = shared().errand;
    const auto& lead = frames_[at_];
    auto end = at_ + 1;
    while (end < end_ && frames_[end].size == lead.size &&
           std::memcmp(frames_[end].bytes + protocol_at, lead.bytes + protocol_at, 2) == 0)
      ++end;
    errand.first = static_cast<std::uint32_t>(at_);
    errand.end = static_cast<std::uint32_t>(end);
    errand.size = static_cast<std::uint32_t>(lead.size);
    errand.result = 0;
    bpf_attr use{};
    use.test.prog_fd = static_cast<std::uint32_t>(program_.get());
    use.test.data_in = reinterpret_cast<std::uint64_t>(lead.bytes);
    use.test.data_size_in = errand.size;
    if (bpf_call(BPF_PROG_TEST_RUN, use) != 0) // the same as BPF_PROG_RUN: it runs in earnest
      return -1;
    const auto taken = static_cast<int>(errand.first - at_);
    if (taken == 0)
      errno = reason_of(errand.result);
    return taken > 0 ? taken : -1;
  }

  /// A full queue and a link without carrier both read as a drop.
  [[nodiscard]] int reason_of(int result) const {
    if (result == -EINVAL) // there is no such interface any more
      return ENODEV;
    return result < 0 ? -result : has_carrier() ? ENOBUFS : ENETDOWN;
  }
  [[nodiscard]] bool has_carrier() const {
    const owned_fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq ask{};
    name_.copy(ask.ifr_name, IFNAMSIZ - 1);
    return ::ioctl(any.get(), SIOCGIFFLAGS, &ask) == 0 && (ask.ifr_flags & IFF_RUNNING) != 0;
  }
  [[nodiscard]] int fd() const override { return -1; } // tells nobody when there is room

  static constexpr std::size_t protocol_at = 12; ///< in an Ethernet frame
  owned_fd memory_fd_;
  mapping memory_;
  owned_fd program_;
  std::string name_;
};

} // namespace detail

POSTROAD_DECL std::unique_ptr<transmitter> transmit_bpf(const link& out) {
  return std::make_unique<detail::bpf_transmitter>(out);
}

} // namespace postroad::scan
