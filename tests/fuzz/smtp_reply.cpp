// The reply reader: what it says depends on the bytes, not on how they were cut up, and stays within its
// caps.
#include <postroad/smtp/reply.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace postroad::smtp;

namespace {

void must(bool holds) {
  if (!holds)
    std::abort();
}

struct reading {
  reply_reader reader;
  std::size_t used = 0;
};

void feed(reading& r, std::string_view bytes) {
  const auto used = r.reader.feed(bytes);
  must(used <= bytes.size());
  must(used == bytes.size() || r.reader.status() != reply_reader::state::more);
  r.used += used;
}

void check_caps(const reply& r) {
  must(r.text.size() <= max_reply_bytes);
  must(r.lines().size() <= max_reply_lines);
  must(r.code >= 100 && r.code < 600);
  must(r.text.empty() || r.text.back() != '\n' || r.lost_code);
}

void check_same(reading& a, reading& b) {
  must(a.used == b.used);
  must(a.reader.status() == b.reader.status());
  must(a.reader.text() == b.reader.text());
  must(a.reader.why() == b.reader.why());
  must(a.reader.garbled() == b.reader.garbled());
  must(a.reader.finish() == b.reader.finish());
  must(a.reader.text().size() <= max_reply_bytes);
  if (a.reader.status() != reply_reader::state::complete)
    return;
  const auto one = a.reader.take(), two = b.reader.take();
  check_caps(one);
  must(one.text == two.text && one.code == two.code);
  must(one.bare_lf == two.bare_lf && one.wrong_code == two.wrong_code && one.lost_code == two.lost_code);
  must(one.long_line == two.long_line && one.unterminated == two.unterminated);
}

} // namespace

// The first two bytes say where to cut and how large the other pieces are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2)
    return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  reading whole, cut, pieces;
  feed(whole, bytes);
  auto again = whole; // finish() changes a reader
  const auto at = bytes.empty() ? 0 : data[0] * bytes.size() / 256;
  feed(cut, bytes.substr(0, at));
  feed(cut, bytes.substr(at));
  const std::size_t step = data[1] % 16 + 1u;
  for (std::size_t i = 0; i < bytes.size(); i += step)
    feed(pieces, bytes.substr(i, step));
  check_same(whole, cut);
  check_same(again, pieces);
  return 0;
}
