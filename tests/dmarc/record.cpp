#include <postroad/dmarc/record.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace postroad;
using dmarc::policy;

namespace {

std::string flaws(const char* txt) {
  std::string all;
  for (const auto f : dmarc::parse_record(txt).flaws)
    all += (all.empty() ? "" : " ") + std::string(to_string(f));
  return all;
}
std::string own(const char* txt) {
  const auto p = dmarc::parse_record(txt).own_policy();
  return p ? std::string(to_string(*p)) : "-";
}

} // namespace

TEST_CASE("RFC 9989 4.7: v comes first, its name in any case, its value exact") {
  for (const auto* yes :
       {"v=DMARC1", "v=DMARC1;", "V = DMARC1 ; p=none", " v\t=DMARC1;p=none", "v=DMARC1;p=none;p=none"})
    CHECK_MESSAGE(dmarc::is_dmarc(yes), yes);
  for (const auto* no : {"", "v=dmarc1;p=none", "v=DMARC1.0", "v=DMARC12", "p=none;v=DMARC1", "DMARC1",
                         "v=DMARC1 p=none", "=DMARC1"})
    CHECK_MESSAGE(!dmarc::is_dmarc(no), no);
}

TEST_CASE("every tag, as published, blanks everywhere") {
  const auto r = dmarc::parse_record(
      "v=DMARC1 ; P = Reject;sp=QUARANTINE ;np=none; adkim=S;aspf = r; fo=1:d:s; t=y; psd=n;"
      " pct=25; rua = mailto:a@example.org , mailto:b@example.org!10m;ruf=https://example.org/r;;");
  CHECK(r.p == policy::reject);
  CHECK(r.sp == policy::quarantine);
  CHECK(r.np == policy::none);
  CHECK(r.adkim == 's');
  CHECK(r.aspf == 'r');
  CHECK(r.fo == "1:d:s");
  CHECK(r.testing);
  CHECK(r.psd == 'n');
  CHECK(r.pct == 25u);
  CHECK(r.rua == std::vector<std::string>{"mailto:a@example.org", "mailto:b@example.org"});
  CHECK(r.ruf == std::vector<std::string>{"https://example.org/r"});
  CHECK(r.own_policy() == policy::reject);
}

TEST_CASE("each mistake has its word, and its default") {
  CHECK(flaws("v=DMARC1; p=none") == "");
  CHECK(flaws("v=DMARC1") == "no_p");
  CHECK(flaws("v=DMARC1; p=monitor") == "bad_p");
  CHECK(flaws("v=DMARC1; p=") == "bad_p");
  CHECK(flaws("v=DMARC1; p=none; sp=all") == "bad_sp");
  CHECK(flaws("v=DMARC1; p=none; np=x") == "bad_np");
  CHECK(flaws("v=DMARC1; p=none; adkim=relaxed; aspf=x") == "bad_adkim bad_aspf");
  CHECK(flaws("v=DMARC1; p=none; fo=2") == "bad_fo");
  CHECK(flaws("v=DMARC1; p=none; fo=") == "bad_fo");
  CHECK(flaws("v=DMARC1; p=none; t=1; psd=maybe") == "bad_t bad_psd");
  CHECK(flaws("v=DMARC1; p=none; pct=101") == "removed_tag bad_pct");
  CHECK(flaws("v=DMARC1; p=none; pct=50; ri=86400; rf=afrf") == "removed_tag");
  CHECK(flaws("v=DMARC1; p=none; rua=postmaster@example.org") == "bad_uri");
  CHECK(flaws("v=DMARC1; p=none; rua=mailto:nobody") == "bad_uri");
  CHECK(flaws("v=DMARC1; p=none; rua=mailto:a@b.c!50m") == "obsolete_size");
  CHECK(flaws("v=DMARC1; p=none; hello; x=1") == "bad_tag unknown_tag");
  CHECK(flaws("v=DMARC1; p=none; p=reject") == "duplicate_tag");
  CHECK(flaws("v=DMARC1; p=none; v=DMARC1") == "duplicate_tag");
  CHECK(dmarc::parse_record("v=DMARC1; p=none; adkim=x").adkim == 'r');
}

TEST_CASE("RFC 9989 4.10.1: a broken policy is none if reports are wanted, and nothing if not") {
  CHECK(own("v=DMARC1; p=reject") == "reject");
  CHECK(own("v=DMARC1; p=bogus; rua=mailto:a@b.c") == "none");
  CHECK(own("v=DMARC1; p=bogus; rua=nope, mailto:a@b.c") == "none");
  CHECK(own("v=DMARC1; p=bogus; rua=nope") == "-");
  CHECK(own("v=DMARC1; p=bogus") == "-");
  CHECK(own("v=DMARC1") == "-");
  CHECK(own("v=DMARC1; p=reject; sp=bogus; rua=mailto:a@b.c") == "none");
  CHECK(own("v=DMARC1; p=reject; p=none") == "-");
}

TEST_CASE("addresses for reports that are none") {
  const auto empty = dmarc::parse_record("v=DMARC1; p=none; rua="),
             comma = dmarc::parse_record("v=DMARC1; p=none; rua=,");
  CHECK(empty.has(dmarc::flaw::bad_uri));
  CHECK(empty.rua.empty());
  CHECK(comma.has(dmarc::flaw::bad_uri));
  CHECK(comma.rua.empty());
}
