// aggregate - count records into the tables of a study.
#include <postroad/cli/options.hpp>
#include <postroad/study/run.hpp>

#include <presets.hpp>

using namespace postroad;

namespace {

const cli::about aggregate{
    .name = "aggregate",
    .does = "count records into tables",
    .synopsis = "[FILE...]",
    .schema = {{"table", "string", "name of the table (--format json: one object a table)"},
               {"title", "string", "what the table shows"},
               {"of.name", "string", "what the base of the shares counts"},
               {"of.n", "integer", "the base of the shares"},
               {"columns[]", "array of string", "labels of the cells, in order"},
               {"rows[].label", "string", "label of a row"},
               {"rows[].cells", "object", "cells by label; a share is a fraction"},
               {"footer.read", "integer", "records read"},
               {"footer.kept", "integer", "records that --where kept"},
               {"footer.malformed", "integer", "lines that were no records"}},
    .examples = {
        "aggregate --preset t5 --paper study.ndjson",
        "aggregate --by mx.provider --col tls.version --where 'smtp.outcome = ok' study.ndjson",
        "aggregate --by smtp.software --quantiles 0.5,0.9 smtp.elapsed_ms --format csv < study.ndjson"}};

/// A flag of a table: what it says is kept in order, as in a preset.
void add_flag(cli::options& table, study::run& run, char letter, std::string name, std::string value,
              std::string help, std::string otherwise) {
  table.add_with(letter, name, std::move(value), std::move(otherwise), std::move(help),
                 [&run, name](std::string_view text) { run.flag(name, text); });
}

void add_flags(cli::options& table, study::run& run) {
  const auto add = [&](char letter, const char* name, const char* value, const char* help,
                       const std::string& otherwise = {}) {
    add_flag(table, run, letter, name, value, help, otherwise);
  };
  const study::table_spec plain; // has the defaults
  add(0, "table", "NAME", "begin a table, the next one when flags have been given");
  add(0, "title", "TEXT", "what the table shows");
  add('w', "where", "EXPR", "keep records for which EXPR holds");
  add('b', "by", "PATH,...", "one row for each value at PATH, or combination of values");
  add('r', "row", "LABEL=EXPR", "a row of the records for which EXPR holds (repeatable)");
  add(0, "first", "", "a record belongs to the first --row that holds");
  add('C', "col", "PATH|LABEL=EXPR",
      "one column for each value at PATH, or of the records for which EXPR holds");
  add(0, "count", "LABEL", "a column that counts the records of the row");
  add(0, "distinct", "[LABEL=]PATH", "a column that counts different values");
  add(0, "sum", "[LABEL=]PATH", "a column that adds numbers up");
  add(0, "mean", "[LABEL=]PATH", "a column with the mean of numbers");
  add(0, "mode", "[LABEL=]PATH", "a column with the value that most records have");
  add(0, "quantiles", "RANKS PATH", "a column for each rank (0.5,0.9), by nearest rank");
  add(0, "cdf", "PATH", "one row for each number at PATH, each with the records up to it");
  add(0, "of", "[LABEL=]BASE", "what shares are of: total, where, row, col or an EXPR");
  add(0, "share", "LABEL,...", "show a share in these columns only; 'none' for none");
  add('n', "top", "N", "show the N rows with most records, the rest as one row");
  add(0, "other", "LABEL", "name of that row", plain.other);
  add(0, "missing", "LABEL", "name of what has no value; empty: records without a value make no row",
      plain.missing);
  add(0, "join", "TEXT", "make one label of several --by paths, with TEXT between the values");
  add('s', "sort", "ORDER", "count, key, listed, a column's label or share:LABEL");
  add(0, "bin", "BIN",
      "put the values of --by into bins: hour, day, week, month, year, log2, log10 or a width");
  add(0, "hist", "PATH", "one row for each bin of the values at PATH, empty ones too (default bins: log2)");
  add(0, "weight", "PATH", "a record counts as often as the number at PATH says");
  add(0, "min-n", "N", "mark rows of fewer than N records");
  add(0, "approx", "", "distinct values and quantiles nearly, in little memory");
  add(0, "then", "", "what follows counts the rows of the table so far, as --format ndjson writes them");
  add(0, "plot", "KIND", "figure it makes: auto, bars, stacked, lines, steps or cidr");
}

} // namespace

int main(int argc, char** argv) {
  return cli::run_main("aggregate", [&] {
    study::run_settings use;
    study::run run(use, {{std::begin(presets::files), std::end(presets::files)}, presets::paper});
    cli::options table;
    table.add_with('p', "preset", "NAME,...", "", "the tables of a preset, or of a file whose name has a /",
                   [&](std::string_view names) { run.presets(names); });
    table.add(0, "show", "print the flags that were given, those of presets among them", use.show);
    table.add(0, "paper", "print the paper's figure beside ours where it has one", use.paper);
    add_flags(table, run);
    table.add(0, "only", "NAME,...", "print these tables only", use.only);
    table.add(0, "ci", "say between what and what each share may be, at 95 %", use.intervals);
    table.add(0, "diff", "FILE", "every table against that of FILE, which came before", use.diff);
    table.add('f', "format", "FORMAT", "text, csv, tsv, json, ndjson, markdown, latex, html, gnuplot or svg",
              use.format);
    table.add(0, "threads", "N", "count with N threads, 256 at most", use.threads);
    table.add('i', "input", "FILE", "read FILE", use.input);
    table.add('o', "output", "FILE", "write to FILE", use.output);
    table.add(0, "strict", "check whole lines, and end with 1 when a path never occurs", use.strict);
    table.add(0, "partial", "write a partial result instead of tables", use.partial);
    table.add(0, "merge", "the files are partial results of the same flags", use.merge);
    table.add(0, "allow-duplicates", "take the same input or shard more than once", use.allow_duplicates);
    table.add(0, "expect", "N", "merge N shards, no fewer and no more", use.expect);
    table.add(0, "rejects", "FILE", "write lines that are no records to FILE", use.rejects);
    table.add(0, "metadata", "FILE", "write how the run went to FILE, as one JSON object", use.metadata);
    table.add(0, "progress", "say once a second on standard error how far the reading is", use.progress);
    table.add('q', "quiet", "do not name lines that are no records", use.quiet);
    cli::add_self_description(table, aggregate);

    std::vector<std::string> words(argv, argv + argc);
    use.arguments.assign(argv + 1, argv + argc);
    study::join_quantiles(words);
    std::vector<char*> joined;
    for (auto& word : words)
      joined.push_back(word.data());
    return run.go(table.parse(static_cast<int>(joined.size()), joined.data()));
  });
}
