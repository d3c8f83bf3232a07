#include "oddities.hpp"

#include "terms.hpp"

namespace world {

namespace {

/// Terms that no grammar takes, one error each. RFC 7208 12
const std::vector<std::string>& broken_terms() {
  static const std::vector<std::string> all_of_them = {"ip4:192.0.2.0/33",
                                                       "ip4:192.0.2.0/024",
                                                       "ip4:192.0.2",
                                                       "ip4",
                                                       "ip4:",
                                                       "ip4:192.0.2.0/255.255.255.0",
                                                       "ip4:300.1.1.1",
                                                       "ip6:zz::1",
                                                       "ip6:2a00::/129",
                                                       "ip6",
                                                       "a:",
                                                       "a:nodots",
                                                       "a/33",
                                                       "a//129",
                                                       "mx:",
                                                       "mx/33",
                                                       "include:",
                                                       "include",
                                                       "include:name.123",
                                                       "exists:",
                                                       "exists",
                                                       "ptr:",
                                                       "all:name.org",
                                                       "-all.",
                                                       "foo",
                                                       "foo:name.org",
                                                       "ipv4:192.0.2.1",
                                                       "redirect:name.org",
                                                       "a:bad%macro.org",
                                                       "exists:%{x}.name.org",
                                                       "a:%{d0}.name.org",
                                                       "*all",
                                                       "--all",
                                                       "a:name.org/24/64",
                                                       "192.0.2.1"};
  return all_of_them;
}

sender_policy usual(std::vector<term> more, qualifier end = qualifier::fail) {
  more.insert(more.begin(), net("45.60.1.7", 32));
  more.push_back(everybody(end));
  return policy_of(std::move(more));
}

} // namespace

std::vector<oddity> oddities() {
  const auto includes = [](const char* label) {
    return [label](const std::string&) { return usual({named(include, below_shared(label))}); };
  };
  const auto redirects = [](const char* label) {
    return [label](const std::string&) { return policy_of({net("45.60.1.7", 32)}, below_shared(label)); };
  };
  const auto has = [](std::vector<term> terms) {
    return [terms](const std::string&) { return usual(terms); };
  };
  std::vector<term> eleven, forty, thousands;
  for (int i = 0; i < 3500; ++i) // about 60 KB of text: over TCP, and nearly all that a message can hold
    thousands.push_back(net("45." + std::to_string(72 + i / 256) + "." + std::to_string(i % 256) + ".0", 25));
  for (int i = 0; i < 11; ++i)
    eleven.push_back(named(a, below_shared("good")));
  for (int i = 0; i < 40; ++i)
    forty.push_back(net("45.61." + std::to_string(100 + i) + ".0", 24));
  std::vector<oddity> out = {
      {"self-include", 0.0010, [](const std::string& domain) { return usual({named(include, domain)}); }},
      {"loop", 0.0005, includes("loop-a")},
      {"redirect-loop", 0.0002, redirects("turn-a")},
      {"include-none", 0.0040, includes("empty")},
      {"include-nowhere", 0.0040, includes("nowhere")},
      {"include-broken", 0.0010, includes("broken")},
      {"include-several", 0.0010, includes("several")},
      {"include-fails", 0.0010, includes("fails")},
      {"include-refused", 0.0005, includes("refuses")},
      {"include-mute", 0.0002, includes("mute")},
      {"a-fails", 0.0003, has({named(a, below_shared("fails"))})},
      {"many-lookups", 0.0060, has(eleven)},
      {"deep", 0.0010, includes("deep1")},
      {"voids", 0.0050, has({named(a, "gone1.%{d}"), named(a, "gone2.%{d}"), named(mx, "gone3.%{d}")})},
      {"voids-of-one-family", 0.0010,
       has({named(a, below_shared("four")), named(a, below_shared("four")), named(a, below_shared("four"))})},
      {"many-exchanges", 0.0003, has({named(mx, below_shared("eleven"))})},
      {"null-exchange", 0.0003, has({named(mx, below_shared("null"))})},
      {"exists-by-client", 0.0020, has({varying(exists, "%{i}._spf.%{d}")})},
      {"include-by-client", 0.0003, has({varying(include, "%{ir}.%{v}.shared-senders.net")})},
      {"redirect-by-client", 0.0002,
       [](const std::string&) {
         auto made = policy_of({net("45.60.1.7", 32)}, "%{ir}.shared-senders.net");
         made.redirect_dynamic = true;
         return made;
       }},
      {"own-name-by-macro", 0.0010, has({named(a, "%{d}"), named(mx, "%{d}")})},
      {"checked-name-by-macro", 0.0005, includes("inherits")},
      {"family-by-macro", 0.0003,
       has({named(a, "%{v}.families.shared-senders.net"),
            named(include, "%{v}.families.shared-senders.net")})},
      {"exists-for-all", 0.0003, has({named(exists, below_shared("good"))})},
      {"plus-all", 0.0010, [](const std::string&) { return usual({of_kind(mx)}, qualifier::pass); }},
      {"half", 0.0003, has({net("0.0.0.0", 1), net("128.0.0.0", 1)})},
      {"slash-zero", 0.0003, has({net("0.0.0.0", 0, qualifier::pass, "1.2.3.4")})},
      {"slash-zero-ip6", 0.0003, has({net("::", 0)})},
      {"mask-mistake", 0.0002, has({net("255.0.0.0", 8, qualifier::pass, "255.255.255.255")})},
      {"ten", 0.0030, has({net("10.0.0.0", 8)})},
      {"seven", 0.0001, has({net("52.0.0.0", 7)})},
      {"host-bits", 0.0050,
       has({net("45.62.8.0", 22, qualifier::pass, "45.62.10.77"),
            net("2a00:2070::", 32, qualifier::pass, "2a00:2070::25")})},
      {"hole", 0.0010,
       has({net("45.63.4.0", 25, qualifier::fail), net("45.63.0.0", 16),
            net("45.63.128.0", 17, qualifier::softfail)})},
      {"include-is-a-hole", 0.0005,
       has({named(include, below_shared("wide"), qualifier::neutral), net("45.64.0.0", 15)})},
      {"ptr", 0.0003, has({of_kind(ptr), named(ptr, below_shared("good"))})},
      {"behind-all", 0.0020,
       [](const std::string&) {
         return policy_of({net("45.60.1.7", 32), everybody(qualifier::softfail),
                           named(include, below_shared("nowhere")), net("45.66.0.0", 16),
                           everybody(qualifier::pass)});
       }},
      {"redirect-and-all", 0.0010,
       [](const std::string&) {
         return policy_of({of_kind(mx), everybody(qualifier::softfail)}, below_shared("good"));
       }},
      {"redirect-none", 0.0003, redirects("empty")},
      {"redirect-nowhere", 0.0003, redirects("nowhere")},
      {"long", 0.0030, has(forty)},
      {"huge", 0.0000, has(thousands)},
      {"bytes", 0.0000,
       [](const std::string&) {
         auto made = usual({of_kind(mx)});
         made.wrong = fault::syntax;
         made.broken = std::string("x=\0\xff\"\\", 6);
         return made;
       }},
      {"alias", 0.0010, includes("alias")},
      {"modifiers", 0.0010,
       [](const std::string&) {
         auto made = usual({of_kind(mx)});
         made.unknown = 2;
         made.explains = true;
         return made;
       }},
      {"lengths", 0.0020,
       has({with_lengths(of_kind(a), 24, 64), with_lengths(of_kind(mx), 26, 112),
            with_lengths(named(a, below_shared("good")), 16, 128)})},
      {"twice", 0.0020, has({named(include, below_shared("good")), named(include, below_shared("good"))})},
      {"several", 0.0040,
       [](const std::string&) {
         auto made = usual({of_kind(mx)});
         made.wrong = fault::multiple;
         return made;
       }},
      {"no-all", 0.0010, [](const std::string&) { return policy_of({of_kind(mx)}); }},
      {"nothing", 0.0003, [](const std::string&) { return policy_of({}); }},
  };
  for (const auto& word : broken_terms())
    out.push_back({"syntax", 0.0003, [word](const std::string&) {
                     auto broken = usual({of_kind(mx)});
                     broken.wrong = fault::syntax;
                     broken.broken = word;
                     return broken;
                   }});
  return out;
}

} // namespace world
