#pragma once

#include <postroad/tls/exchange.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace postroad::tls {

namespace detail {

/// The handshake message in a hello of build_hello(), which is one record.
[[nodiscard]] inline std::string_view message_in(std::string_view record) {
  constexpr std::size_t record_header = 5;
  return record.substr(std::min(record.size(), record_header));
}

[[nodiscard]] inline std::vector<key_share> shares_for(std::span<const std::uint16_t> groups,
                                                       key_pool& keys) {
  std::vector<key_share> shares;
  for (const auto group : groups)
    if (const auto* share = keys.share(group))
      shares.push_back(*share);
  return shares;
}

} // namespace detail

POSTROAD_DECL exchange::exchange(std::string hello) : out_(std::move(hello)), clear_(offered_version(out_)) {}

POSTROAD_DECL exchange::exchange(const hello_profile& profile, std::string_view sni,
                                 std::array<std::uint8_t, 32> random, key_pool& keys)
    : profile_(&profile), keys_(&keys), sni_(sni), random_(random),
      out_(build_hello(profile, sni, random_, detail::shares_for(profile.shares, keys))),
      clear_(profile.version) {
  transcript_ = detail::message_in(out_);
}

POSTROAD_DECL exchange::state exchange::feed(bytes in) {
  while (state_ == state::more && !in.empty()) {
    if (sealed_) {
      const auto open = [this](bytes header, bytes content, std::string& inside) {
        return opener_->open(header, content, inside);
      };
      return take_state(sealed_->feed(in, open), sealed_->error());
    }
    const auto before = clear_.size();
    if (take_state(clear_.feed(in), clear_.error()) != state::done)
      break;
    in = in.subspan(clear_.size() - before);
    go_on();
  }
  return state_;
}

POSTROAD_DECL exchange::state exchange::take_state(state now, const parse_error& error) {
  state_ = now;
  if (now == state::failed)
    error_ = error;
  return state_;
}

/// The clear part of a flight has ended; with TLS 1.3 that is not the end.
POSTROAD_DECL void exchange::go_on() {
  const auto& seen = clear_.seen();
  object();
  if (keys_ == nullptr || seen.alert || seen.version != tls_1_3)
    return;
  transcript_ += clear_.hello();
  if (retried_suite_ != 0 && seen.suite != retried_suite_)
    return fail("suite of the HelloRetryRequest is not kept", "RFC 8446 4.1.4");
  seen.hello_retry ? answer_retry() : start_opening();
}

/// RFC 8446 4.1.2: the same hello once more, with the share that was asked for.
POSTROAD_DECL void exchange::answer_retry() {
  const auto& seen = clear_.seen();
  if (retried_suite_ != 0)
    return fail("second HelloRetryRequest", "RFC 8446 4.1.4");
  const bool other_group = seen.group && offers_group(*seen.group) && !sent_share_of(*seen.group);
  if (seen.group ? !other_group : seen.cookie.empty())
    return fail("HelloRetryRequest that changes nothing", "RFC 8446 4.1.4");
  if (other_group && keys_->share(*seen.group) == nullptr)
    return; // its keys are none that we can make: the flight ends here
  retried_group_ = seen.group.value_or(0);
  retried_suite_ = seen.suite;
  const auto first = std::string_view(transcript_).substr(0, transcript_.size() - clear_.hello().size());
  transcript_ = transcript_after_retry(seen.suite, first) + clear_.hello();
  const auto groups = seen.group ? std::span(&retried_group_, 1) : profile_->shares;
  out_ = build_hello(*profile_, sni_, random_, detail::shares_for(groups, *keys_), seen.cookie);
  sent_ = 0;
  transcript_ += detail::message_in(out_);
  clear_ = flight_reader(tls_1_3);
  state_ = state::more;
}

POSTROAD_DECL void exchange::start_opening() {
  const auto& seen = clear_.seen();
  const auto group = seen.group.value_or(0);
  if (!sent_share_of(group))
    return fail("key share of a group that none was sent for", "RFC 8446 4.2.8");
  const auto secret = keys_->secret_with(group, seen.server_share);
  if (!secret)
    return fail("key share that is no key of its group", "RFC 8446 4.2.8");
  opener_ = server_keys::derive(seen.suite, *secret, transcript_);
  if (!opener_)
    return fail("suite that was not offered", "RFC 8446 4.1.3");
  auto hello = clear_.take();
  hello.hello_retry = retried_suite_ != 0;
  sealed_.emplace(std::move(hello));
  state_ = state::more;
}

/// RFC 5246 7.4.1.3, RFC 8446 4.1.3: a client breaks off where the server chose what it was not offered.
POSTROAD_DECL void exchange::object() {
  const auto& seen = clear_.seen();
  if (profile_ == nullptr || seen.version == 0)
    return;
  const auto lacks = [](std::span<const std::uint16_t> offered, std::uint16_t chosen) {
    return std::ranges::find(offered, chosen) == offered.end();
  };
  if (!profile_->versions.empty() && lacks(profile_->versions, seen.version))
    objection_ = "the server chose a version that was not offered";
  else if (lacks(profile_->suites, seen.suite))
    objection_ = "the server chose a suite that was not offered";
}

POSTROAD_DECL bool exchange::offers_group(std::uint16_t group) const {
  return std::ranges::find(profile_->groups, group) != profile_->groups.end();
}
POSTROAD_DECL bool exchange::sent_share_of(std::uint16_t group) const {
  if (retried_group_ != 0)
    return group == retried_group_;
  return std::ranges::find(profile_->shares, group) != profile_->shares.end();
}

POSTROAD_DECL void exchange::fail(std::string_view why, std::string_view rfc) {
  error_ = {clear_.size(), why, rfc};
  state_ = state::failed;
}

POSTROAD_DECL flight exchange::take() {
  auto seen = sealed_ ? sealed_->take() : clear_.take();
  seen.objection = objection_;
  return seen;
}

} // namespace postroad::tls
