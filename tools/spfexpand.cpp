// spfexpand - tell exactly which addresses a domain's SPF policy lets in.
#include <postroad/cli/options.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/descriptor.hpp>
#include <postroad/flow/dns_use.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/page_spf.hpp>
#include <postroad/flow/schema.hpp>
#include <postroad/flow/spf_use.hpp>
#include <postroad/spf/expand_member.hpp>
#include <postroad/spf/overlap.hpp>
#include <postroad/text/time.hpp>

using namespace postroad;

namespace {

struct settings : flow::settings {
  bool strict = false;
  bool nets = false;
  bool tree = false;
  std::string routed;
  std::string overlap;
};

const flow::tool spfexpand{
    .about = {.name = "spfexpand",
              .does = "tell exactly which addresses a domain's SPF policy lets in",
              .synopsis = "[WORD...]",
              .schema = flow::spf_schema(),
              .examples = {"spfexpand example.org", "spfexpand < domains > spf.ndjson",
                           "spfexpand --nets example.org | jq -r 'select(.spf.nets).spf.nets[]'"}},
    .member = "spf",
    .page = flow::page_of_spf,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use)
      : dns_(in.io, flow::client_settings_of(use, use.retries)),
        routed_(flow::space_of("--routed", use.routed)), with_{use.nets, use.tree || in.pages,
                                                               routed_ ? &*routed_ : nullptr},
        expand_(flow::lookup_of(dns_), {.strict = use.strict, .branches = with_.tree}, use.cache.bytes) {
    if (use.overlap.empty())
      return;
    overlap_file_.emplace(use.overlap, STDOUT_FILENO, O_WRONLY | O_CREAT);
    if (use.output != "-" && overlap_file_->is_same_file({use.output, STDOUT_FILENO, O_WRONLY | O_CREAT}))
      throw cli::usage_error{"--overlap: '" + use.overlap + "' takes the records already"};
  }

  net::task<void> measure(flow::job& record) override {
    if (record.about().domain.empty()) {
      record.write(outcome::skipped, flow::outcome_member(outcome::skipped, "the record names no domain"));
      co_return;
    }
    const auto found = co_await expand_.of(record.about().domain);
    if (overlap_file_)
      overlap_.add(record.about().domain, *found);
    auto& json = record.scratch();
    text::json_writer out(json);
    spf::write_spf(out, *found, with_, text::now_rfc3339());
    record.write(found->what, json);
  }
  void abort() override { dns_.stop(); }
  void finish() override {
    if (!overlap_file_)
      return;
    overlap_file_->empty();
    overlap_file_->write(overlap_.report());
  }
  void describe(text::json_writer& out) const override {
    flow::write_dns_counts(out, dns_);
    out.key("includes").object().member("remembered", expand_.remembered()).end();
  }

private:
  dns::client dns_;
  std::optional<net::address_set> routed_;
  spf::member_options with_;
  spf::expander expand_;
  std::optional<flow::descriptor> overlap_file_;
  spf::overlap overlap_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("spfexpand", [&] {
    settings use;
    cli::options table;
    table.add(0, "strict", "stop where RFC 7208 says, instead of counting on", use.strict);
    table.add(0, "nets", "list the fewest networks that make up the set", use.nets);
    table.add(0, "tree", "tell what each term lets in", use.tree);
    table.add(0, "routed", "FILE", "take shares of the space in FILE, one network a line", use.routed);
    table.add(0, "overlap", "FILE", "write to FILE which addresses how many domains let in", use.overlap);
    return flow::main_of(spfexpand, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
