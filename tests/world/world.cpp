/// world: a small internet in one process, for measuring tools to measure.
///
/// It serves DNS and SMTP on addresses that look public and live on `lo` of a network namespace of its own
/// (tests/world/run makes that namespace), and writes down beforehand what a faultless study finds. It is
/// written with Asio and OpenSSL alone: sharing code with the tools under test would make it agree with their
/// errors.
#include "contacts.hpp"
#include "dns_server.hpp"
#include "json.hpp"
#include "liar.hpp"
#include "pki.hpp"
#include "places.hpp"
#include "plan.hpp"
#include "policy_cells.hpp"
#include "resolvers.hpp"
#include "smtp_server.hpp"
#include "truth.hpp"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <getopt.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

struct settings {
  world::sizes sizes;
  std::string out;
  bool routes = false;
};

constexpr const char* usage =
    "usage: world --out DIR [--seed N] [--domains N] [--servers N] [--resolvers N]\n"
    "       world --routes      print what ip -batch needs to make the namespace ready\n";

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "world: %s\n", why.c_str());
  std::exit(2);
}

settings read_arguments(int argc, char** argv) {
  static const option options[] = {{"out", required_argument, nullptr, 'o'},
                                   {"seed", required_argument, nullptr, 's'},
                                   {"domains", required_argument, nullptr, 'd'},
                                   {"servers", required_argument, nullptr, 'n'},
                                   {"resolvers", required_argument, nullptr, 'l'},
                                   {"routes", no_argument, nullptr, 'r'},
                                   {"help", no_argument, nullptr, 'h'},
                                   {nullptr, 0, nullptr, 0}};
  settings use;
  const auto number = [] {
    char* end = nullptr;
    const auto value = std::strtoull(optarg, &end, 10);
    if (end == optarg || *end != '\0')
      give_up(std::string("not a number: ") + optarg);
    return value;
  };
  for (int c = 0; (c = getopt_long(argc, argv, "o:s:d:n:l:rh", options, nullptr)) != -1;) {
    if (c == 'o')
      use.out = optarg;
    else if (c == 's')
      use.sizes.seed = number();
    else if (c == 'd')
      use.sizes.domains = number();
    else if (c == 'n')
      use.sizes.servers = number();
    else if (c == 'l')
      use.sizes.resolvers = number();
    else if (c == 'r')
      use.routes = true;
    else if (c == 'h')
      std::exit(std::fputs(usage, stdout) < 0);
    else
      std::exit(2);
  }
  if (!use.routes && use.out.empty()) {
    std::fputs(usage, stderr);
    std::exit(2);
  }
  return use;
}

void print_routes() {
  using namespace world;
  const std::string client(client_address);
  std::printf("link set lo up\naddr add %s/32 dev lo\n", client.c_str());
  for (const auto range : local_ranges)
    std::printf("route add local %s dev lo src %s\n", std::string(range).c_str(), client.c_str());
  std::printf("route add unreachable %s\n", std::string(unreachable_range).c_str());
  std::printf("addr add %s/128 dev lo\nroute add local %s dev lo\n", std::string(client_address_6).c_str(),
              std::string(local_range_6).c_str());
}

/// The world answers for addresses that belong to others. It may only do so where nothing can leave or
/// arrive.
void require_isolation() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0)
    give_up("cannot list the network interfaces");
  bool loopback = false;
  for (const ifaddrs* one = all; one; one = one->ifa_next) {
    if ((one->ifa_flags & IFF_UP) == 0)
      continue;
    if ((one->ifa_flags & IFF_LOOPBACK) == 0)
      give_up(std::string("interface ") + one->ifa_name +
              " is up: this is the network of a machine; start me through tests/world/run");
    loopback = true;
  }
  freeifaddrs(all);
  if (!loopback)
    give_up("lo is down; start me through tests/world/run");
}

/// A descriptor for every listener and some thousand clients.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

