/// The questions we put to a mail server, as a state machine that touches no socket.
#pragma once

#include <postroad/outcome.hpp>
#include <postroad/smtp/ehlo.hpp>
#include <postroad/smtp/reply.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::smtp {

/// An extra verb that was said after STARTTLS was refused, and what came back; code 0: nothing.
struct control {
  std::string sent;
  int code = 0;
  std::string reply;
  friend bool operator==(const control&, const control&) = default;
};

/// What one server said, whole. Texts are replies as received: codes kept, lines joined by LF. An empty text
/// and a code of 0 mean that there was none.
struct grab {
  outcome what = outcome::ok;
  stage reached = stage::connect; ///< the step in which it ended
  int banner_code = 0;
  int starttls_code = 0;
  bool greeted = false;    ///< EHLO or HELO was answered 2xx
  bool helo_used = false;  ///< EHLO was refused, HELO was said
  bool advertised = false; ///< STARTTLS stood among the capabilities
  bool sent = false;       ///< STARTTLS was said
  bool extra_after_220 =
      false; ///< plaintext came along behind the 220: response injection, or a broken server
  std::string banner;
  std::string ehlo; ///< the reply to EHLO, a refusal too
  std::string helo;
  std::string starttls_reply;
  std::vector<control> controls;        ///< in the order in which they were said
  std::string surplus;                  ///< the bytes behind the 220
  std::string detail;                   ///< in plain words, what was odd
  std::chrono::microseconds elapsed{0}; ///< from connect to the last reply, QUIT left out; the driver's

  /// The reply to EHLO where it tells capabilities, for for_each_capability().
  [[nodiscard]] std::string_view told() const noexcept {
    return greeted && !helo_used ? std::string_view(ehlo) : std::string_view();
  }
};

/// Views: what they show must outlive the dialog.
struct dialog_settings {
  std::string_view ehlo_name; ///< truthful: our FQDN or address literal (RFC 5321 4.1.1.1)
  bool starttls = true;
  std::span<const std::string> controls =
      {}; ///< verbs to say where STARTTLS is answered 2xx or 5xx, but not 220
};

enum class act : std::uint8_t { send, receive, hang_up };
enum class patience : std::uint8_t {
  banner, ///< servers make one wait before they greet
  reply,
  brief, ///< nothing depends on the answer, or it is known to be wrong already
};
enum class parting : std::uint8_t {
  close,
  reset,   ///< drop the connection, nothing on it is worth waiting for
  upgrade, ///< STARTTLS was answered 220: the next byte is TLS
};

/// What the dialog wants done next; `bytes` holds until the dialog is told something.
struct step {
  act what = act::hang_up;
  std::string_view bytes = {};     ///< to send, in one segment
  patience wait = patience::reply; ///< when receiving
  parting how = parting::close;    ///< when hanging up
};

/// banner, EHLO (HELO where that is refused for good), STARTTLS, the controls, QUIT.
///
/// STARTTLS is said to every server that answered, whether it advertised it or not: a middlebox may have
/// hidden the keyword, and the reply tells (study section 5.1). It goes out as one segment because Cisco's
/// inspection takes single characters for bad verbs. QUIT is left out after 220, where the protocol
/// (RFC 3207) allows TLS only. A control is a verb that no server knows, or one that means nothing: what it
/// meets on its way tells what STARTTLS met.
///
/// Drive it: do what next() says, then tell it what came. What came before a command was out is no answer to
/// it: it is noted and dropped, but for a 421, which a server may say at any time (RFC 5321 3.8), and for the
/// rest of a greeting that came as two replies, as masks make of one, which is joined to the banner.
///
/// Example: `dialog d({"me.example"}); d.next()` is receive; `d.feed("220 hi\r\n"); d.next().bytes` is
/// "EHLO me.example\r\n".
class dialog {
public:
  explicit dialog(dialog_settings use) : use_(use) { got_.reached = stage::banner; }

  [[nodiscard]] step next() {
    while (at_ != state::over) {
      if (unsent_) {
        unsent_ = false;
        drop_unasked();
        return {.what = act::send, .bytes = command_};
      }
      if (at_ == state::leaving) {
        at_ = state::over;
        break;
      }
      if (early_.empty())
        return {.what = act::receive, .wait = patience_now()};
      const std::string bytes = std::exchange(early_, {});
      feed(bytes);
    }
    return {.what = act::hang_up, .how = how_};
  }

  void feed(std::string_view bytes) {
    if (at_ >= state::leaving) // nothing is waited for any more
      return;
    if (unsent_ || !early_.empty()) {
      early_.append(bytes);
      return;
    }
    bytes.remove_prefix(reader_.feed(bytes));
    if (reader_.status() == reply_reader::state::more)
      return;
    early_.assign(bytes);
    if (reader_.status() == reply_reader::state::complete)
      answered(reader_.take());
    else
      garbled();
  }

