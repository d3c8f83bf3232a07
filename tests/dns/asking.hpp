/// A client beside scripted servers, for tests.
#pragma once

#include <postroad/dns/client.hpp>

#include "../support/scripted_dns.hpp"

#include <asio/io_context.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <initializer_list>
#include <utility>
#include <vector>

namespace dns_test {

using namespace postroad;
using namespace std::chrono_literals;
using support::scripted_dns;
using manner = scripted_dns::manner;
using replies = std::vector<scripted_dns::reply>;
using request = scripted_dns::request;

inline net::endpoint at(const scripted_dns& server) {
  return {*net::parse_address("127.0.0.1"), server.port()};
}

inline dns::client_settings settings_for(std::initializer_list<const scripted_dns*> servers) {
  dns::client_settings s;
  for (const auto* server : servers)
    s.resolvers.push_back(at(*server));
  s.timeout = 2s;
  return s;
}

/// One client, questions asked one after the other or together.
struct asking {
  explicit asking(dns::client_settings s) : client(io, std::move(s)) {}

  dns::answer_ptr mx(const char* n = "a.example") { return one(n, dns::type::mx); }
  dns::answer_ptr one(const char* n, dns::type t) {
    dns::answer_ptr got;
    client.ask_uncached(*dns::parse_name(n), t, [&](dns::answer_ptr a) { got = std::move(a); });
    run();
    REQUIRE(got);
    return got;
  }
  void run() {
    io.restart();
    io.run_for(8s);
    CHECK_MESSAGE(io.stopped(), "something keeps the context running");
  }

  asio::io_context io{1};
  dns::client client;
};

inline replies silence() {
  return {};
}

} // namespace dns_test
