#pragma once
// What `fwprobe explain` prints and docs/causes.md holds: the cause table as text. Pure.

#include <string>
#include <string_view>

#include "checks/cause.h"

namespace fwprobe::checks {

/// The page of one cause, lines of at most 80 columns.
std::string explain_text(const CauseRow& row);

/// Every cause with its title, by layer.
std::string explain_all();

/// Stands in docs/causes.md between what is written by hand and what comes from the table.
inline constexpr std::string_view generated_mark =
    "<!-- from here on generated from checks/causes.inc; FWPROBE_UPDATE_GOLDEN=1 writes it anew -->";

/// docs/causes.md: its heading, `extra` (Markdown, the rules of the diagnosis), the mark, and then every
/// cause.
std::string causes_markdown(std::string_view extra);

}  // namespace fwprobe::checks
