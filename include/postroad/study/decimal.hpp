/// Exact decimal numbers: sums of them do not depend on the order of the records.
#pragma once

#include <postroad/record/value.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace postroad::study {

__extension__ using int128 = __int128; // counts of IPv6 addresses need more than 64 bits

/// A number with nine decimals: `whole` + `nano` / 10^9, where nano is never negative (-0.5 is -1 + 0.5).
///
/// Example: decimal_of("12.5") is {12, 500000000}.
struct decimal {
  static constexpr std::uint32_t nanos = 1'000'000'000; // a third more digits than a time in ms has in ns

  int128 whole = 0;
  std::uint32_t nano = 0;

  friend bool operator==(const decimal&, const decimal&) = default;
  friend std::strong_ordering operator<=>(const decimal& a, const decimal& b) noexcept {
    if (a.whole != b.whole)
      return a.whole < b.whole ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.nano <=> b.nano;
  }
};

namespace detail {

inline constexpr int128 largest128 = static_cast<int128>(~static_cast<unsigned __int128>(0) >>
                                                         1); // 1.7e38, more than half of all IPv6 addresses

[[nodiscard]] inline decimal negated(decimal d) noexcept {
  if (d.nano == 0)
    return {-d.whole, 0};
  return {-d.whole - 1, decimal::nanos - d.nano};
}

/// The digits at the start of `s`, which are taken off it; nothing when there are none or too many.
[[nodiscard]] inline std::optional<int128> take_digits(std::string_view& s) noexcept {
  constexpr std::size_t short_enough = 19; // digits that 64 bits always hold
  std::uint64_t head = 0;
  std::size_t i = 0;
  for (; i < s.size() && i < short_enough && text::is_digit(s[i]); ++i)
    head = head * 10 + static_cast<std::uint64_t>(s[i] - '0');
  if (i == 0)
    return std::nullopt;
  int128 n = static_cast<int128>(head);
  for (; i < s.size() && text::is_digit(s[i]); ++i) {
    const int digit = s[i] - '0';
    if (n > (largest128 - digit) / 10)
      return std::nullopt;
    n = n * 10 + digit;
  }
  s.remove_prefix(i);
  return n;
}

/// Billionths out of the digits behind the point; what is beyond the ninth is cut off.
[[nodiscard]] inline std::optional<std::uint32_t> take_nanos(std::string_view& s) noexcept {
  std::uint32_t n = 0;
  std::uint32_t unit = decimal::nanos;
  std::size_t i = 0;
  for (; i < s.size() && text::is_digit(s[i]); ++i) {
    unit /= 10;
    n += unit * static_cast<std::uint32_t>(s[i] - '0');
  }
  if (i == 0)
    return std::nullopt;
  s.remove_prefix(i);
  return n;
}

} // namespace detail

[[nodiscard]] inline std::optional<decimal> decimal_of(std::string_view s);

