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
                           "2001:db8::/129", "example.com/8", "10.0.0.0/8/8", "fe80::1%1/64", " 10.0.0.0/8",
                           "10.0.0.0/-0", "10.0.0.0/+8", "10.0.0.0/08", "fe80::1%0/10", "2001:db8::1%eth0"})
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
      {"2001:2::1", Scope::reserved},
      {"2001:1::2", Scope::global},
      {"2001:200::1", Scope::global},
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
