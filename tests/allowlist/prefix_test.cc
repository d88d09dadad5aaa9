#include "allowlist/prefix.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace fwprobe::allowlist {
namespace {

using asio::ip::make_address;

TEST(Prefix, IsReadAsItsNetwork) {
  struct Case {
    const char* given;
    const char* network;
    const char* last;
    bool host_bits;
  };
  const Case cases[] = {
      {"77.92.124.2/27", "77.92.124.0/27", "77.92.124.31", true},
      {"77.92.102.192/28", "77.92.102.192/28", "77.92.102.207", false},
      {"34.147.2.16", "34.147.2.16/32", "34.147.2.16", false},
      {"0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", false},
      {"10.1.2.3/0", "0.0.0.0/0", "255.255.255.255", true},
      {"2620:1ec:50::/48", "2620:1ec:50::/48", "2620:1ec:50:ffff:ffff:ffff:ffff:ffff", false},
      {"2001:db8::1/33", "2001:db8::/33", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", true},
      {"::/0", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
      {"::ffff:192.0.2.0/120", "192.0.2.0/24", "192.0.2.255", false},
      {"::ffff:192.0.2.1", "192.0.2.1/32", "192.0.2.1", false},
  };
  for (const auto& row : cases) {
    const auto parsed = parse_prefix(row.given);
    ASSERT_TRUE(parsed) << row.given << ": " << parsed.error();
    EXPECT_EQ(parsed->prefix.text(), row.network) << row.given;
    EXPECT_EQ(parsed->prefix.last(), make_address(row.last)) << row.given;
    EXPECT_EQ(parsed->host_bits, row.host_bits) << row.given;
  }
}

TEST(Prefix, ThatIsNoneIsRefused) {
  for (const auto* text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8",
                           "2001:db8::/129", "example.com/8", "10.0.0.0/8/8", "fe80::1%1/64", " 10.0.0.0/8"})
    EXPECT_FALSE(parse_prefix(text)) << text;
  EXPECT_FALSE(parse_prefix(std::string(1000, '1')));
}

TEST(Prefix, HoldsItsOwnFamilyOnly) {
  const auto v4 = parse_prefix("0.0.0.0/0")->prefix;
  const auto v6 = parse_prefix("::/0")->prefix;
  EXPECT_TRUE(v4.contains(make_address("8.8.8.8")));
  EXPECT_TRUE(v4.contains(make_address("::ffff:8.8.8.8"))) << "a mapped address is an IPv4 address";
  EXPECT_FALSE(v4.contains(make_address("2001:db8::1")));
  EXPECT_FALSE(v6.contains(make_address("8.8.8.8")));
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

TEST(Scope, FollowsTheSpecialPurposeRegistries) {
  const std::pair<const char*, Scope> cases[] = {
      {"8.8.8.8", Scope::global},
      {"0.1.2.3", Scope::unspecified},
      {"10.0.0.1", Scope::private_use},
      {"172.15.255.255", Scope::global},
      {"172.16.0.0", Scope::private_use},
      {"172.31.255.255", Scope::private_use},
      {"172.32.0.0", Scope::global},
      {"100.64.0.1", Scope::shared},
      {"100.128.0.0", Scope::global},
      {"127.255.0.1", Scope::loopback},
      {"169.254.1.1", Scope::link_local},
      {"192.168.1.1", Scope::private_use},
      {"192.0.2.1", Scope::documentation},
      {"224.0.0.1", Scope::multicast},
      {"255.255.255.255", Scope::reserved},
      {"192.0.0.9", Scope::global},
      {"192.0.0.1", Scope::reserved},
      {"::", Scope::unspecified},
      {"::1", Scope::loopback},
      {"::ffff:127.0.0.1", Scope::loopback},
      {"fe80::1", Scope::link_local},
      {"fc00::1", Scope::unique_local},
      {"fdff::1", Scope::unique_local},
      {"2001:db8::1", Scope::documentation},
      {"2620:1ec:50::1", Scope::global},
      {"ff02::1", Scope::multicast},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(scope(make_address(text)), expected) << text;
  EXPECT_TRUE(is_private(Scope::shared));
  EXPECT_FALSE(is_private(Scope::loopback));
}

}  // namespace
}  // namespace fwprobe::allowlist
