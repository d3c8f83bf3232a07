#include <postroad/smtp/session.hpp>

#include <postroad/net/deadline.hpp>
#include <support/scripted_smtp.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace postroad;
using namespace postroad::smtp;
using namespace support;
using namespace std::chrono_literals;

namespace {

const std::string greeting = "220 mx.example ESMTP\r\n";
const std::string ehlo_ok = "250-mx.example\r\n250 STARTTLS\r\n";

session_settings quick() {
  session_settings use;
  use.ehlo_name = "me.example";
  use.timeout = 3s;
  use.connect_timeout = use.banner_timeout = use.step_timeout = 1s;
  use.quit_timeout = 200ms;
  return use;
}

net::task<> put(asio::ip::tcp::socket& socket, net::endpoint to, const session_settings& use, after_220 then,
                grab& into) {
  into = co_await converse(socket, to, use, then);
}

struct meeting {
  grab got;
  bool open;
};

meeting meet(net::endpoint to, const session_settings& use = quick(), after_220 then = after_220::hang_up) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  meeting m{};
  net::spawn(put(socket, to, use, then, m.got));
  io.run();
  m.open = socket.is_open();
  return m;
}

void ends(const grab& got, outcome what, stage where) {
  CHECK(to_string(got.what) == to_string(what));
  CHECK(to_string(got.reached) == to_string(where));
}

} // namespace

TEST_CASE("a whole dialog over a socket ends in a RST after 220") {
  scripted_smtp server({say(greeting), expect("EHLO me.example\r\n"), say(ehlo_ok), expect("STARTTLS\r\n"),
                        say("220 go\r\n"), silence()});
  const auto m = meet(server.at());
  ends(m.got, outcome::ok, stage::starttls);
  CHECK_FALSE(m.open);
  CHECK(m.got.starttls_reply == "220 go");
  CHECK(m.got.elapsed > 0us);
  CHECK(server.surprise() == "");
  CHECK(server.was_reset());
  CHECK(server.heard() == "EHLO me.example\r\nSTARTTLS\r\n");
}

TEST_CASE("anything but 220 ends in QUIT and a quiet close") {
  scripted_smtp server({say(greeting), expect("EHLO "), say(ehlo_ok), expect("STARTTLS"),
                        say("454 not now\r\n"), expect("QUIT\r\n"), say("221 bye\r\n"), silence()});
  const auto m = meet(server.at());
  ends(m.got, outcome::ok, stage::starttls);
  CHECK(server.surprise() == "");
  CHECK_FALSE(server.was_reset());
}

TEST_CASE("keep_open leaves the socket right behind the 220 and hands over what was read beyond") {
  scripted_smtp server(
      {say(greeting), expect("EHLO "), say(ehlo_ok), expect("STARTTLS"), say("220 go\r\nEXTRA"), silence()});
  const auto m = meet(server.at(), quick(), after_220::keep_open);
  CHECK(m.open);
  CHECK(m.got.extra_after_220);
  CHECK(m.got.surplus == "EXTRA");
  CHECK(server.heard() == "EHLO me.example\r\nSTARTTLS\r\n");
}

TEST_CASE("keep_open without a 220 closes") {
  scripted_smtp server({say("554 no\r\n"), expect("QUIT")});
  const auto m = meet(server.at(), quick(), after_220::keep_open);
  ends(m.got, outcome::refused, stage::banner);
  CHECK_FALSE(m.open);
}

TEST_CASE("a server that drips gets all of the step's time, and no more") {
  scripted_smtp server({drip(greeting, 2ms), expect("EHLO "), drip(ehlo_ok, 2ms), expect("STARTTLS"),
                        drip("220 go\r\n", 2ms), silence()});
  ends(meet(server.at()).got, outcome::ok, stage::starttls);

  scripted_smtp tarpit({drip("220-" + std::string(400, 'x'), 10ms)});
  auto use = quick();
  use.banner_timeout = 300ms;
  const auto began = std::chrono::steady_clock::now();
  ends(meet(tarpit.at(), use).got, outcome::timeout, stage::banner);
  CHECK(std::chrono::steady_clock::now() - began < 1s);
}

TEST_CASE("silence at each step is a time-out of that step") {
  auto use = quick();
  use.banner_timeout = use.step_timeout = 100ms;
  scripted_smtp mute({silence()});
  ends(meet(mute.at(), use).got, outcome::timeout, stage::banner);
  CHECK(mute.heard() == "");

  scripted_smtp deaf({say(greeting), expect("EHLO "), silence()});
  ends(meet(deaf.at(), use).got, outcome::timeout, stage::ehlo);
  CHECK(deaf.heard() == "EHLO me.example\r\nQUIT\r\n");
  CHECK_FALSE(deaf.was_reset());

  scripted_smtp stuck({say(greeting), expect("EHLO "), say(ehlo_ok), silence()});
  ends(meet(stuck.at(), use).got, outcome::timeout, stage::starttls);
}

