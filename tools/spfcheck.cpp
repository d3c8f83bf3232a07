// spfcheck - tell whether a client may send mail for a domain.
#include <postroad/cli/options.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/page_spf_check.hpp>
#include <postroad/flow/schema.hpp>
#include <postroad/flow/spf_use.hpp>
#include <postroad/spf/check_member.hpp>
#include <postroad/text/time.hpp>

using namespace postroad;

namespace {

struct settings : flow::settings {
  std::string helo;
  std::string mailfrom;
  std::string receiver = "unknown"; // what RFC 7208 7.3 has for those who do not say
};

const flow::tool spfcheck{
    .about = {.name = "spfcheck",
              .does = "tell whether a client may send mail for a domain",
              .synopsis = "[ADDRESS...]",
              .schema = flow::spf_check_schema(),
              .examples = {"spfcheck --mailfrom user@example.org 192.0.2.1",
                           "spfcheck < senders.ndjson > checked.ndjson",
                           "spfcheck < senders.ndjson | aggregate --by spf_check.result"}},
    .member = "spf_check",
    .page = flow::page_of_spf_check,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : use_(use), dns_(in.io, flow::client_settings_of(use, use.retries)), helo_(in.want("helo")),
        mailfrom_(in.want("mailfrom")) {}

  net::task<void> measure(flow::job& record) override {
    const auto& about = record.about();
    if (about.bad_ip || !about.ip) {
      const auto what = about.bad_ip ? outcome::malformed : outcome::skipped;
      record.write(
          what, flow::outcome_member(what, about.bad_ip ? "ip is no address" : "the record names no client"));
      co_return;
    }
    spf::sender who{*about.ip, flow::name_of_sender(record.text(helo_).value_or(use_.helo)),
                    flow::name_of_sender(record.text(mailfrom_).value_or(use_.mailfrom)), use_.receiver};
    if (who.mailfrom.empty() && who.helo.empty()) {
      record.write(outcome::skipped,
                   flow::outcome_member(outcome::skipped, "the record names neither helo nor mailfrom"));
      co_return;
    }
    const auto found = co_await spf::check_host(flow::lookup_of(dns_), std::move(who));
    auto& json = record.scratch();
    text::json_writer out(json);
    spf::write_check(out, found, text::now_rfc3339());
    record.write(found.what, json);
  }
  void abort() override { dns_.stop(); }
  void describe(text::json_writer& out) const override { flow::write_dns_counts(out, dns_); }

private:
  const settings& use_;
  dns::client dns_;
  std::size_t helo_, mailfrom_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("spfcheck", [&] {
    settings use;
    cli::options table;
    table.add(0, "helo", "NAME", "what the client called itself, where a record does not say", use.helo);
    table.add(0, "mailfrom", "ADDRESS", "the reverse-path, where a record does not say", use.mailfrom);
    table.add(0, "receiver", "NAME", "the name of the receiving host, for explanations", use.receiver);
    return flow::main_of(spfcheck, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
