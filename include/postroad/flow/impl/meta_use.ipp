#pragma once

#include <postroad/flow/meta_use.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace postroad::flow {

POSTROAD_DECL void add_meta_options(cli::options& table, meta_settings& use) {
  table.add(0, "pfx2as", "FILE", "prefixes and their AS, repeatable: CAIDA's pfx2as, or PREFIX/LENGTH ASN",
            use.routes);
  table.add(0, "mmdb", "FILE", "a database of MaxMind's format with AS or country, repeatable",
            use.databases);
  table.add(0, "delegated", "FILE", "a registry's delegated-stats: countries, repeatable", use.delegations);
  table.add(0, "as-names", "FILE", "names of AS: ASN NAME, CC, repeatable", use.names);
  table.add(0, "as-types", "FILE", "kinds of AS: CAIDA's as2type, or ASN and a word, repeatable", use.types);
  table.add(0, "path", "PATH", "where a record has the address; else smtp.ip, else ip", use.path);
}

namespace detail {

template <class Add>
void read_lines_of(const std::string& name, Add&& add) {
  std::ifstream in(name);
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (const auto wrong = add(std::string_view(line)))
      throw cli::usage_error{fmt::format("'{}', line {}: {}", name, number, *wrong)};
  }
  if (!in.eof())
    throw cli::usage_error{fmt::format("cannot read '{}': {}", name, std::strerror(errno))};
}

} // namespace detail

POSTROAD_DECL address_book::address_book(const meta_settings& use) {
  if (use.routes.empty() && use.databases.empty() && use.delegations.empty())
    throw cli::usage_error{"nothing to look up in: --pfx2as, --mmdb or --delegated gives it"};
  using table = meta::origin_table;
  const std::pair<const std::vector<std::string>&, table::complaint (table::*)(std::string_view)> kinds[] = {
      {use.routes, &table::add_route},
      {use.delegations, &table::add_delegation},
      {use.names, &table::add_name},
      {use.types, &table::add_type}};
  for (const auto& [files, add] : kinds)
    for (const auto& name : files)
      detail::read_lines_of(name, [this, add = add](std::string_view line) { return (table_.*add)(line); });
  table_.build();
  for (const auto& name : use.databases)
    try {
      databases_.emplace_back(name);
    } catch (const std::runtime_error& e) {
      throw cli::usage_error{fmt::format("cannot use '{}': {}", name, e.what())};
    }
}

POSTROAD_DECL meta::origin address_book::find(const net::address& a) const {
  auto found = table_.find(a);
  for (const auto& database : databases_)
    database.add_to(found, a);
  table_.describe(found);
  return found;
}

POSTROAD_DECL outcome write_meta(text::json_writer& json, const net::address& a, const meta::origin& found) {
  const auto what = found.empty() ? outcome::nodata : outcome::ok;
  json.object().member("outcome", to_string(what)).member("ip", to_string(a));
  if (!found.asns.empty())
    json.member("asn", found.asns.front());
  if (found.asns.size() > 1)
    json.member_list("asns", found.asns);
  if (!found.as_name.empty())
    json.member_bytes("as_name", found.as_name);
  if (!found.as_type.empty())
    json.member_bytes("as_type", found.as_type);
  if (!found.country.empty())
    json.member("country", found.country);
  if (found.prefix)
    json.member("prefix", fmt::format("{}/{}", to_string(found.prefix->base), found.prefix->length));
  json.end();
  return what;
}

} // namespace postroad::flow
