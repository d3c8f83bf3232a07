// mxaudit - find resolvers that lie about mail servers.
#include <postroad/cli/options.hpp>
#include <postroad/flow/audit_use.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/page_resolver.hpp>
#include <postroad/flow/schema.hpp>

using namespace postroad;

namespace {

struct settings : flow::settings {
  settings() {
    timeout = std::chrono::seconds(5); // dig's; who takes longer is no resolver to lean on
    retries = 2;
  }
  flow::audit_settings audit;
};

const flow::tool mxaudit{
    .about =
        {.name = "mxaudit",
         .does = "find resolvers that lie about mail servers",
         .synopsis = "[ADDRESS...]",
         .schema = flow::resolver_schema(),
         .examples = {"mxaudit --trusted 192.0.2.53 198.51.100.7",
                      "mxaudit --trusted 192.0.2.53 < resolvers > audit.ndjson",
                      "mxaudit --trusted 192.0.2.53 --each-target < resolvers | smtpgrab > targets.ndjson"}},
    .member = "resolver",
    .page = flow::page_of_resolver,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : use_(use), courtesy_(in.courtesy), dns_(in.io, flow::audit_client_of(use, use.audit)),
        known_(dns_, use, use.audit), audits_(in, dns_, known_.truth(), use) {}

  net::task<void> measure(flow::job& record) override {
    const auto& about = record.about();
    const auto none = flow::why_no_resolver(about, courtesy_);
    if (none.what != outcome::ok) {
      flow::write_unasked(record, none, use_.audit.each_target);
      co_return;
    }
    const net::endpoint at{*about.ip, about.port.value_or(use_.audit.port)};
    const auto found = co_await audits_.at(record, at);
    if (use_.audit.each_target)
      flow::write_each_target(record, *found);
    else
      record.write(found->what, found->json);
  }
  void abort() override {
    audits_.abort();
    dns_.stop();
  }
  void describe(text::json_writer& out) const override {
    flow::write_dns_counts(out, dns_);
    flow::write_memo_counts(out, "audits", audits_.counts());
    flow::write_reference(out, known_.truth());
  }

private:
  const settings& use_;
  net::courtesy& courtesy_;
  dns::client dns_;
  flow::gathered_reference known_;
  flow::audits audits_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("mxaudit", [&] {
    settings use;
    cli::options table;
    flow::add_audit_options(table, use.audit);
    return flow::main_of(mxaudit, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
