#include "authority.hpp"
#include "certificate_bytes.hpp"

#include <postroad/tls/trust.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace tls = postroad::tls;
using namespace tls_test;

namespace {

/// A file that is gone at the end of the test.
class temporary_file {
public:
  explicit temporary_file(const std::string& content) {
    const int fd = ::mkstemp(path_.data());
    must(fd >= 0 && ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    ::close(fd);
  }
  ~temporary_file() { ::unlink(path_.c_str()); }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_ = "/tmp/postroad-trust-XXXXXX";
};

/// The authorities that all cases share; keys are dear.
struct authorities {
  identity root = issue({.cn = "Test Root", .is_ca = true});
  identity intermediate = issue({.cn = "Test Intermediate", .is_ca = true}, &root);
  identity lower = issue({.cn = "Test Lower Intermediate", .is_ca = true}, &intermediate);
  identity stranger = issue({.cn = "Unknown Root", .is_ca = true});
  identity stranger_intermediate = issue({.cn = "Unknown Intermediate", .is_ca = true}, &stranger);
  temporary_file roots{root.pem()};
};
const authorities& all() {
  static const authorities a;
  return a;
}
tls::trust_store store() {
  return tls::trust_store::load(all().roots.path());
}

std::string words(const tls::verdict& v) {
  CHECK(v.trusted == v.errors.empty());
  std::string out;
  for (const auto& e : v.errors)
    out += (out.empty() ? "" : " ") + e;
  return out;
}
std::string judge(tls::trust_store& roots, const std::vector<std::string>& chain, std::int64_t when = noon) {
  return words(roots.judge(chain, std::chrono::system_clock::from_time_t(when))->verdict);
}
std::string judge(const std::vector<std::string>& chain, std::int64_t when = noon) {
  auto roots = store();
  return judge(roots, chain, when);
}

wanted leaf_wanted() {
  return {.cn = "mx.example.org", .names = "DNS:mx.example.org"};
}
identity good_leaf() {
  return issue(leaf_wanted(), &all().intermediate);
}

} // namespace

TEST_CASE(
    "a whole chain below a root of the store is trusted, also in the wrong order and with more than needed") {
  const auto leaf = good_leaf().der();
  const auto intermediate = all().intermediate.der();
  CHECK(judge({leaf, intermediate}) == "");
  CHECK(judge({leaf, intermediate, all().root.der()}) == "");
  CHECK(judge({leaf, all().root.der(), intermediate}) == "");
  CHECK(judge({leaf, all().stranger.der(), intermediate}) == "");
  CHECK(judge({issue(leaf_wanted(), &all().root).der()}) == "");
}

TEST_CASE("expired and not yet valid, at the clock that was given, for any certificate of the path") {
  auto w = leaf_wanted();
  w.not_after = noon - day;
  const auto expired = issue(w, &all().intermediate).der();
  CHECK(judge({expired, all().intermediate.der()}) == "expired");
  CHECK(judge({expired, all().intermediate.der()}, noon - 2 * day) == "");
  CHECK(judge({good_leaf().der(), all().intermediate.der()}, noon - 31 * day) == "not_yet_valid");

  const auto old = issue({.cn = "Old Intermediate", .not_after = noon - day, .is_ca = true}, &all().root);
  auto roots = store();
  const std::vector<std::string> chain{issue(leaf_wanted(), &old).der(), old.der()};
  CHECK(judge(roots, chain) == "expired");
  CHECK(roots.judge(chain, std::chrono::system_clock::from_time_t(noon))->verdict.detail ==
        "expired: CN=Old Intermediate");
}

TEST_CASE("a leaf that is its own issuer") {
  CHECK(judge({issue(leaf_wanted()).der()}) == "self_signed");
  auto w = leaf_wanted();
  w.not_after = noon - day;
  CHECK(judge({issue(w).der()}) == "expired self_signed");
  CHECK(judge({all().root.der()}) == ""); // a root that serves itself
  // It says that it signed itself, but another key did.
  auto forged = leaf_wanted();
  CHECK(judge({issue(forged, nullptr, ec_key()).der()}) == "bad_parent self_signed");
}

TEST_CASE("nothing but the leaf was sent, or not the certificate above it") {
  CHECK(judge({good_leaf().der()}) == "incomplete_chain");
  CHECK(judge({issue(leaf_wanted(), &all().stranger_intermediate).der()}) == "incomplete_chain");
  CHECK(judge({good_leaf().der(), all().stranger.der()}) == "incomplete_chain");
}

TEST_CASE("a path that ends at, or below, an unknown root") {
  const auto leaf = issue(leaf_wanted(), &all().stranger_intermediate).der();
  CHECK(judge({leaf, all().stranger_intermediate.der(), all().stranger.der()}) == "unknown_ca");
  CHECK(judge({leaf, all().stranger_intermediate.der()}) == "unknown_ca");
  CHECK(judge({issue(leaf_wanted(), &all().stranger).der(), all().stranger.der()}) == "unknown_ca");
}

TEST_CASE("known intermediates tell an incomplete chain from an unknown authority") {
  const auto leaf = issue(leaf_wanted(), &all().lower).der();
  const std::vector<std::string> gap{leaf, all().lower.der()};
  CHECK(judge(gap) == "unknown_ca");

  auto seen = store(); // another server of this run sent it
  CHECK(judge(seen, {good_leaf().der(), all().intermediate.der()}) == "");
  CHECK(judge(seen, gap) == "incomplete_chain");

  const temporary_file extra(all().intermediate.pem());
  auto given = store();
  given.know_intermediates(extra.path());
  CHECK(judge(given, gap) == "incomplete_chain");
  CHECK(judge(given, {issue(leaf_wanted(), &all().stranger_intermediate).der(),
                      all().stranger_intermediate.der()}) == "unknown_ca");
}

TEST_CASE("a parent that did not sign, or may not") {
  const auto wrong_key = issue(leaf_wanted(), &all().intermediate, ec_key()).der();
  CHECK(judge({wrong_key, all().intermediate.der()}) == "bad_parent");
  const auto server = issue({.cn = "www.example.org"}, &all().root); // no authority
  CHECK(judge({issue(leaf_wanted(), &server).der(), server.der()}) == "bad_parent");
}

TEST_CASE(
    "RFC 5280 4.2.1.1: a parent of the right name with another key is a bad parent, not a missing one") {
  const auto root = issue({.cn = "Root", .is_ca = true, .key_identifiers = true});
  const temporary_file file(root.pem());
  auto roots = tls::trust_store::load(file.path());
  const auto real = issue({.cn = "Twin", .is_ca = true, .key_identifiers = true}, &root);
  const auto twin = issue({.cn = "Twin", .is_ca = true, .key_identifiers = true}, &root);
  auto w = leaf_wanted();
  w.key_identifiers = true;
  const auto leaf = issue(w, &real).der();
  CHECK(judge(roots, {leaf, real.der()}) == "");
  CHECK(judge(roots, {leaf, twin.der()}) == "bad_parent");
}

TEST_CASE("a root is found whatever string types and blanks its name is written in") {
  const auto root = issue({.cn = "Spaced  Root", .is_ca = true});
  const temporary_file file(all().stranger.pem() + root.pem());
  auto other = issue({.cn = "spaced root", .is_ca = true, .key = root.key});
  auto roots = tls::trust_store::load(file.path());
  CHECK(judge(roots, {issue(leaf_wanted(), &other).der()}) == "");
  CHECK(judge(roots, {issue(leaf_wanted(), &all().root).der()}) == "incomplete_chain");
  CHECK(judge(roots, {issue(leaf_wanted(), &all().stranger).der()}) == "");
}

TEST_CASE("weak keys and signatures are named; they do not hide the rest, and roots are left out") {
  auto w = leaf_wanted();
  w.key = rsa_key_of(512);
  CHECK(judge({issue(w, &all().intermediate).der(), all().intermediate.der()}) == "weak_key");
  w.not_after = noon - day;
  CHECK(judge({issue(w).der()}) == "expired self_signed weak_key");
  w = leaf_wanted();
  w.key = rsa_key_of(1024);
  CHECK(judge({issue(w, &all().intermediate).der(), all().intermediate.der()}) == "");

  const auto rsa = issue({.cn = "RSA Intermediate", .is_ca = true, .key = rsa_key_of(1024)}, &all().root);
  w.digest = "MD5";
  CHECK(judge({issue(w, &rsa).der(), rsa.der()}) == "weak_signature");
  w.digest = "SHA1";
  CHECK(judge({issue(w, &rsa).der(), rsa.der()}) == "");

  const auto old_root =
      issue({.cn = "Old Root", .is_ca = true, .digest = "MD5", .key = rsa_key_of(768)}, nullptr);
  const temporary_file file(old_root.pem());
  auto roots = tls::trust_store::load(file.path());
  CHECK(judge(roots, {issue(leaf_wanted(), &old_root).der()}) == "");
}

TEST_CASE("what cannot be read is unparsable, and the reason stays") {
  CHECK(judge({"no certificate"}) == "unparsable");
  CHECK(judge({good_leaf().der(), "no certificate"}) == "unparsable");
  auto roots = store();
  const std::vector<std::string> cut{good_leaf().der().substr(0, 100)};
  const auto j = roots.judge(cut, std::chrono::system_clock::from_time_t(noon));
  CHECK_FALSE(j->leaf);
  CHECK(j->verdict.detail == "length beyond the end");
  CHECK(j->sha256.size() == 64);
}

TEST_CASE("our facts agree with the certificate that OpenSSL made") {
  auto roots = store();
  const auto leaf = issue({.cn = "mx.example.org",
                           .names = "DNS:mx.example.org,DNS:*.example.net,IP:192.0.2.1,IP:2001:db8::1",
                           .key = rsa_key_of(2048)},
                          &all().intermediate);
  const std::vector<std::string> chain{leaf.der(), all().intermediate.der()};
  const auto j = roots.judge(chain, std::chrono::system_clock::from_time_t(noon));
  REQUIRE(j->leaf);
  CHECK(j->chain_length == 2);
  CHECK(j->leaf->subject == "CN=mx.example.org");
  CHECK(j->leaf->issuer == "CN=Test Intermediate");
  CHECK(j->leaf->dns_names == std::vector<std::string>{"mx.example.org", "*.example.net"});
  CHECK(j->leaf->ip_names == std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
  CHECK(j->leaf->not_before == noon - 30 * day);
  CHECK(j->leaf->not_after == noon + 30 * day);
  CHECK(j->leaf->key_type == "rsa");
  CHECK(j->leaf->key_bits == 2048);
  CHECK(j->leaf->signature == "ecdsa-with-SHA256");
}

TEST_CASE("a chain is judged once, until its verdict may change") {
  auto roots = store();
  const std::vector<std::string> chain{good_leaf().der(), all().intermediate.der()};
  const auto at = [&](std::int64_t when) {
    return roots.judge(chain, std::chrono::system_clock::from_time_t(when));
  };
  const auto first = at(noon);
  CHECK(at(noon + day) == first);
  CHECK(words(at(noon + 30 * day - 1)->verdict) == "");
  CHECK(words(at(noon + 30 * day + 1)->verdict) == "expired");
  CHECK(words(at(noon - 31 * day)->verdict) == "not_yet_valid");
  CHECK(words(at(noon)->verdict) == "");
}

TEST_CASE("the memory of chains is bounded and forgets the oldest") {
  auto roots = tls::trust_store::load(all().roots.path(), 8 * 1100);
  const auto now = std::chrono::system_clock::from_time_t(noon);
  std::vector<std::shared_ptr<const tls::judged_chain>> kept;
  std::vector<std::vector<std::string>> chains;
  for (int i = 0; i < 20; ++i) {
    chains.push_back({issue(leaf_wanted(), &all().root).der()});
    kept.push_back(roots.judge(chains.back(), now));
  }
  CHECK(roots.judge(chains.back(), now) == kept.back());
  CHECK(roots.judge(chains.front(), now) != kept.front());
}

TEST_CASE("roots: the file is named and hashed; no file and no certificate are told in plain words") {
  const temporary_file file(all().root.pem() + all().stranger.pem());
  auto roots = tls::trust_store::load(file.path());
  CHECK(roots.file() == file.path());
  CHECK(roots.sha256().size() == 64);
  CHECK(judge(roots, {issue(leaf_wanted(), &all().stranger).der()}) == "");
  CHECK_THROWS_AS((void)tls::trust_store::load("/nonexistent/roots.pem"), std::runtime_error);
  const temporary_file empty("nothing here\n");
  CHECK_THROWS_WITH((void)tls::trust_store::load(empty.path()),
                    (empty.path() + ": no certificate in it (PEM is expected)").c_str());
}
