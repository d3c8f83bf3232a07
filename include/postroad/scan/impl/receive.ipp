#pragma once

#include <postroad/scan/receive.hpp>

#include <postroad/scan/owned.hpp>
#include <postroad/scan/trouble.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

namespace postroad::scan {

namespace detail {

/// Classic BPF with names for its jumps.
class filter_program {
public:
  void load(std::uint16_t code, std::uint32_t k) { add(code, k); }
  void label(const std::string& name) { labels_[name] = static_cast<int>(code_.size()); }
  /// Goes to `yes` when the comparison holds, else to `no`; an empty name is the next instruction.
  void jump(std::uint16_t comparison, std::uint32_t k, const std::string& yes, const std::string& no) {
    jumps_.push_back({code_.size(), yes, no});
    add(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), k);
  }
  void accept() { add(BPF_RET | BPF_K, 0xffff); }
  void refuse() { add(BPF_RET | BPF_K, 0); }

  [[nodiscard]] std::vector<sock_filter> done() {
    for (const auto& j : jumps_) {
      const auto distance = [&](const std::string& name) {
        return static_cast<std::uint8_t>(name.empty() ? 0 : labels_.at(name) - static_cast<int>(j.at) - 1);
      };
      code_[j.at].jt = distance(j.yes);
      code_[j.at].jf = distance(j.no);
    }
    return std::move(code_);
  }

private:
  struct jump_to {
    std::size_t at;
    std::string yes, no;
  };
  void add(std::uint16_t code, std::uint32_t k) { code_.push_back({code, 0, 0, k}); }
  std::vector<sock_filter> code_;
  std::vector<jump_to> jumps_;
  std::map<std::string, int> labels_;
};

/// Goes on when the byte or half word just loaded is one of our ports.
inline void hold_against(filter_program& f, const port_range& ports) {
  f.jump(BPF_JGE, ports.first, "", "refuse");
  f.jump(BPF_JGE, std::uint32_t{ports.first} + ports.count, "refuse", "");
}
/// Goes on for SYN-ACK and RST.
inline void hold_flags(filter_program& f) {
  f.jump(BPF_JSET, tcp_rst, "accept", "");
  f.load(BPF_ALU | BPF_AND | BPF_K, tcp_syn | tcp_ack);
  f.jump(BPF_JEQ, tcp_syn | tcp_ack, "accept", "refuse");
}
inline void hold_icmp_type(filter_program& f, std::initializer_list<std::uint8_t> types) {
  for (const auto type : types)
    f.jump(BPF_JEQ, type, "accept", "");
  f.jump(BPF_JEQ, *types.begin(), "accept", "refuse");
}

POSTROAD_DECL std::vector<sock_filter> answer_filter(probe_kind probe, const port_range& ports) {
  constexpr std::uint16_t byte = BPF_LD | BPF_B | BPF_ABS, half = BPF_LD | BPF_H | BPF_ABS;
  constexpr std::uint16_t byte_behind = BPF_LD | BPF_B | BPF_IND, half_behind = BPF_LD | BPF_H | BPF_IND;
  constexpr std::uint16_t skip_header = BPF_LDX | BPF_B | BPF_MSH; // X = 4 * (byte & 15)
  filter_program f;
  f.load(byte, 0);
  f.load(BPF_ALU | BPF_RSH | BPF_K, 4);
  f.jump(BPF_JEQ, 4, "", "v6");

  f.load(half, 6);
  f.jump(BPF_JSET, 0x1fff, "refuse", ""); // a later fragment
  f.load(skip_header, 0);
  f.load(byte, 9);
  f.jump(BPF_JEQ, protocol_icmp, "icmp", "");
  if (probe != probe_kind::icmp) {
    f.jump(BPF_JEQ, probe == probe_kind::syn ? protocol_tcp : protocol_udp, "", "refuse");
    f.load(half_behind, 2);
    hold_against(f, ports);
    if (probe == probe_kind::dns)
      f.accept();
    f.load(byte_behind, 13);
    hold_flags(f);
  } else {
    f.refuse();
  }
  f.label("icmp");
  f.load(byte_behind, 0);
  hold_icmp_type(f, {icmp_unreachable, icmp_time_exceeded, icmp_parameter_problem, icmp_echo_reply});

  f.label("v6");
  f.jump(BPF_JEQ, 6, "", "refuse");
  f.load(byte, 6);
  f.jump(BPF_JEQ, protocol_icmpv6, "icmpv6", "");
  if (probe != probe_kind::icmp) {
    f.jump(BPF_JEQ, probe == probe_kind::syn ? protocol_tcp : protocol_udp, "", "refuse");
    f.load(half, ipv6_header + 2);
    hold_against(f, ports);
    if (probe == probe_kind::dns)
      f.accept();
    f.load(byte, ipv6_header + 13);
    hold_flags(f);
  } else {
    f.refuse();
  }
  f.label("icmpv6");
  f.load(byte, ipv6_header);
  hold_icmp_type(f, {icmpv6_unreachable, icmpv6_time_exceeded, icmpv6_parameter_problem, icmpv6_echo_reply});
  f.label("accept");
  f.accept();
  f.label("refuse");
  f.refuse();
  return f.done();
}

} // namespace detail

