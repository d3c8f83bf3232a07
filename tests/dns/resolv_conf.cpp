#include <postroad/dns/resolv_conf.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

using postroad::dns::parse_resolv_conf;

TEST_CASE("resolv.conf(5): nameserver lines, in order, each address once") {
  const auto found =
      parse_resolv_conf("# comment\nsearch example.org\nnameserver 192.0.2.53\n  nameserver\t2001:db8::53 "
                        "# here\r\nnameserver 192.0.2.53\noptions edns0\nnameserver 192.0.2.54");
  REQUIRE(found.size() == 3);
  CHECK(to_string(found[0]) == "192.0.2.53:53");
  CHECK(to_string(found[1]) == "[2001:db8::53]:53");
  CHECK(to_string(found[2]) == "192.0.2.54:53");
}

TEST_CASE("resolv.conf(5): what is no plain address is left out") {
  CHECK(parse_resolv_conf("nameserver\nnameserver fe80::1%eth0\nnameserver localhost\nnameservers 192.0.2.1\n"
                          "#nameserver 192.0.2.1\n;nameserver 192.0.2.1\n")
            .empty());
  CHECK(parse_resolv_conf("").empty());
  CHECK(postroad::dns::system_resolvers("/nonexistent").empty());
}

TEST_CASE("a resolv.conf is read from its file") {
  char path[] = "/tmp/resolv.conf.XXXXXX";
  const int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  std::FILE* file = fdopen(fd, "w");
  std::fputs("nameserver 192.0.2.53\n", file);
  std::fclose(file);
  CHECK(postroad::dns::system_resolvers(path).size() == 1);
  std::remove(path);
}
