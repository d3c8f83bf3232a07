/// An audit as options describe it, and the records of --each-target.
#pragma once

#include <postroad/cli/options.hpp>
#include <postroad/config.hpp>
#include <postroad/dns/audit_member.hpp>
#include <postroad/dns/auditor.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/job.hpp>
#include <postroad/flow/memo.hpp>
#include <postroad/flow/settings.hpp>
#include <postroad/net/courtesy.hpp>
#include <postroad/net/prefix.hpp>
#include <postroad/net/task.hpp>
#include <postroad/text/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::flow {

/// Defaults live here and nowhere else.
struct audit_settings {
  std::vector<std::string> trusted;
  std::vector<std::string> names;
  std::string control = "umich.edu"; // study 5.2
  std::uint16_t port = 53;
  std::uint32_t passes = 1;
  std::chrono::milliseconds repeat_after{1000};
  std::chrono::milliseconds pace{100};  // ten questions a second trouble no resolver
  std::chrono::milliseconds grace{500}; // an injector races the truth: it is late by a round trip at most
  bool each_target = false;
};

void add_audit_options(cli::options&, audit_settings&);

/// A client without resolvers of its own: each question names its server.
[[nodiscard]] dns::client_settings audit_client_of(const settings&, const audit_settings&);

/// The truth, gathered before the first record is read. Throws usage_error when no trusted resolver answers,
/// or none knows any of the names.
class gathered_reference {
public:
  gathered_reference(dns::client& asking, const settings&, const audit_settings&);
  [[nodiscard]] dns::audit::reference& truth() noexcept { return truth_; }
  [[nodiscard]] const dns::audit::reference& truth() const noexcept { return truth_; }

private:
  dns::audit::reference truth_;
};

/// Why a record's resolver is not asked; outcome::ok when it may be.
struct no_resolver {
  outcome what = outcome::ok;
  std::string_view why;
};
[[nodiscard]] no_resolver why_no_resolver(const subject&, const net::courtesy&);

/// The record of a resolver that is not asked.
void write_unasked(job&, const no_resolver&, bool each_target);

/// What an audit came to: the member, and what --each-target needs.
struct audited {
  outcome what = outcome::aborted;
  std::string json;
  std::vector<dns::audit::target> targets;
  [[nodiscard]] std::size_t bytes() const noexcept {
    return sizeof *this + json.capacity() + targets.capacity() * sizeof(dns::audit::target);
  }
};

/// Audits that may listen on without a place of --concurrency.
inline constexpr std::size_t most_listeners = 5'000;

/// Audits resolvers, each once in a run, however often it is named.
class audits {
public:
  audits(const room&, dns::client&, dns::audit::reference&, const settings&);
  net::task<std::shared_ptr<const audited>> at(job& record, net::endpoint resolver);
  void abort() { auditor_.abort(); }
  [[nodiscard]] const memo<audited>::counters& counts() const noexcept { return made_.counts(); }

private:
  net::task<void> make(job& record, net::endpoint resolver, audited& a);

  net::prefix_set lab_;
  dns::audit::auditor auditor_;
  memo<audited> made_;
  std::size_t listening_ = 0;
};

/// One record for each false mail server, with `ip` and `target`; the record alone, with `ip` null, when
/// there is none: whoever reads on must not take the resolver for a mail server.
void write_each_target(job&, const audited&);

/// The truth, for the metadata.
void write_reference(text::json_writer&, const dns::audit::reference&);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/audit_use.ipp>
#endif
