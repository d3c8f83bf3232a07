// What one host costs tlsprobe between two system calls, in microseconds of CPU, for chains seen before and
// new.
//
//   g++ -std=c++20 -O2 -DASIO_STANDALONE -Iinclude -Itests tests/bench/tls_micro.cpp -lcrypto -lfmt -o
//   tls_micro
//   ./tls_micro [ROUNDS]
#include <tls/authority.hpp>
#include <tls/flight_bytes.hpp>

#include <postroad/tls/member.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <unistd.h>

namespace net = postroad::net;
namespace tls = postroad::tls;
using namespace tls_test;

namespace {

double cpu_seconds() {
  std::timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}
void report(const char* what, long rounds, const std::function<void()>& work) {
  work();
  const auto start = cpu_seconds();
  for (long i = 0; i < rounds; ++i)
    work();
  std::printf("%-44s %9.2f us\n", what, 1e6 * (cpu_seconds() - start) / static_cast<double>(rounds));
}

std::size_t sink = 0; // keeps the work from being optimised away

} // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? std::atol(argv[1]) : 20000;
  const auto root = issue({.cn = "Root", .is_ca = true, .key = rsa_key_of(2048)});
  const auto above = issue({.cn = "Intermediate", .is_ca = true, .key = rsa_key_of(2048)}, &root);
  const auto leaf =
      issue({.cn = "mx.example.org", .names = "DNS:mx.example.org,DNS:example.org", .key = rsa_key_of(2048)},
            &above);
  const std::vector<std::string> chain{leaf.der(), above.der()};
  const auto flight = handshake(server_hello(0x0303, 0xc02f, extension(23, ""))) +
                      handshake(certificates({chain[0], chain[1]})) + handshake(ecdhe(29)) +
                      handshake(done());
  std::string roots_path = "/tmp/postroad-bench-XXXXXX";
  const int fd = ::mkstemp(roots_path.data());
  const auto pem = root.pem();
  must(::write(fd, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()));
  ::close(fd);
  auto roots = tls::trust_store::load(roots_path);
  const auto now = std::chrono::system_clock::from_time_t(noon);

  const std::array<std::uint8_t, 32> random{};
  const auto hello = [&] { sink += tls::build_hello(tls::modern, "mx.example.org", random).size(); };
  const auto known_hello = tls::build_hello(tls::modern, "mx.example.org", random);
  const auto read = [&] {
    tls::exchange talk(known_hello);
    talk.feed(bytes_of(flight));
    return tls::settle(std::move(talk), postroad::outcome::timeout);
  };
  std::string line;
  const auto write = [&](const tls::observation& seen, const tls::judged_chain& judged) {
    line.clear();
    postroad::text::json_writer w(line);
    tls::write_tls(w, seen,
                   {.server = {net::address::v4(0xc0000201), 25},
                    .host = "mx.example.org",
                    .profile = "modern",
                    .sni = "mx.example.org",
                    .domain = "example.org",
                    .time_rfc3339 = "2015-04-26T12:00:00Z",
                    .chain = &judged,
                    .roots = &roots});
    sink += line.size();
  };
  const auto seen = read();
  const auto judged = roots.judge(seen.flight.chain, now);
  must(seen.what == postroad::outcome::ok && judged->verdict.trusted);

  std::printf("chain of %zu and %zu bytes, flight of %zu\n", chain[0].size(), chain[1].size(), flight.size());
  report("hello", rounds, hello);
  report("flight", rounds, [&] { sink += read().flight.chain.size(); });
  report("facts of the leaf", rounds,
         [&] { sink += tls::read_certificate(bytes_of(chain[0])).value().dns_names.size(); });
  report("verdict and facts, chain seen before", rounds,
         [&] { sink += roots.judge(seen.flight.chain, now)->chain_length; });
  report("member as JSON, names matched", rounds, [&] { write(seen, *judged); });
  report("all of it, chain seen before", rounds, [&] {
    hello();
    const auto again = read();
    write(again, *roots.judge(again.flight.chain, now));
  });
  std::vector<std::vector<std::string>> fresh;
  for (int i = 0; i < 200; ++i)
    fresh.push_back(
        {issue({.cn = "mx.example.org", .names = "DNS:mx.example.org", .key = leaf.key}, &above).der(),
         chain[1]});
  std::size_t next = 0;
  report("verdict and facts, new leaf, known parent", 199,
         [&] { sink += roots.judge(fresh[next++ % fresh.size()], now)->chain_length; });
  report("loading the system's roots", 5, [&] { sink += tls::trust_store::load("").sha256().size(); });
  ::unlink(roots_path.c_str());
  return sink == 0;
}
