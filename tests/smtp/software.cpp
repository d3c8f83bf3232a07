#include <postroad/smtp/software.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace postroad::smtp;

namespace {

struct expected {
  spoken heard;
  std::string_view software, version, rule;
};

void all(std::initializer_list<expected> cases) {
  for (const auto& c : cases) {
    CAPTURE(c.heard.banner);
    CAPTURE(c.heard.ehlo);
    CAPTURE(c.heard.starttls_reply);
    const auto found = identify(c.heard);
    CHECK(found.software == c.software);
    CHECK(found.version == c.version);
    CHECK(found.rule == c.rule);
  }
}

} // namespace

TEST_CASE("banners of the study's five packages") {
  all({
      {{"220 h.example ESMTP Exim 4.82 #2 Sun, 26 Apr 2015", {}, {}}, "exim", "4.82", "exim-banner"},
      {{"220-h.example ESMTP Exim 4.94.2 #2\n220-We do not authorize\n220 spam.", {}, {}},
       "exim",
       "4.94.2",
       "exim-banner"},
      {{"220 h.example ESMTP Postfix (Debian/GNU)", {}, {}}, "postfix", "", "postfix-banner"},
      {{"220 h.example ESMTP Postfix (2.9.6)", {}, {}}, "postfix", "2.9.6", "postfix-banner"},
      {{"220 h.example ESMTP Sendmail 8.14.4/8.14.4; Sun, 26 Apr 2015", {}, {}},
       "sendmail",
       "8.14.4",
       "sendmail-banner"},
      {{"220 h.example Microsoft ESMTP MAIL Service ready at Sun, 26 Apr 2015", {}, {}},
       "exchange",
       "",
       "exchange-banner"},
      {{"220 h.example Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready at  Sun", {}, {}},
       "exchange",
       "6.0.3790.4675",
       "exchange-banner"},
  });
}

TEST_CASE("banners of the study's providers") {
  all({
      {{"220 mx.google.com ESMTP s1si26451515pdj.201 - gsmtp", {}, {}}, "gmail", "", "gmail-banner"},
      {{"220 p3pl.secureserver.net ESMTP bizsmtp", {}, {}}, "godaddy", "", "godaddy-banner"},
      {{"220 mxfront1o.mail.yandex.net (Want to use Yandex.Mail for your domain? Visit http://pdd.yandex.ru)",
        {},
        {}},
       "yandex",
       "",
       "yandex-banner"},
      {{"220 newxmmx.qq.com MX QQ Mail Server.", {}, {}}, "qq", "", "qq-banner"},
      {{"220 mxbiz1.qq.com Esmtp QQ Mail Server", {}, {}}, "qq", "", "qq-banner"},
  });
}

TEST_CASE("known, but none of the study's: the rule says which") {
  all({
      {{"220 h ESMTP MailEnable Service, Version: 8.60-- ready at 04/26/15", {}, {}},
       "other",
       "8.60",
       "mailenable-banner"},
      {{"220 h ESMTP OpenSMTPD", {}, {}}, "other", "", "opensmtpd-banner"},
      {{"220 h ESMTP Haraka/2.8.25 ready", {}, {}}, "other", "2.8.25", "haraka-banner"},
      {{"220 h hMailServer ESMTP", {}, {}}, "other", "", "hmailserver-banner"},
      {{"220 h ESMTP Courier", {}, {}}, "other", "", "courier-banner"},
      {{"220 h ESMTP IdeaSmtpServer 0.80 ready.", {}, {}}, "other", "0.80", "ideasmtp-banner"},
      {{"220 h Python SMTP 1.4.3", {}, {}}, "other", "1.4.3", "aiosmtpd-banner"},
      {{"220 mta1.mail.bf1.yahoo.com ESMTP ready", {}, {}}, "other", "", "yahoo-domain"},
  });
}

TEST_CASE("a host name is no software") {
  all({
      {{"220 postfix.sendmail.example ESMTP", {}, {}}, "unknown", "", ""},
      {{"220 exim.example ESMTP ready", {}, {}}, "unknown", "", ""},
      {{"220 qmail.example hello", {}, {}}, "unknown", "", ""},
  });
}

TEST_CASE("qmail says nothing about itself but by what it knows and how it refuses") {
  all({
      {{"220 h.example ESMTP", "250-h.example\n250-PIPELINING\n250 8BITMIME", {}}, "qmail", "", "qmail-ehlo"},
      {{"220 h.example ESMTP", "250-h\n250-STARTTLS\n250-PIPELINING\n250 8BITMIME", {}},
       "qmail",
       "",
       "qmail-ehlo"},
      {{"220 h.example ESMTP", {}, "502 unimplemented (#5.5.1)"}, "qmail", "", "qmail-reply"},
      {{"220 h.example ESMTP", "250-h\n250-8BITMIME\n250 PIPELINING", {}}, "unknown", "", ""},
  });
}

