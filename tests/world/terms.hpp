/// Policies written down short: what publishes them is a list of terms, as one reads them.
#pragma once

#include "policy.hpp"

#include <string>
#include <utility>
#include <vector>

namespace world {

using enum mechanism;

inline term of_kind(mechanism is, qualifier says = qualifier::pass) {
  term out;
  out.is = is;
  out.says = says;
  return out;
}
inline term everybody(qualifier says) {
  return of_kind(all, says);
}
inline term named(mechanism is, std::string target, qualifier says = qualifier::pass) {
  term out = of_kind(is, says);
  out.target = std::move(target);
  return out;
}
inline term varying(mechanism is, std::string target) {
  term out = named(is, std::move(target));
  out.dynamic = true;
  return out;
}
/// A network, and how it is written where that is with bits behind its length.
inline term net(const std::string& address, unsigned bits, qualifier says = qualifier::pass,
                std::string written = "") {
  term out = of_kind(address.find(':') == std::string::npos ? ip4 : ip6, says);
  out.network = address;
  out.bits = bits;
  out.written = std::move(written);
  return out;
}
inline term with_lengths(term what, unsigned bits4, unsigned bits6) {
  what.bits4 = bits4;
  what.bits6 = bits6;
  return what;
}

inline sender_policy policy_of(std::vector<term> terms, std::string redirect = "") {
  sender_policy out;
  out.terms = std::move(terms);
  out.redirect = std::move(redirect);
  return out;
}

} // namespace world
