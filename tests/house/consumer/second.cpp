#include <postroad/dns/client.hpp>
#include <postroad/dns/mx.hpp>
#include <postroad/flow/tls_prober.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/study/run.hpp>

int second() {
  postroad::record::path_set paths;
  return paths.add("mx.provider").has_value() ? 0 : 1;
}
