#include <doctest/doctest.h>

#include <postroad/cli/options.hpp>

#include <string>
#include <vector>

using namespace postroad::cli;
using namespace std::chrono_literals;

namespace {

struct settings {
  std::uint16_t port = 25;
  bool keep = false;
  std::chrono::milliseconds timeout{2500};
  byte_size cache{64u << 20};
  double rate = 0;
  std::vector<std::string> only;
  std::string name;
};

options table_for(settings& use) {
  options table;
  table.add('p', "port", "N", "the port", use.port);
  table.add('k', "keep-order", "keep the order", use.keep);
  table.add('t', "timeout", "SECONDS", "give up", use.timeout);
  table.add(0, "cache", "BYTES", "remember", use.cache);
  table.add(0, "rate", "N", "so many", use.rate);
  table.add(0, "only", "OUTCOMES", "only these", use.only);
  table.add('n', "name", "NAME", "a name", use.name);
  return table;
}

std::vector<std::string> parse(const options& table, std::vector<std::string> words) {
  words.insert(words.begin(), "tool");
  std::vector<char*> argv;
  for (auto& w : words)
    argv.push_back(w.data());
  argv.push_back(nullptr);
  return table.parse(static_cast<int>(words.size()), argv.data());
}

std::string refusal(std::vector<std::string> words) {
  settings use;
  try {
    parse(table_for(use), std::move(words));
  } catch (const usage_error& e) {
    return e.message;
  }
  return "";
}

} // namespace

TEST_CASE("options and words may be mixed, -- ends the options") {
  settings use;
  const auto words = parse(table_for(use), {"a", "-kp", "2525", "b", "--timeout=1.5", "--", "-x"});
  CHECK(words == std::vector<std::string>{"a", "b", "-x"});
  CHECK(use.keep);
  CHECK(use.port == 2525);
  CHECK(use.timeout == 1500ms);
}

TEST_CASE("values: sizes with units, lists with commas, numbers") {
  settings use;
  parse(table_for(use), {"--cache", "1G", "--only", "timeout,servfail", "--only", "reset", "--rate", "0.5"});
  CHECK(use.cache.bytes == 1u << 30);
  CHECK(use.only == std::vector<std::string>{"timeout", "servfail", "reset"});
  CHECK(use.rate == 0.5);
}

TEST_CASE("a wrong command line says what is wrong") {
  CHECK(refusal({"--nope"}).find("--nope") != std::string::npos);
  CHECK(refusal({"--port"}).find("needs a value") != std::string::npos);
  CHECK(refusal({"--port", "65536"}).find("65535") != std::string::npos);
  CHECK(refusal({"--port", "x"}).find("'x'") != std::string::npos);
  CHECK(refusal({"--timeout", "-1"}).find("-1") != std::string::npos);
  CHECK(refusal({"--timeout", "nan"}) != "");
  CHECK(refusal({"--cache", "12Q"}) != "");
  CHECK(refusal({"--cache", "99999999G"}) != "");
}

TEST_CASE("the table tells its defaults from the settings") {
  settings use;
  use.port = 465;
  const auto text = options_text(table_for(use));
  CHECK(text.find("-p\t--port\tN\t465\tthe port\n") != std::string::npos);
  CHECK(text.find("-t\t--timeout\tSECONDS\t2.5\tgive up\n") != std::string::npos);
  CHECK(text.find("\t--cache\tBYTES\t64M\tremember\n") != std::string::npos);
}

TEST_CASE("help and completion name every option") {
  settings use;
  const auto table = table_for(use);
  const about tool{"tool", "does a thing", "[WORD...]", {}, {}};
  for (const auto& text : {help_text(tool, table), completion_text(tool, table, "bash"),
                           completion_text(tool, table, "zsh"), completion_text(tool, table, "fish")})
    for (const auto& o : table.all())
      CHECK(text.find(o.name) != std::string::npos);
  CHECK_THROWS_AS((void)completion_text(tool, table, "csh"), usage_error);
}
