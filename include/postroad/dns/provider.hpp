/// Who runs a mail server, told from its name.
#pragma once

#include <postroad/result.hpp>
#include <postroad/text/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace postroad::dns {

/// Suffixes of mail servers and the provider behind them, as of 2026: the five that the paper groups by
/// (gmail, godaddy, yandex, qq, ovh) first, then other large ones, the filters psmtp and pphosted included.
inline constexpr std::pair<std::string_view, std::string_view> default_providers[] = {
    {"google.com", "gmail"},
    {"googlemail.com", "gmail"},
    {"gmail.com", "gmail"},
    {"secureserver.net", "godaddy"},
    {"yandex.net", "yandex"},
    {"yandex.ru", "yandex"},
    {"yandex.com", "yandex"},
    {"qq.com", "qq"},
    {"ovh.net", "ovh"},
    {"ovh.com", "ovh"},
    {"ovh.ca", "ovh"},
    {"outlook.com", "outlook"},
    {"hotmail.com", "outlook"},
    {"mx.microsoft", "outlook"},
    {"yahoodns.net", "yahoo"},
    {"yahoo.com", "yahoo"},
    {"mail.ru", "mail.ru"},
    {"zoho.com", "zoho"},
    {"zoho.eu", "zoho"},
    {"zoho.in", "zoho"},
    {"zohomail.com", "zoho"},
    {"icloud.com", "icloud"},
    {"messagingengine.com", "fastmail"},
    {"protonmail.ch", "proton"},
    {"psmtp.com", "psmtp"},
    {"pphosted.com", "pphosted"},
    {"ppe-hosted.com", "pphosted"},
    {"mimecast.com", "mimecast"},
    {"messagelabs.com", "messagelabs"},
    {"barracudanetworks.com", "barracuda"},
    {"iphmx.com", "cisco"},
    {"emailsrvr.com", "rackspace"},
    {"amazonaws.com", "amazon"},
    {"kundenserver.de", "ionos"},
    {"ionos.com", "ionos"},
    {"ionos.de", "ionos"},
    {"1and1.com", "ionos"},
    {"registrar-servers.com", "namecheap"},
    {"privateemail.com", "namecheap"},
    {"cloudflare.net", "cloudflare"},
    {"hostinger.com", "hostinger"},
    {"titan.email", "titan"},
    {"gandi.net", "gandi"},
    {"163.com", "netease"},
    {"126.com", "netease"},
    {"netease.com", "netease"},
    {"aliyun.com", "aliyun"},
    {"mxhichina.com", "aliyun"},
    {"web.de", "gmx"},
    {"gmx.net", "gmx"},
    {"gmx.com", "gmx"},
    {"comcast.net", "comcast"},
};

/// The commonest public suffixes of two labels, sorted. The whole list (publicsuffix.org) has 9,000 entries
/// and changes weekly; these make the fallback right for the country domains where most registrations happen
/// below a second level. A map file says better where it matters.
inline constexpr std::string_view two_label_suffixes[] = {
    "ac.at",  "ac.il",  "ac.in",  "ac.jp",  "ac.kr",  "ac.nz",  "ac.th",   "ac.uk",  "ac.za",  "asn.au",
    "co.at",  "co.id",  "co.il",  "co.in",  "co.jp",  "co.ke",  "co.kr",   "co.nz",  "co.th",  "co.uk",
    "co.za",  "com.ar", "com.au", "com.bd", "com.br", "com.cn", "com.co",  "com.ec", "com.eg", "com.gr",
    "com.gt", "com.hk", "com.mx", "com.my", "com.ng", "com.pe", "com.ph",  "com.pk", "com.pl", "com.py",
    "com.sa", "com.sg", "com.tr", "com.tw", "com.ua", "com.uy", "com.ve",  "com.vn", "edu.au", "edu.br",
    "edu.cn", "edu.hk", "edu.in", "edu.mx", "edu.pl", "edu.sg", "edu.tr",  "edu.tw", "edu.vn", "go.id",
    "go.jp",  "go.kr",  "go.th",  "gob.ar", "gob.mx", "gov.au", "gov.br",  "gov.cn", "gov.hk", "gov.in",
    "gov.pl", "gov.sg", "gov.tr", "gov.tw", "gov.uk", "gov.za", "govt.nz", "in.th",  "ltd.uk", "me.uk",
    "ne.jp",  "net.au", "net.br", "net.cn", "net.in", "net.nz", "net.pl",  "net.tr", "net.tw", "net.uk",
    "nhs.uk", "nic.in", "or.at",  "or.id",  "or.jp",  "or.kr",  "or.th",   "org.ar", "org.au", "org.br",
    "org.cn", "org.hk", "org.il", "org.in", "org.mx", "org.nz", "org.pl",  "org.sg", "org.tr", "org.tw",
    "org.uk", "org.za", "plc.uk", "sch.uk", "waw.pl",
};
static_assert(std::is_sorted(std::begin(two_label_suffixes), std::end(two_label_suffixes)));

