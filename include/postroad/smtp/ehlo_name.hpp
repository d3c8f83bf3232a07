/// The name we give in EHLO when the user gives none. RFC 5321 4.1.1.1 and 4.1.3.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/text/ascii.hpp>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postroad::smtp {

/// Example: 192.0.2.1 gives "[192.0.2.1]", 2001:db8::1 gives "[IPv6:2001:db8::1]".
[[nodiscard]] inline std::string address_literal(const net::address& a) {
  return (a.v6 ? "[IPv6:" : "[") + net::to_string(a) + "]";
}

/// Is it a name that a stranger could look up? At least two labels of letters, digits and hyphens, and not
/// below localhost, localdomain or local, which every machine has.
[[nodiscard]] inline bool is_public_name(std::string_view name) noexcept {
  const auto last_dot = name.rfind('.');
  if (last_dot == std::string_view::npos || last_dot == 0 || last_dot + 1 == name.size() || name.size() > 253)
    return false;
  for (const char c : name)
    if (!text::is_alnum(c) && c != '-' && c != '.')
      return false;
  const auto top = name.substr(last_dot + 1);
  return !text::iequals(top, "localdomain") && !text::iequals(top, "localhost") &&
         !text::iequals(top, "local") && !text::is_digit(top.back());
}

/// The qualified name that a hosts file gives to `host`, or nothing.
/// Example: "127.0.1.1 scan.example.org scan\n" and "scan" give "scan.example.org".
[[nodiscard]] inline std::string qualified_in(std::string_view hosts_file, std::string_view host) {
  while (!hosts_file.empty()) {
    auto line = text::take_until(hosts_file, '\n');
    line = line.substr(0, line.find('#'));
    for (auto rest = line; !rest.empty();) {
      rest = text::trimmed(rest);
      const auto word = rest.substr(0, rest.find_first_of(" \t"));
      rest.remove_prefix(word.size());
      if (word.size() > host.size() && word[host.size()] == '.' && text::istarts_with(word, host) &&
          is_public_name(word))
        return std::string(word);
    }
  }
  return {};
}

namespace detail {

[[nodiscard]] inline std::string read_file(const char* path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), &std::fclose);
  std::string out;
  char chunk[4096];
  for (std::size_t n;
       file && out.size() < (1u << 20) && (n = std::fread(chunk, 1, sizeof chunk, file.get())) > 0;)
    out.append(chunk, n);
  return out;
}

/// The address that packets to the Internet would leave from. Connecting a UDP socket asks the routing table
/// and sends nothing.
[[nodiscard]] inline net::address outgoing_address() {
  net::address own = net::address::v4(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return own;
  sockaddr_in far{};
  far.sin_family = AF_INET;
  far.sin_port = htons(25);
  far.sin_addr.s_addr = htonl(0xc0000201); // 192.0.2.1, RFC 5737
  sockaddr_in near{};
  socklen_t size = sizeof near;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&far), sizeof far) == 0 &&
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&near), &size) == 0)
    own = net::address::v4(ntohl(near.sin_addr.s_addr));
  ::close(fd);
  return own;
}

} // namespace detail

/// The host's FQDN, else an address literal: of `source` when there is one, else of the address that packets
/// leave from. Asks the kernel and /etc/hosts; a measuring tool sends no look-up that nobody asked for.
[[nodiscard]] inline std::string default_ehlo_name(std::optional<net::address> source = std::nullopt) {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) == 0) {
    if (is_public_name(host))
      return host;
    if (auto name = qualified_in(detail::read_file("/etc/hosts"), host); host[0] != 0 && !name.empty())
      return name;
  }
  return address_literal(source ? *source : detail::outgoing_address());
}

} // namespace postroad::smtp
