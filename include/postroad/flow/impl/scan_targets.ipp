#pragma once

#include <postroad/flow/scan_targets.hpp>

#include <postroad/flow/descriptor.hpp>
#include <postroad/net/special.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/record/stdio.hpp>
#include <postroad/record/word.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include <unistd.h>

namespace postroad::flow {

namespace detail {

[[nodiscard]] inline std::string grouped(net::uint128 n) {
  return text::grouped(net::to_decimal(n));
}

/// Collects prefixes until they become one set: millions of lines are sorted once.
class target_reader {
public:
  target_reader() : ip_(paths_.add("ip").value()) {}

  /// False when the line names nothing that can be asked. record::line_slack bytes must be readable behind
  /// it.
  bool take_line(std::string_view text) {
    const auto named = text.starts_with('{') ? of_record(text) : net::parse_prefix(text);
    if (named)
      all_.push_back(*named);
    return named.has_value();
  }
  void take(const net::prefix& p) { all_.push_back(p); }
  [[nodiscard]] const std::vector<net::prefix>& all() const noexcept { return all_; }

private:
  std::optional<net::prefix> of_record(std::string_view line) {
    std::optional<net::prefix> named;
    const auto keep = [&](std::size_t, const record::value& v, std::size_t) {
      if (v.is == record::value::kind::text && !named)
        named = net::parse_prefix(v.text);
    };
    return reader_.read(line, paths_, keep, record::checking::whole) ? std::nullopt : named;
  }

  record::path_set paths_;
  record::reader reader_;
  std::size_t ip_;
  std::vector<net::prefix> all_;
};

inline void read_lines(target_reader& reader, const settings& use, scan_targets& out) {
  if (use.input == "-" && ::isatty(STDIN_FILENO) == 1)
    throw cli::usage_error{"no targets: name addresses and CIDRs, or give them on standard input"};
  const descriptor source(use.input, STDIN_FILENO, O_RDONLY);
  std::optional<descriptor> rejects;
  if (!use.rejects.empty())
    rejects.emplace(use.rejects, -1, O_WRONLY | O_CREAT | O_TRUNC);
  record::input in(source.get(), [] {});
  record::line line;
  while (in.wait_next(line)) {
    const auto text = text::trimmed(line.text);
    if (!line.too_long && (record::kind_of_line(text) == record::line_kind::blank || reader.take_line(text)))
      continue;
    ++out.rejected;
    if (rejects)
      rejects->write(fmt::format("{}\n", line.text));
    else
      fmt::print(stderr, "synscan: line {}: no address, CIDR or record with ip\n", line.number);
  }
  if (in.error() != 0)
    throw cli::usage_error{fmt::format("cannot read the input: {}", std::strerror(in.error()))};
  if (rejects)
    out.rejected = 0; // they are kept: no failure
}

[[nodiscard]] inline net::uint128 size_of(const net::address_set& s) {
  return s.ipv4.size() + s.ipv6.size();
}

/// Takes out `which`; returns how many addresses that were.
inline net::uint128 take_out(net::address_set& from, const net::address_set& which) {
  const auto before = size_of(from);
  from -= which;
  return before - size_of(from);
}

[[noreturn]] inline void nothing_left(const scan_targets& t, const settings& use) {
  if (t.named == 0)
    throw cli::usage_error{"no targets: the input names no address"};
  if (t.blocked == 0)
    throw cli::usage_error{fmt::format("nothing to scan: all {} addresses are special-purpose (RFC 6890); "
                                       "--allow CIDR opens a laboratory",
                                       grouped(t.named))};
  throw cli::usage_error{
      fmt::format("nothing to scan: of {} addresses {} are special-purpose and {} are in {}",
                  grouped(t.named), grouped(t.special), grouped(t.blocked), fmt::join(use.blocklists, ", "))};
}

} // namespace detail

POSTROAD_DECL scan_targets read_targets(const settings& use, const std::vector<std::string>& words,
                                        bool whole_internet) {
  if (!words.empty() && use.input != "-")
    throw cli::usage_error{fmt::format("targets are named as words or read from '{}', not both", use.input)};
  scan_targets out;
  detail::target_reader reader;
  for (const auto& word : words) {
    const auto named = net::parse_prefix(word);
    if (!named)
      throw cli::usage_error{fmt::format("'{}' is no address and no CIDR", word)};
    reader.take(*named);
  }
  if (words.empty())
    detail::read_lines(reader, use, out);
  out.addresses = net::address_set::of(reader.all());
  if ((out.addresses.ipv4.is_whole() || out.addresses.ipv6.is_whole()) && !whole_internet)
    throw cli::usage_error{"that is the whole Internet: if it is meant, say --whole-internet"};
  out.named = detail::size_of(out.addresses);
  const auto special = net::address_set::of(net::special_purpose_space());
  out.special = detail::take_out(out.addresses, special - net::address_set::of(allowed_of(use)));
  out.blocked = detail::take_out(out.addresses, net::address_set::of(blocklist_of(use).addresses()));
  if (out.addresses.empty())
    detail::nothing_left(out, use);
  return out;
}

POSTROAD_DECL std::string summary_of(const scan_targets& t) {
  auto text = fmt::format("{} addresses to ask", detail::grouped(detail::size_of(t.addresses)));
  if (t.special + t.blocked > 0)
    text += fmt::format("; left out: {} special-purpose, {} blocked", detail::grouped(t.special),
                        detail::grouped(t.blocked));
  return text;
}

} // namespace postroad::flow
