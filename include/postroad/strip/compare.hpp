/// The same server seen from two places: what is missing at one of them was taken away on the way. Study
/// section 5.1 could see masks only; a device that deletes the line leaves none.
#pragma once

#include <postroad/strip/classify.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::strip {

/// What another vantage point heard from the same address.
struct elsewhere {
  strip::verdict verdict = strip::verdict::no_evidence;
  reply_class reply = reply_class::no_reply_class;
  ehlo_class ehlo = ehlo_class::none;
  std::vector<std::string_view> differs; ///< banner ehlo starttls, in this order: where the two disagree
};

namespace detail {

[[nodiscard]] inline bool shows_starttls(ehlo_class c) noexcept {
  return c == ehlo_class::ehlo_starttls || c == ehlo_class::ehlo_starttls_and_masked;
}
[[nodiscard]] inline bool hides_starttls(ehlo_class c) noexcept {
  return c != ehlo_class::none && !shows_starttls(c);
}

inline void raise_to(finding& f, verdict v, confidence sure) {
  if (f.verdict == verdict::stripped)
    return;
  f.verdict = v;
  f.confidence = sure;
  f.hand = f.hand == style::none ? style::other : f.hand;
}

} // namespace detail

/// Judges `here` anew in the light of `there`. Absence at one place only is evidence:
///
///   absent-here    the keyword is shown there and not here: stripped
///   refused-here   the verb is answered 220 there and refused here: stripped, but suspect where the
///                  refusal shows that the verb arrived, and nothing where it is for a while (4xx)
///   silenced-here  it is answered 220 there, and here nothing came back: suspect
///
/// Two machines behind one address can differ as well, so that the confidence is at most medium unless both
/// keyword and verb are missing. Example: a server that says STARTTLS and 220 there, and neither here, is
/// stripped here with high confidence.
[[nodiscard]] inline elsewhere compare(finding& here, const heard& said_here, const finding& there,
                                       const heard& said_there) {
  elsewhere e{there.verdict, there.reply, there.ehlo, {}};
  if (here.banner_masked != there.banner_masked)
    e.differs.emplace_back("banner");
  if (here.ehlo != there.ehlo)
    e.differs.emplace_back("ehlo");
  if (here.reply != there.reply)
    e.differs.emplace_back("starttls");
  const bool absent = detail::hides_starttls(here.ehlo) && detail::shows_starttls(there.ehlo);
  const bool works_there = there.reply == reply_class::tls_ready;
  const bool for_good = said_here.code >= 200 && (said_here.code < 400 || said_here.code >= 500);
  const bool refused = works_there && for_good && here.reply != reply_class::tls_ready;
  const bool arrived =
      here.reply == reply_class::echo_intact || here.reply == reply_class::refused_recognized;
  const bool silenced = works_there && !said_here.sent.empty() && said_here.code == 0;
  if (absent)
    detail::note(here, "absent-here", "elsewhere", said_there.ehlo);
  if (refused)
    detail::note(here, "refused-here", "starttls", said_here.reply);
  if (silenced)
    detail::note(here, "silenced-here", "elsewhere", said_there.reply);
  if (absent || (refused && !arrived))
    detail::raise_to(here, verdict::stripped, absent && refused ? confidence::high : confidence::medium);
  else if (refused || silenced)
    detail::raise_to(here, verdict::suspect, confidence::low);
  return e;
}

} // namespace postroad::strip