struct receiver::ring {
  static constexpr unsigned block_size = 1 << 18, blocks = 32; // 8 MiB: some 60,000 small packets
  static constexpr unsigned wait_ms = 10; ///< a block that is not full is handed over after so long

  detail::owned_fd fd;
  detail::mapping memory;
  unsigned next = 0;
  std::uint64_t dropped = 0;

  ring() : fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) { // DGRAM: without the link's header
    if (fd.get() < 0)
      detail::no_raw_socket("a packet socket");
  }
  template <class T>
  void set(int level, int option, const T& value, const char* what) {
    if (::setsockopt(fd.get(), level, option, &value, sizeof value) != 0)
      throw trouble_of(std::string("cannot receive packets: ") + what);
  }
  void set_up(int interface, std::vector<sock_filter> filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    set(SOL_SOCKET, SO_ATTACH_FILTER, program, "filter");
    set(SOL_PACKET, PACKET_VERSION, int{TPACKET_V3}, "version");
    set(SOL_PACKET, PACKET_IGNORE_OUTGOING, int{1}, "direction"); // lo shows every packet twice
    tpacket_req3 ask{};
    ask.tp_block_size = block_size;
    ask.tp_block_nr = blocks;
    ask.tp_frame_size = 2048;
    ask.tp_frame_nr = blocks * (block_size / ask.tp_frame_size);
    ask.tp_retire_blk_tov = wait_ms;
    set(SOL_PACKET, PACKET_RX_RING, ask, "ring");
    memory = detail::mapping(std::size_t{block_size} * blocks, MAP_SHARED, fd.get(), 0);
    sockaddr_ll here{}; // binding starts it
    here.sll_family = AF_PACKET;
    here.sll_protocol = htons(ETH_P_ALL); // before this machine's firewall, which ETH_P_IP comes behind
    here.sll_ifindex = interface;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
      throw trouble_of("cannot receive packets: bind");
  }
  void count_drops() {
    tpacket_stats_v3 stats{};
    socklen_t size = sizeof stats;
    if (::getsockopt(fd.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) // which resets them
      dropped += stats.tp_drops;
  }
};

POSTROAD_DECL receiver::receiver(int interface, probe_kind probe, const port_range& ports)
    : ring_(std::make_unique<ring>()) {
  ring_->set_up(interface, detail::answer_filter(probe, ports));
}
POSTROAD_DECL receiver::~receiver() = default;

POSTROAD_DECL int receiver::fd() const noexcept {
  return ring_->fd.get();
}

POSTROAD_DECL std::uint64_t receiver::dropped() {
  ring_->count_drops();
  return ring_->dropped;
}

POSTROAD_DECL void receiver::take(const std::function<void(const received&)>& sink) {
  using namespace std::chrono;
  const auto now = steady_clock::now();
  const auto since_epoch = system_clock::now().time_since_epoch(); // the clock of the kernel's stamps
  for (unsigned n = 0; n < ring::blocks; ++n) {
    auto* const block = ring_->memory.bytes() + std::size_t{ring::block_size} * ring_->next;
    auto& head = reinterpret_cast<tpacket_block_desc*>(block)->hdr.bh1;
    std::atomic_ref status(head.block_status);
    if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0)
      return;
    auto* at = block + head.offset_to_first_pkt;
    for (unsigned i = 0; i < head.num_pkts; ++i) {
      const auto& packet = *reinterpret_cast<const tpacket3_hdr*>(at);
      sink({{at + packet.tp_net, packet.tp_snaplen},
            (packet.tp_status & (TP_STATUS_CSUM_VALID | TP_STATUS_CSUMNOTREADY)) != 0,
            now - (since_epoch - seconds(packet.tp_sec) - nanoseconds(packet.tp_nsec))});
      at += packet.tp_next_offset;
    }
    status.store(TP_STATUS_KERNEL, std::memory_order_release);
    ring_->next = (ring_->next + 1) % ring::blocks;
  }
}

} // namespace postroad::scan
