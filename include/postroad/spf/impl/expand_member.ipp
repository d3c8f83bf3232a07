#pragma once

#include <postroad/net/special.hpp>
#include <postroad/spf/expand_member.hpp>
#include <postroad/spf/impl/expand_node.hpp>
#include <postroad/spf/overlap.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

namespace postroad::spf {

namespace detail {

/// IANA's special-purpose blocks as a set.
[[nodiscard]] inline const net::address_set& special_space() {
  static const net::address_set space = [] {
    std::vector<net::prefix> blocks;
    for (const auto text : net::special_blocks)
      blocks.push_back(*net::parse_prefix(text));
    return net::address_set::of(blocks);
  }();
  return space;
}

/// The 588,514,304 addresses that are usually left out when IPv4 is counted.
[[nodiscard]] inline const net::ipv4_set& reserved_ipv4() {
  static const net::ipv4_set space = [] {
    std::vector<net::prefix> blocks;
    for (const auto* text : {"0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
                             "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
                             "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"})
      blocks.push_back(*net::parse_prefix(text));
    return net::address_set::of(blocks).ipv4;
  }();
  return space;
}

inline void write_terms(text::json_writer& json, std::string_view name, const term_counts& n) {
  json.key(name).object();
  for (std::size_t i = 0; i < n.size(); ++i)
    if (n[i] != 0)
      json.member(term_word(i), n[i]);
  json.end();
}

/// The bits of the widest block; nothing of an empty set.
template <class U>
[[nodiscard]] std::optional<unsigned> widest_block(const net::interval_set<U>& s) {
  std::optional<unsigned> widest;
  s.each_block([&](const net::block<U>& b) { narrow(widest, b.length); });
  return widest;
}

inline void write_bits(text::json_writer& json, std::string_view name, const std::optional<unsigned>& bits) {
  if (bits)
    json.member(name, *bits);
  else
    json.member(name, nullptr);
}

/// n as far as a double goes.
template <class U>
[[nodiscard]] double about(const net::interval_set<U>& s) noexcept {
  return s.is_whole() ? std::ldexp(1.0, static_cast<int>(s.bits)) : static_cast<double>(s.size());
}

/// One address is 2.7e-10 of all: shares keep their significant digits.
inline void write_share(text::json_writer& json, double share) {
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), share, std::chars_format::general, 6).ptr;
  json.member_raw("share", {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

/// /64s, the last one perhaps in part.
[[nodiscard]] inline std::string count_of_64s(const net::ipv6_set& s) {
  if (s.is_whole())
    return "18446744073709551616";
  const auto n = s.size();
  return net::to_decimal((n >> 64) + ((n & ~std::uint64_t{0}) != 0 ? 1 : 0));
}

/// What both families have.
template <class U>
void write_family(text::json_writer& json, const net::interval_set<U>& pass,
                  const net::interval_set<U>& united, const net::interval_set<U>& special,
                  const std::optional<unsigned>& largest, bool all) {
  json.member("union_count", united.count()).member("cidrs", pass.blocks());
  write_bits(json, "largest", largest);
  write_bits(json, "largest_union", widest_block(pass));
  json.member("special", (pass & special).count()).member("all", all);
}

inline void write_ip4(text::json_writer& json, const expansion& e, const net::address_set* routed) {
  const auto& special = special_space().ipv4;
  json.key("ip4").object().member("count", e.pass.ipv4.count());
  write_family(json, e.pass.ipv4, e.united.ipv4, special, e.largest4, e.all4);
  if (routed == nullptr)
    write_share(json, about(e.pass.ipv4 - reserved_ipv4()) / public_ipv4);
  else if (!routed->ipv4.empty())
    write_share(json, about(e.pass.ipv4 & routed->ipv4) / about(routed->ipv4));
  json.end();
}

inline void write_ip6(text::json_writer& json, const expansion& e, const net::address_set* routed) {
  json.key("ip6").object().member("count", e.pass.ipv6.count()).member("n64", count_of_64s(e.pass.ipv6));
  write_family(json, e.pass.ipv6, e.united.ipv6, special_space().ipv6, e.largest6, e.all6);
  if (routed != nullptr && !routed->ipv6.empty())
    write_share(json, about(e.pass.ipv6 & routed->ipv6) / about(routed->ipv6));
  json.end();
}

inline void write_nets(text::json_writer& json, const net::address_set& pass) {
  json.key("nets").array();
  pass.ipv4.each_block([&](const net::block<std::uint32_t>& b) {
    json.value(net::to_string(net::address::v4(b.base)) + '/' + std::to_string(b.length));
  });
  pass.ipv6.each_block([&](const net::block<net::uint128>& b) {
    json.value(net::to_string(net::to_address(b.base, true)) + '/' + std::to_string(b.length));
  });
  json.end();
}

inline void write_branches(text::json_writer& json, const expansion& e, unsigned depth) {
  for (const auto& b : e.branches) {
    json.object().member("depth", depth).member_bytes("at", e.at).member_bytes("term", b.term);
    json.member("ip4", b.adds.ipv4.count()).member("ip6", b.adds.ipv6.count());
    if (!b.trouble.empty())
      json.member("trouble", b.trouble);
    json.end();
    if (b.leads_to)
      write_branches(json, *b.leads_to, depth + 1);
  }
}

inline void write_errors(text::json_writer& json, const expansion& e) {
  json.key("errors").array();
  for (const auto& p : e.problems) {
    json.object().member("code", p.code).member_bytes("at", p.at);
    if (!p.term.empty())
      json.member_bytes("term", p.term);
    if (!p.detail.empty())
      json.member_bytes("detail", p.detail);
    json.end();
  }
  json.end();
}

[[nodiscard]] inline bool is_over_limit(const expansion& e) noexcept {
  return e.lookups > max_lookups || e.voids.ip4 > max_voids ||
         std::any_of(e.problems.begin(), e.problems.end(), [](const problem& p) {
           return p.code == "mx_names" || p.code == "lookups" || p.code == "void";
         });
}

/// What is only there for a record that can be read.
inline void write_valid(text::json_writer& json, const expansion& e, const member_options& with) {
  json.member("lookups", e.lookups).key("void").object();
  json.member("ip4", e.voids.ip4).member("ip6", e.voids.ip6).member("both", e.voids.both).end();
  json.member("over_limit", is_over_limit(e)).member("records", e.records).member("depth", e.depth);
  json.member("loop", e.loop).member("include_none", e.include_none).member("macro", e.macro);
  json.member("ptr", e.ptr).member("exists", e.exists).member("host_bits", e.host_bits);
  json.member("set", set_name(e.pass));
  write_ip4(json, e, with.routed);
  write_ip6(json, e, with.routed);
  if (with.nets)
    write_nets(json, e.pass);
  if (with.tree) {
    json.key("tree").array();
    write_branches(json, e, 0);
    json.end();
  }
}

} // namespace detail

POSTROAD_DECL void write_spf(text::json_writer& json, const expansion& e, const member_options& with,
                             std::string_view time) {
  json.object().member("outcome", to_string(e.what));
  if (e.what != outcome::malformed && e.what != outcome::aborted)
    json.member("status", to_string(e.is));
  if (!e.text.empty()) {
    json.member_bytes("record", e.text).member("policy", to_string(e.says));
    if (e.in_the_end)
      json.member("policy_recursive", to_string(*e.in_the_end));
    else
      json.member("policy_recursive", nullptr);
    if (e.redirect.empty())
      json.member("redirect", nullptr);
    else
      json.member_bytes("redirect", e.redirect);
    json.member_list("includes", e.includes).member_list("includes_all", e.includes_all);
    json.key("terms").object();
    detail::write_terms(json, "top", e.top);
    detail::write_terms(json, "all", e.terms);
    json.end();
  }
  if (e.is == status::valid)
    detail::write_valid(json, e, with);
  if (e.answer) {
    detail::write_errors(json, e);
    json.member("result_class", result_class_words[static_cast<std::size_t>(e.result())]);
    json.member("server", net::to_string(e.answer->server)).member("tries", e.answer->tries);
    json.member_milliseconds("elapsed_ms", e.answer->elapsed);
  }
  json.member("time", time).end();
}

} // namespace postroad::spf
