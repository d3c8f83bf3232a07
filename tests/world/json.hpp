/// One JSON object a line, written by hand: the world shares no code with what it tests.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace world {

/// Text as a JSON string with its quotes. The world's own texts are UTF-8.
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out += '"';
}

/// Builds an object or an array member by member.
/// Example: json_text("{", "}").add("rank", "1").add("domain", quoted("a.com")).close() is
/// {"rank":1,"domain":"a.com"}.
class json_text {
public:
  json_text(std::string_view open, std::string_view shut) : text_(open), shut_(shut) {}

  json_text& add(std::string_view name, std::string_view value) {
    comma();
    text_ += quoted(name);
    text_ += ':';
    text_ += value;
    return *this;
  }
  json_text& text(std::string_view name, std::string_view value) { return add(name, quoted(value)); }
  json_text& number(std::string_view name, std::uint64_t value) { return add(name, std::to_string(value)); }
  json_text& flag(std::string_view name, bool value) { return add(name, value ? "true" : "false"); }
  json_text& item(std::string_view value) {
    comma();
    text_ += value;
    return *this;
  }
  [[nodiscard]] std::string close() const { return text_ + shut_; }

private:
  void comma() {
    if (text_.size() > 1)
      text_ += ',';
  }
  std::string text_;
  std::string shut_;
};

inline json_text object() {
  return {"{", "}"};
}
inline json_text array() {
  return {"[", "]"};
}

template <class Texts>
std::string quoted_list(const Texts& texts) {
  auto list = array();
  for (const auto& one : texts)
    list.item(quoted(one));
  return list.close();
}

} // namespace world
