// The dialog against any server: it ends, says nothing but its commands in their order, and hears the
// same however the server's bytes are cut up.
#include <postroad/smtp/dialog.hpp>
#include <postroad/smtp/member.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

using namespace postroad;
using namespace postroad::smtp;

namespace {

void must(bool holds) {
  if (!holds)
    std::abort();
}

enum class ending : std::uint8_t { close, reset, silence, abort };

void end(dialog& talk, ending how) {
  switch (how) {
  case ending::close:
    return talk.closed();
  case ending::reset:
    return talk.reset();
  case ending::silence:
    return talk.timed_out();
  default:
    return talk.aborted();
  }
}

struct run {
  grab got;
  std::string said;
  parting how;
};

/// The server's next turn, in pieces that come before we say anything more.
void hear_turn(dialog& talk, std::string_view& wire, std::size_t piece) {
  for (auto turn = text::take_until(wire, '\0'); !turn.empty();
       turn.remove_prefix(std::min(piece, turn.size())))
    talk.feed(turn.substr(0, piece));
}

run play(std::string_view wire, ending how, std::size_t piece) {
  static const std::string controls[] = {"TESTVERB", "NOOP"};
  dialog talk({"me", true, controls});
  run r;
  bool greeted = false;
  for (int steps = 64; steps > 0; --steps) { // each step ends a wait or says something
    const step todo = talk.next();
    if (todo.what == act::hang_up) {
      r.how = todo.how;
      r.got = talk.take();
      return r;
    }
    if (todo.what == act::send)
      r.said += todo.bytes;
    if (todo.what == act::send || !std::exchange(greeted, true))
      hear_turn(talk, wire, piece);
    else
      end(talk, how);
  }
  std::abort(); // it does not end
}

void check_commands(const run& r) {
  std::string_view said = r.said;
  for (const std::string_view command :
       {"EHLO me\r\n", "HELO me\r\n", "STARTTLS\r\n", "TESTVERB\r\n", "NOOP\r\n", "QUIT\r\n"})
    if (said.starts_with(command))
      said.remove_prefix(command.size());
  must(said.empty());
  must((r.how == parting::upgrade) == (r.got.starttls_code == 220));
  must(r.how != parting::upgrade || r.said.find("QUIT") == std::string::npos);
}

void check_grab(const grab& got) {
  must(got.sent || got.starttls_code == 0);
  must(got.controls.empty() || (got.what == outcome::ok && got.starttls_code != 220));
  must(got.what != outcome::ok || got.starttls_code != 0);
  must(!got.advertised || !capabilities(got.told()).empty());
  must(got.extra_after_220 == !got.surplus.empty());
  must(got.banner.size() <= 2 * max_reply_bytes + 1 && got.ehlo.size() <= max_reply_bytes);
  std::string out;
  text::json_writer json(out);
  write_smtp(json, got, {}, "h", "t", {});
  must(text::is_utf8(out) && out.find('\n') == std::string::npos);
}

void check_same(const grab& a, const grab& b) {
  must(a.what == b.what && a.reached == b.reached);
  must(a.banner == b.banner && a.ehlo == b.ehlo && a.helo == b.helo);
  must(a.starttls_reply == b.starttls_reply && a.starttls_code == b.starttls_code);
  must(a.told() == b.told() && a.detail == b.detail);
  must(a.controls == b.controls);
}

} // namespace

// The first byte says how the server ends and how large the pieces are; NUL ends a turn of the server's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1)
    return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto how = static_cast<ending>(data[0] & 3);
  const auto whole = play(wire, how, wire.size() + 1);
  const auto cut = play(wire, how, (data[0] >> 2) % 16 + 1u);
  check_commands(whole);
  check_commands(cut);
  check_grab(whole.got);
  check_same(whole.got, cut.got);
  must(whole.said == cut.said);
  return 0;
}
