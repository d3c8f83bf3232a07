#pragma once

#include <postroad/scan/route.hpp>

#include <postroad/scan/trouble.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <span>
#include <thread>

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postroad::scan {

namespace detail {

/// A question to the kernel in the making: header, fixed part, attributes.
class netlink_message {
public:
  template <class Fixed>
  netlink_message(std::uint16_t type, std::uint16_t flags, const Fixed& fixed) {
    bytes_.resize(NLMSG_SPACE(sizeof fixed));
    auto* header = reinterpret_cast<nlmsghdr*>(bytes_.data());
    header->nlmsg_type = type;
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    std::memcpy(NLMSG_DATA(header), &fixed, sizeof fixed);
  }
  void add(std::uint16_t type, std::span<const std::uint8_t> value) {
    const auto at = bytes_.size();
    bytes_.resize(at + RTA_SPACE(value.size()));
    rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(value.size())), type};
    std::memcpy(&bytes_[at], &attribute, sizeof attribute);
    std::memcpy(&bytes_[at + RTA_LENGTH(0)], value.data(), value.size());
  }
  [[nodiscard]] std::span<const std::uint8_t> done() {
    const auto size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof size);
    return bytes_;
  }

private:
  std::vector<std::uint8_t> bytes_;
};

struct netlink_socket {
  int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  netlink_socket() {
    if (fd < 0)
      throw trouble_of("cannot ask the kernel for its routes");
  }
  ~netlink_socket() { ::close(fd); }
  netlink_socket(const netlink_socket&) = delete;
  netlink_socket& operator=(const netlink_socket&) = delete;
};

using attribute_sink = std::function<void(unsigned type, std::span<const std::uint8_t> value)>;

/// Calls `sink` for the attributes behind the fixed part of a message.
inline void each_attribute(const nlmsghdr* message, std::size_t fixed, const attribute_sink& sink) {
  const auto* at = static_cast<const std::uint8_t*>(NLMSG_DATA(message)) + NLMSG_ALIGN(fixed);
  auto left = message->nlmsg_len - NLMSG_LENGTH(fixed);
  while (left >= sizeof(rtattr)) {
    rtattr a;
    std::memcpy(&a, at, sizeof a);
    if (a.rta_len < sizeof a || a.rta_len > left)
      return;
    sink(a.rta_type, {at + RTA_LENGTH(0), a.rta_len - RTA_LENGTH(0)});
    const auto step = std::min<std::size_t>(RTA_ALIGN(a.rta_len), left);
    at += step;
    left -= static_cast<unsigned>(step);
  }
}

