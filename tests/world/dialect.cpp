#include "dialect.hpp"

#include <algorithm>

namespace world {

namespace {

// The day of the paper's scan; a server's clock is no part of the truth.
constexpr const char* date = "Sun, 26 Apr 2015 12:00:00 +0000";

dialect exim(const server& who, const std::string& client) {
  dialect w;
  if (who.variant % 2 == 0) { // Debian
    w.banner = {"220 " + who.host + " ESMTP Exim 4.82 " + date};
    w.no_starttls = "503 STARTTLS command used when not advertised";
  } else { // cPanel
    w.banner = {"220-" + who.host + " ESMTP Exim 4.85 #2 " + date,
                "220-We do not authorize the use of this system to transport unsolicited, ",
                "220 and/or bulk e-mail."};
    w.no_starttls = "500 unrecognized command";
  }
  w.unknown = "500 unrecognized command";
  w.hello = who.host + " Hello mail.scan.test [" + client + "]";
  w.keywords = {"SIZE 52428800", "8BITMIME", "PIPELINING", "AUTH PLAIN LOGIN", "STARTTLS", "HELP"};
  w.ready = "220 TLS go ahead";
  w.unavailable = "454 TLS currently unavailable";
  w.bye = "221 " + who.host + " closing connection";
  return w;
}

dialect postfix(const server& who, const std::string&) {
  static const std::vector<std::string> flavours = {" ESMTP Postfix (Ubuntu)", " ESMTP Postfix",
                                                    " ESMTP Postfix (Debian/GNU)", " ESMTP Postfix (2.11.0)"};
  dialect w;
  w.banner = {"220 " + who.host + flavours[who.variant % flavours.size()]};
  w.hello = who.host;
  w.keywords = {"PIPELINING", "SIZE 10240000",       "VRFY",     "ETRN",
                "STARTTLS",   "ENHANCEDSTATUSCODES", "8BITMIME", "DSN"};
  w.ready = "220 2.0.0 Ready to start TLS";
  w.no_starttls = "502 5.5.1 Error: command not implemented";
  w.unknown = "500 5.5.2 Error: command not recognized";
  w.unavailable = "454 4.7.0 TLS not available due to local problem";
  w.bye = "221 2.0.0 Bye";
  return w;
}

dialect qmail(const server& who, const std::string&) {
  dialect w;
  w.banner = {"220 " + who.host + " ESMTP"};
  w.hello = who.host;
  w.keywords = {"STARTTLS", "PIPELINING", "8BITMIME"}; // order of the netqmail TLS patch
  w.ready = "220 ready for tls";
  w.no_starttls = "502 unimplemented (#5.5.1)";
  w.unavailable = "454 TLS not available: missing RSA private key (#4.3.0)";
  w.bye = "221 " + who.host;
  return w;
}

dialect sendmail(const server& who, const std::string& client) {
  dialect w;
  const char* release =
      who.variant % 2 == 0 ? " ESMTP Sendmail 8.14.4/8.14.4; " : " ESMTP Sendmail 8.14.3/8.14.3; ";
  w.banner = {"220 " + who.host + release + date};
  w.hello = who.host + " Hello [" + client + "], pleased to meet you";
  w.keywords = {"ENHANCEDSTATUSCODES", "PIPELINING", "8BITMIME", "SIZE", "DSN", "ETRN", "STARTTLS",
                "DELIVERBY",           "HELP"};
  w.ready = "220 2.0.0 Ready to start TLS";
  w.no_starttls = "500 5.5.1 Command unrecognized: \"%\"";
  w.unavailable = "454 4.3.3 TLS not available after start";
  w.bye = "221 2.0.0 " + who.host + " closing connection";
  return w;
}

dialect exchange(const server& who, const std::string& client) {
  dialect w;
  w.banner = {"220 " + who.host + " Microsoft ESMTP MAIL Service ready at " + date};
  w.hello = who.host + " Hello [" + client + "]";
  w.keywords = {"SIZE 37748736", "PIPELINING",     "DSN",       "ENHANCEDSTATUSCODES",
                "STARTTLS",      "X-ANONYMOUSTLS", "AUTH NTLM", "8BITMIME",
                "BINARYMIME",    "CHUNKING",       "XRDST"};
  w.ready = "220 2.0.0 SMTP server ready";
  w.no_starttls = "500 5.3.3 Unrecognized command";
  w.unavailable = "454 4.7.0 TLS not available";
  w.bye = "221 2.0.0 Service closing transmission channel";
  return w;
}

dialect provider(const server& who, const std::string& client) {
  dialect w;
  w.hello = who.host;
  w.keywords = {"SIZE 31457280", "8BITMIME", "STARTTLS"};
  w.ready = "220 2.0.0 Ready to start TLS";
  w.no_starttls = "502 5.5.1 Unimplemented command";
  w.unavailable = "454 4.3.0 Try again later";
  w.bye = "221 2.0.0 closing connection";
  if (who.runs == mta::gmail) {
    w.banner = {"220 mx.google.com ESMTP k4si12345678wjz.112 - gsmtp"};
    w.hello = "mx.google.com at your service, [" + client + "]";
    w.keywords = {"SIZE 35882577", "8BITMIME", "STARTTLS", "ENHANCEDSTATUSCODES",
                  "PIPELINING",    "CHUNKING", "SMTPUTF8"};
  } else if (who.runs == mta::godaddy) {
    w.banner = {"220 p3plibsmtp02-02.prod.phx3.secureserver.net bizsmtp ESMTP server ready"};
    w.hello = "p3plibsmtp02-02.prod.phx3.secureserver.net hello [" + client + "], pleased to meet you";
  } else if (who.runs == mta::yandex) {
    w.banner = {"220 mxfront8j.mail.yandex.net (Want to use Yandex.Mail for your domain? Visit "
                "http://pdd.yandex.ru)"};
    w.hello = "mxfront8j.mail.yandex.net";
    w.keywords = {"8BITMIME", "PIPELINING", "SIZE 42991616", "STARTTLS", "DSN", "ENHANCEDSTATUSCODES"};
  } else {
    w.banner = {"220 newmx21.qq.com MX QQ Mail Server"};
    w.hello = "newmx21.qq.com";
    w.keywords = {"SIZE 73400320", "STARTTLS", "8BITMIME"};
  }
  return w;
}

/// Software that a scanner knows and the paper counts as "Other".
dialect other(const server& who, const std::string& client) {
  static const std::vector<std::string> banners = {
      " ESMTP MailEnable Service, Version: 8.57--8.57 ready at 04/26/15 12:00:00",
      " ESMTP MDaemon 14.5.3; Sun, 26 Apr 2015 12:00:00 +0000",
      " ESMTP IceWarp 11.1.1.0 x64; Sun, 26 Apr 2015 12:00:00 +0000",
      " Kerio Connect 8.4.2 ESMTP ready",
      " ESMTP Service (IBM Domino Release 9.0.1) ready at Sun, 26 Apr 2015 12:00:00 +0000",
      " ESMTP CommuniGate Pro 6.0.9"};
  dialect w;
  w.banner = {"220 " + who.host + banners[who.variant % banners.size()]};
  w.hello = who.host + " [" + client + "], this server offers 4 extensions";
  w.keywords = {"AUTH LOGIN", "SIZE 10240000", "HELP", "STARTTLS"};
  w.ready = "220 Ready to start TLS";
  w.no_starttls = "503 Bad sequence of commands";
  w.unavailable = "454 TLS not available due to temporary reason";
  w.bye = "221 Service closing transmission channel";
  return w;
}

/// Nothing here names its maker.
dialect unknown(const server& who, const std::string&) {
  static const std::vector<std::string> banners = {" ready", " SMTP service is ready", " welcomes you",
                                                   " mail gateway"};
  static const std::vector<std::string> refusals = {"502 Not here", "500 What is % supposed to mean",
                                                    "550 No", "500 5.5.2 We do not do that: %"};
  dialect w;
  w.banner = {"220 " + who.host + banners[who.variant % banners.size()]};
  w.hello = who.host;
  w.keywords = {"SIZE 20971520", "STARTTLS", "8BITMIME"};
  w.ready = "220 Go on";
  w.no_starttls = refusals[who.variant % refusals.size()];
  w.unavailable = "454 Encryption is out of order";
  w.bye = "221 Good day";
  return w;
}

dialect plain_dialect(const server& who, const std::string& client) {
  switch (who.runs) {
  case mta::exim:
    return exim(who, client);
  case mta::postfix:
    return postfix(who, client);
  case mta::qmail:
    return qmail(who, client);
  case mta::sendmail:
    return sendmail(who, client);
  case mta::exchange:
    return exchange(who, client);
  case mta::gmail:
  case mta::godaddy:
  case mta::yandex:
  case mta::qq:
    return provider(who, client);
  case mta::other:
    return other(who, client);
  case mta::unknown:
    break;
  }
  return unknown(who, client);
}

std::string with_verb(std::string text, const std::string& verb) {
  const auto at = text.find('%');
  return at == std::string::npos ? text : text.replace(at, 1, verb);
}

/// What the middlebox makes of it. Cisco keeps the length of a line and ends the run of X with a counting
/// letter.
void meddle(dialect& w, const server& who) {
  auto& keys = w.keywords;
  if (who.does == temper::masked || who.does == temper::noop_250 || who.does == temper::covered) {
    char letter = 'A';
    for (auto& key : keys)
      if (key.rfind("SIZE", 0) != 0 && key.rfind("8BITMIME", 0) != 0)
        key = std::string(key.size() - 1, 'X') + letter++;
  }
  if (who.does == temper::masked || who.does == temper::noop_250) {
    w.banner = {"220 " + std::string(w.banner[0].size() - 4, '*')};
    w.hello = who.host;
    w.no_starttls = "500 5.5.2 We do not do that: %";
  } else if (who.does == temper::bluf) {
    w.no_starttls = "500 5.5.2 We do not do that: %";
    keys = {"SIZE 20971520", "HIPELINING", "BLUF", "PHUNKING", "8BITMIME"};
  } else if (who.does == temper::four_letter) {
    w.no_starttls = "500 What is % supposed to mean";
    std::erase(keys, "STARTTLS");
  }
  if (w.unknown.empty() || who.does == temper::masked || who.does == temper::bluf ||
      who.does == temper::four_letter)
    w.unknown = w.no_starttls;
  w.no_starttls = with_verb(w.no_starttls, as_received(who, "STARTTLS"));
}

/// Long or foreign text behind the banner, several lines of it.
void decorate(dialect& w, manner how) {
  if (how == manner::multi_line && w.banner.size() == 1) {
    w.banner[0][3] = '-';
    w.banner.emplace_back("220-Unsolicited mail is not welcome here.");
    w.banner.emplace_back("220 All connections are logged.");
  } else if (how == manner::long_lines) {
    w.banner.back() += " " + std::string(1900, 'l');
    w.keywords.insert(w.keywords.begin(), "X-LONG " + std::string(700, 'o'));
  } else if (how == manner::eight_bit) {
    w.banner.back() += " Willkommen in K\xf6ln, gr\xfc\xdf Gott"; // Latin-1
  }
}

} // namespace

std::string as_received(const server& who, const std::string& verb) {
  switch (who.does) {
  case temper::masked:
    return std::string(verb.size(), 'X');
  case temper::bluf:
    return verb == "STARTTLS" ? "BLUF" : verb;
  case temper::four_letter:
    return verb.substr(0, 4);
  default:
    return verb;
  }
}

std::string refusal_of(const server& who, const dialect& words, const std::string& verb) {
  if (who.does == temper::noop_250)
    return "250 OK";
  return with_verb(words.unknown, as_received(who, verb));
}

dialect dialect_of(const server& who, const std::string& client) {
  dialect w = plain_dialect(who, client);
  const bool offers = who.does == temper::good || who.does == temper::unavailable_454 ||
                      who.does == temper::closes_on_starttls || who.does == temper::resets_on_starttls ||
                      who.does == temper::silent_on_starttls || who.does == temper::masked ||
                      who.does == temper::noop_250 || who.does == temper::covered ||
                      (who.does >= temper::alert_handshake_failure && who.does <= temper::resets_on_tls);
  if (!offers)
    std::erase(w.keywords, "STARTTLS");
  meddle(w, who);
  decorate(w, who.speaks);
  return w;
}

} // namespace world
