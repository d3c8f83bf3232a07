#include "liar.hpp"

#include "dns_wire.hpp"
#include "random.hpp"

#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace world {

namespace {

using asio::ip::address;
using asio::ip::make_address;
using asio::ip::udp;
using bytes = std::vector<std::uint8_t>;
using std::chrono::milliseconds;

/// A reply, and when it goes.
struct outgoing {
  bytes message;
  milliseconds after{0};
};

/// Records of an answer that is made up, with the memory they need.
class forgery {
public:
  void a(const std::string& owner, const address& at) {
    add(owner, {at.is_v4() ? rrtype::a : rrtype::aaaa, 0, "", at});
  }
  void mx(const std::string& owner, unsigned preference, const std::string& host) {
    add(owner, {rrtype::mx, static_cast<std::uint16_t>(preference), host, {}});
  }
  void cname(const std::string& owner, const std::string& host) { add(owner, {rrtype::cname, 0, host, {}}); }
  void add(const std::string& owner, resource what) {
    held_.push_back(std::move(what));
    made.records.push_back({owner, &held_.back()});
  }
  answer made;

private:
  std::deque<resource> held_;
};

bool is_address(rrtype t) {
  return t == rrtype::a || t == rrtype::aaaa;
}

address with_bits(const address& at, std::size_t byte, unsigned bits) {
  auto raw = at.to_v4().to_bytes();
  raw[byte] = static_cast<unsigned char>(raw[byte] ^ bits);
  return asio::ip::address_v4(raw);
}

} // namespace

/// One resolver: what it has been asked, and what it makes of a question.
class lying_resolver {
public:
  lying_resolver(asio::io_context& on, const resolver& who, const zone& names)
      : io_(on), who_(who), names_(names), socket_(on, udp::endpoint(who.at, 53)) {
    if (who.kind->does == liar::other_address)
      other_.emplace(on, udp::endpoint(make_address("20.59.0." + std::to_string(10 + who.number % 200)), 0));
    await();
  }

private:
  void await() {
    socket_.async_receive_from(asio::buffer(buffer_), client_,
                               [this](const asio::error_code& error, std::size_t n) {
                                 if (!error)
                                   take(std::span(buffer_).first(n));
                                 if (error != asio::error::operation_aborted)
                                   await();
                               });
  }

  void take(std::span<const std::uint8_t> message) {
    const auto asked = read_question(message);
    if (!asked)
      return;
    for (auto& reply : replies_to(*asked))
      send(std::move(reply), client_);
  }

  void send(outgoing reply, const udp::endpoint& to) {
    if (reply.after.count() > 0) {
      auto timer = std::make_shared<asio::steady_timer>(io_, reply.after);
      auto held = std::make_shared<bytes>(std::move(reply.message));
      timer->async_wait([this, timer, held, to](const asio::error_code&) { send({*held, {}}, to); });
      return;
    }
    asio::error_code ignored;
    (other_ ? *other_ : socket_).send_to(asio::buffer(reply.message), to, 0, ignored);
  }

  static bytes written(const question& asked, const answer& found) {
    return write_answer(asked, found, 4096);
  }

  /// Whether this very question comes for the first time.
  bool is_first(const question& asked) { return times_[{asked.name, asked.type}]++ == 0; }

  std::vector<outgoing> replies_to(const question& asked);
  std::vector<outgoing> odd_replies(const question& asked, const answer& truth);
  std::optional<answer> changed(const question& asked, const answer& truth);
  bool falsify(const question& asked, const answer& truth, const std::string& provider);
  void catch_all(const question& asked, const address& at);

  asio::io_context& io_;
  const resolver who_;
  const zone& names_;
  udp::socket socket_;
  std::optional<udp::socket> other_;
  std::array<std::uint8_t, 4096> buffer_{};
  udp::endpoint client_;
  std::map<std::pair<std::string, rrtype>, unsigned> times_;
  unsigned questions_ = 0, counter_ = 0;
  forgery forged_;
};

