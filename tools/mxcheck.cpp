// mxcheck - look up which servers receive a domain's mail.
#include <postroad/cli/options.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/dns/mx.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/page_mx.hpp>
#include <postroad/flow/schema.hpp>
#include <postroad/text/time.hpp>

using namespace postroad;

namespace {

struct settings : flow::settings {
  bool each = false;
  bool mx_only = false;
  bool dnssec_ok = false;
  bool checking_disabled = false;
  std::string providers;
};

const flow::tool mxcheck{
    .about = {.name = "mxcheck",
              .does = "look up which servers receive a domain's mail",
              .synopsis = "[WORD...]",
              .schema = flow::mx_schema(),
              .examples = {"mxcheck example.org", "mxcheck < domains | smtpgrab | tlsprobe > study.ndjson",
                           "mxcheck --only timeout,servfail < mx.ndjson > mx-again.ndjson"}},
    .member = "mx",
    .page = flow::page_of_mx,
};

dns::client_settings client_settings_of(const settings& use) {
  auto s = flow::client_settings_of(use, use.retries);
  s.dnssec_ok = use.dnssec_ok;
  s.checking_disabled = use.checking_disabled;
  return s;
}

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : use_(use), dns_(in.io, client_settings_of(use)), providers_(flow::providers_of(use.providers)),
        blocked_([&list = in.blocked](const std::string& host) { return list.has(host); }) {
    ask_.addresses = !use.mx_only;
    ask_.ipv4 = !use.ipv6_only;
    ask_.ipv6 = !use.ipv4_only;
    ask_.providers = &providers_;
    ask_.blocked = &blocked_;
  }

  net::task<void> measure(flow::job& record) override {
    if (record.about().domain.empty()) { // an address has no MX
      record.write(outcome::skipped, flow::outcome_member(outcome::skipped, "the record names no domain"));
      co_return;
    }
    const auto route = co_await dns::find_mail_hosts(dns_, record.about().domain, ask_);
    auto& json = record.scratch();
    text::json_writer out(json);
    dns::write_mx(out, route, text::now_rfc3339());
    if (use_.each)
      flow::write_each_address(record, route, json);
    else
      record.write(route.what, json);
  }
  void abort() override { dns_.cancel_all(); }
  void describe(text::json_writer& out) const override { flow::write_dns_counts(out, dns_); }

private:
  const settings& use_;
  dns::client dns_;
  dns::provider_map providers_;
  std::function<bool(const std::string&)> blocked_;
  dns::mx_options ask_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("mxcheck", [&] {
    settings use;
    cli::options table;
    table.add(0, "each", "write one record for each server address", use.each);
    table.add(0, "mx-only", "ask for no addresses", use.mx_only);
    table.add(0, "dnssec-ok", "ask for signatures as well, which some resolvers need to say AD (DO)",
              use.dnssec_ok);
    table.add(0, "checking-disabled", "ask resolvers not to validate (CD)", use.checking_disabled);
    table.add(0, "providers", "FILE", "read which MX suffix belongs to which provider from FILE",
              use.providers);
    return flow::main_of(mxcheck, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
