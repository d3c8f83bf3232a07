#pragma once

#include <postroad/dns/reverse.hpp>
#include <postroad/spf/check.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace postroad::spf {

namespace detail {

/// A check under way, through all its records.
struct check {
  lookup ask;
  sender who;
  std::string local, origin; ///< of the sender: %{l}, %{o}
  checked out;
  bool over = false; ///< a limit or an error has decided
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();

  check_result fail_with(check_result r, std::string problem) {
    over = true;
    if (out.problem.empty())
      out.problem = std::move(problem);
    return r;
  }
};

/// How a check came to a record: of its own, by redirect from there, or by include.
enum class place : std::uint8_t { first, redirect, include };

/// What a directive comes to for the client.
enum class matching : std::uint8_t { no, yes, temperror, permerror };

/// The client's address as macros spell it: "192.0.2.3", or nibbles with dots. RFC 7208 7.3
[[nodiscard]] inline std::string dotted(const net::address& ip) {
  if (!ip.v6)
    return net::to_string(ip);
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const unsigned byte : ip.bytes) {
    out += {digits[byte >> 4], '.', digits[byte & 15u]};
    out += '.';
  }
  out.pop_back();
  return out;
}

[[nodiscard]] inline bool is_at_or_below(std::string_view name, std::string_view domain) noexcept {
  if (!name.ends_with(domain))
    return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

/// An answer, counted among the voids when there is nothing in it.
inline net::task<dns::answer_ptr> look(check& c, dns::name n, dns::type t) {
  auto a = co_await c.ask(n, t);
  if (is_void(*a) && ++c.out.voids > max_voids)
    c.fail_with(check_result::permerror, "more than two look-ups that find nothing");
  co_return a;
}

/// The client's names that lead back to it, in the order of the answer. RFC 7208 5.5
inline net::task<std::vector<std::string>> validated_names(check& c) {
  std::vector<std::string> all;
  const auto n = name_of(dns::reverse_name(c.who.ip));
  const auto said = co_await c.ask(*n, dns::type::ptr);
  for (std::size_t i = 0; i < std::min<std::size_t>(said->names.size(), max_names); ++i) {
    const auto forward = co_await c.ask(said->names[i], c.who.ip.v6 ? dns::type::aaaa : dns::type::a);
    const auto& back = forward->addresses;
    if (std::find(back.begin(), back.end(), c.who.ip) != back.end())
      all.push_back(dns::to_lower_string(said->names[i]));
  }
  co_return all;
}

/// %{p}: a validated name, best the domain itself, else one below it, else any.
inline net::task<std::string> best_name(check& c, std::string domain) {
  const auto all = co_await validated_names(c);
  for (const auto& n : all)
    if (n == domain)
      co_return n;
  for (const auto& n : all)
    if (is_at_or_below(n, domain))
      co_return n;
  co_return all.empty() ? "unknown" : all[0];
}

/// What macros stand for. RFC 7208 7.2
struct macro_values {
  const check& of;
  const std::string& domain;
  const std::string& validated; ///< %{p}

  [[nodiscard]] static std::string seconds_now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(since).count());
  }
  std::string operator()(char letter) const {
    switch (letter) {
    case 's':
      return of.local + "@" + of.origin;
    case 'l':
      return of.local;
    case 'o':
      return of.origin;
    case 'd':
      return domain;
    case 'i':
      return dotted(of.who.ip);
    case 'p':
      return validated;
    case 'h':
      return of.who.helo;
    case 'c':
      return net::to_string(of.who.ip);
    case 'r':
      return of.who.receiver;
    case 't':
      return seconds_now();
    default:
      return of.who.ip.v6 ? "ip6" : "in-addr";
    }
  }
};

/// The text of a macro-string, where `domain` is %{d}.
inline net::task<std::string> expand(check& c, std::string_view text, macro_place where, std::string domain) {
  std::string out, validated;
  const auto pieces = parse_macro_string(text, where);
  if (!pieces)
    co_return out;
  for (const auto& p : *pieces) {
    if (p.letter == 'p' && validated.empty())
      validated = co_await best_name(c, domain);
    const auto expanded = expand_piece(p, macro_values{c, domain, validated});
    if (where == macro_place::domain_spec)
      append_to_name(out, expanded);
    else if (out.append(expanded).size() > max_explanation)
      co_return std::string{};
  }
  co_return out;
}

[[nodiscard]] inline matching settle(check& c, const dns::answer& a, const directive& d) {
  if (is_settled(a.what))
    return matching::no;
  c.fail_with(check_result::temperror, std::string(d.text) + ": " + std::string(to_string(a.what)));
  return matching::temperror;
}

