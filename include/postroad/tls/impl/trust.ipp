#pragma once

#include <postroad/tls/trust.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <list>
#include <set>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace postroad::tls {

namespace detail {

template <auto Free>
struct openssl_free {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using x509_ptr = std::unique_ptr<X509, openssl_free<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, openssl_free<BIO_free>>;
using store_ptr = std::unique_ptr<X509_STORE, openssl_free<X509_STORE_free>>;
using context_ptr = std::unique_ptr<X509_STORE_CTX, openssl_free<X509_STORE_CTX_free>>;

/// A stack that owns nothing.
struct stack_free {
  void operator()(STACK_OF(X509) * s) const { sk_X509_free(s); }
};
using stack_ptr = std::unique_ptr<STACK_OF(X509), stack_free>;

using digest = std::array<std::uint8_t, 32>;

/// SHA-256 without the search for an implementation that EVP_Digest makes each time.
class sha256 {
public:
  sha256() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!algorithm_ || !context_)
      throw std::runtime_error("OpenSSL has no SHA-256");
  }
  void start() { EVP_DigestInit_ex(context_.get(), algorithm_.get(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  digest finish() {
    digest out;
    EVP_DigestFinal_ex(context_.get(), out.data(), nullptr);
    return out;
  }
  digest of(std::string_view bytes) {
    start();
    add(bytes);
    return finish();
  }

private:
  std::unique_ptr<EVP_MD, openssl_free<EVP_MD_free>> algorithm_;
  std::unique_ptr<EVP_MD_CTX, openssl_free<EVP_MD_CTX_free>> context_;
};

[[nodiscard]] inline std::string hex(const digest& d) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : d) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

struct digest_hash {
  std::size_t operator()(const digest& d) const noexcept {
    std::size_t first; // any eight bytes of a hash are one
    std::memcpy(&first, d.data(), sizeof first);
    return first;
  }
};

[[nodiscard]] inline std::string slurp(const std::string& file) {
  const std::unique_ptr<std::FILE, openssl_free<std::fclose>> in(std::fopen(file.c_str(), "rb"));
  if (!in)
    throw std::runtime_error(file + ": " + std::strerror(errno));
  std::string text;
  char piece[65536];
  while (const auto n = std::fread(piece, 1, sizeof piece, in.get()))
    text.append(piece, n);
  if (std::ferror(in.get()) != 0)
    throw std::runtime_error(file + ": cannot be read to its end");
  return text;
}

/// The file that OpenSSL's own tools would use: SSL_CERT_FILE, then where distributions put it.
[[nodiscard]] inline std::string system_roots() {
  if (const char* named = std::getenv(X509_get_default_cert_file_env()); named != nullptr && *named != 0)
    return named;
  for (const char* place : {"/etc/ssl/certs/ca-certificates.crt", // Debian
                            "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora
                            "/etc/ssl/cert.pem"})                 // Alpine, the BSDs
    if (std::FILE* f = std::fopen(place, "rb")) {
      std::fclose(f);
      return place;
    }
  return X509_get_default_cert_file();
}

/// The certificates of a PEM text, DER, with what `openssl x509 -trustout` adds behind some of them.
[[nodiscard]] inline std::vector<std::string> read_pem(const std::string& pem) {
  const bio_ptr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<std::string> out;
  char *name = nullptr, *header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  while (PEM_read_bio(in.get(), &name, &header, &der, &size) == 1) {
    if (std::string_view(name).ends_with("CERTIFICATE")) // RFC 7468 5.1, and OpenSSL's TRUSTED and X509
      out.emplace_back(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
  }
  ERR_clear_error();
  return out;
}

[[nodiscard]] inline std::vector<std::string> read_certificates(const std::string& pem,
                                                                const std::string& file) {
  auto out = read_pem(pem);
  if (out.empty())
    throw std::runtime_error(file + ": no certificate in it (PEM is expected)");
  return out;
}

/// A root as it stands in a file.
[[nodiscard]] inline x509_ptr parse_root(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  x509_ptr c(d2i_X509_AUX(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return c;
}

/// Names that OpenSSL takes for one are one here: case and runs of blanks do not count (RFC 5280 7.1).
[[nodiscard]] inline std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != ' ' || (!out.empty() && out.back() != ' '))
      out += text::to_lower(c);
  return out;
}

[[nodiscard]] inline x509_ptr parse_x509(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  x509_ptr c(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return at == end ? std::move(c) : nullptr;
}

[[nodiscard]] inline std::string der_of(const X509* c) {
  std::string der(static_cast<std::size_t>(std::max(i2d_X509(c, nullptr), 0)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(c, &at);
  return der;
}

[[nodiscard]] inline result<certificate_facts> facts_of(std::string_view der) {
  return read_certificate({reinterpret_cast<const std::uint8_t*>(der.data()), der.size()});
}

/// The subject on one line, in our words.
[[nodiscard]] inline std::string subject_of(const X509* c) {
  const auto facts = facts_of(der_of(c));
  return facts ? facts->subject : "?";
}

[[nodiscard]] inline std::int64_t seconds_of(const ASN1_TIME* t) {
  std::tm parts{};
  return ASN1_TIME_to_tm(t, &parts) == 1 ? std::int64_t{timegm(&parts)} : 0;
}

/// One complaint of the verification.
struct complaint {
  int code = 0; ///< X509_V_ERR_...
  int depth = 0;
  std::string subject; ///< of the certificate above the leaf that it is about
};

/// What OpenSSL's words are called here; empty for those that say that an issuer is missing, which need a
/// closer look.
[[nodiscard]] inline std::string_view word_for(int code) {
  switch (code) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return "expired";
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return "not_yet_valid";
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    return "self_signed";
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    return "unknown_ca";
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_CERT_UNTRUSTED:
    return {};
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
  case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
  case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
  case X509_V_ERR_INVALID_CA:
  case X509_V_ERR_PATH_LENGTH_EXCEEDED:
  case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
  case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
  case X509_V_ERR_AKID_SKID_MISMATCH:
  case X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH:
    return "bad_parent";
  case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
  case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    return "unparsable";
  case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    return "critical_extension";
  case X509_V_ERR_PERMITTED_VIOLATION:
  case X509_V_ERR_EXCLUDED_VIOLATION:
  case X509_V_ERR_SUBTREE_MINMAX:
  case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
  case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
  case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
    return "name_constraint";
  default:
    return "other";
  }
}

/// Adds what the word alone does not say: which certificate above the leaf, and what `other` is.
inline void explain(std::string& detail, std::string_view word, const complaint& c) {
  if (c.subject.empty() && word != "other")
    return;
  detail += detail.empty() ? "" : "; ";
  detail += word == "other" ? X509_verify_cert_error_string(c.code) : word;
  detail += c.subject.empty() ? "" : ": " + c.subject;
}

[[nodiscard]] inline bool is_weak_key(const X509* c) {
  constexpr int least_bits = 1024; // 512 was broken in 1999 and is what EXPORT left behind; 768 in 2009
  const auto* key = X509_get0_pubkey(c);
  if (key == nullptr)
    return false;
  const int kind = EVP_PKEY_get_base_id(key);
  const bool by_size = kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS || kind == EVP_PKEY_DSA;
  return by_size && EVP_PKEY_get_bits(key) < least_bits;
}

[[nodiscard]] inline bool is_weak_signature(const X509* c) {
  switch (X509_get_signature_nid(c)) { // RFC 6151 2: MD5 no longer acceptable; MD2 and MD4 are older
  case NID_md2WithRSAEncryption:
  case NID_md4WithRSAEncryption:
  case NID_md5WithRSAEncryption:
  case NID_md5WithRSA:
    return X509_NAME_cmp(X509_get_subject_name(c), X509_get_issuer_name(c)) != 0;
  default:
    return false;
  }
}

/// One verification that goes on after each complaint. Hand it to OpenSSL with the two functions below.
struct verification {
  std::vector<complaint> complaints;
  std::vector<x509_ptr> path; ///< as built, leaf first
  bool anchored = true;       ///< the path ends in a certificate of the store

  static int note(int ok, X509_STORE_CTX* context) {
    if (ok == 1)
      return 1;
    auto& self = *static_cast<verification*>(X509_STORE_CTX_get_app_data(context));
    complaint c{X509_STORE_CTX_get_error(context), X509_STORE_CTX_get_error_depth(context), {}};
    if (c.depth > 0)
      if (const auto* cert = X509_STORE_CTX_get_current_cert(context))
        c.subject = subject_of(cert);
    const auto word = word_for(c.code);
    if (word.empty() || word == "self_signed" || word == "unknown_ca")
      self.anchored = false;
    self.complaints.push_back(std::move(c));
    return 1;
  }
  [[nodiscard]] bool lacks_issuer() const {
    return std::ranges::any_of(complaints, [](const complaint& c) { return word_for(c.code).empty(); });
  }
};

/// `leaf` against the store, with the other certificates that were sent, in any order (real servers mix
/// them).
[[nodiscard]] inline verification verify(X509_STORE* roots, X509* leaf, STACK_OF(X509) * others,
                                         std::time_t now) {
  verification v;
  const context_ptr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), roots, leaf, others) != 1)
    throw std::bad_alloc();
  auto* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_auth_level(rules, 0);
  X509_VERIFY_PARAM_set_time(rules, now);
  X509_STORE_CTX_set_app_data(context.get(), &v);
  X509_STORE_CTX_set_verify_cb(context.get(), &verification::note);
  const int ended = X509_verify_cert(context.get());
  if (ended != 1 && v.complaints.empty())
    v.complaints.push_back({X509_STORE_CTX_get_error(context.get()), 0, {}});
  if (auto* path = X509_STORE_CTX_get0_chain(context.get()))
    for (int i = 0; i < sk_X509_num(path); ++i) {
      X509_up_ref(sk_X509_value(path, i));
      v.path.emplace_back(sk_X509_value(path, i));
    }
  v.anchored = v.anchored && ended == 1;
  ERR_clear_error();
  return v;
}

/// About what a judged chain takes in memory.
[[nodiscard]] inline std::size_t bytes_of(const judged_chain& chain) {
  std::size_t bytes = 1024 + chain.verdict.detail.size(); // the structures, the map, the errors
  if (!chain.leaf)
    return bytes;
  bytes += chain.leaf->subject.size() + chain.leaf->issuer.size() + chain.leaf->common_name.size();
  for (const auto* names : {&chain.leaf->dns_names, &chain.leaf->ip_names})
    for (const auto& name : *names)
      bytes += sizeof name + name.size();
  return bytes;
}

} // namespace detail

struct trust_store::state {
  struct remembered {
    detail::digest key;
    std::shared_ptr<const judged_chain> chain;
    std::size_t bytes = 0;
    // When the verdict holds: no certificate of the path begins or ends in between.
    std::int64_t from = std::numeric_limits<std::int64_t>::min();
    std::int64_t until = std::numeric_limits<std::int64_t>::max();

