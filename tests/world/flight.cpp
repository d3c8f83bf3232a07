#include "flight.hpp"

#include "random.hpp"

#include <algorithm>

namespace world {

namespace {

constexpr std::uint16_t renegotiation_scsv = 0x00ff;
constexpr std::uint16_t renegotiation_extension = 0xff01;
constexpr std::uint16_t export_suite = 0x0003; // TLS_RSA_EXPORT_WITH_RC4_40_MD5

std::uint8_t at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

void put(std::string& to, std::size_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    to += static_cast<char>((value >> shift) & 0xff);
}

/// Walks a span from the front; once it runs short it stays short.
class walker {
public:
  explicit walker(std::span<const std::uint8_t> over) : rest_(over) {}
  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    for (const auto byte : take(bytes))
      value = value << 8 | byte;
    return value;
  }
  std::span<const std::uint8_t> take(std::size_t bytes) {
    if (bytes > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const auto out = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return out;
  }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool ran_short() const { return short_; }

private:
  std::span<const std::uint8_t> rest_;
  bool short_ = false;
};

std::string message(std::uint8_t type, std::string_view body) {
  std::string out(1, static_cast<char>(type));
  put(out, body.size(), 3);
  return out.append(body);
}

std::string record(std::uint16_t version, std::string_view content) {
  std::string out(1, '\x16');
  put(out, version, 2);
  put(out, content.size(), 2);
  return out.append(content);
}

std::string server_hello(const client_hello& to, const server& who, std::uint16_t version,
                         std::uint16_t suite_id) {
  random_stream draws(hash(who.host), "server random");
  std::string body;
  put(body, version, 2);
  for (int i = 0; i < 32; ++i)
    body += static_cast<char>(draws.next() >> 56);
  const bool session = who.variant % 2 == 0;
  body += session ? '\x20' : '\x00';
  for (int i = 0; session && i < 32; ++i)
    body += static_cast<char>(draws.next() >> 56);
  put(body, suite_id, 2);
  body += '\x00';
  if (to.secure_renegotiation && version > 0x0300)
    body += std::string_view("\x00\x05\xff\x01\x00\x01\x00", 7);
  return message(2, body);
}

std::string certificate_message(const std::vector<std::string>& chain) {
  std::string list;
  for (const auto& der : chain) {
    put(list, der.size(), 3);
    list += der;
  }
  std::string body;
  put(body, list.size(), 3);
  return message(11, body + list);
}

/// The temporary RSA key of 512 bits that EXPORT wants, and a signature over it, which no client here checks
/// (RFC 2246 7.4.3).
std::string export_key(const server& who) {
  constexpr int modulus_bytes = 64, signature_bytes = 256;
  random_stream draws(hash(who.host), "export key");
  std::string body;
  const auto drawn = [&](int bytes) {
    put(body, static_cast<std::size_t>(bytes), 2);
    for (int i = 0; i < bytes; ++i)
      body += static_cast<char>((draws.next() >> 56) | (i == 0 ? 0x80 : 0)); // no leading zeros
  };
  drawn(modulus_bytes);
  body += std::string_view("\0\3\1\0\1", 5);
  drawn(signature_bytes);
  return message(12, body);
}

/// The messages as records: one each, all in one, or pieces, as the server's variant has it.
std::string in_records(const std::vector<std::string>& messages, std::uint16_t version, unsigned variant) {
  std::string out, all;
  for (const auto& one : messages) {
    out += record(version, one);
    all += one;
  }
  if (variant % 3 == 0)
    return out;
  out.clear();
  const std::size_t piece = variant % 3 == 1 ? std::size_t{16384} : std::size_t{700};
  for (std::size_t from = 0; from < all.size(); from += piece)
    out += record(version, std::string_view(all).substr(from, piece));
  return out;
}

} // namespace

std::optional<client_hello> read_client_hello(std::span<const std::uint8_t> body) {
  walker in(body);
  client_hello out;
  out.version = static_cast<std::uint16_t>(in.number(2));
  in.take(32);
  in.take(in.number(1));
  walker list(in.take(in.number(2)));
  while (!list.empty())
    out.suites.push_back(static_cast<std::uint16_t>(list.number(2)));
  in.take(in.number(1));
  if (in.ran_short() || list.ran_short() || out.suites.empty())
    return std::nullopt;
  out.secure_renegotiation = std::count(out.suites.begin(), out.suites.end(), renegotiation_scsv) > 0;
  if (in.empty())
    return out;
  walker extensions(in.take(in.number(2)));
  while (!extensions.empty()) {
    if (extensions.number(2) == renegotiation_extension)
      out.secure_renegotiation = true;
    extensions.take(extensions.number(2));
  }
  if (in.ran_short() || extensions.ran_short())
    return std::nullopt;
  return out;
}

hello_reader::state hello_reader::feed(std::string_view bytes) {
  constexpr std::size_t longest = 16384; // RFC 5246 6.2.1, and more than any hello needs
  records_ += bytes;
  while (records_.size() >= 5) {
    const std::size_t length = static_cast<std::size_t>(at(records_, 3) << 8 | at(records_, 4));
    if (at(records_, 0) != 22 || at(records_, 1) != 3 || length == 0 || length > longest)
      return state::failed;
    if (records_.size() < 5 + length)
      break;
    messages_.append(records_, 5, length);
    records_.erase(0, 5 + length);
  }
  if (!messages_.empty() && at(messages_, 0) != 1)
    return state::failed;
  if (messages_.size() < 4)
    return state::hungry;
  const auto length =
      static_cast<std::size_t>(at(messages_, 1) << 16 | at(messages_, 2) << 8 | at(messages_, 3));
  if (length > longest)
    return state::failed;
  if (messages_.size() < 4 + length)
    return state::hungry;
  const auto* data = reinterpret_cast<const std::uint8_t*>(messages_.data());
  const auto hello = read_client_hello({data + 4, length});
  if (!hello)
    return state::failed;
  hello_ = *hello;
  return state::complete;
}

std::string alert_record(alert what, std::uint16_t version) {
  std::string out(1, '\x15');
  put(out, version, 2);
  put(out, 2, 2);
  out += '\x02'; // fatal
  out += static_cast<char>(what);
  return out;
}

std::string answer_hello(const client_hello& to, const server& who, const std::vector<std::string>& chain) {
  const auto offers = [&](std::uint16_t id) { return std::ranges::count(to.suites, id) > 0; };
  auto version = std::min(to.version, number_of(in_2015(who.top)));
  const auto least = number_of(std::min(who.top, tls_version::v1_0));
  if (version < least)
    return alert_record(alert::protocol_version);
  if (offers(who.suite_id))
    return in_records(
        {server_hello(to, who, version, who.suite_id), certificate_message(chain), message(14, "")}, version,
        who.variant);
  if (!who.takes_export || !offers(export_suite))
    return alert_record(alert::handshake_failure, version);
  version = std::min(version, number_of(tls_version::v1_0)); // RFC 4346 A.5: not with TLS 1.1
  return in_records({server_hello(to, who, version, export_suite), certificate_message(chain),
                     export_key(who), message(14, "")},
                    version, who.variant);
}

} // namespace world
