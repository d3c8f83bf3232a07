/// A scan without privilege: ordinary connections, one step each.
#pragma once

#include <postroad/config.hpp>
#include <postroad/net/address.hpp>
#include <postroad/net/task.hpp>
#include <postroad/scan/pace.hpp>
#include <postroad/scan/referee.hpp>
#include <postroad/scan/sender.hpp>
#include <postroad/scan/targets.hpp>
#include <postroad/scan/walk.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace postroad::scan {

struct connector_settings {
  const targets& whom;
  const walk& course;
  std::uint64_t first = 0; ///< the step to begin with
  double rate = 0;         ///< connections a second, 0 = no limit
  std::size_t at_once = 1000;
  std::chrono::milliseconds timeout{5'000};
  std::optional<net::address> source;
};

/// Asks by connect(2) and hangs up at once with a RST. It costs some ten times more than a packet of our own,
/// and a server sees a connection that is made; the answers need no cookie, since the kernel holds them. It
/// tells of open and closed ports only: "no route to host" is also what the kernel says of a silent
/// neighbour.
class connector final : public asking {
public:
  /// One answer, as told by the kernel.
  struct told {
    answer what;
    std::chrono::microseconds round_trip;
  };

  /// Targets in `skip` are not asked again. `news` is called on the connecting thread when there are answers,
  /// and at the end.
  POSTROAD_DECL connector(connector_settings use, const answered* skip, std::function<void()> news);
  POSTROAD_DECL ~connector() override;
  POSTROAD_DECL void start() override;
  POSTROAD_DECL void abort() override;
  /// Takes the answers that have come in since.
  [[nodiscard]] POSTROAD_DECL std::vector<told> take();
  [[nodiscard]] std::string_view way() const noexcept override { return "connect"; }

private:
  using clock = std::chrono::steady_clock;
  net::task<> take_steps();
  net::task<> ask(step s, net::endpoint to);
  net::task<std::error_code> connect_once(net::endpoint to, std::chrono::microseconds& took);
  net::task<> sleep_until(clock::time_point when);
  net::task<> wait_for_place();
  net::task<> wait_for_round();
  void keep(const told&);

  connector_settings use_;
  const answered* skip_;
  std::function<void()> news_;
  asio::io_context io_{1};
  asio::steady_timer timer_{io_}, place_{io_};
  pace pace_;
  std::size_t under_way_ = 0;
  std::mutex mutex_;
  std::vector<told> answers_;
  std::thread thread_;
};

} // namespace postroad::scan

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/scan/impl/connector.ipp>
#endif
