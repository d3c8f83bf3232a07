#include "authority.hpp"
#include "certificate_bytes.hpp"
#include "flight_bytes.hpp"

#include <postroad/tls/member.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

namespace net = postroad::net;
namespace tls = postroad::tls;
using namespace tls_test;
using postroad::outcome;
using postroad::stage;

namespace {

tls::probe_context about_server() {
  return {.server = {net::address::v4(0xc0000201), 25},
          .host = "mx.example.org",
          .profile = "modern",
          .sni = "mx.example.org",
          .domain = "example.org",
          .time_rfc3339 = "2015-04-26T12:00:00Z"};
}
std::string json(const tls::observation& seen, const tls::probe_context& about) {
  std::string out;
  postroad::text::json_writer w(out);
  tls::write_tls(w, seen, about);
  return out;
}
tls::observation read(const std::string& flight) {
  tls::exchange talk(tls::build_hello(tls::modern, "mx", std::array<std::uint8_t, 32>{}));
  talk.feed(bytes_of(flight));
  auto seen = tls::settle(std::move(talk), outcome::timeout);
  seen.elapsed = std::chrono::microseconds(12345);
  return seen;
}

struct roots_file {
  std::string path = "/tmp/postroad-member-XXXXXX";
  explicit roots_file(const std::string& pem) {
    const int fd = ::mkstemp(path.data());
    must(fd >= 0 && ::write(fd, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()));
    ::close(fd);
  }
  ~roots_file() { ::unlink(path.c_str()); }
};

/// `json` with the values of `hashes` taken out, which no test can foretell.
std::string without(std::string json, const std::vector<std::string>& hashes) {
  for (const auto& h : hashes)
    json.replace(json.find(h), h.size(), "#");
  return json;
}

} // namespace

TEST_CASE("a server that never spoke TLS has neither version nor certificate") {
  tls::observation seen;
  seen.what = outcome::refused;
  seen.reached = stage::connect;
  CHECK(json(seen, about_server()) ==
        R"({"outcome":"refused","stage":"connect","time":"2015-04-26T12:00:00Z","ip":"192.0.2.1","port":25,)"
        R"("host":"mx.example.org","profile":"modern","sni":"mx.example.org","elapsed_ms":0})");
}

TEST_CASE("an alert is named") {
  auto about = about_server();
  about.host = about.sni = {};
  CHECK(json(read(record(21, "\x02\x28")), about) ==
        R"({"outcome":"tls_error","stage":"tls","time":"2015-04-26T12:00:00Z","ip":"192.0.2.1","port":25,)"
        R"("profile":"modern","alert":"handshake_failure","elapsed_ms":12.345})");
}

TEST_CASE("a whole flight: suite in words, certificate, roots") {
  const auto root = issue({.cn = "Test Root", .is_ca = true});
  const auto leaf = issue({.cn = "mx", .names = "DNS:example.org,DNS:mx.example.org,IP:192.0.2.1"}, &root);
  const roots_file file(root.pem());
  auto roots = tls::trust_store::load(file.path);
  const auto seen =
      read(handshake(server_hello(0x0303, 0xc02b) + certificates({leaf.der()}) + ecdhe(29) + done()));
  REQUIRE(seen.what == outcome::ok);
  const auto chain = roots.judge(seen.flight.chain, std::chrono::system_clock::from_time_t(noon));
  auto about = about_server();
  about.chain = chain.get();
  about.roots = &roots;
  CHECK(without(json(seen, about), {chain->sha256, file.path, roots.sha256()}) ==
        R"({"outcome":"ok","stage":"certificate","time":"2015-04-26T12:00:00Z","ip":"192.0.2.1","port":25,)"
        R"("host":"mx.example.org","profile":"modern","version":"TLSv1.2",)"
        R"("cipher":"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256","key_exchange":"ECDHE","bulk":"AES-128-GCM",)"
        R"("mac":"SHA-256","group":"x25519","forward_secret":true,"sni":"mx.example.org",)"
        R"("certificate":{"trusted":true,"verify_errors":[],"matches":"domain","matched_name":"example.org",)"
        R"("subject":"CN=mx","issuer":"CN=Test Root","names":["example.org","mx.example.org","192.0.2.1"],)"
        R"("not_before":"2015-03-27T12:00:00Z","not_after":"2015-05-26T12:00:00Z","key_type":"ec",)"
        R"("key_bits":256,"signature":"ecdsa-with-SHA256","self_signed":false,"sha256":"#","chain_length":1,)"
        R"("scts":0},"roots":{"file":"#","sha256":"#"},"elapsed_ms":12.345})");

  about.domain = about.host = {}; // an address: only the certificate's addresses can fit
  CHECK(json(seen, about).find(R"("matches":"server","matched_name":"192.0.2.1")") != std::string::npos);
}

TEST_CASE("sizes stand where a group has no name") {
  const auto dhe = message(12, wire::as_vector(2, std::string(96, '\xff')) + wire::as_vector(2, "\x02") +
                                   wire::as_vector(2, "y") + signature());
  const auto seen = read(handshake(server_hello(0x0303, 0x0039) + certificates({"leaf"}) + dhe + done()));
  CHECK(json(seen, about_server())
            .find(R"("key_exchange":"DHE","bulk":"AES-256-CBC","mac":"SHA-1","group":"DH-768")") !=
        std::string::npos);
}

TEST_CASE("names that are no text are kept in base64; a NUL is seen") {
  certificate_parts parts;
  parts.subject = name("M\xfcller"); // Latin-1 in an UTF8String
  parts.extensions = alternative_names(der(0x82, "a\0b"s) + der(0x82, "\xff"));
  const roots_file file(issue({.cn = "Test Root", .is_ca = true}).pem());
  auto roots = tls::trust_store::load(file.path);
  const auto seen = read(handshake(server_hello(0x0301, 0x0005) + certificates({parts.bytes()}) + done()));
  const auto chain = roots.judge(seen.flight.chain, std::chrono::system_clock::from_time_t(noon));
  auto about = about_server();
  about.chain = chain.get();
  const auto text = json(seen, about);
  CHECK(text.find("\"subject\":\"CN=M\xef\xbf\xbdller\",\"subject_b64\":\"Q049TfxsbGVy\"") !=
        std::string::npos);
  CHECK(text.find("\"names\":[\"a\\u0000b\",\"\xef\xbf\xbd\"],\"names_b64\":[\"YQBi\",\"/w==\"]") !=
        std::string::npos);
}

TEST_CASE("a leaf that cannot be read leaves its hash, and why") {
  const roots_file file(issue({.cn = "Test Root", .is_ca = true}).pem());
  auto roots = tls::trust_store::load(file.path);
  const auto seen = read(handshake(server_hello(0x0301, 0x0005) + certificates({"junk", "more"}) + done()));
  const auto chain = roots.judge(seen.flight.chain, std::chrono::system_clock::from_time_t(noon));
  auto about = about_server();
  about.chain = chain.get();
  CHECK(
      without(json(seen, about), {chain->sha256})
          .find(
              R"("certificate":{"trusted":false,"verify_errors":["unparsable"],"sha256":"#","chain_length":2},)"
              R"("detail":"certificate is no sequence")") != std::string::npos);
}
