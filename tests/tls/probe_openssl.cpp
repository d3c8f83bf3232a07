// The probe against OpenSSL's own server, and what OpenSSL's own client says about the same server.
#include "authority.hpp"

#include <postroad/net/connect.hpp>
#include <postroad/tls/name_match.hpp>
#include <postroad/tls/probe.hpp>
#include <postroad/tls/trust.hpp>

#include <asio/io_context.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace net = postroad::net;
namespace tls = postroad::tls;
using namespace tls_test;
using namespace std::chrono_literals;

namespace {

/// A folder that is gone at the end.
class scratch {
public:
  scratch() { must(::mkdtemp(path_.data()) != nullptr); }
  ~scratch() {
    for (const auto& name : names_)
      ::unlink((path_ + "/" + name).c_str());
    ::rmdir(path_.c_str());
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  std::string put(const std::string& name, const std::string& content) {
    std::ofstream(path_ + "/" + name) << content;
    names_.push_back(name);
    return path_ + "/" + name;
  }

private:
  std::string path_ = "/tmp/postroad-probe-XXXXXX";
  std::vector<std::string> names_;
};

/// `openssl s_server` on a port of its own choice.
class openssl_server {
public:
  explicit openssl_server(std::vector<std::string> options, bool pages = true) {
    options.insert(options.begin(), {"openssl", "s_server", "-accept", "127.0.0.1:0"});
    if (pages)
      options.emplace_back("-www");
    int in[2], out[2];
    must(::pipe(in) == 0 && ::pipe(out) == 0);
    child_ = ::fork();
    if (child_ == 0)
      run(options, in[0], out[1]);
    ::close(in[0]);
    ::close(out[1]);
    read_port(out[0]);
    in_ = in[1];
    out_ = out[0];
  }
  ~openssl_server() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::close(in_);
    ::close(out_);
  }
  openssl_server(const openssl_server&) = delete;
  openssl_server& operator=(const openssl_server&) = delete;
  [[nodiscard]] net::endpoint at() const { return {net::address::v4(0x7f000001), port_}; }

private:
  [[noreturn]] static void run(std::vector<std::string>& options, int in, int out) {
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(nowhere, 2);
    std::vector<char*> words;
    for (auto& o : options)
      words.push_back(o.data());
    words.push_back(nullptr);
    ::alarm(60); // dies with a test that hangs
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  void read_port(int fd) {
    std::string text;
    char c;
    while (::read(fd, &c, 1) == 1 && !(c == '\n' && text.find("ACCEPT ") != std::string::npos))
      text += c;
    const auto colon = text.rfind(':');
    REQUIRE(colon != std::string::npos);
    port_ = static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)));
  }

  pid_t child_ = -1;
  int in_ = -1, out_ = -1;
  std::uint16_t port_ = 0;
};

net::task<> probe(asio::ip::tcp::socket& socket, net::endpoint to, const tls::hello_profile& profile,
                  tls::observation& into) {
  REQUIRE(!co_await net::connect(socket, to, std::nullopt));
  tls::key_pool keys;
  tls::exchange talk(profile, "mx.example.org", std::array<std::uint8_t, 32>{7}, keys);
  into = co_await tls::read_flight(socket, std::move(talk), {.timeout = 10s});
}

net::task<> shake(asio::ip::tcp::socket& socket, net::endpoint to, tls::observation& into) {
  const auto ec = co_await net::connect(socket, to, std::nullopt);
  REQUIRE(!ec);
  const tls::client_context context;
  tls::handshake talk(context, "mx.example.org");
  into = co_await tls::shake_hands(socket, std::move(talk), {.timeout = 10s});
}
tls::observation shake(const openssl_server& server) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  tls::observation seen;
  net::spawn(shake(socket, server.at(), seen));
  io.run();
  return seen;
}

tls::observation probe(const openssl_server& server, std::string_view profile = "modern") {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  tls::observation seen;
  net::spawn(probe(socket, server.at(), *tls::find_profile(profile), seen));
  io.run();
  return seen;
}

std::string ask_s_client(const openssl_server& server, const std::string& options) {
  const auto command = "timeout 20 openssl s_client -connect 127.0.0.1:" + std::to_string(server.at().port) +
                       " -servername mx.example.org " + options + " </dev/null 2>&1";
  std::FILE* in = ::popen(command.c_str(), "r");
  REQUIRE(in != nullptr);
  std::string out;
  char piece[4096];
  while (const auto n = std::fread(piece, 1, sizeof piece, in))
    out.append(piece, n);
  ::pclose(in);
  return out;
}
bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

