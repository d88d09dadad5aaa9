#include "allowlist/flow_set.h"

namespace fwprobe::allowlist {
namespace {

template <typename Value>
using Boxes = std::vector<FamilyBox<Value>>;

template <typename Box>
bool intersect(const Box& a, const Box& b) {
  return a.ports.intersects(b.ports) && a.protocols.intersects(b.protocols) &&
         a.sources.intersects(b.sources) && a.destinations.intersects(b.destinations);
}

/// What of `rest` is outside `cut` on one side goes to `kept`; `rest` is left with what is inside.
template <typename Box, typename Side>
void cut_side(Box& rest, const Box& cut, Side Box::* side, std::vector<Box>& kept) {
  auto outside = rest.*side - cut.*side;
  if (outside.empty()) return;
  auto inside = rest.*side & cut.*side;
  rest.*side = std::move(outside);
  kept.push_back(rest);
  rest.*side = std::move(inside);
}

/// `box` without `cut`, which it intersects: at most one piece a side, and none has a flow of another.
template <typename Box>
void subtract(Box box, const Box& cut, std::vector<Box>& kept) {
  cut_side(box, cut, &Box::ports, kept);
  cut_side(box, cut, &Box::protocols, kept);
  cut_side(box, cut, &Box::sources, kept);
  cut_side(box, cut, &Box::destinations, kept);
}

template <typename Value>
void subtract(Boxes<Value>& boxes, const FamilyBox<Value>& cut) {
  const auto hit = [&](const auto& box) { return intersect(box, cut); };
  if (std::ranges::none_of(boxes, hit)) return;
  Boxes<Value> kept;
  for (auto& box : boxes) {
    if (hit(box))
      subtract(std::move(box), cut, kept);
    else
      kept.push_back(std::move(box));
  }
  boxes = std::move(kept);
}

/// Two boxes that differ on one side only are one box.
template <typename Value>
bool merge(FamilyBox<Value>& box, const FamilyBox<Value>& next) {
  const bool ports = box.ports == next.ports;
  const bool protocols = box.protocols == next.protocols;
  const int same = (ports ? 1 : 0) + (protocols ? 1 : 0);
  if (same == 0) return false;
  const bool destinations = box.destinations == next.destinations;
  if (same + (destinations ? 1 : 0) < 2) return false;
  const bool sources = box.sources == next.sources;
  if (same + (destinations ? 1 : 0) + (sources ? 1 : 0) < 3) return false;
  if (!ports) box.ports = box.ports | next.ports;
  if (!protocols) box.protocols = box.protocols | next.protocols;
  if (!sources) box.sources = box.sources | next.sources;
  if (!destinations) box.destinations = box.destinations | next.destinations;
  return true;
}

template <typename Value>
void unite(Boxes<Value>& boxes, const FamilyBox<Value>& box) {
  Boxes<Value> news{box};
  for (const auto& present : boxes) subtract(news, present);
  for (auto& piece : news) {
    const auto merged = [&](FamilyBox<Value>& present) { return merge(present, piece); };
    if (std::ranges::none_of(boxes, merged)) boxes.push_back(std::move(piece));
  }
}

template <typename Value>
Boxes<Value> intersect(const Boxes<Value>& some, const Boxes<Value>& others) {
  Boxes<Value> common;
  for (const auto& a : some)
    for (const auto& b : others)
      if (intersect(a, b))
        common.push_back({a.sources & b.sources, a.destinations & b.destinations, a.protocols & b.protocols,
                          a.ports & b.ports});
  return common;
}

template <typename Value>
bool any_common(const Boxes<Value>& some, const Boxes<Value>& others) {
  return std::ranges::any_of(some, [&](const auto& a) {
    return std::ranges::any_of(others, [&](const auto& b) { return intersect(a, b); });
  });
}

template <typename Value>
bool holds(const Boxes<Value>& boxes, Value source, Value destination, const Flow& flow) {
  return std::ranges::any_of(boxes, [&](const auto& box) {
    return box.ports.contains(flow.port) && box.protocols.contains(flow.protocol) &&
           box.sources.contains(source) && box.destinations.contains(destination);
  });
}

template <typename Value>
RangeSet<Value> united(const Boxes<Value>& boxes, RangeSet<Value> FamilyBox<Value>::* side) {
  RangeSet<Value> all;
  for (const auto& box : boxes) all = all | box.*side;
  return all;
}

}  // namespace

FlowSet::FlowSet(const FlowBox& box) {
  if (box.protocols.empty() || box.ports.empty()) return;
  if (!box.sources.v4().empty() && !box.destinations.v4().empty())
    v4_.push_back({box.sources.v4(), box.destinations.v4(), box.protocols, box.ports});
  if (!box.sources.v6().empty() && !box.destinations.v6().empty())
    v6_.push_back({box.sources.v6(), box.destinations.v6(), box.protocols, box.ports});
}

bool FlowSet::contains(const Flow& flow) const {
  // PrefixSet knows what a mapped address is.
  const PrefixSet source{AddressRange{flow.source, flow.source}};
  const PrefixSet destination{AddressRange{flow.destination, flow.destination}};
  if (!source.v4().empty() && !destination.v4().empty())
    return holds(v4_, source.v4().ranges().front().first, destination.v4().ranges().front().first, flow);
  if (!source.v6().empty() && !destination.v6().empty())
    return holds(v6_, source.v6().ranges().front().first, destination.v6().ranges().front().first, flow);
  return false;
}

bool FlowSet::intersects(const FlowSet& other) const {
  return any_common(v4_, other.v4_) || any_common(v6_, other.v6_);
}

std::vector<FlowBox> FlowSet::boxes() const {
  std::vector<FlowBox> all;
  for (const auto& box : v4_)
    all.push_back({PrefixSet{box.sources, {}}, PrefixSet{box.destinations, {}}, box.protocols, box.ports});
  for (const auto& box : v6_)
    all.push_back({PrefixSet{{}, box.sources}, PrefixSet{{}, box.destinations}, box.protocols, box.ports});
  return all;
}

PrefixSet FlowSet::sources() const {
  return {united(v4_, &FamilyBox<std::uint32_t>::sources), united(v6_, &FamilyBox<Uint128>::sources)};
}

PrefixSet FlowSet::destinations() const {
  return {united(v4_, &FamilyBox<std::uint32_t>::destinations),
          united(v6_, &FamilyBox<Uint128>::destinations)};
}

FlowSet& FlowSet::operator|=(const FlowSet& other) {
  for (const auto& box : other.v4_) unite(v4_, box);
  for (const auto& box : other.v6_) unite(v6_, box);
  return *this;
}

FlowSet& FlowSet::operator-=(const FlowSet& other) {
  for (const auto& box : other.v4_) subtract(v4_, box);
  for (const auto& box : other.v6_) subtract(v6_, box);
  return *this;
}

FlowSet operator&(const FlowSet& a, const FlowSet& b) {
  FlowSet common;
  common.v4_ = intersect(a.v4_, b.v4_);
  common.v6_ = intersect(a.v6_, b.v6_);
  return common;
}

}  // namespace fwprobe::allowlist
