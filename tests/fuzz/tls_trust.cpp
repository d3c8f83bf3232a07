// A chain of certificates, each with two bytes of length before it, against one root.
//
// Held: trusted exactly when there is no error; errors sorted and known; the same verdict from the memory as
// anew; and nobody becomes trusted by a mutation, for that would be a forged signature.
#include <postroad/tls/trust.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace tls = postroad::tls;

namespace {

void hold(bool truth) {
  if (!truth)
    std::abort();
}

/// The root below which the seeds of the corpus stand; valid around `noon`.
constexpr std::string_view root = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBKTCB0KADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCUZ1enogUm9v\n"
                                  "dDAeFw0xNTAzMjcxMjAwMDBaFw0xNTA1MjYxMjAwMDBaMBQxEjAQBgNVBAMMCUZ1\n"
                                  "enogUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMvkwq3LpgQ4k/iledYD\n"
                                  "i1CnEUcoUg9TaCuxwdhg2CrvlLSyjGqEoBcBHyIkIDduE+daDB6W9sax6QeaLZ6f\n"
                                  "bl+jEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAMyh5dZ8\n"
                                  "py70pxafAocmpv6aWKw6OtZiQyMi7tgfcxB8AiA/62WytOsVRML3Vt71e+IbygoJ\n"
                                  "jmEAMVTo5Vw7wbdFvQ==\n"
                                  "-----END CERTIFICATE-----\n";
constexpr std::time_t noon = 1430049600; // 2015-04-26T12:00:00Z

tls::trust_store load() {
  std::string path = "/tmp/postroad-fuzz-XXXXXX";
  const int fd = ::mkstemp(path.data());
  hold(fd >= 0 && ::write(fd, root.data(), root.size()) == static_cast<ssize_t>(root.size()));
  ::close(fd);
  auto store = tls::trust_store::load(path, 1 << 20);
  ::unlink(path.c_str());
  return store;
}

std::vector<std::string> cut(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> chain;
  while (size > 2) {
    const auto length = std::min<std::size_t>(static_cast<std::size_t>(data[0] << 8 | data[1]), size - 2);
    chain.emplace_back(reinterpret_cast<const char*>(data) + 2, length);
    data += 2 + length;
    size -= 2 + length;
  }
  return chain;
}

constexpr std::array<std::string_view, 12> words = {
    "bad_parent",      "critical_extension", "expired",  "incomplete_chain",
    "name_constraint", "not_yet_valid",      "other",    "self_signed",
    "unknown_ca",      "unparsable",         "weak_key", "weak_signature"};
constexpr std::array<std::string_view, 4> signed_subjects = {"CN=mx.example.org", "CN=Fuzz Root",
                                                             "CN=Fuzz Intermediate", "CN=Fuzz Lower"};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto store = load();
  const auto chain = cut(data, size);
  if (chain.empty())
    return 0;
  const auto now = std::chrono::system_clock::from_time_t(noon);
  const auto judged = store.judge(chain, now);
  const auto& verdict = judged->verdict;
  hold(verdict.trusted == verdict.errors.empty());
  hold(std::is_sorted(verdict.errors.begin(), verdict.errors.end()));
  for (const auto& word : verdict.errors)
    hold(std::find(words.begin(), words.end(), word) != words.end());
  hold(judged->chain_length == chain.size());
  hold(store.judge(chain, now) == judged);
  if (verdict.trusted)
    hold(judged->leaf && std::find(signed_subjects.begin(), signed_subjects.end(), judged->leaf->subject) !=
                             signed_subjects.end());
  return 0;
}
