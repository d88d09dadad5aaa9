#pragma once
// The way of a request through its layers, and where it breaks, in the words that every report uses.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "checks/investigation.h"

namespace fwprobe::reports {

struct Layer {
  checks::Check check;
  std::string_view label;  ///< "DNS"
  std::string_view kind;   ///< of the measurements whose time is shown; empty: none
};

/// In the order in which a request meets them.
std::span<const Layer> layers();

/// The worst finding of a check; none when it has none.
std::optional<checks::Status> status_of(const checks::Investigation& investigation, checks::Check check);

/// How long the first measurement of a kind took: the one that the target's own way begins with.
std::optional<std::chrono::nanoseconds> time_of(const checks::Investigation& investigation,
                                                std::string_view kind);

/// "on the path, behind hop 2 (198.51.100.1), in front of 203.0.113.1"
std::string where_text(const checks::Location& location);
/// "whoever runs the server"
std::string_view who_text(checks::Responsible responsible);
/// "here: at this vantage or on its way"
std::string_view fault_text(checks::Fault fault);

/// The diagnosis, for a target that did not pass; else null.
const checks::Diagnosis* trouble(const checks::Investigation& investigation);

}  // namespace fwprobe::reports
