#pragma once

#include <postroad/flow/intake.hpp>

#include <postroad/record/word.hpp>
#include <postroad/text/ascii.hpp>
#include <postroad/text/utf8.hpp>

#include <algorithm>

namespace postroad::flow {

static_assert(record::block_slack >= record::line_slack);

POSTROAD_DECL intake::intake(record::path_set& paths, std::string_view member,
                             std::vector<std::string_view> extras, std::vector<outcome> only)
    : paths_(paths), outcome_path_(paths.add(std::string(member) + ".outcome").value()),
      domain_path_(paths.add("domain").value()), host_path_(paths.add("host").value()),
      ip_path_(paths.add("ip").value()), port_path_(paths.add("port").value()), only_(std::move(only)) {
  extras.insert(extras.begin(), member);
  for (const auto name : extras) {
    const auto path = paths.add(name).value();
    replaceable_.resize(std::max(replaceable_.size(), path + 1));
    replaceable_[path] = name;
  }
}

POSTROAD_DECL taken intake::look(const record::line& line) {
  if (line.too_long)
    return {.is = taken::kind::reject, .why = "longer than 16 MiB"};
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf"; // some programs begin a file with it
  auto text = text::trimmed(line.text);
  if (text.starts_with(byte_order_mark))
    text = text::trimmed(text.substr(byte_order_mark.size()));
  switch (record::kind_of_line(text)) {
  case record::line_kind::blank:
    return {};
  case record::line_kind::other_json:
    return {.is = taken::kind::reject, .why = "JSON, but not one whole object"};
  case record::line_kind::object:
    return look_at_object(text);
  case record::line_kind::word:
    break;
  }
  if (record::is_plain_domain(text) && paths_.nodes()[0].each_key == record::path_set::none)
    return look_at_domain(text);
  if (!text::is_utf8(text))
    return {.is = taken::kind::reject, .why = "not UTF-8"};
  word_ = record::record_of_word(text);
  const auto size = word_.size();
  word_.append(record::line_slack, '\0');
  return look_at_object({word_.data(), size});
}

POSTROAD_DECL taken intake::look_at_domain(std::string_view domain) {
  constexpr std::string_view before = "{\"domain\":";
  word_.assign(before).append(1, '"').append(domain).append("\"}");
  const auto size = word_.size();
  word_.append(record::line_slack, '\0');
  const std::string_view object(word_.data(), size);
  fields_.clear();
  there_.clear();
  fields_.push_back({{static_cast<std::uint32_t>(domain_path_), 0, record::value::kind::text,
                      object.substr(before.size(), domain.size() + 2)},
                     object.substr(before.size() + 1, domain.size())});
  return {.is = only_.empty() ? taken::kind::work : taken::kind::pass,
          .record = object,
          .fields = &fields_,
          .there = &there_,
          .plain_domain = true};
}

POSTROAD_DECL taken intake::look_at_object(std::string_view object) {
  fields_.clear();
  there_.clear();
  const auto keep = [this](std::size_t path, const record::value& v, std::size_t ordinal) {
    if (path < replaceable_.size() && !replaceable_[path].empty())
      there_.push_back({replaceable_[path], v.raw});
    fields_.push_back(
        {{static_cast<std::uint32_t>(path), static_cast<std::uint32_t>(ordinal), v.is, v.raw}, v.text});
  };
  if (const auto broken = reader_.read(object, paths_, keep, record::checking::whole))
    return {.is = taken::kind::reject, .why = broken->why};
  const bool again =
      only_.empty() || std::any_of(fields_.begin(), fields_.end(), [this](const fresh_field& f) {
        if (f.path != outcome_path_ || f.is != record::value::kind::text)
          return false;
        const auto o = outcome_from(f.text);
        return o && std::find(only_.begin(), only_.end(), *o) != only_.end();
      });
  return {.is = again ? taken::kind::work : taken::kind::pass,
          .record = object,
          .fields = &fields_,
          .there = &there_};
}

POSTROAD_DECL subject intake::subject_of(const taken& t) const {
  subject s;
  if (t.plain_domain) {
    s.domain = t.fields->front().text;
    return s;
  }
  for (const auto& f : *t.fields) {
    if (f.path == domain_path_ && f.is == record::value::kind::text) {
      s.domain = record::to_a_label(f.text);
    } else if (f.path == host_path_ && f.is == record::value::kind::text) {
      s.host = record::to_a_label(f.text);
    } else if (f.path == ip_path_ && f.is == record::value::kind::text) {
      s.ip = net::parse_address(f.text);
      s.bad_ip = !s.ip;
    } else if (f.path == port_path_) {
      s.port = text::number<std::uint16_t>(f.raw);
      s.bad_port = s.port.value_or(0) == 0;
    }
  }
  return s;
}

POSTROAD_DECL std::string_view intake::shard_key(const taken& t) const {
  std::string_view ip, domain, host;
  for (const auto& f : *t.fields) {
    auto& text = f.path == ip_path_ ? ip : f.path == domain_path_ ? domain : host;
    if ((f.path == ip_path_ || f.path == domain_path_ || f.path == host_path_) && text.empty())
      text = f.text;
  }
  return !ip.empty() ? ip : !domain.empty() ? domain : !host.empty() ? host : t.record;
}

} // namespace postroad::flow
