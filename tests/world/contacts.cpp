#include "contacts.hpp"

#include "json.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

namespace world {

void contacts::opened(const asio::ip::address& server, std::uint64_t at_once) {
  const std::lock_guard lock(mutex_);
  auto& count = servers_[server];
  ++count.connections;
  count.most_at_once = std::max(count.most_at_once, at_once);
}

void contacts::client_hello(const asio::ip::address& server) {
  const std::lock_guard lock(mutex_);
  ++servers_[server].client_hellos;
}

void contacts::verb(const asio::ip::address& server, std::string_view verb) {
  static constexpr std::array<std::string_view, 6> never = {"MAIL", "RCPT", "DATA", "VRFY", "EXPN", "AUTH"};
  const std::lock_guard lock(mutex_);
  auto& count = servers_[server];
  if (verb == "EHLO" || verb == "HELO")
    ++count.hello;
  else if (verb == "STARTTLS")
    ++count.starttls;
  else if (verb == "QUIT")
    ++count.quit;
  else if (std::find(never.begin(), never.end(), verb) != never.end())
    ++count.forbidden;
}

void contacts::question(std::string_view name, std::uint16_t type, bool tcp) {
  constexpr std::size_t most_questions = 2'000'000; // about 200 MB; beyond it only their number is kept
  std::string key(name);
  key += ' ';
  key += std::to_string(type);
  const std::lock_guard lock(mutex_);
  auto found = questions_.find(key);
  if (found == questions_.end()) {
    if (questions_.size() >= most_questions) {
      ++questions_beyond_;
      return;
    }
    found = questions_.emplace(std::move(key), question_count{}).first;
  }
  ++(tcp ? found->second.tcp : found->second.udp);
}

bool contacts::write(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  std::ofstream out(path);
  for (const auto& [address, count] : servers_)
    out << object()
               .text("server", address.to_string())
               .number("connections", count.connections)
               .number("most_at_once", count.most_at_once)
               .number("hello", count.hello)
               .number("starttls", count.starttls)
               .number("client_hellos", count.client_hellos)
               .number("quit", count.quit)
               .number("forbidden", count.forbidden)
               .close()
        << '\n';
  for (const auto& [key, count] : std::map(questions_.begin(), questions_.end())) {
    const auto space = key.rfind(' ');
    out << object()
               .text("name", key.substr(0, space))
               .add("type", key.substr(space + 1))
               .number("udp", count.udp)
               .number("tcp", count.tcp)
               .close()
        << '\n';
  }
  if (questions_beyond_ > 0)
    out << object().number("questions_beyond", questions_beyond_).close() << '\n';
  return static_cast<bool>(out.flush());
}

} // namespace world
