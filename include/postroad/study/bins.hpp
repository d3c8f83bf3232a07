/// Bins: times by day, week or month, numbers by width or by powers, so that many values make few rows.
#pragma once

#include <postroad/record/value.hpp>
#include <postroad/study/decimal.hpp>
#include <postroad/text/ascii.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postroad::study {

namespace detail {

/// Seconds since the epoch of a time in UTC or with an offset (RFC 3339 5.6), or of a day alone.
[[nodiscard]] inline std::optional<std::chrono::sys_seconds> time_of(std::string_view s) noexcept {
  using namespace std::chrono;
  const auto digits = [&s](std::size_t at, std::size_t n) {
    int value = 0;
    for (std::size_t i = at; i < at + n; ++i)
      value = i < s.size() && text::is_digit(s[i]) && value >= 0 ? value * 10 + (s[i] - '0') : -1;
    return value;
  };
  const auto is = [&s](std::size_t at, std::string_view any) {
    return at < s.size() && any.find(s[at]) != std::string_view::npos;
  };
  const year_month_day day{year(digits(0, 4)), month(static_cast<unsigned>(digits(5, 2))),
                           std::chrono::day(static_cast<unsigned>(digits(8, 2)))};
  if (digits(0, 4) < 0 || !is(4, "-") || !is(7, "-") || digits(5, 2) < 0 || digits(8, 2) < 0 || !day.ok())
    return std::nullopt;
  if (s.size() == 10)
    return sys_days(day);
  const int h = digits(11, 2), m = digits(14, 2), sec = digits(17, 2);
  if (!is(10, "Tt ") || !is(13, ":") || !is(16, ":") || h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 ||
      sec > 60)
    return std::nullopt;
  std::size_t at = 19;
  if (is(at, "."))
    for (++at; at < s.size() && text::is_digit(s[at]);)
      ++at;
  const auto local = sys_days(day) + hours(h) + minutes(m) + seconds(sec);
  if (is(at, "Zz") && at + 1 == s.size())
    return local;
  if (!is(at, "+-") || !is(at + 3, ":") || at + 6 != s.size() || digits(at + 1, 2) < 0 ||
      digits(at + 4, 2) < 0)
    return std::nullopt;
  const auto offset = hours(digits(at + 1, 2)) + minutes(digits(at + 4, 2));
  return s[at] == '+' ? local - offset : local + offset;
}

[[nodiscard]] inline std::string day_text(std::chrono::sys_days d, const char* form) {
  const std::chrono::year_month_day day(d);
  std::array<char, 48> out{};
  const auto n = std::snprintf(out.data(), out.size(), form, static_cast<int>(day.year()),
                               static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return {out.data(), static_cast<std::size_t>(n)};
}

} // namespace detail

/// Puts values into bins, which are named by where they begin: "2015-04-20" (a week begins on Monday, ISO
/// 8601), "2015-04", "200" (of width 100), "256" (of powers of two: from 256 to below 512).
///
/// Example: binning::parse("week")->of("2015-04-26T10:00:00Z") is "2015-04-20".
class binning {
public:
  enum class kind : std::uint8_t { none, hour, day, week, month, year, width, powers };

  /// hour, day, week, month, year, log2, log10, or a width above 0.
  [[nodiscard]] static std::optional<binning> parse(std::string_view word) {
    static constexpr std::pair<std::string_view, kind> units[] = {{"hour", kind::hour},
                                                                  {"day", kind::day},
                                                                  {"week", kind::week},
                                                                  {"month", kind::month},
                                                                  {"year", kind::year}};
    binning b;
    for (const auto& [name, is] : units)
      if (name == word)
        return b.is_ = is, b;
    b.is_ = kind::powers;
    if (word == "log2" || word == "log10")
      return b.base_ = word == "log2" ? 2 : 10, b;
    const auto width = decimal_of(word);
    if (!width || *width <= decimal{0, 0} || width->whole > largest_width)
      return std::nullopt;
    b.is_ = kind::width;
    b.width_ = *width;
    return b;
  }

  [[nodiscard]] kind is() const noexcept { return is_; }
  [[nodiscard]] bool of_times() const noexcept { return is_ >= kind::hour && is_ <= kind::year; }

