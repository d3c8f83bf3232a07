// synscan - ask every address of a range whether it answers, and write down who does.
#include <postroad/cli/options.hpp>
#include <postroad/flow/scan_run.hpp>

#include <fmt/format.h>

#include <cstdio>

using namespace postroad;

namespace {

const cli::about synscan{
    .name = "synscan",
    .does = "ask every address of a range whether it answers",
    .synopsis = "[ADDRESS|CIDR...]",
    .schema = flow::scan_schema(),
    .examples = {"synscan -p 25 192.0.2.0/24 > open.ndjson",
                 "synscan --probe dns --query example.com < resolvers",
                 "synscan --outcomes open < ranges | smtpgrab | stripdetect > verdicts.ndjson"},
};

int list_fields() {
  for (const auto& f : scan::fields)
    fmt::print("{}\t{}\t{}\n", f.name, f.type, f.meaning);
  return std::fflush(stdout) == 0 ? 0 : 2;
}

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("synscan", [&] {
    flow::scan_settings use;
    cli::options table;
    flow::add_scan_options(table, use);
    cli::add_self_description(table, synscan);
    use.arguments.assign(argv + 1, argv + argc);
    const auto words = table.parse(argc, argv);
    return use.list_fields ? list_fields() : flow::run_scan(use, words);
  });
}
