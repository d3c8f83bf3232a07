#pragma once

#include <postroad/flow/scan_run.hpp>

#include <postroad/flow/descriptor.hpp>
#include <postroad/flow/progress.hpp>
#include <postroad/flow/scan_output.hpp>
#include <postroad/flow/scan_place.hpp>
#include <postroad/flow/scan_targets.hpp>
#include <postroad/flow/scan_way.hpp>
#include <postroad/flow/wakeup.hpp>
#include <postroad/net/connect.hpp>
#include <postroad/scan/connector.hpp>
#include <postroad/scan/heard.hpp>
#include <postroad/scan/number_set.hpp>
#include <postroad/scan/receive.hpp>
#include <postroad/scan/referee.hpp>
#include <postroad/scan/sender.hpp>
#include <postroad/scan/state.hpp>
#include <postroad/scan/trouble.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/text/json.hpp>
#include <postroad/text/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace postroad::flow {

namespace detail {

/// What came in, in numbers.
struct scan_counts {
  std::array<std::uint64_t, scan::answer_words.size()> answers{};
  std::uint64_t written = 0, repeated = 0;
  std::uint64_t strangers = 0;  ///< packets that answer no probe of ours: other traffic, forgeries
  std::uint64_t unreadable = 0; ///< packets with wrong sums or lengths
};

/// As many connections at once as this machine lets us have.
[[nodiscard]] inline std::size_t most_connections() {
  constexpr std::size_t others = 64 + net::detail::spare_sockets::most; // files of ours beside them
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
    return 1;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_max > 2 * others ? static_cast<std::size_t>(files.rlim_max) - others
                                     : std::max<std::size_t>(static_cast<std::size_t>(files.rlim_max) / 4, 1);
}

/// The scan in the eyes of its main thread: it reads answers, writes records and ends what the other began.
class scan_run {
public:
  /// `way`: how to send packets; none: by connections.
  scan_run(scan_settings& use, scan_targets named, const scan::state& from, std::optional<departure> way);
  int run();

private:
  using clock = std::chrono::steady_clock;
  using round_trip = std::optional<std::chrono::microseconds>;

  void begin_packets(departure);
  void begin_connections();
  void open_files();
  void loop();
  void take_answers();
  void hear(const scan::received&);
  void report(const scan::answer&, const scan::heard&, round_trip);
  void look_at_clock(clock::time_point now);
  void on_signal(int which);
  void stop_sending(std::string_view why);
  [[nodiscard]] bool is_over(clock::time_point now);
  [[nodiscard]] std::string progress() const;
  [[nodiscard]] scan::state state_now() const;
  void keep_state() const;
  void keep_state_meanwhile();
  void finish_output();
  void write_metadata();
  [[nodiscard]] std::uint64_t dropped() const { return receiver_ ? receiver_->dropped() : 0; }
  [[nodiscard]] int status() const;
  void say(const std::string& text) const {
    if (!use_.quiet)
      fmt::print(stderr, "synscan: {}\n", text);
  }

