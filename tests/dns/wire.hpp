/// Builds DNS messages byte by byte for the tests, sound and broken ones alike; no code of the library writes
/// them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace wire {

using bytes = std::vector<std::uint8_t>;

/// Labels without compression: "a.example" gives 01 61 07 65 ... 00; "" is the root.
inline bytes name(std::string_view dotted) {
  bytes out;
  while (!dotted.empty()) {
    const auto dot = dotted.find('.');
    const auto label = dotted.substr(0, dot);
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    dotted = dot == std::string_view::npos ? std::string_view{} : dotted.substr(dot + 1);
  }
  out.push_back(0);
  return out;
}

inline bytes pointer(unsigned to) {
  return {static_cast<std::uint8_t>(0xc0 | to >> 8), static_cast<std::uint8_t>(to)};
}

class message {
public:
  explicit message(unsigned id = 0x1234, unsigned flags = 0x8180) : out_(12) {
    set16(0, id);
    set16(2, flags);
  }
  message& question(std::string_view qname, unsigned type) {
    ++counts_[0];
    return raw(name(qname)).u16(type).u16(1);
  }
  /// A question section as it came from elsewhere.
  message& question(const bytes& whole) { return ++counts_[0], raw(whole); }
  /// The next records go to the answer (1), authority (2) or additional (3) section.
  message& section(std::size_t which) { return section_ = which, *this; }
  message& record(const bytes& owner, unsigned type, const bytes& rdata, std::uint32_t ttl = 300,
                  unsigned rclass = 1) {
    ++counts_[section_];
    raw(owner).u16(type).u16(rclass).u16(ttl >> 16).u16(ttl & 0xffff);
    return u16(static_cast<unsigned>(rdata.size())).raw(rdata);
  }
  message& count(std::size_t which, unsigned n) { return counts_[which] = n, *this; }
  message& raw(const bytes& more) { return out_.insert(out_.end(), more.begin(), more.end()), *this; }
  message& u16(unsigned n) {
    out_.push_back(static_cast<std::uint8_t>(n >> 8));
    out_.push_back(static_cast<std::uint8_t>(n));
    return *this;
  }
  [[nodiscard]] bytes done() const {
    message copy(*this);
    for (std::size_t i = 0; i < 4; ++i)
      copy.set16(4 + 2 * i, counts_[i]);
    return copy.out_;
  }

private:
  void set16(std::size_t at, unsigned n) {
    out_[at] = static_cast<std::uint8_t>(n >> 8);
    out_[at + 1] = static_cast<std::uint8_t>(n);
  }
  bytes out_;
  unsigned counts_[4]{};
  std::size_t section_ = 1;
};

inline bytes join(std::initializer_list<bytes> parts) {
  bytes out;
  for (const auto& p : parts)
    out.insert(out.end(), p.begin(), p.end());
  return out;
}
inline bytes mx(unsigned preference, const bytes& exchange) {
  return join(
      {{static_cast<std::uint8_t>(preference >> 8), static_cast<std::uint8_t>(preference)}, exchange});
}
inline bytes text(std::string_view s) {
  bytes out{static_cast<std::uint8_t>(s.size())};
  out.insert(out.end(), s.begin(), s.end());
  return out;
}
inline bytes soa(std::uint32_t minimum) {
  bytes numbers(20);
  for (std::size_t i = 0; i < 4; ++i)
    numbers[16 + i] = static_cast<std::uint8_t>(minimum >> (24 - 8 * i));
  return join({name("ns.example"), name("host.example"), numbers});
}

} // namespace wire
