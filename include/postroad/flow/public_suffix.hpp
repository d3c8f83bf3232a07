/// The public-suffix list, as Debian's package publicsuffix keeps it, through libpsl.
#pragma once

#include <postroad/cli/options.hpp>

#include <memory>
#include <string>

#if defined(POSTROAD_WITH_PSL)
#include <libpsl.h>
#endif

namespace postroad::flow {

/// Example: registrable("a.b.example.co.uk") is "example.co.uk"; of "co.uk" it is "".
class public_suffix_list {
public:
  static constexpr const char* usual_file = "/usr/share/publicsuffix/public_suffix_list.dat";

  /// Throws usage_error when there is no list to be had.
  explicit public_suffix_list(const std::string& file = usual_file) {
#if defined(POSTROAD_WITH_PSL)
    list_.reset(psl_load_file(file.c_str()));
    if (!list_)
      throw cli::usage_error{"--discovery: no public-suffix list in " + file +
                             "; install the package publicsuffix"};
#else
    throw cli::usage_error{"--discovery: built without libpsl; only walk is there, not " + file};
#endif
  }

  [[nodiscard]] std::string registrable([[maybe_unused]] const std::string& domain) const {
#if defined(POSTROAD_WITH_PSL)
    const char* const found = psl_registrable_domain(list_.get(), domain.c_str());
    return found == nullptr ? std::string{} : std::string(found);
#else
    return {};
#endif
  }

private:
#if defined(POSTROAD_WITH_PSL)
  struct freed {
    void operator()(psl_ctx_t* list) const noexcept { psl_free(list); }
  };
  std::unique_ptr<psl_ctx_t, freed> list_;
#endif
};

} // namespace postroad::flow
