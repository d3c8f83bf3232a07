#pragma once

#include <postroad/flow/greeter.hpp>

#include <postroad/smtp/ehlo_name.hpp>
#include <postroad/text/ascii.hpp>

#include <asio/ip/tcp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace postroad::flow {

POSTROAD_DECL void add_greeting_options(cli::options& table, greeting_settings& use) {
  table.add('n', "ehlo-name", "NAME", "introduce ourselves as NAME; else the host's FQDN or address",
            use.ehlo_name);
  table.add('p', "port", "N", "the port of servers that are named without one", use.port);
  table.add(0, "banner-timeout", "SECONDS", "wait for a banner so long", use.banner_timeout);
  table.add(0, "backoff", "SECONDS",
            "with --retries: wait before a busy server is called again, then twice as long", use.backoff);
  table.add(0, "controls", "VERBS", "say these, too, where STARTTLS is refused: up to four, or none",
            use.controls);
  table.add(0, "rules", "FILE", "ask the rules in FILE for the software first", use.rules);
}

POSTROAD_DECL rules_file::rules_file(const std::string& name) {
  if (name.empty())
    return;
  std::ifstream in(name, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  if (!in)
    throw cli::usage_error{fmt::format("cannot read '{}'", name)};
  text_ = std::move(all).str();
  auto read = smtp::read_rules(text_);
  if (!read) {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(read.error().offset);
    const auto line = 1 + std::count(text_.begin(), end, '\n');
    throw cli::usage_error{fmt::format("{}, line {}: {}", name, line, read.error().why)};
  }
  rules_ = std::move(*read);
}

namespace detail {

/// Verbs that change nothing at a server, however it takes them.
inline bool is_harmless(std::string_view verb) {
  constexpr std::size_t longest = 12;
  constexpr std::array<std::string_view, 12> meaning{"EHLO", "HELO", "MAIL", "RCPT", "DATA",     "BDAT",
                                                     "AUTH", "QUIT", "RSET", "TURN", "STARTTLS", "ATRN"};
  return !verb.empty() && verb.size() <= longest && std::ranges::all_of(verb, text::is_alnum) &&
         std::ranges::none_of(meaning, [&](auto m) { return text::iequals(m, verb); });
}

inline std::vector<std::string> controls_in(std::string_view list) {
  constexpr std::size_t most = 4; // servers hang up on more unknown verbs (Exim after three)
  std::vector<std::string> out;
  if (list == "none")
    return out;
  while (!list.empty()) {
    const auto verb = text::take_until(list, ',');
    if (!is_harmless(verb))
      throw cli::usage_error{fmt::format("--controls: '{}' is no harmless verb", verb)};
    out.emplace_back(verb);
  }
  if (out.size() > most)
    throw cli::usage_error{fmt::format("--controls: at most {} verbs", most)};
  return out;
}

} // namespace detail

POSTROAD_DECL smtp::session_settings session_of(const settings& use, const greeting_settings& how) {
  auto s = session_of(use, how.ehlo_name);
  s.banner_timeout = std::min(how.banner_timeout, use.timeout);
  s.controls = detail::controls_in(how.controls);
  return s;
}

POSTROAD_DECL smtp::session_settings session_of(const settings& use, const std::string& ehlo_name) {
  smtp::session_settings s;
  s.source = source_of(use);
  s.ehlo_name = ehlo_name.empty() ? smtp::default_ehlo_name(s.source) : ehlo_name;
  s.timeout = use.timeout;
  s.connect_timeout = std::min(s.connect_timeout, use.timeout);
  s.banner_timeout = std::min(s.banner_timeout, use.timeout);
  s.step_timeout = std::min(s.step_timeout, use.timeout);
  return s;
}

POSTROAD_DECL net::task<bool> enter(job& record, net::courtesy& manners, net::endpoint to,
                                    net::courtesy::permit& permit) {
  permit = manners.enter_at_once(to);
  if (!permit) {
    record.park();
    permit = co_await manners.enter(to);
  }
  if (record.is_parked())
    co_await record.unpark();
  co_return static_cast<bool>(permit);
}

POSTROAD_DECL greeter::greeter(const room& in, smtp::session_settings use, std::chrono::milliseconds backoff)
    : io_(in.io), courtesy_(in.courtesy), use_(std::move(use)), retries_(in.use.retries), backoff_(backoff),
      pauses_(in.io), visits_(in.io, in.use.cache.bytes) {}

namespace detail {
/// Worth another try: nothing was said yet, and it may be the network's fault.
inline bool is_passing(const smtp::grab& g) {
  return g.reached <= stage::banner && g.banner.empty() &&
         (g.what == outcome::timeout || g.what == outcome::reset || g.what == outcome::unreachable);
}
/// It asks to be called later: 421, 450 and their like as banner or to EHLO (RFC 5321 4.2.1).
inline bool is_busy(const smtp::grab& g) {
  const auto& last = g.reached == stage::ehlo && !g.ehlo.empty() ? g.ehlo : g.banner;
  return g.what == outcome::refused && !g.greeted && last.starts_with('4');
}
} // namespace detail

POSTROAD_DECL net::task<std::shared_ptr<const visit>> greeter::at(job& record, const candidate& server) {
  return visits_.get(record, net::packed(server.to),
                     [this, &record, to = server.to](visit& v) { return call(record, to, v); });
}

POSTROAD_DECL net::task<void> greeter::call_once(job& record, net::endpoint to, visit& v) {
  net::courtesy::permit permit;
  const bool may = co_await enter(record, courtesy_, to, permit);
  v.time = text::now_rfc3339();
  v.got = smtp::grab{};
  v.got.what = outcome::aborted;
  if (!may)
    co_return;
  asio::ip::tcp::socket socket(io_);
  v.got = co_await smtp::converse(socket, to, use_);
}

POSTROAD_DECL net::task<void> greeter::call(job& record, net::endpoint to, visit& v) {
  if (!courtesy_.may_contact(to.ip)) {
    v.got.what = outcome::blocked;
    v.time = text::now_rfc3339();
    co_return;
  }
  auto wait = backoff_;
  for (std::uint32_t tries = 0; tries <= retries_; ++tries) { // each waits for its turn as any other
    if (tries > 0 && detail::is_busy(v.got)) {
      co_await pauses_.wait(record, wait);
      wait *= 2;
    }
    co_await call_once(record, to, v);
    v.tries = tries + 1;
    if (!detail::is_passing(v.got) && !detail::is_busy(v.got))
      break;
  }
}

} // namespace postroad::flow