TEST_CASE("a banner that was changed leaves the order of the EHLO keywords") {
  all({
      {{"220 hello",
        "250-h\n250-PIPELINING\n250-SIZE "
        "10240000\n250-VRFY\n250-ETRN\n250-STARTTLS\n250-ENHANCEDSTATUSCODES\n"
        "250-8BITMIME\n250-DSN\n250-SMTPUTF8\n250 CHUNKING",
        {}},
       "postfix",
       "",
       "postfix-ehlo"},
      {{"220 hello",
        "250-h\n250-ENHANCEDSTATUSCODES\n250-PIPELINING\n250-EXPN\n250-VERB\n250-8BITMIME\n250-SIZE\n250-"
        "DSN\n"
        "250-ETRN\n250-STARTTLS\n250-DELIVERBY\n250 HELP",
        {}},
       "sendmail",
       "",
       "sendmail-ehlo"},
      {{"220 hello", "250-h\n250-SIZE 52428800\n250-8BITMIME\n250-PIPELINING\n250-STARTTLS\n250 HELP", {}},
       "exim",
       "",
       "exim-ehlo"},
      {{"220 hello", "250-h\n250-SIZE\n250-PIPELINING\n250-X-ANONYMOUSTLS\n250 CHUNKING", {}},
       "exchange",
       "",
       "exchange-ehlo"},
      {{"220 hello", "250-h\n250-PIPELINING\n250-SIZE 1\n250 8BITMIME", {}}, "unknown", "", ""},
  });
}

TEST_CASE("a refused EHLO has no keywords") {
  all({{{"220 h ESMTP", "500-no\n500-PIPELINING\n500 8BITMIME", {}}, "unknown", "", ""}});
}

TEST_CASE("error texts, letter by letter") {
  all({
      {{"220 x", {}, "502 5.5.1 Error: command not implemented"}, "postfix", "", "postfix-reply"},
      {{"220 x", {}, "500 5.5.2 Error: command not recognized"}, "postfix", "", "postfix-reply-unknown"},
      {{"220 x", {}, "500 unrecognized command"}, "exim", "", "exim-reply"},
      {{"220 x", {}, "503 STARTTLS command used when not advertised"}, "exim", "", "exim-reply-hidden"},
      {{"220 x", {}, "500 5.5.1 Command unrecognized: \"XXXXXXXX\""}, "sendmail", "", "sendmail-reply"},
      {{"220 x", {}, "500 5.3.3 Unrecognized command"}, "exchange", "", "exchange-reply"},
      {{"220 x", {}, "500 5.5.1 Invalid command: Command not supported"}, "other", "", "opensmtpd-reply"},
      {{"220 x", {}, "502 ESMTP command error"}, "other", "", "courier-reply"},
      {{"220 x", {}, "502 Unimplemented command"}, "other", "", "hmailserver-reply"},
      {{"220 x", {}, "500 #5.5.1 command not recognized"}, "other", "", "ironport-reply"},
      {{"220 x", {}, "500 Error: command \"STARTTLS\" not recognized"}, "other", "", "aiosmtpd-reply"},
      {{"220 x", {}, "500 Unrecognized command"}, "other", "", "haraka-reply"},
      {{"220 x", {}, "500 Command not recognized"}, "unknown", "", ""},
      {{"220 x", {}, "220 ready"}, "unknown", "", ""},
  });
}

TEST_CASE("nothing, stars and bytes are unknown") {
  all({{{{}, {}, {}}, "unknown", "", ""},
       {{"220", {}, {}}, "unknown", "", ""},
       {{"220 **************", {}, {}}, "unknown", "", ""},
       {{"220 \xff\xfe \x01", {}, {}}, "unknown", "", ""}});
}

TEST_CASE("rule ids are unique and banner patterns are lower case") {
  std::set<std::string_view> ids;
  for (const auto& rule : software_rules) {
    CHECK(ids.insert(rule.id).second);
    if (rule.where == look_at::banner || rule.where == look_at::domain)
      for (const char c : rule.pattern)
        CHECK_FALSE((c >= 'A' && c <= 'Z'));
  }
}

TEST_CASE("globs are bound at both ends unless a star stands there") {
  CHECK(glob_match("a*c", "abc"));
  CHECK(glob_match("a*c", "ac"));
  CHECK(glob_match("*b*", "abc"));
  CHECK(glob_match("", ""));
  CHECK(glob_match("*", ""));
  CHECK_FALSE(glob_match("a*c", "abcd"));
  CHECK_FALSE(glob_match("b*", "abc"));
  CHECK_FALSE(glob_match("ab*ba", "aba")); // the pieces must not overlap
  CHECK_FALSE(glob_match("abc", "abcd"));
}

TEST_CASE("rules from text, and what is wrong with one") {
  const auto rules = read_rules("# mine\n\nacme-banner\tbanner\t*acme mail*\tacme\tacme mail \n"
                                "acme-reply\treply\tNo way\tacme\n");
  REQUIRE(rules);
  REQUIRE(rules->size() == 2);
  const auto found = identify({"220 mx ESMTP Acme Mail 7.1 ready", "", ""}, *rules);
  CHECK(found.software == "acme");
  CHECK(found.rule == "acme-banner");
  CHECK(found.version == "7.1");
  CHECK(identify({"220 mx", "", "500 No way"}, *rules).rule == "acme-reply");
  CHECK(identify({"220 mx", "", "500 other"}, *rules).software == "unknown");
  const auto nowhere = read_rules("a\tbanner\tx\ty\nb\tnowhere\tx\ty\n");
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().offset == 13);
  CHECK_FALSE(read_rules("a\tbanner\t\ty\n"));
  CHECK_FALSE(read_rules("a\n"));
  CHECK(read_rules("")->empty());
}
