// What smtp::converse costs, with the JSON member written: the same dialog as smtp_epoll.c with the same
// responder.
//
//   smtp_converse [-n HOSTS] [-c IN_FLIGHT] [-p PORT]
//
// Prints one line of JSON in smtp_epoll's shape.
#include <postroad/smtp/member.hpp>
#include <postroad/smtp/session.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

using namespace postroad;

namespace {

struct bench {
  long hosts = 100'000;
  int in_flight = 1000;
  std::uint16_t port = 2525;
  long started = 0;
  long failed = 0;
  std::size_t written = 0; // bytes of JSON, so that the writing is not optimised away
  smtp::session_settings use;
};

net::task<> visit_hosts(asio::io_context& io, bench& run) {
  std::string line;
  while (run.started < run.hosts) {
    // The same walk as the C bench: 127.1.0.1 onwards.
    const auto to = net::endpoint{
        net::address::v4(0x7f010001u + static_cast<std::uint32_t>(run.started++ % 8'000'000)), run.port};
    asio::ip::tcp::socket socket(io);
    const auto got = co_await smtp::converse(socket, to, run.use);
    line.clear();
    text::json_writer json(line);
    smtp::write_smtp(json, got, to, "mx.example.test", "2015-04-26T12:00:00Z", got.elapsed);
    run.written += line.size();
    run.failed += got.starttls_code == 0;
  }
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

void report(const bench& run, double wall) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto hosts = static_cast<double>(run.hosts);
  std::printf("{\"client\":\"converse\",\"hosts\":%ld,\"failed\":%ld,\"in_flight\":%d,\"cpu_us\":%.2f,"
              "\"user_us\":%.2f,\"rate\":%.0f,\"rss_kb\":%ld,\"json_bytes\":%zu}\n",
              run.hosts - run.failed, run.failed, run.in_flight,
              (seconds(used.ru_utime) + seconds(used.ru_stime)) * 1e6 / hosts,
              seconds(used.ru_utime) * 1e6 / hosts, hosts / wall, used.ru_maxrss, run.written);
}

} // namespace

int main(int argc, char** argv) {
  bench run;
  run.use.ehlo_name = "bench.example.test";
  for (int option; (option = ::getopt(argc, argv, "n:c:p:")) != -1;) {
    if (option == 'n')
      run.hosts = std::atol(optarg);
    else if (option == 'c')
      run.in_flight = std::atoi(optarg);
    else if (option == 'p')
      run.port = static_cast<std::uint16_t>(std::atoi(optarg));
    else
      return 2;
  }
  asio::io_context io(1);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < run.in_flight; ++i)
    net::spawn(visit_hosts(io, run));
  io.run();
  report(run, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  return run.failed != 0;
}