TEST_CASE("the whole connection has a bound of its own") {
  auto use = quick();
  use.timeout = 150ms;
  use.banner_timeout = 5s;
  scripted_smtp mute({silence()});
  const auto got = meet(mute.at(), use).got;
  ends(got, outcome::timeout, stage::banner);
  CHECK(got.elapsed < 1s);
}

TEST_CASE("closed at each step") {
  scripted_smtp at_once({hang_up()});
  ends(meet(at_once.at()).got, outcome::closed, stage::banner);
  scripted_smtp at_ehlo({say(greeting), expect("EHLO "), hang_up()});
  ends(meet(at_ehlo.at()).got, outcome::closed, stage::ehlo);
  scripted_smtp at_starttls({say(greeting), expect("EHLO "), say(ehlo_ok), expect("STARTTLS"), hang_up()});
  ends(meet(at_starttls.at()).got, outcome::closed, stage::starttls);
}

TEST_CASE("reset at each step") {
  scripted_smtp at_once({pause(50ms), reset()});
  ends(meet(at_once.at()).got, outcome::reset, stage::banner);
  scripted_smtp at_ehlo({say(greeting), expect("EHLO "), reset()});
  ends(meet(at_ehlo.at()).got, outcome::reset, stage::ehlo);
  scripted_smtp at_starttls({say(greeting), expect("EHLO "), say(ehlo_ok), expect("STARTTLS"), reset()});
  ends(meet(at_starttls.at()).got, outcome::reset, stage::starttls);
}

TEST_CASE("a server that says why and goes is heard") {
  scripted_smtp server({say(greeting), expect("EHLO "), say("421 too many connections\r\n"), hang_up()});
  const auto got = meet(server.at()).got;
  ends(got, outcome::refused, stage::ehlo);
  CHECK(got.ehlo == "421 too many connections");
}

TEST_CASE("a flood is cut off") {
  scripted_smtp server({say(std::string(1 << 20, '2')), silence()});
  ends(meet(server.at()).got, outcome::protocol_error, stage::banner);
}

TEST_CASE("a port where nobody listens refuses") {
  const auto free = [] {
    scripted_smtp gone({});
    const auto at = gone.at();
    meet(at);
    return at;
  }();
  const auto got = meet(free).got;
  ends(got, outcome::refused, stage::connect);
  CHECK(got.detail.empty());
}

TEST_CASE("what our own side cannot do is a send_error, with its reason") {
  auto use = quick();
  use.source = net::parse_address("192.0.2.1"); // not ours
  const auto got = meet({net::address::v4(0x7f000001), 25}, use).got;
  ends(got, outcome::send_error, stage::connect);
  CHECK_FALSE(got.detail.empty());
}

TEST_CASE("the source address is bound") {
  scripted_smtp server({say(greeting), expect("EHLO "), say("421 x\r\n"), expect("QUIT")});
  auto use = quick();
  use.source = net::parse_address("127.0.0.9");
  ends(meet(server.at(), use).got, outcome::refused, stage::ehlo);
}

TEST_CASE("abort_all ends what is in flight and what comes after") {
  scripted_smtp mute({say(greeting), expect("EHLO "), silence()});
  asio::io_context io;
  asio::ip::tcp::socket first(io), second(io);
  const auto use = quick();
  grab got, late;
  net::spawn(put(first, mute.at(), use, after_220::hang_up, got));
  asio::steady_timer soon(io, 100ms);
  soon.async_wait([&](const asio::error_code&) {
    net::abort_all(io);
    net::spawn(put(second, mute.at(), use, after_220::hang_up, late));
  });
  const auto began = std::chrono::steady_clock::now();
  io.run();
  CHECK(std::chrono::steady_clock::now() - began < 800ms);
  ends(got, outcome::aborted, stage::ehlo);
  CHECK(got.banner == "220 mx.example ESMTP");
  ends(late, outcome::aborted, stage::connect);
}

TEST_CASE("an io_context may go while a dialog is under way") {
  scripted_smtp mute({silence()});
  grab got;
  const auto use = quick();
  {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    net::spawn(put(socket, mute.at(), use, after_220::hang_up, got));
    io.run_for(50ms);
    net::abort_all(io); // a coroutine is freed by running to its end
    io.restart();
    io.run();
  }
  ends(got, outcome::aborted, stage::banner);
}
