#include "spell.hpp"

#include <algorithm>

namespace world {

namespace {

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  return text;
}

/// Upper case leaves macros alone: "%{D}" would be another macro's escaping.
std::string upper_name(const std::string& name) {
  return name.find('%') == std::string::npos ? upper(name) : name;
}

class speller {
public:
  speller(random_stream& draw, bool plain) : draw_(draw), plain_(plain) {}

  std::string record(const sender_policy& what) {
    std::string out = sometimes(0.01) ? "V=SPF1" : sometimes(0.01) ? "v=SPF1" : "v=spf1";
    std::vector<std::string> words;
    for (const auto& one : what.terms)
      words.push_back(directive(one));
    if (!what.broken.empty())
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(plain_ ? 0 : draw_.below(words.size() + 1)),
                   what.broken);
    for (unsigned i = 0; i < what.unknown; ++i)
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(draw_.below(words.size() + 1)),
                   i == 0 ? "x-made-by=world:1" : "tracking-" + std::to_string(i) + "=%{l}");
    if (what.explains)
      words.insert(words.begin(), "exp=explain.%{d}");
    if (!what.redirect.empty()) // a modifier may stand anywhere
      words.insert(sometimes(0.1) ? words.begin() : words.end(),
                   (sometimes(0.03) ? "Redirect=" : "redirect=") + name(what.redirect));
    for (const auto& word : words)
      out += (sometimes(0.02) ? "  " : " ") + word;
    return sometimes(0.01) ? out + " " : out;
  }

private:
  bool sometimes(double p) { return !plain_ && draw_.chance(p); }

  std::string name(const std::string& target) {
    std::string out = sometimes(0.03) ? upper_name(target) : target;
    return out.find('%') == std::string::npos && sometimes(0.01) ? out + "." : out;
  }

  static std::string lengths(const term& what) {
    return (what.bits4 < 32 ? "/" + std::to_string(what.bits4) : "") +
           (what.bits6 < 128 ? "//" + std::to_string(what.bits6) : "");
  }

  std::string network(const term& what) {
    const unsigned all = what.is == mechanism::ip4 ? 32 : 128;
    const std::string address = what.written.empty() ? what.network : what.written;
    return ":" + (sometimes(0.05) ? upper(address) : address) +
           (what.bits < all || sometimes(0.1) ? "/" + std::to_string(what.bits) : "");
  }

  std::string directive(const term& what) {
    static constexpr std::string_view signs[] = {"", "-", "~", "?"};
    static constexpr std::string_view words[] = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};
    std::string word(words[static_cast<std::size_t>(what.is)]);
    std::string out(
        what.says == qualifier::pass && sometimes(0.04) ? "+" : signs[static_cast<std::size_t>(what.says)]);
    out += sometimes(0.02) ? upper(word) : word;
    if (what.is == mechanism::ip4 || what.is == mechanism::ip6)
      return out + network(what);
    if (!what.target.empty())
      out += ":" + name(what.target);
    return out + lengths(what);
  }

  random_stream& draw_;
  bool plain_;
};

} // namespace

std::string spell(const sender_policy& what, random_stream& draw, bool plain) {
  return speller(draw, plain).record(what);
}

std::vector<std::string> cut(std::string_view text, random_stream& draw, bool often) {
  std::vector<std::string> out;
  while (!text.empty()) {
    std::size_t size = std::min<std::size_t>(text.size(), 255);
    if (often && size > 4 && draw.chance(0.7))
      size = 1 + draw.below(size);
    out.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

} // namespace world
