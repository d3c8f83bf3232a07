#include <postroad/smtp/member.hpp>

#include <doctest/doctest.h>

using namespace postroad;
using namespace postroad::smtp;
using namespace std::chrono_literals;

namespace {

std::string written(const grab& got, std::string_view host = "mx.example") {
  std::string out;
  text::json_writer json(out);
  write_smtp(json, got, {*net::parse_address("192.0.2.1"), 25}, host, "2015-04-26T12:00:00Z", 12'345us);
  return out;
}

} // namespace

TEST_CASE("postroad-records(5): a whole dialog") {
  grab got;
  got.reached = stage::starttls;
  got.banner = "220 mx.example ESMTP Exim 4.82 #2";
  got.banner_code = 220;
  got.ehlo = "250-mx.example\n250-SIZE 1\n250 STARTTLS";
  got.greeted = got.advertised = got.sent = true;
  got.starttls_code = 220;
  got.starttls_reply = "220 go";
  CHECK(
      written(got) ==
      R"({"outcome":"ok","stage":"starttls","time":"2015-04-26T12:00:00Z","ip":"192.0.2.1","port":25,)"
      R"("host":"mx.example","banner":"220 mx.example ESMTP Exim 4.82 #2","banner_code":220,)"
      R"("ehlo":"250-mx.example\n250-SIZE 1\n250 STARTTLS","capabilities":["SIZE 1","STARTTLS"],)"
      R"("software":"exim","version":"4.82","rule":"exim-banner",)"
      R"("starttls":{"advertised":true,"sent":"STARTTLS","code":220,"reply":"220 go"},"elapsed_ms":12.345})");
}

TEST_CASE("a missing member means not asked: a connection that was refused") {
  grab got;
  got.what = outcome::refused;
  CHECK(written(got, "") == R"({"outcome":"refused","stage":"connect","time":"2015-04-26T12:00:00Z",)"
                            R"("ip":"192.0.2.1","port":25,"elapsed_ms":12.345})");
}

TEST_CASE("STARTTLS that was not answered was sent all the same") {
  grab got;
  got.what = outcome::closed;
  got.reached = stage::starttls;
  got.greeted = got.sent = got.helo_used = true;
  got.banner = "220 hi";
  got.ehlo = "502 no";
  got.helo = "250 hi";
  const auto out = written(got);
  CHECK(out.find(R"("starttls":{"advertised":false,"sent":"STARTTLS"},)") != std::string::npos);
  CHECK(out.find(R"("ehlo":"502 no","helo":"250 hi","capabilities":[],"software":"unknown",)") !=
        std::string::npos);
}

TEST_CASE("DESIGN 2: bytes that are no UTF-8 stand beside in base64") {
  grab got;
  got.what = outcome::protocol_error;
  got.banner = "a\xff";
  CHECK(written(got).find("\"banner\":\"a\xef\xbf\xbd\",\"banner_b64\":\"Yf8=\"") != std::string::npos);
}

TEST_CASE("what came in plain text behind the 220 is in the record") {
  grab got;
  got.greeted = got.sent = true;
  got.starttls_code = 220;
  got.surplus = "250 x\r\n";
  CHECK(written(got).find(R"("code":220,"extra":"250 x\r\n"})") != std::string::npos);
}
