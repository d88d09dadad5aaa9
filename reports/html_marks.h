#pragma once
// A status by sign, colour and word: none of them alone.

#include "checks/finding.h"
#include "reports/html.h"

namespace fwprobe::reports {

/// "fail": the style sheet has its colours.
std::string status_class(checks::Status status);
/// "failed": for a sentence.
std::string_view status_word(checks::Status status);

/// A sign as large as the text beside it, which says the same: hidden from screen readers.
Html mark(checks::Status status);
/// The sign for the middle of a picture, 18 units wide.
Html mark_at(checks::Status status, double x, double y);

/// A number of a picture: "12.5".
std::string units(double value);
/// A part of the whole as SVG has it: 0.125 is "12.5%".
std::string percent(double part);

}  // namespace fwprobe::reports