/// An A record for whatever is asked; other questions find nothing.
void lying_resolver::catch_all(const question& asked, const address& at) {
  if (asked.type == rrtype::a)
    forged_.a(asked.name, at);
}

/// False records in place of the true ones, for those who lie by intent; false when this kind tells the truth
/// here.
bool lying_resolver::falsify(const question& asked, const answer& truth, const std::string& provider) {
  using enum liar;
  const auto does = who_.kind->does;
  if (does == false_one && provider != provider_names[who_.number % provider_names.size()])
    return false;
  if (asked.type == rrtype::mx) {
    if (does != false_mx && does != false_mx_nowhere && does != false_both && does != false_in_front)
      return false;
    forged_.mx(asked.name, does == false_in_front ? 0 : 10, decoy_exchange(who_, provider));
    if (does == false_in_front)
      for (const auto& one : truth.records)
        forged_.add(one.owner, *one.record);
    return true;
  }
  if (asked.type != rrtype::a || does == false_mx || does == false_mx_nowhere || does == false_in_front)
    return false;
  const auto at = decoy_address(who_, asked.name);
  if (does == false_pool) {
    forged_.a(asked.name, make_address("45.58.9." + std::to_string(is_first(asked) ? 101 : 102)));
  } else if (does == false_alias) {
    forged_.cname(asked.name, "alias.catchall.ru");
    forged_.a("alias.catchall.ru", at);
  } else {
    forged_.a(asked.name, at);
  }
  if (does == false_among_true)
    for (const auto& one : truth.records)
      forged_.add(one.owner, *one.record);
  return true;
}

