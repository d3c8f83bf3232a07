/// One JSON value found in a line.
#pragma once

#include <cstdint>
#include <string_view>

namespace postroad::record {

/// What stands at a path. JSON null, false and a member that is not there are three things: the first two are
/// values, the third is no call at all.
///
/// Example: for {"port":25}, the path `port` gives is = integer, integer = 25, raw = "25".
struct value {
  enum class kind : std::uint8_t {
    null,
    boolean,
    integer, ///< fits std::int64_t
    natural, ///< fits std::uint64_t only
    real,    ///< anything else; beyond the range of double it is infinite or zero, `raw` stays exact
    text,
    object,
    array
  };

  kind is = kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint64_t natural = 0;
  double real = 0;
  /// Unescaped; valid until the next read. A lone surrogate, which RFC 8259 8.2 leaves open, is U+FFFD.
  std::string_view text;
  /// The JSON inside the line: of a text with its quotes, of an object or array from bracket to bracket.
  std::string_view raw;
};

} // namespace postroad::record
