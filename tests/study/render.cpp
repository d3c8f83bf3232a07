#include "study/study.hpp"

#include <postroad/study/paper.hpp>

using namespace study_test;

namespace {

const lines servers = {R"({"s":"with","m":"x"})", R"({"s":"with","m":"x"})", R"({"s":"without"})"};
const std::string flags =
    "--table t3 --title 'STARTTLS support' --of 'domains with a server=where' --count domains "
    "--row 'without=s = without' --row 'with=s = with'";

table many(std::uint64_t n, std::uint64_t of) {
  auto t = table_of("--by s", {R"({"s":"a"})"});
  t.rows[0].cells[0].n = n;
  t.rows[0].cells[0].of = of;
  return t;
}

} // namespace

TEST_CASE("text: aligned, with n, share and what N counts") {
  CHECK(shown(table_of(flags, servers), format::text, {.malformed = 1}) ==
        R"(STARTTLS support

              domains
  -------------------
  without  1 (33.3 %)
  with     2 (66.7 %)

  shares of 3 domains with a server
  3 records read, 3 kept, 1 lines malformed
)");
}

TEST_CASE("text: thousands separators, and shares that do not vanish") {
  const auto shows = [](std::uint64_t n, std::uint64_t of, std::string_view cell) {
    const auto text = shown(many(n, of), format::text);
    INFO(text);
    return text.find(" " + std::string(cell) + "\n") != std::string::npos;
  };
  CHECK(shows(126419, 792494, "126,419 (16.0 %)"));
  CHECK(shows(1, 1, "1 (100.0 %)"));
  CHECK(shows(709, 792741, "709 (0.09 %)"));
  CHECK(shows(1, 10000000, "1 (<0.01 %)"));
  CHECK(shows(1, 1000, "1 (0.1 %)"));
  CHECK(shows(0, 7, "0 (0.0 %)"));
  CHECK(shows(0, 0, "0 (- %)"));
  CHECK(shows(999, 2000, "999 (50.0 %)")); // 49.95, half up
  CHECK(shows(18446744073709551615ull, 18446744073709551615ull, "18,446,744,073,709,551,615 (100.0 %)"));
}

TEST_CASE("an interrupted run says so") {
  CHECK(shown(table_of(flags, servers), format::text, {.interrupted = true}).find("INTERRUPTED") !=
        std::string::npos);
  CHECK(shown(table_of(flags, servers), format::json, {.interrupted = true}).find("\"interrupted\":true") !=
        std::string::npos);
}

