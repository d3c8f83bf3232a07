#pragma once

#include <postroad/flow/strip_use.hpp>

#include <postroad/flow/descriptor.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/record/stdio.hpp>
#include <postroad/strip/compare.hpp>
#include <postroad/strip/member.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace postroad::flow {

POSTROAD_DECL told_dialog dialog_of(const smtp::grab& got, net::endpoint server) {
  told_dialog t;
  t.is_grab = true;
  t.server = server;
  t.banner_code = got.banner_code;
  t.heard = {got.banner, got.ehlo, got.sent ? "STARTTLS" : "", got.starttls_code, got.starttls_reply, {}};
  for (const auto& c : got.controls)
    t.heard.controls.push_back({c.sent, c.code, c.reply});
  return t;
}

POSTROAD_DECL dialog_reader::dialog_reader(record::path_set& paths)
    : outcome_(paths.add("smtp.outcome").value()), ip_(paths.add("smtp.ip").value()),
      port_(paths.add("smtp.port").value()), banner_code_(paths.add("smtp.banner_code").value()),
      banner_(paths.add("smtp.banner").value()), ehlo_(paths.add("smtp.ehlo").value()),
      sent_(paths.add("smtp.starttls.sent").value()), code_(paths.add("smtp.starttls.code").value()),
      reply_(paths.add("smtp.starttls.reply").value()),
      control_sent_(paths.add("smtp.controls[].sent").value()),
      control_code_(paths.add("smtp.controls[].code").value()),
      control_reply_(paths.add("smtp.controls[].reply").value()) {}

POSTROAD_DECL told_dialog dialog_reader::read(std::span<const fresh_field> fields) const {
  constexpr std::uint32_t most_controls = 16;
  constexpr std::uint16_t smtp_port = 25;
  told_dialog t;
  std::optional<net::address> ip;
  std::uint16_t port = smtp_port;
  const auto control = [&](const field& f) -> strip::control& {
    t.heard.controls.resize(std::max<std::size_t>(t.heard.controls.size(), f.ordinal + 1U));
    return t.heard.controls[f.ordinal];
  };
  const auto take = [](std::string_view& into, const fresh_field& f) {
    into = into.empty() ? f.text : into; // of two members of one name the first counts
  };
  for (const auto& f : fields) {
    if (f.path == outcome_)
      t.is_grab = true;
    else if (f.path == ip_)
      ip = net::parse_address(f.text);
    else if (f.path == port_)
      port = text::number<std::uint16_t>(f.raw).value_or(smtp_port);
    else if (f.path == banner_code_)
      t.banner_code = text::number<int>(f.raw).value_or(0);
    else if (f.path == banner_)
      take(t.heard.banner, f);
    else if (f.path == ehlo_)
      take(t.heard.ehlo, f);
    else if (f.path == sent_)
      take(t.heard.sent, f);
    else if (f.path == code_)
      t.heard.code = text::number<int>(f.raw).value_or(0);
    else if (f.path == reply_)
      take(t.heard.reply, f);
    else if (f.ordinal >= most_controls)
      continue;
    else if (f.path == control_sent_)
      take(control(f).sent, f);
    else if (f.path == control_code_)
      control(f).code = text::number<int>(f.raw).value_or(0);
    else if (f.path == control_reply_)
      take(control(f).reply, f);
  }
  if (ip)
    t.server = net::endpoint{*ip, port};
  return t;
}

namespace detail {

/// The dialog in that line; its texts live until the reader's next line.
inline std::optional<told_dialog> grab_in(const record::line& line, const record::path_set& paths,
                                          record::reader& reader, const dialog_reader& dialogs) {
  std::vector<fresh_field> fields;
  const auto keep = [&](std::size_t path, const record::value& v, std::size_t ordinal) {
    fields.push_back(
        {{static_cast<std::uint32_t>(path), static_cast<std::uint32_t>(ordinal), v.is, v.raw}, v.text});
  };
  if (line.too_long || reader.read(line.text, paths, keep))
    return std::nullopt;
  auto told = dialogs.read(fields);
  return told.is_grab && told.server ? std::optional(std::move(told)) : std::nullopt;
}

} // namespace detail

POSTROAD_DECL vantage::vantage(const std::string& file) {
  constexpr int standard_input = 0;
  const descriptor source(file, standard_input, O_RDONLY);
  record::input in(source.get(), [] {});
  record::path_set paths;
  const dialog_reader dialogs(paths);
  record::reader reader;
  record::line line;
  while (in.wait_next(line))
    if (auto grab = detail::grab_in(line, paths, reader, dialogs))
      keep(std::move(*grab));
  if (in.error() != 0)
    throw cli::usage_error{fmt::format("cannot read '{}': {}", file, std::strerror(in.error()))};
  if (grabs_.empty())
    throw cli::usage_error{fmt::format("--compare: no grab of smtpgrab in '{}'", file)};
}

POSTROAD_DECL void vantage::keep(told_dialog d) {
  const auto own = [this](std::string_view& text) { text = texts_.emplace_back(text); };
  for (auto* text : {&d.heard.banner, &d.heard.ehlo, &d.heard.sent, &d.heard.reply})
    own(*text);
  for (auto& c : d.heard.controls)
    own(c.sent), own(c.reply);
  const auto server = *d.server;
  grabs_.insert_or_assign(server, std::move(d));
}

POSTROAD_DECL const told_dialog* vantage::at(net::endpoint server) const {
  const auto found = grabs_.find(server);
  return found == grabs_.end() ? nullptr : &found->second;
}

POSTROAD_DECL outcome judge_dialog(const told_dialog& told, const vantage* elsewhere, std::string& json) {
  if (!told.has_spoken()) {
    json = outcome_member(outcome::skipped, "no mail server spoke");
    return outcome::skipped;
  }
  const auto& here = told.heard;
  auto found = strip::classify(here);
  std::optional<strip::elsewhere> other;
  if (const auto* there = elsewhere && told.server ? elsewhere->at(*told.server) : nullptr)
    if (there->has_spoken())
      other = strip::compare(found, here, strip::classify(there->heard), there->heard);
  text::json_writer out(json);
  strip::write_strip(out, found, true, other ? &*other : nullptr);
  return outcome::ok;
}

} // namespace postroad::flow