  /// The server closed its side, reset the connection, or said nothing in time.
  void closed() { ended(outcome::closed); }
  void reset() { ended(outcome::reset); }
  void timed_out() { ended(outcome::timeout); }
  /// The same for any reason; `detail` is kept. What has come of a reply counts as the reply where only its
  /// end is missing, and after a time-out the dialog then goes on, but not from EHLO to STARTTLS.
  void ended(outcome why, std::string_view detail = {}) {
    if (decided())
      return leave(parting::close);
    if (at_ == state::control)
      return control_ended(why);
    note(detail);
    if (!unsent_ && reader_.finish()) {
      auto said = reader_.take();
      if (why == outcome::timeout && said.unterminated && (at_ == state::ehlo || at_ == state::helo)) {
        // A server that pauses in mid-line goes on some time, and its rest would pass for the reply to
        // STARTTLS.
        note_oddities(said);
        (at_ == state::ehlo ? got_.ehlo : got_.helo) = std::move(said.text);
        return decide(why, state::leaving);
      }
      answered(std::move(said));
      if (why == outcome::timeout || over())
        return;
      if (decided())
        return leave(parting::close);
    }
    if (!unsent_ && reader_.garbled()) {
      note("not an SMTP reply");
      why = outcome::protocol_error;
    }
    if (why != outcome::timeout || at_ == state::banner)
      return give_up(why, why == outcome::closed ? parting::close : parting::reset);
    keep_partial();
    decide(why, state::leaving);
  }
  /// No reply to a control, or half of one. What STARTTLS came to stands.
  void control_ended(outcome why) {
    keep_partial();
    why == outcome::timeout ? decide(outcome::ok, state::leaving) : leave(parting::close);
  }
  /// The connection could not be made.
  void not_connected(outcome why, std::string_view detail = {}) {
    got_.reached = stage::connect;
    note(detail);
    give_up(why, parting::reset);
  }
  /// The user stopped us.
  void aborted() { give_up(outcome::aborted, parting::reset); }

  [[nodiscard]] bool over() const noexcept { return at_ == state::over; }
  /// Is the outcome settled, whatever QUIT may bring?
  [[nodiscard]] bool decided() const noexcept { return at_ >= state::quit; }
  /// The result, once hang_up was said.
  [[nodiscard]] grab take() { return std::move(got_); }

private:
  static constexpr int greeting = 220;
  enum class state : std::uint8_t { banner, ehlo, helo, starttls, control, quit, leaving, over };

  [[nodiscard]] patience patience_now() const noexcept {
    if (at_ == state::quit || reader_.garbled())
      return patience::brief;
    return at_ == state::banner ? patience::banner : patience::reply;
  }

  void answered(reply said) {
    note_oddities(said);
    switch (at_) {
    case state::banner:
      return banner_came(std::move(said));
    case state::ehlo:
      return ehlo_came(std::move(said));
    case state::helo:
      return helo_came(std::move(said));
    case state::starttls:
      return starttls_came(std::move(said));
    case state::control:
      return control_came(std::move(said));
    default: // 221, or whatever it thinks of QUIT
      leave(parting::close);
    }
  }

  void banner_came(reply said) {
    got_.banner_code = said.code;
    got_.banner = std::move(said.text);
    if (got_.banner_code >= 200 && got_.banner_code < 300)
      return say_greeting("EHLO ", state::ehlo);
    if (got_.banner_code >= 400)
      return decide(outcome::refused, state::quit);
    decide(outcome::protocol_error, state::quit);
  }
  void ehlo_came(reply said) {
    if (said.code == greeting && got_.banner.size() < max_reply_bytes) {
      note("greets twice");
      got_.banner.append(1, '\n').append(said.text);
      return; // the reply to EHLO is still to come
    }
    const bool positive = said.positive(), permanent = said.permanent();
    got_.ehlo = std::move(said.text);
    if (positive) {
      got_.advertised = offers(got_.ehlo, "STARTTLS");
      return say_starttls();
    }
    if (!permanent) // RFC 5321 4.1.1.1 knows HELO as the answer to 5xx; 421 says that the server is leaving
      return decide(outcome::refused, state::quit);
    got_.helo_used = true;
    say_greeting("HELO ", state::helo);
  }
  void helo_came(reply said) {
    const bool positive = said.positive();
    got_.helo = std::move(said.text);
    if (positive)
      return say_starttls();
    decide(outcome::refused, state::quit);
  }
  void starttls_came(reply said) {
    got_.starttls_code = said.code;
    got_.starttls_reply = std::move(said.text);
    if (got_.starttls_code != 220) // PIX answers 250: it made a NOOP of it
      return say_control();
    got_.surplus = std::exchange(early_, {});
    got_.extra_after_220 = !got_.surplus.empty();
    got_.what = outcome::ok;
    leave(parting::upgrade);
  }

