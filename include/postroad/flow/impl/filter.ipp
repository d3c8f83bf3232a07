#pragma once

#include <postroad/flow/filter.hpp>

#include <postroad/flow/descriptor.hpp>
#include <postroad/flow/intake.hpp>
#include <postroad/flow/progress.hpp>
#include <postroad/record/stdio.hpp>
#include <postroad/text/time.hpp>

#include <fmt/format.h>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <optional>
#include <span>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postroad::flow {

namespace detail {

inline std::string as_lines(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& w : words)
    text += w + '\n';
  return text;
}

} // namespace detail

/// The run of one filter: lines in, jobs under way, lines out, on one thread.
class engine {
public:
  engine(const tool& is, const settings& use, const std::vector<std::string>& words);
  int run(const make_filter& make);

private:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t flush_at =
      256 * 1024; // fewer wake-ups of the writer; a pipe takes 64 KiB at once
  static constexpr std::size_t stop_reading_at = 1024 * 1024; // of output that nobody takes
  static constexpr auto flush_after = std::chrono::milliseconds(20);
  static constexpr auto second_thought = std::chrono::milliseconds(250);
  static constexpr std::size_t lines_a_turn = 256;  // then the network has a turn
  static constexpr std::size_t job_overhead = 2048; // frames and strings of a record under way

  // lines in
  void admit();
  void admit_soon();
  [[nodiscard]] bool has_room() const;
  void handle(const record::line&);
  void reject(const record::line&, std::string_view why);
  void start(const taken&);
  std::optional<outcome> answered_at_once(const taken&);
  void put_aside(const taken&, outcome); ///< a record that is not measured: blocked, aborted
  // work
  std::unique_ptr<job> spare_job();
  net::task<void> work(std::unique_ptr<job>);
  void finish(job&);
  // lines out
  std::uint64_t reserve();
  void deliver(std::uint64_t number, std::string& text, std::size_t cost);
  void put(const taken&, std::span<const record::member>);
  void emit(std::string_view lines);
  void flush_in_time();
  void flush();
  void check_end();
  // the rest of the world
  void wait_for_signal();
  void on_signal(int which);
  void tick();
  void write_metadata() const;
  [[nodiscard]] int status();

  const tool& is_;
  const settings& use_;
  std::string_view member_; ///< the name of the one that the tool writes
  record_shard mine_;
  blocklist blocked_;
  asio::io_context io_{1};
  desk desk_;
  net::courtesy courtesy_;
  record::path_set paths_;
  intake intake_;
  descriptor in_fd_, out_fd_;
  std::optional<descriptor> rejects_, metadata_;
  std::unique_ptr<record::input> input_;
  std::unique_ptr<record::output> output_;
  std::unique_ptr<filter> filter_;
  asio::signal_set signals_{io_, SIGINT, SIGTERM};
  asio::steady_timer flush_timer_{io_}, tick_timer_{io_};
  clock::time_point begun_ = clock::now();
  std::string begun_text_ = text::now_rfc3339();

  clock::time_point interrupted_at_{};
  bool pages_, terminal_, show_progress_;
  bool interrupted_ = false, input_done_ = false, done_ = false;
  bool admit_posted_ = false, flush_armed_ = false;
  std::vector<std::unique_ptr<job>> spare_jobs_;
  std::size_t jobs_ = 0, held_ = 0;
  std::uint64_t next_number_ = 0, first_waiting_ = 0;
  struct slot {
    bool is_done = false;
    std::size_t cost = 0;
    std::string text;
  };
  std::deque<slot> in_order_;
  std::string buffer_, json_;
  tally counts_;
};

