/// The page of tlsprobe.
#pragma once

#include <postroad/flow/page.hpp>

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace postroad::flow {

namespace detail {

/// The words of verify_errors for people.
inline std::string_view in_plain_words(std::string_view error) {
  static constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"expired", "a certificate of the chain has expired"},
      {"not_yet_valid", "a certificate of the chain is not valid yet"},
      {"self_signed", "the certificate vouches for itself"},
      {"incomplete_chain", "the server leaves out the certificates between its own and a root"},
      {"unknown_ca", "the chain ends at an authority that is not among the roots"},
      {"bad_parent", "an issuer in the chain may not issue, or its signature is wrong"},
      {"weak_key", "an RSA key of the chain has fewer than 1024 bits"},
      {"weak_signature", "a signature in the chain uses MD5 or older"},
      {"unparsable", "a certificate of the chain cannot be read"},
  };
  for (const auto& [word, plain] : words)
    if (word == error)
      return plain;
  return error;
}

inline std::string match_in_words(page_view& v) {
  const auto match = v.one("tls.certificate.matches"), name = safe(v.one("tls.certificate.matched_name"));
  if (match == "domain")
    return tinted(tone::good, "fits the mail domain") + " (" + name + ")";
  if (match == "server")
    return tinted(tone::good, "fits the server's name") + " (" + name + ")";
  return tinted(tone::bad, "fits neither the mail domain nor the server");
}

inline std::string tls_verdict(page_view& v) {
  if (!v.is("tls.outcome", "ok")) {
    const auto alert = v.one("tls.alert"), at = v.one("tls.stage");
    return tinted(v.is("tls.outcome", "skipped") ? tone::warn : tone::bad, v.one("tls.outcome")) +
           (at.empty() ? "" : " at " + at) + (alert.empty() ? "" : ": alert " + alert);
  }
  const bool trusted = v.is("tls.certificate.trusted", "true"),
             fits = !v.is("tls.certificate.matches", "neither");
  const auto version = v.one("tls.version") + ", ";
  if (trusted && fits)
    return version + tinted(tone::good, "certificate trusted and for the right name");
  if (trusted)
    return version + tinted(tone::warn, "certificate trusted, but for another name");
  return version + tinted(tone::bad, "certificate not trusted");
}

inline std::string day_of(std::string_view time) {
  return std::string(time.substr(0, time.find('T')));
}

/// The certificates above the leaf, each below what it vouches for.
inline std::string chain_rows(page_view& v) {
  const auto subjects = v.all("tls.certificate.chain[].subject"),
             from = v.all("tls.certificate.chain[].not_before"),
             until = v.all("tls.certificate.chain[].not_after"),
             types = v.all("tls.certificate.chain[].key_type"),
             bits = v.all("tls.certificate.chain[].key_bits");
  std::string out;
  std::string_view label = "chain";
  for (std::size_t i = 0; i < subjects.size() && i < bits.size(); ++i)
    out += row(std::exchange(label, ""),
               fmt::format("{}  {} {}, {} to {}", safe(subjects[i].text), types[i].text, bits[i].text,
                           day_of(from[i].text), day_of(until[i].text)));
  return out;
}

/// "TLSv1.2  TLSv1.3" of what is taken; what should be gone is tinted.
inline std::string taken(page_view& v, std::string_view member, std::initializer_list<std::string_view> words,
                         std::string_view bad) {
  std::string out;
  for (const auto word : words) {
    if (!v.is(fmt::format("tls.{}.\"{}\"", member, word), "true"))
      continue;
    const bool gone = bad.find(fmt::format(" {} ", word)) != std::string_view::npos;
    out += (out.empty() ? "" : "  ") + tinted(gone ? tone::bad : tone::plain, word);
  }
  return out.empty() ? "none" : out;
}

