#include "dmarc_records.hpp"

#include <algorithm>

namespace world {

dmarc_policy dmarc_record(std::string text, const std::function<void(dmarc_policy&)>& means) {
  dmarc_policy out;
  out.text = std::move(text);
  means(out);
  return out;
}

std::vector<std::function<dmarc_policy(const std::string&, const std::string&)>> good_records() {
  using text = const std::string&;
  return {
      [](text p, text d) {
        return dmarc_record("v=DMARC1; p=" + p + "; rua=mailto:dmarc@" + d,
                            [&](auto& r) { r.p = p, r.rua = {"mailto:dmarc@" + d}, r.wants_reports = true; });
      },
      [](text p, text) { return dmarc_record("v=DMARC1; p=" + p, [&](auto& r) { r.p = p; }); },
      [](text p, text d) {
        return dmarc_record("v=DMARC1; p=" + p +
                                "; sp=none; np=reject; adkim=s; aspf=s; fo=1:d:s; rua=mailto:a@" + d +
                                ",mailto:b@reports.shared-senders.net; ruf=mailto:f@" + d + "; t=y; psd=n",
                            [&](auto& r) {
                              r.p = p, r.sp = "none", r.np = "reject", r.adkim = r.aspf = "s", r.fo = "1:d:s",
                              r.t = "y", r.psd = "n";
                              r.rua = {"mailto:a@" + d, "mailto:b@reports.shared-senders.net"},
                              r.ruf = {"mailto:f@" + d}, r.wants_reports = true;
                            });
      },
      [](text p, text d) {
        return dmarc_record("v=DMARC1; p=" + p + "; pct=50; rf=afrf; ri=86400; rua=mailto:a@" + d + "!10m",
                            [&](auto& r) {
                              r.p = p, r.pct = 50, r.rua = {"mailto:a@" + d}, r.wants_reports = true,
                              r.flaws = {"removed_tag", "obsolete_size"};
                            });
      },
      [](text p, text d) {
        return dmarc_record("v=DMARC1;p=" + p + ";unknown=1;rua=mailto:a@" + d + ";", [&](auto& r) {
          r.p = p, r.rua = {"mailto:a@" + d}, r.wants_reports = true, r.flaws = {"unknown_tag"};
        });
      },
      [](text p, text d) {
        return dmarc_record("v = DMARC1 ;  p =\t" + p + " ; rua = mailto:a@" + d + " , mailto:b@" + d + " ; ",
                            [&](auto& r) {
                              r.p = p, r.rua = {"mailto:a@" + d, "mailto:b@" + d}, r.wants_reports = true;
                            });
      },
      [](text p, text) {
        std::string loud = p;
        std::transform(loud.begin(), loud.end(), loud.begin(),
                       [](char c) { return static_cast<char>(c - 'a' + 'A'); });
        return dmarc_record("V=DMARC1; P=" + loud + "; ADKIM=S; FO=D",
                            [&](auto& r) { r.p = p, r.adkim = "s", r.fo = "d"; });
      },
      [](text p, text) {
        return dmarc_record(
            "v=DMARC1; p=" + p + "; adkim=x; aspf=strict; fo=2; t=1; psd=z; pct=101", [&](auto& r) {
              r.p = p,
              r.flaws = {"bad_adkim", "bad_aspf", "bad_fo", "bad_t", "bad_psd", "removed_tag", "bad_pct"};
            });
      },
      [](text p, text d) {
        return dmarc_record("v=DMARC1; p=" + p + "; rua=a@" + d,
                            [&](auto& r) { r.p = p, r.rua = {"a@" + d}, r.flaws = {"bad_uri"}; });
      },
      [](text p, text) {
        return dmarc_record("v=DMARC1; p=" + p + "; reports please",
                            [&](auto& r) { r.p = p, r.flaws = {"bad_tag"}; });
      },
  };
}

std::vector<std::function<dmarc_policy(const std::string&)>> bad_records() {
  using text = const std::string&;
  const auto reports = [](dmarc_policy& r, text d) { r.rua = {"mailto:a@" + d}, r.wants_reports = true; };
  return {
      [](text) {
        return dmarc_record("v=DMARC1; p=monitor", [](auto& r) { r.broken = true, r.flaws = {"bad_p"}; });
      },
      [=](text d) {
        return dmarc_record("v=DMARC1; p=monitor; rua=mailto:a@" + d,
                            [&](auto& r) { r.broken = true, r.flaws = {"bad_p"}, reports(r, d); });
      },
      [](text) { return dmarc_record("v=DMARC1", [](auto& r) { r.broken = true, r.flaws = {"no_p"}; }); },
      [=](text d) {
        return dmarc_record("v=DMARC1; rua=mailto:a@" + d,
                            [&](auto& r) { r.broken = true, r.flaws = {"no_p"}, reports(r, d); });
      },
      [](text) {
        return dmarc_record("v=DMARC1; p=reject; sp=all",
                            [](auto& r) { r.p = "reject", r.broken = true, r.flaws = {"bad_sp"}; });
      },
      [=](text d) {
        return dmarc_record("v=DMARC1; p=reject; np=no; rua=mailto:a@" + d, [&](auto& r) {
          r.p = "reject", r.broken = true, r.flaws = {"bad_np"}, reports(r, d);
        });
      },
      [](text) {
        return dmarc_record("v=DMARC1; p=none; p=reject",
                            [](auto& r) { r.p = "none", r.duplicate = true, r.flaws = {"duplicate_tag"}; });
      },
      [](text) {
        return dmarc_record("v=DMARC1; v=DMARC1; p=none",
                            [](auto& r) { r.p = "none", r.duplicate = true, r.flaws = {"duplicate_tag"}; });
      },
  };
}

} // namespace world
