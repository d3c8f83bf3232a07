/// Paths into a record, compiled so that one pass over a line answers all of them.
#pragma once

#include <postroad/result.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroad::record {

namespace detail {

/// The first eight bytes of a key as one number, so that most keys are told apart by a single comparison.
/// At least eight bytes must be readable at `key`.
[[nodiscard]] inline std::uint64_t head_of(const char* key, std::size_t length) noexcept {
  std::uint64_t word;
  std::memcpy(&word, key, sizeof word);
  if (length >= sizeof word)
    return word;
  if (length == 0)
    return 0;
  const auto unused = static_cast<unsigned>(8 * (sizeof word - length));
  constexpr auto all = ~std::uint64_t{0};
  return word & (std::endian::native == std::endian::little ? all >> unused : all << unused);
}

} // namespace detail

/// The paths that one pass over a line looks up, as a trie: the keys of an object are visited once, whatever
/// the number of paths and their order.
///
/// A path is a list of member names joined by dots: `tls.certificate.trusted`; a leading dot is tolerated.
/// `[]` fans out over the elements of an array (`mx.hosts[].name`), `{}` over the keys of an object
/// (`spf.terms.all{}` gives the keys; a step behind it goes on with the members: `answers{}.outcome`). A name
/// with other characters stands in quotes: mx."a.b", with \" and \\ inside.
///
/// Example: `path_set paths; paths.add("mx.provider")` gives 0; `.mx.provider` then gives 0 again.
class path_set {
public:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  /// Names looked up in one object: each is one bit of a word while an object is read.
  static constexpr std::size_t most_names = 64;

  struct edge {
    std::uint64_t head; ///< detail::head_of the name
    std::uint32_t length;
    std::uint32_t node;
    std::string name;
    std::uint64_t mask = 0; ///< of the bytes of `head` that are the name's
    bool is_plain = false;  ///< spelled in JSON as it is, so that it can be compared without being read
    std::uint8_t next = 0;  ///< of those in the same bucket: its index and one; 0 is the end

    /// Whether a name in quotes that begins at `p` is this one. False for one that is not plain.
    [[nodiscard]] bool is_at(const char* p) const noexcept {
      std::uint64_t word;
      std::memcpy(&word, p, sizeof word);
      return (word & mask) == head && is_plain && p[length] == '"' &&
             (length <= sizeof word ||
              std::memcmp(name.data() + sizeof word, p + sizeof word, length - sizeof word) == 0);
    }
  };
  struct node {
    std::vector<edge> names;
    std::array<std::uint8_t, 32> buckets{}; ///< by head: index and one of the first edge; a record's members
                                            ///< are mostly names that nobody asked for
    std::array<std::uint64_t, 4>
        begins{};                      ///< bits of bytes with which a name begins; of an empty one: a quote
    std::uint32_t each_element = none; ///< the node behind []
    std::uint32_t each_key = none;     ///< the node behind {}
    std::uint32_t path = none;         ///< the path that ends here
    [[nodiscard]] bool is_leaf() const noexcept {
      return names.empty() && each_element == none && each_key == none;
    }
    [[nodiscard]] static std::size_t bucket_of(std::uint64_t head) noexcept {
      return head * 0x9e3779b97f4a7c15u >> 59; // the upper five bits of a product: 32 buckets
    }
    [[nodiscard]] bool may_begin(unsigned char byte) const noexcept {
      return (begins[byte / 64] >> byte % 64 & 1) != 0;
    }
    /// The edge for that name, or null. `head` is detail::head_of the name.
    [[nodiscard]] const edge* find(std::string_view name, std::uint64_t head) const noexcept {
      constexpr auto seen = sizeof head;
      for (std::size_t i = buckets[bucket_of(head)]; i != 0; i = names[i - 1].next) {
        const auto& e = names[i - 1];
        if (e.head == head && e.length == name.size() &&
            (name.size() <= seen ||
             std::memcmp(e.name.data() + seen, name.data() + seen, name.size() - seen) == 0))
          return &e;
      }
      return nullptr;
    }
    void add(edge e) {
      e.mask = detail::head_of("\xff\xff\xff\xff\xff\xff\xff\xff", e.name.size());
      constexpr std::size_t longest = 48; // within what may be read behind a line
      e.is_plain = e.name.size() <= longest && e.name.find_first_of("\\\"") == std::string::npos;
      auto& first = buckets[bucket_of(e.head)];
      e.next = first;
      const auto byte = static_cast<unsigned char>(e.name.empty() ? '"' : e.name[0]);
      begins[byte / 64] |= std::uint64_t{1} << byte % 64;
      names.push_back(std::move(e));
      first = static_cast<std::uint8_t>(names.size());
    }
  };

  path_set() : nodes_(1) {}

