/// What clients did to the world, so that a test can hold a scanner to its manners.
#pragma once

#include <asio/ip/address.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace world {

/// Counts kept by the SMTP and the DNS thread alike; every member may be called from any thread.
class contacts {
public:
  struct server_count {
    std::uint64_t connections = 0;
    std::uint64_t at_once = 0; ///< connections open now
    std::uint64_t most_at_once = 0;
    std::uint64_t hello = 0; ///< EHLO and HELO
    std::uint64_t starttls = 0;
    std::uint64_t client_hellos = 0;
    std::uint64_t quit = 0;
    std::uint64_t forbidden = 0; ///< MAIL, RCPT, DATA, VRFY, EXPN, AUTH: nobody who measures sends these
  };

  /// A connection was taken; with it, that many are open.
  void opened(const asio::ip::address& server, std::uint64_t at_once);
  void verb(const asio::ip::address& server, std::string_view verb);
  void client_hello(const asio::ip::address& server);
  void question(std::string_view name, std::uint16_t type, bool tcp);

  /// Writes DIR/contacts.ndjson: first one line a server that was contacted, then one a DNS question.
  /// {"server":"20.48.1.10","connections":1,...}  {"name":"a.com","type":15,"udp":1,"tcp":0}
  bool write(const std::string& path) const;

private:
  struct question_count {
    std::uint64_t udp = 0;
    std::uint64_t tcp = 0;
  };
  mutable std::mutex mutex_;
  std::map<asio::ip::address, server_count> servers_;
  std::unordered_map<std::string, question_count> questions_;
  std::uint64_t questions_beyond_ = 0;
};

} // namespace world
