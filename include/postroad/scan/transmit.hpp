/// Ways to put packets on the wire.
#pragma once

#include <postroad/config.hpp>
#include <postroad/scan/route.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace postroad::scan {

/// Room for one packet, from its link header on; the writer says how many bytes it has taken.
struct frame {
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
};

/// Asked when the kernel cannot take a packet for a reason that may pass (the link is down): waits a little
/// and says whether to try on. After a false the transmitter is not used any more.
using patience = std::function<bool(int error)>;

/// Sends packets a batch at a time.
///
/// Full queues are waited for. Example: const patience never = [](int) { return false; }; auto batch =
/// out.reserve(64, never); fill each frame and set its size; const auto sent = out.commit(batch.size(),
/// never);
class transmitter {
public:
  static constexpr std::size_t largest_batch = 64;
  static constexpr std::size_t frame_size = 2048;

  virtual ~transmitter() = default;
  transmitter() = default;
  transmitter(const transmitter&) = delete;
  transmitter& operator=(const transmitter&) = delete;

  /// Room for up to `n` packets, at most largest_batch; waits for it where it must. Empty once patience was
  /// at its end.
  [[nodiscard]] virtual std::span<frame> reserve(std::size_t n, const patience& wait) = 0;
  struct sent {
    std::size_t packets = 0; ///< that the kernel has taken
    int error = 0;           ///< why it took no more, once patience was at its end
  };
  /// Sends the first `n` of what was reserved.
  [[nodiscard]] virtual sent commit(std::size_t n, const patience& wait) = 0;
  /// Packets for which the kernel knows no way or has no permission: they count as taken, and here.
  [[nodiscard]] virtual std::uint64_t unsendable() const { return 0; }
  /// Must frames begin with a link header?
  [[nodiscard]] virtual bool wants_link() const = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;
};

enum class transmit_kind : std::uint8_t { automatic, bpf, xdp, packet, ip, connect };
inline constexpr std::array<std::string_view, 6> transmit_words{"auto",   "bpf", "xdp",
                                                                "packet", "ip",  "connect"};

/// A program in the kernel that sends the batch by the interface's queueing discipline. For links that have
/// none (link::queued is false: veth, bridges, macvlan): a discipline may drop what it has taken, and does
/// not tell. Needs Ethernet, CAP_BPF and CAP_NET_ADMIN or root. Throws trouble.
[[nodiscard]] POSTROAD_DECL std::unique_ptr<transmitter> transmit_bpf(const link& out);

/// AF_XDP in copy mode: frames go to the driver past the queueing discipline, half the cost of sendmmsg(2).
/// Needs Ethernet, CAP_NET_RAW and CAP_NET_ADMIN or root. Throws trouble.
[[nodiscard]] POSTROAD_DECL std::unique_ptr<transmitter> transmit_xdp(const link& out);
/// AF_PACKET and sendmmsg(2), past the queueing discipline. Needs Ethernet and CAP_NET_RAW.
[[nodiscard]] POSTROAD_DECL std::unique_ptr<transmitter> transmit_packet(const link& out);
/// Raw IP sockets: the kernel routes each packet and writes the link's header. For neighbours, tunnels and
/// lo; several times slower. Needs CAP_NET_RAW. `interface`: bind to it; empty: as routes say.
[[nodiscard]] POSTROAD_DECL std::unique_ptr<transmitter> transmit_ip(const std::string& interface);

} // namespace postroad::scan

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/scan/impl/transmit.ipp>
#include <postroad/scan/impl/transmit_bpf.ipp>
#include <postroad/scan/impl/transmit_xdp.ipp>
#endif
