#pragma once
// Where the access token comes from. Never from an argument's value: those are visible to every user of the
// machine.

#include <expected>
#include <optional>
#include <string>

#include "cli/usage.h"
#include "probe/secret.h"

namespace fwprobe::cli {

struct TokenSource {
  std::string variable;  ///< --token-env
  std::string file;      ///< --token-file
  bool standard_input = false;
};

/// The token without the line end that editors and `echo` add; none when no source was named.
std::expected<std::optional<probe::Secret>, UsageError> read_token(const TokenSource& source,
                                                                   const Variables& variables);

}  // namespace fwprobe::cli