/// Other records than the truth's; nothing when the truth stands.
std::optional<answer> lying_resolver::changed(const question& asked, const answer& truth) {
  using enum liar;
  const auto provider = provider_of_host(asked.name);
  const bool mail = !provider.empty() && provider != control_name;
  const bool mail_address = mail && is_address(asked.type), mail_a = mail && asked.type == rrtype::a,
             mail_mx = mail && asked.type == rrtype::mx;
  const auto last_octet = [&](unsigned bits) {
    for (const auto& one : truth.records)
      if (one.record->kind == rrtype::a)
        forged_.a(one.owner, with_bits(one.record->address, 3, bits));
  };
  forged_ = {};
  forged_.made.authority = truth.authority;
  const auto done = [&] { return std::optional(forged_.made); };
  switch (who_.kind->does) {
  case geo:
    return mail_a ? (last_octet(0x24), done()) : std::nullopt;
  case geo_one_bit:
    return mail_a ? (last_octet(0x01), done()) : std::nullopt;
  case subset:
    if (asked.type != rrtype::a || truth.records.empty())
      return std::nullopt;
    forged_.add(truth.records[0].owner, *truth.records[0].record);
    return done();
  case rotates: {
    auto turned = truth;
    if (!turned.records.empty())
      std::rotate(turned.records.begin(),
                  turned.records.begin() + static_cast<std::ptrdiff_t>(questions_ % turned.records.size()),
                  turned.records.end());
    return turned;
  }
  case talkative: {
    for (const auto& one : truth.records)
      forged_.add(one.owner, *one.record);
    forged_.a("ns1.somebody.net", make_address("66.66.66.66"));
    forged_.mx("somebody.net", 1, "mx.somebody.net");
    return truth.records.empty() ? std::nullopt : done();
  }
  case renames:
    if (!mail_mx || provider != "gmail.com")
      return std::nullopt;
    for (const auto& one : truth.records)
      forged_.mx(one.owner, one.record->preference,
                 one.record->preference == 40 ? "alt9.gmail-smtp-in.l.google.com" : one.record->text);
    return done();
  case identical_public:
    return catch_all(asked, decoy_address(who_, "")), done();
  case identical_loopback:
    return catch_all(asked, make_address("127.0.0.1")), done();
  case identical_private:
    return catch_all(asked, make_address("192.168.1.254")), done();
  case counter:
    if (asked.type == rrtype::a)
      ++counter_;
    return catch_all(asked, make_address("198.18.1." + std::to_string(counter_ % 256))), done();
  case loopback_mail:
    return mail_a ? (forged_.a(asked.name, make_address("127.0.0.1")), done()) : std::nullopt;
  case private_mail:
    return mail_a ? (forged_.a(asked.name, make_address("192.168.7.7")), done()) : std::nullopt;
  case reserved_mail:
    return mail_a ? (forged_.a(asked.name, make_address("198.18.3.3")), done()) : std::nullopt;
  case loopback_mx:
    if (mail_mx)
      forged_.mx(asked.name, 10, "localhost");
    else if (asked.name == "localhost" && asked.type == rrtype::a)
      forged_.a(asked.name, make_address("127.0.0.1"));
    else
      return std::nullopt;
    return done();
  case rewrites_nobody:
  case rewrites_and_misses:
  case false_and_rewrites:
    if (truth.code == rcode::nxdomain)
      return catch_all(asked, make_address("45.59.1.1")), done();
    break;
  default:
    break;
  }
  switch (who_.kind->does) {
  case misses:
  case rewrites_and_misses:
    if (!mail_mx || truth.records.size() < 2)
      return std::nullopt;
    for (std::size_t i = 0; i + 1 < truth.records.size(); ++i)
      forged_.add(truth.records[i].owner, *truth.records[i].record);
    return done();
  case flips_address:
    if (!mail_a || provider != "gmail.com" || truth.records.empty() || !is_first(asked))
      return std::nullopt;
    forged_.a(asked.name,
              with_bits(truth.records[0].record->address, who_.number / 8 % 4, 1U << who_.number % 8));
    return done();
  case flips_exchange: {
    if (!mail_mx || !is_first(asked))
      return std::nullopt;
    for (const auto& one : truth.records) {
      auto host = one.record->text;
      if (&one == &truth.records.front())
        host[0] = static_cast<char>(host[0] ^ 1);
      forged_.mx(one.owner, one.record->preference, host);
    }
    return done();
  }
  case wrong_once:
    if (!mail_a || !is_first(asked))
      return std::nullopt;
    forged_.a(asked.name, make_address("66.77.88.99"));
    return done();
  case null_mx:
    return mail_mx ? (forged_.mx(asked.name, 0, ""), done()) : std::nullopt;
  case ever_new: {
    if (!mail_a)
      return std::nullopt;
    ++counter_;
    forged_.a(asked.name, make_address("91." + std::to_string(counter_ / 250) + "." +
                                       std::to_string(counter_ % 250) + ".77"));
    return done();
  }
  case false_everything:
    if (asked.type != rrtype::a || truth.code != rcode::noerror)
      return std::nullopt;
    forged_.a(asked.name, decoy_address(who_, asked.name));
    return done();
  case false_mx:
  case false_mx_nowhere:
  case false_address:
  case false_both:
  case false_one:
  case false_among_true:
  case false_in_front:
  case false_pool:
  case false_alias:
  case false_and_rewrites:
    return mail && falsify(asked, truth, provider) ? done() : std::nullopt;
  case blocks_mail:
    if (!mail)
      return std::nullopt;
    forged_.made.code = rcode::nxdomain;
    return done();
  case refuses_mail:
    if (!mail)
      return std::nullopt;
    forged_.made.code = rcode::refused;
    return done();
  default:
    (void)mail_address;
    return std::nullopt;
  }
}

