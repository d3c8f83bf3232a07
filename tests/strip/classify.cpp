// From the dialog to its classes: notes of the study's section 5.1, one rule a case.
#include <postroad/strip/classify.hpp>
#include <postroad/strip/compare.hpp>
#include <postroad/strip/member.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace strip = postroad::strip;
using strip::heard;

namespace {

constexpr std::string_view plain_banner = "220 mx.example.org ESMTP";
constexpr std::string_view masked_banner = "220 ***************************2******0*****";
constexpr std::string_view plain_ehlo = "250-mx.example.org\n250-PIPELINING\n250-SIZE 1000\n250 8BITMIME";
constexpr std::string_view masked_ehlo = "250-mx.example.org\n250-SIZE 1000\n250-XXXXXXXA\n250 XXXB";

heard dialog(int code, std::string_view reply, std::string_view ehlo = plain_ehlo,
             std::string_view banner = plain_banner) {
  return {.banner = banner, .ehlo = ehlo, .code = code, .reply = reply};
}
/// "verdict style reply ehlo confidence", style only where there is one.
std::string said(const heard& h) {
  const auto f = strip::classify(h);
  std::string out(to_string(f.verdict));
  if (f.hand != strip::style::none)
    out += " " + std::string(to_string(f.hand));
  return out + " " + std::string(to_string(f.reply)) + " " + std::string(to_string(f.ehlo)) + " " +
         std::string(to_string(f.confidence));
}
std::string ehlo_of(std::string_view lines) {
  return std::string(to_string(strip::classify(dialog(502, "502 no", lines)).ehlo));
}
bool masked(std::string_view banner) {
  return strip::classify(dialog(502, "502 no", plain_ehlo, banner)).banner_masked;
}

} // namespace

TEST_CASE("the reply to STARTTLS") {
  CHECK(said(dialog(220, "220 go")) == "not_stripped tls_ready ehlo_no_starttls high");
  CHECK(said(dialog(500, "500 Command unrecognized: \"STARTTLS\"")) ==
        "not_stripped echo_intact ehlo_no_starttls high");
  CHECK(said(dialog(500, "500 Command unrecognized: \"XXXXXXXX\"")) ==
        "stripped cisco echo_replaced_x ehlo_no_starttls high");
  CHECK(said(dialog(500, "500 Command unrecognized: \"XXXX\"")) ==
        "stripped cisco echo_replaced_x ehlo_no_starttls medium");
  CHECK(said(dialog(500, "500 Command unrecognized: \"BLUF\"")) ==
        "stripped bluf echo_replaced_other ehlo_no_starttls high");
  CHECK(said(dialog(500, "500 Command unrecognized: \"HELLO\"")) ==
        "stripped other echo_replaced_other ehlo_no_starttls medium");
  CHECK(said(dialog(500, "500 what is STAR")) == "not_stripped echo_truncated ehlo_no_starttls medium");
  CHECK(said(dialog(454, "454 4.7.0 TLS not available")) ==
        "not_stripped refused_recognized ehlo_no_starttls high");
  CHECK(said(dialog(501, "501 Syntax error (no parameters allowed)")) ==
        "not_stripped refused_recognized ehlo_no_starttls high");
  CHECK(said(dialog(502, "502 no")) == "no_evidence no_echo ehlo_no_starttls low");
  CHECK(said(dialog(421, "421 bye")) == "no_evidence no_reply_class ehlo_no_starttls low");
  CHECK(said(dialog(0, "")) == "no_evidence no_reply_class ehlo_no_starttls low");
  auto unsaid = dialog(0, "");
  unsaid.sent = {};
  CHECK(said(unsaid) == "no_evidence no_reply_class ehlo_no_starttls low");
}

TEST_CASE("2xx but 220: a NOOP behind a mask, odd without one") {
  CHECK(said(dialog(250, "250 OK")) == "suspect cisco noop_substituted ehlo_no_starttls low");
  CHECK(said(dialog(250, "250 OK", plain_ehlo, masked_banner)) ==
        "stripped cisco noop_substituted ehlo_no_starttls high");
  CHECK(said(dialog(250, "250 OK", masked_ehlo)) ==
        "stripped cisco noop_substituted ehlo_masked_len8 medium");
}