/// The part of a host name that somebody registered: two labels, or three below a suffix of the list above.
///
/// Example: "mx1.mail.example.co.uk" gives "example.co.uk", "example" gives "example".
[[nodiscard]] inline std::string_view registrable_domain(std::string_view host) noexcept {
  const auto start_of_last = [host](std::string_view::size_type end) {
    const auto dot = end == 0 ? std::string_view::npos : host.rfind('.', end - 1);
    return dot == std::string_view::npos ? std::string_view::size_type{0} : dot + 1;
  };
  const auto top = start_of_last(host.size());
  if (top == 0)
    return host;
  const auto two = start_of_last(top - 1);
  if (two == 0 ||
      !std::binary_search(std::begin(two_label_suffixes), std::end(two_label_suffixes), host.substr(two)))
    return host.substr(two);
  return host.substr(start_of_last(two - 1));
}

/// Names providers by the longest matching suffix of a host name, else by its registrable domain. Suffixes
/// change hands: a name may hold from one day on, or until one.
///
/// Example: provider_map{}.of("alt1.aspmx.l.google.com") == "gmail"; .of("mx.example.co.uk") ==
/// "example.co.uk".
class provider_map {
public:
  /// `day`, as in "2026-11-26", is the day of the measurement; empty: after all the days that maps name.
  explicit provider_map(std::string day = {}) : day_(day.empty() ? "9999-12-31" : std::move(day)) {
    for (const auto& [suffix, provider] : default_providers)
      names_[std::string(suffix)].push_back({std::string(provider), {}, {}, true});
  }

  /// Adds "suffix TAB name [TAB first day [TAB last day]]" lines; blank lines and # lines are skipped, and so
  /// is what is behind the days. What is said of a suffix takes the place of what ships; of several lines
  /// that hold on the day the last one counts. The error's offset is in bytes from the start; lines before it
  /// have been taken.
  [[nodiscard]] result<std::size_t> load(std::string_view lines) {
    std::size_t taken = 0;
    const char* const start = lines.data();
    while (!lines.empty()) {
      auto line = text::trimmed(text::take_until(lines, '\n'));
      if (line.empty() || line.front() == '#')
        continue;
      const auto at = static_cast<std::size_t>(line.data() - start);
      auto suffix = text::trimmed(text::take_until(line, '\t'));
      claim said{std::string(text::trimmed(text::take_until(line, '\t'))),
                 std::string(text::trimmed(text::take_until(line, '\t'))),
                 std::string(text::trimmed(text::take_until(line, '\t'))), false};
      while (suffix.starts_with('.'))
        suffix.remove_prefix(1);
      if (suffix.empty() || said.provider.empty())
        return failure{at, "not a suffix, a tab and a name"};
      if (!is_day(said.from) || !is_day(said.until))
        return failure{at, "a day is YYYY-MM-DD"};
      add(text::lowered(suffix), std::move(said));
      ++taken;
    }
    return taken;
  }

  /// `host` in lower case without trailing dot. Empty for an empty host.
  [[nodiscard]] std::string of(std::string_view host) const {
    for (auto rest = host; !rest.empty();) {
      if (const auto found = names_.find(rest); found != names_.end())
        if (const auto* const said = holding(found->second))
          return said->provider;
      const auto dot = rest.find('.');
      rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    }
    return std::string(registrable_domain(host));
  }

private:
  struct claim {
    std::string provider;
    std::string from, until; ///< the days included; empty: always
    bool ships = false;
  };
  struct text_hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view s) const noexcept {
      return std::hash<std::string_view>{}(s);
    }
  };

  [[nodiscard]] static bool is_day(std::string_view s) noexcept {
    constexpr std::string_view form = "dddd-dd-dd"; // sorts by its bytes, as time does
    return s.empty() || std::equal(s.begin(), s.end(), form.begin(), form.end(),
                                   [](char c, char f) { return f == 'd' ? text::is_digit(c) : c == f; });
  }
  void add(std::string suffix, claim said) {
    auto& all = names_[std::move(suffix)];
    std::erase_if(all, [](const claim& c) { return c.ships; });
    all.push_back(std::move(said));
  }
  [[nodiscard]] const claim* holding(const std::vector<claim>& all) const noexcept {
    for (auto c = all.rbegin(); c != all.rend(); ++c)
      if (c->from <= day_ && (c->until.empty() || day_ <= c->until))
        return &*c;
    return nullptr;
  }

  std::string day_;
  std::unordered_map<std::string, std::vector<claim>, text_hash, std::equal_to<>> names_;
};

} // namespace postroad::dns
