#include "allowlist/prefix_set.h"

#include <algorithm>
#include <bitset>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fwprobe::allowlist {
namespace {

using asio::ip::make_address;
using testing::ElementsAre;
using testing::IsEmpty;

Prefix prefix(std::string_view text) { return parse_prefix(text).value().prefix; }

PrefixSet set(std::initializer_list<std::string_view> texts) {
  std::vector<Prefix> prefixes;
  for (const auto text : texts) prefixes.push_back(prefix(text));
  return PrefixSet{prefixes};
}

PrefixSet range(std::string_view first, std::string_view last) {
  return PrefixSet{AddressRange{make_address(first), make_address(last)}};
}

std::vector<std::string> cover(const PrefixSet& of) {
  std::vector<std::string> texts;
  for (const auto& one : of.prefixes()) texts.push_back(one.text());
  return texts;
}

TEST(PrefixSet, IsExactAtItsEdges) {
  const std::vector<Prefix> prefixes{
      parse_prefix("77.92.124.0/27")->prefix, parse_prefix("77.92.124.32/27")->prefix,
      parse_prefix("255.255.255.255")->prefix, parse_prefix("2001:db8::/32")->prefix};
  const PrefixSet set{prefixes};
  for (const auto* inside : {"77.92.124.0", "77.92.124.31", "77.92.124.32", "77.92.124.63", "255.255.255.255",
                             "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:77.92.124.1"})
    EXPECT_TRUE(set.contains(make_address(inside))) << inside;
  for (const auto* outside :
       {"77.92.123.255", "77.92.124.64", "255.255.255.254", "2001:db7:ffff::", "2001:db9::", "::"})
    EXPECT_FALSE(set.contains(make_address(outside))) << outside;
  EXPECT_FALSE(PrefixSet{}.contains(make_address("192.0.2.1")));
}

TEST(PrefixSet, AgreesWithAskingEachPrefix) {
  std::mt19937 random{20260131};
  for (int round = 0; round < 200; ++round) {
    std::vector<Prefix> prefixes;
    for (int i = 0; i < 30; ++i) {
      asio::ip::address_v6::bytes_type bytes{};
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % 4);
      if (random() % 2 == 0)
        prefixes.emplace_back(asio::ip::address_v4{static_cast<std::uint32_t>(random() % 4096)},
                              20 + static_cast<int>(random() % 13));
      else
        prefixes.emplace_back(asio::ip::address_v6{bytes}, static_cast<int>(random() % 129));
    }
    const PrefixSet set{prefixes};
    for (int i = 0; i < 100; ++i) {
      asio::ip::address_v6::bytes_type bytes{};
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % 4);
      const asio::ip::address address =
          random() % 2 == 0
              ? asio::ip::address{asio::ip::address_v4{static_cast<std::uint32_t>(random() % 5000)}}
              : asio::ip::address{asio::ip::address_v6{bytes}};
      const bool expected =
          std::any_of(prefixes.begin(), prefixes.end(), [&](const Prefix& p) { return p.contains(address); });
      ASSERT_EQ(set.contains(address), expected) << address;
    }
  }
}

// ---- all numbers of eight bits as the universe: a set is a bitset, and nothing can be overlooked

using Small = RangeSet<std::uint8_t>;
using Model = std::bitset<256>;

Model model(const Small& of) {
  Model bits;
  for (const auto& [first, last] : of.ranges())
    for (int i = first; i <= last; ++i) bits.set(static_cast<std::size_t>(i));
  return bits;
}

/// Sorted, disjoint, with gaps: the one form that a set has.
bool is_canonical(const Small& of) {
  int behind = -2;
  for (const auto& [first, last] : of.ranges()) {
    if (first <= behind + 1 || last < first) return false;
    behind = last;
  }
  return true;
}

Small random_small(std::mt19937& random) {
  std::vector<Small::Item> ranges(random() % 8);
  for (auto& [first, last] : ranges) {
    first = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 2 * 250 : random());
    last = static_cast<std::uint8_t>(std::min<unsigned long>(255, first + random() % 40));
  }
  return Small{ranges};
}

