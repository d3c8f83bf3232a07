// Runs a libFuzzer target without libFuzzer: first every file of a corpus, then N mutations of them from a
// fixed seed.
//
//   driver [-n MUTATIONS] [-s SEED] FILE|FOLDER...
//
// The last line says how many inputs were tried. A crash is a crash: the sanitizers print the rest.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using bytes = std::vector<std::uint8_t>;
constexpr std::size_t longest_input = 1 << 16;

void run(const bytes& input) {
  // A heap copy of the exact size, so that ASan sees a read one byte past the end.
  const bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

bytes slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return bytes(std::istreambuf_iterator<char>(in), {});
}

std::vector<bytes> corpus(const std::vector<std::string>& places) {
  std::vector<std::filesystem::path> files;
  for (const auto& place : places) {
    if (std::filesystem::is_directory(place)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(place))
        if (entry.is_regular_file())
          files.push_back(entry.path());
    } else {
      files.emplace_back(place);
    }
  }
  std::sort(files.begin(), files.end()); // the same order everywhere, so that a seed names one run
  std::vector<bytes> inputs;
  for (const auto& file : files)
    inputs.push_back(slurp(file));
  return inputs;
}

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t n) {
  return n == 0 ? 0 : static_cast<std::size_t>(random() % n);
}

constexpr std::uint8_t nasty[] = {0,    1,    0x0a, 0x0d, 0x20, 0x22, 0x3f,
                                  0x40, 0x5c, 0x7f, 0x80, 0xc0, 0xc3, 0xff};

void mutate_once(bytes& input, const bytes& other, generator& random) {
  switch (random() % 7) {
  case 0: // one bit
    if (!input.empty())
      input[below(random, input.size())] ^= static_cast<std::uint8_t>(1u << (random() % 8));
    break;
  case 1: // one byte
    if (!input.empty())
      input[below(random, input.size())] = nasty[random() % std::size(nasty)];
    break;
  case 2: { // insert some
    const auto at = static_cast<std::ptrdiff_t>(below(random, input.size() + 1));
    input.insert(input.begin() + at, 1 + below(random, 8), nasty[random() % std::size(nasty)]);
    break;
  }
  case 3: // cut the end
    input.resize(below(random, input.size() + 1));
    break;
  case 4: { // take a piece away
    const auto from = below(random, input.size() + 1);
    const auto count = std::min(input.size() - from, below(random, 16));
    input.erase(input.begin() + static_cast<std::ptrdiff_t>(from),
                input.begin() + static_cast<std::ptrdiff_t>(from + count));
    break;
  }
  case 5: { // splice another input in
    const auto from = below(random, other.size() + 1);
    const auto at = static_cast<std::ptrdiff_t>(below(random, input.size() + 1));
    input.insert(input.begin() + at, other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
    break;
  }
  default: // a random byte
    if (!input.empty())
      input[below(random, input.size())] = static_cast<std::uint8_t>(random());
  }
  if (input.size() > longest_input)
    input.resize(longest_input);
}

} // namespace

int main(int argc, char** argv) {
  unsigned long long mutations = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> places;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "-n" && i + 1 < argc)
      mutations = std::strtoull(argv[++i], nullptr, 10);
    else if (word == "-s" && i + 1 < argc)
      seed = std::strtoull(argv[++i], nullptr, 10);
    else
      places.push_back(word);
  }
  auto inputs = corpus(places);
  for (const auto& input : inputs)
    run(input);
  if (inputs.empty())
    inputs.emplace_back();
  generator random(seed);
  for (unsigned long long i = 0; i < mutations; ++i) {
    bytes input = inputs[below(random, inputs.size())];
    const bytes& other = inputs[below(random, inputs.size())];
    for (auto n = 1 + random() % 4; n > 0; --n)
      mutate_once(input, other, random);
    run(input);
  }
  std::printf("%llu inputs\n", static_cast<unsigned long long>(inputs.size()) + mutations);
}
