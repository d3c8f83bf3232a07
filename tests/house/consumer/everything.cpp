// Somebody else's program over the header-only core: asks for the MX of its first argument.
#include <postroad/dns/audit_member.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/mx.hpp>
#include <postroad/flow/scan_run.hpp>
#include <postroad/flow/tls_prober.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/study/run.hpp>

#include <asio/io_context.hpp>

#include <cstdio>

using namespace postroad;

int second(); // another translation unit with the same headers

net::task<void> show(dns::client& client, std::string domain) {
  const auto route = co_await dns::find_mail_hosts(client, domain, {});
  std::printf("%s %s\n", domain.c_str(), std::string(to_string(route.what)).c_str());
}

int main(int argc, char** argv) {
  asio::io_context io;
  dns::client_settings use;
  use.resolvers = {{*net::parse_address("127.0.0.1"), 1}}; // nobody listens there
  dns::client client(io, use);
  net::spawn(show(client, argc > 1 ? argv[1] : "example.org"));
  io.run();
  return second();
}
