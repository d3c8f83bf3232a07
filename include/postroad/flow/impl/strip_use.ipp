#pragma once

#include <postroad/flow/strip_use.hpp>

#include <postroad/flow/descriptor.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/record/stdio.hpp>
#include <postroad/text/unescape.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace postroad::flow {

POSTROAD_DECL dialog_texts texts_of(const smtp::grab& got, net::endpoint server) {
  dialog_texts t;
  t.is_grab = true;
  t.server = server;
  t.banner_code = got.banner_code;
  t.banner = got.banner;
  t.ehlo = got.ehlo;
  t.sent = got.sent ? "STARTTLS" : "";
  t.code = got.starttls_code;
  t.reply = got.starttls_reply;
  for (const auto& c : got.controls)
    t.controls.push_back({c.sent, c.code, c.reply});
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

POSTROAD_DECL dialog_texts dialog_reader::read(std::span<const field> fields) const {
  constexpr std::uint32_t most_controls = 16;
  constexpr std::uint16_t smtp_port = 25;
  dialog_texts t;
  std::optional<net::address> ip;
  std::uint16_t port = smtp_port;
  const auto control = [&](const field& f) -> strip::control& {
    t.controls.resize(std::max<std::size_t>(t.controls.size(), f.ordinal + 1U));
    return t.controls[f.ordinal];
  };
  for (const auto& f : fields) {
    const bool is_text = f.is == record::value::kind::text;
    const auto take = [&](std::string& into) {
      if (is_text && into.empty())
        into = text::json_unescaped(f.raw);
    };
    if (f.path == outcome_)
      t.is_grab = true;
    else if (f.path == ip_ && is_text)
      ip = net::parse_address(text::json_unescaped(f.raw));
    else if (f.path == port_)
      port = text::number<std::uint16_t>(f.raw).value_or(smtp_port);
    else if (f.path == banner_code_)
      t.banner_code = text::number<int>(f.raw).value_or(0);
    else if (f.path == banner_)
      take(t.banner);
    else if (f.path == ehlo_)
      take(t.ehlo);
    else if (f.path == sent_)
      take(t.sent);
    else if (f.path == code_)
      t.code = text::number<int>(f.raw).value_or(0);
    else if (f.path == reply_)
      take(t.reply);
    else if (f.ordinal >= most_controls)
      continue;
    else if (f.path == control_sent_)
      take(control(f).sent);
    else if (f.path == control_code_)
      control(f).code = text::number<int>(f.raw).value_or(0);
    else if (f.path == control_reply_)
      take(control(f).reply);
  }
  if (ip)
    t.server = net::endpoint{*ip, port};
  return t;
}

namespace detail {

inline std::optional<dialog_texts> grab_in(const record::line& line, const record::path_set& paths,
                                           record::reader& reader, const dialog_reader& dialogs) {
  std::vector<field> fields;
  const auto keep = [&](std::size_t path, const record::value& v, std::size_t ordinal) {
    fields.push_back({static_cast<std::uint32_t>(path), static_cast<std::uint32_t>(ordinal), v.is, v.raw});
  };
  if (line.too_long || reader.read(line.text, paths, keep))
    return std::nullopt;
  auto texts = dialogs.read(fields);
  return texts.is_grab && texts.server ? std::optional(std::move(texts)) : std::nullopt;
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
    if (auto grab = detail::grab_in(line, paths, reader, dialogs)) {
      const auto server = *grab->server;
      grabs_.insert_or_assign(server, std::move(*grab));
    }
  if (in.error() != 0)
    throw cli::usage_error{fmt::format("cannot read '{}': {}", file, std::strerror(in.error()))};
  if (grabs_.empty())
    throw cli::usage_error{fmt::format("--compare: no grab of smtpgrab in '{}'", file)};
}

POSTROAD_DECL const dialog_texts* vantage::at(net::endpoint server) const {
  const auto found = grabs_.find(server);
  return found == grabs_.end() ? nullptr : &found->second;
}

} // namespace postroad::flow
