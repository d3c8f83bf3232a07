// Any dialog: four texts parted by NUL, of any bytes. The first byte gives codes.
//
// Held: the member is one line of UTF-8; a verdict of stripped or suspect has a style and evidence; echoes
// are words of the reply; two vantage points that heard the same add nothing.
#include <postroad/strip/compare.hpp>
#include <postroad/strip/member.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace strip = postroad::strip;

namespace {

void hold(bool truth) {
  if (!truth)
    std::abort();
}

void check(const strip::heard& h) {
  const auto f = strip::classify(h);
  const bool meddled = f.verdict == strip::verdict::stripped || f.verdict == strip::verdict::suspect;
  hold(meddled == (f.hand != strip::style::none));
  hold(!meddled || !f.evidence.empty());
  hold(f.echo.empty() || h.reply.find(f.echo) != std::string_view::npos);
  auto again = f;
  const auto other = strip::compare(again, h, f, h);
  hold(other.differs.empty() && again.verdict == f.verdict && again.evidence.size() == f.evidence.size());
  std::string json;
  postroad::text::json_writer out(json);
  strip::write_strip(out, f, true, &other);
  hold(postroad::text::is_utf8(json) && json.find('\n') == std::string::npos);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  constexpr std::array codes{0, 220, 250, 421, 454, 500, 501, 502};
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto banner = postroad::text::take_until(rest, '\0'), ehlo = postroad::text::take_until(rest, '\0'),
             reply = postroad::text::take_until(rest, '\0');
  strip::heard h{.banner = banner, .ehlo = ehlo, .code = codes[data[0] & 7], .reply = reply};
  check(h);
  h.controls = {{"TESTVERB", codes[(data[0] >> 3) & 7], rest}};
  check(h);
  return 0;
}
