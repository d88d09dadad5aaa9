#include "allowlist/flow_set.h"

#include <bitset>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fwprobe::allowlist {
namespace {

using asio::ip::make_address;
using testing::SizeIs;

PrefixSet prefixes(std::string_view text) { return PrefixSet{parse_prefix(text).value().prefix}; }

// ---- a universe of 2 families × 4 sources × 4 destinations × 3 protocols × 4 ports, in which a set is a
// bitset. Its values lie at the ends of their types, where arithmetic goes wrong.

constexpr std::size_t universe = 2 * 4 * 4 * 3 * 4;
using Model = std::bitset<universe>;

constexpr std::uint8_t protocol_of(std::size_t i) { return i < 2 ? static_cast<std::uint8_t>(i) : 255; }
constexpr std::uint16_t port_of(std::size_t i) {
  return static_cast<std::uint16_t>(i < 2 ? i : 65532 + i);  // 0, 1, 65534, 65535
}

asio::ip::address address_of(std::size_t family, std::size_t i) {
  const auto low = static_cast<std::uint32_t>(i < 2 ? i : i + 252);
  if (family == 0) return asio::ip::address_v4{i < 2 ? low : 0xffffff00U + low};
  return address_v6(i < 2 ? Uint128{low} : ~Uint128{255} + low);
}

template <typename Each>
void for_each_flow(Each each) {
  std::size_t at = 0;
  for (std::size_t family = 0; family < 2; ++family)
    for (std::size_t source = 0; source < 4; ++source)
      for (std::size_t destination = 0; destination < 4; ++destination)
        for (std::size_t protocol = 0; protocol < 3; ++protocol)
          for (std::size_t port = 0; port < 4; ++port)
            each(at++, Flow{address_of(family, source), address_of(family, destination),
                            protocol_of(protocol), port_of(port)});
}

Model model(const FlowSet& of) {
  Model bits;
  for_each_flow([&](std::size_t at, const Flow& flow) { bits[at] = of.contains(flow); });
  return bits;
}

PrefixSet random_addresses(std::mt19937& random) {
  PrefixSet some;
  for (std::size_t family = 0; family < 2; ++family)
    for (std::size_t i = 0; i < 4; ++i)
      if (random() % 2 == 0)
        some = some | PrefixSet{AddressRange{address_of(family, i), address_of(family, i)}};
  return some;
}

FlowBox random_box(std::mt19937& random) {
  FlowBox box{random_addresses(random), random_addresses(random), {}, {}};
  for (std::size_t i = 0; i < 3; ++i)
    if (random() % 2 == 0) box.protocols = box.protocols | Protocols{protocol_of(i), protocol_of(i)};
  for (std::size_t i = 0; i < 4; ++i)
    if (random() % 2 == 0) box.ports = box.ports | Ports{port_of(i), port_of(i)};
  return box;
}

bool in(const FlowBox& box, const Flow& flow) {
  return box.sources.contains(flow.source) && box.destinations.contains(flow.destination) &&
         box.protocols.contains(flow.protocol) && box.ports.contains(flow.port);
}

TEST(FlowSet, OperationsAreThoseOfABruteForceModel) {
  std::mt19937 random{20260131};
  for (int round = 0; round < 400; ++round) {
    FlowSet a;
    FlowSet b;
    Model x;
    Model y;
    for (int i = 0; i < 4; ++i) {
      const auto box = random_box(random);
      auto& side = i % 2 == 0 ? a : b;
      auto& bits = i % 2 == 0 ? x : y;
      side |= FlowSet{box};
      for_each_flow([&](std::size_t at, const Flow& flow) { bits[at] = bits[at] || in(box, flow); });
    }
    ASSERT_EQ(model(a), x);
    ASSERT_EQ(model(a | b), x | y);
    ASSERT_EQ(model(a & b), x & y);
    ASSERT_EQ(model(a - b), x & ~y);
    ASSERT_EQ(model(~a), ~x);
    ASSERT_EQ(a.contains(b), (y & ~x).none());
    ASSERT_EQ(a.intersects(b), (x & y).any());
    ASSERT_EQ(a == b, x == y);
    ASSERT_EQ((a - b).empty(), (x & ~y).none());
    // The boxes that it is cut into are disjoint, and it is they.
    Model seen;
    for (const auto& box : (a | b).boxes()) {
      const auto part = model(FlowSet{box});
      ASSERT_TRUE((seen & part).none());
      seen |= part;
    }
    ASSERT_EQ(seen, x | y);
  }
}

TEST(FlowSet, HoldsNothingBetweenTheFamilies) {
  EXPECT_TRUE(FlowSet({prefixes("0.0.0.0/0"), prefixes("::/0")}).empty());
  EXPECT_FALSE(
      FlowSet::everything().contains({make_address("192.0.2.1"), make_address("2001:db8::1"), 6, 443}));
  EXPECT_TRUE(
      FlowSet::everything().contains({make_address("192.0.2.1"), make_address("::ffff:192.0.2.2"), 6, 1}))
      << "a mapped address is an IPv4 address";
  EXPECT_TRUE((~FlowSet::everything()).empty());
  EXPECT_TRUE(~FlowSet{} == FlowSet::everything());
}

TEST(FlowSet, LeavesWhatARuleDoesNotLetThrough) {
  const FlowBox wanted{prefixes("77.92.124.0/27"), prefixes("192.0.2.80"), {6, 6}, {443, 443}};
  FlowSet open{FlowBox{prefixes("77.92.124.0/28"), PrefixSet::everything(), {6, 6}, {1, 1023}}};
  const auto missing = FlowSet{wanted} - open;
  ASSERT_THAT(missing.boxes(), SizeIs(1));
  EXPECT_TRUE(missing.boxes()[0] ==
              (FlowBox{prefixes("77.92.124.16/28"), wanted.destinations, wanted.protocols, wanted.ports}));
  open |= FlowSet{FlowBox{prefixes("77.92.124.16/28"), PrefixSet::everything(), {6, 6}, {1, 1023}}};
  EXPECT_THAT(open.boxes(), SizeIs(1)) << "boxes that differ on one side only become one";
  EXPECT_TRUE(open.contains(FlowSet{wanted}));
  EXPECT_TRUE(open.sources() == prefixes("77.92.124.0/27"));
  EXPECT_TRUE(missing.destinations() == prefixes("192.0.2.80"));
}

}  // namespace
}  // namespace fwprobe::allowlist
