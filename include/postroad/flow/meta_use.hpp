/// ipmeta in the engine: which files it reads, which address of a record it looks up, what it writes.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/meta/mmdb.hpp>
#include <postroad/meta/origin_table.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::flow {

struct meta_settings {
  std::vector<std::string> routes, databases, delegations, names, types; ///< files
  std::string path; ///< of the address; empty: smtp.ip, else ip
};

/// Adds --pfx2as and its like.
void add_meta_options(cli::options&, meta_settings&);

/// All the files, read. Throws usage_error, which names file and line: a table that is half read tells lies.
class address_book {
public:
  explicit address_book(const meta_settings&);
  [[nodiscard]] meta::origin find(const net::address&) const;

private:
  meta::origin_table table_;
  std::vector<meta::mmdb> databases_;
};

/// Appends the member: what is known of the address, or that nothing is.
outcome write_meta(text::json_writer&, const net::address&, const meta::origin&);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/meta_use.ipp>
#endif
