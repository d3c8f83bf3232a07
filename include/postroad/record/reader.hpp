/// Looks up paths in one line of JSON, in a single pass over it.
#pragma once

#include <postroad/config.hpp>
#include <postroad/record/path.hpp>
#include <postroad/record/value.hpp>
#include <postroad/result.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace postroad::record {

/// Bytes that must be readable behind the end of a line; what they hold does not matter.
inline constexpr std::size_t line_slack = 64; // one vector register of the widest kind

/// How much of a line is held true.
enum class checking : unsigned char {
  /// UTF-8, the strings' ends and what lies on the way to the paths; reading ends when every path has been
  /// seen. The first of members of one name counts; a path over all keys ({}) sees each of them.
  touched,
  /// All of it: one JSON object and nothing but blanks behind it. Members of one name are each reported.
  whole,
  /// As whole, but the first of members of one name counts: what `touched` reports, from lines that are good.
  whole_first
};

/// Reads lines; keeps its buffers from line to line, so that a steady stream allocates nothing.
///
/// `sink(path, value, ordinal)` is called for each match in document order; `ordinal` is the index in the
/// outermost array or object that the path fans out over (0 without fan-out), so that what belongs to one
/// element can be put together again. What was reported before an error is void.
///
/// Most values come again and again. A sink that has `bool knows(path, json, ordinal)` is asked first: `json`
/// is what stands where a scalar, or the name of a member, should, up to the next token and never empty, not
/// yet checked. Where it says true, it has taken the value, which is neither read nor reported. It may say so
/// only where `json` is, byte by byte, the `raw` of a value that it has been called with for that path. At
/// least `line_slack` bytes are readable behind `json`.
///
/// Example: `paths.add("mx.hosts[].name")`; reading {"mx":{"hosts":[{"name":"a"},{"name":"b"}]}} calls
/// sink(0, a, 0) and sink(0, b, 1).
class reader {
public:
  reader();
  ~reader();
  reader(reader&&) noexcept;
  reader& operator=(reader&&) noexcept;

  /// `line` has no line feed and `line_slack` readable bytes behind its end. The error's offset is where
  /// reading stopped, which is at the fault or a little behind it.
  template <class Sink>
  [[nodiscard]] std::optional<parse_error> read(std::string_view line, const path_set& paths, Sink&& sink,
                                                checking how = checking::touched) {
    using callee = std::remove_reference_t<Sink>;
    callback to{const_cast<void*>(static_cast<const void*>(std::addressof(sink))),
                [](void* it, std::size_t path, const value& v, std::size_t ordinal) {
                  (*static_cast<callee*>(it))(path, v, ordinal);
                }};
    if constexpr (requires(callee & it, std::string_view json) {
                    { it.knows(std::size_t{}, json, std::size_t{}) } -> std::same_as<bool>;
                  })
      to.knows = [](void* it, std::size_t path, std::string_view json, std::size_t ordinal) {
        return static_cast<callee*>(it)->knows(path, json, ordinal);
      };
    return read_line(line, paths, to, how);
  }

private:
  struct callback {
    void* to;
    void (*call)(void*, std::size_t, const value&, std::size_t);
    bool (*knows)(void*, std::size_t, std::string_view, std::size_t) = nullptr;
  };
  struct state;
  template <checking how>
  class pass;

  std::optional<parse_error> read_line(std::string_view line, const path_set& paths, callback to,
                                       checking how);

  std::unique_ptr<state> state_;
};

} // namespace postroad::record

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/record/impl/reader.ipp>
#endif
