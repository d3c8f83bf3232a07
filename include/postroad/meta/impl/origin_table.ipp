#pragma once

#include <postroad/meta/origin_table.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <utility>

namespace postroad::meta {

namespace detail {

[[nodiscard]] inline bool says_nothing(std::string_view line) noexcept {
  return line.empty() || line[0] == '#';
}

/// "64496" or "AS64496". RFC 5396: no dots.
[[nodiscard]] inline std::optional<std::uint32_t> as_number(std::string_view s) noexcept {
  if (s.size() > 2 && text::lowered(s.substr(0, 2)) == "as")
    s.remove_prefix(2);
  return text::number<std::uint32_t>(s);
}

/// The next field: blanks and tabs separate, or `mark` where one is given.
[[nodiscard]] inline std::string_view take_field(std::string_view& line, std::string_view marks) noexcept {
  const auto end = std::min(line.find_first_of(marks), line.size());
  const auto field = line.substr(0, end);
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(marks), line.size()));
  return field;
}

/// Two letters, upper case; empty when it is no country, as EU and ZZ are none.
[[nodiscard]] inline std::string country_of(std::string_view s) {
  if (s.size() != 2 || !text::is_alpha(s[0]) || !text::is_alpha(s[1]))
    return {};
  const std::string code{text::to_upper(s[0]), text::to_upper(s[1])};
  return code == "ZZ" || code == "EU" || code == "AP" ? std::string() : code;
}
[[nodiscard]] inline std::uint32_t packed(const std::string& country) noexcept {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(country[0])) << 8 |
         static_cast<unsigned char>(country[1]);
}

} // namespace detail

POSTROAD_DECL origin_table::complaint origin_table::add_route(std::string_view line) {
  line = text::trimmed(line);
  if (detail::says_nothing(line))
    return std::nullopt;
  auto where = detail::take_field(line, " \t");
  const auto slash = where.find('/');
  const auto size =
      slash == std::string_view::npos ? detail::take_field(line, " \t") : where.substr(slash + 1);
  const auto base = net::parse_address(where.substr(0, slash));
  const auto length = text::number<unsigned>(size);
  if (!base || !length || *length > base->bits())
    return "no prefix and length";
  const auto whose = origins_of(line);
  if (!whose)
    return "no AS number";
  if (base->v6)
    routes6_.add(net::to_number(*base), *length, whose->value, whose->tag);
  else
    routes4_.add(base->to_v4(), *length, whose->value, whose->tag);
  return std::nullopt;
}

POSTROAD_DECL std::optional<origin_table::origins> origin_table::origins_of(std::string_view spelled) {
  if (const auto asn = detail::as_number(spelled)) // nearly all
    return origins{*asn, one};
  std::string key(spelled);
  if (const auto known = several_at_.find(key); known != several_at_.end())
    return origins{known->second, many};
  std::vector<std::uint32_t> asns;
  for (auto rest = spelled; !rest.empty();) {
    const auto part = detail::take_field(rest, "_,{} \t");
    if (part.empty())
      continue; // a bracket at the beginning
    const auto asn = detail::as_number(part);
    if (!asn)
      return std::nullopt;
    if (std::find(asns.begin(), asns.end(), *asn) == asns.end())
      asns.push_back(*asn);
  }
  if (asns.empty())
    return std::nullopt;
  const auto index = static_cast<std::uint32_t>(several_.size());
  several_.push_back(std::move(asns));
  several_at_.emplace(std::move(key), index);
  return origins{index, many};
}

