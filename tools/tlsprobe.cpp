// tlsprobe - see what TLS a mail server offers, and whether its certificate can be believed.
#include <postroad/cli/options.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/page_tls.hpp>
#include <postroad/flow/schema.hpp>
#include <postroad/flow/tls_prober.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/tls/member.hpp>

using namespace postroad;

namespace {

struct settings : flow::settings {
  settings() { timeout = std::chrono::seconds(60); }
  std::string ehlo_name;
  std::uint16_t port = 25;
  flow::probe_options probe;
  std::string roots;
  /// Nobody speaks implicit TLS on port 25.
  [[nodiscard]] std::uint16_t port_meant() const { return probe.implicit && port == 25 ? 465 : port; }
};

const flow::tool tlsprobe{
    .about = {.name = "tlsprobe",
              .does = "see what TLS a mail server offers, and whether its certificate can be believed",
              .synopsis = "[WORD...]",
              .schema = flow::tls_schema(),
              .examples = {"tlsprobe example.org", "tlsprobe mx1.example.org:25",
                           "mxcheck < domains | smtpgrab | tlsprobe --profile 2015 > study.ndjson"}},
    .member = "tls",
    .page = flow::page_of_tls,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : io_(in.io), use_(use), roots_(tls::trust_store::load(use.roots)),
        dns_(in.io, flow::client_settings_of(use)), servers_(in, dns_, use.port_meant()),
        prober_(in, flow::session_of(use, use.ehlo_name), use.probe, roots_), smtp_(in), pages_(in.pages) {}

  net::task<void> measure(flow::job& record) override {
    flow::encounter<flow::tls_visit> found;
    if (smtp_.is_in(record) && !use_.probe.implicit) { // so that both members speak of one server
      const auto server = smtp_.server_with_220(record);
      if (!server)
        co_return record.write(outcome::skipped, flow::outcome_member(outcome::skipped));
      found.at = *server;
      found.seen = co_await prober_.at(record, *server);
    } else {
      found = co_await flow::first_greeting(record, servers_, prober_);
    }
    if (!found.seen)
      co_return record.write(found.why_none, flow::unreached_member(found.why_none));
    write(record, found.at, *found.seen);
  }
  void abort() override {
    dns_.cancel_all();
    prober_.abort();
    net::abort_all(io_);
  }
  void finish() override { prober_.finish(); }
  void describe(text::json_writer& out) const override {
    flow::write_dns_counts(out, dns_);
    flow::write_memo_counts(out, "visits", prober_.counts());
  }

private:
  void write(flow::job& record, const flow::candidate& at, const flow::tls_visit& v) {
    const auto seen = v.outcome_of_all();
    auto& json = record.scratch();
    text::json_writer out(json);
    tls::write_tls(out, seen,
                   {.server = at.to,
                    .host = at.host,
                    .profile = use_.probe.full ? "openssl" : prober_.profile().name,
                    .sni = v.sni,
                    .domain = record.about().domain,
                    .time_rfc3339 = v.time,
                    .chain = v.chain.get(),
                    .roots = &roots_,
                    .whole_chain = use_.probe.chain || pages_,
                    .more = &v.more});
    record.write(seen.what, json);
  }

  asio::io_context& io_;
  const settings& use_;
  tls::trust_store roots_;
  dns::client dns_;
  flow::mail_servers servers_;
  flow::tls_prober prober_;
  flow::smtp_member smtp_;
  bool pages_; ///< people like to see the whole chain
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("tlsprobe", [&] {
    settings use;
    cli::options table;
    table.add('n', "ehlo-name", "NAME", "introduce ourselves as NAME; else the host's FQDN or address",
              use.ehlo_name);
    table.add('p', "port", "N", "the port of servers that are named without one; 465 with --implicit",
              use.port);
    flow::add_probe_options(table, use.probe);
    table.add(0, "roots", "FILE", "believe the certificates in FILE (PEM); else the system's", use.roots);
    return flow::main_of(tlsprobe, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
