/// Asking through a function: who walks from name to name needs no socket, and can be tested without.
#pragma once

#include <postroad/dns/answer.hpp>
#include <postroad/dns/name.hpp>
#include <postroad/net/task.hpp>
#include <postroad/outcome.hpp>

#include <functional>

namespace postroad::dns {

/// A client in life, a table in tests. The answer is never null.
using ask_function = std::function<net::task<answer_ptr>(name, type)>;

/// Whether a look-up says something: records, or that there are none. Else it failed for the moment.
[[nodiscard]] constexpr bool is_settled(outcome o) noexcept {
  return o == outcome::ok || o == outcome::nodata || o == outcome::nxdomain;
}
/// Whether it says that there are none.
[[nodiscard]] inline bool is_void(const answer& a) noexcept {
  return a.what == outcome::nodata || a.what == outcome::nxdomain;
}

} // namespace postroad::dns
