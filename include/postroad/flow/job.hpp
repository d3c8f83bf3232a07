/// One record on its way through a filter.
#pragma once

#include <postroad/net/address.hpp>
#include <postroad/outcome.hpp>
#include <postroad/record/edit.hpp>
#include <postroad/record/value.hpp>
#include <postroad/text/unescape.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::flow {

/// Something that a record says, found by one of the paths that the tool asked for.
struct field {
  std::uint32_t path;
  std::uint32_t ordinal; ///< index in the outermost array or object that was fanned out
  record::value::kind is;
  std::string_view raw; ///< JSON, inside the job's line
};

/// The same while its record is being read: its text is at hand, too.
struct fresh_field : field {
  std::string_view text; ///< where it is a text: unescaped; gone when the next record is read
};

/// Whom or what the record is about. What is missing was not said.
struct subject {
  std::string domain; ///< A-labels, lower case; what cannot be one stays as it was
  std::string host;   ///< a server named directly
  std::optional<net::address> ip;
  std::optional<std::uint16_t> port;
  bool bad_ip = false;   ///< there is an `ip`, and it is no address
  bool bad_port = false; ///< there is a `port`, and it is none
};

/// The N places of --concurrency. A record holds one while it works, and none while it waits for another's
/// answer.
class places {
public:
  places(asio::io_context& io, std::size_t n) : io_(io), free_(n) {}
  [[nodiscard]] bool any_free() const noexcept { return free_ > 0 && waiting_.empty(); }
  void take() noexcept { --free_; }
  void give_back() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    const auto next = waiting_.front(); // the place goes from hand to hand
    waiting_.pop_front();
    asio::post(io_, [next] { next.resume(); });
  }

  struct awaiter {
    places& of;
    [[nodiscard]] bool await_ready() const noexcept {
      if (of.free_ == 0)
        return false;
      --of.free_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> h) { of.waiting_.push_back(h); }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] awaiter take_when_free() noexcept { return {*this}; }

private:
  asio::io_context& io_;
  std::size_t free_;
  std::deque<std::coroutine_handle<>> waiting_;
};

/// What the jobs of one engine share: their places, and memory for what is written in one go, which thus
/// stays in the CPU's caches where a job's own would not.
struct desk {
  desk(asio::io_context& io, std::size_t n) : at_work(io, n) {}
  places at_work;
  std::string scratch;
  std::vector<record::member> written;
  std::vector<std::string> texts; ///< empty ones with memory
};

/// One record under way. A filter reads what it says and writes the member that was measured, once or, with
/// --each, several times.
class job {
public:
  explicit job(desk& at) : desk_(at) {}
  job(const job&) = delete;
  job& operator=(const job&) = delete;

  [[nodiscard]] const subject& about() const noexcept { return about_; }
  [[nodiscard]] const std::vector<field>& fields() const noexcept { return fields_; }

  /// The text at a path, unescaped; nothing where there is none or it is no text. The first of several.
  [[nodiscard]] std::optional<std::string> text(std::size_t path) const {
    for (const auto& f : fields_)
      if (f.path == path && f.is == record::value::kind::text)
        return text::json_unescaped(f.raw);
    return std::nullopt;
  }
  template <class T>
  [[nodiscard]] std::optional<T> number(std::size_t path) const {
    for (const auto& f : fields_)
      if (f.path == path)
        return text::number<T>(f.raw);
    return std::nullopt;
  }
  [[nodiscard]] bool has(std::size_t path) const noexcept {
    for (const auto& f : fields_)
      if (f.path == path)
        return true;
    return false;
  }

  /// Writes the record with the measured member (JSON), and with further members behind it that --each adds.
  void write(outcome what, std::string_view json, std::span<const record::member> more = {}) {
    if (out_.empty() && !desk_.texts.empty()) {
      out_.swap(desk_.texts.back());
      desk_.texts.pop_back();
    }
    desk_.written.assign({{member_, json}});
    desk_.written.insert(desk_.written.end(), more.begin(), more.end());
    record::append_record(out_, line_view(), there_, desk_.written);
    outcomes_.push_back(what);
  }

  /// Whether the record has one of the members that --each adds, from an earlier run.
  [[nodiscard]] bool stood(std::string_view member) const noexcept {
    return std::any_of(there_.begin(), there_.end(), [&](const auto& m) { return m.name == member; });
  }

  /// An empty string to build the member in, until the next co_await: the jobs share it.
  [[nodiscard]] std::string& scratch() noexcept {
    desk_.scratch.clear();
    return desk_.scratch;
  }

  /// Gives the place back while another's work is waited for.
  void park() {
    if (!std::exchange(parked_, true))
      desk_.at_work.give_back();
  }
  /// Takes a place again before work of its own. Await it.
  [[nodiscard]] places::awaiter unpark() noexcept {
    parked_ = false;
    return desk_.at_work.take_when_free();
  }
  [[nodiscard]] bool is_parked() const noexcept { return parked_; }

private:
  friend class engine;
  [[nodiscard]] std::string_view line_view() const noexcept { return {line_.data(), line_size_}; }

  desk& desk_;
  bool parked_ = false;
  std::uint64_t number_ = 0; ///< of the record in the run, for --keep-order
  std::size_t cost_ = 0;     ///< bytes held of --window
  std::string line_;         ///< the record, and slack behind it
  std::size_t line_size_ = 0;
  std::string_view member_;
  subject about_;
  std::vector<field> fields_;
  std::vector<record::present> there_;
  std::string out_;
  std::vector<outcome> outcomes_;

  /// Begins anew with another record; the memory stays.
  void reuse() {
    parked_ = false;
    fields_.clear();
    there_.clear();
    out_.clear();
    desk_.texts.push_back(std::exchange(out_, {}));
    outcomes_.clear();
  }
};

} // namespace postroad::flow
