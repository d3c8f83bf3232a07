/// Names and what they hold, for tests of SPF and DMARC: a `lookup` without a socket.
#pragma once

#include <postroad/spf/expand.hpp>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace spf_test {

using namespace postroad;

/// Lines "name TYPE value", TXT to the end of the line; "name TYPE !timeout" for what a look-up comes to. A
/// name without lines is NXDOMAIN, one without lines of the type NODATA.
class zone {
public:
  zone() = default;
  explicit zone(const std::string& lines) { add(lines); }
  void add(const std::string& lines) {
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string name, type, value;
      if (!(words >> name >> type))
        continue;
      std::getline(words >> std::ws, value);
      held_[{text::lowered(name), type}].push_back(value);
      names_.insert(text::lowered(name));
    }
  }

  [[nodiscard]] dns::answer_ptr look_up(const dns::name& n, dns::type t) {
    ++questions;
    auto a = std::make_shared<dns::answer>();
    a->ttl = 300;
    const auto name = dns::to_lower_string(n);
    asked.insert(word_of(t) + " " + name);
    const auto found = held_.find({name, word_of(t)});
    a->what = found != held_.end()    ? outcome::ok
              : names_.contains(name) ? outcome::nodata
                                      : outcome::nxdomain;
    if (found != held_.end())
      for (const auto& value : found->second)
        put(*a, t, value);
    return a;
  }
  [[nodiscard]] spf::lookup ask() {
    return [this](dns::name n, dns::type t) { return answer(n, t); };
  }

  unsigned questions = 0;
  std::set<std::string> asked;

private:
  net::task<dns::answer_ptr> answer(dns::name n, dns::type t) { co_return look_up(n, t); }
  static std::string word_of(dns::type t) {
    switch (t) {
    case dns::type::a:
      return "A";
    case dns::type::aaaa:
      return "AAAA";
    case dns::type::mx:
      return "MX";
    case dns::type::txt:
      return "TXT";
    default:
      return "PTR";
    }
  }
  static void put(dns::answer& a, dns::type t, const std::string& value) {
    if (value.starts_with('!')) {
      for (std::size_t i = 0; i < outcome_words.size(); ++i)
        if (outcome_words[i] == value.substr(1))
          return void(a.what = static_cast<outcome>(i));
      FAIL("no outcome ", value);
    }
    if (t == dns::type::txt)
      a.texts.push_back(value);
    else if (t == dns::type::mx)
      a.mx.push_back({10, *dns::parse_name(value)});
    else if (t == dns::type::a || t == dns::type::aaaa)
      a.addresses.push_back(*net::parse_address(value));
    else
      a.names.push_back(*dns::parse_name(value));
  }
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> held_;
  std::set<std::string> names_;
};

template <class T>
net::task<void> store(net::task<T> work, std::optional<T>& into) {
  into = co_await work;
}

/// The value of a task that waits for nothing.
template <class T>
T now(net::task<T> work) {
  std::optional<T> got;
  net::spawn(store(std::move(work), got));
  REQUIRE(got);
  return std::move(*got);
}

} // namespace spf_test
