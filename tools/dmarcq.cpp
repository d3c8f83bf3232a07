// dmarcq - tell which DMARC policy holds for mail of a domain.
#include <postroad/cli/options.hpp>
#include <postroad/dmarc/member.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/organizations.hpp>
#include <postroad/flow/page_dmarc.hpp>
#include <postroad/flow/public_suffix.hpp>
#include <postroad/flow/schema.hpp>
#include <postroad/flow/spf_use.hpp>
#include <postroad/text/time.hpp>

using namespace postroad;

namespace {

struct settings : flow::settings {
  std::string discovery = "walk"; // RFC 9989
  bool verify_rua = false;
};

const flow::tool dmarcq{
    .about = {.name = "dmarcq",
              .does = "tell which DMARC policy holds for mail of a domain",
              .synopsis = "[WORD...]",
              .schema = flow::dmarc_schema(),
              .examples = {"dmarcq example.org", "spfexpand < domains | dmarcq > policies.ndjson",
                           "dmarcq --discovery both < domains | jq -c 'select(.dmarc.differs[0])'",
                           "dmarcq --verify-rua < domains | jq -r 'select(any(.dmarc.reports[]?; .authorized "
                           "== false)).domain'"}},
    .member = "dmarc",
    .page = flow::page_of_dmarc,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : use_(use), dns_(in.io, flow::client_settings_of(use, use.retries)) {
    if (use.discovery != "walk" && use.discovery != "psl" && use.discovery != "both")
      throw cli::usage_error{"--discovery: walk, psl or both, not '" + use.discovery + "'"};
    if (use.discovery != "walk")
      list_.emplace();
  }

  net::task<void> measure(flow::job& record) override {
    const auto& domain = record.about().domain;
    if (domain.empty() || domain == "." || !dns::parse_name(domain)) {
      const auto what = domain.empty() ? outcome::skipped : outcome::malformed;
      record.write(what, flow::outcome_member(what, domain.empty() ? "the record names no domain"
                                                                   : "no name that can be asked for"));
      co_return;
    }
    std::optional<dmarc::finding> by_walk, by_list;
    if (use_.discovery != "psl")
      by_walk = co_await dmarc::discover(flow::lookup_of(dns_), domain);
    if (list_)
      by_list = co_await dmarc::discover_by_list(flow::lookup_of(dns_), domain, list_->registrable(domain));
    const auto& found = by_walk ? *by_walk : *by_list;
    std::vector<dmarc::destination> reports;
    if (use_.verify_rua)
      reports = co_await dmarc::verify_destinations(
          flow::lookup_of(dns_), flow::organizations(dns_, by_walk ? nullptr : &*list_), found);
    auto& json = record.scratch();
    text::json_writer out(json);
    dmarc::write_dmarc(out, found,
                       {by_walk && by_list ? &*by_list : nullptr, use_.verify_rua ? &reports : nullptr},
                       text::now_rfc3339());
    record.write(found.what, json);
  }
  void abort() override { dns_.stop(); }
  void describe(text::json_writer& out) const override { flow::write_dns_counts(out, dns_); }

private:
  const settings& use_;
  dns::client dns_;
  std::optional<flow::public_suffix_list> list_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("dmarcq", [&] {
    settings use;
    cli::options table;
    table.add(0, "discovery", "HOW", "find the organizational domain by walk, psl or both", use.discovery);
    table.add(0, "verify-rua", "ask whether those who are to get reports take them", use.verify_rua);
    return flow::main_of(dmarcq, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