POSTROAD_DECL origin_table::complaint origin_table::add_delegation(std::string_view line) {
  if (detail::says_nothing(line))
    return std::nullopt;
  std::string_view field[7];
  auto rest = line;
  for (auto& f : field)
    f = text::take_until(rest, '|');
  const auto& [registry, code, type, start, count, date, status] = field;
  if (text::is_digit(registry.empty() ? ' ' : registry[0]) || date == "summary" || status == "summary" ||
      count == "summary")
    return std::nullopt; // the version line and the summaries
  const auto country = detail::country_of(code);
  if (type == "asn") {
    const auto first = text::number<std::uint32_t>(start), n = text::number<std::uint32_t>(count);
    if (!first || !n || *n > (1u << 24))
      return "no AS numbers";
    for (std::uint32_t i = 0; i < *n && !country.empty(); ++i)
      if (auto& at = names_[*first + i].country; at.empty())
        at = country;
    return std::nullopt;
  }
  const auto first = net::parse_address(start);
  const auto n = text::number<std::uint64_t>(count);
  if (!first || !n || (type != "ipv4" && type != "ipv6") || first->v6 != (type == "ipv6"))
    return "no range of addresses";
  if (country.empty())
    return std::nullopt;
  if (first->v6) {
    if (*n > 128)
      return "no length of a prefix";
    countries6_.add(net::to_number(*first), static_cast<unsigned>(*n), detail::packed(country));
  } else if (*n > (std::uint64_t{1} << 32) - first->to_v4()) {
    return "more addresses than there are";
  } else {
    add_range(first->to_v4(), *n, detail::packed(country));
  }
  return std::nullopt;
}

/// As prefixes: the largest that begins there and fits, again and again.
POSTROAD_DECL void origin_table::add_range(std::uint64_t first, std::uint64_t count, std::uint32_t country) {
  while (count > 0) {
    unsigned length = 0;
    while ((first & ((std::uint64_t{1} << (32 - length)) - 1)) != 0 ||
           std::uint64_t{1} << (32 - length) > count)
      ++length;
    countries4_.add(static_cast<std::uint32_t>(first), length, country);
    first += std::uint64_t{1} << (32 - length);
    count -= std::uint64_t{1} << (32 - length);
  }
}

POSTROAD_DECL origin_table::complaint origin_table::add_name(std::string_view line) {
  line = text::trimmed(line);
  if (detail::says_nothing(line))
    return std::nullopt;
  const auto asn = detail::as_number(detail::take_field(line, " \t|,"));
  if (!asn)
    return "no AS number";
  auto& at = names_[*asn];
  const auto comma = line.rfind(", ");
  if (comma != std::string_view::npos && line.size() == comma + 4) {
    if (const auto country = detail::country_of(line.substr(comma + 2)); !country.empty())
      at.country = country;
    line = line.substr(0, comma);
  }
  at.name = text::trimmed(line);
  return std::nullopt;
}

POSTROAD_DECL origin_table::complaint origin_table::add_type(std::string_view line) {
  line = text::trimmed(line);
  if (detail::says_nothing(line))
    return std::nullopt;
  const auto asn = detail::as_number(detail::take_field(line, " \t|,"));
  if (!asn)
    return "no AS number";
  const auto bar = line.rfind('|'); // CAIDA has who says so before it
  const auto type = text::trimmed(bar == std::string_view::npos ? line : line.substr(bar + 1));
  if (type.empty())
    return "no kind of operator";
  types_[*asn] = type;
  return std::nullopt;
}

POSTROAD_DECL void origin_table::build() {
  routes4_.build();
  routes6_.build();
  countries4_.build();
  countries6_.build();
  several_at_ = {};
}

POSTROAD_DECL origin origin_table::find(const net::address& a) const {
  origin found;
  const auto take = [&](const auto* route, const auto* country) {
    if (route != nullptr) {
      found.asns = route->tag == many ? several_[route->value] : std::vector{route->value};
      found.prefix = net::network_of(a, route->length);
    }
    if (country != nullptr)
      found.country = {static_cast<char>(country->value >> 8), static_cast<char>(country->value & 0xff)};
  };
  if (a.v6)
    take(routes6_.find(net::to_number(a)), countries6_.find(net::to_number(a)));
  else
    take(routes4_.find(a.to_v4()), countries4_.find(a.to_v4()));
  return found;
}

POSTROAD_DECL void origin_table::describe(origin& of) const {
  if (of.asns.empty())
    return;
  if (const auto at = names_.find(of.asns.front()); at != names_.end()) {
    if (of.as_name.empty())
      of.as_name = at->second.name;
    if (of.country.empty())
      of.country = at->second.country;
  }
  if (const auto at = types_.find(of.asns.front()); at != types_.end())
    of.as_type = at->second;
}

} // namespace postroad::meta
