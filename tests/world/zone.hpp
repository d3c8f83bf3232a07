/// All names of the world and what they hold, as one tree: no delegation, the world answers for every name.
#pragma once

#include <asio/ip/address.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace world {

/// Types of RFC 1035 3.2.2 and RFC 3596 that the world holds.
enum class rrtype : std::uint16_t {
  a = 1,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  opt = 41,
  any = 255
};

struct resource {
  rrtype kind{};
  std::uint16_t preference = 0;
  std::string text; ///< CNAME, MX, PTR: the name as the zone writes it, without final dot; TXT: the text; MX
                    ///< "": the root
  asio::ip::address address;
  std::vector<std::string> strings =
      {}; ///< TXT: the text as character strings, where it is cut at odd places
};

/// How a question is answered whatever the name holds.
enum class trouble : std::uint8_t { none, servfail, refused, formerr, silence };

enum class rcode : std::uint8_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5
};

struct owned {
  std::string owner;
  const resource* record = nullptr;
};

/// What a question comes to. A CNAME chain stands in `records` before what it leads to (RFC 1034 4.3.2).
struct answer {
  rcode code = rcode::noerror;
  bool silence = false;
  bool secure = false; ///< the zone counts as signed: AD is set for those who ask for it
  std::vector<owned> records;
  std::string authority; ///< owner of the SOA that a negative answer carries (RFC 2308 3)

  [[nodiscard]] bool holds(rrtype kind) const;
};

std::string lower(std::string_view name);

class zone {
public:
  void add(std::string_view owner, resource what);
  /// The name exists and holds nothing.
  void exists(std::string_view owner);
  void afflict(std::string_view owner, rrtype kind, trouble how);
  void sign(std::string_view registrable) { signed_.emplace(lower(registrable), true); }

  /// Answers a question; `name` in any case, without final dot.
  [[nodiscard]] answer look_up(std::string_view name, rrtype kind) const;
  [[nodiscard]] bool has(std::string_view name) const { return nodes_.contains(lower(name)); }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  /// All records as lines of a master file (RFC 1035 5) of the root zone, in order, for servers that are not
  /// ours. What exists and holds nothing gets an HINFO record; troubles are not in it.
  [[nodiscard]] std::vector<std::string> master_file() const;

private:
  struct node {
    std::vector<resource> records;
    std::map<rrtype, trouble> troubles;
  };
  node& grow(std::string_view owner);
  [[nodiscard]] std::string authority_of(const std::string& name) const;
  [[nodiscard]] const resource* gather(const std::string& name, const node& at, rrtype kind,
                                       answer& into) const;

  std::unordered_map<std::string, node> nodes_;
  std::unordered_map<std::string, bool> signed_;
};

/// The last two labels: the world's public suffixes are com net org ru de info, all of one label.
std::string registrable_domain(std::string_view name);

} // namespace world