  /// The bin of a value; nothing when it is no time, or no number.
  [[nodiscard]] std::optional<std::string> of(const record::value& v) const {
    if (is_ == kind::none)
      return std::nullopt;
    if (of_times()) {
      const auto t = v.is == record::value::kind::text ? detail::time_of(v.text) : std::nullopt;
      return t ? std::optional(of(*t)) : std::nullopt;
    }
    const auto n = decimal_of(v);
    return n ? of(*n) : std::nullopt;
  }

  /// The bin behind one that of() has named; nothing when that is none, or the last.
  [[nodiscard]] std::optional<std::string> after(std::string_view bin) const {
    if (of_times())
      return time_after(bin);
    const auto n = decimal_of(bin);
    if (!n)
      return std::nullopt;
    if (is_ == kind::width)
      return to_string(sum(*n, width_));
    if (n->whole == 0)
      return "1";
    if (n->whole > detail::largest128 / base_)
      return std::nullopt;
    return to_string(n->whole * base_);
  }

private:
  static constexpr int128 largest_width = int128{1} << 64;

  [[nodiscard]] std::string of(std::chrono::sys_seconds t) const {
    using namespace std::chrono;
    const auto d = floor<days>(t);
    switch (is_) {
    case kind::hour: {
      std::array<char, 8> hour{};
      std::snprintf(hour.data(), hour.size(), "T%02dZ", static_cast<int>((floor<hours>(t) - d).count() % 24));
      return detail::day_text(d, "%04d-%02u-%02u") + hour.data();
    }
    case kind::week:
      return detail::day_text(d - (weekday(d) - Monday), "%04d-%02u-%02u");
    case kind::month:
      return detail::day_text(d, "%04d-%02u");
    case kind::year:
      return detail::day_text(d, "%04d");
    default:
      return detail::day_text(d, "%04d-%02u-%02u");
    }
  }

  /// Negative numbers have no place among powers.
  [[nodiscard]] std::optional<std::string> of(const decimal& n) const {
    if (is_ == kind::width)
      return of_width(n);
    if (n.whole < 0)
      return std::nullopt;
    int128 bin = n.whole == 0 ? 0 : 1;
    while (bin != 0 && bin <= n.whole / base_)
      bin *= base_;
    return to_string(bin);
  }

  /// In billionths, where numbers are small enough; else whole widths only.
  [[nodiscard]] std::optional<std::string> of_width(const decimal& n) const {
    constexpr int128 small = int128{1} << 90;
    if (n.whole > small || n.whole < -small)
      return std::nullopt;
    const auto size = width_.whole * decimal::nanos + width_.nano;
    const auto at = n.whole * decimal::nanos + n.nano;
    auto times = at / size;
    if (at % size < 0)
      --times;
    return to_string(from_nanos(times * size));
  }
  [[nodiscard]] static decimal from_nanos(int128 nanos) noexcept {
    auto whole = nanos / decimal::nanos, rest = nanos % decimal::nanos;
    if (rest < 0)
      rest += decimal::nanos, --whole;
    return {whole, static_cast<std::uint32_t>(rest)};
  }
  [[nodiscard]] static decimal sum(const decimal& a, const decimal& b) noexcept {
    const auto nano = std::uint64_t{a.nano} + b.nano;
    const bool carry = nano >= decimal::nanos;
    return {a.whole + b.whole + (carry ? 1 : 0),
            static_cast<std::uint32_t>(nano - (carry ? decimal::nanos : 0))};
  }

  [[nodiscard]] std::optional<std::string> time_after(std::string_view bin) const {
    using namespace std::chrono;
    std::string whole(bin);
    if (is_ == kind::year)
      whole += "-01-01";
    else if (is_ == kind::month)
      whole += "-01";
    else if (is_ == kind::hour && whole.ends_with('Z'))
      whole.insert(whole.size() - 1, ":00:00");
    const auto begins = detail::time_of(whole);
    if (!begins)
      return std::nullopt;
    switch (is_) {
    case kind::hour:
      return of(*begins + hours(1));
    case kind::day:
      return of(*begins + days(1));
    case kind::week:
      return of(*begins + days(7));
    default: // the first of the next month or year is less than 32 or 367 days away
      return of(*begins + days(is_ == kind::month ? 31 : 366));
    }
  }

  kind is_ = kind::none;
  int base_ = 2;
  decimal width_;
};

} // namespace postroad::study
