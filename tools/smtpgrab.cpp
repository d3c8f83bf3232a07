// smtpgrab - greet mail servers and write down what they say.
#include <postroad/cli/options.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/greeter.hpp>
#include <postroad/flow/page_smtp.hpp>
#include <postroad/flow/schema.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/smtp/member.hpp>

using namespace postroad;

namespace {

struct settings : flow::settings {
  settings() {
    timeout = std::chrono::seconds(60);
    retries = 0; // a second visit is a second visit
  }
  flow::greeting_settings greeting;
};

const flow::tool smtpgrab{
    .about = {.name = "smtpgrab",
              .does = "greet mail servers and write down what they say",
              .synopsis = "[WORD...]",
              .schema = flow::smtp_schema(),
              .examples = {"smtpgrab example.org", "smtpgrab 192.0.2.1:2525",
                           "mxcheck < domains | smtpgrab > grabs.ndjson"}},
    .member = "smtp",
    .page = flow::page_of_smtp,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : io_(in.io), dns_(in.io, flow::client_settings_of(use)), servers_(in, dns_, use.greeting.port),
        greeter_(in, flow::session_of(use, use.greeting), use.greeting.backoff), rules_(use.greeting.rules) {}

  net::task<void> measure(flow::job& record) override {
    const auto found = co_await flow::first_greeting(record, servers_, greeter_);
    if (!found.seen) {
      record.write(found.why_none, flow::unreached_member(found.why_none));
      co_return;
    }
    auto& json = record.scratch();
    text::json_writer out(json);
    const auto& got = found.seen->got;
    smtp::write_smtp(out, got, found.at.to, found.at.host, found.seen->time, got.elapsed, found.seen->tries,
                     rules_.rules());
    record.write(got.what, json);
  }
  void abort() override {
    dns_.cancel_all();
    greeter_.abort();
    net::abort_all(io_);
  }
  void describe(text::json_writer& out) const override {
    flow::write_dns_counts(out, dns_);
    flow::write_memo_counts(out, "visits", greeter_.counts());
  }

private:
  asio::io_context& io_;
  dns::client dns_;
  flow::mail_servers servers_;

  flow::greeter greeter_;
  flow::rules_file rules_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("smtpgrab", [&] {
    settings use;
    cli::options table;
    flow::add_greeting_options(table, use.greeting);
    return flow::main_of(smtpgrab, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