  void control_came(reply said) {
    auto& now = got_.controls.back();
    now.code = said.code;
    now.reply = std::move(said.text);
    const bool tired = now.code == 421;
    tired ? decide(outcome::ok, state::quit) : say_control();
  }

  /// The next control, or QUIT. A server that fails for a while (4xx) is not asked more.
  void say_control() {
    const auto next = got_.controls.size();
    const bool passing = got_.starttls_code >= 400 && got_.starttls_code < 500;
    if (passing || next >= use_.controls.size())
      return decide(outcome::ok, state::quit);
    got_.what = outcome::ok;
    got_.controls.push_back({use_.controls[next], 0, {}});
    command_ = use_.controls[next] + "\r\n";
    say(state::control);
  }

  void say_greeting(std::string_view verb, state then) {
    got_.reached = stage::ehlo;
    command_.assign(verb).append(use_.ehlo_name).append("\r\n");
    say(then);
  }
  void say_starttls() {
    got_.greeted = true;
    if (!use_.starttls)
      return decide(outcome::ok, state::quit);
    got_.reached = stage::starttls;
    got_.sent = true;
    command_ = "STARTTLS\r\n";
    say(state::starttls);
  }
  void say(state then) {
    at_ = then;
    unsent_ = true;
  }

  void drop_unasked() {
    const bool greets_on = at_ == state::ehlo && (early_.starts_with("220") || is_masked());
    if (early_.empty() || early_.starts_with("421") || greets_on)
      return;
    if (!decided())
      note("a reply that nothing asked for");
    early_.clear();
  }

  // Settles the outcome and says QUIT; waits for its reply (state quit) or not (state leaving).
  void decide(outcome what, state then) {
    got_.what = what;
    command_ = "QUIT\r\n";
    how_ = parting::close;
    say(then);
  }
  void leave(parting how) {
    how_ = how;
    unsent_ = false;
    at_ = state::over;
  }
  void give_up(outcome what, parting how) {
    if (!decided()) {
      keep_partial();
      got_.what = at_ == state::control ? outcome::ok : what;
    }
    leave(how);
  }

  void garbled() {
    if (at_ == state::quit)
      return leave(parting::close);
    if (is_rest_of_mask()) {
      got_.banner.append(1, '\n').append(reader_.text());
      reader_.clear();
      return;
    }
    note(reader_.why());
    keep_partial();
    if (at_ == state::banner) { // it is no mail server: there is nobody to say QUIT to
      got_.what = outcome::protocol_error;
      return leave(parting::reset);
    }
    const bool in_control = at_ == state::control; // what STARTTLS came to stands
    early_.clear();
    reader_.clear();
    decide(in_control ? outcome::ok : outcome::protocol_error, state::quit);
  }

  [[nodiscard]] bool is_masked() const noexcept { return got_.banner.find("***") != std::string::npos; }

  // A mask writes stars over the banner and may take the code of a second line with it: that line then comes
  // where the reply to EHLO is awaited. Nothing else but stars and blanks passes for one.
  [[nodiscard]] bool is_rest_of_mask() const noexcept {
    const std::string_view line = reader_.text();
    return at_ == state::ehlo && is_masked() && got_.banner.size() < max_reply_bytes &&
           line.find('*') != std::string_view::npos &&
           line.find_first_not_of("* 02") == std::string_view::npos; // digits that a mask spares
  }

  // What came of a reply that is not whole belongs to the step it came in.
  void keep_partial() {
    auto& place = at_ == state::banner    ? got_.banner
                  : at_ == state::ehlo    ? got_.ehlo
                  : at_ == state::helo    ? got_.helo
                  : at_ == state::control ? got_.controls.back().reply
                                          : got_.starttls_reply;
    if (reader_.empty() || at_ > state::control)
      return;
    place = reader_.text();
    while (!place.empty() && (place.back() == '\n' || place.back() == '\r'))
      place.pop_back();
  }

  void note_oddities(const reply& said) {
    if (at_ == state::quit)
      return;
    if (said.bare_lf)
      note("line ends in LF alone");
    if (said.wrong_code)
      note("different codes in one reply");
    if (said.lost_code)
      note("line without a code");
    if (said.long_line)
      note("line longer than 512 bytes");
    if (said.unterminated)
      note("last line does not end");
  }
  void note(std::string_view words) {
    if (words.empty() || got_.detail.find(words) != std::string::npos)
      return;
    if (!got_.detail.empty())
      got_.detail += "; ";
    got_.detail += words;
  }

  dialog_settings use_;
  reply_reader reader_;
  std::string early_; // bytes that came before the next command was sent
  std::string command_;
  grab got_;
  parting how_ = parting::close;
  state at_ = state::banner;
  bool unsent_ = false;
};

} // namespace postroad::smtp
