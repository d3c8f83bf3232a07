/// One page of a whole study: tables, figures, and how everything was measured.
#pragma once

#include <postroad/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace postroad::study {

/// A file that a page is made of. What it is, its content says: sections of tables (aggregate --format html),
/// a figure
/// (--format svg), or the metadata of a tool's run.
struct page_part {
  std::string name;
  std::string text;
};

struct page_settings {
  std::string title = "How well is mail protected on its way?";
  std::string about; ///< paragraphs under the title, an empty line between them
};

/// One self-contained HTML page: no script, no other file. Tables stand in chapters, a figure behind the
/// table that its file is named after, and behind them who measured what, when and how, and what a reader
/// must know. The same parts give the same bytes.
///
/// Throws std::runtime_error, which names the file, where a part is none of the three.
[[nodiscard]] std::string page_of(const page_settings&, const std::vector<page_part>&);

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/page.ipp>
#endif