  /// The index of this path; the same path gives the same index.
  result<std::size_t> add(std::string_view path) {
    auto steps = parse(path);
    if (!steps)
      return failure(steps.error());
    std::uint32_t at = 0;
    for (const auto& s : *steps) {
      at = child(at, s);
      if (at == none)
        return failure{0, "more than 64 names are asked of one object"};
    }
    if (nodes_[at].path == none) {
      nodes_[at].path = static_cast<std::uint32_t>(names_.size());
      names_.push_back(spelled(*steps));
    }
    return std::size_t{nodes_[at].path};
  }

  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
  /// The path as it is usually spelled: no leading dot, quotes only where they are needed.
  [[nodiscard]] const std::string& name(std::size_t path) const { return names_[path]; }
  /// Up to where it fans out first: of `a.b[].c` that is `a.b[]`. Nothing where it does not.
  [[nodiscard]] std::string_view fan_of(std::size_t path) const {
    const std::string_view spelled = names_[path];
    bool in_quotes = false;
    for (std::size_t i = 0; i < spelled.size(); ++i) {
      if (in_quotes && spelled[i] == '\\')
        ++i;
      else if (spelled[i] == '"')
        in_quotes = !in_quotes;
      else if (!in_quotes && (spelled[i] == '[' || spelled[i] == '{'))
        return spelled.substr(0, i + 2);
    }
    return {};
  }
  /// The trie; the root is the first node.
  [[nodiscard]] const std::vector<node>& nodes() const noexcept { return nodes_; }

private:
  enum class kind : std::uint8_t { name, element, key };
  struct step {
    kind is;
    std::string name;
  };

  [[nodiscard]] static bool is_bare(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f && std::string_view(".[]{}\"").find(c) == std::string_view::npos;
  }

  static result<std::string> quoted_name(std::string_view path, std::size_t& at) {
    std::string name;
    for (++at; at < path.size(); ++at) {
      if (path[at] == '"')
        return ++at, name;
      if (path[at] == '\\' && ++at == path.size())
        break;
      name += path[at];
    }
    return failure{path.size(), "a quoted name does not end"};
  }

  static result<std::string> next_name(std::string_view path, std::size_t& at) {
    if (at < path.size() && path[at] == '"')
      return quoted_name(path, at);
    const auto start = at;
    while (at < path.size() && is_bare(path[at]))
      ++at;
    if (at == start)
      return failure{at, "a path has an empty step or a character that needs quotes"};
    return std::string(path.substr(start, at - start));
  }

  static result<std::vector<step>> parse(std::string_view path) {
    std::vector<step> steps;
    std::size_t at = path.starts_with('.') ? 1 : 0;
    if (at == path.size())
      return failure{at, "a path is empty"};
    while (at < path.size()) {
      const auto rest = path.substr(at);
      if (rest.starts_with("{}") || (rest.starts_with("[]") && !steps.empty())) {
        steps.push_back({rest[0] == '{' ? kind::key : kind::element, {}});
        at += 2;
        continue;
      }
      if (!steps.empty() && path[at++] != '.')
        return failure{at - 1, "a path goes on with a dot, [] or {}"};
      auto name = next_name(path, at);
      if (!name)
        return failure(name.error());
      steps.push_back({kind::name, std::move(*name)});
    }
    return steps;
  }

  static std::string spelled(const std::vector<step>& steps) {
    std::string out;
    for (const auto& s : steps) {
      if (s.is != kind::name) {
        out += s.is == kind::key ? "{}" : "[]";
        continue;
      }
      if (!out.empty())
        out += '.';
      if (!s.name.empty() && std::all_of(s.name.begin(), s.name.end(), is_bare))
        out += s.name;
      else
        out += quoted(s.name);
    }
    return out;
  }

  static std::string quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\')
        out += '\\';
      out += c;
    }
    return out += '"';
  }

  std::uint32_t child(std::uint32_t at, const step& s) {
    if (s.is == kind::name)
      return named_child(at, s.name);
    const auto slot = s.is == kind::key ? &node::each_key : &node::each_element;
    if (nodes_[at].*slot == none) {
      const auto fresh = new_node();
      nodes_[at].*slot = fresh;
    }
    return nodes_[at].*slot;
  }

  std::uint32_t named_child(std::uint32_t at, const std::string& name) {
    for (const auto& e : nodes_[at].names)
      if (e.name == name)
        return e.node;
    if (nodes_[at].names.size() == most_names)
      return none;
    const auto fresh = new_node();
    std::string padded = name;
    padded.resize(std::max(name.size(), sizeof(std::uint64_t)));
    nodes_[at].add(
        {detail::head_of(padded.data(), name.size()), static_cast<std::uint32_t>(name.size()), fresh, name});
    return fresh;
  }

  std::uint32_t new_node() {
    nodes_.emplace_back();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  std::vector<node> nodes_;
  std::vector<std::string> names_;
};

} // namespace postroad::record
