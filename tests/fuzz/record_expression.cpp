// Conditions, flags and paths typed by anyone: each gives a result; what is good is good again as it is
// spelled.
#include <postroad/record/path.hpp>
#include <postroad/study/conditions.hpp>
#include <postroad/study/expression.hpp>
#include <postroad/study/spec.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace postroad;

namespace {
void expect(bool holds) {
  if (!holds)
    std::abort();
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  record::path_set paths;
  if (const auto path = paths.add(text)) {
    const auto again = paths.add(paths.name(*path));
    expect(again && *again == *path);
  }
  if (text.find('@') != std::string_view::npos || text.find('~') != std::string_view::npos)
    return 0; // neither files nor the system's regular expressions are under test
  if (const auto e = study::expression::parse(text, paths)) {
    const auto again = study::expression::parse(e->source(), paths);
    expect(again.has_value());
    study::batch one(std::vector<bool>(paths.size())); // record, that has nothing
    study::condition_pool conditions, conditions_again;
    const auto at = conditions.add(*e, one), at_again = conditions_again.add(*again, one);
    one.accept();
    expect(conditions.holds(at, one, one.all()) == conditions_again.holds(at_again, one, one.all()));
  } else {
    expect(e.error().offset <= text.size());
  }
  try {
    study::spec_builder builder(paths);
    builder.apply_text(text);
    const auto flags = builder.flags();
    study::spec_builder second(paths);
    second.apply_text(flags);
    expect(second.flags() == flags);
    static_cast<void>(builder.finish());
  } catch (const study::bad_spec&) {
  }
  return 0;
}