TEST(RangeSet, OperationsAreThoseOfABruteForceModel) {
  std::mt19937 random{20260131};
  for (int round = 0; round < 50'000; ++round) {
    const auto a = random_small(random);
    const auto b = random_small(random);
    const auto x = model(a);
    const auto y = model(b);
    for (const auto& [got, expected] : {std::pair{a | b, x | y}, {a & b, x & y}, {a - b, x & ~y}, {~a, ~x}}) {
      ASSERT_TRUE(is_canonical(got));
      ASSERT_EQ(model(got), expected);
    }
    ASSERT_EQ(a.contains(b), (y & ~x).none());
    ASSERT_EQ(a.intersects(b), (x & y).any());
    ASSERT_EQ(a == b, x == y);
    ASSERT_EQ(a.empty(), x.none());
    ASSERT_EQ(a.is_all(), x.all());
    const auto value = static_cast<std::uint8_t>(random());
    ASSERT_EQ(a.contains(value), x[value]);
  }
}

TEST(RangeSet, LeapsOverLargeSetsAsItWalksThroughSmallOnes) {
  using Large = RangeSet<std::uint16_t>;
  std::mt19937 random{7};
  for (int round = 0; round < 300; ++round) {
    std::vector<Large::Item> many(3000);
    for (auto& [first, last] : many) first = last = static_cast<std::uint16_t>(random());
    const Large large{many};
    const Large small{
        std::vector<Large::Item>{many[0], many[1], {static_cast<std::uint16_t>(random()), 65535}}};
    std::bitset<65536> x;
    std::bitset<65536> y;
    for (const auto& [first, last] : large.ranges())
      for (std::size_t i = first; i <= last; ++i) x.set(i);
    for (const auto& [first, last] : small.ranges())
      for (std::size_t i = first; i <= last; ++i) y.set(i);
    const auto same = [](const Large& got, const std::bitset<65536>& expected) {
      std::bitset<65536> bits;
      for (const auto& [first, last] : got.ranges())
        for (std::size_t i = first; i <= last; ++i) bits.set(i);
      return bits == expected;
    };
    ASSERT_TRUE(same(large & small, x & y));
    ASSERT_TRUE(same(small & large, x & y));
    ASSERT_TRUE(same(large - small, x & ~y));
    ASSERT_TRUE(same(small - large, y & ~x));
    ASSERT_TRUE(same(small | large, x | y));
    ASSERT_EQ(large.contains(small), (y & ~x).none());
    ASSERT_EQ(small.intersects(large), (x & y).any());
  }
}