class directory {
public:
  explicit directory(std::string path) : path_(std::move(path)) { mkdir(path_.c_str(), 0777); }
  [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

  template <class Lines>
  void write(const char* name, const Lines& lines) const {
    std::ofstream out(*this / name);
    for (const auto& line : lines)
      out << line << '\n';
    if (!out.flush())
      give_up("cannot write " + *this / name);
  }

private:
  std::string path_;
};

std::vector<std::string> input_lines(const std::vector<world::input>& all) {
  std::vector<std::string> out;
  for (const auto& one : all)
    out.push_back(std::to_string(out.size() + 1) + "," + one.word);
  return out;
}

std::string describe(const world::server& one) {
  static constexpr const char* signers[] = {"world", "world_leaf_only", "itself", "stranger", "forger"};
  static constexpr const char* validities[] = {"now", "over", "to_come"};
  std::vector<std::string> addresses;
  for (const auto& at : one.addresses)
    addresses.push_back(at.to_string());
  auto shown = world::object();
  shown.text("signed_by", signers[static_cast<int>(one.shows.by)])
      .text("valid", validities[static_cast<int>(one.shows.when)])
      .flag("md5", one.shows.md5)
      .number("bits", world::key_bits[static_cast<std::size_t>(one.shows.key)])
      .text("common_name", one.shows.common_name)
      .add("names", world::quoted_list(one.shows.names));
  return world::object()
      .text("host", one.host)
      .add("addresses", world::quoted_list(addresses))
      .text("temper", word(one.does))
      .text("manner", word(one.speaks))
      .text("software", word(one.runs))
      .number("variant", one.variant)
      .text("cipher", world::suite_of(one.suite_id).name)
      .text("version", word(one.top))
      .flag("export", one.takes_export)
      .add("certificate", shown.close())
      .close();
}

void write_policies(const directory& to, const world::plan& all) {
  const auto expected = world::work_out_senders(all);
  std::vector<std::string> truth;
  for (const auto& one : expected)
    truth.push_back(world::to_json(one));
  to.write("senders", input_lines(all.senders));
  to.write("senders-truth.ndjson", truth);
  to.write("senders-overlap.ndjson", world::overlap_lines(expected));
  to.write("senders-cells.ndjson", world::policy_cells(expected, all));
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Everything a test needs, written before the first client may come.
void write_papers(const directory& to, const world::plan& all, const std::vector<world::resolver>& resolvers,
                  const world::pki& authorities, std::uint64_t seed) {
  const auto expected = world::work_out(all);
  const world::places places(all, resolvers, seed);
  std::vector<std::string> truth, computed, hands, planned;
  for (const auto& one : expected) {
    const auto and_meta = [&](std::string record) {
      record.pop_back();
      return record + ",\"meta\":" + places.meta_of(one) + "}";
    };
    computed.push_back(and_meta(world::to_json(one)));
    truth.push_back(one.line->expected.empty() ? computed.back() : and_meta(world::hand_json(one)));
    if (!one.line->shows.empty())
      hands.push_back(one.line->word + "\t" + one.line->shows);
  }
  for (const auto& one : all.servers)
    planned.push_back(describe(one));
  to.write("domains", input_lines(all.inputs));
  to.write("truth.ndjson", truth);
  to.write("computed.ndjson", computed);
  to.write("cells.ndjson", joined(world::cells(expected), places.cells(expected)));
  to.write("pfx2as", places.routes());
  to.write("as-names", places.names());
  to.write("as-types", places.types());
  to.write("delegated", places.delegations());
  to.write("plan.ndjson", planned);
  to.write("resolvers.ndjson", world::resolver_lines(resolvers));
  to.write("resolvers-truth.ndjson", world::resolver_truth(resolvers));
  to.write("resolvers-cells.ndjson",
           joined(world::resolver_cells(all, resolvers), places.resolver_cells(all, resolvers)));
  to.write("hand.tsv", hands);
  to.write("zone", all.names.master_file());
  to.write("roots.pem", std::vector{authorities.roots_pem()});
  to.write("resolver", std::vector{std::string(world::resolver_address)});
  to.write("resolv.conf", std::vector{"nameserver " + std::string(world::resolver_address)});
}

void serve(const settings& use) {
  const directory out(use.out);
  const world::plan all = world::draw_plan(use.sizes);
  const world::pki authorities(use.sizes.seed);
  const auto resolvers = world::draw_resolvers(use.sizes.seed, use.sizes.resolvers);
  write_papers(out, all, resolvers, authorities, use.sizes.seed);
  write_policies(out, all);

  world::contacts seen;
  // DNS has a thread of its own: an answer must not wait for somebody's RSA signature.
  asio::io_context names(1), mail(1);
  const world::dns_server dns(names, asio::ip::make_address(world::resolver_address), all.names, seen);
  const world::resolver_world liars(names, resolvers, all.names, seen);
  const world::smtp_world smtp(mail, all, authorities, seen);
  asio::signal_set end(mail, SIGINT, SIGTERM), look(mail, SIGUSR1);
  end.async_wait([&mail](const asio::error_code&, int) { mail.stop(); });
  const std::string report = out / "contacts.ndjson";
  std::function<void(const asio::error_code&, int)> on_look = [&](const asio::error_code& error, int) {
    if (error)
      return;
    seen.write(report);
    look.async_wait(on_look);
  };
  look.async_wait(on_look);

  std::printf("resolver %s\nready: %zu domains, %zu servers, %zu names\n",
              std::string(world::resolver_address).c_str(), all.inputs.size(), all.servers.size(),
              all.names.size());
  std::fflush(stdout);
  std::thread dns_thread([&names] { names.run(); });
  mail.run();
  names.stop();
  dns_thread.join();
  if (!seen.write(report))
    give_up("cannot write " + report);
}

} // namespace

int main(int argc, char** argv) {
  const settings use = read_arguments(argc, argv);
  if (use.routes) {
    print_routes();
    return 0;
  }
  std::signal(SIGPIPE, SIG_IGN);
  require_isolation();
  raise_descriptor_limit();
  try {
    serve(use);
  } catch (const std::exception& error) {
    give_up(error.what());
  }
  return 0;
}
