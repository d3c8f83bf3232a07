/// One visit per mail server and run: the SMTP dialog with manners and memory.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/mail_servers.hpp>
#include <postroad/flow/memo.hpp>
#include <postroad/flow/pauses.hpp>
#include <postroad/smtp/session.hpp>
#include <postroad/smtp/software.hpp>
#include <postroad/text/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace postroad::flow {

/// What one visit came to, and when.
struct visit {
  smtp::grab got;
  std::string time;
  std::uint32_t tries = 1; ///< calls, with --retries
  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t n = sizeof *this + got.banner.capacity() + got.ehlo.capacity() + got.helo.capacity() +
                    got.starttls_reply.capacity() + got.surplus.capacity() + got.detail.capacity() +
                    time.capacity();
    for (const auto& c : got.controls)
      n += sizeof c + c.sent.capacity() + c.reply.capacity();
    return n;
  }
  [[nodiscard]] bool is_greeted() const noexcept { return got.banner_code == 220; }
};

/// What the options of a tool that greets servers say about the dialog.
struct greeting_settings {
  std::string ehlo_name;
  std::uint16_t port = 25;
  std::chrono::milliseconds banner_timeout{40'000};
  std::chrono::milliseconds backoff{30'000};
  std::string controls = "TESTVERB"; ///< eight letters, as STARTTLS has, and no verb of anybody
  std::string rules;                 ///< file of rules that name software; empty: the built-in ones only
};

/// The rules of a file; throws usage_error where it cannot be read or breaks their form.
class rules_file {
public:
  explicit rules_file(const std::string& name);
  rules_file(const rules_file&) = delete;
  rules_file& operator=(const rules_file&) = delete;
  [[nodiscard]] std::span<const smtp::software_rule> rules() const noexcept { return rules_; }

private:
  std::string text_;
  std::vector<smtp::software_rule> rules_; ///< views into the text
};
/// Adds them to the table of options.
void add_greeting_options(cli::options&, greeting_settings&);

/// The settings of a session that the options ask for. Throws usage_error when a control is no harmless verb.
[[nodiscard]] smtp::session_settings session_of(const settings&, const greeting_settings&);
[[nodiscard]] smtp::session_settings session_of(const settings&, const std::string& ehlo_name);

/// Holds one place and one permit while it talks to a server; while it waits for either it holds no place.
/// Returns false when the run was aborted meanwhile.
net::task<bool> enter(job& record, net::courtesy& manners, net::endpoint to, net::courtesy::permit& permit);

/// What a walk along the servers of one record found.
template <class Visit>
struct encounter {
  candidate at;
  std::shared_ptr<const Visit> seen; ///< null: there was no server to visit
  outcome why_none = outcome::skipped;
};

/// Visits the servers of a record until one greets with 220. When none does, the first that was contacted
/// speaks for all; one that may not be contacted speaks only when there is no other.
template <class Visitor>
net::task<encounter<typename Visitor::visit_type>> first_greeting(job& record, mail_servers& servers,
                                                                  Visitor& visitor) {
  encounter<typename Visitor::visit_type> found;
  auto walk = co_await servers.of(record);
  for (;;) {
    const auto to = co_await walk.next();
    if (!to)
      break;
    auto seen = co_await visitor.at(record, *to);
    const bool better =
        !found.seen || (found.seen->got.what == outcome::blocked && seen->got.what != outcome::blocked);
    if (better || seen->is_greeted()) {
      found.seen = std::move(seen);
      found.at = *to;
    }
    if (found.seen->is_greeted())
      break;
  }
  found.why_none = walk.what();
  co_return found;
}

/// Greets servers, each once.
class greeter {
public:
  using visit_type = visit;
  greeter(const room&, smtp::session_settings, std::chrono::milliseconds backoff = {});
  /// The visit at that server, made now or before.
  net::task<std::shared_ptr<const visit>> at(job& record, const candidate& server);
  /// Ends the pauses between calls: the run was aborted.
  void abort() { pauses_.abort(); }
  [[nodiscard]] const memo<visit>::counters& counts() const noexcept { return visits_.counts(); }

private:
  net::task<void> call(job& record, net::endpoint to, visit& v);
  net::task<void> call_once(job& record, net::endpoint to, visit& v);

  asio::io_context& io_;
  net::courtesy& courtesy_;
  smtp::session_settings use_;
  std::uint32_t retries_;
  std::chrono::milliseconds backoff_; ///< before a server that was busy is called again; doubled each time
  pauses pauses_;
  memo<visit> visits_;
};

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/greeter.ipp>
#endif
