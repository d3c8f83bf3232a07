#include "ranges.hpp"

#include <algorithm>

namespace world {

ranges tidy(ranges all) {
  std::sort(all.begin(), all.end());
  ranges out;
  for (const auto& one : all) {
    if (!out.empty() && (out.back().second >= one.first || out.back().second + 1 == one.first))
      out.back().second = std::max(out.back().second, one.second);
    else
      out.push_back(one);
  }
  return out;
}

ranges both(ranges a, const ranges& b) {
  a.insert(a.end(), b.begin(), b.end());
  return tidy(std::move(a));
}

ranges without(const ranges& from, const ranges& holes) {
  ranges out;
  for (auto [low, high] : from) {
    bool left = true;
    for (const auto& hole : holes) {
      if (hole.second < low || hole.first > high)
        continue;
      if (hole.first > low)
        out.emplace_back(low, hole.first - 1);
      if (hole.second >= high) {
        left = false;
        break;
      }
      low = hole.second + 1;
    }
    if (left)
      out.emplace_back(low, high);
  }
  return out;
}

ranges common(const ranges& a, const ranges& b) {
  ranges out;
  for (const auto& one : a)
    for (const auto& other : b)
      if (one.first <= other.second && other.first <= one.second)
        out.emplace_back(std::max(one.first, other.first), std::min(one.second, other.second));
  return tidy(std::move(out));
}

namespace {

void halve(const ranges& set, std::size_t from, wide low, wide high, unsigned bits, networks& out) {
  while (from < set.size() && set[from].second < low)
    ++from;
  if (from == set.size() || set[from].first > high)
    return;
  if (set[from].first <= low && set[from].second >= high) {
    ++out.count;
    if (!out.widest || bits < *out.widest)
      out.widest = bits;
    return;
  }
  const wide middle = low + (high - low) / 2;
  halve(set, from, low, middle, bits + 1, out);
  halve(set, from, middle + 1, high, bits + 1, out);
}

wide number_of(const asio::ip::address& ip) {
  wide n = 0;
  if (ip.is_v4())
    return ip.to_v4().to_uint();
  for (const auto byte : ip.to_v6().to_bytes())
    n = n << 8 | byte;
  return n;
}

} // namespace

networks networks_of(const ranges& set, wide last) {
  networks out;
  halve(set, 0, 0, last, 0, out);
  return out;
}

std::pair<wide, wide> network(const asio::ip::address& ip, unsigned bits) {
  const unsigned free = (ip.is_v4() ? 32 : 128) - bits;
  const wide rest = free == 128 ? last6 : (wide{1} << free) - 1;
  const wide low = number_of(ip) & ~rest;
  return {low, low | rest};
}

namespace {

ranges networks_in(const std::vector<std::pair<const char*, unsigned>>& blocks) {
  ranges out;
  for (const auto& [text, bits] : blocks)
    out.push_back(network(asio::ip::make_address(text), bits));
  return tidy(std::move(out));
}

} // namespace

const ranges& special4() {
  static const ranges all = networks_in({{"0.0.0.0", 8},
                                         {"10.0.0.0", 8},
                                         {"100.64.0.0", 10},
                                         {"127.0.0.0", 8},
                                         {"169.254.0.0", 16},
                                         {"172.16.0.0", 12},
                                         {"192.0.0.0", 24},
                                         {"192.0.2.0", 24},
                                         {"192.88.99.0", 24},
                                         {"192.168.0.0", 16},
                                         {"198.18.0.0", 15},
                                         {"198.51.100.0", 24},
                                         {"203.0.113.0", 24},
                                         {"224.0.0.0", 4},
                                         {"240.0.0.0", 4}});
  return all;
}

std::string decimal(wide n) {
  std::string out;
  do {
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(n % 10)));
    n /= 10;
  } while (n > 0);
  return out;
}

wide count_of(const ranges& set) {
  wide n = 0;
  for (const auto& [low, high] : set)
    n += high - low + 1;
  return n;
}

} // namespace world
