// Names that a DNS filter put at an address or alias of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "allowlist/prefix.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::ElementsAre;
using testing::HasSubstr;

Scene resolves(const char* host, std::vector<const char*> addresses, std::string alias = {}) {
  Scene scene{(std::string{"https://"} + host).c_str()};
  auto given = answer(host, addresses);
  if (!alias.empty()) given.aliases.push_back({host, std::move(alias)});
  const auto other = given.question.type == probe::DnsType::a ? probe::DnsType::aaaa : probe::DnsType::a;
  return scene.add(std::move(given)).add(lookup(host, other, probe::DnsStatus::nodata));
}

TEST(Sinkhole, ListedAddressesAndNames) {
  struct Row {
    const char* name;
    Scene scene;
    std::vector<std::string> expected;
  };
  const char* const host = "azure.example.com";
  const char* const listed = "fail dns.sinkhole resolver high";
  const Row rows[] = {
      {"Umbrella", resolves(host, {"146.112.61.106"}), {"pass", listed}},
      {"Umbrella's first", resolves(host, {"146.112.61.104"}), {"pass", listed}},
      {"Umbrella's last", resolves(host, {"146.112.61.110"}), {"pass", listed}},
      {"Umbrella over IPv6", resolves(host, {"::ffff:146.112.61.108"}), {"pass", listed}},
      {"before Umbrella's", resolves(host, {"146.112.61.103"}), {"pass"}},
      {"behind Umbrella's", resolves(host, {"146.112.61.111"}), {"pass"}},
      {"FortiGuard", resolves(host, {"208.91.112.55"}), {"pass", listed}},
      {"beside FortiGuard", resolves(host, {"208.91.112.53"}), {"pass"}},
      {"Palo Alto Networks", resolves(host, {"72.5.65.111"}), {"pass", listed}},
      {"Palo Alto Networks by its name, at an address that is not known",
       resolves(host, {"198.51.100.7"}, "sinkhole.paloaltonetworks.com."),
       {"pass", listed}},
      {"AdGuard over IPv6", resolves(host, {"2a10:50c0::bad1:ff"}), {"pass", listed}},
      {"measured only, so less sure",
       resolves(host, {"185.228.168.254"}),
       {"pass", "fail dns.sinkhole resolver medium"}},
      {"NextDNS by its name", resolves(host, {"198.51.100.7"}, "blockpage.nextdns.io"), {"pass", listed}},
      {"a name that only looks like it",
       resolves(host, {"198.51.100.7"}, "sinkhole.paloaltonetworks.com.example.net"),
       {"pass"}},
      {"one of two addresses",
       resolves(host, {"146.112.61.106", "198.51.100.7"}),
       {"pass", "warn dns.sinkhole resolver high"}},
      {"the filter's own name is there by right",
       resolves("block.opendns.com", {"146.112.61.106"}),
       {"pass"}},
      {"the sinkhole itself", resolves("sinkhole.paloaltonetworks.com", {"72.5.65.111"}), {"pass"}},
      {"another's name that ends like the filter's",
       resolves("notopendns.com", {"146.112.61.106"}),
       {"pass", listed}},
      {"no table is needed for an unusable address", resolves(host, {"0.0.0.0"}), {"pass", listed}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_dns)), row.expected);
  }
  const auto findings = rows[0].scene.judged_by(check_dns);
  EXPECT_THAT(words(findings), HasSubstr("a blocking address of Cisco Umbrella"));
  EXPECT_THAT(steps(findings), HasSubstr("Have azure.example.com allowed in Cisco Umbrella (OpenDNS)"));
  EXPECT_THAT(steps(rows[18].scene.judged_by(check_dns)), HasSubstr("allowed in the DNS filter"));
}

TEST(Sinkhole, WhatTheUserNamesHimselfIsNone) {
  EXPECT_THAT(brief(Scene{"https://146.112.61.106"}.judged_by(check_dns)), ElementsAre("skip"));
  auto scene = Scene{"https://azure.example.com"};
  scene.settings.overrides = {{"azure.example.com", {ip("146.112.61.106")}}};
  EXPECT_THAT(brief(scene.judged_by(check_dns)), ElementsAre("pass"));
}

TEST(Sinkhole, TheHostsFileIsThisMachinesOwn) {
  auto scene = Scene{"https://azure.example.com"};
  scene.machine.hosts_before_dns = true;
  scene.machine.hosts = {{"azure.example.com", {ip("208.91.112.55")}}};
  EXPECT_THAT(brief(scene.judged_by(check_dns)), ElementsAre("pass", "fail dns.sinkhole local high"));
}

TEST(Sinkhole, EveryRowIsAPrefix) {
  constexpr std::string_view prefixes[] = {
#define SINKHOLE(sureness, prefix, filter, own) prefix,
#define SINKHOLE_NAME(name, filter)
#include "checks/sinkholes.inc"
#undef SINKHOLE
#undef SINKHOLE_NAME
  };
  for (const auto prefix : prefixes) {
    const auto parsed = allowlist::parse_prefix(prefix);
    ASSERT_TRUE(parsed) << prefix;
    EXPECT_FALSE(parsed->host_bits) << prefix;
    EXPECT_EQ(allowlist::scope(parsed->prefix.network()), allowlist::Scope::global) << prefix;
  }
}

}  // namespace
}  // namespace fwprobe::checks
