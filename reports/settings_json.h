#pragma once
// The settings that judging depends on, as a report holds them. Never secrets: of a token only that there was
// one.

#include "checks/settings.h"
#include "reports/archive.h"

namespace fwprobe::reports {

/// `lists`: the allowlists of the whole report; targets name them by their place in it.
Json settings_json(const checks::Settings& settings, std::vector<const allowlist::Allowlist*>& lists);
/// Settings by which the checks judge as they did; nothing can be measured by them.
void read_settings(Reader& io, checks::Settings& settings, const std::vector<allowlist::Allowlist>& lists);

Json allowlist_json(const allowlist::Allowlist& list);
void fields(Reader& io, allowlist::Allowlist& list);

}  // namespace fwprobe::reports