TEST_CASE("the keyword lines of EHLO") {
  CHECK(ehlo_of("250-mx\n250 starttls") == "ehlo_starttls");
  CHECK(ehlo_of("250-mx\n250-XXXB\n250 STARTTLS") == "ehlo_starttls_and_masked");
  CHECK(ehlo_of("250-STARTTLS\n250 SIZE 1") == "ehlo_starttls_in_greeting");
  CHECK(ehlo_of("250-mx\n250-XXXXXXXA\n250 SIZE 1") == "ehlo_masked_len8");
  CHECK(ehlo_of("250-mx\n250-XXXXXXXX\n250 SIZE 1") == "ehlo_masked_len8");
  CHECK(ehlo_of("250-mx\n250 XXXXXXXXXA") == "ehlo_masked_other");
  CHECK(ehlo_of("250-mx\n250-HIPELINING\n250 8BITMIME") == "ehlo_masked_keyword");
  CHECK(ehlo_of("250-mx\n250 PHUNKING") == "ehlo_masked_keyword");
  CHECK(ehlo_of("250-mx\n250 BLUF") == "ehlo_masked_keyword");
  CHECK(ehlo_of("250 mx.starttls.example") == "ehlo_no_starttls");
  CHECK(ehlo_of("502 unknown") == ""); // EHLO was not answered
}

TEST_CASE("keywords that begin with X are no masks, and misspelled ones are of six letters at least") {
  for (const auto* keyword : {"XEXCH50", "XCLIENT NAME ADDR", "X-ANONYMOUSTLS", "XSHADOW", "XVERP", "XX",
                              "XXA", "XXXab", "XXXXXXX1", "HELQ", "AUTH=LOGIN", "X-LONG", "PIPELININGS"}) {
    CAPTURE(keyword);
    CHECK(ehlo_of("250-mx\n250 " + std::string(keyword)) == "ehlo_no_starttls");
  }
}

TEST_CASE("banners that were written over") {
  CHECK(masked(masked_banner));
  CHECK(masked("220 ************\n***0*********"));
  CHECK(masked("220****************"));
  CHECK(masked("220 SMTP/cmap ready_______________________read"));
  CHECK(masked("220 ____________________________"));
  CHECK_FALSE(masked("220 *** mail.example *** ESMTP"));
  CHECK_FALSE(masked("220 mx.example.org ************************ welcome ************************"));
  CHECK_FALSE(masked("220 mx.example.org ESMTP"));
  CHECK_FALSE(masked("220"));
  CHECK_FALSE(masked(""));
}

TEST_CASE("a mask as long as STARTTLS, the study's second set") {
  CHECK(said(dialog(502, "502 no", masked_ehlo)) == "stripped cisco no_echo ehlo_masked_len8 medium");
  CHECK(said(dialog(502, "502 no", masked_ehlo, masked_banner)) ==
        "stripped cisco no_echo ehlo_masked_len8 high");
  CHECK(said(dialog(220, "220 go", masked_ehlo)) == "stripped cisco tls_ready ehlo_masked_len8 high");
  CHECK(said(dialog(500, "500 \"STARTTLS\" unknown", masked_ehlo)) ==
        "suspect cisco echo_intact ehlo_masked_len8 low");
}

TEST_CASE("what meddles elsewhere is suspect") {
  CHECK(said(dialog(502, "502 no", plain_ehlo, masked_banner)) ==
        "suspect cisco no_echo ehlo_no_starttls low");
  CHECK(said(dialog(502, "502 no", "250-mx\n250 XXXXA")) == "suspect cisco no_echo ehlo_masked_other low");
  CHECK(said(dialog(502, "502 no", "250-mx\n250 XXXXA", masked_banner)) ==
        "suspect cisco no_echo ehlo_masked_other medium");
  CHECK(said(dialog(220, "220 go", "250-mx\n250 STARTTLS", masked_banner)) ==
        "not_stripped tls_ready ehlo_starttls high");
}

