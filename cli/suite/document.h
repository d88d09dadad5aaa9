#pragma once
// The files of a suite as trees: what it includes, and the environment's variables in its values.

#include <deque>
#include <expected>
#include <filesystem>
#include <string>

#include "allowlist/yaml_tree.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// One file.
struct SuiteDocument {
  std::filesystem::path file;
  allowlist::YamlNode root;
};

/// What is wrong with a suite: "FILE:LINE:COLUMN: what, and what would be right".
UsageError wrong_at(const std::filesystem::path& file, allowlist::Place place, std::string_view message);

/// A file's content with its variables, without what it includes.
std::expected<SuiteDocument, UsageError> parse_document(std::string_view text, std::filesystem::path file,
                                                        const Variables& variables);

/// What it includes first, in their order, the suite itself last; a file that is included twice comes once.
std::expected<std::deque<SuiteDocument>, UsageError> load_documents(const std::filesystem::path& suite,
                                                                    const Variables& variables);

}  // namespace fwprobe::cli
