/// What a server takes beside its first choice: versions, old suites, post-quantum groups, every suite. Each
/// question is a hello of its own; what the server answers is yes or no.
#pragma once

#include <postroad/outcome.hpp>
#include <postroad/text/json.hpp>
#include <postroad/tls/flight.hpp>
#include <postroad/tls/hello.hpp>
#include <postroad/tls/suites.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::tls {

/// One question, and the word under which its answer stands.
struct question {
  std::string_view word;
  hello_profile hello;
};

namespace detail {

[[nodiscard]] constexpr hello_profile only(std::span<const std::uint16_t> suites) {
  return {.name = "legacy",
          .version = tls_1_2,
          .suites = suites,
          .groups = modern_groups,
          .signature_schemes = modern_schemes,
          .extensions = tls_1_2_extensions};
}

inline constexpr auto rc4_suites = std::to_array<std::uint16_t>({0x0005, 0x0004, 0xc011, 0xc007});
inline constexpr auto triple_des_suites =
    std::to_array<std::uint16_t>({0xc012, 0xc008, 0x0016, 0x0013, 0x000a});
/// Whether a server speaks TLS 1.2 at all: servers of 2015 did with nothing but RC4 or triple DES.
inline constexpr auto any_1_2_suites = [] {
  std::array<std::uint16_t, tls_1_2_suites.size() + rc4_suites.size() + triple_des_suites.size()> all{};
  auto end = std::ranges::copy(tls_1_2_suites, all.begin()).out;
  end = std::ranges::copy(rc4_suites, end).out;
  std::ranges::copy(triple_des_suites, end);
  return all;
}();
inline constexpr auto des_suites = std::to_array<std::uint16_t>({0x0015, 0x0012, 0x0009});
inline constexpr auto export_suites = std::to_array<std::uint16_t>(
    {0x0003, 0x0006, 0x0008, 0x0014, 0x0011, 0x0019, 0x0017, 0x000e, 0x000b, 0x0062, 0x0064});
inline constexpr auto anon_suites = std::to_array<std::uint16_t>(
    {0x00a7, 0x00a6, 0x006d, 0x006c, 0x003a, 0x0034, 0x001b, 0x0018, 0xc019, 0xc018, 0xc017, 0xc016});
inline constexpr auto null_suites =
    std::to_array<std::uint16_t>({0x003b, 0x0002, 0x0001, 0xc010, 0xc006, 0xc015});
inline constexpr auto dhe_suites = std::to_array<std::uint16_t>(
    {0x009f, 0x009e, 0xccaa, 0x006b, 0x0067, 0x0039, 0x0033, 0x0016, 0x0032, 0x0038, 0x0013});

} // namespace detail

/// Versions, oldest first; the words are those of `tls.version`.
[[nodiscard]] inline std::vector<question> version_questions() {
  auto any_1_2 = *find_profile("tls1.2");
  any_1_2.suites = detail::any_1_2_suites;
  return {{"SSLv3", *find_profile("sslv3")},
          {"TLSv1", *find_profile("tls1.0")},
          {"TLSv1.1", *find_profile("tls1.1")},
          {"TLSv1.2", any_1_2},
          {"TLSv1.3", *find_profile("tls1.3")}};
}

/// What should be gone: RC4 (RFC 7465), triple DES and DES, EXPORT, suites without certificate or without
/// encryption. The answer to DHE tells the size of the prime.
[[nodiscard]] inline std::vector<question> legacy_questions() {
  using namespace detail;
  return {{"rc4", only(rc4_suites)},       {"3des", only(triple_des_suites)}, {"des", only(des_suites)},
          {"export", only(export_suites)}, {"anon", only(anon_suites)},       {"null", only(null_suites)},
          {"dhe", only(dhe_suites)}};
}

/// Post-quantum groups (draft-ietf-tls-ecdhe-mlkem).
[[nodiscard]] inline std::vector<question> pq_questions() {
  return {{"X25519MLKEM768", *find_profile("pq")}};
}

/// Did the server take what was offered? Yes: it chose from it. No: it refused, or hung up. Nothing: it is
/// not known, as after a time-out.
[[nodiscard]] inline std::optional<bool> takes(const hello_profile& offered, outcome what,
                                               const flight& seen) {
  if (seen.version != 0) {
    const bool suite = std::ranges::find(offered.suites, seen.suite) != offered.suites.end();
    const bool version = seen.version == offered.version || offered.name == "legacy";
    return suite && version;
  }
  switch (what) {
  case outcome::tls_error:
  case outcome::protocol_error:
  case outcome::closed:
  case outcome::reset:
    return false;
  default:
    return std::nullopt;
  }
}

/// Every suite that a mail client may offer up to TLS 1.2, strongest families first; and those of TLS 1.3.
/// Keys that were agreed on beforehand (PSK, SRP, Kerberos, GOST) are left out.
[[nodiscard]] inline std::vector<std::uint16_t> all_suites() {
  std::vector<std::uint16_t> out;
  constexpr std::array<std::string_view, 7> wanted{"ECDHE", "DHE",       "RSA",    "ECDH",
                                                   "DH",    "ECDH_anon", "DH_anon"};
  for (const auto kind : wanted)
    for (const auto& row : suite_names)
      if (const auto suite = find_suite(row.number);
          suite && row.number >> 8 != 0x13 && suite->key_exchange == kind)
        out.push_back(row.number);
  return out;
}
[[nodiscard]] inline std::vector<std::uint16_t> all_suites_1_3() {
  return {0x1302, 0x1303, 0x1301, 0x1304, 0x1305};
}

/// The answers. An empty list was not asked for.
struct survey {
  using answers = std::vector<std::pair<std::string_view, std::optional<bool>>>;
  answers versions, legacy, pq;
  std::optional<unsigned> dh_bits;
  std::optional<std::vector<std::uint16_t>> suites; ///< in the order in which the server chose them
  bool suites_whole = false;                        ///< it refused what was left

  [[nodiscard]] bool empty() const noexcept {
    return versions.empty() && legacy.empty() && pq.empty() && !suites;
  }
};

namespace detail {

inline void write_answers(text::json_writer& out, std::string_view name, const survey::answers& answers,
                          std::optional<unsigned> dh_bits = {}) {
  if (answers.empty())
    return;
  out.key(name).object();
  for (const auto& [word, yes] : answers)
    if (yes)
      out.member(word, *yes);
  if (dh_bits)
    out.member("dh_bits", *dh_bits);
  out.end();
}

} // namespace detail

/// Adds the members `versions`, `legacy`, `pq` and `suites` to an open object; a word that is missing was not
/// learnt.
inline void write_survey(text::json_writer& out, const survey& s) {
  detail::write_answers(out, "versions", s.versions);
  detail::write_answers(out, "legacy", s.legacy, s.dh_bits);
  detail::write_answers(out, "pq", s.pq);
  if (!s.suites)
    return;
  std::vector<std::string> names;
  for (const auto id : *s.suites)
    names.push_back(suite_name(id));
  out.member_list("suites", names).member("suites_whole", s.suites_whole);
}

} // namespace postroad::tls
