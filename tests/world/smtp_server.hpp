/// All SMTP servers of the world on one io_context.
#pragma once

#include "contacts.hpp"
#include "pki.hpp"
#include "plan.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace world {

/// Acts out every server of the plan on port 25. Plan, pki and contacts outlive it.
class smtp_world {
public:
  /// Listens at once on every address that answers; throws std::system_error when it cannot.
  smtp_world(asio::io_context& on, const plan& all, const pki& authorities, contacts& seen);

  /// What a server needs for TLS; made when the first client asks for it.
  struct tls_side {
    identity shown;
    std::vector<std::string> chain;              ///< DER, leaf first
    std::unique_ptr<asio::ssl::context> context; ///< none where the flight is made by hand
  };
  const tls_side& tls_of(const server& who);

  contacts& seen() { return seen_; }

private:
  void listen(const server& who, const asio::ip::address& at);
  void swallow(const asio::ip::address& at);

  asio::io_context& io_;
  const plan& plan_;
  const pki& pki_;
  contacts& seen_;
  std::vector<std::unique_ptr<asio::ip::tcp::acceptor>> listeners_;
  std::vector<std::unique_ptr<asio::ip::tcp::socket>> fillers_;
  std::vector<std::unique_ptr<tls_side>> tls_; ///< by index of the server
};

} // namespace world
