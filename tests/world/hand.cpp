/// Domains written by hand, each with the record that a faultless study finds; nothing here is computed. The
/// generator's idea of the truth is held against these records (tests/world/selftest).
#include "plan.hpp"

#include <sstream>
#include <stdexcept>

namespace world {

namespace {

/// A server under construction: number n stands at 45.33.(100 + n).25. As it is, it is a Postfix with a
/// trusted certificate for its own name, TLS 1.2 and ECDHE.
class hand_server {
public:
  hand_server(int number, std::string host) {
    made_.host = std::move(host);
    made_.addresses = {asio::ip::make_address("45.33." + std::to_string(100 + number) + ".25")};
    made_.runs = mta::postfix;
    made_.shows.common_name = made_.host;
    made_.shows.names = {made_.host};
  }
  hand_server& at(const char* address) { return made_.addresses = {asio::ip::make_address(address)}, *this; }
  hand_server& does(temper t) { return made_.does = t, *this; }
  hand_server& speaks(manner m) { return made_.speaks = m, *this; }
  hand_server& runs(mta m, unsigned variant = 0) { return made_.runs = m, made_.variant = variant, *this; }
  hand_server& key(key_kind k) { return made_.shows.key = k, *this; }
  hand_server& signed_by(signer s) { return made_.shows.by = s, *this; }
  hand_server& over_md5() { return made_.shows.md5 = true, *this; }
  hand_server& with_export() { return made_.takes_export = true, *this; }
  hand_server& valid(validity v) { return made_.shows.when = v, *this; }
  hand_server& called(std::string common_name, std::vector<std::string> names = {}) {
    made_.shows.common_name = std::move(common_name);
    made_.shows.names = std::move(names);
    return *this;
  }
  hand_server& tls(std::uint16_t suite_id, tls_version top = tls_version::v1_2) {
    made_.suite_id = suite_id;
    made_.top = top;
    return *this;
  }
  operator server() const { return made_; }

private:
  server made_;
};

struct hand_domain {
  std::string word; ///< as in the list; the name asked for is `name`, or the word itself where that is empty
  std::string shows;
  /// "OWNER TYPE DATA; …": relative names, @ is the domain, a final dot ends an absolute name
  std::string zone;
  std::vector<server> servers;
  std::string expected; ///< members, without the braces
  std::string name;
};

/// Filled entry by entry: compilers choke on one initializer of this size.
class hand_table {
public:
  void add(std::string word, std::string shows, std::string zone, std::vector<server> servers,
           std::string expected, std::string name = "") {
    domains_.push_back({std::move(word), std::move(shows), std::move(zone), std::move(servers),
                        std::move(expected), std::move(name)});
  }
  [[nodiscard]] auto begin() const { return domains_.begin(); }
  [[nodiscard]] auto end() const { return domains_.end(); }

private:
  std::vector<hand_domain> domains_;
};

constexpr const char* no_name = "-"; // for words that are no names

using enum temper;
using enum manner;
using enum tls_version;

hand_table make_table() {
  hand_table t;

  t.add(
      "hand-good.com", "one MX, STARTTLS, trusted certificate for the MX host: everything as it should be",
      "@ MX 10 mail; mail A 45.33.101.25", {hand_server(1, "mail.hand-good.com")},
      R"("mx":{"outcome":"ok","kind":"mx","provider":"hand-good.com","hosts":[{"preference":10,"name":"mail.hand-good.com","ipv4":["45.33.101.25"],"ipv4_outcome":"ok","ipv6":[],"ipv6_outcome":"nodata","flags":["no_ipv6"]}]},
"smtp":{"outcome":"ok","stage":"starttls","ip":"45.33.101.25","port":25,"host":"mail.hand-good.com","banner_code":220,"software":"postfix","starttls":{"advertised":true,"code":220}},
"tls":{"outcome":"ok","stage":"certificate","ip":"45.33.101.25","version":"TLSv1.2","cipher":"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256","key_exchange":"ECDHE","bulk":"AES-128-GCM","mac":"SHA-256","forward_secret":true,"certificate":{"trusted":true,"verify_errors":[],"matches":"server","key_type":"rsa","key_bits":2048}})");

  // What servers do.
  t.add(
      "hand-nostarttls.net", "Postfix without TLS: not offered, refused with 502",
      "@ MX 10 mail; mail A 45.33.102.25", {hand_server(2, "mail.hand-nostarttls.net").does(no_starttls)},
      R"("mx":{"outcome":"ok","kind":"mx"},"smtp":{"outcome":"ok","stage":"starttls","software":"postfix","starttls":{"advertised":false,"code":502}},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-hidden.org", "STARTTLS works although EHLO does not offer it: supported, not advertised",
      "@ MX 10 mail; mail A 45.33.103.25", {hand_server(3, "mail.hand-hidden.org").does(hidden)},
      R"("smtp":{"outcome":"ok","starttls":{"advertised":false,"code":220}},"tls":{"outcome":"ok","certificate":{"trusted":true,"matches":"server"}})");
  t.add(
      "hand-454.ru", "offered, then 454: advertised, not supported", "@ MX 10 mail; mail A 45.33.104.25",
      {hand_server(4, "mail.hand-454.ru").does(unavailable_454).runs(mta::sendmail)},
      R"("smtp":{"outcome":"ok","stage":"starttls","software":"sendmail","starttls":{"advertised":true,"code":454}},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-hangs-up.de", "offered, then the connection is closed instead of a reply",
      "@ MX 10 mail; mail A 45.33.105.25", {hand_server(5, "mail.hand-hangs-up.de").does(closes_on_starttls)},
      R"("smtp":{"outcome":"closed","stage":"starttls","banner_code":220,"starttls":{"advertised":true,"code":null}},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-resets-starttls.de", "RST instead of a reply to STARTTLS", "@ MX 10 mail; mail A 45.33.106.25",
      {hand_server(6, "mail.hand-resets-starttls.de").does(resets_on_starttls)},
      R"("smtp":{"outcome":"reset","stage":"starttls","banner_code":220,"starttls":{"advertised":true}},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-mute-starttls.de", "no reply to STARTTLS at all", "@ MX 10 mail; mail A 45.33.107.25",
      {hand_server(7, "mail.hand-mute-starttls.de").does(silent_on_starttls)},
      R"("smtp":{"outcome":"timeout","stage":"starttls","banner_code":220,"starttls":{"advertised":true}},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-alert.com", "220, then a fatal alert: no common suite", "@ MX 10 mail; mail A 45.33.108.25",
      {hand_server(8, "mail.hand-alert.com").does(alert_handshake_failure)},
      R"("smtp":{"outcome":"ok","starttls":{"code":220}},"tls":{"outcome":"tls_error","stage":"tls","alert":"handshake_failure","certificate":null})");
  t.add(
      "hand-alert-internal.com", "220, then alert 80, as OpenSMTPD of Debian 12 does",
      "@ MX 10 mail; mail A 45.33.109.25",
      {hand_server(9, "mail.hand-alert-internal.com").does(alert_internal_error)},
      R"("smtp":{"outcome":"ok","starttls":{"code":220}},"tls":{"outcome":"tls_error","stage":"tls","alert":"internal_error"})");
  t.add(
      "hand-tls-garbage.net", "220, then SMTP text where TLS should be", "@ MX 10 mail; mail A 45.33.110.25",
      {hand_server(10, "mail.hand-tls-garbage.net").does(garbage_on_tls)},
      R"("smtp":{"outcome":"ok","starttls":{"code":220}},"tls":{"outcome":"protocol_error","stage":"tls"})");
  t.add("hand-tls-tarpit.org", "220, then silence", "@ MX 10 mail; mail A 45.33.111.25",
        {hand_server(11, "mail.hand-tls-tarpit.org").does(silent_on_tls)},
        R"("smtp":{"outcome":"ok","starttls":{"code":220}},"tls":{"outcome":"timeout","stage":"tls"})");
  t.add("hand-tls-closes.org", "220, then FIN on the ClientHello", "@ MX 10 mail; mail A 45.33.112.25",
        {hand_server(12, "mail.hand-tls-closes.org").does(closes_on_tls)},
        R"("smtp":{"outcome":"ok","starttls":{"code":220}},"tls":{"outcome":"closed","stage":"tls"})");
  t.add("hand-tls-resets.org", "220, then RST on the ClientHello", "@ MX 10 mail; mail A 45.33.113.25",
        {hand_server(13, "mail.hand-tls-resets.org").does(resets_on_tls)},
        R"("smtp":{"outcome":"ok","starttls":{"code":220}},"tls":{"outcome":"reset","stage":"tls"})");
  t.add(
      "hand-helo.ru", "EHLO is unknown, HELO is fine, STARTTLS is unknown too",
      "@ MX 10 mail; mail A 45.33.114.25",
      {hand_server(14, "mail.hand-helo.ru").does(helo_only).runs(mta::unknown)},
      R"("smtp":{"outcome":"ok","stage":"starttls","banner_code":220,"software":"unknown","starttls":{"advertised":false,"code":502}},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-no-hello.de", "greets, then refuses EHLO and HELO", "@ MX 10 mail; mail A 45.33.115.25",
      {hand_server(15, "mail.hand-no-hello.de").does(refuses_hello)},
      R"("smtp":{"outcome":"refused","stage":"ehlo","banner_code":220,"starttls":null},"tls":{"outcome":"skipped"})");
  t.add("hand-421-ehlo.de", "greets, then 421 to EHLO", "@ MX 10 mail; mail A 45.33.116.25",
        {hand_server(16, "mail.hand-421-ehlo.de").does(says_421_to_ehlo)},
        R"("smtp":{"outcome":"refused","stage":"ehlo","banner_code":220},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-554.com", "does not serve us: 554 as greeting", "@ MX 10 mail; mail A 45.33.117.25",
      {hand_server(17, "mail.hand-554.com").does(greets_554)},
      R"("smtp":{"outcome":"refused","stage":"banner","banner_code":554,"starttls":null},"tls":{"outcome":"skipped"})");
  t.add("hand-421.net", "is too busy: 421 as greeting", "@ MX 10 mail; mail A 45.33.118.25",
        {hand_server(18, "mail.hand-421.net").does(greets_421)},
        R"("smtp":{"outcome":"refused","stage":"banner","banner_code":421},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-not-smtp.org", "something else listens on port 25", "@ MX 10 mail; mail A 45.33.119.25",
      {hand_server(19, "mail.hand-not-smtp.org").does(garbage_banner)},
      R"("smtp":{"outcome":"protocol_error","stage":"banner","ip":"45.33.119.25","banner_code":null},"tls":{"outcome":"skipped"})");
  t.add("hand-binary.org", "binary bytes, NUL among them, instead of a banner",
        "@ MX 10 mail; mail A 45.33.120.25",
        {hand_server(20, "mail.hand-binary.org").does(garbage_banner).runs(mta::unknown, 2)},
        R"("smtp":{"outcome":"protocol_error","stage":"banner"},"tls":{"outcome":"skipped"})");
  t.add("hand-silent.ru", "accepts and never greets", "@ MX 10 mail; mail A 45.33.121.25",
        {hand_server(21, "mail.hand-silent.ru").does(silent)},
        R"("smtp":{"outcome":"timeout","stage":"banner","ip":"45.33.121.25"},"tls":{"outcome":"skipped"})");
  t.add("hand-closes.ru", "accepts and closes", "@ MX 10 mail; mail A 45.33.122.25",
        {hand_server(22, "mail.hand-closes.ru").does(closes_at_once)},
        R"("smtp":{"outcome":"closed","stage":"banner"},"tls":{"outcome":"skipped"})");
  t.add("hand-resets.org", "accepts and resets", "@ MX 10 mail; mail A 45.33.123.25",
        {hand_server(23, "mail.hand-resets.org").does(resets_at_once)},
        R"("smtp":{"outcome":"reset","stage":"banner"},"tls":{"outcome":"skipped"})");
  t.add("hand-drops.net", "greets and closes on EHLO", "@ MX 10 mail; mail A 45.33.124.25",
        {hand_server(24, "mail.hand-drops.net").does(drops_after_banner)},
        R"("smtp":{"outcome":"closed","stage":"ehlo","banner_code":220},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-babbles.net", "answers EHLO with words that are no reply", "@ MX 10 mail; mail A 45.33.125.25",
      {hand_server(25, "mail.hand-babbles.net").does(garbage_on_ehlo)},
      R"("smtp":{"outcome":"protocol_error","stage":"ehlo","banner_code":220},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-refused.ru", "nobody listens on port 25", "@ MX 10 mail; mail A 45.33.126.25",
      {hand_server(26, "mail.hand-refused.ru").does(refused_port)},
      R"("mx":{"outcome":"ok","kind":"mx"},"smtp":{"outcome":"refused","stage":"connect","ip":"45.33.126.25","banner_code":null},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-unreachable.de", "no route to the server", "@ MX 10 mail; mail A 45.31.99.10",
      {hand_server(0, "mail.hand-unreachable.de").at("45.31.99.10").does(unreachable)},
      R"("smtp":{"outcome":"unreachable","stage":"connect","ip":"45.31.99.10"},"tls":{"outcome":"skipped"})");
  t.add("hand-no-answer.de", "SYNs to the server vanish", "@ MX 10 mail; mail A 45.33.127.25",
        {hand_server(27, "mail.hand-no-answer.de").does(no_answer)},
        R"("smtp":{"outcome":"timeout","stage":"connect","ip":"45.33.127.25"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-masked.com", "Cisco: stars in the banner, X for what it does not know, XXXXXXXX echoed",
      "@ MX 10 mail; mail A 45.33.128.25",
      {hand_server(28, "mail.hand-masked.com").does(masked).runs(mta::unknown)},
      R"("smtp":{"outcome":"ok","stage":"starttls","software":"unknown","starttls":{"advertised":false,"code":500}},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-noop.net", "an old PIX makes NOOP of STARTTLS: 250 is no 220",
      "@ MX 10 mail; mail A 45.33.129.25",
      {hand_server(29, "mail.hand-noop.net").does(noop_250).runs(mta::unknown)},
      R"("smtp":{"outcome":"ok","stage":"starttls","starttls":{"advertised":false,"code":250}},"tls":{"outcome":"skipped"})");
  t.add("hand-bluf.org", "the device that writes BLUF for STARTTLS, HIPELINING and PHUNKING for keywords",
        "@ MX 10 mail; mail A 45.33.130.25",
        {hand_server(30, "mail.hand-bluf.org").does(bluf).runs(mta::unknown)},
        R"("smtp":{"outcome":"ok","starttls":{"advertised":false,"code":500}},"tls":{"outcome":"skipped"})");
  t.add("hand-four.ru", "a parser that cuts verbs to four letters: STAR", "@ MX 10 mail; mail A 45.33.131.25",
        {hand_server(31, "mail.hand-four.ru").does(four_letter).runs(mta::unknown)},
        R"("smtp":{"outcome":"ok","starttls":{"advertised":false,"code":500}},"tls":{"outcome":"skipped"})");

  // How servers speak.
  t.add("hand-slow.de", "greets after more than a second", "@ MX 10 mail; mail A 45.33.132.25",
        {hand_server(32, "mail.hand-slow.de").speaks(slow)},
        R"("smtp":{"outcome":"ok","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok"})");
  t.add(
      "hand-drip.com", "one byte every few milliseconds", "@ MX 10 mail; mail A 45.33.133.25",
      {hand_server(33, "mail.hand-drip.com").speaks(drip)},
      R"("smtp":{"outcome":"ok","software":"postfix","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok"})");
  t.add(
      "hand-bare-lf.de", "lines end in LF alone", "@ MX 10 mail; mail A 45.33.134.25",
      {hand_server(34, "mail.hand-bare-lf.de").speaks(bare_lf)},
      R"("smtp":{"outcome":"ok","software":"postfix","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok"})");
  t.add(
      "hand-multi-line.com", "a banner of three lines", "@ MX 10 mail; mail A 45.33.135.25",
      {hand_server(35, "mail.hand-multi-line.com").speaks(multi_line)},
      R"("smtp":{"outcome":"ok","banner_code":220,"software":"postfix","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok"})");
  t.add(
      "hand-long-lines.net", "lines of 700 and 1900 octets where 512 are allowed",
      "@ MX 10 mail; mail A 45.33.136.25", {hand_server(36, "mail.hand-long-lines.net").speaks(long_lines)},
      R"("smtp":{"outcome":"ok","software":"postfix","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok"})");
  t.add(
      "hand-latin1.org", "a banner in Latin-1", "@ MX 10 mail; mail A 45.33.137.25",
      {hand_server(37, "mail.hand-latin1.org").speaks(eight_bit)},
      R"("smtp":{"outcome":"ok","banner_code":220,"software":"postfix","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok"})");
  t.add("hand-exim.info", "Exim as cPanel ships it: a banner of three lines",
        "@ MX 10 mail; mail A 45.33.138.25", {hand_server(38, "mail.hand-exim.info").runs(mta::exim, 1)},
        R"("smtp":{"outcome":"ok","software":"exim","starttls":{"advertised":true,"code":220}})");
  t.add("hand-qmail.info", "qmail without the TLS patch: known by how little it says",
        "@ MX 10 mail; mail A 45.33.139.25",
        {hand_server(39, "mail.hand-qmail.info").runs(mta::qmail).does(no_starttls)},
        R"("smtp":{"outcome":"ok","software":"qmail","starttls":{"advertised":false,"code":502}})");
  t.add(
      "hand-exchange.info", "Exchange; XRDST and X-ANONYMOUSTLS are keywords, not masks",
      "@ MX 10 mail; mail A 45.33.140.25",
      {hand_server(40, "mail.hand-exchange.info").runs(mta::exchange).tls(0xc014, v1_0)},
      R"("smtp":{"outcome":"ok","software":"exchange","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok","version":"TLSv1","cipher":"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA","key_exchange":"ECDHE","bulk":"AES-256-CBC","mac":"SHA-1","forward_secret":true})");
  t.add("hand-mailenable.info", "software that is known and none of the study's",
        "@ MX 10 mail; mail A 45.33.141.25", {hand_server(41, "mail.hand-mailenable.info").runs(mta::other)},
        R"("smtp":{"outcome":"ok","software":"other","starttls":{"advertised":true,"code":220}})");

  // Suites, keys and certificates.
  t.add(
      "hand-rc4.ru", "RC4, TLS 1.0, 1024 bits, self-signed: the box under the desk",
      "@ MX 10 mail; mail A 45.33.142.25",
      {hand_server(42, "mail.hand-rc4.ru")
           .tls(0x0005, v1_0)
           .key(key_kind::rsa_1024)
           .signed_by(signer::itself)
           .called("localhost.localdomain")},
      R"("tls":{"outcome":"ok","stage":"certificate","version":"TLSv1","cipher":"TLS_RSA_WITH_RC4_128_SHA","key_exchange":"RSA","bulk":"RC4-128","mac":"SHA-1","forward_secret":false,"certificate":{"trusted":false,"verify_errors":["self_signed"],"matches":"neither","key_type":"rsa","key_bits":1024}})");
  t.add(
      "hand-rc4-md5.ru", "RC4 with MD5, TLS 1.2, flight in one record", "@ MX 10 mail; mail A 45.33.143.25",
      {hand_server(43, "mail.hand-rc4-md5.ru").tls(0x0004).runs(mta::postfix, 1)},
      R"("tls":{"outcome":"ok","version":"TLSv1.2","cipher":"TLS_RSA_WITH_RC4_128_MD5","bulk":"RC4-128","mac":"MD5","forward_secret":false,"certificate":{"trusted":true,"matches":"server"}})");
  t.add(
      "hand-3des.de", "3DES, TLS 1.1, messages cut across records", "@ MX 10 mail; mail A 45.33.144.25",
      {hand_server(44, "mail.hand-3des.de").tls(0x000a, v1_1).runs(mta::postfix, 2)},
      R"("tls":{"outcome":"ok","version":"TLSv1.1","cipher":"TLS_RSA_WITH_3DES_EDE_CBC_SHA","key_exchange":"RSA","bulk":"3DES-CBC","mac":"SHA-1","forward_secret":false,"certificate":{"trusted":true,"matches":"server"}})");
  t.add("hand-domain-cert.com",
        "the certificate covers the mail domain: stronger than the MX host, which it covers too",
        "@ MX 10 mail; mail A 45.33.145.25",
        {hand_server(45, "mail.hand-domain-cert.com")
             .called("hand-domain-cert.com", {"hand-domain-cert.com", "mail.hand-domain-cert.com"})},
        R"("tls":{"outcome":"ok","certificate":{"trusted":true,"matches":"domain"}})");
  t.add("hand-wildcard.net", "a wildcard stands for one label", "@ MX 10 mail; mail A 45.33.146.25",
        {hand_server(46, "mail.hand-wildcard.net").called("hand wildcard", {"*.hand-wildcard.net"})},
        R"("tls":{"outcome":"ok","certificate":{"trusted":true,"matches":"server"}})");
  t.add(
      "hand-psmtp.org", "a wildcard does not stand for two labels: psmtp.com and pphosted.com of the paper",
      "@ MX 10 in.s7a1.hand-filter.org.; in.s7a1.hand-filter.org. A 45.33.147.25",
      {hand_server(47, "in.s7a1.hand-filter.org").called("*.hand-filter.org", {"*.hand-filter.org"})},
      R"("mx":{"provider":"hand-filter.org"},"tls":{"outcome":"ok","certificate":{"trusted":true,"verify_errors":[],"matches":"neither"}})");
  t.add(
      "hand-wildcard-apex.net", "a wildcard does not cover the name it hangs from",
      "@ MX 10 @; @ A 45.33.148.25",
      {hand_server(48, "hand-wildcard-apex.net")
           .called("*.hand-wildcard-apex.net", {"*.hand-wildcard-apex.net"})},
      R"("mx":{"kind":"mx","hosts":[{"preference":10,"name":"hand-wildcard-apex.net"}]},"tls":{"outcome":"ok","certificate":{"trusted":true,"matches":"neither"}})");
  t.add("hand-cn-only.ru", "no subjectAltName: the common name counts", "@ MX 10 mail; mail A 45.33.149.25",
        {hand_server(49, "mail.hand-cn-only.ru").called("mail.hand-cn-only.ru")},
        R"("tls":{"outcome":"ok","certificate":{"trusted":true,"matches":"server"}})");
  t.add("hand-cn-ignored.de", "a dNSName is there: the common name does not count",
        "@ MX 10 mail; mail A 45.33.150.25",
        {hand_server(50, "mail.hand-cn-ignored.de")
             .called("mail.hand-cn-ignored.de", {"www.hand-cn-ignored.de"})},
        R"("tls":{"outcome":"ok","certificate":{"trusted":true,"matches":"neither"}})");
  t.add(
      "hand-expired.com", "expired, otherwise right", "@ MX 10 mail; mail A 45.33.151.25",
      {hand_server(51, "mail.hand-expired.com").valid(validity::over)},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["expired"],"matches":"server"}})");
  t.add(
      "hand-future.net", "not yet valid", "@ MX 10 mail; mail A 45.33.152.25",
      {hand_server(52, "mail.hand-future.net").valid(validity::to_come)},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["not_yet_valid"],"matches":"server"}})");
  t.add(
      "hand-self-signed-expired.org", "self-signed and expired: both are said",
      "@ MX 10 mail; mail A 45.33.153.25",
      {hand_server(53, "mail.hand-self-signed-expired.org").signed_by(signer::itself).valid(validity::over)},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["expired","self_signed"],"matches":"server"}})");
  t.add(
      "hand-self-signed-domain.org",
      "self-signed for the mail domain: matching and untrusted are independent",
      "@ MX 10 mail; mail A 45.33.154.25",
      {hand_server(54, "mail.hand-self-signed-domain.org")
           .signed_by(signer::itself)
           .called("hand-self-signed-domain.org")},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["self_signed"],"matches":"domain"}})");
  t.add(
      "hand-strange-ca.ru", "a whole chain, its root is not ours", "@ MX 10 mail; mail A 45.33.155.25",
      {hand_server(55, "mail.hand-strange-ca.ru").signed_by(signer::stranger)},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["unknown_ca"],"matches":"server"}})");
  t.add(
      "hand-leaf-only.de", "the intermediate is not sent, as sendmail does",
      "@ MX 10 mail; mail A 45.33.156.25",
      {hand_server(56, "mail.hand-leaf-only.de").signed_by(signer::world_leaf_only)},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["incomplete_chain"],"matches":"server"}})");
  t.add(
      "hand-forged.net", "the intermediate that the leaf names did not sign it",
      "@ MX 10 mail; mail A 45.33.182.25",
      {hand_server(82, "mail.hand-forged.net").signed_by(signer::forger)},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["bad_parent"],"matches":"server"}})");
  t.add(
      "hand-md5.com", "a whole chain, but signed over MD5", "@ MX 10 mail; mail A 45.33.183.25",
      {hand_server(83, "mail.hand-md5.com").over_md5()},
      R"("tls":{"outcome":"ok","certificate":{"trusted":false,"verify_errors":["weak_signature"],"matches":"server"}})");
  t.add(
      "hand-ssl3.org", "speaks nothing newer than SSLv3", "@ MX 10 mail; mail A 45.33.184.25",
      {hand_server(84, "mail.hand-ssl3.org").tls(0x0005, ssl3)},
      R"("tls":{"outcome":"ok","version":"SSLv3","cipher":"TLS_RSA_WITH_RC4_128_SHA","certificate":{"trusted":true,"matches":"server"}})");
  t.add(
      "hand-export.ru", "speaks EXPORT to those who offer nothing better: a hello of 2015 does not see it",
      "@ MX 10 mail; mail A 45.33.185.25",
      {hand_server(85, "mail.hand-export.ru").tls(0x000a, v1_0).with_export()},
      R"("tls":{"outcome":"ok","version":"TLSv1","cipher":"TLS_RSA_WITH_3DES_EDE_CBC_SHA","certificate":{"trusted":true,"matches":"server"}})");
  t.add(
      "hand-tls13.de", "knows TLS 1.3, of which a hello of 2015 sees nothing",
      "@ MX 10 mail; mail A 45.33.186.25", {hand_server(86, "mail.hand-tls13.de").tls(0xc02f, v1_3)},
      R"("tls":{"outcome":"ok","version":"TLSv1.2","cipher":"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256","certificate":{"trusted":true,"matches":"server"}})");
  t.add(
      "hand-512.com", "a key of 512 bits below a trusted root", "@ MX 10 mail; mail A 45.33.157.25",
      {hand_server(57, "mail.hand-512.com").key(key_kind::rsa_512).tls(0x002f, v1_0)},
      R"("tls":{"outcome":"ok","cipher":"TLS_RSA_WITH_AES_128_CBC_SHA","bulk":"AES-128-CBC","certificate":{"trusted":false,"verify_errors":["weak_key"],"matches":"server","key_type":"rsa","key_bits":512}})");
  t.add(
      "hand-1024.com", "1024 bits are not weak in the sense of the study",
      "@ MX 10 mail; mail A 45.33.158.25",
      {hand_server(58, "mail.hand-1024.com").key(key_kind::rsa_1024).tls(0x0035, v1_0)},
      R"("tls":{"outcome":"ok","bulk":"AES-256-CBC","certificate":{"trusted":true,"verify_errors":[],"key_bits":1024}})");
  t.add(
      "hand-4096.net", "4096 bits, DHE", "@ MX 10 mail; mail A 45.33.159.25",
      {hand_server(59, "mail.hand-4096.net").key(key_kind::rsa_4096).tls(0x009e)},
      R"("tls":{"outcome":"ok","cipher":"TLS_DHE_RSA_WITH_AES_128_GCM_SHA256","key_exchange":"DHE","bulk":"AES-128-GCM","forward_secret":true,"certificate":{"trusted":true,"key_bits":4096}})");
  t.add(
      "hand-ec.org", "an elliptic curve", "@ MX 10 mail; mail A 45.33.160.25",
      {hand_server(60, "mail.hand-ec.org").key(key_kind::ec_256).tls(0xc02b)},
      R"("tls":{"outcome":"ok","cipher":"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256","key_exchange":"ECDHE","forward_secret":true,"certificate":{"trusted":true,"matches":"server","key_type":"ec","key_bits":256}})");

  // What DNS says.
  t.add(
      "hand-implicit.com",
      "no MX but an address: the domain is its own mail host, and its certificate matches it",
      "@ A 45.33.161.25", {hand_server(61, "hand-implicit.com")},
      R"("mx":{"outcome":"nodata","kind":"implicit","provider":"hand-implicit.com","hosts":[{"preference":0,"name":"hand-implicit.com","ipv4":["45.33.161.25"],"ipv4_outcome":"ok","ipv6":[],"flags":["no_ipv6"]}]},"smtp":{"outcome":"ok","ip":"45.33.161.25","host":"hand-implicit.com"},"tls":{"outcome":"ok","certificate":{"matches":"domain"}})");
  t.add(
      "hand-null.net", "null MX: takes no mail, although it has an address (RFC 7505)",
      "@ MX 0 .; @ A 45.33.101.25", {},
      R"("mx":{"outcome":"ok","kind":"null","provider":null,"hosts":[]},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-nxdomain.org", "no such name", "", {},
      R"("mx":{"outcome":"nxdomain","kind":"none","provider":null},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-nodata.ru", "the name exists and has neither MX nor address", "@ TXT v=spf1_-all", {},
      R"("mx":{"outcome":"nodata","kind":"none","provider":null},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-empty.ru", "the name exists only because names below it do (RFC 8020): no data, not no name",
      "deep.below A 45.33.101.25", {},
      R"("mx":{"outcome":"nodata","kind":"none"},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-servfail.de", "SERVFAIL: unknown, not none", "@ TROUBLE servfail", {},
      R"("mx":{"outcome":"servfail","kind":null,"provider":null},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-refused-dns.com", "the server refuses the question", "@ TROUBLE refused", {},
      R"("mx":{"outcome":"query_refused","kind":null},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add("hand-mute-dns.net", "the question is never answered", "@ TROUBLE silence", {},
        R"("mx":{"outcome":"timeout","kind":null},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-a-servfail.ru", "no MX, and the address cannot be had: whether it takes mail is not known",
      "@ TXT none; @ TROUBLE_A servfail", {},
      R"("mx":{"outcome":"nodata","kind":null,"provider":null},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-mx-servfail.de", "the MX is known, the address of its host is not",
      "@ MX 10 mail; mail TROUBLE servfail", {},
      R"("mx":{"outcome":"ok","kind":"mx","hosts":[{"preference":10,"name":"mail.hand-mx-servfail.de","ipv4":[],"ipv4_outcome":"servfail","flags":[]}]},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-gone-mx.org", "the MX host does not exist", "@ MX 10 mail", {},
      R"("mx":{"outcome":"ok","kind":"mx","provider":"hand-gone-mx.org","hosts":[{"preference":10,"name":"mail.hand-gone-mx.org","ipv4":[],"ipv4_outcome":"nxdomain","ipv6":[],"ipv6_outcome":"nxdomain","flags":["unresolvable"]}]},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-bare-mx.org", "the MX host exists and has no address", "@ MX 10 mail; mail TXT nothing", {},
      R"("mx":{"outcome":"ok","kind":"mx","hosts":[{"ipv4":[],"ipv4_outcome":"nodata","ipv6":[],"ipv6_outcome":"nodata","flags":["unresolvable"]}]},"smtp":{"outcome":"skipped"})");
  t.add(
      "hand-cname-mx.ru", "the MX names an alias, which RFC 2181 10.3 forbids and everyone follows",
      "@ MX 10 mail; mail CNAME real; real A 45.33.162.25", {hand_server(62, "real.hand-cname-mx.ru")},
      R"("mx":{"outcome":"ok","hosts":[{"preference":10,"name":"mail.hand-cname-mx.ru","ipv4":["45.33.162.25"],"ipv4_outcome":"ok","flags":["cname","no_ipv6"]}]},"smtp":{"outcome":"ok","host":"mail.hand-cname-mx.ru","ip":"45.33.162.25"},"tls":{"outcome":"ok","certificate":{"matches":"neither"}})");
  t.add(
      "hand-alias.info", "the domain itself is an alias: its MX is that of the target",
      "@ CNAME hand-good.com.", {},
      R"("mx":{"outcome":"ok","kind":"mx","provider":"hand-good.com","hosts":[{"preference":10,"name":"mail.hand-good.com","ipv4":["45.33.101.25"]}]},"smtp":{"outcome":"ok","ip":"45.33.101.25"},"tls":{"outcome":"ok","certificate":{"matches":"server"}})");
  t.add("hand-dangling.info", "an alias of a name that does not exist",
        "@ CNAME nowhere.hand-dangling-target.info.", {},
        R"("mx":{"outcome":"nxdomain"},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-literal.de", "an address where a name should be", "@ MX 10 192.0.2.1.", {},
      R"("mx":{"outcome":"ok","kind":"mx","hosts":[{"preference":10,"name":"192.0.2.1","flags":["address_literal","unresolvable"]}]},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-loopback.com", "the MX host is 127.0.0.1: not ours to contact",
      "@ MX 10 localhost; localhost A 127.0.0.1", {},
      R"("mx":{"outcome":"ok","kind":"mx","hosts":[{"ipv4":["127.0.0.1"],"flags":["reserved","no_ipv6"]}]},"smtp":{"outcome":"blocked"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-private-first.net", "the best host is private, the second takes the mail",
      "@ MX 5 inside; @ MX 10 mail; inside A 10.0.0.25; mail A 45.33.163.25",
      {hand_server(63, "mail.hand-private-first.net")},
      R"("mx":{"hosts":[{"preference":5,"name":"inside.hand-private-first.net","flags":["reserved","no_ipv6"]},{"preference":10,"name":"mail.hand-private-first.net","flags":["no_ipv6"]}]},"smtp":{"outcome":"ok","host":"mail.hand-private-first.net","ip":"45.33.163.25"},"tls":{"outcome":"ok","certificate":{"matches":"server"}})");
  t.add(
      "hand-duplicate.org", "the same host twice: once in the list, with its lowest preference",
      "@ MX 20 mail; @ MX 10 mail; mail A 45.33.164.25", {hand_server(64, "mail.hand-duplicate.org")},
      R"("mx":{"hosts":[{"preference":10,"name":"mail.hand-duplicate.org","flags":["duplicate","no_ipv6"]}]},"smtp":{"outcome":"ok"},"tls":{"outcome":"ok"})");
  t.add(
      "hand-equal.ru", "equal preferences go by name",
      "@ MX 10 mb; @ MX 10 ma; ma A 45.33.165.25; mb A 45.33.166.25",
      {hand_server(65, "ma.hand-equal.ru"), hand_server(66, "mb.hand-equal.ru").does(no_starttls)},
      R"("mx":{"hosts":[{"preference":10,"name":"ma.hand-equal.ru"},{"preference":10,"name":"mb.hand-equal.ru"}]},"smtp":{"outcome":"ok","host":"ma.hand-equal.ru","starttls":{"code":220}},"tls":{"outcome":"ok"})");
  t.add(
      "hand-second-works.de", "the best host is dead, the second takes the mail",
      "@ MX 10 dead; @ MX 20 mail; dead A 45.33.167.25; mail A 45.33.168.25",
      {hand_server(67, "dead.hand-second-works.de").does(refused_port),
       hand_server(68, "mail.hand-second-works.de")},
      R"("mx":{"provider":"hand-second-works.de"},"smtp":{"outcome":"ok","host":"mail.hand-second-works.de","ip":"45.33.168.25"},"tls":{"outcome":"ok","ip":"45.33.168.25","certificate":{"matches":"server"}})");
  t.add(
      "hand-second-greets.com", "the best host greets with 554, the second with 220",
      "@ MX 10 busy; @ MX 20 mail; busy A 45.33.169.25; mail A 45.33.170.25",
      {hand_server(69, "busy.hand-second-greets.com").does(greets_554),
       hand_server(70, "mail.hand-second-greets.com").runs(mta::exim)},
      R"("smtp":{"outcome":"ok","host":"mail.hand-second-greets.com","ip":"45.33.170.25","banner_code":220,"software":"exim"},"tls":{"outcome":"ok"})");
  t.add(
      "hand-first-greets.com",
      "the best host greets and then drops: it has greeted, so it is the one that is told of",
      "@ MX 10 first; @ MX 20 second; first A 45.33.171.25; second A 45.33.172.25",
      {hand_server(71, "first.hand-first-greets.com").does(drops_after_banner),
       hand_server(72, "second.hand-first-greets.com")},
      R"("smtp":{"outcome":"closed","stage":"ehlo","host":"first.hand-first-greets.com"},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-all-dead.com", "all hosts are dead: the first that was tried is told of",
      "@ MX 10 one; @ MX 20 two; one A 45.33.173.25; two A 45.33.174.25",
      {hand_server(73, "one.hand-all-dead.com").does(greets_421),
       hand_server(74, "two.hand-all-dead.com").does(refused_port)},
      R"("smtp":{"outcome":"refused","stage":"banner","host":"one.hand-all-dead.com","banner_code":421},"tls":{"outcome":"skipped"})");
  t.add(
      "hand-two-addresses.ru", "one host, two addresses: the lower is dead, the higher takes the mail",
      "@ MX 10 mail; mail A 45.33.176.25; mail A 45.33.175.25",
      {hand_server(75, "mail.hand-two-addresses.ru").does(refused_port),
       hand_server(76, "mail.hand-two-addresses.ru")},
      R"("mx":{"hosts":[{"ipv4":["45.33.175.25","45.33.176.25"]}]},"smtp":{"outcome":"ok","ip":"45.33.176.25"},"tls":{"outcome":"ok","ip":"45.33.176.25"})");
  t.add(
      "hand-ipv6.com", "a host with nothing but IPv6", "@ MX 10 mail; mail AAAA 2a00:2000:1::25",
      {hand_server(0, "mail.hand-ipv6.com").at("2a00:2000:1::25")},
      R"("mx":{"hosts":[{"ipv4":[],"ipv4_outcome":"nodata","ipv6":["2a00:2000:1::25"],"ipv6_outcome":"ok","flags":["no_ipv4"]}]},"smtp":{"outcome":"ok","ip":"2a00:2000:1::25"},"tls":{"outcome":"ok","ip":"2a00:2000:1::25","certificate":{"matches":"server"}})");
  t.add(
      "hand-numbers.org", "preferences are numbers: 5 before 10 before 100 before 65535",
      "@ MX 65535 d; @ MX 100 c; @ MX 10 b; @ MX 5 a; a A 45.33.177.25; b A 45.33.101.25; c A "
      "45.33.101.25; d A 45.33.101.25",
      {hand_server(77, "a.hand-numbers.org")},
      R"("mx":{"hosts":[{"preference":5,"name":"a.hand-numbers.org"},{"preference":10,"name":"b.hand-numbers.org"},{"preference":100,"name":"c.hand-numbers.org"},{"preference":65535,"name":"d.hand-numbers.org"}]},"smtp":{"outcome":"ok","ip":"45.33.177.25"},"tls":{"outcome":"ok"})");
  t.add(
      "hand-twelve.net",
      "twelve hosts with long names: more than 1232 bytes, so that only TCP carries the answer",
      "@ MX 1 first; first A 45.33.178.25"
      "; @ MX 11 "
      "n01.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-01.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-01"
      "; @ MX 12 "
      "n02.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-02.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-02"
      "; @ MX 13 "
      "n03.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-03.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-03"
      "; @ MX 14 "
      "n04.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-04.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-04"
      "; @ MX 15 "
      "n05.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-05.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-05"
      "; @ MX 16 "
      "n06.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-06.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-06"
      "; @ MX 17 "
      "n07.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-07.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-07"
      "; @ MX 18 "
      "n08.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-08.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-08"
      "; @ MX 19 "
      "n09.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-09.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-09"
      "; @ MX 20 "
      "n10.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-10.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-10"
      "; @ MX 21 "
      "n11.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-11.abcdefghijklmnopqrstuvwxyz-"
      "abcdefghijklmnopqrstuvwxyz-11",
      {hand_server(78, "first.hand-twelve.net")},
      R"("mx":{"outcome":"ok","kind":"mx","hosts":[{"preference":1,"name":"first.hand-twelve.net","ipv4":["45.33.178.25"]},{"preference":11,"flags":["unresolvable"]},{"preference":12},{"preference":13},{"preference":14},{"preference":15},{"preference":16},{"preference":17},{"preference":18},{"preference":19},{"preference":20},{"preference":21,"name":"n11.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-11.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-11.hand-twelve.net"}]},"smtp":{"outcome":"ok","ip":"45.33.178.25"},"tls":{"outcome":"ok"})");
  t.add(
      "HAND-Case.ORG", "upper case in the list and in the zone; lower case in the record",
      "@ MX 10 MAIL.Hand-Case.org.; mail A 45.33.179.25", {hand_server(79, "mail.hand-case.org")},
      R"("mx":{"outcome":"ok","provider":"hand-case.org","hosts":[{"name":"mail.hand-case.org","ipv4":["45.33.179.25"]}]},"smtp":{"outcome":"ok","host":"mail.hand-case.org"},"tls":{"outcome":"ok","certificate":{"matches":"server"}})",
      "hand-case.org");
  t.add(
      "b\xc3\xbc"
      "cher-hand.de",
      "a U-label in the list, the A-label in the zone and the certificate",
      "@ MX 10 mail; mail A 45.33.180.25",
      {hand_server(80, "mail.xn--bcher-hand-9db.de")
           .called("xn--bcher-hand-9db.de", {"xn--bcher-hand-9db.de"})},
      R"("mx":{"outcome":"ok","provider":"xn--bcher-hand-9db.de","hosts":[{"name":"mail.xn--bcher-hand-9db.de","ipv4":["45.33.180.25"]}]},"smtp":{"outcome":"ok"},"tls":{"outcome":"ok","certificate":{"matches":"domain"}})",
      "xn--bcher-hand-9db.de");
  t.add(
      "hand-gmail.net", "hosted at Google, the zone in upper case",
      "@ MX 10 ASPMX3.GOOGLEMAIL.COM.; @ MX 1 ASPMX.L.GOOGLE.COM.; @ MX 5 ALT1.ASPMX.L.GOOGLE.COM.", {},
      R"("mx":{"outcome":"ok","kind":"mx","provider":"gmail","hosts":[{"preference":1,"name":"aspmx.l.google.com"},{"preference":5,"name":"alt1.aspmx.l.google.com"},{"preference":10,"name":"aspmx3.googlemail.com"}]},"smtp":{"outcome":"ok","host":"aspmx.l.google.com","software":"gmail","starttls":{"advertised":true,"code":220}},"tls":{"outcome":"ok","version":"TLSv1.2","bulk":"AES-128-GCM","certificate":{"trusted":true,"matches":"server"}})");
  t.add("hand-signed.net", "a signed zone: the resolver sets AD",
        "@ MX 10 mail; mail A 45.33.181.25; @ SIGNED yes", {hand_server(81, "mail.hand-signed.net")},
        R"("mx":{"outcome":"ok","authenticated":true},"smtp":{"outcome":"ok"},"tls":{"outcome":"ok"})");
  t.add("under_score.hand-good.com", "an underscore is no reason not to ask", "", {},
        R"("mx":{"outcome":"nxdomain"},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})");
  t.add(
      "two..dots.hand-good.com", "an empty label cannot be asked for", "", {},
      R"("mx":{"outcome":"malformed","kind":null},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})",
      no_name);
  t.add("l234567890123456789012345678901234567890123456789012345678901234.hand-good.com",
        "a label of 64 octets cannot be asked for", "", {},
        R"("mx":{"outcome":"malformed"},"smtp":{"outcome":"skipped"},"tls":{"outcome":"skipped"})", no_name);
  t.add(
      "hand-good.com", "a domain that is listed twice has two records and costs no second connection", "", {},
      R"("mx":{"outcome":"ok","kind":"mx"},"smtp":{"outcome":"ok","ip":"45.33.101.25","starttls":{"code":220}},"tls":{"outcome":"ok","certificate":{"trusted":true,"matches":"server"}})");
  return t;
}