/// Certificates and files that all cases share.
struct fixture {
  scratch files;
  identity root = issue({.cn = "Test Root", .not_before = 0, .not_after = far, .is_ca = true});
  identity intermediate =
      issue({.cn = "Test Intermediate", .not_before = 0, .not_after = far, .is_ca = true}, &root);
  identity rsa = leaf(rsa_key_of(2048)), ec = leaf(ec_key());
  std::string root_file = files.put("root.pem", root.pem());
  std::string above_file = files.put("above.pem", intermediate.pem());
  std::string rsa_file = files.put("rsa.pem", rsa.pem() + rsa.key_pem());
  std::string ec_file = files.put("ec.pem", ec.pem() + ec.key_pem());

  static constexpr std::int64_t far = 4102444800; // 2100
  [[nodiscard]] identity leaf(const key_ptr& key) const {
    return issue({.cn = "mx.example.org",
                  .not_before = 0,
                  .not_after = far,
                  .names = "DNS:mx.example.org,DNS:example.org",
                  .key = key},
                 &intermediate);
  }
};
const fixture& all() {
  static const fixture f;
  return f;
}

std::string verdict_on(const tls::observation& seen) {
  auto roots = tls::trust_store::load(all().root_file);
  const auto j = roots.judge(seen.flight.chain, std::chrono::system_clock::now());
  std::string out;
  for (const auto& e : j->verdict.errors)
    out += e + " ";
  return out;
}

} // namespace