/// What some kinds do to the message rather than to the records.
std::vector<outgoing> lying_resolver::odd_replies(const question& asked, const answer& truth) {
  using enum liar;
  auto plain = written(asked, truth);
  const auto provider = provider_of_host(asked.name);
  const bool mail = !provider.empty() && provider != control_name;
  answer failing;
  forged_ = {};
  switch (who_.kind->does) {
  case lower_cases:
    for (std::size_t i = 12; i < 12 + asked.raw.size() - 4; ++i)
      if (plain[i] >= 'A' && plain[i] <= 'Z')
        plain[i] = static_cast<std::uint8_t>(plain[i] + 32);
    return {{plain}};
  case no_edns:
    failing.code = rcode::formerr;
    return {{asked.edns ? written(asked, failing) : plain}};
  case truncates:
    return {{write_answer(asked, truth, 0)}};
  case slow:
    return {{plain, milliseconds(300)}};
  case forgets:
    return questions_ % 4 == 0 ? std::vector<outgoing>{} : std::vector<outgoing>{{plain}};
  case repeats_itself:
    return {{plain}, {plain}};
  case injected_late:
  case false_first: {
    if (!mail || asked.type != rrtype::a)
      return {{plain}};
    forged_.a(asked.name, decoy_address(who_, asked.name));
    const auto lie = written(asked, forged_.made);
    const bool lie_first = who_.kind->does == false_first;
    return {{lie_first ? lie : plain}, {lie_first ? plain : lie, milliseconds(30)}};
  }
  case garbage: {
    random_stream draw(who_.number, asked.name);
    bytes noise{plain[0], plain[1], 0x81, 0x80};
    for (std::size_t i = 0, n = 8 + draw.below(60); i < n; ++i)
      noise.push_back(static_cast<std::uint8_t>(draw.next()));
    return {{noise}};
  }
  case refuses:
  case fails:
  case denies_all:
    failing.code = who_.kind->does == refuses ? rcode::refused
                   : who_.kind->does == fails ? rcode::servfail
                                              : rcode::nxdomain;
    return {{written(asked, failing)}};
  case refers: {
    constexpr std::array<std::uint8_t, 31> root = {0,   0,   2,   0,   1,   0,   0,   14,  16,  0,   20,
                                                   1,   'a', 12,  'r', 'o', 'o', 't', '-', 's', 'e', 'r',
                                                   'v', 'e', 'r', 's', 3,   'n', 'e', 't', 0};
    bytes out(plain.begin(), plain.begin() + 12);
    out[2] = static_cast<std::uint8_t>(out[2] & ~0x06); // neither AA nor TC
    out[3] = 0x00;                                      // nor RA, and no error
    const std::array<std::uint8_t, 8> counts = {0, 1, 0, 0, 0, 1, 0, 0};
    std::copy(counts.begin(), counts.end(), out.begin() + 4);
    out.insert(out.end(), asked.raw.begin(), asked.raw.end());
    out.insert(out.end(), root.begin(), root.end());
    return {{out}};
  }
  case flips_question: {
    if (asked.name.size() > 4 && is_first(asked) && asked.name == "gmail.com")
      plain[14] = static_cast<std::uint8_t>(plain[14] ^ 0x02);
    return {{plain}};
  }
  case mute_on_mail:
    return mail ? std::vector<outgoing>{} : std::vector<outgoing>{{plain}};
  case silent:
    return {};
  default:
    return {{plain}};
  }
}

std::vector<outgoing> lying_resolver::replies_to(const question& asked) {
  ++questions_;
  answer truth;
  if (asked.complaint == rcode::noerror)
    truth = names_.look_up(asked.name, asked.type);
  if (const auto other = changed(asked, truth))
    return {{written(asked, *other)}};
  return odd_replies(asked, truth);
}

resolver_world::resolver_world(asio::io_context& on, const std::vector<resolver>& all, const zone& names,
                               contacts& seen) {
  for (const auto& one : all) {
    if (one.kind->does == liar::closed_port)
      continue;
    resolvers_.push_back(std::make_unique<lying_resolver>(on, one, names));
    if (one.kind->does == liar::truncates)
      streams_.push_back(std::make_unique<stream_server>(on, one.at, names, seen));
  }
}

resolver_world::~resolver_world() = default;

} // namespace world
