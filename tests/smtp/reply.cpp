#include <postroad/smtp/reply.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace postroad::smtp;
using state = reply_reader::state;

namespace {

reply read(std::string_view bytes) {
  reply_reader reader;
  CHECK(reader.feed(bytes) == bytes.size());
  REQUIRE(reader.status() == state::complete);
  return reader.take();
}

} // namespace

TEST_CASE("RFC 5321 4.2.1: a reply of one line") {
  const auto r = read("220 mx.example ESMTP\r\n");
  CHECK(r.code == 220);
  CHECK(r.text == "220 mx.example ESMTP");
  CHECK(r.positive());
  CHECK_FALSE(r.bare_lf);
}

TEST_CASE("RFC 5321 4.2.1: a code alone is a reply") {
  CHECK(read("250\r\n").code == 250);
}

TEST_CASE("RFC 5321 4.2.1: lines with a hyphen go on, codes are kept") {
  const auto r = read("250-mx.example\r\n250-SIZE 1000\r\n250 HELP\r\n");
  CHECK(r.text == "250-mx.example\n250-SIZE 1000\n250 HELP");
  REQUIRE(r.lines().size() == 3);
  CHECK(r.lines()[1] == "250-SIZE 1000");
}

TEST_CASE("RFC 5321 2.3.8: a bare LF ends a line too, and is noted") {
  const auto r = read("250-a\n250 b\r\n");
  CHECK(r.text == "250-a\n250 b");
  CHECK(r.bare_lf);
}

TEST_CASE("a CR inside a line is a byte of it") {
  CHECK(read("220 a\rb\r\n").text == "220 a\rb");
  CHECK(read("220 a\r\r\n").text == "220 a\r");
}

TEST_CASE("RFC 5321 4.2.1: a multi-line reply with two codes takes the last and says so") {
  const auto r = read("250-a\r\n550 b\r\n");
  CHECK(r.code == 550);
  CHECK(r.wrong_code);
}

TEST_CASE("a banner mask may touch the code") {
  CHECK(read("220****************\r\n").code == 220);
}

TEST_CASE("a later line that lost its code is kept and marked") {
  const auto r = read("220-***\r\n*******\r\n220 ***\r\n");
  CHECK(r.text == "220-***\n*******\n220 ***");
  CHECK(r.lost_code);
}

TEST_CASE("NUL and 8-bit bytes are kept") {
  const std::string banner{"220 a\0\xff"
                           "b\r\n",
                           10};
  CHECK(read(banner).text == banner.substr(0, 8));
}

TEST_CASE("four digits are no code, nor is a first digit above five") {
  for (const char* line : {"2200 x", "620 x", "020 x", "22x", "2 20", "", "HTTP/1.1 400"})
    CHECK_FALSE(reply_code(line));
}

TEST_CASE("bytes that are no reply fail at the line end and are kept") {
  reply_reader reader;
  CHECK(reader.feed("SSH-2.0-OpenSSH_9\r\n220 x\r\n") == 19);
  CHECK(reader.status() == state::failed);
  CHECK(reader.text() == "SSH-2.0-OpenSSH_9");
  CHECK(reader.why() == "not an SMTP reply");
  CHECK(reader.feed("220 x\r\n") == 0);
}

TEST_CASE("garbage is known before its line ends, if it ever does") {
  reply_reader reader;
  for (const char* beginning : {"2", "22", "220", "220 x"}) {
    reader.clear();
    reader.feed(beginning);
    CHECK_FALSE(reader.garbled());
  }
  for (const char* beginning : {"h", "2x", "22x", "9", "2205"}) {
    reader.clear();
    reader.feed(beginning);
    CHECK(reader.garbled());
  }
}

TEST_CASE("what follows the reply is left alone") {
  reply_reader reader;
  CHECK(reader.feed("220 go\r\nINJECTED") == 8);
  CHECK(reader.take().text == "220 go");
  CHECK(reader.feed("250 next\r\n") == 10);
  CHECK(reader.take().text == "250 next");
}

TEST_CASE("caps: 64 lines are read, a 65th is too much") {
  std::string lines;
  for (int i = 0; i < 63; ++i)
    lines += "250-x\r\n";
  CHECK(read(lines + "250 x\r\n").lines().size() == 64);
  reply_reader reader;
  reader.feed(lines + "250-x\r\n250 x\r\n");
  CHECK(reader.status() == state::failed);
  CHECK(reader.why() == "reply of more than 64 lines");
}

TEST_CASE("caps: an endless line ends at 32 KB, wherever it is cut") {
  const std::string endless = "220 " + std::string(100'000, 'x');
  for (const std::size_t piece : {1u, 7u, 4096u, 100'004u}) {
    reply_reader reader;
    std::size_t used = 0;
    for (std::size_t at = 0; at < endless.size(); at += piece)
      used += reader.feed(std::string_view(endless).substr(at, piece));
    CHECK(used == max_reply_bytes);
    CHECK(reader.status() == state::failed);
    CHECK(reader.text().size() == max_reply_bytes);
  }
}

TEST_CASE("RFC 5321 4.5.3.1.5: a line of more than 512 bytes is read and noted") {
  CHECK_FALSE(read("220 " + std::string(506, 'x') + "\r\n").long_line);
  CHECK(read("220 " + std::string(507, 'x') + "\r\n").long_line);
}

TEST_CASE("garbage keeps one line's worth") {
  reply_reader reader;
  reader.feed(std::string(5000, 'x') + "\n");
  CHECK(reader.text().size() == max_garbage_bytes);
}

TEST_CASE("silence after a last line without an end completes it") {
  reply_reader reader;
  reader.feed("250-a\r\n554 no");
  REQUIRE(reader.finish());
  const auto r = reader.take();
  CHECK(r.text == "250-a\n554 no");
  CHECK(r.unterminated);
  CHECK_FALSE(r.bare_lf);
}

TEST_CASE("silence in the middle of a reply completes nothing") {
  for (const char* partial : {"", "2", "25", "250-a", "250-a\r\n", "250-a\r\n25", "hello"}) {
    reply_reader reader;
    reader.feed(partial);
    CHECK_FALSE(reader.finish());
  }
}

TEST_CASE("silence after a line that lost its code takes what came") {
  reply_reader reader;
  reader.feed("220-****\r\n********\r\n");
  REQUIRE(reader.finish());
  const auto r = reader.take();
  CHECK(r.code == 220);
  CHECK(r.text == "220-****\n********");
}

TEST_CASE("a reply cut at every byte is the same reply") {
  const std::string whole = "250-mx \x80\r\n*\n250-SIZE\n551 b\r\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    reply_reader reader;
    reader.feed(whole.substr(0, cut));
    reader.feed(whole.substr(cut));
    REQUIRE(reader.status() == state::complete);
    const auto r = reader.take();
    CHECK(r.text == "250-mx \x80\n*\n250-SIZE\n551 b");
    CHECK(r.code == 551);
    CHECK((r.bare_lf && r.wrong_code && r.lost_code));
  }
}
