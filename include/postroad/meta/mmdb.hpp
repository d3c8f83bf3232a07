/// Databases of MaxMind's format (.mmdb): AS and country of addresses, as MaxMind, DB-IP and IPinfo publish
/// them.
#pragma once

#include <postroad/config.hpp>
#include <postroad/meta/origin_table.hpp>
#include <postroad/net/address.hpp>

#include <memory>
#include <string>

namespace postroad::meta {

/// A database that is mapped, not read; look-ups may come from any thread.
class mmdb {
public:
  /// Throws std::runtime_error where the file cannot be read or is no such database.
  explicit mmdb(const std::string& file);
  mmdb(mmdb&&) noexcept;
  ~mmdb();

  /// Fills in what `found` does not know yet and this database does: of an AS its number, name and prefix
  /// together, and the country.
  void add_to(origin& found, const net::address&) const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace postroad::meta

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/meta/impl/mmdb.ipp>
#endif
