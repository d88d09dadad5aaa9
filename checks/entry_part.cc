#include "checks/entry_part.h"

#include <algorithm>

#include "allowlist/port_text.h"

namespace fwprobe::checks {
namespace {

/// Parts that differ in one of their sides only become one.
template <typename Side, typename Other, typename Another>
void unite(std::vector<EntryPart>& parts, Side side, Other other, Another another) {
  std::vector<EntryPart> united;
  for (auto& part : parts) {
    const auto same = std::ranges::find_if(united, [&](const EntryPart& one) {
      return one.*other == part.*other && one.*another == part.*another;
    });
    if (same == united.end())
      united.push_back(std::move(part));
    else
      (*same).*side = (*same).*side | part.*side;
  }
  parts = std::move(united);
}

}  // namespace

std::vector<EntryPart> parts_of(const allowlist::FlowSet& flows, const allowlist::FlowBox& whole) {
  std::vector<EntryPart> parts;
  for (const auto& box : flows.boxes()) parts.push_back({box.destinations, box.ports, box.sources, {}});
  unite(parts, &EntryPart::destinations, &EntryPart::ports, &EntryPart::sources);
  unite(parts, &EntryPart::ports, &EntryPart::destinations, &EntryPart::sources);
  unite(parts, &EntryPart::sources, &EntryPart::destinations, &EntryPart::ports);
  for (auto& part : parts) {
    if (part.destinations == whole.destinations) part.destinations = {};
    if (part.ports == whole.ports) part.ports = {};
    part.other_sources = whole.sources - part.sources;
    if (part.other_sources.empty()) part.sources = {};
  }
  return parts;
}

std::vector<std::string> range_texts(const allowlist::Ports& ports) {
  std::vector<std::string> texts;
  for (const auto& [first, last] : ports.ranges()) texts.push_back(allowlist::text({first, last}));
  return texts;
}

}  // namespace fwprobe::checks
