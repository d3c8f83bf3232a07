#pragma once

#include <postroad/flow/strip_use.hpp>

#include <postroad/flow/descriptor.hpp>
#include <postroad/flow/dns_use.hpp>
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

POSTROAD_DECL dialog_reader::dialog_reader(record::path_set& paths) {
  const auto want = [&](std::string_view path, part is) {
    const auto at = paths.add(path).value();
    parts_.resize(std::max(parts_.size(), at + 1), part::none);
    parts_[at] = is;
  };
  want("smtp.outcome", part::outcome);
  want("smtp.ip", part::ip);
  want("smtp.port", part::port);
  want("smtp.banner_code", part::banner_code);
  want("smtp.banner", part::banner);
  want("smtp.ehlo", part::ehlo);
  want("smtp.starttls.sent", part::sent);
  want("smtp.starttls.code", part::code);
  want("smtp.starttls.reply", part::reply);
  want("smtp.controls[].sent", part::control_sent);
  want("smtp.controls[].code", part::control_code);
  want("smtp.controls[].reply", part::control_reply);
}

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
  const auto code_in = [](const field& f) { return text::number<int>(f.raw).value_or(0); };
  for (const auto& f : fields) {
    const auto is = f.path < parts_.size() ? parts_[f.path] : part::none;
    switch (f.ordinal < most_controls ? is : part::none) {
    case part::none:
      break;
    case part::outcome:
      t.is_grab = true;
      break;
    case part::ip:
      ip = net::parse_address(f.text);
      break;
    case part::port:
      port = text::number<std::uint16_t>(f.raw).value_or(smtp_port);
      break;
    case part::banner_code:
      t.banner_code = code_in(f);
      break;
    case part::banner:
      take(t.heard.banner, f);
      break;
    case part::ehlo:
      take(t.heard.ehlo, f);
      break;
    case part::sent:
      take(t.heard.sent, f);
      break;
    case part::code:
      t.heard.code = code_in(f);
      break;
    case part::reply:
      take(t.heard.reply, f);
      break;
    case part::control_sent:
      take(control(f).sent, f);
      break;
    case part::control_code:
      control(f).code = code_in(f);
      break;
    case part::control_reply:
      take(control(f).reply, f);
      break;
    }
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
