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

/// A question, the truth about it, and whose mail it concerns.
struct subject {
  const question& asked;
  const answer& truth;
  const std::string& provider;
  bool mail = false;
  [[nodiscard]] bool mail_a() const { return mail && asked.type == rrtype::a; }
  [[nodiscard]] bool mail_mx() const { return mail && asked.type == rrtype::mx; }
};

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
  std::vector<outgoing> odd_replies(const subject& of);
  /// Other records than the truth's, in forged_; false when the truth stands.
  bool changes(const subject& of);
  bool honest_habit(const subject& of);
  bool accident(const subject& of);
  bool one_time_fault(const subject& of);
  bool falsify(const subject& of);
  bool catch_all(const subject& of, const std::string& at);
  bool point_mail(const subject& of, const std::string& at);
  void keep_truth(const subject& of, std::size_t all_but = 0);

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
bool lying_resolver::catch_all(const subject& of, const std::string& at) {
  if (of.asked.type == rrtype::a)
    forged_.a(of.asked.name, make_address(at));
  return true;
}

/// Another address for every mail server.
bool lying_resolver::point_mail(const subject& of, const std::string& at) {
  if (of.mail_a())
    forged_.a(of.asked.name, make_address(at));
  return of.mail_a();
}

void lying_resolver::keep_truth(const subject& of, std::size_t all_but) {
  for (std::size_t i = 0; i + all_but < of.truth.records.size(); ++i)
    forged_.add(of.truth.records[i].owner, *of.truth.records[i].record);
}

bool lying_resolver::honest_habit(const subject& of) {
  using enum liar;
  const auto& records = of.truth.records;
  const auto neighbours = [&](unsigned bits) {
    for (const auto& one : records)
      if (of.mail_a() && one.record->kind == rrtype::a)
        forged_.a(one.owner, with_bits(one.record->address, 3, bits));
    return of.mail_a();
  };
  switch (who_.kind->does) {
  case geo:
    return neighbours(0x24);
  case geo_far:
    for (const auto& one : records)
      if (of.mail_a() && of.provider == "gmail.com")
        forged_.a(one.owner, far_address(one.record->address));
    return of.mail_a() && of.provider == "gmail.com";
  case filters_aaaa:
    return of.asked.type == rrtype::aaaa;
  case geo_one_bit:
    return neighbours(0x01);
  case subset:
    if (of.asked.type == rrtype::a && !records.empty())
      keep_truth(of, records.size() - 1);
    return of.asked.type == rrtype::a && !records.empty();
  case rotates:
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto& one = records[(i + questions_) % records.size()];
      forged_.add(one.owner, *one.record);
    }
    return !records.empty();
  case talkative:
    keep_truth(of);
    forged_.a("ns1.somebody.net", make_address("66.66.66.66"));
    forged_.mx("somebody.net", 1, "mx.somebody.net");
    return !records.empty();
  case renames:
    for (const auto& one : records)
      if (of.mail_mx())
        forged_.mx(one.owner, one.record->preference,
                   one.record->preference == 40 ? "alt9.gmail-smtp-in.l.google.com" : one.record->text);
    return of.mail_mx() && of.provider == "gmail.com";
  default:
    return false;
  }
}

bool lying_resolver::accident(const subject& of) {
  using enum liar;
  const bool rewrites = of.truth.code == rcode::nxdomain;
  switch (who_.kind->does) {
  case identical_public:
    return catch_all(of, decoy_address(who_, "").to_string());
  case identical_loopback:
    return catch_all(of, "127.0.0.1");
  case identical_private:
    return catch_all(of, "192.168.1.254");
  case counter:
    counter_ += of.asked.type == rrtype::a ? 1 : 0;
    return catch_all(of, "198.18.1." + std::to_string(counter_ % 256));
  case loopback_mail:
    return point_mail(of, "127.0.0.1");
  case private_mail:
    return point_mail(of, "192.168.7.7");
  case reserved_mail:
    return point_mail(of, "198.18.3.3");
  case loopback_mx:
    if (of.mail_mx())
      forged_.mx(of.asked.name, 10, "localhost");
    return of.mail_mx() || (of.asked.name == "localhost" && catch_all(of, "127.0.0.1"));
  case ever_new:
    ++counter_;
    return point_mail(of,
                      "91." + std::to_string(counter_ / 250) + "." + std::to_string(counter_ % 250) + ".77");
  case null_mx:
    if (of.mail_mx())
      forged_.mx(of.asked.name, 0, "");
    return of.mail_mx();
  case rewrites_nobody:
  case false_and_rewrites:
    return rewrites && catch_all(of, "45.59.1.1");
  case rewrites_and_misses:
    if (rewrites)
      return catch_all(of, "45.59.1.1");
    [[fallthrough]];
  case misses:
    keep_truth(of, 1);
    return of.mail_mx() && of.truth.records.size() > 1;
  case blocks_mail:
    forged_.made.code = rcode::nxdomain;
    return of.mail;
  case refuses_one:
    forged_.made.code = rcode::refused;
    return of.mail && of.provider == "qq.com";
  case refuses_mail:
    forged_.made.code = rcode::refused;
    return of.mail;
  default:
    return false;
  }
}

