#include <postroad/study/lines.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace postroad;
using study::line_reader;

namespace {

struct pipe_of {
  int out[2];
  std::thread writer;
  /// Writes `text` in pieces of `piece` bytes.
  pipe_of(std::string text, std::size_t piece) {
    REQUIRE(pipe(out) == 0);
    writer = std::thread([this, text = std::move(text), piece] {
      for (std::size_t at = 0; at < text.size();) {
        const auto n = write(out[1], text.data() + at, std::min(piece, text.size() - at));
        if (n <= 0)
          break;
        at += static_cast<std::size_t>(n);
      }
      close(out[1]);
    });
  }
  ~pipe_of() {
    writer.join();
    close(out[0]);
  }
};

std::vector<std::string> lines_of(const std::string& text, std::size_t piece) {
  pipe_of in(text, piece);
  line_reader reader(in.out[0]);
  std::vector<std::string> out;
  std::string_view line;
  for (;;) {
    const auto what = reader.next(line);
    if (what == study::got::end)
      return out;
    REQUIRE(what != study::got::failed);
    out.push_back(what == study::got::too_long ? "(too long)" : std::string(line));
    CHECK(reader.number() == out.size());
  }
}

} // namespace

TEST_CASE("lines are the same, however the input is split") {
  const std::string text = "one\n\nthree\r\nfour with\0nul\nlast";
  const std::vector<std::string> expected = {"one", "", "three\r", "four with"};
  for (const std::size_t piece : {1u, 2u, 3u, 5u, 100u})
    CHECK(lines_of(text, piece) == expected);
  CHECK(lines_of(std::string("a\0b\nc", 5), 2) == std::vector<std::string>{std::string("a\0b", 3), "c"});
  CHECK(lines_of("", 1).empty());
  CHECK(lines_of("\n", 1) == std::vector<std::string>{""});
}

TEST_CASE("a line of 16 MiB is read, a longer one is passed over by number") {
  const std::string fits(record::longest_line, 'x');
  const auto got =
      lines_of("a\n" + fits + "\nb\n" + fits + "y\nc\n" + fits + fits + fits, std::size_t{1} << 20);
  REQUIRE(got.size() == 6);
  CHECK(got[0] == "a");
  CHECK(got[1] == fits);
  CHECK(got[2] == "b");
  CHECK(got[3] == "(too long)");
  CHECK(got[4] == "c");
  CHECK(got[5] == "(too long)");
}

TEST_CASE("a descriptor that cannot be read says so") {
  line_reader reader(-1);
  std::string_view line;
  CHECK(reader.next(line) == study::got::failed);
}
