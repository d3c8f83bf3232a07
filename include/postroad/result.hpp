/// A parsed value, or the place and the reason why there is none.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

namespace postroad {

/// Why a parser stopped. `why` and `rfc` point to static text.
///
/// Example: parsing the DNS message {0x12} gives offset 1, why "header cut short", rfc "RFC 1035 4.1.1".
struct parse_error {
  std::size_t offset = 0;    ///< bytes from the start of the text that was handed in
  std::string_view why;      ///< in plain words, lower case, no full stop
  std::string_view rfc = {}; ///< the rule that was broken, when there is one

  friend bool operator==(const parse_error&, const parse_error&) = default;
};

/// Makes a result<T> that holds no value: `return failure{offset, "label longer than 63 bytes", "RFC
/// 1035 2.3.4"};`
struct failure : parse_error {
  constexpr failure(std::size_t at, std::string_view reason, std::string_view rule = {})
      : parse_error{at, reason, rule} {}
  constexpr explicit failure(const parse_error& e) : parse_error{e} {}
};

/// What a parser returns. Member names are those of std::expected, which needs C++23 on our compilers.
template <class T>
class result {
public:
  using value_type = T;
  using error_type = parse_error;

  result(T value) : is_(std::in_place_index<0>, std::move(value)) {}
  result(failure why) : is_(std::in_place_index<1>, why) {}

  [[nodiscard]] bool has_value() const noexcept { return is_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return std::get<0>(is_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(is_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(is_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(other));
  }
  [[nodiscard]] const parse_error& error() const { return std::get<1>(is_); }

private:
  std::variant<T, parse_error> is_;
};

} // namespace postroad
