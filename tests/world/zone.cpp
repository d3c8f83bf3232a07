#include "zone.hpp"

#include <algorithm>
#include <cstdio>

namespace world {

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string registrable_domain(std::string_view name) {
  const auto last = name.rfind('.');
  if (last == std::string_view::npos || last == 0)
    return std::string(name);
  const auto before = name.rfind('.', last - 1);
  return std::string(before == std::string_view::npos ? name : name.substr(before + 1));
}

bool answer::holds(rrtype kind) const {
  return std::any_of(records.begin(), records.end(),
                     [kind](const owned& o) { return o.record->kind == kind; });
}

/// The node of a name; its ancestors come to exist with it (RFC 8020: what has names below it exists).
zone::node& zone::grow(std::string_view owner) {
  const std::string name = lower(owner);
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
    nodes_[name.substr(dot + 1)];
  return nodes_[name];
}

void zone::add(std::string_view owner, resource what) {
  grow(owner).records.push_back(std::move(what));
}
void zone::exists(std::string_view owner) {
  grow(owner);
}
void zone::afflict(std::string_view owner, rrtype kind, trouble how) {
  grow(owner).troubles[kind] = how;
}

std::string zone::authority_of(const std::string& name) const {
  const std::string apex = registrable_domain(name);
  if (nodes_.contains(apex))
    return apex;
  const auto dot = apex.find('.');
  const std::string top = dot == std::string::npos ? apex : apex.substr(dot + 1);
  return nodes_.contains(top) ? top : std::string(); // the root answers for a top level that does not exist
}

/// Adds the records of that type; returns the CNAME to follow when there is one instead.
const resource* zone::gather(const std::string& name, const node& at, rrtype kind, answer& into) const {
  const resource* alias = nullptr;
  for (const auto& record : at.records) {
    if (record.kind == kind || kind == rrtype::any)
      into.records.push_back({name, &record});
    else if (record.kind == rrtype::cname)
      alias = &record;
  }
  if (alias)
    into.records.push_back({name, alias});
  return alias;
}

answer zone::look_up(std::string_view asked, rrtype kind) const {
  constexpr int longest_chain = 10; // resolvers stop at 8 to 16; the world has no longer chain than 3
  answer out;
  std::string name = lower(asked);
  out.secure = signed_.contains(registrable_domain(name));
  for (int hop = 0; hop < longest_chain; ++hop) {
    const auto found = nodes_.find(name);
    out.authority = authority_of(name);
    if (found == nodes_.end()) {
      out.code = rcode::nxdomain;
      return out;
    }
    const node& at = found->second;
    auto trouble_here = at.troubles.find(kind);
    if (trouble_here == at.troubles.end())
      trouble_here = at.troubles.find(rrtype::any);
    if (trouble_here != at.troubles.end()) {
      switch (trouble_here->second) {
      case trouble::silence:
        out.silence = true;
        return out;
      case trouble::servfail:
      case trouble::refused:
      case trouble::formerr:
        out.records.clear();
        out.code = trouble_here->second == trouble::servfail  ? rcode::servfail
                   : trouble_here->second == trouble::refused ? rcode::refused
                                                              : rcode::formerr;
        return out;
      case trouble::none:
        break;
      }
    }
    const resource* alias = gather(name, at, kind, out);
    if (!alias)
      return out;
    name = lower(alias->text);
  }
  out.records.clear();
  out.code = rcode::servfail;
  return out;
}

namespace {

std::string quoted_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
      char escape[5];
      std::snprintf(escape, sizeof escape, "\\%03u", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Type and data of a record; nothing for types that only answers have.
std::string data_of(const resource& what) {
  switch (what.kind) {
  case rrtype::a:
    return "A " + what.address.to_string();
  case rrtype::aaaa:
    return "AAAA " + what.address.to_string();
  case rrtype::cname:
    return "CNAME " + what.text + ".";
  case rrtype::ptr:
    return "PTR " + what.text + ".";
  case rrtype::mx:
    return "MX " + std::to_string(what.preference) + " " + what.text + ".";
  case rrtype::txt: {
    std::string out = "TXT";
    if (what.strings.empty())
      for (std::size_t at = 0; at == 0 || at < what.text.size(); at += 255)
        out += " " + quoted_string(what.text.substr(at, 255));
    for (const auto& one : what.strings)
      out += " " + quoted_string(one);
    return out;
  }
  default:
    return "";
  }
}

} // namespace

std::vector<std::string> zone::master_file() const {
  std::vector<std::string> out;
  for (const auto& [name, at] : nodes_) {
    if (at.records.empty())
      out.push_back(name + ". 300 HINFO nothing here");
    for (const auto& record : at.records)
      if (const auto data = data_of(record); !data.empty())
        out.push_back(name + ". 300 " + data);
  }
  std::sort(out.begin(), out.end());
  out.insert(out.begin(), {". 300 SOA ns.nic. hostmaster.nic. 1 1800 900 604800 300", ". 300 NS ns.nic.",
                           "ns.nic. 300 A 127.0.0.1"});
  return out;
}

} // namespace world
