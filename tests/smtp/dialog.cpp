#include <postroad/smtp/dialog.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace postroad;
using namespace postroad::smtp;
using namespace std::string_literals;

namespace {

enum class then { close, reset, silence };

struct course {
  grab got;
  std::vector<std::string> said; ///< what we sent
  parting how = parting::close;
};

/// Plays a server's replies: the first is the banner, each later one answers a command. A reply may be "",
/// when the server says nothing to that. After the last one it does `end`.
course play(const std::vector<std::string>& replies, then end = then::close, std::size_t piece = 0,
            const std::vector<std::string>& controls = {}) {
  dialog talk({"me.example", true, controls});
  course run;
  std::size_t at = 0;
  std::string wire = replies.empty() ? "" : replies[0];
  for (int steps = 0; steps < 100'000; ++steps) {
    const auto todo = talk.next();
    if (todo.what == act::hang_up) {
      run.how = todo.how;
      run.got = talk.take();
      return run;
    }
    if (todo.what == act::send) {
      run.said.emplace_back(todo.bytes);
      if (++at < replies.size())
        wire += replies[at];
      continue;
    }
    if (!wire.empty()) {
      const auto n = piece == 0 ? wire.size() : std::min(piece, wire.size());
      talk.feed(std::string_view(wire).substr(0, n));
      wire.erase(0, n);
    } else if (at + 1 < replies.size() || end == then::silence) {
      talk.timed_out();
    } else if (end == then::reset) {
      talk.reset();
    } else {
      talk.closed();
    }
  }
  FAIL("the dialog does not end");
  return run;
}

const std::string ehlo_ok = "250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n";
const std::string bye = "221 bye\r\n";
using words = std::vector<std::string>;

void ends(const course& run, outcome what, stage where) {
  CHECK(to_string(run.got.what) == to_string(what));
  CHECK(to_string(run.got.reached) == to_string(where));
}

} // namespace

TEST_CASE("RFC 3207: banner, EHLO, STARTTLS, and nothing in plain text after 220") {
  const auto run = play({"220 mx.example ESMTP\r\n", ehlo_ok, "220 go ahead\r\n"});
  ends(run, outcome::ok, stage::starttls);
  CHECK(run.said == words{"EHLO me.example\r\n", "STARTTLS\r\n"});
  CHECK(run.how == parting::upgrade);
  CHECK(run.got.banner == "220 mx.example ESMTP");
  CHECK(run.got.banner_code == 220);
  CHECK(run.got.ehlo == "250-mx.example\n250-SIZE 1000\n250 STARTTLS");
  CHECK(capabilities(run.got.told()) == words{"SIZE 1000", "STARTTLS"});
  CHECK(run.got.advertised);
  CHECK(run.got.greeted);
  CHECK(run.got.sent);
  CHECK(run.got.starttls_code == 220);
  CHECK(run.got.starttls_reply == "220 go ahead");
  CHECK_FALSE(run.got.extra_after_220);
  CHECK(run.got.detail.empty());
}

TEST_CASE("study 5.1: STARTTLS is said though not advertised, and its refusal is ok") {
  const auto run = play({"220 hi\r\n", "250-mx\r\n250 SIZE\r\n", "502 no\r\n", bye});
  ends(run, outcome::ok, stage::starttls);
  CHECK(run.said == words{"EHLO me.example\r\n", "STARTTLS\r\n", "QUIT\r\n"});
  CHECK(run.how == parting::close);
  CHECK_FALSE(run.got.advertised);
  CHECK(run.got.starttls_code == 502);
}

TEST_CASE("a 250 to STARTTLS (PIX made a NOOP of it) starts no TLS") {
  const auto run = play({"220 hi\r\n", ehlo_ok, "250 OK\r\n", bye});
  ends(run, outcome::ok, stage::starttls);
  CHECK(run.said.back() == "QUIT\r\n");
  CHECK(run.got.starttls_code == 250);
}

TEST_CASE("a masked banner gets EHLO all the same") {
  const auto run = play({"220 ****************\r\n", ehlo_ok, "220 go\r\n"});
  CHECK(run.said[0] == "EHLO me.example\r\n");
}

TEST_CASE("RFC 5321 4.1.1.1: HELO where EHLO is refused for good") {
  const auto run = play({"220 hi\r\n", "502 what\r\n", "250 hello\r\n", "500 what\r\n", bye});
  ends(run, outcome::ok, stage::starttls);
  CHECK(run.said == words{"EHLO me.example\r\n", "HELO me.example\r\n", "STARTTLS\r\n", "QUIT\r\n"});
  CHECK(run.got.helo_used);
  CHECK(run.got.ehlo == "502 what");
  CHECK(run.got.helo == "250 hello");
  CHECK(run.got.told().empty());
}