namespace detail {

/// "-1.25e3" as "-1250": the same number without an exponent, its digits moved. Nothing when it is none, or
/// too large for a decimal.
[[nodiscard]] inline std::optional<std::string> without_exponent(std::string_view s) {
  constexpr int most =
      60; // digits before the point, more than 1.7e38 has, or zeros behind it, more than a decimal has
  const auto e = s.find_first_of("eE");
  if (e == std::string_view::npos)
    return std::nullopt;
  auto power = s.substr(e + 1);
  if (power.starts_with('+') && power.size() > 1 && text::is_digit(power[1]))
    power.remove_prefix(1);
  int shift = 0;
  const auto [end, ec] = std::from_chars(power.data(), power.data() + power.size(), shift);
  if (end != power.data() + power.size() || ec == std::errc::invalid_argument)
    return std::nullopt;
  if (ec == std::errc::result_out_of_range)
    shift = power.starts_with('-') ? -2 * most : 2 * most;
  const bool negative = s.starts_with('-');
  const auto mantissa = s.substr(negative ? 1 : 0, e - (negative ? 1 : 0));
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (point < mantissa.size())
    digits += mantissa.substr(point + 1);
  if (digits.find_first_not_of("0123456789") != std::string::npos ||
      digits.find_first_not_of('0') == std::string::npos)
    return digits.empty() || digits.find_first_not_of('0') != std::string::npos
               ? std::nullopt
               : std::optional<std::string>("0");
  const auto place = static_cast<long>(point) + std::clamp(shift, -2 * most, 2 * most); // of the point
  if (place < -most)
    return "0";
  if (place > most + static_cast<long>(digits.size() - digits.find_first_not_of('0')))
    return std::nullopt;
  if (place <= 0)
    digits = "0." + std::string(static_cast<std::size_t>(-place), '0') + digits;
  else if (place >= static_cast<long>(digits.size()))
    digits.append(static_cast<std::size_t>(place) - digits.size(), '0');
  else
    digits.insert(static_cast<std::size_t>(place), 1, '.');
  return (negative ? "-" : "") + digits;
}

} // namespace detail

/// The number that `s` spells, all of it, as JSON does (RFC 8259 6); leading zeros are let pass. Nothing when
/// it is none or beyond 1.7e38.
[[nodiscard]] inline std::optional<decimal> decimal_of(std::string_view s) {
  auto rest = s;
  const bool negative = rest.starts_with('-');
  rest.remove_prefix(negative ? 1 : 0);
  const auto whole = detail::take_digits(rest);
  if (!whole)
    return std::nullopt;
  decimal d{*whole, 0};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const auto nano = detail::take_nanos(rest);
    if (!nano)
      return std::nullopt;
    d.nano = *nano;
  }
  if (rest.empty())
    return negative ? detail::negated(d) : d;
  const auto shifted = detail::without_exponent(s);
  return shifted ? decimal_of(*shifted) : std::nullopt;
}

namespace detail {

/// Keys in the order in which a person would put them: numbers by size, before text by bytes.
[[nodiscard]] inline bool key_before(std::string_view a, std::string_view b) noexcept {
  const auto x = decimal_of(a), y = decimal_of(b);
  if (x && y && *x != *y)
    return *x < *y;
  if (x.has_value() != y.has_value())
    return x.has_value();
  return a < b;
}

} // namespace detail

/// The number that a JSON value is: a number, or text that is a whole number in decimal digits, as counts
/// above 2^53 are written.
[[nodiscard]] inline std::optional<decimal> decimal_of(const record::value& v) {
  using kind = record::value::kind;
  switch (v.is) {
  case kind::integer:
  case kind::real:
    return decimal_of(v.raw);
  case kind::text:
    return v.text.find_first_not_of("-0123456789") == std::string_view::npos ? decimal_of(v.text)
                                                                             : std::nullopt;
  default:
    return std::nullopt;
  }
}

[[nodiscard]] inline std::string to_string(int128 n) {
  if (n == 0)
    return "0";
  std::string digits;
  // The remainder of a negative number is negative: no absolute value, which the smallest has none of.
  for (auto rest = n; rest != 0; rest /= 10)
    digits.insert(digits.begin(),
                  static_cast<char>('0' + static_cast<int>(rest < 0 ? -(rest % 10) : rest % 10)));
  return n < 0 ? '-' + digits : digits;
}

/// Without trailing zeros: "12.5", "-0.5", "7".
[[nodiscard]] inline std::string to_string(const decimal& d) {
  if (d.nano == 0)
    return to_string(d.whole);
  if (d.whole < 0)
    return '-' + to_string(detail::negated(d));
  std::string fraction = std::to_string(decimal::nanos + d.nano);
  fraction[0] = '.'; // the leading 1 has kept the zeros
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return to_string(d.whole) + fraction;
}

