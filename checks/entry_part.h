#pragma once
// Which part of an outbound entry a set of flows is.

#include <string>
#include <vector>

#include "allowlist/flow_set.h"

namespace fwprobe::checks {

/// What is empty is not narrowed: all of the entry's destinations or ports, all sources that were asked
/// about.
struct EntryPart {
  allowlist::PrefixSet destinations;
  allowlist::Ports ports;
  allowlist::PrefixSet sources;
  allowlist::PrefixSet other_sources;  ///< that were asked about as well
};

/// `flows` in as few parts as its boxes allow; `whole` is the entry's one box.
std::vector<EntryPart> parts_of(const allowlist::FlowSet& flows, const allowlist::FlowBox& whole);

/// "443", "8000-8010".
std::vector<std::string> range_texts(const allowlist::Ports& ports);

}  // namespace fwprobe::checks