bool lying_resolver::one_time_fault(const subject& of) {
  using enum liar;
  switch (who_.kind->does) {
  case flips_address:
    if (!of.mail_a() || of.provider != "gmail.com" || of.truth.records.empty() || !is_first(of.asked))
      return false;
    forged_.a(of.asked.name,
              with_bits(of.truth.records[0].record->address, who_.number / 8 % 4, 1U << who_.number % 8));
    return true;
  case flips_exchange:
    if (!of.mail_mx() || !is_first(of.asked))
      return false;
    for (const auto& one : of.truth.records) {
      auto host = one.record->text;
      if (&one == &of.truth.records.front())
        host[0] = static_cast<char>(host[0] ^ 1);
      forged_.mx(one.owner, one.record->preference, host);
    }
    return true;
  case wrong_once:
    return of.mail_a() && is_first(of.asked) && point_mail(of, "66.77.88.99");
  default:
    return false;
  }
}

/// For those who lie by intent.
bool lying_resolver::falsify(const subject& of) {
  using enum liar;
  const auto does = who_.kind->does;
  if (does < false_mx || does == false_first || does == false_malformed ||
      (does == false_one && of.provider != provider_names[who_.number % provider_names.size()]))
    return false;
  if (of.mail_mx() && falsifies_mx(does)) {
    for (const auto& host : decoy_exchanges(who_, of.provider))
      forged_.mx(of.asked.name, does == false_in_front ? 0 : 10, host);
    if (does == false_in_front)
      keep_truth(of);
    return true;
  }
  const bool everything = does == false_everything && of.truth.code == rcode::noerror;
  if (of.asked.type != rrtype::a || !falsifies_addresses(does) || !(of.mail || everything))
    return false;
  const auto at = does == false_pool ? make_address(is_first(of.asked) ? "45.58.9.101" : "45.58.9.102")
                                     : decoy_address(who_, of.asked.name);
  if (does == false_alias)
    forged_.cname(of.asked.name, "alias.catchall.ru");
  forged_.a(does == false_alias ? "alias.catchall.ru" : of.asked.name, at);
  if (does == false_among_true)
    keep_truth(of);
  return true;
}

bool lying_resolver::changes(const subject& of) {
  for (const auto what : {&lying_resolver::honest_habit, &lying_resolver::accident,
                          &lying_resolver::one_time_fault, &lying_resolver::falsify}) {
    forged_ = {};
    forged_.made.authority = of.truth.authority;
    if ((this->*what)(of))
      return true;
  }
  return false;
}

/// What some kinds do to the message rather than to the records.
std::vector<outgoing> lying_resolver::odd_replies(const subject& of) {
  using enum liar;
  const auto& [asked, truth, provider, mail] = of;
  auto plain = written(asked, truth);
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
  case false_malformed: {
    if (!mail || asked.type != rrtype::a)
      return {{plain}};
    forged_.a(asked.name, decoy_address(who_, asked.name));
    auto lie = written(asked, forged_.made);
    lie.insert(lie.end(), 3, 0);
    return {{lie}};
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
  const auto provider = provider_of_host(asked.name);
  const subject of{asked, truth, provider, !provider.empty() && provider != control_name};
  if (changes(of))
    return {{written(asked, forged_.made)}};
  return odd_replies(of);
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