inline std::string survey_rows(page_view& v) {
  std::string out;
  if (!v.all("tls.versions{}").empty())
    out += row("versions", taken(v, "versions", {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"},
                                 " SSLv3 TLSv1 TLSv1.1 "));
  if (!v.all("tls.legacy{}").empty()) {
    const auto bits = v.one("tls.legacy.dh_bits");
    out += row("old suites", taken(v, "legacy", {"rc4", "3des", "des", "export", "anon", "null"},
                                   " rc4 3des des export anon null ") +
                                 (bits.empty() ? "" : "  DHE of " + bits + " bits"));
  }
  if (!v.all("tls.pq{}").empty())
    out += row("post-quantum", taken(v, "pq", {"X25519MLKEM768"}, ""));
  std::string_view label = "all suites";
  for (const auto& s : v.all("tls.suites[]"))
    out += row(std::exchange(label, ""), s.text);
  return out;
}

inline std::string names_in_short(page_view& v) {
  const auto names = v.all("tls.certificate.names[]");
  constexpr std::size_t shown = 4;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i)
    out += (i ? "  " : "") + safe(names[i].text);
  return names.size() > shown ? out + fmt::format("  and {} more", names.size() - shown) : out;
}

} // namespace detail

/// Example:
///   example.org: TLSv1.2, certificate trusted and for the right name
///     server        mx1.example.org  192.0.2.1 port 25
///     suite         TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256  group x25519  forward secret
[[nodiscard]] inline std::string page_of_tls(std::string_view line) {
  page_view v(line);
  std::string out = tinted(tone::bold, headline(v)) + ": " + detail::tls_verdict(v) + '\n';
  if (const auto ip = v.one("tls.ip"); !ip.empty())
    out += row("server", safe(fmt::format("{}{}{} port {}", v.one("tls.host"),
                                          v.one("tls.host").empty() ? "" : "  ", ip, v.one("tls.port"))));
  if (const auto cipher = v.one("tls.cipher"); !cipher.empty()) {
    const auto group = v.one("tls.group");
    out +=
        row("suite", cipher + (group.empty() ? "" : "  group " + group) +
                         (v.is("tls.forward_secret", "true") ? tinted(tone::good, "  forward secret")
                                                             : tinted(tone::warn, "  not forward secret")));
  }
  if (const auto subject = v.one("tls.certificate.subject"); !v.one("tls.certificate.sha256").empty()) {
    out += row("certificate", safe(subject));
    out += row("issued by", safe(v.one("tls.certificate.issuer")));
    out += row("names", detail::names_in_short(v));
    out += row("", detail::match_in_words(v));
    out += row("valid", v.one("tls.certificate.not_before") + " to " + v.one("tls.certificate.not_after"));
    out += row("key", fmt::format("{} {} bits, {}, chain of {}", v.one("tls.certificate.key_type"),
                                  v.one("tls.certificate.key_bits"), v.one("tls.certificate.signature"),
                                  v.one("tls.certificate.chain_length")));
    out += detail::chain_rows(v);
    std::string_view label = "wrong";
    for (const auto& e : v.all("tls.certificate.verify_errors[]"))
      out += row(std::exchange(label, ""),
                 tinted(tone::bad, detail::in_plain_words(e.text)) + " (" + e.text + ")");
  }
  out += detail::survey_rows(v);
  if (v.is("tls.proven", "true"))
    out += row("proven", tinted(tone::good, "the server holds the key"));
  if (v.is("tls.downgraded", "true"))
    out += row("wrong", tinted(tone::bad, "somebody between took TLS 1.3 away"));
  if (const auto why = v.one("tls.detail"); !why.empty())
    out += row("detail", safe(why));
  if (const auto roots = v.one("tls.roots.file"); !roots.empty())
    out += row("roots", safe(roots));
  if (const auto took = v.one("tls.elapsed_ms"); !took.empty())
    out += row("took", took + " ms, hello " + v.one("tls.profile"));
  return out + '\n';
}

} // namespace postroad::flow
