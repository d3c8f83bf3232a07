/// One TLS probe per mail server, name and run: the SMTP dialog up to its 220, our hello, the server's
/// flight, a verdict.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/filter.hpp>
#include <postroad/flow/greeter.hpp>
#include <postroad/flow/mail_servers.hpp>
#include <postroad/flow/memo.hpp>
#include <postroad/smtp/session.hpp>
#include <postroad/tls/hello.hpp>
#include <postroad/tls/key_schedule.hpp>
#include <postroad/tls/probe.hpp>
#include <postroad/tls/trust.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace postroad::flow {

/// What one probe came to: the dialog before it and, where that ended in 220, what TLS showed.
struct tls_visit {
  smtp::grab got;
  tls::observation seen;
  std::shared_ptr<const tls::judged_chain> chain; ///< null without certificate
  std::string sni, time;
  [[nodiscard]] bool is_greeted() const noexcept { return got.banner_code == 220; }
  [[nodiscard]] bool got_220() const noexcept { return got.starttls_code == 220; }
  /// What TLS showed; where the dialog never came to it, how that ended.
  [[nodiscard]] tls::observation outcome_of_all() const;
  [[nodiscard]] std::size_t bytes() const noexcept;
};

/// The hello of that name; throws usage_error with the names there are.
[[nodiscard]] const tls::hello_profile& profile_of(const std::string& name);

/// Probes servers, each once for every name that is sent to it.
class tls_prober {
public:
  using visit_type = tls_visit;
  tls_prober(const room&, smtp::session_settings, const tls::hello_profile&, tls::trust_store&);

  /// The probe of that server, made now or before. The name sent (SNI, RFC 6066 3) is the server's own.
  net::task<std::shared_ptr<const tls_visit>> at(job& record, candidate server);
  [[nodiscard]] const memo<tls_visit>::counters& counts() const noexcept { return visits_.counts(); }
  [[nodiscard]] const tls::hello_profile& profile() const noexcept { return profile_; }

private:
  net::task<tls_visit> call(job& record, candidate server);
  net::task<void> probe(candidate server, tls_visit& v);
  [[nodiscard]] std::array<std::uint8_t, 32> random_bytes();

  asio::io_context& io_;
  net::courtesy& courtesy_;
  smtp::session_settings use_;
  const tls::hello_profile& profile_;
  tls::trust_store& roots_;
  tls::key_pool keys_;
  std::mt19937_64 random_; ///< the hello's random only has to differ; no secret depends on it
  memo<tls_visit> visits_;
};

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/tls_prober.ipp>
#endif
