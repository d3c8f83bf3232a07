#pragma once

#include <postroad/flow/greeter.hpp>

#include <postroad/smtp/ehlo_name.hpp>

#include <asio/ip/tcp.hpp>

#include <algorithm>

namespace postroad::flow {

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
  if (!manners.is_free(to))
    record.park();
  permit = co_await manners.enter(to);
  if (record.is_parked())
    co_await record.unpark();
  co_return static_cast<bool>(permit);
}

POSTROAD_DECL greeter::greeter(const room& in, smtp::session_settings use)
    : io_(in.io), courtesy_(in.courtesy), use_(std::move(use)), retries_(in.use.retries),
      visits_(in.io, in.use.cache.bytes) {}

namespace detail {
/// Worth another try: nothing was said yet, and it may be the network's fault.
inline bool is_passing(const smtp::grab& g) {
  return g.reached <= stage::banner && g.banner.empty() &&
         (g.what == outcome::timeout || g.what == outcome::reset || g.what == outcome::unreachable);
}
} // namespace detail

POSTROAD_DECL net::task<std::shared_ptr<const visit>> greeter::at(job& record, candidate server) {
  const auto to = server.to;
  std::string key = net::to_string(to);
  memo<visit>::fetch fetch = [this, &record, to] { return call(record, to); };
  auto seen = co_await visits_.get(record, std::move(key), std::move(fetch));
  co_return seen;
}

POSTROAD_DECL net::task<visit> greeter::call(job& record, net::endpoint to) {
  visit v;
  if (!courtesy_.may_contact(to.ip)) {
    v.got.what = outcome::blocked;
    v.time = text::now_rfc3339();
    co_return v;
  }
  for (std::uint32_t tries = 0; tries <= retries_; ++tries) { // each waits for its turn as any other
    net::courtesy::permit permit;
    const bool may = co_await enter(record, courtesy_, to, permit);
    v.time = text::now_rfc3339();
    v.got = smtp::grab{};
    v.got.what = outcome::aborted;
    if (!may)
      break;
    asio::ip::tcp::socket socket(io_);
    v.got = co_await smtp::converse(socket, to, use_);
    if (!detail::is_passing(v.got))
      break;
  }
  co_return v;
}

} // namespace postroad::flow
