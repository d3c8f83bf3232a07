#include "../spf/zone.hpp"

#include <postroad/dmarc/reporting.hpp>

#include <string>

using namespace postroad;
using namespace spf_test;

namespace {

std::string yes_no(const std::optional<bool>& is) {
  return !is ? "?" : *is ? "yes" : "no";
}

/// "external authorized" of each destination, in their order.
std::string verified(const char* lines, const char* domain) {
  zone z(lines);
  const auto f = now(dmarc::discover(z.ask(), domain));
  const auto walked = [&z](std::string d) { return dmarc::walked_organization(z.ask(), std::move(d)); };
  std::string out;
  for (const auto& d : now(dmarc::verify_destinations(z.ask(), walked, f)))
    out += (out.empty() ? "" : " | ") + yes_no(d.external) + " " + yes_no(d.authorized);
  return out;
}

} // namespace

TEST_CASE("whose a report URI is") {
  CHECK(dmarc::domain_of_uri("mailto:d@Example.ORG") == "example.org");
  CHECK(dmarc::domain_of_uri("mailto:d@example.org?subject=a@b") == "example.org");
  CHECK(dmarc::domain_of_uri("MAILTO:\"a@b\"@example.org.") == "example.org");
  CHECK(dmarc::domain_of_uri("https://u:p@r.example.net:8443/in?x=@y") == "r.example.net");
  for (const char* none : {"", "mailto:", "mailto:d", "mailto:d@", "d@example.org", "mailto:d@a..b",
                           "mailto:d@[192.0.2.1]", "tag:x", "https://", "https:///x", "mailto:d@."})
    CHECK_MESSAGE(!dmarc::domain_of_uri(none), none);
}

TEST_CASE("RFC 9990 4: another organization has to agree, one's own does not") {
  const char* const zone =
      "_dmarc.example.org TXT v=DMARC1; p=none; rua=mailto:a@example.org,mailto:a@deep.example.org,"
      "mailto:a@takes.net,mailto:a@silent.net,mailto:a@wrong.net,mailto:a@in.takes.net; "
      "ruf=mailto:f@takes.net\n"
      "example.org._report._dmarc.takes.net TXT v=DMARC1\n"
      "example.org._report._dmarc.in.takes.net TXT v=DMARC1; rua=mailto:other@in.takes.net\n"
      "example.org._report._dmarc.wrong.net TXT yes please";
  CHECK(verified(zone, "example.org") == "no ? | no ? | yes yes | yes no | yes no | yes yes | yes yes");
  // The record of the organization holds for the subdomain: its name is the one that has to be agreed to.
  CHECK(verified(zone, "www.example.org") == "no ? | no ? | yes yes | yes no | yes no | yes yes | yes yes");
}

TEST_CASE("what cannot be known is neither agreement nor refusal") {
  CHECK(verified("_dmarc.example.org TXT v=DMARC1; p=none; "
                 "rua=mailto:a@fails.net\nexample.org._report._dmarc.fails.net TXT !timeout",
                 "example.org") == "yes ?");
  CHECK(verified(
            "_dmarc.example.org TXT v=DMARC1; p=none; rua=mailto:a@fails.net\n_dmarc.fails.net TXT !timeout",
            "example.org") == "? ?");
  CHECK(verified("_dmarc.example.org TXT v=DMARC1; p=none; rua=nonsense", "example.org") == "? ?");
  CHECK(verified("x A 45.1.1.1", "example.org").empty());
}

TEST_CASE("a record that names hundreds has the first ten asked") {
  std::string zone = "_dmarc.example.org TXT v=DMARC1; p=none; rua=";
  for (int i = 0; i < 300; ++i)
    zone += (i == 0 ? "mailto:a@x" : ",mailto:a@x") + std::to_string(i) + ".net";
  const auto told = verified(zone.c_str(), "example.org");
  CHECK(std::count(told.begin(), told.end(), '|') == 9);
}
