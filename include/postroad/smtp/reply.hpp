/// One SMTP reply, read from bytes as they come. RFC 5321 4.2.1.
#pragma once

#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::smtp {

inline constexpr std::size_t max_reply_lines = 64; // four times the longest EHLO reply seen in the wild
inline constexpr std::size_t max_reply_bytes = 32 * 1024;
inline constexpr std::size_t max_line_bytes = 512; // RFC 5321 4.5.3.1.5, with the line end
inline constexpr std::size_t max_garbage_bytes =
    512; // of bytes that are no reply, as many as one line of one

/// A whole reply: its last code, and its lines as received, without line ends, joined by LF.
///
/// Servers break the rules; what they broke is said and the reply is read all the same.
struct reply {
  int code = 0;              ///< of the last line that has one
  std::string text;          ///< codes kept: "250-mx.example\n250 STARTTLS"
  bool bare_lf = false;      ///< a line ended in LF alone (RFC 5321 2.3.8)
  bool wrong_code = false;   ///< two lines have different codes
  bool lost_code = false;    ///< a line after the first has none: banner masks eat them
  bool long_line = false;    ///< a line of more than 512 bytes
  bool unterminated = false; ///< the connection fell silent before the line end

  [[nodiscard]] bool positive() const noexcept { return code >= 200 && code < 300; }
  [[nodiscard]] bool refusal() const noexcept { return code >= 400; }
  [[nodiscard]] bool permanent() const noexcept { return code >= 500; }

  /// The lines; views into `text`.
  [[nodiscard]] std::vector<std::string_view> lines() const {
    std::vector<std::string_view> out;
    std::string_view rest = text;
    for (auto lf = rest.find('\n'); lf != std::string_view::npos; lf = rest.find('\n')) {
      out.push_back(rest.substr(0, lf));
      rest.remove_prefix(lf + 1);
    }
    out.push_back(rest);
    return out;
  }
};

/// The three digits that a line begins with, or nothing. Any byte but a fourth digit may follow, because
/// banner masks write "220****". Example: reply_code("250-SIZE") == 250; reply_code("2200 x") is nothing.
[[nodiscard]] constexpr std::optional<int> reply_code(std::string_view line) noexcept {
  if (line.size() < 3 || line[0] < '1' || line[0] > '5' || !text::is_digit(line[1]) ||
      !text::is_digit(line[2]))
    return std::nullopt;
  if (line.size() > 3 && text::is_digit(line[3]))
    return std::nullopt;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/// Does this line, which has a code, promise another one?
[[nodiscard]] constexpr bool continues(std::string_view line) noexcept {
  return line.size() > 3 && line[3] == '-';
}

/// Reads one reply after another. What it says depends on the bytes alone, not on how they were cut up.
///
/// Lines end in CRLF or LF. A first line without a code is no reply: the reader fails at its end and `text()`
/// keeps at most max_garbage_bytes of it. A later line without a code is kept and marked. More than
/// max_reply_lines or max_reply_bytes is a failure too.
///
/// Example: `reply_reader r; r.feed("250-a\r\n250 b\r\n220 c");` consumes 14 bytes; `r.take().text` is
/// "250-a\n250 b".
class reply_reader {
public:
  enum class state : std::uint8_t { more, complete, failed };

  /// Consumes bytes up to the end of the reply and says how many. Consumes nothing once complete or failed.
  std::size_t feed(std::string_view bytes) {
    std::size_t used = 0;
    if (now_.text.empty()) // most replies come in one piece
      now_.text.reserve(std::min(bytes.size(), max_reply_bytes));
    while (state_ == state::more && used < bytes.size()) {
      const auto rest = bytes.substr(used);
      const auto lf = rest.find('\n');
      const auto piece = rest.substr(0, lf);
      const auto room = max_reply_bytes - now_.text.size();
      now_.text.append(piece.substr(0, room));
      if (piece.size() > room || (lf != std::string_view::npos && piece.size() == room)) {
        fail("reply longer than 32 KB");
        return used + room;
      }
      used += piece.size();
      if (lf == std::string_view::npos)
        break;
      ++used;
      end_line();
    }
    return used;
  }

  [[nodiscard]] state status() const noexcept { return state_; }
  /// Why it failed; static text.
  [[nodiscard]] std::string_view why() const noexcept { return why_; }
  /// What has come of the reply so far, a line that is not finished yet included.
  [[nodiscard]] const std::string& text() const noexcept { return now_.text; }
  [[nodiscard]] bool empty() const noexcept { return now_.text.empty(); }

  /// Do the bytes so far begin no reply, whatever may follow?
  [[nodiscard]] bool garbled() const noexcept {
    if (lines_ != 0 || now_.text.empty())
      return false;
    // Digits still missing are taken to come: "22" may become "220".
    return !reply_code(now_.text.size() < 3 ? now_.text + std::string(3 - now_.text.size(), '0') : now_.text);
  }

  /// Nothing more will come: makes a reply complete whose last line lacks only its line end, or whose last
  /// line may have lost its code. False when what has come is no whole reply.
  bool finish() {
    if (state_ != state::more)
      return false;
    const auto last = line();
    const auto code = reply_code(last);
    if (code && !continues(last)) {
      now_.unterminated = true;
      end_line();
      return state_ == state::complete;
    }
    if (!now_.lost_code)
      return false;
    drop_empty_line();
    state_ = state::complete;
    return true;
  }

  /// Hands the complete reply over and begins the next.
  [[nodiscard]] reply take() {
    reply done = std::move(now_);
    clear();
    return done;
  }
  /// Forgets all, a failure included.
  void clear() { *this = reply_reader{}; }

private:
  [[nodiscard]] std::string_view line() const noexcept { return std::string_view(now_.text).substr(start_); }

  void end_line() {
    if (!now_.text.empty() && now_.text.size() > start_ && now_.text.back() == '\r')
      now_.text.pop_back();
    else if (!now_.unterminated)
      now_.bare_lf = true;
    const auto finished = line();
    now_.long_line = now_.long_line || finished.size() + 2 > max_line_bytes;
    ++lines_;
    const auto code = reply_code(finished);
    if (!code && lines_ == 1)
      return fail("not an SMTP reply");
    note_code(code);
    if (code && !continues(finished))
      state_ = state::complete;
    else if (lines_ == max_reply_lines)
      fail("reply of more than 64 lines");
    else
      next_line();
  }

  void note_code(std::optional<int> code) noexcept {
    if (!code) {
      now_.lost_code = true;
      return;
    }
    now_.wrong_code = now_.wrong_code || (lines_ > 1 && *code != now_.code);
    now_.code = *code;
  }
  void next_line() {
    now_.text += '\n';
    start_ = now_.text.size();
  }
  void drop_empty_line() {
    if (start_ == now_.text.size() && start_ > 0)
      now_.text.pop_back();
  }
  void fail(std::string_view why) {
    if (!reply_code(now_.text))
      now_.text.resize(std::min(now_.text.size(), max_garbage_bytes));
    state_ = state::failed;
    why_ = why;
  }

  reply now_;
  std::size_t start_ = 0; // of the line being read, in now_.text
  std::size_t lines_ = 0; // ended so far
  std::string_view why_;
  state state_ = state::more;
};

} // namespace postroad::smtp
