#pragma once

#include <postroad/spf/impl/expand_node.hpp>
#include <postroad/spf/overlap.hpp>
#include <postroad/text/json.hpp>

#include <array>
#include <string_view>
#include <tuple>

namespace postroad::spf {

namespace detail {

inline constexpr std::size_t most_sets = 100;  // that a report names
inline constexpr std::size_t most_pairs = 50;  // of them
inline constexpr std::size_t most_blocks = 20; // of the addresses that most domains let in

/// One object on a line of its own.
class object_line {
public:
  object_line(std::string& out, std::string_view what) : out_(out), json_(out) {
    json_.object().member("overlap", what);
  }
  ~object_line() {
    json_.end();
    out_ += '\n';
  }
  object_line(const object_line&) = delete;
  object_line& operator=(const object_line&) = delete;
  text::json_writer* operator->() noexcept { return &json_; }

private:
  std::string& out_;
  text::json_writer json_;
};

template <class U>
void mix(std::uint64_t& hash, const net::interval_set<U>& s) noexcept {
  const auto byte = [&hash](std::uint8_t b) { hash = (hash ^ b) * 0x100000001b3u; };
  byte(net::interval_set<U>::bits);
  for (const auto& r : s.ranges())
    for (const U end : {r.first, r.last})
      for (unsigned shift = net::interval_set<U>::bits; shift > 0; shift -= 8)
        byte(static_cast<std::uint8_t>(end >> (shift - 8)));
}

/// 1, 2, 5, 10, 20, 50, … below `most`, and `most`.
[[nodiscard]] inline std::vector<std::uint64_t> thresholds(std::uint64_t most) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t ten = 1; ten < most; ten *= 10)
    for (const unsigned step : {1u, 2u, 5u})
      if (ten * step < most)
        out.push_back(ten * step);
  if (most > 0)
    out.push_back(most);
  return out;
}

template <class U>
[[nodiscard]] std::uint64_t most_domains(const std::vector<layer<U>>& all) noexcept {
  std::uint64_t most = 0;
  for (const auto& l : all)
    most = std::max(most, l.domains);
  return most;
}

/// What at least so many domains let in.
template <class U>
[[nodiscard]] net::interval_set<U> at_least(const std::vector<layer<U>>& all, std::uint64_t domains) {
  std::vector<net::interval<U>> ranges;
  for (const auto& l : all)
    if (l.domains >= domains)
      ranges.push_back(l.range);
  return net::interval_set<U>::of(std::move(ranges));
}

/// Writes how much space at least so many domains let in, and which addresses most do.
template <class U>
void write_layers(std::string& out, const std::vector<layer<U>>& all, std::string_view family) {
  const auto most = most_domains(all);
  for (const auto k : thresholds(most))
    object_line(out, "space")
        ->member("family", family)
        .member("domains", k)
        .member("count", at_least(all, k).count());
  if (most == 0)
    return;
  const auto where = at_least(all, most);
  object_line line(out, "most");
  line->member("family", family).member("domains", most).member("count", where.count()).key("nets").array();
  std::size_t n = 0;
  where.each_block([&](const net::block<U>& b) {
    if (n++ < most_blocks)
      line->value(net::to_string(net::to_address(b.base, sizeof(U) > sizeof(std::uint32_t))) + '/' +
                  std::to_string(b.length));
  });
  line->end();
}

/// The sets that at least two domains share, most domains first.
[[nodiscard]] inline std::vector<const shared_set*> most_shared(const std::vector<shared_set>& all) {
  std::vector<const shared_set*> out;
  for (const auto& s : all)
    if (s.domains > 1)
      out.push_back(&s);
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return std::tie(b->domains, a->first) < std::tie(a->domains, b->first);
  });
  out.resize(std::min(out.size(), most_sets));
  return out;
}

inline void write_sets(std::string& out, const std::vector<const shared_set*>& sets) {
  for (const auto* s : sets) {
    object_line line(out, "set");
    line->member("set", set_name(s->set)).member("domains", s->domains);
    line->member("ip4", s->set.ipv4.count())
        .member("ip6", s->set.ipv6.count())
        .member_bytes("first", s->first);
  }
}

struct pair_of_sets {
  const shared_set *a, *b;
  net::address_set both;
};

/// Sets that have some addresses in common and are not the same, by the domains of the smaller one.
[[nodiscard]] inline std::vector<pair_of_sets> overlapping(const std::vector<const shared_set*>& sets) {
  std::vector<pair_of_sets> out; // `sets` come by falling domains: so do the pairs by their second
  for (std::size_t j = 1; j < sets.size() && out.size() < most_pairs; ++j)
    for (std::size_t i = 0; i < j && out.size() < most_pairs; ++i)
      if (auto both = sets[i]->set & sets[j]->set; !both.empty())
        out.push_back({sets[i], sets[j], std::move(both)});
  return out;
}

inline void write_pairs(std::string& out, const std::vector<pair_of_sets>& pairs) {
  for (const auto& p : pairs) {
    object_line line(out, "pair");
    line->key("sets").array().value(set_name(p.a->set)).value(set_name(p.b->set)).end();
    line->key("domains").array().value(p.a->domains).value(p.b->domains).end();
    line->member("ip4", p.both.ipv4.count()).member("ip6", p.both.ipv6.count());
  }
}

} // namespace detail

POSTROAD_DECL std::uint64_t set_number(const net::address_set& s) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;
  detail::mix(hash, s.ipv4);
  detail::mix(hash, s.ipv6);
  return hash;
}

POSTROAD_DECL std::string set_name(const net::address_set& s) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(16, '0');
  auto n = set_number(s);
  for (std::size_t i = out.size(); i-- > 0; n >>= 4)
    out[i] = digits[n & 15u];
  return out;
}

POSTROAD_DECL void overlap::add(const std::string& domain, const expansion& e) {
  ++domains_;
  if (e.is == status::none)
    return void(++without_policy_);
  if (e.is == status::temperror || detail::has_temporary(e))
    return void(++not_known_);
  if (e.is != status::valid)
    return void(++unreadable_);
  if (e.all4 || e.all6)
    return void(++everybody_);
  if (e.pass.empty())
    return void(++nobody_);
  const auto number = set_number(e.pass);
  for (auto [at, end] = at_.equal_range(number); at != end; ++at)
    if (sets_[at->second].set == e.pass)
      return void(++sets_[at->second].domains);
  at_.emplace(number, sets_.size());
  sets_.push_back({e.pass, 1, domain});
}

POSTROAD_DECL std::string overlap::report() const {
  std::string out;
  detail::object_line(out, "summary")
      ->member("domains", domains_)
      .member("sets", sets_.size())
      .member("without_policy", without_policy_)
      .member("unreadable", unreadable_)
      .member("not_known", not_known_)
      .member("everybody", everybody_)
      .member("nobody", nobody_);
  detail::write_layers(out, layers<std::uint32_t>(), "ip4");
  detail::write_layers(out, layers<net::uint128>(), "ip6");
  const auto shared = detail::most_shared(sets_);
  detail::write_sets(out, shared);
  detail::write_pairs(out, detail::overlapping(shared));
  return out;
}

} // namespace postroad::spf
