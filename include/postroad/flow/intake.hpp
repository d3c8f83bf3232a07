/// What a line of input is: a record to work on, one to pass on, a reject, or nothing.
#pragma once

#include <postroad/flow/job.hpp>
#include <postroad/outcome.hpp>
#include <postroad/record/path.hpp>
#include <postroad/record/reader.hpp>
#include <postroad/record/stdio.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroad::flow {

/// What one line came to. The views point into the line or into the intake and live until the next call.
struct taken {
  enum class kind : std::uint8_t { nothing, reject, pass, work } is = kind::nothing;
  std::string_view record{}; ///< pass, work: a JSON object, readable slack behind it
  std::string_view why{};    ///< reject: in plain words
  const std::vector<fresh_field>* fields = nullptr;
  const std::vector<record::present>* there = nullptr; ///< members that are to be replaced
  bool plain_domain = false;                           ///< all it says is a domain, as it is asked for
};

/// Parses lines, each in one pass.
class intake {
public:
  /// `member` is what the filter writes; `extras` further members that it may write (--each). With `only`,
  /// records whose member has none of these outcomes are passed on.
  intake(record::path_set& paths, std::string_view member, std::vector<std::string_view> extras,
         std::vector<outcome> only);

  [[nodiscard]] taken look(const record::line& line);
  /// The subject of a record that look() gave for work.
  [[nodiscard]] subject subject_of(const taken&) const;
  /// Whom the record is about, in bytes: its address, else its domain, else its host, else all of it.
  [[nodiscard]] std::string_view shard_key(const taken&) const;

private:
  [[nodiscard]] taken look_at_object(std::string_view object);
  /// The record of a plain domain: what the reader would find in it is known.
  [[nodiscard]] taken look_at_domain(std::string_view domain);

  record::path_set& paths_;
  record::reader reader_;
  std::vector<std::string_view> replaceable_; ///< by path: the member's name, empty for the others
  std::size_t outcome_path_, domain_path_, host_path_, ip_path_, port_path_;
  std::vector<outcome> only_;
  std::string word_;
  std::vector<fresh_field> fields_;
  std::vector<record::present> there_;
};

} // namespace postroad::flow

#if !defined(POSTROAD_SEPARATE_COMPILATION)
#include <postroad/flow/impl/intake.ipp>
#endif
