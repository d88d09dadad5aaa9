#pragma once
// The addresses of a list, as a set: what the algebra on lists works with.

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

struct LoadedSet {
  PrefixSet addresses;
  std::vector<std::string> notes;  ///< what is left out or remarkable, each a sentence
};

/// The prefixes that are in force at `day` of entries of both directions, in any format that load() takes; a
/// plain list may have millions of lines.
std::expected<LoadedSet, ListError> load_set(std::string_view name_or_file, const LoadOptions& options,
                                             std::chrono::year_month_day day);

/// The prefixes of a list that are in force, as a set.
PrefixSet addresses(const Allowlist& list, std::chrono::year_month_day day);

/// A note for a set that holds every address of a family; nothing otherwise.
std::vector<std::string> width_notes(const PrefixSet& addresses);

}  // namespace fwprobe::allowlist