/// To eight binary digits, halves up: at most 0.2 % away, and few different numbers where there were many.
/// The same in every order and on every machine.
[[nodiscard]] inline decimal roughly(const decimal& d) noexcept {
  constexpr int128 exact = int128{1} << 90; // above, billionths do not fit beside it
  constexpr unsigned digits = 8;
  if (d.whole < 0)
    return detail::negated(roughly(detail::negated(d)));
  const bool whole_only = d.whole >= exact;
  auto n = static_cast<unsigned __int128>(whole_only ? d.whole : d.whole * decimal::nanos + d.nano);
  unsigned size = 0;
  for (auto rest = n; rest != 0; rest >>= 1)
    ++size;
  if (size > digits) {
    const unsigned cut = size - digits;
    n = ((n >> (cut - 1)) + 1) >> 1 << cut;
  }
  if (whole_only)
    return {static_cast<int128>(std::min<unsigned __int128>(n, detail::largest128)), 0};
  return {static_cast<int128>(n / decimal::nanos), static_cast<std::uint32_t>(n % decimal::nanos)};
}

/// A running sum that is the same in every order of its terms: whether it is too large is asked of their
/// sizes, not of what the sum has come to on the way.
struct decimal_sum {
  decimal total;
  std::uint64_t terms = 0;
  int128 size =
      0; ///< the sizes of the terms together; negative: beyond 128 bits, and the total means nothing

  [[nodiscard]] bool overflow() const noexcept { return size < 0; }
  void add(const decimal& d, std::uint64_t times = 1) noexcept {
    grow(size_of(d), times);
    const auto carry = add_nanos(d.nano, times);
    int128 whole = 0; // once the size is too large these may wrap
    static_cast<void>(__builtin_mul_overflow(d.whole, static_cast<int128>(times), &whole));
    static_cast<void>(__builtin_add_overflow(whole, carry, &whole));
    static_cast<void>(__builtin_add_overflow(whole, total.whole, &total.whole));
    terms += times;
  }
  /// Rounded to nine decimals, halves up. Needs a term.
  [[nodiscard]] decimal mean() const noexcept {
    const auto n = static_cast<int128>(terms);
    int128 whole = total.whole / n;
    int128 rest = total.whole % n;
    if (rest < 0) {
      rest += n;
      --whole;
    }
    const auto nanos = (2 * (rest * decimal::nanos + total.nano) + n) / (2 * n);
    return {whole + nanos / decimal::nanos, static_cast<std::uint32_t>(nanos % decimal::nanos)};
  }
  void merge(const decimal_sum& other) noexcept {
    const auto before = *this;
    add(other.total);
    size = before.size;
    grow(other.size, 1);
    terms = before.terms + other.terms;
  }

private:
  /// No sum of terms is larger than the sum of their sizes. Negative: too large.
  [[nodiscard]] static int128 size_of(const decimal& d) noexcept {
    int128 n = 0;
    const bool too_large = d.whole < 0 ? __builtin_sub_overflow(int128{0}, d.whole, &n)
                                       : __builtin_add_overflow(d.whole, int128{d.nano != 0}, &n);
    return too_large ? -1 : n;
  }
  void grow(int128 by, std::uint64_t times) noexcept {
    if (size < 0 || by < 0 || __builtin_mul_overflow(by, static_cast<int128>(times), &by) ||
        __builtin_add_overflow(size, by, &size))
      size = -1;
  }
  /// How many wholes come out of it.
  [[nodiscard]] int128 add_nanos(std::uint32_t nano, std::uint64_t times) noexcept {
    if (times == 1) { // most are
      const auto sum = total.nano + std::uint64_t{nano};
      total.nano = static_cast<std::uint32_t>(sum % decimal::nanos);
      return sum / decimal::nanos;
    }
    const auto sum = static_cast<int128>(times) * nano + total.nano; // below 2^95
    total.nano = static_cast<std::uint32_t>(sum % decimal::nanos);
    return sum / decimal::nanos;
  }
};

} // namespace postroad::study
