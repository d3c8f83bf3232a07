#include <postroad/tls/hello.hpp>
#include <postroad/tls/wire.hpp>

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tls = postroad::tls;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::array<std::uint8_t, 32> counting_random() {
  std::array<std::uint8_t, 32> random;
  for (std::size_t i = 0; i < random.size(); ++i)
    random[i] = static_cast<std::uint8_t>(i);
  return random;
}

std::string hello(const tls::hello_profile& profile, std::string_view sni) {
  return tls::build_hello(profile, sni, counting_random());
}

std::span<const std::uint8_t> bytes_of(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}
std::string text_of(std::span<const std::uint8_t> b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

/// A hello read back by a reader that knows nothing of the builder.
struct parsed_hello {
  unsigned record_version = 0, version = 0;
  std::size_t message_size = 0; // handshake header included
  std::string session_id, compression;
  std::vector<std::uint16_t> suites, order;
  std::map<unsigned, std::string> extensions;
  bool has_extension_block = false;
};

std::optional<parsed_hello> parse(std::string_view record) {
  parsed_hello h;
  tls::wire::reader in(bytes_of(record));
  if (in.number(1) != 22)
    return std::nullopt;
  h.record_version = static_cast<unsigned>(in.number(2));
  const auto message = in.vector(2);
  if (!in.at_end())
    return std::nullopt;
  h.message_size = message.size();
  tls::wire::reader m(message);
  if (m.number(1) != 1)
    return std::nullopt;
  tls::wire::reader body(m.vector(3));
  if (!m.at_end())
    return std::nullopt;
  h.version = static_cast<unsigned>(body.number(2));
  body.take(32);
  h.session_id = text_of(body.vector(1));
  tls::wire::reader suites(body.vector(2));
  while (suites.left() != 0)
    h.suites.push_back(static_cast<std::uint16_t>(suites.number(2)));
  h.compression = text_of(body.vector(1));
  h.has_extension_block = body.left() != 0;
  tls::wire::reader block(h.has_extension_block ? body.vector(2) : std::span<const std::uint8_t>{});
  while (block.left() != 0 && !block.failed()) {
    const auto number = static_cast<std::uint16_t>(block.number(2));
    h.order.push_back(number);
    h.extensions[number] = text_of(block.vector(2));
  }
  if (!body.at_end() || block.failed())
    return std::nullopt;
  return h;
}

} // namespace

TEST_CASE("RFC 5246 7.4.1.2: the hello up to TLS 1.2, byte for byte") {
  static constexpr auto golden =
      "\x16\x03\x01\x00\xbc"             // handshake record, TLS 1.0, 188 bytes
      "\x01\x00\x00\xb8\x03\x03"         // ClientHello of 184 bytes, TLS 1.2
      "\x00\x01\x02\x03\x04\x05\x06\x07" // random
      "\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
      "\x10\x11\x12\x13\x14\x15\x16\x17"
      "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
      "\x00"     // no session
      "\x00\x36" // 27 suites
      "\xc0\x2c\xc0\x30\x00\x9f\xcc\xa9\xcc\xa8\xcc\xaa\xc0\x2b\xc0\x2f\x00\x9e"
      "\xc0\x24\xc0\x28\x00\x6b\xc0\x23\xc0\x27\x00\x67\xc0\x0a\xc0\x14\x00\x39"
      "\xc0\x09\xc0\x13\x00\x33\x00\x9d\x00\x9c\x00\x3d\x00\x3c\x00\x35\x00\x2f"
      "\x01\x00"                                                         // null compression
      "\x00\x59"                                                         // 89 bytes of extensions
      "\x00\x00\x00\x14\x00\x12\x00\x00\x0fmx1.example.org"              // server_name
      "\xff\x01\x00\x01\x00"                                             // renegotiation_info
      "\x00\x0b\x00\x02\x01\x00"                                         // ec_point_formats
      "\x00\x0a\x00\x0c\x00\x0a\x00\x1d\x00\x17\x00\x1e\x00\x18\x00\x19" // supported_groups
      "\x00\x23\x00\x00"                                                 // session_ticket
      "\x00\x17\x00\x00"                                                 // extended_master_secret
      "\x00\x0d\x00\x1a\x00\x18\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05" // signature_algorithms
      "\x05\x01\x08\x06\x06\x01\x08\x07\x08\x08\x02\x03\x02\x01"sv;
  CHECK(hello(*tls::find_profile("tls1.2"), "mx1.example.org") == golden);
}

