/// Raises the resolvers of the world: a socket each, and the habits of its kind.
#pragma once

#include "contacts.hpp"
#include "dns_server.hpp"
#include "resolvers.hpp"
#include "zone.hpp"

#include <asio/io_context.hpp>

#include <memory>
#include <vector>

namespace world {

class lying_resolver;

/// Answer until their io_context is stopped. Zone and contacts outlive them.
class resolver_world {
public:
  /// Binds all sockets at once; throws std::system_error when it cannot.
  resolver_world(asio::io_context& on, const std::vector<resolver>& all, const zone& names, contacts& seen);
  ~resolver_world();

private:
  std::vector<std::unique_ptr<lying_resolver>> resolvers_;
  std::vector<std::unique_ptr<stream_server>> streams_;
};

} // namespace world
