/// An answer as one short byte string, for a cache that holds a million of them.
#pragma once

#include <postroad/dns/answer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace postroad::dns {

namespace detail {

/// The part of fixed size. In memory only: it is no format.
struct packed_head {
  net::endpoint server;
  std::uint64_t elapsed_us = 0;
  std::uint32_t ttl = 0;
  rcode code{};
  std::uint16_t mx = 0, addresses = 0, names = 0, texts = 0, detail_size = 0;
  outcome what{};
  std::uint8_t tries = 0, replies = 0, hops = 0, flags = 0;
};
static_assert(std::is_trivially_copyable_v<packed_head>);

template <class T>
void append_raw(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void append_name(std::string& out, const name& n) {
  out += static_cast<char>(n.size());
  out.append(reinterpret_cast<const char*>(n.wire().data()), n.size());
}

/// Takes values off the front of bytes that append_* wrote.
class unpacker {
public:
  explicit unpacker(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  [[nodiscard]] T raw() {
    T value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  [[nodiscard]] std::string_view bytes(std::size_t n) {
    const auto out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  [[nodiscard]] name domain() { return name_of(bytes(raw<std::uint8_t>())); }

  [[nodiscard]] static name name_of(std::string_view wire) {
    name n;
    for (std::size_t i = 0; wire[i] != 0; i += static_cast<std::uint8_t>(wire[i]) + 1u)
      n.append(wire.substr(i + 1, static_cast<std::uint8_t>(wire[i])));
    return n;
  }

private:
  std::string_view rest_;
};

} // namespace detail

/// Whether pack() can say all that there is in `a`: no evidence of second replies, no odd lengths.
[[nodiscard]] inline bool is_packable(const answer& a) noexcept {
  constexpr std::size_t most = 0xffff;
  bool short_enough = a.mx.size() <= most && a.addresses.size() <= most && a.names.size() <= most &&
                      a.texts.size() <= most && a.detail.size() <= most;
  for (const auto& t : a.texts)
    short_enough = short_enough && t.size() <= most;
  return short_enough && a.others.empty() && a.tries < 256 && a.replies < 256 && a.cname_hops < 256;
}

/// Appends `a` to `out`. An answer without CNAMEs is about the name that was asked, which is not repeated.
inline void pack(const answer& a, std::string& out) {
  detail::packed_head h;
  h.server = a.server;
  h.elapsed_us = static_cast<std::uint64_t>(a.elapsed.count());
  h.ttl = a.ttl;
  h.code = a.code;
  h.mx = static_cast<std::uint16_t>(a.mx.size());
  h.addresses = static_cast<std::uint16_t>(a.addresses.size());
  h.names = static_cast<std::uint16_t>(a.names.size());
  h.texts = static_cast<std::uint16_t>(a.texts.size());
  h.detail_size = static_cast<std::uint16_t>(a.detail.size());
  h.what = a.what;
  h.tries = static_cast<std::uint8_t>(a.tries);
  h.replies = static_cast<std::uint8_t>(a.replies);
  h.hops = static_cast<std::uint8_t>(a.cname_hops);
  h.flags =
      static_cast<std::uint8_t>((a.authenticated ? 1 : 0) | (a.authoritative ? 2 : 0) |
                                (a.truncated ? 4 : 0) | (a.case_mismatch ? 8 : 0) | (a.open_chain ? 16 : 0));
  detail::append_raw(out, h);
  if (a.cname_hops != 0)
    detail::append_name(out, a.canonical);
  for (const auto& m : a.mx) {
    detail::append_raw(out, m.preference);
    detail::append_name(out, m.exchange);
  }
  for (const auto& ip : a.addresses)
    detail::append_raw(out, ip);
  for (const auto& n : a.names)
    detail::append_name(out, n);
  for (const auto& t : a.texts) {
    detail::append_raw(out, static_cast<std::uint16_t>(t.size()));
    out += t;
  }
  out += a.detail;
}

/// The answer that was packed; `asked` is the wire form of the name it is about.
[[nodiscard]] inline answer unpack(std::string_view packed, std::string_view asked) {
  detail::unpacker from(packed);
  const auto h = from.raw<detail::packed_head>();
  answer a;
  a.server = h.server;
  a.elapsed = std::chrono::microseconds(h.elapsed_us);
  a.ttl = h.ttl;
  a.code = h.code;
  a.what = h.what;
  a.tries = h.tries;
  a.replies = h.replies;
  a.cname_hops = h.hops;
  a.authenticated = (h.flags & 1) != 0;
  a.authoritative = (h.flags & 2) != 0;
  a.truncated = (h.flags & 4) != 0;
  a.case_mismatch = (h.flags & 8) != 0;
  a.open_chain = (h.flags & 16) != 0;
  a.canonical = h.hops != 0 ? from.domain() : detail::unpacker::name_of(asked);
  a.mx.reserve(h.mx);
  for (unsigned i = 0; i < h.mx; ++i) {
    const auto preference = from.raw<std::uint16_t>();
    a.mx.push_back({preference, from.domain()});
  }
  a.addresses.reserve(h.addresses);
  for (unsigned i = 0; i < h.addresses; ++i)
    a.addresses.push_back(from.raw<net::address>());
  a.names.reserve(h.names);
  for (unsigned i = 0; i < h.names; ++i)
    a.names.push_back(from.domain());
  a.texts.reserve(h.texts);
  for (unsigned i = 0; i < h.texts; ++i) {
    const auto size = from.raw<std::uint16_t>();
    a.texts.emplace_back(from.bytes(size));
  }
  a.detail = from.bytes(h.detail_size);
  return a;
}

} // namespace postroad::dns
