// Somebody else's program that reads an SMTP reply and a DNS name, with nothing but our headers.
#include <postroad/dns/name.hpp>
#include <postroad/smtp/ehlo.hpp>
#include <postroad/tls/suites.hpp>

#include <cstdio>

int main() {
  const auto name = postroad::dns::parse_name("mx1.Example.org.");
  if (!name)
    return 1;
  std::printf("%s %s\n", postroad::dns::to_string(*name).c_str(), postroad::tls::suite_name(0xc02f).c_str());
}