inline engine::engine(const tool& is, const settings& use, const std::vector<std::string>& words)
    : is_(is), use_(use), member_(use.member.empty() ? is.member : std::string_view(use.member)),
      mine_(shard_of(use)), blocked_(blocklist_of(use)),
      desk_(io_, std::max<std::size_t>(use.concurrency, 1)),
      courtesy_(io_, {blocked_.addresses(), allowed_of(use), use.subnet_rate, use.rate}),
      intake_(paths_, member_, {"host", "preference", "ip", "port", "target", "smtp"}, only_of(use)),
      in_fd_(use.input, STDIN_FILENO, O_RDONLY), out_fd_(use.output, STDOUT_FILENO, O_WRONLY | O_CREAT) {
  if (words.empty() && in_fd_.is_same_file(out_fd_))
    throw cli::usage_error{"the output is the input file: it would be lost"};
  if (!use.rejects.empty())
    rejects_.emplace(use.rejects, -1, O_WRONLY | O_CREAT);
  if (!use.metadata.empty())
    metadata_.emplace(use.metadata, STDOUT_FILENO, O_WRONLY | O_CREAT);
  terminal_ = ::isatty(out_fd_.get()) == 1;
  pages_ = use.pretty || (terminal_ && !use.json);
  show_progress_ = use.progress || (!use.quiet && !terminal_ && ::isatty(STDERR_FILENO) == 1);
  if (words.empty())
    input_ = std::make_unique<record::input>(in_fd_.get(), [this] { asio::post(io_, [this] { admit(); }); });
  else
    input_ = std::make_unique<record::input>(detail::as_lines(words));
  output_ = std::make_unique<record::output>(out_fd_.get(), [this] { asio::post(io_, [this] { flush(); }); });
}

inline int engine::run(const make_filter& make) {
  filter_ = make(room{io_, use_, blocked_, courtesy_, paths_, pages_});
  for (const auto* file : {&out_fd_, rejects_ ? &*rejects_ : nullptr, metadata_ ? &*metadata_ : nullptr})
    if (file != nullptr)
      file->empty();
  const auto keep_running = asio::make_work_guard(io_);
  wait_for_signal();
  counts_.input_bytes_total = input_length(in_fd_.get());
  if (show_progress_)
    tick();
  admit_soon();
  io_.run();
  if (show_progress_)
    clear_progress();
  filter_->finish();
  if (metadata_)
    write_metadata();
  return status();
}

inline bool engine::has_room() const {
  const bool room = held_ == 0 || held_ < use_.window.bytes; // one record is under way in any case
  return desk_.at_work.any_free() && room && buffer_.size() < stop_reading_at;
}

inline void engine::admit_soon() {
  if (std::exchange(admit_posted_, true))
    return;
  asio::post(io_, [this] {
    admit_posted_ = false;
    admit();
  });
}

inline void engine::admit() {
  record::line line;
  std::size_t n = 0;
  while (!done_ && !input_done_ && has_room()) {
    if (n++ == lines_a_turn)
      return admit_soon();
    if (!input_->next(line))
      break;
    handle(line);
  }
  if (!input_done_ && input_->ended())
    input_done_ = true;
  check_end();
}

inline void engine::handle(const record::line& line) {
  const auto t = intake_.look(line);
  switch (t.is) {
  case taken::kind::nothing:
    return;
  case taken::kind::reject:
    return reject(line, t.why);
  case taken::kind::pass:
    if (!mine_.has(intake_.shard_key(t)))
      return;
    ++counts_.in;
    ++counts_.passed;
    return put(t, {});
  case taken::kind::work:
    if (!mine_.has(intake_.shard_key(t)))
      return;
    ++counts_.in;
    return start(t);
  }
}

inline void engine::reject(const record::line& line, std::string_view why) {
  ++counts_.rejected;
  if (rejects_) {
    auto kept =
        line.too_long ? fmt::format("# line {}: {}\n", line.number, why) : fmt::format("{}\n", line.text);
    if (record::write_all(rejects_->get(), kept) != 0)
      counts_.rejects_lost = errno;
  } else {
    fmt::print(stderr, "{}: line {}: {}\n", is_.about.name, line.number, why);
  }
}