TEST(RangeSet, SortsManyRangesAsItSortsFew) {
  std::mt19937 random{3};
  std::vector<Ranges4::Item> ranges(4'000);  // twice as many as are few to sort()
  for (auto& [first, last] : ranges) {
    first = static_cast<std::uint32_t>(random());
    last = std::max(first, first + static_cast<std::uint32_t>(random() % 500'000));
  }
  Ranges4 one_by_one;
  for (const auto& [first, last] : ranges) one_by_one = one_by_one | Ranges4{first, last};
  EXPECT_TRUE(Ranges4{ranges} == one_by_one);
}

// ---- addresses

TEST(PrefixSet, HasTheFewestPrefixes) {
  struct Case {
    const char* name;
    PrefixSet given;
    std::vector<std::string> prefixes;
  };
  const Case cases[] = {
      {"nothing", {}, {}},
      {"everything", PrefixSet::everything(), {"0.0.0.0/0", "::/0"}},
      {"two halves are one", set({"0.0.0.0/1", "128.0.0.0/1"}), {"0.0.0.0/0"}},
      {"two halves of IPv6 are one", set({"::/1", "8000::/1"}), {"::/0"}},
      {"neighbours that no prefix holds stay two",
       set({"192.0.2.64/26", "192.0.2.128/26"}),
       {"192.0.2.64/26", "192.0.2.128/26"}},
      {"what lies inside another goes", set({"10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"}), {"10.0.0.0/8"}},
      {"a range from its first to its last address",
       range("192.0.2.1", "192.0.2.6"),
       {"192.0.2.1/32", "192.0.2.2/31", "192.0.2.4/31", "192.0.2.6/32"}},
      {"up to the last address",
       range("255.255.255.253", "255.255.255.255"),
       {"255.255.255.253/32", "255.255.255.254/31"}},
      {"all but the first address",
       ~set({"0.0.0.0/32", "::/0"}) & range("0.0.0.0", "0.0.0.7"),
       {"0.0.0.1/32", "0.0.0.2/31", "0.0.0.4/30"}},
      {"over the middle of IPv6",
       range("2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"),
       {"2001:db8::ffff:ffff:ffff:ffff/128", "2001:db8:0:1::/128"}},
      {"up to the last address of IPv6",
       range("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
       {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"}},
      {"mapped addresses are IPv4", range("::ffff:192.0.2.0", "::ffff:192.0.2.255"), {"192.0.2.0/24"}},
      {"a mapped prefix is IPv4", set({"::ffff:192.0.2.0/120"}), {"192.0.2.0/24"}},
  };
  for (const auto& row : cases) EXPECT_EQ(cover(row.given), row.prefixes) << row.name;
}

TEST(PrefixSet, CoversEveryRangeWithTheFewestPrefixes) {
  // The fewest by trying: a prefix tree over the last byte, in which a full node is one prefix.
  const auto fewest = [](const auto& self, int first, int last, int low, int size) -> int {
    if (last < low || low + size <= first) return 0;
    if (first <= low && low + size - 1 <= last) return 1;
    return self(self, first, last, low, size / 2) + self(self, first, last, low + size / 2, size / 2);
  };
  for (int first = 0; first < 256; ++first)
    for (int last = first; last < 256; ++last) {
      const Ranges4 v4{0xffffff00U + static_cast<unsigned>(first), 0xffffff00U + static_cast<unsigned>(last)};
      const Ranges6 v6{~Uint128{255} + static_cast<unsigned>(first),
                       ~Uint128{255} + static_cast<unsigned>(last)};
      const auto expected = static_cast<std::size_t>(fewest(fewest, first, last, 0, 256));
      for (const auto& one : {PrefixSet{v4, {}}, PrefixSet{{}, v6}}) {
        const auto prefixes = one.prefixes();
        ASSERT_EQ(prefixes.size(), expected) << first << " to " << last;
        ASSERT_TRUE(PrefixSet{prefixes} == one);
      }
    }
}

TEST(PrefixSet, CountsItsAddressesExactly) {
  EXPECT_EQ(PrefixSet{}.size().text(), "0");
  EXPECT_EQ(set({"0.0.0.0/0"}).size().text(), "4294967296");
  EXPECT_EQ(set({"::/1"}).size().text(), "170141183460469231731687303715884105728");
  EXPECT_EQ(set({"::/0"}).size().text(), "340282366920938463463374607431768211456");
  EXPECT_EQ(PrefixSet::everything().size().text(), "340282366920938463463374607436063178752");
  EXPECT_EQ((~set({"::1", "192.0.2.1"})).size().text(), "340282366920938463463374607436063178750");
  EXPECT_EQ(set({"77.92.124.0/27", "77.92.124.16/28", "2001:db8::/126"}).size().text(), "36");
  EXPECT_LT(set({"10.0.0.0/8"}).size(), set({"::/0"}).size());
}

TEST(PrefixSet, RelatesSetsOfBothFamilies) {
  const auto list = set({"77.92.124.0/27", "34.147.2.16", "2620:1ec:50::/48"});
  EXPECT_TRUE(list.contains(prefix("77.92.124.16/28")));
  EXPECT_FALSE(list.contains(prefix("77.92.124.0/26")));
  EXPECT_TRUE(list.contains(prefix("2620:1ec:50:1::/64")));
  EXPECT_TRUE(list.intersects(set({"77.92.124.0/26"})));
  EXPECT_FALSE(list.intersects(set({"77.92.124.32/27", "::ffff:0:0:0/96"})));
  EXPECT_TRUE(set({"::ffff:77.92.124.0/123"}).intersects(list)) << "mapped prefixes are IPv4";
  EXPECT_THAT(cover(list - set({"77.92.124.2", "2620:1ec:50::/49"})),
              ElementsAre("34.147.2.16/32", "77.92.124.0/31", "77.92.124.3/32", "77.92.124.4/30",
                          "77.92.124.8/29", "77.92.124.16/28", "2620:1ec:50:8000::/49"));
  EXPECT_THAT(cover(list & set({"0.0.0.0/0"})), ElementsAre("34.147.2.16/32", "77.92.124.0/27"));
  EXPECT_THAT(cover(list - PrefixSet::everything()), IsEmpty());
  EXPECT_TRUE(~~list == list);
  EXPECT_THAT(list.ranges(),
              ElementsAre(AddressRange{make_address("34.147.2.16"), make_address("34.147.2.16")},
                          AddressRange{make_address("77.92.124.0"), make_address("77.92.124.31")},
                          AddressRange{make_address("2620:1ec:50::"),
                                       make_address("2620:1ec:50:ffff:ffff:ffff:ffff:ffff")}));
}

}  // namespace
}  // namespace fwprobe::allowlist