/// Asks, and calls `each` for every message of the answer. Returns the error that the kernel names, or 0.
inline int ask_kernel(netlink_message ask, const std::function<void(const nlmsghdr*)>& each) {
  const netlink_socket kernel;
  const auto question = ask.done();
  if (::send(kernel.fd, question.data(), question.size(), 0) < 0)
    return errno;
  const bool dump =
      (reinterpret_cast<const nlmsghdr*>(question.data())->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  alignas(nlmsghdr) std::array<std::uint8_t, 32768> buffer;
  for (;;) {
    const auto n = ::recv(kernel.fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? errno : EPROTO;
    auto left = static_cast<unsigned>(n);
    for (const auto* m = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(m, left);
         m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_type == NLMSG_DONE)
        return 0;
      if (m->nlmsg_type == NLMSG_ERROR)
        return -static_cast<const nlmsgerr*>(NLMSG_DATA(m))->error;
      each(m);
      if (!dump)
        return 0;
    }
  }
}

[[nodiscard]] inline std::span<const std::uint8_t> bytes_of(const net::address& a) {
  return {a.bytes.data(), a.v6 ? 16u : 4u};
}
[[nodiscard]] inline std::uint8_t family_of(const net::address& a) {
  return a.v6 ? AF_INET6 : AF_INET;
}
[[nodiscard]] inline int number_in(std::span<const std::uint8_t> value) {
  int number = 0;
  std::memcpy(&number, value.data(), std::min(value.size(), sizeof number));
  return number;
}

/// Without the zero that ends it.
[[nodiscard]] inline std::string_view text_in(std::span<const std::uint8_t> value) {
  return {reinterpret_cast<const char*>(value.data()), value.empty() ? 0 : value.size() - 1};
}

inline link read_link(const nlmsghdr* m) {
  link l;
  ifinfomsg info;
  std::memcpy(&info, NLMSG_DATA(m), sizeof info);
  l.index = info.ifi_index;
  l.loopback = (info.ifi_flags & IFF_LOOPBACK) != 0;
  l.ethernet = info.ifi_type == ARPHRD_ETHER;
  l.up = (info.ifi_flags & IFF_UP) != 0;
  each_attribute(m, sizeof info, [&](unsigned type, std::span<const std::uint8_t> value) {
    if (type == IFLA_IFNAME)
      l.name = text_in(value);
    if (type == IFLA_ADDRESS && value.size() == l.address.size())
      std::copy(value.begin(), value.end(), l.address.begin());
    if (type == IFLA_QDISC)
      l.queued = text_in(value) != "noqueue";
    if (type == IFLA_MTU)
      l.mtu = static_cast<unsigned>(number_in(value));
  });
  return l;
}

inline link link_of(int index, const std::string& name) {
  ifinfomsg about{};
  about.ifi_index = index;
  netlink_message ask(RTM_GETLINK, 0, about);
  if (index == 0)
    ask.add(IFLA_IFNAME, {reinterpret_cast<const std::uint8_t*>(name.c_str()), name.size() + 1});
  std::optional<link> found;
  ask_kernel(std::move(ask), [&](const nlmsghdr* m) { found = read_link(m); });
  if (!found)
    throw trouble(fmt::format("no network interface '{}'; ip link shows those there are", name));
  return *found;
}

/// The first global address of the interface in that family.
inline std::optional<net::address> address_on(const link& on, bool v6) {
  ifaddrmsg about{};
  about.ifa_family = v6 ? AF_INET6 : AF_INET;
  std::optional<net::address> found;
  ask_kernel(netlink_message(RTM_GETADDR, NLM_F_DUMP, about), [&](const nlmsghdr* m) {
    ifaddrmsg info;
    std::memcpy(&info, NLMSG_DATA(m), sizeof info);
    if (static_cast<int>(info.ifa_index) != on.index || (info.ifa_scope == RT_SCOPE_LINK && v6))
      return;
    each_attribute(m, sizeof info, [&](unsigned type, std::span<const std::uint8_t> value) {
      const unsigned own = v6 ? IFA_ADDRESS : IFA_LOCAL;
      if (type == own && value.size() == (v6 ? 16 : 4) && !found)
        found = net::address::from_bytes(value.data(), value.size());
    });
  });
  return found;
}

/// The neighbour's entry in the kernel's table, when it can be used.
inline std::optional<hardware_address> known_neighbour(const net::address& neighbour, const link& on) {
  ndmsg about{};
  about.ndm_family = family_of(neighbour);
  about.ndm_ifindex = on.index;
  std::optional<hardware_address> found;
  ask_kernel(netlink_message(RTM_GETNEIGH, NLM_F_DUMP, about), [&](const nlmsghdr* m) {
    constexpr unsigned usable = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_NOARP;
    ndmsg info;
    std::memcpy(&info, NLMSG_DATA(m), sizeof info);
    bool same = false;
    std::optional<hardware_address> at;
    each_attribute(m, sizeof info, [&](unsigned type, std::span<const std::uint8_t> value) {
      if (type == NDA_DST)
        same = value.size() == bytes_of(neighbour).size() &&
               std::memcmp(value.data(), neighbour.bytes.data(), value.size()) == 0;
      if (type == NDA_LLADDR && value.size() == sizeof(hardware_address)) {
        at.emplace();
        std::copy(value.begin(), value.end(), at->begin());
      }
    });
    if (same && at && info.ndm_ifindex == on.index && (info.ndm_state & usable) != 0)
      found = at;
  });
  return found;
}

/// Sends an empty datagram to the discard port (RFC 863): the kernel must find the neighbour first.
inline void nudge(const net::address& neighbour, const link& on) {
  const int fd = ::socket(neighbour.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return;
  constexpr std::uint16_t discard = 9;
  sockaddr_in6 to6{};
  sockaddr_in to4{};
  const sockaddr* to = reinterpret_cast<const sockaddr*>(&to4);
  socklen_t size = sizeof to4;
  if (neighbour.v6) {
    to6.sin6_family = AF_INET6;
    to6.sin6_port = htons(discard);
    to6.sin6_scope_id = static_cast<std::uint32_t>(on.index);
    std::memcpy(&to6.sin6_addr, neighbour.bytes.data(), 16);
    to = reinterpret_cast<const sockaddr*>(&to6);
    size = sizeof to6;
  } else {
    to4.sin_family = AF_INET;
    to4.sin_port = htons(discard);
    std::memcpy(&to4.sin_addr, neighbour.bytes.data(), 4);
  }
  ::sendto(fd, nullptr, 0, MSG_DONTWAIT, to, size);
  ::close(fd);
}

} // namespace detail

POSTROAD_DECL link link_of(const std::string& name) {
  return detail::link_of(0, name);
}

POSTROAD_DECL route route_to(const net::address& target, const route_settings& use) {
  rtmsg about{};
  about.rtm_family = detail::family_of(target);
  about.rtm_dst_len = static_cast<std::uint8_t>(target.bits());
  detail::netlink_message ask(RTM_GETROUTE, 0, about);
  ask.add(RTA_DST, detail::bytes_of(target));
  if (use.source && use.source->v6 == target.v6)
    ask.add(RTA_SRC, detail::bytes_of(*use.source));
  if (!use.interface.empty()) {
    const int index = link_of(use.interface).index;
    ask.add(RTA_OIF, {reinterpret_cast<const std::uint8_t*>(&index), sizeof index});
  }
  route found;
  int interface = 0;
  std::optional<net::address> preferred;
  const int failed = detail::ask_kernel(std::move(ask), [&](const nlmsghdr* m) {
    detail::each_attribute(m, sizeof(rtmsg), [&](unsigned type, std::span<const std::uint8_t> value) {
      const bool address = value.size() == detail::bytes_of(target).size();
      if (type == RTA_OIF)
        interface = detail::number_in(value);
      if (type == RTA_GATEWAY && address)
        found.gateway = net::address::from_bytes(value.data(), value.size());
      if (type == RTA_PREFSRC && address)
        preferred = net::address::from_bytes(value.data(), value.size());
    });
  });
  if (failed != 0 || interface == 0)
    throw trouble(fmt::format("no route to {}{}: {}", to_string(target),
                              use.interface.empty() ? "" : " by " + use.interface,
                              std::strerror(failed != 0 ? failed : ENETUNREACH)));
  found.out = detail::link_of(interface, use.interface);
  const auto source = use.source && use.source->v6 == target.v6 ? use.source : preferred;
  if (const auto own = source ? source : detail::address_on(found.out, target.v6))
    found.source = *own;
  else
    throw trouble(fmt::format("'{}' has no {} address to send from; --source gives one", found.out.name,
                              target.v6 ? "IPv6" : "IPv4"));
  return found;
}

POSTROAD_DECL std::vector<net::prefix> routed_prefixes(bool v6) {
  rtmsg about{};
  about.rtm_family = v6 ? AF_INET6 : AF_INET;
  std::vector<net::prefix> all;
  detail::ask_kernel(detail::netlink_message(RTM_GETROUTE, NLM_F_DUMP, about), [&](const nlmsghdr* m) {
    rtmsg info;
    std::memcpy(&info, NLMSG_DATA(m), sizeof info);
    net::address to;
    to.v6 = v6;
    detail::each_attribute(m, sizeof info, [&](unsigned type, std::span<const std::uint8_t> value) {
      if (type == RTA_DST && value.size() == (v6 ? 16 : 4))
        to = net::address::from_bytes(value.data(), value.size());
    });
    all.push_back(net::network_of(to, info.rtm_dst_len));
  });
  return all;
}

POSTROAD_DECL hardware_address hardware_address_of(const net::address& neighbour, const link& on) {
  using namespace std::chrono_literals;
  constexpr int turns = 30;
  for (int i = 0; i < turns; ++i) {
    if (const auto known = detail::known_neighbour(neighbour, on))
      return *known;
    if (i % 10 == 0)
      detail::nudge(neighbour, on);
    std::this_thread::sleep_for(100ms);
  }
  throw trouble(fmt::format("the gateway {} does not answer on {}; --gateway-mac gives its hardware address",
                            to_string(neighbour), on.name));
}

POSTROAD_DECL std::optional<hardware_address> parse_hardware_address(std::string_view text) {
  hardware_address a;
  for (auto& byte : a) {
    const auto digits = text::take_until(text, ':');
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (ec != std::errc() || end != digits.data() + digits.size() || digits.size() > 2 || digits.empty())
      return std::nullopt;
    byte = static_cast<std::uint8_t>(value);
  }
  return text.empty() ? std::optional(a) : std::nullopt;
}

POSTROAD_DECL std::string to_string(const hardware_address& a) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", a[0], a[1], a[2], a[3], a[4], a[5]);
}

} // namespace postroad::scan
