#pragma once

#include <postroad/dns/audit_member.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace postroad::dns::audit {

namespace detail {

/// What says most about a resolver comes last: what is true, what is not known, what is wrong.
[[nodiscard]] constexpr unsigned weight(verdict v) noexcept {
  constexpr std::array unknown{verdict::match, verdict::near, verdict::silent, verdict::failed,
                               verdict::denied};
  const auto* const at = std::find(unknown.begin(), unknown.end(), v);
  return at != unknown.end() ? static_cast<unsigned>(at - unknown.begin())
                             : static_cast<unsigned>(unknown.size()) + static_cast<unsigned>(v);
}

/// The records of an answer as texts: exchanges or addresses.
inline void write_values(text::json_writer& json, std::string_view member, const answer& a) {
  json.key(member).array();
  for (const auto& rr : a.mx)
    json.value(to_lower_string(rr.exchange));
  for (const auto& ip : a.addresses)
    json.value(net::to_string(ip));
  json.end();
}

inline void write_reading(text::json_writer& json, const entry& e, const reading& r, std::size_t pass) {
  json.object().member("name", to_lower_string(e.asked->asked));
  json.member("type", word_of(e.asked->rtype)).member("pass", pass + 1);
  json.member("outcome", to_string(r.got->what)).member("verdict", to_string(r.is));
  if (!r.got->mx.empty() || !r.got->addresses.empty())
    write_values(json, "values", *r.got);
  json.end();
}

/// What the answers about one mail name come to.
struct provider_view {
  std::string_view name;
  verdict worst = verdict::match;
  bool invalid_mx = false, invalid_ip = false;

  void add(const entry& e) {
    for (const auto& r : e.passes)
      worst = weight(r.is) > weight(worst) ? r.is : worst;
    const bool wrong = ever(e, deviates);
    invalid_mx = invalid_mx || (wrong && e.asked->rtype == type::mx);
    invalid_ip = invalid_ip || (wrong && e.asked->rtype != type::mx);
  }
};

inline void write_provider(text::json_writer& json, const provider_view& p, const report& r) {
  json.object().member("name", p.name).member("verdict", to_string(p.worst));
  json.member("invalid_mx", p.invalid_mx).member("invalid_ip", p.invalid_ip).key("deviations").array();
  for (const auto& e : r.log)
    for (std::size_t pass = 0; pass < e.passes.size(); ++pass)
      if (is_mail(e) && e.asked->provider == p.name && e.passes[pass].is != verdict::match)
        write_reading(json, e, e.passes[pass], pass);
  json.end().end();
}

inline void write_answers(text::json_writer& json, const report& r) {
  std::vector<provider_view> all;
  for (const auto& e : r.log) {
    if (!is_mail(e))
      continue;
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const provider_view& p) { return p.name == e.asked->provider; });
    if (found == all.end())
      found = all.insert(all.end(), {e.asked->provider, verdict::match, false, false});
    found->add(e);
  }
  json.key("answers").array();
  for (const auto& p : all)
    write_provider(json, p, r);
  json.end();
}

inline void write_controls(text::json_writer& json, const report& r) {
  json.key("controls").array();
  for (const auto& e : r.log)
    if (!is_mail(e) && !e.passes.empty())
      write_reading(json, e, e.passes.back(), e.passes.size() - 1);
  json.end();
}

/// Of the questions about mail that deviated at first: how many were asked again, deviated again, and were
/// right then.
inline void write_repeat(text::json_writer& json, const report& r) {
  unsigned asked = 0, wrong = 0, right = 0;
  for (const auto& e : r.log) {
    if (!is_mail(e) || e.passes.size() < 2 || !deviates(e.passes[0].is))
      continue;
    ++asked;
    wrong += deviates(e.passes[1].is) ? 1 : 0;
    right += is_true(e.passes[1].is) ? 1 : 0;
  }
  if (asked != 0)
    json.key("repeat").object().member("asked", asked).member("wrong", wrong).member("right", right).end();
}

/// Share of the questions about mail that were judged alike in all passes.
[[nodiscard]] inline double stability(const report& r) {
  std::size_t asked = 0, stable = 0;
  for (const auto& e : r.log) {
    if (!is_mail(e) || e.passes.size() < 2)
      continue;
    ++asked;
    stable += std::all_of(e.passes.begin(), e.passes.end(),
                          [&](const reading& one) { return one.is == e.passes[0].is; })
                  ? 1
                  : 0;
  }
  return asked == 0 ? 1 : static_cast<double>(stable) / static_cast<double>(asked);
}

inline void write_evidence(text::json_writer& json, const report& r) {
  bool any = false;
  const auto begin = [&](const entry& e, std::size_t pass, std::string_view what) {
    if (!std::exchange(any, true))
      json.key("evidence").array();
    json.object().member("what", what).member("name", to_lower_string(e.asked->asked));
    json.member("type", word_of(e.asked->rtype)).member("pass", pass + 1);
  };
  for (const auto& e : r.log)
    for (std::size_t pass = 0; pass < e.passes.size(); ++pass) {
      const auto& one = e.passes[pass];
      for (const auto& other : one.got->others) {
        begin(e, pass, "second_reply");
        write_values(json, "first", *one.got);
        json.member("second_outcome", to_string(other.what));
        write_values(json, "second", other);
        json.end();
      }
      if (one.got->damaged > 0) {
        begin(e, pass, "damaged_question");
        json.member("replies", one.got->damaged).end();
      }
      if (one.got->elsewhere) {
        begin(e, pass, "bad_sender");
        json.member("ip", net::to_string(one.got->elsewhere->ip));
        json.member("port", one.got->elsewhere->port).end();
      }
    }
  if (any)
    json.end();
}

} // namespace detail

POSTROAD_DECL void write_target(text::json_writer& json, const target& t) {
  json.object().member("provider", t.provider).member("via", t.via).member("host", t.host).end();
}

POSTROAD_DECL void write_resolver(text::json_writer& json, const report& r, std::string_view time) {
  json.object().member("outcome", to_string(r.what));
  if (r.what != outcome::aborted)
    json.member("class", to_string(r.found.is)).member_list("flags", r.found.flags.words());
  json.member("ip", net::to_string(r.at.ip)).member("port", r.at.port);
  json.member("questions", r.log.size()).member("tries", r.tries).member("passes", r.passes);
  if (r.passes > 1)
    json.member("stability", detail::stability(r));
  detail::write_answers(json, r);
  detail::write_controls(json, r);
  detail::write_repeat(json, r);
  if (!r.targets.empty()) {
    json.key("targets").array();
    for (const auto& t : r.targets) {
      json.object().member("provider", t.provider).member("via", t.via).member("host", t.host);
      if (t.ip)
        json.member("ip", net::to_string(*t.ip));
      json.end();
    }
    json.end();
  }
  detail::write_evidence(json, r);
  json.member_milliseconds("elapsed_ms", r.elapsed).member("time", time).end();
}

} // namespace postroad::dns::audit