TEST_CASE("csv: a header, raw numbers, the share as a fraction in full; RFC 4180 quotes") {
  CHECK(shown(table_of(flags, servers), format::csv) ==
        "label,domains,share,of,of_name\n"
        "without,1,0.3333333333333333,3,domains with a server\n"
        "with,2,0.6666666666666666,3,domains with a server\n");
  CHECK(shown(table_of("--by a,b --share none", {R"({"a":"x,\"y\"","b":"1\n2"})"}), format::csv) ==
        "a,b,count,of,of_name\n\"x,\"\"y\"\"\",\"1\n2\",1,1,records\n");
}

TEST_CASE("tsv: tab and line feed in a label are written as two characters") {
  CHECK(shown(table_of("--by a --share none", {R"({"a":"x\ty\nz\\"})"}), format::tsv) ==
        "a\tcount\tof\tof_name\nx\\ty\\nz\\\\\t1\t1\trecords\n");
}

TEST_CASE("json: one object a table") {
  CHECK(
      shown(table_of(flags, servers), format::json) ==
      R"({"table":"t3","title":"STARTTLS support","of":{"name":"domains with a server","n":3},)"
      R"("columns":["domains","share"],"rows":[{"label":"without","cells":{"domains":1,"share":0.3333333333333333}},)"
      R"({"label":"with","cells":{"domains":2,"share":0.6666666666666666}}],)"
      R"("footer":{"read":3,"kept":3,"malformed":0}})"
      "\n");
}

TEST_CASE("ndjson: one object a row") {
  CHECK(
      shown(table_of("--by s,m --missing '-' --top 1", servers), format::ndjson) ==
      R"({"table":"table","label":"with, x","key":{"s":"with","m":"x"},"cells":{"count":2,"share":0.6666666666666666},"of":{"name":"records","n":3}})"
      "\n"
      R"({"table":"table","label":"Other","key":{"s":"Other","m":""},"cells":{"count":1,"share":0.3333333333333333},"of":{"name":"records","n":3}})"
      "\n");
}

TEST_CASE("json: what has no value is null, what is beyond 2^53 is a string") {
  const auto text =
      shown(table_of("--mode m --sum n --mean x", {R"({"n":"9007199254740993"})"}), format::json);
  CHECK(text.find(R"("cells":{"mode m":null,"sum n":"9007199254740993","mean x":null})") !=
        std::string::npos);
}

TEST_CASE("markdown: a table with escaped bars") {
  CHECK(shown(table_of("--by s --title T", {R"({"s":"a|b"})"}), format::markdown) ==
        "**T**\n\n| s | count |\n|---|---:|\n| a\\|b | 1 (100.0 %) |\n\nShares of 1 records; 1 records read, "
        "1 kept, 0 "
        "lines malformed.\n");
}

TEST_CASE("labels never command a terminal") {
  const lines evil = {R"({"s":"\u001b[2J\u0007\u009b1m"})"};
  for (const auto as : {format::text, format::markdown}) {
    const auto text = shown(table_of("--by s --count n", evil), as);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
    CHECK(text.find("\xc2\x9b") == std::string::npos);
  }
}

TEST_CASE("the paper's figures stand beside ours, with what does not add up") {
  const paper figures(
      "# comment\nt3\twith\tdomains\t648030\t81.8\t\tnote\nt3\twithout\tdomains\t\t<0.001\t\t\n");
  auto t = table_of(flags, servers);
  figures.annotate(t);
  const auto text = shown(t, format::text);
  CHECK(text.find("with     2 (66.7 %)  648,030 (81.8 %)") != std::string::npos);
  CHECK(text.find("paper, with, domains: note") != std::string::npos);
  const auto json = shown(t, format::json);
  CHECK(json.find(R"("domains_paper":648030,"share_paper":0.818)") != std::string::npos);
  CHECK(shown(t, format::csv)
            .starts_with("label,domains,share,domains_paper,share_paper,of,of_name\nwithout,1,"));
}

TEST_CASE("formats have their names") {
  CHECK(format_from("markdown") == format::markdown);
  CHECK(format_from("ndjson") == format::ndjson);
  CHECK_FALSE(format_from("pdf").has_value());
}

TEST_CASE("--ci: Wilson's interval beside each share") {
  const auto t = many(81, 263); // the example of Newcombe 1998, table I: 0.2553 to 0.3662
  CHECK(shown(t, format::text, {.intervals = true}).find("81 (30.8 %, 25.5 to 36.6)") != std::string::npos);
  CHECK(shown(t, format::csv, {.intervals = true}).find(",0.255") != std::string::npos);
  CHECK(shown(many(0, 20), format::text, {.intervals = true}).find("0 (0.0 %, 0.0 to 16.1)") !=
        std::string::npos);
  CHECK(shown(many(29, 29), format::text, {.intervals = true}).find("29 (100.0 %, 88.3 to 100.0)") !=
        std::string::npos);
  CHECK(shown(many(0, 0), format::text, {.intervals = true}).find("0 (- %)") != std::string::npos);
}

TEST_CASE("latex: what commands it stands for itself, shares have a column of their own") {
  auto t = table_of("--table a_b --title 'records by p' --by p", {R"({"p":"50% of $x_1 & {y}~^\\#<>"})"});
  CHECK(shown(t, format::latex) == R"(\begin{table}
  \centering
  \caption{records by p}
  \label{tab:a-b}
  \begin{tabular}{lr@{~}r}
    \toprule
    p & \multicolumn{2}{r}{count} \\
    \midrule
    50\% of \$x\_1 \& \{y\}\textasciitilde{}\textasciicircum{}\textbackslash{}\#\textless{}\textgreater{} & 1 & (100.0 \%) \\
    \bottomrule
  \end{tabular}

  \smallskip\footnotesize Shares of 1 records.
  1 records read, 1 kept, 0 lines malformed.
\end{table}
)");
}

TEST_CASE("gnuplot: the kind of figure, and labels that cannot command it") {
  const auto script = [](std::string_view options, const lines& in) {
    return gnuplot_of({table_of(options, in)});
  };
  const auto has = [](const std::string& text, std::string_view part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(has(script("--by p", {"{\"p\":\"a\\\"\\n`rm`\\\\\"}"}), R"("a\"\\x0a`rm`\\" 100)"));
  CHECK(has(script("--by t --bin day", {R"({"t":"2015-04-26"})", R"({"t":"x"})"}),
            "timecolumn(1, \"%Y-%m-%d\")"));
  CHECK(!has(script("--by t --bin day", {R"({"t":"2015-04-26"})", R"({"t":"x"})"}), "\"x\""));
  CHECK(has(script("--cdf v", {R"({"v":1})", R"({"v":1000000})"}), "set logscale x 10"));
  CHECK(has(script("--cdf v --plot cidr", {R"({"v":1})"}), "\"/24\" 256"));
  CHECK(has(script("--by p --col q", {R"({"p":1,"q":"a"})", R"({"p":1,"q":"b"})"}), "rowstacked"));
  CHECK(has(script("--by p --mode q", {R"({"p":1,"q":"a"})"}), "no data"));
  CHECK(has(gnuplot_of({table_of("--by p", {}), table_of("--by q", {})}), "set multiplot layout 2,1"));
}

TEST_CASE("names that come from the data are escaped, and told apart") {
  const lines in = {R"({"a":"x\"y","d":1})",        R"({"a":"q\nz","d":1})",
                    R"x({"a":"(missing)","d":1})x", R"({"d":1})",
                    R"({"a":"x","d":1})",           R"({"a":"x_share","d":1})"};
  const auto json = shown(table_of("--row all=d --col a", in), format::json);
  INFO(json);
  CHECK(json.find(R"("x\"y":1)") != std::string::npos);
  CHECK(json.find(R"("q\nz":1)") != std::string::npos);
  CHECK(json.find(R"x("(missing) [2]":1)x") != std::string::npos);
  CHECK(json.find(R"("x_share [2]":)") != std::string::npos);
  CHECK(std::count(json.begin(), json.end(), '\n') == 1);
  CHECK(rows(table_of("--by d --col a --then --by label --sum 's=cells.\"x\\\"y\"'", in)) == lines{"1: 1"});
}

TEST_CASE("what is hidden in a label becomes visible") {
  const auto t = table_of("--by a", {"{\"a\":\"x\\u202ey\\uffff\\u2028\"}"});
  CHECK(shown(t, format::text).find("x\\u202ey\\uffff\\u2028  1") != std::string::npos);
  CHECK(shown(t, format::html).find("x\\u202ey\\uffff\\u2028") != std::string::npos);
  CHECK(shown(t, format::csv).find("\xe2\x80\xae") != std::string::npos); // data stay what they are
}

TEST_CASE("latex: a row that begins with a bracket is no option of the line before") {
  CHECK(
      shown(table_of("--by a", {R"({"a":"[192.0.2.1]"})"}), format::latex).find("    {[}192.0.2.1{]} & 1") !=
      std::string::npos);
}
