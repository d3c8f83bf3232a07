/// Where the records of a scan go.
#pragma once

#include <postroad/flow/scan_settings.hpp>
#include <postroad/net/address.hpp>
#include <postroad/record/stdio.hpp>
#include <postroad/scan/member.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace postroad::flow {

/// Gathers lines and hands them to the thread that writes: every 64 KiB, every tenth of a second, or each at
/// once on a terminal.
class scan_output {
public:
  using clock = std::chrono::steady_clock;
  scan_output(int fd, bool terminal, bool pages, std::function<void()> wake)
      : out_(fd, std::move(wake)), terminal_(terminal), pages_(pages) {}

  void write(const scan::told_answer& a, const scan_settings& use) {
    if (pages_)
      buffer_ += page_of(a);
    else
      scan::write_record(buffer_, a, use.fields);
    buffer_ += '\n';
    if (buffer_.size() >= flush_at || terminal_)
      flush();
  }
  /// The line of a target that a dry run would ask.
  void write(const net::endpoint& to, scan::probe_kind probe) {
    text::json_writer out(buffer_);
    out.object().member("ip", net::to_string(to.ip));
    if (probe != scan::probe_kind::icmp)
      out.member("port", to.port);
    out.end();
    buffer_ += '\n';
    if (buffer_.size() >= flush_at)
      out_.wait_and_give(buffer_);
  }
  /// Hands over what has waited long enough.
  void flush_in_time(clock::time_point now) {
    if (out_.idle() && out_.error() == 0) // then all that was handed over is out
      all_written_ = buffer_.empty() ? now : flushed_;
    if (now - flushed_ >= flush_after)
      flush();
  }
  /// Everything is written, or cannot be. Does not wait: call it until it is so.
  [[nodiscard]] bool is_finished() {
    flush();
    return out_.idle() && (buffer_.empty() || out_.error() != 0);
  }
  /// Lines of before that time are written.
  [[nodiscard]] clock::time_point all_written_at() const noexcept { return all_written_; }
  /// So much waits for a slow reader that no more should come.
  [[nodiscard]] bool is_full() const { return buffer_.size() > most_waiting; }
  [[nodiscard]] int error() const { return out_.error(); }
  [[nodiscard]] std::uint64_t bytes_written() const { return out_.bytes_written(); }

private:
  static constexpr std::size_t flush_at = 64 * 1024, most_waiting = 4 * 1024 * 1024;
  static constexpr std::chrono::milliseconds flush_after{100};

  /// Example: "192.0.2.1:25  open  ttl 57  31 ms".
  static std::string page_of(const scan::told_answer& a) {
    auto line =
        a.probe == scan::probe_kind::icmp ? net::to_string(a.what.target.ip) : to_string(a.what.target);
    line += fmt::format("  {}", scan::answer_words[static_cast<std::size_t>(a.what.is)]);
    if (a.packet.is != scan::heard::kind::told)
      line += fmt::format("  ttl {}", a.packet.ttl);
    if (a.round_trip)
      line += fmt::format("  {} ms", a.round_trip->count() / 1000);
    if (a.packet.is == scan::heard::kind::error)
      line += fmt::format("  from {}, type {} code {}", net::to_string(a.packet.from.ip), a.packet.icmp_type,
                          a.packet.icmp_code);
    return line;
  }
  void flush() {
    if (buffer_.empty() || !out_.idle())
      return;
    flushed_ = clock::now();
    out_.give(buffer_);
  }

  record::output out_;
  bool terminal_, pages_;
  std::string buffer_;
  clock::time_point flushed_ = clock::now(), all_written_ = flushed_;
};

} // namespace postroad::flow
