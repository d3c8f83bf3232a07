/// One TLS probe per mail server, name and run: the SMTP dialog up to its 220, our hello, the server's
/// flight, a verdict; and, where they were asked for, more hellos on connections of their own.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/certificates_file.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/greeter.hpp>
#include <postroad/flow/mail_servers.hpp>
#include <postroad/flow/memo.hpp>
#include <postroad/flow/pauses.hpp>
#include <postroad/smtp/session.hpp>
#include <postroad/tls/handshake.hpp>
#include <postroad/tls/hello.hpp>
#include <postroad/tls/key_schedule.hpp>
#include <postroad/tls/probe.hpp>
#include <postroad/tls/survey.hpp>
#include <postroad/tls/trust.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace postroad::flow {

/// What one probe came to: the dialog before it and, where TLS could begin, what it showed.
struct tls_visit {
  smtp::grab got;
  bool ready = false; ///< the next byte was TLS: behind a 220 to STARTTLS, or at once
  tls::observation seen;
  std::shared_ptr<const tls::judged_chain> chain; ///< null without certificate
  tls::survey more;
  std::string sni, time;
  [[nodiscard]] bool is_greeted() const noexcept { return got.banner_code == 220 || ready; }
  /// What TLS showed; where the dialog never came to it, how that ended.
  [[nodiscard]] tls::observation outcome_of_all() const;
  [[nodiscard]] std::size_t bytes() const noexcept;
};

/// What the options of tlsprobe say about probes.
struct probe_options {
  std::string profile = "modern";
  bool full = false;     ///< OpenSSL's handshake instead of our hello
  bool implicit = false; ///< TLS from the first byte: ports 465, 993, 995
  bool no_sni = false;
  bool versions = false, legacy = false, pq = false, suites = false;
  std::chrono::milliseconds pause{1'000}; ///< between two connections to one server
  std::string time;                       ///< the clock of the verdicts; empty: now
  std::string certs;
  bool chain = false; ///< write the certificates above the leaf, too
};

/// Adds them to the table of options.
void add_probe_options(cli::options&, probe_options&);

/// The hello of that name; throws usage_error with the names there are.
[[nodiscard]] const tls::hello_profile& profile_of(const std::string& name);
/// "2015-04-26" or "2015-04-26T12:00:00Z"; throws usage_error on anything else.
[[nodiscard]] std::chrono::system_clock::time_point time_of(const std::string& text);

/// Probes servers, each once for every name that is sent to it.
class tls_prober {
public:
  using visit_type = tls_visit;
  tls_prober(const room&, smtp::session_settings, const probe_options&, tls::trust_store&);

  /// The probe of that server, made now or before. The name sent (SNI, RFC 6066 3) is the server's own.
  net::task<std::shared_ptr<const tls_visit>> at(job& record, const candidate& server);
  /// Ends the pauses between connections: the run was aborted.
  void abort() { pauses_.abort(); }
  /// Throws usage_error when --certs could not be written whole.
  void finish() const {
    if (certificates_)
      certificates_->finish();
  }
  [[nodiscard]] const memo<tls_visit>::counters& counts() const noexcept { return visits_.counts(); }
  [[nodiscard]] const tls::hello_profile& profile() const noexcept { return profile_; }

private:
  net::task<void> call(job& record, candidate server, tls_visit& v);
  net::task<void> call_once(job& record, candidate server, tls::hello_profile hello, tls_visit& v);
  net::task<void> open(asio::ip::tcp::socket& socket, candidate server, tls_visit& v);
  net::task<void> talk(asio::ip::tcp::socket& socket, tls::hello_profile hello, tls_visit& v);
  net::task<void> ask_more(job& record, candidate server, tls_visit& v);
  net::task<void> ask(job& record, candidate server, std::vector<tls::question> questions,
                      tls::survey::answers& answers, tls_visit& v);
  net::task<void> enumerate(job& record, candidate server, tls_visit& v);
  net::task<void> enumerate(job& record, candidate server, tls::hello_profile hello,
                            std::vector<std::uint16_t> left, tls_visit& v);
  void judge(tls_visit& v);
  [[nodiscard]] std::array<std::uint8_t, 32> random_bytes();

  asio::io_context& io_;
  net::courtesy& courtesy_;
  smtp::session_settings use_;
  probe_options options_;
  const tls::hello_profile& profile_;
  tls::trust_store& roots_;
  std::optional<std::chrono::system_clock::time_point> clock_;
  std::optional<certificates_file> certificates_;
  std::optional<tls::client_context> context_; ///< for whole handshakes
  tls::key_pool keys_;
  pauses pauses_;
  std::mt19937_64 random_; ///< the hello's random only has to differ; no secret depends on it
  memo<tls_visit> visits_;
};

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/tls_prober.ipp>
#endif
