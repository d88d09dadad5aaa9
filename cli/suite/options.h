#pragma once
// The options of `check` in a suite: by their long names, taken from the one definition that the command line
// has.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checks/settings.h"
#include "cli/suite/reading.h"
#include "monitor/plan.h"

namespace fwprobe::cli {

/// Option by name; the nearest level that gives one wins.
using OptionLayer = std::map<std::string, Given, std::less<>>;

/// Every option of `check` that a suite may give: all but those about output and standard input.
class SuiteOptions {
 public:
  SuiteOptions();
  bool known(std::string_view name) const { return kinds_.contains(name); }
  std::vector<std::string> names() const;

  /// As words of a command line. Names of files are relative to the suite file in which they stand.
  std::vector<std::string> words(const OptionLayer& layer, SuiteReading& reading) const;

 private:
  enum class Kind : std::uint8_t { flag, single, repeatable };
  struct Option {
    Kind kind = Kind::single;
    bool file = false;  ///< its value is a file's name
    bool list = false;  ///< its value is a list's name or a file's
  };
  std::map<std::string, Option, std::less<>> kinds_;
};

/// Takes the options of a narrower level over those of a wider one. What excludes each other does so only at
/// the same level: 'no-proxy' of a target ends the 'proxy' of the defaults.
void overlay(OptionLayer& wider, const OptionLayer& narrower);

/// Makes manners of options, one for all that say the same.
class Manners {
 public:
  Manners(const SuiteOptions& options, const Variables& variables, std::string site)
      : options_{options}, variables_{variables}, site_{std::move(site)} {}

  /// `what` is named by errors that no single option has. Empty after an error.
  monitor::Manner of(const OptionLayer& layer, const Given& what, SuiteReading& reading);

 private:
  std::shared_ptr<probe::TlsContexts> contexts(const probe::TlsCredentials& credentials, const Given& what,
                                               SuiteReading& reading);

  const SuiteOptions& options_;
  const Variables& variables_;
  std::string site_;
  std::map<std::vector<std::string>, monitor::Manner> made_;
  std::map<std::vector<std::filesystem::path>, std::shared_ptr<probe::TlsContexts>> contexts_;
};

}  // namespace fwprobe::cli