/// Whether an address of the answer is the client's, as far as the prefix length counts.
[[nodiscard]] inline bool holds_client(const check& c, const dns::answer& a, const directive& d) noexcept {
  const auto length = c.who.ip.v6 ? d.length6 : d.length4;
  return std::any_of(a.addresses.begin(), a.addresses.end(),
                     [&](const net::address& ip) { return net::network_of(ip, length).contains(c.who.ip); });
}

inline net::task<matching> match_a(check& c, dns::name n, directive d) {
  const auto a = co_await look(c, n, c.who.ip.v6 ? dns::type::aaaa : dns::type::a);
  const auto failed = settle(c, *a, d);
  if (failed != matching::no)
    co_return failed;
  co_return holds_client(c, *a, d) ? matching::yes : matching::no;
}

inline net::task<matching> match_mx(check& c, dns::name n, directive d) {
  const auto said = co_await look(c, n, dns::type::mx);
  const auto failed = settle(c, *said, d);
  if (failed != matching::no)
    co_return failed;
  if (said->mx.size() > max_names) {
    c.fail_with(check_result::permerror, std::string(d.text) + ": more than ten exchanges");
    co_return matching::permerror;
  }
  for (const auto& rr : said->mx) {
    if (rr.exchange.is_root() || c.over)
      continue;
    const auto is = co_await match_a(c, rr.exchange, d);
    if (is != matching::no)
      co_return is;
  }
  co_return matching::no;
}

inline net::task<matching> match_exists(check& c, dns::name n, directive d) {
  const auto a = co_await look(c, n, dns::type::a);
  const auto failed = settle(c, *a, d);
  if (failed != matching::no)
    co_return failed;
  co_return a->addresses.empty() ? matching::no : matching::yes;
}

inline net::task<matching> match_ptr(check& c, std::string target) {
  const auto names = co_await validated_names(c);
  const bool any = std::any_of(names.begin(), names.end(),
                               [&](const std::string& n) { return is_at_or_below(n, target); });
  co_return any ? matching::yes : matching::no;
}

inline net::task<check_result> check_domain(check& c, std::string domain, place where);

inline net::task<matching> match_include(check& c, std::string target, directive d) {
  const auto inner = co_await check_domain(c, target, place::include);
  switch (inner) {
  case check_result::pass:
    co_return matching::yes;
  case check_result::temperror:
    co_return matching::temperror;
  case check_result::permerror:
    co_return matching::permerror;
  case check_result::none:
    c.fail_with(check_result::permerror, std::string(d.text) + ": no SPF record there");
    co_return matching::permerror;
  default:
    co_return matching::no;
  }
}

/// One directive held against the client. RFC 7208 5
inline net::task<matching> match(check& c, directive d, std::string domain) {
  if (d.what == mechanism::all)
    co_return matching::yes;
  if (d.what == mechanism::ip4 || d.what == mechanism::ip6)
    co_return d.network.contains(c.who.ip) ? matching::yes : matching::no;
  if (std::chrono::steady_clock::now() - c.begun > max_elapsed) {
    c.fail_with(check_result::temperror, "the check takes too long");
    co_return matching::temperror;
  }
  if (++c.out.lookups > max_lookups) {
    c.fail_with(check_result::permerror, "more than ten terms that ask the DNS");
    co_return matching::permerror;
  }
  auto target = domain;
  if (!d.domain.empty()) {
    auto text = co_await expand(c, d.domain, macro_place::domain_spec, domain);
    target = text::lowered(fitted_domain(std::move(text)));
  }
  auto is = matching::no;
  const auto n = name_of(target);
  if (d.what == mechanism::include)
    is = co_await match_include(c, target, d);
  else if (!n) // RFC 7208 4.8: no name, no match
    co_return is;
  else if (d.what == mechanism::a)
    is = co_await match_a(c, *n, d);
  else if (d.what == mechanism::mx)
    is = co_await match_mx(c, *n, d);
  else if (d.what == mechanism::exists)
    is = co_await match_exists(c, *n, d);
  else
    is = co_await match_ptr(c, target);
  co_return is;
}

[[nodiscard]] constexpr check_result result_of(qualifier q) noexcept {
  constexpr std::array by_sign = {check_result::pass, check_result::fail, check_result::softfail,
                                  check_result::neutral};
  return by_sign[static_cast<std::size_t>(q)];
}

