// The word that tells what arrived, in the wordings of real servers.
#include <postroad/strip/echo.hpp>

#include <doctest/doctest.h>

#include <string>

namespace strip = postroad::strip;

namespace {

/// The echo, in quotes when it stood in quotes; "-" when there is none.
std::string echo_in(std::string_view reply, std::string_view sent = "STARTTLS") {
  const auto found = strip::find_echo(reply, sent);
  if (!found)
    return "-";
  return found->quoted ? '"' + found->word + '"' : found->word;
}

} // namespace

TEST_CASE("servers that repeat the verb") {
  CHECK(echo_in("500 5.5.1 Command unrecognized: \"STARTTLS\"") == "\"STARTTLS\"");   // sendmail
  CHECK(echo_in("500 5.5.1 Command unrecognized: \"XXXXXXXX\"") == "\"XXXXXXXX\"");   // behind an ASA
  CHECK(echo_in("500 Error: command \"STARTTLS\" not recognized") == "\"STARTTLS\""); // aiosmtpd
  CHECK(echo_in("500 5.3.3 Unrecognized command 'XXXXXXXX'") == "\"XXXXXXXX\"");      // Exchange 2013
  CHECK(echo_in("502 Command not implemented: STARTTLS") == "STARTTLS");
  CHECK(echo_in("500 unknown command XXXXXXXX") == "XXXXXXXX");
  CHECK(echo_in("500 Syntax error, command unrecognized: starttls") == "starttls");
  CHECK(echo_in("503 STARTTLS command used when not advertised") == "STARTTLS"); // Exim
  CHECK(echo_in("500 500 STAR: unknown command") == "STAR");
  CHECK(echo_in("500 TTLS not understood") == "TTLS");
  CHECK(echo_in("500 <BLUF> what is that?") == "\"BLUF\"");
  CHECK(echo_in("500-5.5.1 Invalid command\n500 5.5.1 `XXXXXXXX'") == "\"XXXXXXXX\"");
  CHECK(echo_in("500 5.5.2 We do not do that: XXXXXXXX") == "XXXXXXXX");
}

TEST_CASE("servers that repeat nothing") {
  CHECK(echo_in("502 5.5.1 Error: command not implemented") == "-");         // Postfix
  CHECK(echo_in("500 5.5.2 Error: command not recognized") == "-");          // Postfix
  CHECK(echo_in("500 unrecognized command") == "-");                         // Exim
  CHECK(echo_in("500 5.5.1 Invalid command: Command not supported") == "-"); // OpenSMTPD
  CHECK(echo_in("500 5.3.3 Unrecognized command") == "-");                   // Exchange 2010
  CHECK(echo_in("502 unimplemented (#5.5.1)") == "-");                       // qmail
  CHECK(echo_in("502 ESMTP command error") == "-");                          // Courier
  CHECK(echo_in("502 Unimplemented command") == "-");                        // hMailServer
  CHECK(echo_in("500 #5.5.1 command not recognized") == "-");                // ESA
  CHECK(echo_in("500 Unrecognized command") == "-");                         // Haraka
  CHECK(echo_in("530 5.7.0 Must issue a STARTTLS command first") == "-");    // names it, echoes nothing
  CHECK(echo_in("502 I can't and won't do that") == "-");                    // apostrophes are no quotes
  CHECK(echo_in("500 See <https://mx.example/help>") == "-");
  CHECK(echo_in("500 Command unrecognized by [mx.example.org]") == "-");
  CHECK(echo_in("500 Bad 'command' after \"EHLO\"") == "-");
  CHECK(echo_in("") == "-");
  CHECK(echo_in("500") == "-");
}

TEST_CASE("a word that is no known form counts only in quotes") {
  CHECK(echo_in("500 Command unrecognized: \"HELLO\"") == "\"HELLO\"");
  CHECK(echo_in("500 Command unrecognized: HELLO") == "-");
  CHECK(echo_in("500 We do not do that: BLUF") == "BLUF"); // a device's word needs none
  CHECK(echo_in("500 no \"STARTTLS\" but \"WHAT\"") == "\"STARTTLS\"");
  CHECK(echo_in("500 no \"WHAT\" but \"STARTTLS\"") == "\"STARTTLS\""); // the known form wins
}

TEST_CASE("for another verb its own letters count") {
  CHECK(echo_in("500 5.5.1 Command unrecognized: \"TESTVERB\"", "TESTVERB") == "\"TESTVERB\"");
  CHECK(echo_in("500 TEST unknown", "TESTVERB") == "TEST");
  CHECK(echo_in("500 VERB unknown", "TESTVERB") == "VERB");
  CHECK(echo_in("500 STAR unknown", "TESTVERB") == "-");
}

TEST_CASE("only the beginning of a long text is looked at") {
  CHECK(echo_in("500 " + std::string(900, '-') + " XXXXXXXX") == "XXXXXXXX");
  CHECK(echo_in("500 " + std::string(1100, '-') + " XXXXXXXX") == "-");
  CHECK(echo_in("500 " + std::string(100000, '"')) == "-");
}
