#include "../spf/zone.hpp"

#include <postroad/dmarc/discovery.hpp>

#include <string>
#include <string_view>

using namespace postroad;
using namespace spf_test;

namespace {

dmarc::finding discovered(const char* lines, const char* domain) {
  zone z(lines);
  return now(dmarc::discover(z.ask(), domain));
}
/// "source policy_domain tag wanted effective | flaws"
std::string told(const dmarc::finding& f) {
  std::string out = !f.has ? "none"
                           : std::string(dmarc::source_words[static_cast<std::size_t>(f.from)]) + " " +
                                 f.policy_domain + " " + std::string(f.tag);
  if (f.wanted)
    out += " " + std::string(to_string(*f.wanted));
  if (f.effective && f.effective != f.wanted)
    out += ">" + std::string(to_string(*f.effective));
  for (const auto one : f.flaws)
    out += " !" + std::string(to_string(one));
  return out;
}
std::string told(const char* lines, const char* domain) {
  return told(discovered(lines, domain));
}

} // namespace

TEST_CASE("RFC 9989 4.10: eight questions at the most, then one label less each time") {
  CHECK(dmarc::names_of_walk("example.org") == std::vector<std::string>{"example.org", "org"});
  CHECK(dmarc::names_of_walk("org") == std::vector<std::string>{"org"});
  CHECK(dmarc::names_of_walk("a.b.c.d.e.f.g.h.i.j.mail.example.com") ==
        std::vector<std::string>{"a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com",
                                 "h.i.j.mail.example.com", "i.j.mail.example.com", "j.mail.example.com",
                                 "mail.example.com", "example.com", "com"});
  CHECK(dmarc::names_of_walk("a.b.c.d.e.f.g.com").size() == 8);
}

TEST_CASE("the author's own record, the organization's, nobody's") {
  CHECK(told("_dmarc.example.org TXT v=DMARC1; p=reject; sp=none", "example.org") ==
        "author example.org p reject");
  CHECK(told("_dmarc.example.org TXT v=DMARC1; p=reject; sp=quarantine", "a.example.org") ==
        "org example.org sp quarantine");
  CHECK(told("_dmarc.example.org TXT v=DMARC1; p=reject", "a.b.example.org") == "org example.org p reject");
  CHECK(told("_dmarc.example.org TXT hello", "example.org") == "none");
  CHECK(discovered("x A 45.1.1.1", "a.example.org").org_domain == "a.example.org");
  CHECK(told("_dmarc.example.org TXT v=DMARC1; p=reject; t=y", "example.org") ==
        "author example.org p reject>quarantine");
}

TEST_CASE("the record with the fewest labels is the organization's, not the parent's") {
  const auto f = discovered("_dmarc.mail.example.com TXT v=DMARC1; p=none\n_dmarc.example.com TXT v=DMARC1; "
                            "p=reject; sp=quarantine",
                            "a.mail.example.com");
  CHECK(told(f) == "org example.com sp quarantine");
  CHECK(f.org_domain == "example.com");
}

TEST_CASE("psd=n ends a walk, psd=y makes the name below it the organization") {
  const auto n = discovered(
      "_dmarc.a.example.com TXT v=DMARC1; p=none; psd=n\n_dmarc.example.com TXT v=DMARC1; p=reject",
      "x.a.example.com");
  CHECK(n.org_domain == "a.example.com");
  CHECK(told(n) == "org a.example.com p none");
  CHECK(n.queries.size() == 2);
  const auto y = discovered("_dmarc.bank TXT v=DMARC1; p=reject; psd=y; sp=quarantine", "mail.acme.bank");
  CHECK(y.org_domain == "acme.bank");
  CHECK(told(y) == "psd bank sp quarantine");
  const auto both = discovered(
      "_dmarc.bank TXT v=DMARC1; p=reject; psd=y\n_dmarc.acme.bank TXT v=DMARC1; p=none", "mail.acme.bank");
  CHECK(told(both) == "org acme.bank p none");
  CHECK(discovered("_dmarc.bank TXT v=DMARC1; p=reject; psd=y", "bank").org_domain == "bank");
}

TEST_CASE("np is for names that nobody has, and only then is their existence asked for") {
  const char* lines =
      "_dmarc.example.org TXT v=DMARC1; p=reject; sp=quarantine; np=none\nhere.example.org A 45.1.1.1\n"
      "empty.example.org MX m.example.org";
  CHECK(told(lines, "gone.example.org") == "org example.org np none");
  CHECK(told(lines, "here.example.org") == "org example.org sp quarantine");
  CHECK(told(lines, "empty.example.org") == "org example.org sp quarantine"); // NODATA exists
  CHECK(discovered(lines, "example.org").queries.size() == 2);
  CHECK(discovered(lines, "gone.example.org").queries.size() == 4);
}

