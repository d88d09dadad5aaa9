#pragma once
// Sets of flows: who to whom, by which protocol, to which port; exact.

#include <cstdint>
#include <vector>

#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

using Protocols = RangeSet<std::uint8_t>;  ///< IANA's numbers: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6
using Ports = RangeSet<std::uint16_t>;

/// Source and destination are of one family.
struct Flow {
  asio::ip::address source;
  asio::ip::address destination;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
};

/// Every flow from any of the sources to any of the destinations with any of the protocols and ports. A
/// protocol without ports has its flows on every port: say all of them.
struct FlowBox {
  PrefixSet sources = PrefixSet::everything();
  PrefixSet destinations = PrefixSet::everything();
  Protocols protocols = Protocols::all();
  Ports ports = Ports::all();
  bool operator==(const FlowBox&) const = default;
};

/// The boxes of one family: disjoint, none empty.
template <typename Value>
struct FamilyBox {
  RangeSet<Value> sources;
  RangeSet<Value> destinations;
  Protocols protocols;
  Ports ports;
};

/// As boxes that have no flow in common. The same set may be cut into boxes in several ways; == compares the
/// sets. The work of an operator grows with the product of both sides' numbers of boxes, so a reader of
/// hostile rules keeps an eye on box_count().
class FlowSet {
 public:
  FlowSet() = default;
  /// Pairs of addresses of different families are no flows and are left out.
  explicit FlowSet(const FlowBox& box);
  static FlowSet everything() { return FlowSet{FlowBox{}}; }

  bool empty() const { return v4_.empty() && v6_.empty(); }
  bool contains(const Flow& flow) const;
  bool contains(const FlowSet& other) const { return (other - *this).empty(); }
  bool intersects(const FlowSet& other) const;
  std::size_t box_count() const { return v4_.size() + v6_.size(); }
  /// Each of one family.
  std::vector<FlowBox> boxes() const;
  /// Every source, or destination, that has a flow here.
  PrefixSet sources() const;
  PrefixSet destinations() const;

  FlowSet& operator|=(const FlowSet& other);
  FlowSet& operator-=(const FlowSet& other);
  friend FlowSet operator|(FlowSet a, const FlowSet& b) { return a |= b; }
  friend FlowSet operator-(FlowSet a, const FlowSet& b) { return a -= b; }
  friend FlowSet operator&(const FlowSet& a, const FlowSet& b);
  friend FlowSet operator~(const FlowSet& a) { return everything() - a; }
  bool operator==(const FlowSet& other) const { return contains(other) && other.contains(*this); }

 private:
  std::vector<FamilyBox<std::uint32_t>> v4_;
  std::vector<FamilyBox<Uint128>> v6_;
};

}  // namespace fwprobe::allowlist
