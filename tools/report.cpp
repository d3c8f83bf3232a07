// report - make one page of a study: tables, figures, and how everything was measured.
#include <postroad/cli/options.hpp>
#include <postroad/flow/descriptor.hpp>
#include <postroad/flow/settings.hpp>
#include <postroad/study/page.hpp>

#include <unistd.h>

using namespace postroad;

namespace {

const cli::about report{
    .name = "report",
    .does = "make one page of a study: tables, figures, and how everything was measured",
    .synopsis = "FILE...",
    .schema = {},
    .examples = {"report study/*.html study/*.svg study/*.meta > study.html",
                 "report --title 'Mail in April' --about about.txt -o april.html april/*.html april/*.meta"}};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("report", [&] {
    study::page_settings use;
    std::string about, output = "-";
    cli::options table;
    table.add(0, "title", "TEXT", "what the page is called", use.title);
    table.add(0, "about", "FILE", "text under the title, paragraphs with empty lines between", about);
    table.add('o', "output", "FILE", "write to FILE", output);
    cli::add_self_description(table, report);
    const auto files = table.parse(argc, argv);
    if (files.empty())
      throw cli::usage_error{
          "no files: sections of aggregate --format html, figures of --format svg, metadata of the tools"};
    if (!about.empty())
      use.about = flow::whole_file(about);
    std::vector<study::page_part> parts;
    for (const auto& name : files)
      parts.push_back({name, flow::whole_file(name)});
    const auto page = study::page_of(use, parts);
    const flow::descriptor out(output, STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC);
    out.write(page);
    return 0;
  });
}