TEST_CASE("a control tells a fixed text from an echo, and a short parser from a short cut") {
  auto fixed = dialog(500, "500 Command unrecognized: \"PARDON\"");
  fixed.controls = {{"TESTVERB", 500, "500 Command unrecognized: \"PARDON\""}};
  CHECK(said(fixed) == "no_evidence no_echo ehlo_no_starttls low");
  fixed.controls = {{"TESTVERB", 500, "500 Command unrecognized: \"TESTVERB\""}};
  CHECK(said(fixed) == "stripped other echo_replaced_other ehlo_no_starttls medium");
  auto cut = dialog(500, "500 what is STAR");
  cut.controls = {{"TESTVERB", 500, "500 what is TEST"}};
  CHECK(said(cut) == "not_stripped echo_truncated ehlo_no_starttls high");
  cut.controls = {{"TESTVERB", 500, "500 what is TESTVERB"}};
  CHECK(said(cut) == "suspect other echo_truncated ehlo_no_starttls low");
  CHECK(strip::classify(cut).control == strip::reply_class::echo_intact);
}

TEST_CASE("a server that repeats other verbs, but not ours, has not answered itself") {
  auto borrowed = dialog(500, "500 5.5.1 Command unrecognized");
  borrowed.controls = {{"TESTVERB", 500, "500 5.5.1 Command unrecognized: \"TESTVERB\""}};
  CHECK(said(borrowed) == "suspect other no_echo ehlo_no_starttls low");
  CHECK(strip::classify(borrowed).evidence.back().rule == "control-echoes");
  borrowed.controls = {{"TESTVERB", 500, "500 5.5.1 Command unrecognized"}};
  CHECK(said(borrowed) == "no_evidence no_echo ehlo_no_starttls low");
}

TEST_CASE("the word of a device in place of the keyword") {
  CHECK(said(dialog(500, "500 what", "250-mx\n250-PHUNKING\n250 BLUF")) ==
        "stripped bluf no_echo ehlo_masked_keyword medium");
  CHECK(said(dialog(500, "500 what", "250-mx\n250 PHUNKING")) ==
        "suspect other no_echo ehlo_masked_keyword low");
}

TEST_CASE("the evidence lists the bytes that decided, of a hostile server not too many") {
  const auto f = strip::classify(dialog(500, "500 unknown: \"XXXXXXXX\"", masked_ehlo, masked_banner));
  std::string all;
  for (const auto& e : f.evidence)
    all += std::string(e.rule) + "/" + std::string(e.where) + " ";
  CHECK(all == "echo-x/starttls ehlo-mask/ehlo ehlo-mask/ehlo banner-stars/banner ");
  CHECK(f.evidence[1].bytes == "XXXXXXXA");
  std::string flood = "250-mx";
  for (int i = 0; i < 1000; ++i)
    flood += "\n250-" + std::string(400, 'X');
  const auto g = strip::classify(dialog(502, "502 no", flood));
  CHECK(g.evidence.size() <= 16);
  CHECK(g.evidence[0].bytes.size() <= 200);
}

TEST_CASE("every rule has an id of its own and a source") {
  std::set<std::string_view> ids;
  const auto take = [&](const auto& rules) {
    for (const auto& r : rules) {
      CHECK(ids.insert(r.id).second);
      CHECK_FALSE(r.source.empty());
    }
  };
  take(strip::echo_rules);
  take(strip::wording_rules);
  take(strip::keyword_rules);
  take(strip::banner_rules);
}

namespace {
struct pair {
  strip::finding here;
  strip::elsewhere there;
};
pair compared(const heard& here, const heard& there) {
  auto f = strip::classify(here);
  auto e = strip::compare(f, here, strip::classify(there), there);
  return {f, e};
}
} // namespace

TEST_CASE("absence at one place only is evidence") {
  const auto good = dialog(220, "220 go", "250-mx\n250 STARTTLS");
  const auto deleted = compared(dialog(220, "220 go"), good); // the line was taken, the verb was not
  CHECK(deleted.here.verdict == strip::verdict::stripped);
  CHECK(deleted.here.confidence == strip::confidence::medium);
  CHECK(deleted.here.hand == strip::style::other);
  CHECK(deleted.here.evidence.back().rule == "absent-here");
  CHECK(deleted.there.differs == std::vector<std::string_view>{"ehlo"});
  const auto both = compared(dialog(502, "502 no"), good);
  CHECK(both.here.verdict == strip::verdict::stripped);
  CHECK(both.here.confidence == strip::confidence::high);
  const auto refused = compared(dialog(502, "502 no", "250-mx\n250 STARTTLS"), good);
  CHECK(refused.here.verdict == strip::verdict::stripped);
  CHECK(refused.here.evidence.back().rule == "refused-here");
  const auto silenced = compared(dialog(0, "", "250-mx\n250 STARTTLS"), good);
  CHECK(silenced.here.verdict == strip::verdict::suspect);
  CHECK(silenced.here.evidence.back().rule == "silenced-here");
}

