/// One JSON value found in a line.
#pragma once

#include <cstdint>
#include <string_view>

namespace postroad::record {

/// What stands at a path. JSON null, false and a member that is not there are three things: the first two are
/// values, the third is no call at all.
///
/// Example: for {"port":25}, the path `port` gives is = integer, raw = "25". Who needs the number reads it
/// from there, which most do not.
struct value {
  enum class kind : std::uint8_t {
    null,
    boolean,
    integer, ///< neither fraction nor exponent
    real,
    text,
    object,
    array
  };

  kind is = kind::null;
  bool boolean = false;
  /// Unescaped; valid until the next read. A lone surrogate, which RFC 8259 8.2 leaves open, is U+FFFD.
  std::string_view text;
  /// The JSON inside the line: of a text with its quotes, of an object or array from bracket to bracket.
  std::string_view raw;
};

/// What a value is called in a table and in a condition: text as it is, anything else as JSON spells it.
[[nodiscard]] inline std::string_view shown(const value& v) noexcept {
  return v.is == value::kind::text ? v.text : v.raw;
}

} // namespace postroad::record
