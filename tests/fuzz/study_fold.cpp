// Any bytes as lines of records, and as a partial result: every kind of table is made of what is taken, in
// every format; a partial result of it, and the records one by one, give the same tables again.
#include <postroad/study/fold.hpp>
#include <postroad/study/partial.hpp>
#include <postroad/study/render.hpp>
#include <postroad/study/spec.hpp>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

using namespace postroad;
using namespace postroad::study;

namespace {

const std::string_view flags =
    "--table a --by p --top 3 --count n --col v[] --distinct v[] --mode n --quantiles 0.5,0.9 n --sum n "
    "--mean n --col 'high=n > 20' --of 'has n' "
    "--table b --where 'n < 40 and not p in x,y' --first --row 'odd=n ~ [13579]$' --row 'rest=else' --col p "
    "--table c --by v[],p --join - --sort key --table d --cdf n --of total --table e --hist n --bin 4 "
    "--table f --by t --bin week "
    "--weight n --count x --sum n --min-n 2 --table g --by p --approx --distinct v[] --quantiles 0.5 n "
    "--table h --by p,n --count n --sort n --then --by key.p --count m --sum s=cells.n --table i --by 'o{}' "
    "--of col";

struct study_of {
  record::path_set paths;
  std::vector<table_spec> specs;
  std::string hash;
  study_of() {
    spec_builder builder(paths);
    builder.apply_text(flags);
    specs = builder.finish();
    hash = spec_hash(builder.flags());
  }
};

void expect(bool holds) {
  if (!holds)
    std::abort();
}

template <class Line>
void each_line(std::string_view text, Line&& see) {
  while (!text.empty()) {
    std::string line(text::take_until(text, '\n'));
    const auto size = line.size();
    line.append(record::line_slack, '}');
    see(std::string_view(line).substr(0, size));
  }
}

std::string rendered(fold& of, std::initializer_list<format> formats) {
  std::string out;
  for (const auto& t : of.tables())
    for (const auto f : formats)
      render(out, t, f, {.intervals = true}, false);
  return out;
}

/// Each record counted alone, and all put together.
std::string apart(const study_of& study, std::string_view text) {
  fold all(study.specs, study.paths, record::checking::touched);
  each_line(text, [&](std::string_view line) {
    fold one(study.specs, study.paths, record::checking::touched);
    static_cast<void>(one.add(line));
    all.merge(one);
  });
  return rendered(all, {format::json});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const study_of study;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fold strict(study.specs, study.paths, record::checking::whole_first);
  each_line(text, [&](std::string_view line) { static_cast<void>(strict.add(line)); });

  fold counted(study.specs, study.paths, record::checking::touched);
  each_line(text, [&](std::string_view line) { static_cast<void>(counted.add(line)); });
  partial_head head{study.hash, {"1"}, 0};
  const auto partial = write_partial(head, counted);
  fold again(study.specs, study.paths, record::checking::touched);
  partial_head other{study.hash, {}, 0};
  partial_reader reader(other, again, false);
  each_line(partial, [&](std::string_view line) { reader.add(line); });
  reader.finish();
  expect(rendered(again, {format::json}) == rendered(counted, {format::json}));
  if (size % 8 == 0) // it takes its time
    expect(apart(study, text) == rendered(counted, {format::json}));
  expect(!rendered(counted, {format::text, format::csv, format::tsv, format::ndjson, format::markdown,
                             format::latex, format::html, format::gnuplot})
              .empty());

  fold merged(study.specs, study.paths, record::checking::touched);
  partial_head mine{study.hash, {}, 0};
  partial_reader hostile(mine, merged, true);
  try {
    each_line(text, [&](std::string_view line) { hostile.add(line); });
    hostile.finish();
  } catch (const bad_partial&) { // what it is for
  }
  expect(!rendered(merged, {format::json}).empty());
  return 0;
}
