/// SPF and DMARC ask through a DNS client.
#pragma once

#include <postroad/cli/options.hpp>
#include <postroad/dns/client.hpp>
#include <postroad/flow/settings.hpp>
#include <postroad/net/address_set.hpp>
#include <postroad/net/task.hpp>
#include <postroad/record/word.hpp>
#include <postroad/spf/lookup.hpp>
#include <postroad/text/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::flow {

/// The networks of a file, one a line; what follows a blank or a tab is left out (as in pfx2as tables,
/// "192.0.2.0 24 64500" counts, too), and `#` begins a comment. Nothing without a file. An unreadable file or
/// line throws usage_error.
[[nodiscard]] inline std::optional<net::address_set> space_of(std::string_view option,
                                                              const std::string& file) {
  if (file.empty())
    return std::nullopt;
  std::vector<net::prefix> all;
  const auto text = whole_file(file);
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    auto line = text::trimmed(text::take_until(rest, '\n'));
    line = text::trimmed(line.substr(0, line.find('#')));
    if (line.empty())
      continue;
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    auto network = std::string(line.substr(0, end));
    if (network.find('/') == std::string::npos) { // "192.0.2.0 24"
      auto length = text::trimmed(line.substr(end));
      length = length.substr(0, length.find_first_of(" \t"));
      network += length.empty() ? "" : "/" + std::string(length);
    }
    const auto p = net::parse_prefix(network);
    if (!p)
      throw cli::usage_error{fmt::format("{}: '{}', line {}: no network", option, file, number)};
    all.push_back(*p);
  }
  return net::address_set::of(all);
}

/// A reverse-path or a name as check_host() wants it: without the angle brackets that SMTP has round it, the
/// domain in A-labels (RFC 8616 2).
///
/// Example: "<u@bücher.example>" becomes "u@xn--bcher-kva.example", "<>" nothing.
[[nodiscard]] inline std::string name_of_sender(std::string text) {
  if (text.size() > 1 && text.front() == '<' && text.back() == '>')
    text = text.substr(1, text.size() - 2);
  const auto at = text.rfind('@');
  const auto begins = at == std::string::npos ? 0 : at + 1;
  const bool ascii = std::all_of(text.begin() + static_cast<std::ptrdiff_t>(begins), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? text : text.substr(0, begins) + record::to_a_label(std::string_view(text).substr(begins));
}

namespace detail {
inline net::task<dns::answer_ptr> ask_client(dns::client& c, dns::name n, dns::type t) {
  auto a = co_await c.ask(n, t);
  co_return a;
}
} // namespace detail

/// The client must outlive it.
[[nodiscard]] inline spf::lookup lookup_of(dns::client& c) {
  return [&c](const dns::name& n, dns::type t) { return detail::ask_client(c, n, t); };
}

} // namespace postroad::flow
