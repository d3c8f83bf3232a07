#include <doctest/doctest.h>

#include <postroad/flow/intake.hpp>

#include <string>

using namespace postroad;
using namespace postroad::flow;

namespace {

struct reading_desk {
  record::path_set paths;
  intake in;
  std::string line;
  explicit reading_desk(std::vector<outcome> only = {}) : in(paths, "mx", {"ip"}, std::move(only)) {}

  taken look(std::string_view text) {
    line = text;
    line.append(record::line_slack, '\0');
    return in.look({{line.data(), text.size()}, 1, false});
  }
};

} // namespace

TEST_CASE("only what is no record is a reject") {
  reading_desk d;
  for (const char* good :
       {"example.org", "{\"domain\":\"example.org\"}", "{}", "foo bar", "7,example.org", " {\"a\":1} \r"})
    CHECK_MESSAGE(d.look(good).is == taken::kind::work, good);
  for (const char* skipped : {"", "   ", "# comment", "\r"})
    CHECK_MESSAGE(d.look(skipped).is == taken::kind::nothing, skipped);
  for (const char* bad : {"[1]", "\"a\"", "1", "{", "{\"a\":1", "{\"a\":1,}", "{\"a\":tru}", "{\"a\":1}{",
                          "\xff", "{\"a\":\"\xff\"}", "{\"a\":01}", "{\"a\":\"\x01\"}", "{'a':1}"})
    CHECK_MESSAGE(d.look(bad).is == taken::kind::reject, bad);
  CHECK(d.in.look({{}, 9, true}).is == taken::kind::reject);
}

TEST_CASE("--only passes on what has another outcome, or none") {
  reading_desk d({outcome::timeout, outcome::servfail});
  CHECK(d.look(R"({"domain":"a","mx":{"outcome":"timeout"}})").is == taken::kind::work);
  CHECK(d.look(R"({"domain":"a","mx":{"outcome":"ok"}})").is == taken::kind::pass);
  CHECK(d.look(R"({"domain":"a","smtp":{"outcome":"timeout"}})").is == taken::kind::pass);
  CHECK(d.look(R"({"domain":"a","mx":{"outcome":"t\u0069meout"}})").is == taken::kind::work);
  CHECK(d.look(R"({"domain":"a","mx":{"outcome":7}})").is == taken::kind::pass);
  CHECK(d.look("example.org").is == taken::kind::pass);
}

TEST_CASE("a plain domain says the same as the record that it stands for") {
  for (const std::string word :
       {"example.org", "a", "_dmarc.x-1.test", "1.2.3.x", "0x7f", "deadbeef", "a..b", ".a"}) {
    reading_desk d, e;
    const auto fast = d.look(word);
    const auto slow = e.look("{\"domain\":\"" + word + "\"}");
    CHECK(fast.plain_domain);
    CHECK(fast.record == slow.record);
    CHECK(fast.there->empty());
    REQUIRE(fast.fields->size() == slow.fields->size());
    CHECK(fast.fields->front().path == slow.fields->front().path);
    CHECK(fast.fields->front().is == slow.fields->front().is);
    CHECK(fast.fields->front().raw == slow.fields->front().raw);
    CHECK(d.in.subject_of(fast).domain == e.in.subject_of(slow).domain);
  }
  reading_desk d;
  for (const char* other :
       {"1.2.3.4", "a:25", "7,a", "A.example", "a.example.", "b\u00fc.example", "a b", "::1"})
    CHECK_FALSE_MESSAGE(d.look(other).plain_domain, other);
}

TEST_CASE("members that may be replaced are found where they stand") {
  reading_desk d;
  const auto t = d.look(R"({"ip":"192.0.2.1","x":{"mx":1},"mx":{"a":2},"mx":3})");
  REQUIRE(t.there->size() == 3);
  CHECK((*t.there)[0].name == "ip");
  CHECK((*t.there)[1].value == R"({"a":2})");
  CHECK((*t.there)[2].value == "3");
}

TEST_CASE("the subject of a record") {
  reading_desk d;
  auto s = d.in.subject_of(d.look(R"({"domain":"B\u00fccher.Example.","port":2525})"));
  CHECK(s.domain == "xn--bcher-kva.example");
  CHECK(s.port == 2525);
  CHECK_FALSE(s.ip);
  for (const char* port : {"70000", "0", "\"25\"", "25.5", "null"})
    CHECK(d.in.subject_of(d.look(std::string(R"({"ip":"192.0.2.1","port":)") + port + "}")).bad_port);
  s = d.in.subject_of(d.look(R"({"ip":"nowhere"})"));
  CHECK(s.bad_ip);
  s = d.in.subject_of(d.look("[2001:db8::1]:26"));
  CHECK(net::to_string(*s.ip) == "2001:db8::1");
  CHECK(s.port == 26);
}
