/// Names on stdin, their MX on stdout as JSON: the DNS client by itself, to be held against dnsperf.
///
///   dns_bulk IP PORT [IN_FLIGHT]
#include <postroad/dns/mx.hpp>

#include <asio/io_context.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace postroad;

namespace {

struct run {
  asio::io_context io{1};
  dns::client* client = nullptr;
  std::string out;
  unsigned in_flight = 0, limit = 2000;
  bool ended = false, filling = false;

  bool next_line(std::string& line) {
    char text[1024];
    if (std::fgets(text, sizeof text, stdin) == nullptr)
      return false;
    line = text;
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
      line.pop_back();
    return true;
  }
  void write_out(std::size_t from) {
    if (out.size() >= from) {
      std::fwrite(out.data(), 1, out.size(), stdout);
      out.clear();
    }
  }
  void fill();
};

net::task<void> look_up(run& r, std::string domain) {
  const auto route = co_await dns::find_mail_hosts(*r.client, domain, {.addresses = false});
  text::json_writer json(r.out);
  json.object().member("domain", domain).key("mx");
  dns::write_mx(json, route, "2026-11-24T00:00:00Z");
  json.end();
  r.out += '\n';
  r.write_out(1 << 16);
  --r.in_flight;
  r.fill();
}

void run::fill() {
  if (filling)
    return;
  filling = true;
  std::string line;
  while (!ended && in_flight < limit) {
    if (!next_line(line)) {
      ended = true;
      break;
    }
    ++in_flight;
    net::spawn(look_up(*this, line));
  }
  filling = false;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return 2;
  run r;
  dns::client_settings settings;
  settings.resolvers = {{*net::parse_address(argv[1]), static_cast<std::uint16_t>(std::atoi(argv[2]))}};
  dns::client client(r.io, settings);
  r.client = &client;
  if (argc > 3)
    r.limit = static_cast<unsigned>(std::atoi(argv[3]));
  r.fill();
  r.io.run();
  r.write_out(0);
  const auto& n = client.counts();
  std::fprintf(stderr,
               "%llu questions, %llu packets, %llu again, %llu timeouts, %llu tcp, %llu late, %llu bad id, "
               "%llu sender, "
               "%llu question, %llu case\n",
               static_cast<unsigned long long>(n.questions), static_cast<unsigned long long>(n.queries),
               static_cast<unsigned long long>(n.retransmissions),
               static_cast<unsigned long long>(n.timeouts), static_cast<unsigned long long>(n.tcp),
               static_cast<unsigned long long>(n.late), static_cast<unsigned long long>(n.bad_id),
               static_cast<unsigned long long>(n.bad_sender), static_cast<unsigned long long>(n.bad_question),
               static_cast<unsigned long long>(n.case_mismatch));
}