inline void engine::start(const taken& t) {
  if (interrupted_)
    return put_aside(t, outcome::aborted);
  if (const auto what = answered_at_once(t)) {
    const record::member answer{member_, json_};
    counts_.add(*what);
    return put(t, {&answer, 1});
  }
  auto about = intake_.subject_of(t);
  if (blocked_.has(about.domain) || blocked_.has(about.host))
    return put_aside(t, outcome::blocked);
  auto record = spare_job();
  record->number_ = reserve();
  record->member_ = member_;
  record->about_ = std::move(about);
  record->line_.reserve(t.record.size() + record::line_slack);
  record->line_ = t.record;
  record->line_size_ = t.record.size();
  record->cost_ = t.record.size() + job_overhead;
  const auto moved = [&](std::string_view v) {
    return std::string_view(record->line_.data() + (v.data() - t.record.data()), v.size());
  };
  for (const auto& f : *t.fields)
    record->fields_.push_back({f.path, f.ordinal, f.is, moved(f.raw)});
  for (const auto& p : *t.there)
    record->there_.push_back({p.name, moved(p.value)});
  held_ += record->cost_;
  ++jobs_;
  desk_.at_work.take();
  net::spawn(work(std::move(record)));
}

inline std::optional<outcome> engine::answered_at_once(const taken& t) {
  json_.clear();
  return filter_->answer_at_once({t.record, *t.fields}, json_);
}

inline void engine::put_aside(const taken& t, outcome what) {
  json_.clear();
  text::json_writer out(json_);
  out.object().member("outcome", to_string(what)).member("time", text::now_rfc3339()).end();
  const record::member aside{member_, json_};
  counts_.add(what);
  put(t, {&aside, 1});
}

/// Writes a record that never became a job; straight into the buffer where nothing stands in between.
inline void engine::put(const taken& t, std::span<const record::member> members) {
  if (!pages_ && !use_.keep_order) {
    record::append_record(buffer_, t.record, *t.there, members);
    ++counts_.out;
    return flush_in_time();
  }
  std::string text;
  record::append_record(text, t.record, *t.there, members);
  deliver(reserve(), text, 0);
}

/// Jobs are used again: their strings have found their sizes.
inline std::unique_ptr<job> engine::spare_job() {
  if (spare_jobs_.empty())
    return std::make_unique<job>(desk_);
  auto record = std::move(spare_jobs_.back());
  spare_jobs_.pop_back();
  return record;
}

inline net::task<void> engine::work(std::unique_ptr<job> record) {
  co_await filter_->measure(*record);
  finish(*record);
  record->reuse();
  spare_jobs_.push_back(std::move(record));
}

inline void engine::finish(job& record) {
  for (const auto what : record.outcomes_)
    counts_.add(what);
  --jobs_;
  if (!record.parked_)
    desk_.at_work.give_back();
  deliver(record.number_, record.out_, record.cost_);
  admit_soon();
}

inline std::uint64_t engine::reserve() {
  if (use_.keep_order)
    in_order_.emplace_back();
  return next_number_++;
}

/// Output that is ready: written now, or, with --keep-order, once all before it is. What a record costs of
/// the window is given back when it leaves.
inline void engine::deliver(std::uint64_t number, std::string& text, std::size_t cost) {
  if (!use_.keep_order) {
    held_ -= cost;
    return emit(text);
  }
  auto& mine = in_order_[number - first_waiting_];
  held_ += text.size();
  mine = {true, cost + text.size(), std::move(text)};
  while (!in_order_.empty() && in_order_.front().is_done) {
    const slot first = std::move(in_order_.front());
    in_order_.pop_front();
    ++first_waiting_;
    held_ -= first.cost;
    emit(first.text);
  }
}

inline void engine::emit(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = lines.find('\n') + 1;
    if (pages_)
      buffer_ += is_.page(lines.substr(0, end - 1));
    else
      buffer_ += lines.substr(0, end);
    ++counts_.out;
    lines.remove_prefix(end);
  }
  flush_in_time();
}

inline void engine::flush_in_time() {
  if (buffer_.size() >= flush_at || terminal_)
    return flush();
  if (std::exchange(flush_armed_, true))
    return;
  flush_timer_.expires_after(flush_after);
  flush_timer_.async_wait([this](std::error_code) {
    flush_armed_ = false;
    flush();
  });
}

inline void engine::flush() {
  if (!output_->idle())
    return; // it calls again when it is
  if (output_->error() != 0) {
    done_ = true;
    return io_.stop();
  }
  if (!buffer_.empty())
    output_->give(buffer_);
  if (!done_)
    admit_soon();
}

