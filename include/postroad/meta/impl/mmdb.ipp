#pragma once

#include <postroad/meta/mmdb.hpp>

#include <postroad/meta/impl/origin_table.ipp>

#include <cstring>
#include <stdexcept>
#include <string_view>

#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace postroad::meta {

struct mmdb::state {
  MMDB_s file{};
  state() = default;
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() { MMDB_close(&file); }
};

namespace detail {

/// The text at a path of keys; nothing when there is none.
template <class... Keys>
[[nodiscard]] inline std::string_view text_at(MMDB_entry_s entry, Keys... keys) {
  MMDB_entry_data_s data{};
  const bool found = MMDB_get_value(&entry, &data, keys..., nullptr) == MMDB_SUCCESS && data.has_data &&
                     data.type == MMDB_DATA_TYPE_UTF8_STRING;
  return found ? std::string_view(data.utf8_string, data.data_size) : std::string_view();
}
[[nodiscard]] inline std::optional<std::uint32_t> asn_at(MMDB_entry_s entry) {
  MMDB_entry_data_s data{};
  if (MMDB_get_value(&entry, &data, "autonomous_system_number", nullptr) == MMDB_SUCCESS && data.has_data &&
      data.type == MMDB_DATA_TYPE_UINT32)
    return data.uint32;
  const auto text = text_at(entry, "asn"); // IPinfo: "AS64496"
  return text.empty() ? std::nullopt : as_number(text);
}
[[nodiscard]] inline std::string_view first_of(std::initializer_list<std::string_view> texts) {
  for (const auto t : texts)
    if (!t.empty())
      return t;
  return {};
}

} // namespace detail

POSTROAD_DECL mmdb::mmdb(const std::string& file) : state_(std::make_unique<state>()) {
  if (const int status = MMDB_open(file.c_str(), MMDB_MODE_MMAP, &state_->file); status != MMDB_SUCCESS)
    throw std::runtime_error(MMDB_strerror(status));
}
POSTROAD_DECL mmdb::mmdb(mmdb&&) noexcept = default;
POSTROAD_DECL mmdb::~mmdb() = default;

POSTROAD_DECL void mmdb::add_to(origin& found, const net::address& a) const {
  sockaddr_storage place{};
  if (a.v6) {
    auto& in = reinterpret_cast<sockaddr_in6&>(place);
    in.sin6_family = AF_INET6;
    std::memcpy(&in.sin6_addr, a.bytes.data(), 16);
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(place);
    in.sin_family = AF_INET;
    std::memcpy(&in.sin_addr, a.bytes.data(), 4);
  }
  int error = MMDB_SUCCESS;
  const auto at = MMDB_lookup_sockaddr(&state_->file, reinterpret_cast<const sockaddr*>(&place), &error);
  if (error != MMDB_SUCCESS || !at.found_entry)
    return;
  if (const auto asn = found.asns.empty() ? detail::asn_at(at.entry) : std::nullopt) {
    constexpr unsigned v4_in_v6 = 96; // where the database is one of IPv6 that holds IPv4, too
    const unsigned length = at.netmask;
    found.asns = {*asn};
    found.as_name =
        detail::first_of({detail::text_at(at.entry, "autonomous_system_organization"),
                          detail::text_at(at.entry, "as_name"), detail::text_at(at.entry, "name")});
    found.prefix = net::network_of(a, !a.v6 && length >= v4_in_v6 ? length - v4_in_v6 : length);
  }
  if (found.country.empty())
    found.country = detail::country_of(
        detail::first_of({detail::text_at(at.entry, "country", "iso_code"),
                          detail::text_at(at.entry, "registered_country", "iso_code"),
                          detail::text_at(at.entry, "country_code"), detail::text_at(at.entry, "country")}));
}

} // namespace postroad::meta