/// "mail" below the domain, "@" the domain, "a.b." as it stands, "." the root.
std::string absolute(const std::string& name, const std::string& domain) {
  if (name == "@")
    return domain;
  if (name == ".")
    return "";
  if (name.back() == '.')
    return name.substr(0, name.size() - 1);
  return name + "." + domain;
}

const hand_table& table() {
  static const hand_table made = make_table();
  return made;
}

trouble trouble_of(const std::string& word) {
  return word == "servfail" ? trouble::servfail : word == "refused" ? trouble::refused : trouble::silence;
}

void add_zone_line(zone& to, const std::string& line, const std::string& domain) {
  std::istringstream in(line);
  std::string owner, type, data, more;
  in >> owner >> type >> data >> more;
  const std::string name = absolute(owner, domain);
  if (type == "MX")
    to.add(name, {rrtype::mx, static_cast<std::uint16_t>(std::stoul(data)), absolute(more, domain), {}});
  else if (type == "A" || type == "AAAA")
    to.add(name, {type == "A" ? rrtype::a : rrtype::aaaa, 0, "", asio::ip::make_address(data)});
  else if (type == "CNAME")
    to.add(name, {rrtype::cname, 0, absolute(data, domain), {}});
  else if (type == "TXT")
    to.add(name, {rrtype::txt, 0, data, {}});
  else if (type == "TROUBLE")
    to.afflict(name, rrtype::any, trouble_of(data));
  else if (type == "TROUBLE_A")
    to.afflict(name, rrtype::a, trouble_of(data));
  else if (type == "SIGNED")
    to.sign(name);
  else
    throw std::logic_error("zone line of " + domain + ": " + line);
}

} // namespace

std::size_t hand_written_servers() {
  std::size_t n = 0;
  for (const auto& one : table())
    n += one.servers.size();
  return n;
}

void add_hand_written(plan& to) {
  for (const auto& one : table()) {
    const std::string name = one.name == no_name ? "" : one.name.empty() ? one.word : one.name;
    for (const auto& what : one.servers)
      add_server(to, what);
    std::istringstream lines(one.zone);
    for (std::string line; std::getline(lines, line, ';');)
      add_zone_line(to.names, line, name);
    std::string expected = one.expected;
    std::erase(expected, '\n');
    to.inputs.push_back({one.word, name, "hand", one.shows, expected});
  }
}

} // namespace world