TEST_CASE("EHLO and HELO both refused") {
  const auto run = play({"220 hi\r\n", "502 what\r\n", "502 no\r\n", bye});
  ends(run, outcome::refused, stage::ehlo);
  CHECK(run.said.back() == "QUIT\r\n");
  CHECK_FALSE(run.got.greeted);
}

TEST_CASE("421 as a reply to EHLO is a refusal that HELO does not follow") {
  const auto run = play({"220 hi\r\n", "421 too busy\r\n"});
  ends(run, outcome::refused, stage::ehlo);
  CHECK(run.said == words{"EHLO me.example\r\n", "QUIT\r\n"});
}

TEST_CASE("a greeting of 4xx or 5xx is a refusal, its code is kept, QUIT is said (RFC 5321 3.1)") {
  for (const std::string code : {"421", "450", "554"}) {
    const auto run = play({code + " no\r\n", bye});
    ends(run, outcome::refused, stage::banner);
    CHECK(std::to_string(run.got.banner_code) == code);
    CHECK(run.said == words{"QUIT\r\n"});
  }
}

TEST_CASE("a greeting of 1xx or 3xx is no greeting") {
  ends(play({"354 send it\r\n", bye}), outcome::protocol_error, stage::banner);
}

TEST_CASE("closed, reset or silent at each step") {
  const std::vector<std::string> whole = {"220 hi\r\n", ehlo_ok, "454 no\r\n"};
  const stage steps[] = {stage::banner, stage::ehlo, stage::starttls};
  for (std::size_t n = 0; n < 3; ++n) {
    const std::vector<std::string> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    ends(play(part, then::close), outcome::closed, steps[n]);
    ends(play(part, then::reset), outcome::reset, steps[n]);
    ends(play(part, then::silence), outcome::timeout, steps[n]);
  }
}

TEST_CASE("a server that has greeted hears QUIT even when it went silent, one that has not does not") {
  CHECK(play({}, then::silence).said.empty());
  CHECK(play({"220 hi\r\n"}, then::silence).said == words{"EHLO me.example\r\n", "QUIT\r\n"});
  CHECK(play({"220 hi\r\n", ehlo_ok}, then::silence).said.back() == "QUIT\r\n");
}

TEST_CASE("a QUIT that is not answered changes nothing") {
  for (const auto end : {then::close, then::reset, then::silence})
    ends(play({"220 hi\r\n", ehlo_ok, "454 no\r\n", ""}, end), outcome::ok, stage::starttls);
  ends(play({"220 hi\r\n", ehlo_ok, "454 no\r\n", "garbage\r\n"}), outcome::ok, stage::starttls);
}

TEST_CASE("garbage is a protocol_error of its step, and is kept") {
  const auto banner = play({"SSH-2.0-x\r\n"}, then::silence);
  ends(banner, outcome::protocol_error, stage::banner);
  CHECK(banner.got.banner == "SSH-2.0-x");
  CHECK(banner.got.banner_code == 0);
  CHECK(banner.said.empty()); // nobody there speaks SMTP
  CHECK(banner.how == parting::reset);

  const auto ehlo = play({"220 hi\r\n", "garbage\r\n", bye});
  ends(ehlo, outcome::protocol_error, stage::ehlo);
  CHECK(ehlo.got.ehlo == "garbage");
  CHECK(ehlo.said.back() == "QUIT\r\n");

  const auto starttls = play({"220 hi\r\n", ehlo_ok, std::string("\x15\x03\x01\0\x02\x02\x28\n", 8), bye});
  ends(starttls, outcome::protocol_error, stage::starttls);
  CHECK(starttls.got.starttls_code == 0);
}

TEST_CASE("garbage without a line end is a protocol_error, not a time-out") {
  for (const auto end : {then::close, then::reset, then::silence}) {
    const auto run = play({"\x01\x02\x03"}, end);
    ends(run, outcome::protocol_error, stage::banner);
    CHECK(run.got.banner == "\x01\x02\x03");
  }
}

TEST_CASE("endless lines are a protocol_error of their step") {
  std::string endless;
  for (int i = 0; i < 1000; ++i)
    endless += "220-again\r\n";
  ends(play({endless}), outcome::protocol_error, stage::banner);
  ends(play({"220 hi\r\n", endless, endless}), outcome::protocol_error, stage::ehlo);
  ends(play({"220 " + std::string(1 << 20, 'x')}), outcome::protocol_error, stage::banner);
}

TEST_CASE("a reply that lacks only its line end counts, whatever ends it") {
  ends(play({"554 go away"}, then::close), outcome::refused, stage::banner);
  ends(play({"220 hi\r\n", ehlo_ok, "454 no"}, then::reset), outcome::ok, stage::starttls);
  const auto run = play({"220 hi", ehlo_ok, "220 go\r\n"}, then::silence);
  ends(run, outcome::ok, stage::starttls); // zgrab2 waits for the line end until its time-out
  CHECK(run.got.detail == "last line does not end");
}

