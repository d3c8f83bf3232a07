#pragma once

#include <postroad/study/page.hpp>

#include <postroad/study/render.hpp> // before the parts of it

#include <postroad/outcome.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/study/impl/render_html.ipp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace postroad::study {

namespace detail {

struct chapter {
  std::string_view title;
  std::string_view tables; ///< names, blanks between
};
inline constexpr std::array chapters = {
    chapter{"Domains and their servers", "t1 t3 ranks top-50 t4 providers dnssec t6 t7"},
    chapter{"Certificates and ciphers", "t5 t5-signed reasons mismatches keys suites bulk pfs"},
    chapter{"STARTTLS taken away on the way",
            "t10 t11 t13 stripping stripping-places stripping-networks t12 t12-networks"},
    chapter{"Resolvers that lie about mail servers",
            "t14 t14-classes t8 false-networks false-countries false-targets"},
    chapter{"Who may send", "t20 t20-recursive t20-words t21 t21-recursive t21-terms t21-terms-recursive f4 "
                            "f4-ip6 coarseness coarseness-widest "
                            "includes includes-all redirects t19 t19-codes lookups lookups-void "
                            "lookups-void-both t22 t22-effective t22-errors t17"},
    chapter{"A receiver's own logs", "f3-in f3-out t2 t9-rate t9 t15 t16 t18 t19-messages t22-messages"},
    chapter{"Other tables", ""}};

/// Where a table stands: its chapter, and its place in it.
[[nodiscard]] inline std::pair<std::size_t, std::size_t> place_of(std::string_view table) {
  for (std::size_t i = 0; i < chapters.size(); ++i) {
    std::size_t place = 0;
    for (auto rest = chapters[i].tables; !rest.empty(); ++place)
      if (text::take_until(rest, ' ') == table)
        return {i, place};
  }
  return {chapters.size() - 1, 0};
}

/// What is said first of all: the share of one row of one table.
struct glance {
  std::string_view table, row, says;
};
inline constexpr glance glances[] = {
    {"t1", "operational SMTP server", "of the domains have a working mail server"},
    {"t3", "SMTP server with STARTTLS", "of these take STARTTLS"},
    {"pfs", "true", "of the domains with TLS get forward secrecy"},
    {"stripping-places", "stripped", "of the servers show STARTTLS stripped on the way"},
    {"t20", "hard fail", "of the SPF policies end in a hard fail"},
    {"t22", "not published", "of the domains publish no DMARC policy"}};

/// What a tool asks of whom, as the study's readers and those who were measured want to know it.
inline constexpr std::pair<std::string_view, std::string_view> doings[] = {
    {"synscan",
     "sent one packet to each address and port and looked at what came back; no connection was made"},
    {"mxcheck", "asked resolvers for MX, A and AAAA records of the domains"},
    {"smtpgrab", "opened one connection to port 25 of each server, said EHLO, STARTTLS and, where that was "
                 "refused, one unknown verb, and "
                 "QUIT; no mail was sent, no address was tried"},
    {"tlsprobe", "said STARTTLS to each server and a TLS hello, read its certificate, and closed"},
    {"stripdetect", "judged the text of these dialogs; nothing was sent"},
    {"ipmeta", "looked addresses up in tables that others publish; nothing was sent"},
    {"mxaudit", "asked each resolver for mail providers that everybody knows, and for names of its own"},
    {"spfexpand", "asked resolvers for SPF records and what they lead to"},
    {"spfcheck", "checked senders against SPF records"},
    {"dmarcq", "asked resolvers for DMARC records"}};

/// A run of a tool, from its metadata.
struct run_facts {
  std::string tool, version, vantage, start, end, arguments;
  std::vector<std::pair<std::string, std::string>> numbers;
  bool interrupted = false;
};

/// Nothing when the text is no metadata.
[[nodiscard]] inline std::optional<run_facts> facts_of(std::string_view json) {
  static constexpr std::pair<std::string_view, std::string_view> counts[] = {
      {"in", "records in"},           {"out", "records out"},
      {"rejected", "lines rejected"}, {"targets", "targets"},
      {"sent", "packets sent"},       {"dns.questions", "questions"},
      {"dns.queries", "DNS packets"}, {"visits.fetched", "connections"},
      {"audits.fetched", "resolvers"}};
  record::path_set paths;
  run_facts facts;
  const std::pair<std::string_view, std::string*> texts[] = {{"tool", &facts.tool},
                                                             {"version", &facts.version},
                                                             {"vantage", &facts.vantage},
                                                             {"start", &facts.start},
                                                             {"end", &facts.end}};
  for (const auto& [name, to] : texts)
    static_cast<void>(paths.add(name));
  const auto arguments = paths.add("arguments[]").value(), interrupted = paths.add("interrupted").value();
  const auto first_count = paths.size();
  for (const auto& [path, label] : counts)
    static_cast<void>(paths.add(path));
  const auto first_outcome = paths.size();
  for (const auto word : outcome_words)
    static_cast<void>(paths.add(fmt::format("outcomes.{}", word)));
  std::string line(json.substr(0, json.find('\n')));
  const auto size = line.size();
  line.append(record::line_slack, '\0');
  std::map<std::size_t, std::string> numbers;
  const auto see = [&](std::size_t path, const record::value& v, std::size_t) {
    if (path < std::size(texts))
      *texts[path].second = v.text;
    else if (path == arguments)
      facts.arguments += (facts.arguments.empty() ? "" : " ") + std::string(v.text);
    else if (path == interrupted)
      facts.interrupted = v.boolean;
    else
      numbers[path] = v.is == record::value::kind::text ? v.text : v.raw;
  };
  record::reader reader;
  if (reader.read(std::string_view(line).substr(0, size), paths, see, record::checking::whole) ||
      facts.tool.empty())
    return std::nullopt;
  for (const auto& [path, n] : numbers) {
    const auto count = text::number<std::uint64_t>(n);
    if (!count || *count == 0)
      continue;
    facts.numbers.emplace_back(path < first_outcome ? std::string(counts[path - first_count].second)
                                                    : std::string(outcome_words[path - first_outcome]),
                               text::grouped(*count));
  }
  return facts;
}

/// Colours and measures for light, dark, small and paper.
inline constexpr std::string_view page_style = R"(
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--ground:#fff;--raised:#f5f7fa;--bar:#7db4de;--mark:#c2410c;--link:#0b61a4}
@media(prefers-color-scheme:dark){:root{--ink:#e3e8ef;--soft:#9aa6b5;--line:#323b47;--ground:#12171e;--raised:#1a212b;--bar:#37699b;--mark:#fb923c;--link:#7cc0f5}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main,header,footer{max-width:62rem;margin:0 auto;padding:0 1rem}
header{padding-top:2.5rem}
h1{font-size:clamp(1.5rem,4.5vw,2.3rem);line-height:1.15;margin:0 0 .6rem}
h2{font-size:1.35rem;margin:3rem 0 .4rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}
h3{font-size:1.05rem;margin:2rem 0 .5rem}
a{color:var(--link)}
nav ol{columns:2;gap:2rem;padding-left:1.2rem}
nav ul{list-style:none;padding-left:0;font-size:.9rem;color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.8rem;margin:1.4rem 0}
.card{background:var(--raised);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .9rem;color:inherit;text-decoration:none;display:flex;flex-direction:column}
.card b{font-size:1.5rem;font-variant-numeric:tabular-nums}.card span{font-size:.88rem}.card i{margin-top:auto;padding-top:.3rem;font-style:normal;font-size:.82rem;color:var(--mark)}
nav ul a{color:inherit}nav a{text-decoration:none}nav a:hover{text-decoration:underline}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;min-width:60%}
th,td{padding:.28rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
thead th{font-weight:600;color:var(--soft);font-size:.85rem;vertical-align:bottom}
th:first-child{text-align:left;font-weight:400;white-space:normal;min-width:10rem;overflow-wrap:anywhere}
td small{color:var(--soft);font-size:.85em;display:inline-block;min-width:3.6rem}
td[style]{background:linear-gradient(90deg,var(--bar) var(--share),transparent 0) 0 100%/100% 5px no-repeat}
td[style*="--paper"]{background:linear-gradient(90deg,transparent calc(var(--paper) - 1px),var(--mark) 0 calc(var(--paper) + 1px),transparent 0) 0 100%/100% 9px no-repeat,linear-gradient(90deg,var(--bar) var(--share),transparent 0) 0 100%/100% 5px no-repeat}
td.paper,th.paper{color:var(--soft)}
td.word{text-align:left}
tr.small th::after{content:" *"}
.base,.foot{margin:.35rem 0 0;font-size:.88rem;color:var(--soft)}
.notes{margin:.4rem 0 0;padding-left:1.1rem;font-size:.85rem;color:var(--mark)}
figure{margin:1rem 0;overflow-x:auto}
figure svg{max-width:100%;height:auto;border-radius:.4rem}
@media(prefers-color-scheme:dark){figure svg{filter:invert(.9) hue-rotate(180deg)}}
.runs{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem}
.run{background:var(--raised);border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem;font-size:.9rem;overflow-wrap:anywhere}
.run h3{margin:0 0 .2rem}
.run dl{display:grid;grid-template-columns:auto 1fr;gap:0 .8rem;margin:.5rem 0}
.run dt{color:var(--soft)}.run dd{margin:0;text-align:right;font-variant-numeric:tabular-nums}
code{font:.85em ui-monospace,"Liberation Mono",monospace;color:var(--soft)}
footer{padding:2rem 1rem 3rem;color:var(--soft);font-size:.85rem}
@media(max-width:40rem){nav ol{columns:1}nav ul{display:none}th,td{padding:.25rem .45rem;font-size:.9rem}td small{min-width:0}}
@media print{body{font-size:10pt}nav{display:none}section,.run,figure{break-inside:avoid}h2{break-after:avoid}.wide,figure{overflow:visible}a{color:inherit}}
)";

inline constexpr std::string_view caveats[] = {
    "Every table says below it what its shares are of. Domains, servers (addresses), resolvers and messages "
    "are different things; no share mixes them.",
    "A domain's servers are told by the most preferred that answered. Other servers of the same domain may "
    "differ.",
    "What was not answered is a row of its own where it matters, and never counted as no.",
    "From one place one sees what that place is shown: stripping and false answers that others meet stay out "
    "of sight, and a server that refuses "
    "this place may serve others.",
    "A missing STARTTLS alone is no evidence of stripping. Only what a server repeats, or a mask over the "
    "keyword, is.",
    "The bar under a number is its share, the mark on it the paper's. Notes below a table say what does "
    "not add up in the paper.",
};

/// Parts, sorted by what they are.
class page_writer {
public:
  page_writer(const page_settings& use, const std::vector<page_part>& parts) : use_(use) {
    for (const auto& part : parts)
      sort_in(part);
  }

  std::string write() {
    for (auto& chapter : sections_)
      std::stable_sort(chapter.begin(), chapter.end(),
                       [](const section& a, const section& b) { return a.place < b.place; });
    head();
    at_a_glance();
    contents();
    out_ += "</header>\n<main>\n";
    for (std::size_t i = 0; i < chapters.size(); ++i)
      write_chapter(i);
    provenance();
    out_ += "<h2 id=\"caveats\">How to read this</h2>\n<ul>\n";
    for (const auto caveat : caveats)
      out_ += fmt::format("<li>{}</li>\n", html(caveat));
    out_ += "</ul>\n</main>\n<footer>Made by postroad " POSTROAD_VERSION
            ". The paper is Durumeric et al., <cite>Neither Snow Nor Rain Nor MITM…</cite>, "
            "IMC 2015.</footer>\n</body>\n</html>\n";
    return std::move(out_);
  }

private:
  struct section {
    std::size_t place;
    std::string id, title, text;
  };

  /// `study/f4.svg` is called f4.
  [[nodiscard]] static std::string stem(std::string_view name) {
    name = name.substr(name.rfind('/') + 1);
    return std::string(name.substr(0, name.find('.')));
  }
  [[nodiscard]] static std::string between(std::string_view text, std::string_view before,
                                           std::string_view after) {
    const auto at = text.find(before);
    if (at == std::string_view::npos)
      return {};
    const auto rest = text.substr(at + before.size());
    return std::string(rest.substr(0, rest.find(after)));
  }

  void sort_in(const page_part& part) {
    constexpr std::string_view begins = "<section class=\"table\"", ends = "</section>\n";
    std::string_view text = part.text;
    if (text.starts_with("<?xml") || text.starts_with("<svg")) {
      figures_[stem(part.name)] = std::string(text.substr(std::min(text.find("<svg"), text.size())));
      return;
    }
    if (auto facts = text.starts_with('{') ? facts_of(text) : std::nullopt) {
      runs_.push_back(std::move(*facts));
      return;
    }
    if (!text.starts_with(begins))
      throw std::runtime_error(fmt::format("'{}' is no section, no figure and no metadata", part.name));
    while (text.starts_with(begins)) {
      const auto end = text.find(ends);
      if (end == std::string_view::npos)
        throw std::runtime_error(fmt::format("'{}' is cut off", part.name));
      const auto one = text.substr(0, end + ends.size());
      const auto name = between(one, "id=\"", "\"");
      if (!ids_.insert(name).second)
        throw std::runtime_error(
            fmt::format("the table '{}' is there twice, the second time in '{}'", name, part.name));
      const auto [chapter, place] = place_of(name);
      sections_[chapter].push_back({place, name, between(one, "<h3>", "</h3>"), std::string(one)});
      text.remove_prefix(one.size());
      while (text.starts_with('\n'))
        text.remove_prefix(1);
    }
  }

  void head() {
    out_ = fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
                       "name=\"viewport\" content=\"width=device-width, "
                       "initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style>\n</"
                       "head>\n<body>\n<header>\n<h1>{0}</h1>\n",
                       html(use_.title), page_style);
    std::string_view rest = use_.about;
    while (!rest.empty()) {
      const auto end = std::min(rest.find("\n\n"), rest.size());
      if (const auto paragraph = text::trimmed(rest.substr(0, end)); !paragraph.empty())
        out_ += fmt::format("<p>{}</p>\n", html(paragraph));
      rest.remove_prefix(std::min(end + 2, rest.size()));
    }
  }

  /// The first share in that row, and the paper's behind it.
  void at_a_glance() {
    std::string cards;
    for (const auto& g : glances)
      for (const auto& s : sections_[place_of(g.table).first]) {
        const auto row =
            s.id == g.table ? between(s.text, fmt::format("<th scope=\"row\">{}</th>", g.row), "</tr>") : "";
        const auto share = between(row, "<small>", "</small>");
        if (share.empty())
          continue;
        const auto paper = between(between(row, "<td class=\"paper\">", "</td>"), "<small>", "</small>");
        cards += fmt::format("<a class=\"card\" href=\"#{}\"><b>{}</b><span>{}</span>{}</a>\n", s.id, share,
                             g.says, paper.empty() ? "" : fmt::format("<i>paper {}</i>", paper));
      }
    if (!cards.empty())
      out_ += "<div class=\"cards\">\n" + cards + "</div>\n";
  }

  void contents() {
    out_ += "<nav><ol>\n";
    for (std::size_t i = 0; i < chapters.size(); ++i) {
      if (sections_[i].empty())
        continue;
      out_ += fmt::format("<li><a href=\"#chapter-{}\">{}</a><ul>\n", i + 1, html(chapters[i].title));
      for (const auto& s : sections_[i])
        out_ += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", s.id, s.title);
      out_ += "</ul></li>\n";
    }
    out_ += "<li><a href=\"#provenance\">What was asked of whom</a></li>\n<li><a href=\"#caveats\">How to "
            "read this</a></li>\n</ol></nav>\n";
  }

  void write_chapter(std::size_t i) {
    if (sections_[i].empty())
      return;
    out_ += fmt::format("<h2 id=\"chapter-{}\">{}</h2>\n", i + 1, html(chapters[i].title));
    for (const auto& s : sections_[i]) {
      out_ += s.text;
      if (const auto figure = figures_.find(s.id); figure != figures_.end() && drawn_.insert(s.id).second)
        out_ += fmt::format("<figure aria-label=\"{}\">{}</figure>\n", s.title, figure->second);
    }
  }

  void provenance() {
    out_ += "<h2 id=\"provenance\">What was asked of whom</h2>\n";
    if (runs_.empty())
      out_ += "<p>No metadata was given: how this was measured is not told.</p>\n";
    out_ += "<div class=\"runs\">\n";
    for (const auto& r : runs_) {
      const auto* const doing = std::find_if(std::begin(doings), std::end(doings),
                                             [&](const auto& d) { return d.first == r.tool; });
      out_ += fmt::format("<div class=\"run\"><h3>{}</h3>\n", html(r.tool));
      if (doing != std::end(doings))
        out_ += fmt::format("<p>It {}.</p>\n", html(doing->second));
      out_ += fmt::format("<dl><dt>from</dt><dd>{}</dd><dt>to</dt><dd>{}</dd>", html(printable(r.start)),
                          html(printable(r.end)));
      if (!r.vantage.empty())
        out_ += fmt::format("<dt>seen from</dt><dd>{}</dd>", html(printable(r.vantage)));
      for (const auto& [name, n] : r.numbers)
        out_ += fmt::format("<dt>{}</dt><dd>{}</dd>", html(name), n);
      out_ += fmt::format("</dl>{}<code>{} {}</code></div>\n",
                          r.interrupted ? "<p>It was interrupted: the input is not whole.</p>" : "",
                          html(r.tool), html(printable(r.arguments)));
    }
    out_ += "</div>\n";
  }

  const page_settings& use_;
  std::array<std::vector<section>, chapters.size()> sections_;
  std::map<std::string, std::string> figures_;
  std::set<std::string> drawn_, ids_;
  std::vector<run_facts> runs_;
  std::string out_;
};

} // namespace detail

POSTROAD_DECL std::string page_of(const page_settings& use, const std::vector<page_part>& parts) {
  return detail::page_writer(use, parts).write();
}

} // namespace postroad::study