/// The domain's own words for a fail: one TXT record, or nothing. RFC 7208 6.2
inline net::task<std::string> explain(check& c, std::string_view spec, std::string domain) {
  auto text = co_await expand(c, spec, macro_place::domain_spec, domain);
  const auto n = name_of(fitted_domain(std::move(text)));
  if (!n)
    co_return std::string{};
  const auto said = co_await c.ask(*n, dns::type::txt);
  if (said->texts.size() != 1)
    co_return std::string{};
  const auto& words = said->texts[0];
  const bool ascii = std::all_of(words.begin(), words.end(), [](char b) { return b >= ' ' && b < 0x7f; });
  if (!ascii || !parse_macro_string(words, macro_place::explanation))
    co_return std::string{};
  auto explanation = co_await expand(c, words, macro_place::explanation, domain);
  co_return explanation;
}

/// The record of a domain: its text, or the result that its lack is.
struct fetched {
  std::string text;
  std::optional<check_result> result;
};
inline net::task<fetched> fetch(check& c, std::string domain, place where) {
  fetched f;
  const auto n = name_of(domain);
  const bool qualified = domain.find('.') != std::string::npos && domain[0] != '['; // no address literal
  if (!n || !qualified) {                                                           // RFC 7208 4.3
    f.result = check_result::none;
    c.out.what = where == place::first ? outcome::malformed : c.out.what;
    co_return f;
  }
  dns::answer_ptr said;
  if (where == place::first)
    said = co_await c.ask(*n, dns::type::txt);
  else
    said = co_await look(c, *n, dns::type::txt);
  c.out.what = where == place::first ? said->what : c.out.what;
  auto texts = spf_texts(*said);
  if (!is_settled(said->what))
    f.result = c.fail_with(check_result::temperror, domain + ": " + std::string(to_string(said->what)));
  else if (texts.empty())
    f.result = check_result::none;
  else if (texts.size() > 1)
    f.result = c.fail_with(check_result::permerror, domain + ": more than one SPF record");
  else
    f.text = std::move(texts[0]);
  co_return f;
}

/// RFC 7208 4.6, 4.7, 6.
inline net::task<check_result> check_domain(check& c, std::string domain, place where) {
  const auto f = co_await fetch(c, domain, where);
  if (f.result)
    co_return *f.result;
  const auto read = parse_record(f.text);
  if (!read.valid())
    co_return c.fail_with(check_result::permerror, domain + ": " + std::string(read.errors[0].why));
  for (const auto& d : read.directives) {
    const auto is = co_await match(c, d, domain);
    if (is == matching::temperror)
      co_return check_result::temperror;
    if (is == matching::permerror || c.over)
      co_return check_result::permerror;
    if (is == matching::no)
      continue;
    if (where != place::include)
      c.out.term = d.text;
    if (where != place::include && d.sign == qualifier::fail && read.exp)
      c.out.explanation = co_await explain(c, read.exp->value, domain);
    co_return result_of(d.sign);
  }
  if (!read.redirect)
    co_return check_result::neutral;
  if (++c.out.lookups > max_lookups)
    co_return c.fail_with(check_result::permerror, "more than ten terms that ask the DNS");
  auto target = co_await expand(c, read.redirect->value, macro_place::domain_spec, domain);
  target = text::lowered(fitted_domain(std::move(target)));
  auto result = co_await check_domain(c, target, where == place::include ? where : place::redirect);
  if (result == check_result::none)
    result = c.fail_with(check_result::permerror, std::string(read.redirect->text) + ": no SPF record there");
  co_return result;
}

} // namespace detail

POSTROAD_DECL net::task<checked> check_host(lookup ask, sender who) {
  detail::check c{std::move(ask), std::move(who), {}, {}, {}, false};
  const auto& from = c.who.mailfrom;
  const auto at = from.rfind('@');
  c.local = at == std::string::npos || at == 0 ? "postmaster" : from.substr(0, at); // RFC 7208 4.3
  c.origin = from.empty() ? c.who.helo : at == std::string::npos ? from : from.substr(at + 1);
  if (c.who.ip.v6) // RFC 7208 5: a mapped address is the IPv4 address
    if (const auto text = net::to_string(c.who.ip); text.starts_with("::ffff:"))
      c.who.ip = net::parse_address(text.substr(7)).value_or(c.who.ip);
  c.out.domain = text::lowered(c.origin);
  if (from.size() > max_sender || c.who.helo.size() > max_sender) {
    c.out.what = outcome::malformed;
    c.out.problem = "a sender of more than 1,000 bytes";
    c.out.domain.clear();
    co_return std::move(c.out);
  }
  if (c.out.domain.ends_with('.'))
    c.out.domain.pop_back();
  c.out.result = co_await detail::check_domain(c, c.out.domain, detail::place::first);
  co_return std::move(c.out);
}

} // namespace postroad::spf