    void narrow(std::int64_t edge, std::int64_t now) {
      if (edge <= now)
        from = std::max(from, edge);
      else
        until = std::min(until, edge);
    }
  };
  static constexpr std::size_t most_intermediates = 4096; // the web has about 1,500
  static constexpr std::size_t most_parsed_bytes = std::size_t{4}
                                                   << 20; // of DER; in memory about five times that

  std::string file, file_sha256;
  detail::store_ptr roots;
  detail::sha256 hash;

  std::list<remembered> chains; ///< last used first
  std::unordered_map<detail::digest, std::list<remembered>::iterator, detail::digest_hash> by_hash;
  std::size_t chain_bytes = 0, most_bytes = 0;

  /// Roots by subject, DER, until a chain asks for them: parsing all takes OpenSSL 25 ms, a chain needs one.
  std::unordered_multimap<std::string, std::string> unread_roots;
  /// Certificates above leaves, parsed once: OpenSSL needs 90 us for one.
  std::unordered_map<detail::digest, detail::x509_ptr, detail::digest_hash> parsed;
  std::size_t parsed_bytes = 0; ///< of DER
  /// Intermediates that led to a root or were given, by the hash of their subject.
  std::unordered_multimap<unsigned long, detail::x509_ptr> known;

  detail::digest key_of(std::span<const std::string> chain);
  void add_root(const std::string& der);
  void read_roots_named(const std::string& subject);
  void read_all_roots();
  X509* parsed_once(const std::string& der);
  void know(X509* intermediate);
  bool can_be_completed(const detail::verification& first, std::time_t now);
  void remember(remembered r);
  std::vector<detail::x509_ptr> parse(std::span<const std::string> chain);
  void judge_path(std::span<const detail::x509_ptr> chain, std::time_t now, verdict& out, remembered& into);
  std::shared_ptr<const judged_chain> judge_anew(std::span<const std::string> chain, std::time_t now,
                                                 remembered& into);
  std::string_view missing_issuer(const detail::verification& v, std::span<const detail::x509_ptr> sent,
                                  std::time_t now);
  verdict verdict_on(const detail::verification& v, std::span<const detail::x509_ptr> sent, std::time_t now);
};

/// The lengths go in too: the same bytes cut otherwise are another chain.
POSTROAD_DECL detail::digest trust_store::state::key_of(std::span<const std::string> chain) {
  hash.start();
  for (const auto& der : chain) {
    const std::uint64_t size = der.size();
    hash.add({reinterpret_cast<const char*>(&size), sizeof size});
    hash.add(der);
  }
  return hash.finish();
}

POSTROAD_DECL void trust_store::state::add_root(const std::string& der) {
  if (const auto root = detail::parse_root(der))
    X509_STORE_add_cert(roots.get(), root.get());
}

POSTROAD_DECL void trust_store::state::read_roots_named(const std::string& subject) {
  const auto [from, to] = unread_roots.equal_range(subject);
  for (auto at = from; at != to; ++at)
    add_root(at->second);
  unread_roots.erase(from, to);
}

POSTROAD_DECL void trust_store::state::read_all_roots() {
  for (const auto& [subject, der] : unread_roots)
    add_root(der);
  unread_roots.clear();
}

POSTROAD_DECL X509* trust_store::state::parsed_once(const std::string& der) {
  const auto key = hash.of(der);
  if (const auto found = parsed.find(key); found != parsed.end())
    return found->second.get();
  if (parsed_bytes > most_parsed_bytes) {
    parsed.clear(); // refills within a few hundred servers
    parsed_bytes = 0;
  }
  parsed_bytes += der.size();
  return parsed.emplace(key, detail::parse_x509(der)).first->second.get();
}

POSTROAD_DECL void trust_store::state::know(X509* intermediate) {
  const auto name = X509_NAME_hash_ex(X509_get_subject_name(intermediate), nullptr, nullptr, nullptr);
  const auto [from, to] = known.equal_range(name);
  for (auto at = from; at != to; ++at)
    if (X509_cmp(at->second.get(), intermediate) == 0)
      return;
  if (known.size() >= most_intermediates)
    return;
  X509_up_ref(intermediate);
  known.emplace(name, intermediate);
}

/// Whether known intermediates lead from the end of the path to a root.
POSTROAD_DECL bool trust_store::state::can_be_completed(const detail::verification& first, std::time_t now) {
  constexpr std::size_t longest_path = 10; // real paths have four certificates at the most
  const detail::stack_ptr others(sk_X509_new_null());
  std::vector<X509*> ends;
  for (const auto& c : first.path) {
    sk_X509_push(others.get(), c.get());
    ends.assign(1, c.get());
  }
  for (std::size_t step = 0; step < longest_path && !ends.empty(); ++step) {
    std::vector<X509*> above;
    for (const auto* end : ends) {
      const auto name = X509_NAME_hash_ex(X509_get_issuer_name(end), nullptr, nullptr, nullptr);
      const auto [from, to] = known.equal_range(name);
      for (auto at = from; at != to && above.size() < longest_path; ++at)
        above.push_back(at->second.get());
    }
    for (auto* c : above)
      sk_X509_push(others.get(), c);
    ends = std::move(above);
  }
  return detail::verify(roots.get(), first.path.front().get(), others.get(), now).anchored;
}

/// What it means that nobody is found above the end of the path.
POSTROAD_DECL std::string_view trust_store::state::missing_issuer(const detail::verification& v,
                                                                  std::span<const detail::x509_ptr> sent,
                                                                  std::time_t now) {
  const auto* wanted = X509_get_issuer_name(v.path.back().get());
  const bool was_sent = std::ranges::any_of(
      sent, [&](const auto& c) { return X509_NAME_cmp(X509_get_subject_name(c.get()), wanted) == 0; });
  if (was_sent) // under that name, but with another key (RFC 5280 4.2.1.1)
    return "bad_parent";
  return v.path.size() == 1 || can_be_completed(v, now) ? "incomplete_chain" : "unknown_ca";
}

POSTROAD_DECL verdict trust_store::state::verdict_on(const detail::verification& v,
                                                     std::span<const detail::x509_ptr> sent,
                                                     std::time_t now) {
  std::set<std::string> words;
  verdict out;
  for (const auto& c : v.complaints) {
    const auto known_word = detail::word_for(c.code);
    const auto word = known_word.empty() ? missing_issuer(v, sent, now) : known_word;
    detail::explain(out.detail, word, c);
    words.emplace(word);
  }
  // The leaf says of itself that it is its own issuer: does its key agree?
  if (words.contains("self_signed") && X509_self_signed(v.path.front().get(), 1) != 1)
    words.insert("bad_parent");
  const std::size_t judged = v.anchored ? v.path.size() - 1 : v.path.size(); // a root is trusted as it is
  for (const auto& c : std::span(v.path).first(judged)) {
    if (detail::is_weak_key(c.get()))
      words.insert("weak_key");
    if (detail::is_weak_signature(c.get()))
      words.insert("weak_signature");
  }
  ERR_clear_error();
  out.errors.assign(words.begin(), words.end());
  out.trusted = out.errors.empty();
  return out;
}

/// The chain as OpenSSL sees it; empty when it cannot read all of it, as then no client of its would connect.
POSTROAD_DECL std::vector<detail::x509_ptr> trust_store::state::parse(std::span<const std::string> chain) {
  std::vector<detail::x509_ptr> out;
  out.push_back(detail::parse_x509(chain.front()));
  for (const auto& sent : chain.subspan(1)) {
    auto* c = parsed_once(sent);
    if (c != nullptr)
      X509_up_ref(c);
    out.emplace_back(c);
  }
  if (std::ranges::any_of(out, [](const auto& c) { return c == nullptr; }))
    out.clear();
  return out;
}

POSTROAD_DECL void trust_store::state::judge_path(std::span<const detail::x509_ptr> chain, std::time_t now,
                                                  verdict& out, remembered& into) {
  const detail::stack_ptr others(sk_X509_new_null());
  for (const auto& c : chain.subspan(1))
    sk_X509_push(others.get(), c.get());
  auto v = detail::verify(roots.get(), chain.front().get(), others.get(), now);
  if (!v.anchored && !unread_roots.empty()) { // no chain fails for a name that OpenSSL compares otherwise
    read_all_roots();
    v = detail::verify(roots.get(), chain.front().get(), others.get(), now);
  }
  out = verdict_on(v, chain, now);
  for (const auto& c : v.path)
    for (const auto* edge : {X509_get0_notBefore(c.get()), X509_get0_notAfter(c.get())})
      into.narrow(detail::seconds_of(edge), now);
  if (out.trusted)
    for (std::size_t i = 1; i + 1 < v.path.size(); ++i)
      know(v.path[i].get());
}

POSTROAD_DECL std::shared_ptr<const judged_chain>
trust_store::state::judge_anew(std::span<const std::string> chain, std::time_t now, remembered& into) {
  const auto& leaf = chain.front();
  auto out = std::make_shared<judged_chain>(
      judged_chain{{}, detail::facts_of(leaf), detail::hex(hash.of(leaf)), chain.size(), {}});
  constexpr std::size_t shown = 8;
  for (const auto& sent : chain) {
    auto facts = detail::facts_of(sent);
    if (!facts)
      continue;
    read_roots_named(detail::folded(facts->issuer));
    if (&sent != &leaf && out->above.size() < shown)
      out->above.push_back({std::move(facts->subject), std::move(facts->issuer), facts->not_before,
                            facts->not_after, std::move(facts->key_type), facts->key_bits});
  }
  const auto parsed_chain = parse(chain);
  if (out->leaf && !parsed_chain.empty()) {
    judge_path(parsed_chain, now, out->verdict, into);
    return out;
  }
  out->verdict.errors = {"unparsable"};
  out->verdict.detail =
      out->leaf ? "a certificate that OpenSSL cannot read" : std::string(out->leaf.error().why);
  return out;
}

POSTROAD_DECL void trust_store::state::remember(remembered r) {
  r.bytes = detail::bytes_of(*r.chain);
  chain_bytes += r.bytes;
  chains.push_front(std::move(r));
  by_hash[chains.front().key] = chains.begin();
  while (chain_bytes > most_bytes && chains.size() > 1) {
    chain_bytes -= chains.back().bytes;
    by_hash.erase(chains.back().key);
    chains.pop_back();
  }
}

POSTROAD_DECL trust_store::trust_store(std::unique_ptr<state> s) : state_(std::move(s)) {}
POSTROAD_DECL trust_store::~trust_store() = default;
POSTROAD_DECL trust_store::trust_store(trust_store&&) noexcept = default;
POSTROAD_DECL trust_store& trust_store::operator=(trust_store&&) noexcept = default;

POSTROAD_DECL trust_store trust_store::load(const std::string& file, std::size_t cache_bytes) {
  auto s = std::make_unique<state>();
  s->file = file.empty() ? detail::system_roots() : file;
  const auto pem = detail::slurp(s->file);
  s->file_sha256 = detail::hex(s->hash.of(pem));
  s->roots.reset(X509_STORE_new());
  s->most_bytes = cache_bytes;
  for (auto& der : detail::read_certificates(pem, s->file)) {
    if (const auto facts = detail::facts_of(der))
      s->unread_roots.emplace(detail::folded(facts->subject), std::move(der));
    else
      s->add_root(der);
  }
  return trust_store(std::move(s));
}

POSTROAD_DECL void trust_store::know_intermediates(const std::string& file) {
  for (const auto& der : detail::read_certificates(detail::slurp(file), file))
    if (const auto c = detail::parse_root(der))
      state_->know(c.get());
}

POSTROAD_DECL std::shared_ptr<const judged_chain> trust_store::judge(std::span<const std::string> chain,
                                                                     clock::time_point now) {
  const auto seconds = clock::to_time_t(now);
  const auto key = state_->key_of(chain);
  if (const auto found = state_->by_hash.find(key); found != state_->by_hash.end()) {
    const auto at = found->second;
    if (seconds >= at->from && seconds < at->until) {
      state_->chains.splice(state_->chains.begin(), state_->chains, at);
      return at->chain;
    }
    state_->chain_bytes -= at->bytes;
    state_->chains.erase(at);
    state_->by_hash.erase(found);
  }
  state::remembered r;
  r.key = key;
  r.chain = state_->judge_anew(chain, seconds, r);
  auto chain_facts = r.chain;
  state_->remember(std::move(r));
  return chain_facts;
}

POSTROAD_DECL const std::string& trust_store::file() const noexcept {
  return state_->file;
}
POSTROAD_DECL const std::string& trust_store::sha256() const noexcept {
  return state_->file_sha256;
}

} // namespace postroad::tls