  scan_settings& use_;
  scan_targets named_;
  scan::state from_;
  scan::targets whom_;
  scan::walk course_;
  scan::port_range ports_{};
  scan::referee referee_;
  signal_door signals_;
  bell bell_;
  descriptor out_fd_;
  std::optional<descriptor> metadata_;
  scan_output output_;
  std::unique_ptr<scan::receiver> receiver_;
  std::unique_ptr<scan::asking> asking_;
  scan::connector* connections_ = nullptr; ///< where it is one that asks
  scan::answered answered_;
  std::array<scan::number_set, scan::answer_words.size()> seen_;
  scan_counts counts_;
  std::string begun_text_ = text::now_rfc3339(), stopped_;
  clock::time_point begun_ = clock::now(), sent_all_{}, next_tick_{}, next_keep_{};
  bool show_progress_, interrupted_ = false;
  bool over_ = false; ///< ends now, without the answers that are under way
};

inline scan_run::scan_run(scan_settings& use, scan_targets named, const scan::state& from,
                          std::optional<departure> way)
    : use_(use), named_(std::move(named)), from_(from), whom_(named_.addresses, ports_of(use)),
      course_(from.targets, secrets_of(from.seed).order, from.mine, from.attempts),
      referee_(whom_, use.probe, secrets_of(from.seed).key, ports_, from.attempts),
      out_fd_(use.output, STDOUT_FILENO, O_WRONLY | O_CREAT),
      output_(out_fd_.get(), ::isatty(out_fd_.get()) == 1,
              use.pretty || (!use.json && ::isatty(out_fd_.get()) == 1), [this] { bell_.ring(); }) {
  if (!use.metadata.empty())
    metadata_.emplace(use.metadata, STDOUT_FILENO, O_WRONLY | O_CREAT);
  if (metadata_ && metadata_->is_same_file(out_fd_))
    throw cli::usage_error{"--output and --metadata are one file: the records would be lost"};
  const bool terminal = ::isatty(out_fd_.get()) == 1;
  show_progress_ = use.progress || (!use.quiet && !terminal && ::isatty(STDERR_FILENO) == 1);
  if (way)
    begin_packets(std::move(*way));
  else
    begin_connections();
}

inline void scan_run::begin_packets(departure way) {
  constexpr std::size_t link_header = 14; // that the kernel will write
  receiver_ =
      std::make_unique<scan::receiver>(way.listen_on, use_.probe.is, ports_); // hears before it speaks
  auto v4 = maker_of(use_.probe, way.by.v4, way.next_hop4),
       v6 = maker_of(use_.probe, way.by.v6, way.next_hop6);
  const auto frame =
      std::max(v4 ? v4->size() : 0, v6 ? v6->size() : 0) + (way.out->wants_link() ? 0 : link_header);
  scan::errand errand{whom_,         course_,       secrets_of(from_.seed).key, ports_,
                      std::move(v4), std::move(v6), rate_of(use_, frame),       from_.next};
  asking_ =
      std::make_unique<scan::sender>(std::move(errand), std::move(way.out),
                                     from_.attempts > 1 ? &answered_ : nullptr, [this] { bell_.ring(); });
}

inline void scan_run::begin_connections() {
  if (use_.probe.is != scan::probe_kind::syn)
    throw cli::usage_error{"--tx connect can only ask for TCP: --probe syn"};
  if (use_.bandwidth != 0 || !use_.interface.empty() || !use_.gateway_mac.empty())
    throw cli::usage_error{"--tx connect knows no --bandwidth, --interface and --gateway-mac"};
  const auto at_once = std::min<std::size_t>(use_.concurrency, most_connections());
  auto connector = std::make_unique<scan::connector>(
      scan::connector_settings{whom_, course_, from_.next, use_.rate, at_once, use_.timeout, source_of(use_)},
      from_.attempts > 1 ? &answered_ : nullptr, [this] { bell_.ring(); });
  connections_ = connector.get();
  asking_ = std::move(connector);
}

/// What was there before goes, but for the records of a scan that goes on.
inline void scan_run::open_files() {
  if (from_.next > 0)
    ::lseek(out_fd_.get(), 0, SEEK_END); // of no effect on a pipe
  else
    out_fd_.empty();
  if (metadata_)
    metadata_->empty();
}

inline int scan_run::run() {
  if (named_.special + named_.blocked > 0 || ::isatty(STDERR_FILENO) == 1)
    say(fmt::format("{}, {} packets by {}", summary_of(named_), text::grouped(course_.steps() - from_.next),
                    asking_->way()));
  keep_state(); // where it cannot be kept, nothing is sent
  open_files();
  next_keep_ = begun_ + std::chrono::minutes(1);
  asking_->start();
  loop();
  over_ ? asking_->abort() : asking_->stop();
  while (asking_->running())
    bell_.hush(), ::usleep(1000);
  if (!over_) // what came with the end of the last connection
    take_answers();
  finish_output();
  if (show_progress_)
    clear_progress();
  if (metadata_)
    write_metadata();
  keep_state();
  return status();
}

/// Hands the last lines over. A reader that does not read keeps us; a signal gives it up, as it would any
/// program.
inline void scan_run::finish_output() {
  while (!output_.is_finished()) {
    const int which = signals_.take();
    if (which != 0 && std::exchange(interrupted_, true)) {
      over_ = true; // lines are lost: their targets are asked again
      keep_state();
      signals_.die_of(which);
    }
    pollfd door{signals_.fd(), POLLIN, 0};
    constexpr int turn = 10;
    ::poll(&door, 1, turn);
  }
}

inline void scan_run::loop() {
  const int packets = receiver_ ? receiver_->fd() : -1;
  std::array<pollfd, 3> doors{{{packets, POLLIN, 0}, {signals_.fd(), POLLIN, 0}, {bell_.fd(), POLLIN, 0}}};
  constexpr int turn = 50; // milliseconds
  for (auto now = clock::now(); !is_over(now); now = clock::now()) {
    ::poll(doors.data(), doors.size(), turn);
    if ((doors[0].revents & POLLERR) !=
        0) { // the link went down: whether it comes back is the sender's concern
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(packets, SOL_SOCKET, SO_ERROR, &error, &size);
      ::usleep(1000);
    }
    bell_.hush();
    take_answers();
    if (const int which = signals_.take())
      on_signal(which);
    look_at_clock(clock::now());
  }
}

inline void scan_run::take_answers() {
  if (receiver_)
    receiver_->take([this](const scan::received& r) { hear(r); });
  if (connections_ == nullptr)
    return;
  scan::heard by_kernel;
  by_kernel.is = scan::heard::kind::told;
  for (const auto& told : connections_->take())
    report(told.what, by_kernel, told.round_trip);
}

inline void scan_run::hear(const scan::received& r) {
  const auto packet = scan::read_packet(r.bytes, r.checked);
  if (!packet)
    return void(++counts_.unreadable);
  const auto answer = referee_.judge(*packet);
  // A step that was not taken has no answer, nor has one of an earlier run, which listened for itself.
  const auto step = answer ? course_.number_of(answer->of) : std::nullopt;
  if (!step || *step < from_.next || *step >= asking_->next() + scan::transmitter::largest_batch)
    return void(++counts_.strangers);
  const auto when = asking_->log().time_of(*step);
  report(*answer, *packet,
         when ? round_trip(std::chrono::duration_cast<std::chrono::microseconds>(r.at - *when))
              : std::nullopt);
}

inline void scan_run::report(const scan::answer& a, const scan::heard& packet, round_trip took) {
  const auto kind = static_cast<std::size_t>(a.is);
  if (!seen_[kind].insert(a.of.number))
    return void(++counts_.repeated);
  if (use_.max_results > 0 && counts_.written >= use_.max_results)
    return;
  ++counts_.answers[kind];
  if (from_.attempts > 1)
    answered_.add(a.of.number);
  if (!use_.wanted[kind])
    return;
  ++counts_.written;
  output_.write({a, packet, use_.probe.is, took, text::now_rfc3339()}, use_);
}

inline void scan_run::look_at_clock(clock::time_point now) {
  output_.flush_in_time(now);
  asking_->rest(output_.is_full());
  if (use_.max_runtime.count() > 0 && now - begun_ >= use_.max_runtime)
    stop_sending("max-runtime");
  if (use_.max_results > 0 && counts_.written >= use_.max_results) {
    stop_sending("max-results");
    over_ = true;
  }
  if (output_.error() != 0) {
    stop_sending("output");
    over_ = true;
  }
  if (show_progress_ && now >= next_tick_) {
    show_progress(progress());
    next_tick_ = now + std::chrono::seconds(1);
  }
  if (now >= next_keep_) {
    keep_state_meanwhile();
    next_keep_ = now + std::chrono::minutes(1);
  }
}

inline bool scan_run::is_over(clock::time_point now) {
  if (over_)
    return true;
  if (asking_->running())
    return false;
  if (sent_all_ == clock::time_point{}) {
    sent_all_ = now;
    if (interrupted_ && receiver_ && use_.cooldown.count() > 0)
      say(fmt::format("stopped; {:.0f} s for the last answers, ^C again ends at once",
                      static_cast<double>(use_.cooldown.count()) / 1000));
  }
  return connections_ != nullptr || now - sent_all_ >= use_.cooldown; // the kernel has waited for each
}

inline void scan_run::stop_sending(std::string_view why) {
  if (stopped_.empty())
    stopped_ = why;
  asking_->stop();
}

/// The first signal stops sending; the second ends all, with what is known.
inline void scan_run::on_signal(int) {
  if (interrupted_)
    over_ = true;
  interrupted_ = true;
  stop_sending("interrupt");
}

inline std::string scan_run::progress() const {
  const std::chrono::duration<double> took = clock::now() - begun_;
  const auto steps = course_.steps() - from_.next, done = asking_->next() - from_.next;
  const double rate = took.count() > 0 ? static_cast<double>(asking_->packets()) / took.count() : 0;
  auto line = fmt::format("{} of {} sent ({:.1f} %)  {}/s", text::grouped(done), text::grouped(steps),
                          steps > 0 ? 100.0 * static_cast<double>(done) / static_cast<double>(steps) : 100.0,
                          text::grouped(static_cast<std::uint64_t>(rate)));
  for (std::size_t i = 0; i < counts_.answers.size(); ++i)
    if (counts_.answers[i] > 0)
      line += fmt::format("  {} {}", scan::answer_words[i], text::grouped(counts_.answers[i]));
  if (!asking_->running())
    return line + "  waiting for answers";
  if (done > 0 && done < steps) {
    const auto left = static_cast<std::uint64_t>(took.count() * static_cast<double>(steps - done) /
                                                 static_cast<double>(done));
    line += fmt::format("  {}:{:02}:{:02} left", left / 3600, left / 60 % 60, left % 60);
  }
  return line;
}

/// The place is behind all targets whose answers are written. An end that waits for no answers leaves out
/// those that were asked as long ago as answers are waited for, or since lines were written the last time.
inline scan::state scan_run::state_now() const {
  auto s = from_;
  s.next = asking_->next();
  if (over_) {
    const auto patient = connections_ != nullptr ? use_.timeout : use_.cooldown;
    const auto safe = asking_->log().step_before(std::min(clock::now(), output_.all_written_at()) - patient);
    s.next = std::clamp(safe.value_or(0), from_.next, s.next);
  }
  return s;
}

/// Written beside and put in its place: what is there is always whole.
inline void scan_run::keep_state() const {
  if (use_.resume.empty())
    return;
  const auto fresh = use_.resume + ".new";
  {
    const descriptor fd(fresh, -1, O_WRONLY | O_CREAT | O_TRUNC);
    fd.write(scan::to_text(state_now()));
    ::fsync(fd.get());
  }
  if (std::rename(fresh.c_str(), use_.resume.c_str()) != 0)
    throw cli::usage_error{fmt::format("cannot write '{}': {}", use_.resume, std::strerror(errno))};
}

/// While packets are on their way a place that cannot be kept is no reason to lose what comes back.
inline void scan_run::keep_state_meanwhile() {
  try {
    keep_state();
  } catch (const cli::usage_error& e) {
    say(e.message);
  }
}

inline void scan_run::write_metadata() {
  std::string out;
  text::json_writer json(out);
  const std::chrono::duration<double> took = clock::now() - begun_;
  json.object().member("tool", "synscan").member("version", POSTROAD_VERSION);
  json.member_list("arguments", use_.arguments).member("seed", std::to_string(from_.seed));
  json.member("vantage", use_.vantage).member("start", begun_text_).member("end", text::now_rfc3339());
  json.member("elapsed_ms", took.count() * 1000).member("interrupted", interrupted_);
  if (!stopped_.empty())
    json.member("stopped_by", stopped_);
  json.member("probe", spelled(use_.probe)).member("tx", asking_->way());
  json.member("targets", std::to_string(from_.targets)).member("rejected", named_.rejected);
  json.member("special_purpose", net::to_decimal(named_.special));
  json.member("blocked", net::to_decimal(named_.blocked));
  json.member("shard", fmt::format("{}/{}", from_.mine.part + 1, from_.mine.of));
  json.member("steps", std::to_string(course_.steps())).member("first_step", std::to_string(from_.next));
  json.member("next_step", std::to_string(asking_->next()));
  json.member("sent", asking_->packets()).member("bytes_sent", asking_->bytes());
  json.member("unsendable", asking_->unsendable());
  const std::chrono::duration<double> sending =
      (sent_all_ != clock::time_point{} ? sent_all_ : clock::now()) - begun_;
  json.member("rate_pps",
              sending.count() > 0 ? static_cast<double>(asking_->packets()) / sending.count() : 0.0);
  json.member("out", counts_.written).member("repeated", counts_.repeated);
  json.member("strangers", counts_.strangers).member("unreadable", counts_.unreadable);
  json.member("dropped", dropped()).member("bytes_out", output_.bytes_written());
  json.key("outcomes").object();
  for (std::size_t i = 0; i < counts_.answers.size(); ++i)
    if (counts_.answers[i] > 0)
      json.member(scan::answer_words[i], counts_.answers[i]);
  json.end().end();
  out += '\n';
  metadata_->write(out);
}

inline int scan_run::status() const {
  const int failed = output_.error();
  if (failed != 0 && failed != EPIPE)
    throw cli::usage_error{fmt::format("cannot write the output: {}", std::strerror(failed))};
  if (const auto lost = dropped())
    say(fmt::format("{} packets came in faster than they were read: some answers are missing",
                    text::grouped(lost)));
  if (asking_->unsendable() > 0 && asking_->packets() == 0)
    throw cli::usage_error{fmt::format("nothing could be sent: no route to {} targets, or no permission",
                                       text::grouped(asking_->unsendable()))};
  if (asking_->unsendable() > 0)
    say(fmt::format("{} targets could not be asked: no route, or no permission",
                    text::grouped(asking_->unsendable())));
  if (const int error = asking_->error())
    throw cli::usage_error{fmt::format(
        "sending failed after {} packets: {}{}", text::grouped(asking_->packets()), std::strerror(error),
        use_.resume.empty() ? "; with --resume FILE a scan can go on" : "; go on with the same --resume")};
  return named_.rejected > 0 ? 1 : 0;
}

/// Writes whom a scan would ask, in its order; sends nothing and needs no permission.
inline int dry_run(const scan_settings& use, const scan_targets& named, const scan::state& from) {
  const scan::targets whom(named.addresses, ports_of(use));
  const scan::walk course(from.targets, secrets_of(from.seed).order, from.mine, from.attempts);
  const descriptor fd(use.output, STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC);
  scan_output out(fd.get(), false, false, [] {});
  const auto packets = course.steps() - std::min(from.next, course.steps());
  auto summary = fmt::format("synscan: dry run: {}; probe {}, {} packets", summary_of(named),
                             spelled(use.probe), text::grouped(packets));
  if (use.rate > 0 && use.bandwidth == 0)
    summary +=
        fmt::format(", {:.1f} s at {:.0f} a second", static_cast<double>(packets) / use.rate, use.rate);
  if (!use.quiet)
    fmt::print(stderr, "{}, seed {}\n", summary, from.seed);
  const auto all = course.round(); // a second try is of the same targets
  const auto end = use.max_results > 0 ? std::min(all, from.next + use.max_results) : all;
  for (auto step = from.next; step < end && out.error() == 0; ++step)
    out.write(whom.at(course.at(step).number), use.probe.is);
  while (!out.is_finished())
    ::usleep(1000);
  if (out.error() != 0 && out.error() != EPIPE)
    throw cli::usage_error{fmt::format("cannot write the output: {}", std::strerror(out.error()))};
  return named.rejected > 0 ? 1 : 0;
}

/// How to send packets, or nothing where it has to be done by connections.
inline std::optional<departure> decide_way(const scan_settings& use, const scan_targets& named) {
  if (use.tx == scan::transmit_kind::connect)
    return std::nullopt;
  try {
    return choose_way(use, named.addresses);
  } catch (const scan::not_permitted& e) {
    const bool can_connect = use.probe.is == scan::probe_kind::syn && use.bandwidth == 0 &&
                             use.interface.empty() && use.gateway_mac.empty();
    if (use.tx != scan::transmit_kind::automatic || !can_connect)
      throw;
    if (!use.quiet)
      fmt::print(stderr, "synscan: {}, which is slower\n", e.what());
    return std::nullopt;
  }
}

} // namespace detail

POSTROAD_DECL int run_scan(scan_settings& use, const std::vector<std::string>& words) {
  auto named = read_targets(use, words, use.whole_internet);
  const auto from = begin_or_resume(use, named);
  if (use.dry_run)
    return detail::dry_run(use, named, from);
  auto way = detail::decide_way(use, named); // before signals are caught: a gateway may keep us waiting
  return detail::scan_run(use, std::move(named), from, std::move(way)).run();
}

} // namespace postroad::flow