TEST_CASE("several records are none, and the walk goes on; a failed look-up is temperror, never none") {
  const char* two = "_dmarc.a.example.org TXT v=DMARC1; p=none\n_dmarc.a.example.org TXT v=DMARC1; p=reject\n"
                    "_dmarc.example.org TXT v=DMARC1; p=quarantine";
  CHECK(told(two, "a.example.org") == "org example.org p quarantine !multiple_records");
  CHECK(told("_dmarc.example.org TXT !servfail", "example.org") == "none !temperror");
  const auto later = discovered(
      "_dmarc.a.example.org TXT v=DMARC1; p=reject\n_dmarc.example.org TXT !timeout", "a.example.org");
  CHECK(told(later) == "none !temperror");
  CHECK(later.what == outcome::timeout);
}

TEST_CASE("a broken record of the organization stands for none if reports are wanted, whatever its sp") {
  CHECK(told("_dmarc.example.org TXT v=DMARC1; p=x; sp=reject; rua=mailto:a@b.c", "a.example.org") ==
        "org example.org sp none !bad_p");
  CHECK(told("_dmarc.example.org TXT v=DMARC1; p=x; sp=reject", "a.example.org") ==
        "org example.org sp !bad_p");
}

TEST_CASE("RFC 7489 6.6.3: the domain, then what the list says is registrable") {
  zone z("_dmarc.mail.example.co.uk TXT v=DMARC1; p=none\n_dmarc.example.co.uk TXT v=DMARC1; p=reject; "
         "sp=quarantine");
  const auto by_list = [&](const char* d) {
    return now(dmarc::discover_by_list(z.ask(), d, "example.co.uk"));
  };
  CHECK(told(by_list("mail.example.co.uk")) == "author mail.example.co.uk p none");
  CHECK(told(by_list("a.mail.example.co.uk")) == "org example.co.uk sp quarantine");
  CHECK(told(by_list("example.co.uk")) == "author example.co.uk p reject");
  CHECK(by_list("a.mail.example.co.uk").queries.size() == 2);
}

TEST_CASE("names too long for _dmarc in front") {
  const std::string label(60, 'x');
  const auto longest = label + "." + label + "." + label + "." + label + ".example";
  CHECK(told("_dmarc.example TXT v=DMARC1; p=none", longest.c_str()) == "org example p none");
}

TEST_CASE("a broken record stands for none, whatever word it has itself") {
  const auto asks = [](const char* record, const char* domain) {
    return told((std::string("_dmarc.example.org TXT v=DMARC1; rua=mailto:d@example.org; ") + record +
                 "\na.example.org A 45.1.1.1")
                    .c_str(),
                domain);
  };
  CHECK(asks("p=none; sp=bogus; np=reject", "gone.example.org") == "org example.org np none !bad_sp");
  CHECK(asks("p=none; np=bogus; sp=quarantine", "a.example.org") == "org example.org sp none !bad_np");
  CHECK(asks("p=quarantine; sp=bogus; np=reject", "gone.example.org") == "org example.org np none !bad_sp");
}

TEST_CASE("whether a domain exists is not known: then nothing is") {
  const auto f = discovered("_dmarc.example.org TXT v=DMARC1; p=reject; np=none\ngone.example.org A !timeout",
                            "gone.example.org");
  CHECK(told(f) == "none !temperror");
  CHECK(f.what == outcome::timeout);
  CHECK(f.queries.back() == "gone.example.org");
}

TEST_CASE("RFC 7489: several records end the search, np and t are not known") {
  const auto by_list = [](const char* lines, const char* domain) {
    zone z(lines);
    return told(now(dmarc::discover_by_list(z.ask(), domain, "example.org")));
  };
  CHECK(by_list("_dmarc.example.org TXT v=DMARC1; p=reject\n_dmarc.a.example.org TXT v=DMARC1; "
                "p=none\n_dmarc.a.example.org TXT v=DMARC1; p=none",
                "a.example.org") == "none !multiple_records");
  CHECK(by_list("_dmarc.example.org TXT v=DMARC1; p=reject; t=y", "example.org") ==
        "author example.org p reject");
  CHECK(by_list("_dmarc.example.org TXT v=DMARC1; p=reject; np=bogus", "example.org") ==
        "author example.org p reject !bad_np");
}
