#pragma once
// The answer of `fwprobe rules rehearse`.

#include <string>
#include <vector>

#include "checks/rehearsal.h"

namespace fwprobe::reports {

struct RehearsalAnswer {
  std::string list;
  std::string service;  ///< "203.0.113.10:443"
  std::vector<std::string> files;
  std::string interface;  ///< the network's towards the sources, in force for rules that name one
  checks::RulesVerdict computed;
  std::vector<checks::RehearsedEntry> entries;  ///< of the computed verdict's entries
};

std::string rehearsal_text(const RehearsalAnswer& answer);
/// An array of "fwprobe/rehearsal/v1" documents' answers.
std::string rehearsal_json(const std::vector<RehearsalAnswer>& answers);

}  // namespace fwprobe::reports
