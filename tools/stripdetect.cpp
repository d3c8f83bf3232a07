// stripdetect - tell whether STARTTLS is taken away on the way to a mail server.
#include <postroad/cli/options.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/greeter.hpp>
#include <postroad/flow/page_strip.hpp>
#include <postroad/flow/schema.hpp>
#include <postroad/flow/strip_use.hpp>
#include <postroad/net/deadline.hpp>
#include <postroad/smtp/member.hpp>

#include <unistd.h>

using namespace postroad;

namespace {

struct settings : flow::settings {
  settings() {
    timeout = std::chrono::seconds(60);
    retries = 0;
  }
  flow::greeting_settings greeting;
  std::string compare;
};

const flow::tool stripdetect{
    .about = {.name = "stripdetect",
              .does = "tell whether STARTTLS is taken away on the way to a mail server",
              .synopsis = "[WORD...]",
              .schema = flow::strip_schema(),
              .examples = {"stripdetect example.org", "smtpgrab < servers | stripdetect > verdicts.ndjson",
                           "stripdetect --compare elsewhere.ndjson < grabs.ndjson"}},
    .member = "strip",
    .page = flow::page_of_strip,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : io_(in.io), dns_(in.io, flow::client_settings_of(use)), servers_(in, dns_, use.greeting.port),
        greeter_(in, flow::session_of(use, use.greeting), use.greeting.backoff), rules_(use.greeting.rules),
        dialogs_(in.paths) {
    if (!use.compare.empty())
      elsewhere_.emplace(use.compare);
  }

  std::optional<outcome> answer_at_once(const flow::glance& record, std::string& json) override {
    const auto told = dialogs_.read(record.fields);
    if (!told.is_grab)
      return std::nullopt;
    return flow::judge_dialog(told, elsewhere(), json);
  }

  net::task<void> measure(flow::job& record) override {
    const auto found = co_await flow::first_greeting(record, servers_, greeter_);
    if (!found.seen) {
      record.write(found.why_none, flow::unreached_member(found.why_none));
      co_return;
    }
    std::string grab;
    text::json_writer out(grab);
    smtp::write_smtp(out, found.seen->got, found.at.to, found.at.host, found.seen->time,
                     found.seen->got.elapsed, found.seen->tries, rules_.rules());
    const record::member smtp{"smtp", grab};
    auto& json = record.scratch();
    const auto what = flow::judge_dialog(flow::dialog_of(found.seen->got, found.at.to), elsewhere(), json);
    record.write(what, json, {&smtp, 1});
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
  [[nodiscard]] const flow::vantage* elsewhere() const { return elsewhere_ ? &*elsewhere_ : nullptr; }

  asio::io_context& io_;
  dns::client dns_;
  flow::mail_servers servers_;

  flow::greeter greeter_;
  flow::rules_file rules_;
  flow::dialog_reader dialogs_;
  std::optional<flow::vantage> elsewhere_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("stripdetect", [&] {
    settings use;
    cli::options table;
    flow::add_greeting_options(table, use.greeting);
    table.add(0, "compare", "FILE",
              "grabs of another vantage point: what is missing at one only was taken away", use.compare);
    auto tool = stripdetect;
    tool.word_is_file = [&](const std::string& word) { // --compare A B
      return !use.compare.empty() && ::access(word.c_str(), R_OK) == 0;
    };
    return flow::main_of(tool, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
