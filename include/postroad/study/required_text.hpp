/// What a text must hold to fit a regular expression, so that most texts need not be tried.
#pragma once

#include <postroad/config.hpp>

#include <string>
#include <string_view>

namespace postroad::study {

/// A run of characters that stands in every text that fits an extended regular expression (regex(7)): the
/// longest that is plain to see, or nothing. Groups and repeated characters are passed over.
///
/// Example: of `^v=spf1.*include:(_spf|spf)[.]` it is "include:".
[[nodiscard]] std::string required_text(std::string_view regex);

/// Whether the expression has nothing in it but characters that stand for themselves wherever they are.
[[nodiscard]] bool is_plain_text(std::string_view regex) noexcept;

} // namespace postroad::study

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/study/impl/required_text.ipp>
#endif
