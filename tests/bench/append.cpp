// A filter that only appends: what the stream itself costs.
//
//   bench_append < records | wc -c      beside      cat records | wc -c
#include <postroad/flow/filter.hpp>

#include <memory>

using namespace postroad;

namespace {

const flow::tool append{
    .about = {.name = "append",
              .does = "append a member to every record",
              .synopsis = "[WORD...]",
              .schema = {},
              .examples = {}},
    .member = "x",
    .page = [](std::string_view line) { return std::string(line) + '\n'; },
};

class filter : public flow::filter {
public:
  explicit filter(const flow::room& in) { name_ = in.want("mx.hosts[].name"); }
  std::optional<outcome> answer_at_once(const flow::glance& record, std::string& json) override {
    std::size_t hosts = 0;
    for (const auto& f : record.fields)
      hosts += f.path == name_;
    text::json_writer(json).object().member("outcome", "ok").member("hosts", hosts).end();
    return outcome::ok;
  }
  net::task<void> measure(flow::job&) override { co_return; }
  void abort() override {}

private:
  std::size_t name_;
};

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("append", [&] {
    flow::settings use;
    cli::options table;
    return flow::main_of(append, table, use, argc, argv,
                         [](const flow::room& in) { return std::make_unique<filter>(in); });
  });
}