TEST_CASE("version, suite, group and chain of an OpenSSL server, as its own client sees them") {
  struct row {
    const char *version, *cipher, *key_file; // as s_server wants them
    const char *version_name, *suite, *group, *s_client_key;
    const char* profile;
  };
  const auto& f = all();
  for (const auto& r : std::initializer_list<row>{
           {"-tls1_2", "ECDHE-RSA-AES128-GCM-SHA256", f.rsa_file.c_str(), "TLSv1.2",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "x25519", "X25519, 253 bits", "modern"},
           {"-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384", f.ec_file.c_str(), "TLSv1.2",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", "X25519, 253 bits", "modern"},
           {"-tls1_2", "AES128-SHA", f.rsa_file.c_str(), "TLSv1.2", "TLS_RSA_WITH_AES_128_CBC_SHA", "", "",
            "modern"},
           {"-tls1_2", "DHE-RSA-AES256-SHA", f.rsa_file.c_str(), "TLSv1.2",
            "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "dh", "DH, ", "modern"},
           {"-tls1_1", "ECDHE-RSA-AES256-SHA", f.rsa_file.c_str(), "TLSv1.1",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "secp256r1", "", "tls1.1"},
           {"-tls1", "AES256-SHA", f.rsa_file.c_str(), "TLSv1", "TLS_RSA_WITH_AES_256_CBC_SHA", "", "",
            "modern"},
           {"-tls1", "DHE-RSA-AES128-SHA", f.rsa_file.c_str(), "TLSv1", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
            "dh", "DH, ", "2015"},
       }) {
    CAPTURE(r.version);
    CAPTURE(r.cipher);
    const std::string weak = std::string(r.cipher) + ":@SECLEVEL=0";
    const openssl_server server(
        {r.version, "-cipher", weak, "-cert", r.key_file, "-key", r.key_file, "-cert_chain", f.above_file});
    const auto seen = probe(server, r.profile);
    REQUIRE(seen.what == postroad::outcome::ok);
    CHECK(seen.reached == postroad::stage::certificate);
    CHECK(tls::version_name(seen.flight.version) == r.version_name);
    CHECK(tls::suite_name(seen.flight.suite) == r.suite);
    CHECK(seen.flight.chain ==
          std::vector<std::string>{r.key_file == f.ec_file ? f.ec.der() : f.rsa.der(), f.intermediate.der()});
    CHECK(verdict_on(seen) == "");

    const auto said =
        ask_s_client(server, "-cipher ALL:@SECLEVEL=0 -CAfile " + f.root_file + " " + r.version);
    has(said, std::string("Cipher is ") + r.cipher);
    has(said, "Verify return code: 0 (ok)");
    if (*r.s_client_key != 0)
      has(said, std::string("Server Temp Key: ") + r.s_client_key);
    if (std::string_view(r.group) == "dh")
      has(said, "DH, " + std::to_string(seen.flight.dh_bits.value_or(0)) + " bits");
    else if (*r.group != 0)
      CHECK(tls::group_name(seen.flight.group.value_or(0)) == r.group);
    else
      CHECK_FALSE(seen.flight.group);
  }
}

TEST_CASE("what s_client calls unable to verify the first certificate is an incomplete chain") {
  const auto& f = all();
  const openssl_server server({"-tls1_2", "-cert", f.rsa_file, "-key", f.rsa_file});
  const auto seen = probe(server);
  CHECK(seen.flight.chain.size() == 1);
  CHECK(verdict_on(seen) == "incomplete_chain ");
  has(ask_s_client(server, "-CAfile " + f.root_file), "unable to verify the first certificate");
}

TEST_CASE("RFC 8446 4.1.3: a TLS 1.3 server shows in its TLS 1.2 answer that it could do more") {
  const auto& f = all();
  const openssl_server server({"-cert", f.rsa_file, "-key", f.rsa_file});
  const auto seen = probe(server, "tls1.2");
  CHECK(tls::version_name(seen.flight.version) == "TLSv1.2");
  CHECK(seen.flight.knows_tls_1_3);
  CHECK_FALSE(seen.flight.downgraded);
  CHECK(seen.flight.session_ticket);
  CHECK(seen.flight.extended_master_secret);
  CHECK(seen.flight.secure_renegotiation);
}

TEST_CASE("TLS 1.3: suite, group and the chain behind the encryption, as OpenSSL's own client sees them") {
  struct row {
    const char *suite, *openssl_group, *key_file;
    const char *suite_name, *group;
    bool retry;
    std::vector<std::string> more = {};
  };
  const auto& f = all();
  for (const auto& r : std::vector<row>{
           {"TLS_AES_128_GCM_SHA256", "X25519", f.rsa_file.c_str(), "TLS_AES_128_GCM_SHA256", "x25519",
            false},
           {"TLS_AES_256_GCM_SHA384", "X25519", f.ec_file.c_str(), "TLS_AES_256_GCM_SHA384", "x25519", false},
           {"TLS_CHACHA20_POLY1305_SHA256", "X25519", f.rsa_file.c_str(), "TLS_CHACHA20_POLY1305_SHA256",
            "x25519", false},
           {"TLS_AES_256_GCM_SHA384", "P-256", f.rsa_file.c_str(), "TLS_AES_256_GCM_SHA384", "secp256r1",
            true},
           {"TLS_AES_128_GCM_SHA256", "P-384", f.ec_file.c_str(), "TLS_AES_128_GCM_SHA256", "secp384r1",
            true},
           {"TLS_CHACHA20_POLY1305_SHA256", "P-521", f.rsa_file.c_str(), "TLS_CHACHA20_POLY1305_SHA256",
            "secp521r1", true},
           {"TLS_AES_128_GCM_SHA256",
            "X25519",
            f.rsa_file.c_str(),
            "TLS_AES_128_GCM_SHA256",
            "x25519",
            false,
            {"-verify", "1"}}, // it asks for our certificate, too
           {"TLS_AES_128_GCM_SHA256",
            "X25519",
            f.rsa_file.c_str(),
            "TLS_AES_128_GCM_SHA256",
            "x25519",
            false,
            {"-max_send_frag", "512", "-no_middlebox"}}, // messages over many records
       }) {
    CAPTURE(r.suite);
    CAPTURE(r.openssl_group);
    std::vector<std::string> options{"-tls1_3",       "-ciphersuites", r.suite,     "-groups",
                                     r.openssl_group, "-cert",         r.key_file,  "-key",
                                     r.key_file,      "-cert_chain",   f.above_file};
    options.insert(options.end(), r.more.begin(), r.more.end());
    const openssl_server server(options);
    for (const auto* profile : {"modern", "tls1.3"}) {
      const auto seen = probe(server, profile);
      CAPTURE(seen.detail);
      REQUIRE(seen.what == postroad::outcome::ok);
      CHECK(seen.reached == postroad::stage::certificate);
      CHECK(seen.flight.complete);
      CHECK(tls::version_name(seen.flight.version) == "TLSv1.3");
      CHECK(tls::suite_name(seen.flight.suite) == r.suite_name);
      CHECK(tls::group_name(seen.flight.group.value_or(0)) == r.group);
      CHECK(seen.flight.hello_retry == r.retry);
      CHECK(seen.flight.asks_for_certificate == (!r.more.empty() && r.more[0] == "-verify"));
      CHECK(seen.flight.chain == std::vector<std::string>{r.key_file == f.ec_file ? f.ec.der() : f.rsa.der(),
                                                          f.intermediate.der()});
      CHECK(verdict_on(seen) == "");
    }
    const auto said = ask_s_client(server, "-CAfile " + f.root_file);
    has(said, std::string("Cipher is ") + r.suite);
    has(said, "Verify return code: 0 (ok)");
  }
}

TEST_CASE("both engines say the same of a server, and the whole handshake proves its key") {
  const auto& f = all();
  for (const auto& options :
       std::vector<std::vector<std::string>>{{"-tls1_3", "-groups", "X25519"},
                                             {"-tls1_3", "-groups", "P-384"},
                                             {"-tls1_3", "-groups", "X448"},
                                             {"-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"},
                                             {"-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"},
                                             {"-tls1_2", "-cipher", "AES128-GCM-SHA256"},
                                             {"-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"}}) {
    CAPTURE(options.back());
    auto all_options = options;
    for (const auto* o :
         {"-cert", f.rsa_file.c_str(), "-key", f.rsa_file.c_str(), "-cert_chain", f.above_file.c_str()})
      all_options.emplace_back(o);
    const openssl_server server(all_options);
    const auto hello = probe(server), whole = shake(server);
    CAPTURE(whole.detail);
    REQUIRE(whole.what == postroad::outcome::ok);
    CHECK(whole.reached == postroad::stage::certificate);
    REQUIRE(whole.inside);
    CHECK(whole.inside->proven);
    CHECK(whole.flight.version == hello.flight.version);
    CHECK(whole.flight.suite == hello.flight.suite);
    CHECK(whole.flight.group == hello.flight.group);
    CHECK(whole.flight.dh_bits == hello.flight.dh_bits);
    CHECK(whole.flight.chain == hello.flight.chain);
  }
}

TEST_CASE("a server that insists on our certificate: what it showed is kept, and its refusal") {
  const auto& f = all();
  const openssl_server strict({"-tls1_3", "-Verify", "1", "-cert", f.rsa_file, "-key", f.rsa_file});
  CHECK(probe(strict).what == postroad::outcome::ok);
  const auto whole = shake(strict);
  CHECK(whole.what == postroad::outcome::ok); // the refusal comes behind the handshake (RFC 8446 4.4.2.4)
  CHECK(whole.flight.chain.size() == 1);
  const openssl_server old({"-tls1_2", "-Verify", "1", "-cert", f.rsa_file, "-key", f.rsa_file});
  const auto refused = shake(old);
  CHECK(refused.what == postroad::outcome::tls_error);
  CHECK(tls::version_name(refused.flight.version) == "TLSv1.2");
  CHECK(refused.flight.suite != 0);
  CHECK_FALSE(refused.inside->proven);
}

TEST_CASE("a handshake that fails tells the alert, one that is none tells why") {
  const auto& f = all();
  const openssl_server psk_only({"-tls1_2", "-nocert", "-psk", "aa", "-cipher", "PSK"});
  const auto refused = shake(psk_only);
  CHECK(refused.what == postroad::outcome::tls_error);
  CHECK(tls::alert_name(refused.flight.alert.value_or(tls::alert{}).description) == "handshake_failure");
  CHECK_FALSE(refused.inside->proven);
  tls::client_context context;
  tls::handshake talk(context, "");
  CHECK_FALSE(talk.to_send().empty());
  const std::string_view smtp = "220 this is no TLS at all\r\n";
  talk.feed({reinterpret_cast<const std::uint8_t*>(smtp.data()), smtp.size()});
  const auto seen = tls::settle(std::move(talk), postroad::outcome::ok);
  CHECK(seen.what == postroad::outcome::protocol_error);
  CHECK(seen.detail == "wrong version number");
  CHECK(f.rsa_file != f.ec_file);
}

TEST_CASE("RFC 8446 4.2.2: the cookie of a HelloRetryRequest goes back") {
  const auto& f = all();
  const openssl_server server({"-tls1_3", "-stateless", "-cert", f.rsa_file, "-key", f.rsa_file}, false);
  const auto seen = probe(server);
  CAPTURE(seen.detail);
  CHECK(seen.flight.hello_retry);
  CHECK(seen.flight.chain == std::vector<std::string>{f.rsa.der()});
}

TEST_CASE("an OpenSSL without ML-KEM refuses it when it is offered alone") {
  const auto& f = all();
  const openssl_server server({"-tls1_3", "-cert", f.rsa_file, "-key", f.rsa_file});
  const auto seen = probe(server, "pq");
  CHECK(seen.what == postroad::outcome::tls_error);
  CHECK(tls::alert_name(seen.flight.alert->description) == "handshake_failure");
}

TEST_CASE("a server that cannot agree says so in an alert") {
  const auto& f = all();
  const openssl_server only_1_3({"-tls1_3", "-cert", f.rsa_file, "-key", f.rsa_file});
  const auto version = probe(only_1_3, "tls1.2");
  CHECK(version.what == postroad::outcome::tls_error);
  CHECK(tls::alert_name(version.flight.alert->description) == "protocol_version");
  const openssl_server only_camellia(
      {"-tls1_2", "-cipher", "CAMELLIA128-SHA", "-cert", f.rsa_file, "-key", f.rsa_file});
  const auto suite = probe(only_camellia);
  CHECK(suite.what == postroad::outcome::tls_error);
  CHECK(tls::alert_name(suite.flight.alert->description) == "handshake_failure");
  CHECK(ask_s_client(only_camellia, "-tls1_2 -cipher AES128-SHA").find("alert handshake failure") !=
        std::string::npos);
}
