/// Dialogs that stand in records, read for stripdetect.
#pragma once

#include <postroad/config.hpp>
#include <postroad/flow/job.hpp>
#include <postroad/net/address.hpp>
#include <postroad/record/path.hpp>
#include <postroad/smtp/dialog.hpp>
#include <postroad/strip/classify.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace postroad::flow {

/// A dialog as a grab tells it; views into that grab.
struct told_dialog {
  bool is_grab = false; ///< there is a member `smtp` with an outcome
  std::optional<net::endpoint> server;
  int banner_code = 0;
  strip::heard heard{{}, {}, {}, 0, {}, {}};

  /// Did a mail server speak at all? Garbage has no code.
  [[nodiscard]] bool has_spoken() const { return banner_code != 0; }
};
[[nodiscard]] told_dialog dialog_of(const smtp::grab&, net::endpoint server);

/// Reads the member `smtp` from the fields that were found at its paths.
class dialog_reader {
public:
  explicit dialog_reader(record::path_set& paths);
  [[nodiscard]] told_dialog read(std::span<const fresh_field>) const;

private:
  enum class part : std::uint8_t {
    none,
    outcome,
    ip,
    port,
    banner_code,
    banner,
    ehlo,
    sent,
    code,
    reply,
    control_sent,
    control_code,
    control_reply
  };
  std::vector<part> parts_; ///< by path
};

/// The grabs of another vantage point, by server. Of several for one server the last counts.
class vantage {
public:
  /// Reads the records of a file; "-" is standard input. Throws usage_error when it cannot be read, or when
  /// no record in it holds a grab.
  explicit vantage(const std::string& file);
  [[nodiscard]] const told_dialog* at(net::endpoint) const;

private:
  void keep(told_dialog);

  std::map<net::endpoint, told_dialog> grabs_;
  std::deque<std::string> texts_; ///< what they view
};

/// Classifies a dialog, beside that of the same server elsewhere where `elsewhere` knows one, and appends the
/// member `strip` to `json`.
outcome judge_dialog(const told_dialog&, const vantage* elsewhere, std::string& json);

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/strip_use.ipp>
#endif
