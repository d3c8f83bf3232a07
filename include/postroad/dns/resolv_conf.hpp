/// The resolvers this machine uses. resolv.conf(5).
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/text/ascii.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::dns {

/// The addresses of `nameserver` lines, in order, each once; what is no plain address is left out.
///
/// Example: "# x\nnameserver 192.0.2.53\n" gives 192.0.2.53 port 53.
[[nodiscard]] inline std::vector<net::endpoint> parse_resolv_conf(std::string_view content) {
  std::vector<net::endpoint> found;
  while (!content.empty()) {
    auto line = text::trimmed(text::take_until(content, '\n'));
    constexpr std::string_view keyword = "nameserver";
    if (!line.starts_with(keyword) || line.size() == keyword.size() || !text::is_space(line[keyword.size()]))
      continue;
    line = text::trimmed(line.substr(keyword.size()));
    const auto ip = net::parse_address(line.substr(0, line.find_first_of(" \t")));
    if (!ip)
      continue;
    const net::endpoint server{*ip, 53};
    bool known = false;
    for (const auto& other : found)
      known = known || other == server;
    if (!known)
      found.push_back(server);
  }
  return found;
}

/// What /etc/resolv.conf names; empty when there is no such file or no such line.
[[nodiscard]] inline std::vector<net::endpoint> system_resolvers(const char* path = "/etc/resolv.conf") {
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr)
    return {};
  std::string content(1 << 16, '\0'); // far more than resolv.conf(5) files have
  content.resize(std::fread(content.data(), 1, content.size(), file));
  std::fclose(file);
  return parse_resolv_conf(content);
}

} // namespace postroad::dns
