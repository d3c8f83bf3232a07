// ipmeta - say whose an address is: AS, name, kind of operator, country.
#include <postroad/cli/options.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/meta_use.hpp>
#include <postroad/flow/page_meta.hpp>
#include <postroad/flow/schema.hpp>

#include <algorithm>

using namespace postroad;

namespace {

struct settings : flow::settings {
  settings() { member = "meta"; }
  flow::meta_settings from;
};

const flow::tool ipmeta{
    .about = {.name = "ipmeta",
              .does = "say whose an address is: AS, name, kind of operator, country",
              .synopsis = "[ADDRESS...]",
              .schema = flow::meta_schema(),
              .examples = {"ipmeta --pfx2as routes --as-names asn.txt 192.0.2.1",
                           "ipmeta --mmdb asn.mmdb --mmdb country.mmdb < study.ndjson > places.ndjson",
                           "ipmeta --pfx2as routes < study.ndjson | aggregate --by meta.asn --top 10"}},
    .member = "meta",
    .page = flow::page_of_meta,
    .is_local = true,
};

class filter : public flow::filter {
public:
  filter(const flow::room& in, const settings& use) : book_(use.from) {
    if (use.from.path.empty())
      paths_ = {in.want("smtp.ip"), in.want("ip")};
    else if (const auto path = in.paths.add(use.from.path))
      paths_ = {*path};
    else
      throw cli::usage_error{"--path: " + std::string(path.error().why)};
  }

  std::optional<outcome> answer_at_once(const flow::glance& record, std::string& out) override {
    text::json_writer json(out);
    for (const auto path : paths_)
      for (const auto& f : record.fields)
        if (const auto ip = f.path == path ? net::parse_address(f.text) : std::nullopt)
          return flow::write_meta(json, *ip, book_.find(*ip));
    json.object().member("outcome", to_string(outcome::skipped)).end();
    return outcome::skipped;
  }
  net::task<void> measure(flow::job&) override { co_return; } // nothing is left for it
  void abort() override {}

private:
  flow::address_book book_;
  std::vector<std::size_t> paths_;
};

/// A member of one word, and none that says whom a record is about.
bool is_name(std::string_view s) {
  const auto fits = [](char c) { return text::is_alnum(c) || c == '_'; };
  return !s.empty() && std::all_of(s.begin(), s.end(), fits) && s != "domain" && s != "ip" && s != "host";
}

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("ipmeta", [&] {
    settings use;
    cli::options table;
    flow::add_meta_options(table, use.from);
    table.add_with(0, "name", "NAME", use.member, "name of the member", [&](std::string_view word) {
      if (!is_name(word))
        throw cli::usage_error{"--name: letters, digits and _, and not domain, ip or host"};
      use.member = word;
    });
    return flow::main_of(ipmeta, table, use, argc, argv,
                         [&](const flow::room& in) { return std::make_unique<filter>(in, use); });
  });
}