TEST_CASE("every profile parses back to what it says") {
  for (const auto& profile : tls::hello_profiles) {
    CAPTURE(profile.name);
    const auto h = parse(hello(profile, "mx1.example.org"));
    REQUIRE(h);
    CHECK(std::ranges::equal(h->suites, profile.suites));
    CHECK(std::ranges::equal(h->order, profile.extensions));
    CHECK(h->compression == std::string(1, '\0'));
    CHECK(h->version == std::min(profile.version, tls::tls_1_2));
    CHECK(h->has_extension_block == !profile.extensions.empty());
  }
}

TEST_CASE("RFC 6101: an SSLv3 hello says 3.0 in its record and has no extension block") {
  const auto h = parse(hello(*tls::find_profile("sslv3"), "mx1.example.org"));
  REQUIRE(h);
  CHECK(h->record_version == 0x0300);
  CHECK_FALSE(h->has_extension_block);
}

TEST_CASE("RFC 8446 4.2.8: the modern hello offers TLS 1.3 down to 1.0 and one key share") {
  const std::vector<tls::key_share> shares = {{29, std::string(32, 'k')}};
  const auto h = parse(tls::build_hello(tls::modern, "mx1.example.org", counting_random(), shares));
  REQUIRE(h);
  CHECK(h->record_version == 0x0301);
  CHECK(h->version == tls::tls_1_2);
  CHECK(h->session_id.size() == 32);
  CHECK(h->extensions.at(43) == "\x08\x03\x04\x03\x03\x03\x02\x03\x01"sv);
  CHECK(h->extensions.at(45) == "\x01\x01"sv);
  CHECK(h->extensions.at(51) == "\x00\x24\x00\x1d\x00\x20"s + std::string(32, 'k'));
  CHECK_FALSE(h->extensions.contains(44));
}

TEST_CASE("RFC 8446 4.2.2: a cookie goes back as it came") {
  const auto h = parse(tls::build_hello(tls::modern, "mx1.example.org", counting_random(), {}, "crumbs"));
  REQUIRE(h);
  CHECK(h->extensions.at(44) == "\x00\x06"
                                "crumbs"sv);
}

TEST_CASE("a hello for ML-KEM alone has an empty key share, so that nobody computes anything") {
  const auto h = parse(hello(*tls::find_profile("pq"), "mx1.example.org"));
  REQUIRE(h);
  CHECK(h->extensions.at(43) == "\x02\x03\x04"sv);
  CHECK(h->extensions.at(10) == "\x00\x02\x11\xec"sv);
  CHECK(h->extensions.at(51) == "\x00\x00"sv);
}

TEST_CASE("RFC 6066 3: no name for an address literal, an empty or an impossible name; the root's dot goes") {
  for (const auto& name : {std::string(), std::string("192.0.2.1"), std::string("2001:db8::1"),
                           std::string("[192.0.2.1]"), std::string(254, 'a')}) {
    CAPTURE(name);
    const auto h = parse(hello(tls::modern, name));
    REQUIRE(h);
    CHECK_FALSE(h->extensions.contains(0));
  }
  CHECK(parse(hello(tls::modern, "MX.Example.org."))->extensions[0] ==
        "\x00\x11\x00\x00\x0emx.example.org"sv);
}

TEST_CASE("RFC 7685: no hello of 256 to 511 bytes, whatever the name") {
  for (std::size_t length = 1; length <= 253; ++length)
    for (const auto& profile : tls::hello_profiles) {
      const auto h = parse(hello(profile, std::string(length, 'a')));
      REQUIRE(h);
      CHECK((h->message_size < 256 || h->message_size >= 512));
      CHECK(h->message_size <= 516);
    }
}

TEST_CASE("RFC 7685: a hello of any size, from profiles of any length") {
  const std::vector<std::uint16_t> suites(300, 0x0005);
  for (std::size_t count = 1; count < suites.size(); ++count)
    for (std::size_t length = 1; length < 3; ++length) { // both parities
      auto fat = tls::modern;
      fat.suites = {suites.data(), count};
      const auto h = parse(hello(fat, std::string(length, 'a')));
      REQUIRE(h);
      CHECK((h->message_size < 256 || h->message_size >= 512));
    }
}

TEST_CASE("a hello tells the highest version that it offers") {
  for (const auto& profile : tls::hello_profiles) {
    CHECK(tls::offered_version(hello(profile, "mx1.example.org")) == profile.version);
    CHECK(tls::offered_version(hello(profile, "")) == profile.version);
  }
}

TEST_CASE("profiles are found by their name only") {
  CHECK(tls::find_profile("2015")->name == "2015");
  CHECK(tls::find_profile("modern")->version == tls::tls_1_3);
  CHECK(tls::find_profile("zmap") == nullptr);
}