TEST_CASE("where both places agree, or the other saw less, nothing is added") {
  const auto good = dialog(220, "220 go", "250-mx\n250 STARTTLS");
  const auto same = compared(good, good);
  CHECK(same.here.verdict == strip::verdict::not_stripped);
  CHECK(same.there.differs.empty());
  CHECK(compared(dialog(502, "502 no"), dialog(502, "502 no")).here.verdict == strip::verdict::no_evidence);
  CHECK(compared(good, dialog(502, "502 no")).here.verdict == strip::verdict::not_stripped);
  CHECK(compared(dialog(421, "421 busy"), good).here.verdict ==
        strip::verdict::stripped); // its keyword is gone
  CHECK(compared(dialog(421, "421 busy", "250-mx\n250 STARTTLS"), good).here.verdict ==
        strip::verdict::no_evidence);
}

TEST_CASE("the member, as text") {
  const auto h = dialog(500, "500 unknown: \"XXXXXXXX\"", masked_ehlo);
  std::string json;
  postroad::text::json_writer out(json);
  strip::write_strip(out, strip::classify(h), true);
  CHECK(
      json ==
      R"({"outcome":"ok","verdict":"stripped","style":"cisco","reply":"echo_replaced_x","ehlo":"ehlo_masked_len8",)"
      R"("banner":"banner_plain","echo":"XXXXXXXX","confidence":"high","evidence":[)"
      R"({"rule":"echo-x","where":"starttls","bytes":"500 unknown: \"XXXXXXXX\""},)"
      R"({"rule":"ehlo-mask","where":"ehlo","bytes":"XXXXXXXA"},{"rule":"ehlo-mask","where":"ehlo","bytes":"XXXB"}]})");
}

TEST_CASE("half an answer to EHLO, or one refused at its end, tells of no absence") {
  const auto of = [](std::string_view ehlo) {
    return strip::classify({.banner = "220 mx", .ehlo = ehlo, .sent = "", .reply = ""}).ehlo;
  };
  CHECK(of("250-mx\n250-PIPELINING") == strip::ehlo_class::none);
  CHECK(of("250-mx\n250-PIPELINING\n550 no") == strip::ehlo_class::none);
  CHECK(of("250-mx\n250-STARTTLS\n550 no") == strip::ehlo_class::none);
  CHECK(of("250-mx\n250-STARTTLS") == strip::ehlo_class::ehlo_starttls); // what was seen was seen
  CHECK(of("250-mx\n250-XXXXXXXA") == strip::ehlo_class::ehlo_masked_len8);
  CHECK(of("250-mx\n250 PIPELINING") == strip::ehlo_class::ehlo_no_starttls);
  CHECK(of("250") == strip::ehlo_class::ehlo_no_starttls);
}

TEST_CASE("refused here and served there: stripped only where the verb may not have arrived") {
  const strip::heard there{
      .banner = "220 mx", .ehlo = "250-mx\n250 STARTTLS", .code = 220, .reply = "220 go"};
  const auto against = [&](int code, std::string_view reply) {
    const strip::heard here{.banner = "220 mx", .ehlo = "250-mx\n250 STARTTLS", .code = code, .reply = reply};
    auto found = strip::classify(here);
    (void)strip::compare(found, here, strip::classify(there), there);
    return found.verdict;
  };
  CHECK(against(502, "502 no such thing") == strip::verdict::stripped);
  CHECK(against(500, "500 unrecognized command \"STARTTLS\"") == strip::verdict::suspect);
  CHECK(against(502, "502 TLS is not available") == strip::verdict::suspect);
  CHECK(against(454, "454 TLS not available due to temporary reason") == strip::verdict::not_stripped);
  CHECK(against(451, "451 try again") == strip::verdict::no_evidence);
}