TEST_CASE("the rest of an EHLO reply that paused in mid-line is no reply to STARTTLS") {
  const auto run = play({"220 hi\r\n", "250-mx\r\n250"}, then::silence);
  ends(run, outcome::timeout, stage::ehlo);
  CHECK(run.got.ehlo == "250-mx\n250");
  CHECK_FALSE(run.got.sent);
}

TEST_CASE("half a reply is kept, and is none") {
  const auto run = play({"220-hi\r\n"}, then::silence);
  ends(run, outcome::timeout, stage::banner);
  CHECK(run.got.banner == "220-hi");
  CHECK(run.got.banner_code == 0);
  const auto half = play({"220 hi\r\n", "250-mx\r\n250-STAR"}, then::close);
  ends(half, outcome::closed, stage::ehlo);
  CHECK(half.got.ehlo == "250-mx\n250-STAR");
}

TEST_CASE("a masked banner whose second line lost its code does not hang") {
  const auto open = play({"220-*****\r\n*********\r\n", ehlo_ok, "220 go\r\n"}, then::silence);
  ends(open, outcome::ok, stage::starttls);
  CHECK(open.got.banner == "220-*****\n*********");
  CHECK(open.got.detail == "line without a code");

  const auto closed = play({"220 *****\r\n**** 0 *\r\n", ehlo_ok, "220 go\r\n"});
  ends(closed, outcome::ok, stage::starttls);
  CHECK(closed.got.banner == "220 *****\n**** 0 *");
  CHECK(closed.got.ehlo == "250-mx.example\n250-SIZE 1000\n250 STARTTLS");
}

TEST_CASE("stars pass for the rest of a mask after a masked banner only") {
  ends(play({"220 hi\r\n", "****\r\n", bye}), outcome::protocol_error, stage::ehlo);
}

TEST_CASE("a reply that came before its command was out answers nothing") {
  const auto stray = play({"220 hi\r\n", ehlo_ok + "250 extra\r\n", "454 no\r\n", bye});
  ends(stray, outcome::ok, stage::starttls);
  CHECK(stray.got.starttls_reply == "454 no");
  CHECK(stray.got.detail == "a reply that nothing asked for");
  const auto all_at_once = play({"220 hi\r\n" + ehlo_ok + "454 no\r\n"});
  ends(all_at_once, outcome::closed, stage::ehlo);
}

TEST_CASE("RFC 5321 3.8: a 421 may come at any time") {
  const auto run = play({"220 hi\r\n421 too busy\r\n", "", bye});
  ends(run, outcome::refused, stage::ehlo);
  CHECK(run.got.ehlo == "421 too busy");
}

TEST_CASE("a greeting in two replies, as a mask makes of one in two lines, is one banner") {
  for (const std::string& more : {"220 ****\r\n"s, "220 and welcome\r\n"s}) {
    const auto run = play({"220 *************\r\n" + more, ehlo_ok, "220 go\r\n"});
    ends(run, outcome::ok, stage::starttls);
    CHECK(run.got.banner == "220 *************\n" + more.substr(0, more.size() - 2));
    CHECK(run.got.starttls_code == 220);
    CHECK(run.got.detail == "greets twice");
  }
  const auto late = play({"220 hi\r\n", "220 hi again\r\n" + ehlo_ok, "220 go\r\n"});
  ends(late, outcome::ok, stage::starttls);
  CHECK(late.got.banner == "220 hi\n220 hi again");
}

TEST_CASE("bytes behind the 220 are flagged and handed on") {
  const auto run = play({"220 hi\r\n", ehlo_ok, "220 go\r\n250 injected\r\n"});
  ends(run, outcome::ok, stage::starttls);
  CHECK(run.got.extra_after_220);
  CHECK(run.got.surplus == "250 injected\r\n");
  CHECK(run.got.starttls_reply == "220 go");
}

TEST_CASE("the whole dialog cut into pieces of any size is the same dialog") {
  const std::vector<std::string> server = {"220-mx\n220 hi\r\n", "500 what\r\n", "250-mx\r\n251 x\r\n",
                                           "500-a \xff\r\n500 b\r\n", bye};
  const auto whole = play(server);
  for (const std::size_t piece : {1u, 2u, 3u, 5u, 7u}) {
    const auto cut = play(server, then::close, piece);
    ends(cut, whole.got.what, whole.got.reached);
    CHECK(cut.said == whole.said);
    CHECK(cut.got.banner == whole.got.banner);
    CHECK(cut.got.helo == whole.got.helo);
    CHECK(cut.got.starttls_reply == whole.got.starttls_reply);
    CHECK(cut.got.detail == whole.got.detail);
  }
  CHECK(whole.got.detail == "line ends in LF alone; different codes in one reply");
}

