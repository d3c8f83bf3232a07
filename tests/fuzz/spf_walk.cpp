// Any texts as the records of a few names that lead to each other: a walk ends, within its caps, with a set
// that its blocks make up, the same with memory and without; and where nothing is in doubt, check_host() lets
// the same addresses pass.
#include <postroad/net/interval_set.hpp>
#include <postroad/spf/check.hpp>
#include <postroad/spf/expand.hpp>
#include <postroad/text/ascii.hpp>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

using namespace postroad;

namespace {

void expect(bool holds) {
  if (!holds)
    std::abort();
}

/// TXT records by name; every name has an address, but for those that begin with "n"; MX lead to "a.b".
struct world {
  std::map<std::string, std::string> texts;

  [[nodiscard]] dns::answer_ptr look_up(const dns::name& n, dns::type t) const {
    auto a = std::make_shared<dns::answer>();
    const auto name = dns::to_lower_string(n);
    a->ttl = 60;
    a->what = outcome::nodata;
    const auto text = texts.find(name);
    if (t == dns::type::txt && text != texts.end())
      a->texts.push_back(text->second);
    else if (t == dns::type::mx && name[0] != 'n')
      a->mx.push_back({10, *dns::parse_name("a.b")});
    else if (t == dns::type::a && name[0] != 'n')
      a->addresses.push_back(net::address::v4(static_cast<std::uint32_t>(0x2d000000 + name.size())));
    else
      return a;
    a->what = outcome::ok;
    return a;
  }
};

net::task<dns::answer_ptr> answer(const world& w, dns::name n, dns::type t) {
  co_return w.look_up(n, t);
}
template <class T>
net::task<void> store(net::task<T> work, std::optional<T>& into) {
  into = co_await work;
}
template <class T>
T now(net::task<T> work) {
  std::optional<T> got;
  net::spawn(store(std::move(work), got));
  expect(got.has_value());
  return std::move(*got);
}

void check_set(const spf::expansion& e) {
  net::uint128 n = 0;
  e.pass.ipv4.each_block(
      [&](const net::block<std::uint32_t>& b) { n += net::uint128{1} << (32 - b.length); });
  expect(n == e.pass.ipv4.size());
  expect((e.pass - e.united).empty() || e.all4 || e.all6);
  expect(e.records <= 257 && e.questions <= 1300);
}

} // namespace

// Line feeds part the records of d.b, a.b, n.b, e.b and f.b.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  world w;
  for (const auto* name : {"d.b", "a.b", "n.b", "e.b", "f.b"})
    w.texts[name] = "v=spf1 " + std::string(text::take_until(rest, '\n'));
  const spf::lookup ask = [&w](const dns::name& n, dns::type t) { return answer(w, n, t); };
  spf::expander remembers(ask, {}, 1 << 16), forgets(ask, {}, 0),
      strict(ask, {.strict = true, .branches = true}, 1 << 16);
  const auto first = now(remembers.of("d.b")), second = now(remembers.of("d.b")),
             fresh = now(forgets.of("d.b"));
  check_set(*first);
  expect(first->pass == fresh->pass && second->pass == fresh->pass && second->problems == fresh->problems);
  check_set(*now(strict.of("d.b")));
  const bool certain = first->is == spf::status::valid && first->problems.empty() && !first->macro &&
                       !first->ptr && !first->cut;
  for (const auto ip : {0x2d000003u, 0x01020304u, 0xc0000201u}) {
    const auto c = now(spf::check_host(ask, {net::address::v4(ip), "h.b", "u@d.b", "unknown"}));
    if (certain)
      expect(first->pass.ipv4.contains(ip) == (c.result == spf::check_result::pass));
  }
  return 0;
}