/// The end: nothing comes, nothing is under way, everything is out.
inline void engine::check_end() {
  if (done_ || !input_done_ || jobs_ > 0)
    return;
  if (!buffer_.empty())
    return flush_armed_ && output_->idle() ? flush() : void();
  if (!output_->idle())
    return;
  done_ = true;
  io_.stop();
}

inline void engine::wait_for_signal() {
  signals_.async_wait([this](std::error_code ec, int which) {
    if (!ec)
      on_signal(which);
  });
}

/// ^C reaches every tool of a pipeline: a pipe is read on to its end, since what stands in it exists nowhere
/// else. A second signal ends at once; timeout(1) and some shells send the first one twice, which is no
/// second thought.
inline void engine::on_signal(int which) {
  const auto now = clock::now();
  if (interrupted_) {
    if (now - interrupted_at_ < second_thought)
      return wait_for_signal();
    std::signal(which, SIG_DFL);
    std::raise(which);
  }
  interrupted_ = true;
  interrupted_at_ = now;
  if (!input_->drains())
    input_done_ = true;
  courtesy_.abort();
  filter_->abort();
  wait_for_signal();
  admit_soon();
}

inline void engine::tick() {
  counts_.input_bytes = input_->bytes_read();
  show_progress(progress_line(counts_, jobs_, clock::now() - begun_));
  tick_timer_.expires_after(std::chrono::seconds(1));
  tick_timer_.async_wait([this](std::error_code ec) {
    if (!ec)
      tick();
  });
}

inline void engine::write_metadata() const {
  std::string out;
  text::json_writer json(out);
  json.object().member("tool", is_.about.name).member("version", POSTROAD_VERSION);
  json.member_list("arguments", use_.arguments).member("seed", std::to_string(use_.seed));
  json.member("vantage", use_.vantage).member("start", begun_text_).member("end", text::now_rfc3339());
  const std::chrono::duration<double> took = clock::now() - begun_;
  json.member("elapsed_ms", took.count() * 1000).member("interrupted", interrupted_);
  json.member("in", counts_.in).member("out", counts_.out).member("passed", counts_.passed);
  json.member("rejected", counts_.rejected);
  json.member("rate_pps", took.count() > 0 ? static_cast<double>(counts_.in) / took.count() : 0.0);
  json.member("bytes_in", input_->bytes_read()).member("bytes_out", output_->bytes_written());
  json.key("outcomes").object();
  for (std::size_t i = 0; i < counts_.outcomes.size(); ++i)
    if (counts_.outcomes[i] > 0)
      json.member(outcome_words[i], counts_.outcomes[i]);
  json.end();
  filter_->describe(json);
  json.end();
  out += '\n';
  metadata_->write(out);
}

inline int engine::status() {
  const int failed = output_->error();
  if (failed == EPIPE)
    return 0; // the reader has had enough
  if (failed != 0)
    throw cli::usage_error{fmt::format("cannot write the output: {}", std::strerror(failed))};
  if (const int unread = input_->error())
    throw cli::usage_error{fmt::format("cannot read the input: {}", std::strerror(unread))};
  if (counts_.rejects_lost != 0)
    throw cli::usage_error{
        fmt::format("cannot write '{}': {}", use_.rejects, std::strerror(counts_.rejects_lost))};
  return counts_.rejected > 0 && !rejects_ ? 1 : 0;
}

POSTROAD_DECL int run(const tool& is, const settings& use, const std::vector<std::string>& words,
                      const make_filter& make) {
  return engine(is, use, words).run(make);
}

POSTROAD_DECL int main_of(const tool& is, cli::options& table, settings& use, int argc, char** argv,
                          const make_filter& make) {
  add_common(table, use, is.is_local);
  cli::add_self_description(table, is.about);
  use.arguments.assign(argv + 1, argv + argc);
  auto words = table.parse(argc, argv);
  if (words.size() == 1 && use.input == "-" && is.word_is_file && is.word_is_file(words.front())) {
    use.input = words.front();
    words.clear();
  }
  if (use.ipv4_only && use.ipv6_only)
    throw cli::usage_error{"--ipv4 and --ipv6 leave nothing to use"};
  use.seed = seed_of(use);
  return run(is, use, words, make);
}

} // namespace postroad::flow