TEST_CASE("without STARTTLS the dialog ends after EHLO") {
  dialog talk({.ehlo_name = "me", .starttls = false});
  talk.feed("220 hi\r\n");
  CHECK(talk.next().bytes == "EHLO me\r\n");
  talk.feed("250 mx\r\n");
  CHECK(talk.next().bytes == "QUIT\r\n");
  CHECK(talk.decided());
  talk.closed();
  CHECK(talk.next().what == act::hang_up);
  const auto got = talk.take();
  CHECK(to_string(got.reached) == "ehlo");
  CHECK_FALSE(got.sent);
}

TEST_CASE("a connection that cannot be made, and a user who stops us") {
  dialog unmade({"me"});
  unmade.not_connected(outcome::send_error, "Address not available");
  CHECK(unmade.next().what == act::hang_up);
  const auto got = unmade.take();
  CHECK(to_string(got.reached) == "connect");
  CHECK(got.detail == "Address not available");

  dialog stopped({"me"});
  stopped.feed("220 hi\r\n");
  CHECK(stopped.next().what == act::send);
  stopped.aborted();
  CHECK(stopped.next().what == act::hang_up);
  const auto cut = stopped.take();
  CHECK(to_string(cut.what) == "aborted");
  CHECK(to_string(cut.reached) == "ehlo");
}

TEST_CASE("patience: long for a banner, short for garbage and for 221") {
  dialog talk({"me"});
  CHECK(talk.next().wait == patience::banner);
  talk.feed("xx");
  CHECK(talk.next().wait == patience::brief);

  dialog polite({"me"});
  polite.feed("554 no\r\n");
  CHECK(polite.next().bytes == "QUIT\r\n");
  CHECK(polite.next().wait == patience::brief);
}

namespace {
course with_controls(const std::vector<std::string>& replies, then end = then::close, std::size_t piece = 0) {
  return play(replies, end, piece, {"TESTVERB", "NOOP"});
}
} // namespace

TEST_CASE("controls follow a refused STARTTLS, and their replies are kept") {
  for (const std::size_t piece : {0U, 1U}) {
    const auto run = with_controls(
        {"220 hi\r\n", ehlo_ok, "500 STARTTLS what\r\n", "500-TESTVERB\r\n500 what\r\n", "250 ok\r\n", bye},
        then::close, piece);
    ends(run, outcome::ok, stage::starttls);
    CHECK(run.said == words{"EHLO me.example\r\n", "STARTTLS\r\n", "TESTVERB\r\n", "NOOP\r\n", "QUIT\r\n"});
    CHECK(run.got.starttls_reply == "500 STARTTLS what");
    CHECK(run.got.controls ==
          std::vector<control>{{"TESTVERB", 500, "500-TESTVERB\n500 what"}, {"NOOP", 250, "250 ok"}});
  }
}

TEST_CASE("RFC 3207 4, RFC 5321 4.2.1: no controls behind 220, nor to a server that fails for a while") {
  CHECK(with_controls({"220 hi\r\n", ehlo_ok, "220 go\r\n"}).said.size() == 2);
  const auto passing = with_controls({"220 hi\r\n", ehlo_ok, "454 TLS not available\r\n", bye});
  CHECK(passing.said.back() == "QUIT\r\n");
  CHECK(passing.got.controls.empty());
  const auto tired = with_controls({"220 hi\r\n", ehlo_ok, "502 no\r\n", "421 too many errors\r\n", bye});
  CHECK(tired.said.back() == "QUIT\r\n");
  CHECK(tired.got.controls.size() == 1);
  ends(tired, outcome::ok, stage::starttls);
}

TEST_CASE("a control that is not answered changes nothing of what STARTTLS came to") {
  for (const auto end : {then::close, then::reset, then::silence}) {
    const auto run = with_controls({"220 hi\r\n", ehlo_ok, "502 no\r\n"}, end);
    ends(run, outcome::ok, stage::starttls);
    CHECK(run.got.controls == std::vector<control>{{"TESTVERB", 0, ""}});
    const auto half = with_controls({"220 hi\r\n", ehlo_ok, "502 no\r\n", "500-half"}, end);
    ends(half, outcome::ok, stage::starttls);
    CHECK(half.got.controls.at(0).reply == "500-half");
  }
  const auto garbage = with_controls({"220 hi\r\n", ehlo_ok, "502 no\r\n", "What do you mean?\r\n", bye});
  ends(garbage, outcome::ok, stage::starttls);
}
