#pragma once
// The names of the hops of a trace: convenient for people, and nothing that a verdict rests on.

#include <optional>
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/ledger.h"
#include "probe/measurement.h"

namespace fwprobe::checks {

/// What to ask for the name of the hop that has answered; the loop waits for none of it. One resolver is
/// enough.
std::vector<Planned> name_questions(const Case& the_case, const probe::PathStep& step);

/// Whether nothing else depends on the answer, so that no run goes on for it.
bool is_optional(const probe::Question& question);

/// The first name of this address; nothing when none came.
std::optional<std::string> name_of(const Evidence& evidence, const asio::ip::address& address);

}  // namespace fwprobe::checks
