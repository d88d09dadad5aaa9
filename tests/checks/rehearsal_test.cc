#include "checks/rehearsal.h"

#include <gmock/gmock.h>

#include "allowlist/rules/formats.h"

namespace fwprobe::checks {
namespace {

using allowlist::parse_prefix;
using probe::IcmpErrors;
using probe::Passage;
using testing::ElementsAre;

std::vector<std::string> sources(std::string_view prefix) {
  std::vector<std::string> texts;
  for (const auto& one : rehearsal_sources(parse_prefix(prefix)->prefix)) texts.push_back(one.to_string());
  return texts;
}

TEST(RehearsalSources, AllOfASmallPrefixAreTaken) {
  EXPECT_THAT(sources("34.147.2.16"), ElementsAre("34.147.2.16"));
  EXPECT_THAT(sources("192.0.2.4/30"), ElementsAre("192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"));
  EXPECT_EQ(sources("77.92.124.0/27").size(), 32U);
  EXPECT_EQ(sources("2001:db8::/123").size(), 32U);
  EXPECT_THAT(sources("2001:db8::/127"), ElementsAre("2001:db8::", "2001:db8::1"));
}

TEST(RehearsalSources, OfALargePrefixTheEdgesAndTheSameSampleEachTime) {
  for (const auto* text :
       {"77.92.124.0/26", "20.0.0.0/8", "2001:db8::/122", "2001:db8::/64", "2001:db8::/32"}) {
    SCOPED_TRACE(text);
    const auto prefix = parse_prefix(text)->prefix;
    const auto all = rehearsal_sources(prefix);
    EXPECT_THAT(all.size(), testing::AllOf(testing::Ge(5U), testing::Le(8U)));
    EXPECT_EQ(all.front(), prefix.network());
    EXPECT_EQ(all.back(), prefix.last());
    for (const auto& one : all) EXPECT_TRUE(prefix.contains(one)) << one;
    EXPECT_EQ(all, rehearsal_sources(prefix));
  }
}

TEST(RehearsalSources, WhatCanBeNoSourceIsLeftOut) {
  EXPECT_THAT(sources("0.0.0.0"), ElementsAre());
  EXPECT_THAT(sources("127.0.0.0/30"), ElementsAre());
  EXPECT_THAT(sources("224.0.0.0/30"), ElementsAre());
  EXPECT_THAT(sources("255.255.255.255"), ElementsAre());
  EXPECT_THAT(sources("fe80::/127"), ElementsAre());
  EXPECT_THAT(sources("::"), ElementsAre());
  EXPECT_THAT(sources("0.0.0.0/0"), testing::Not(testing::Contains("0.0.0.0")));
  EXPECT_FALSE(sources("::/0").empty());
}

TEST(RehearsalComparison, OnlyWhatIsCertainCanBeContradicted) {
  struct Case {
    Passage kernel;
    EntryVerdict computed;
    IcmpErrors errors;
    bool agree;
  };
  using enum EntryVerdict;
  const Case cases[] = {
      {Passage::allowed, allowed, IcmpErrors::all_sent, true},
      {Passage::allowed, unknown, IcmpErrors::all_sent, true},
      {Passage::allowed, dropped, IcmpErrors::all_sent, false},
      {Passage::allowed, refused, IcmpErrors::limited, false},
      {Passage::allowed, blocked, IcmpErrors::all_sent, false},
      {Passage::refused, allowed, IcmpErrors::all_sent, false},
      {Passage::refused, refused, IcmpErrors::all_sent, true},
      {Passage::refused, dropped, IcmpErrors::all_sent, false},
      {Passage::refused, blocked, IcmpErrors::all_sent, true},
      {Passage::dropped, allowed, IcmpErrors::limited, false},
      {Passage::dropped, dropped, IcmpErrors::all_sent, true},
      {Passage::dropped, refused, IcmpErrors::all_sent, false},
      {Passage::dropped, refused, IcmpErrors::limited, true},
      {Passage::dropped, unknown, IcmpErrors::all_sent, true},
  };
  for (const auto& one : cases)
    EXPECT_EQ(agree(one.kernel, one.computed, one.errors), one.agree)
        << name(one.kernel) << " " << name(one.computed);
}

constexpr std::string_view rules = R"(table inet filter {
  chain pre { type nat hook prerouting priority -100; policy accept;
    ip saddr 198.51.100.7 tcp dport 443 dnat ip to 10.0.0.9:8443
    tcp dport 22 dnat ip to 10.0.0.8
  }
  chain input { type filter hook input priority 0; policy drop;
    ct state established,related accept
    ip saddr 192.0.2.0/30 tcp dport 443 accept
    ip saddr 192.0.2.6 reject
    ip saddr 20.0.0.0/8 ip saddr != 20.9.9.9 tcp dport 443 accept
    iifname "eth7" ip saddr 198.51.100.1 tcp dport 443 accept
  }
})";

class Rehearsing : public testing::Test {
 protected:
  Rehearsing() {
    rulesets.push_back(*allowlist::read_rules(rules, "rules.nft", {}));
    question.list = &list;
    question.service = {asio::ip::make_address("203.0.113.10"), 443};
    question.day = std::chrono::year{2026} / 1 / 1;
  }

  void plan_for(std::initializer_list<std::string_view> prefixes) {
    for (const auto prefix : prefixes) {
      allowlist::Entry entry;
      entry.what = parse_prefix(prefix)->prefix;
      list.entries.push_back(entry);
    }
    verdict = *judge_rules(rulesets, question);
    plan = *plan_rehearsal(rulesets, question, verdict);
    // A kernel that does what was computed.
    for (const auto computed : plan.computed)
      result.passages.push_back(computed == EntryVerdict::allowed   ? Passage::allowed
                                : computed == EntryVerdict::refused ? Passage::refused
                                                                    : Passage::dropped);
  }

  std::vector<RehearsedEntry> judge() const { return judge_rehearsal(plan, verdict, result); }

  std::vector<allowlist::Ruleset> rulesets;
  allowlist::Allowlist list;
  RulesQuestion question;
  RulesVerdict verdict;
  RehearsalPlan plan;
  probe::RehearsalResult result;
};

TEST_F(Rehearsing, AnAddressOfTwoEntriesIsTriedOnce) {
  plan_for({"192.0.2.0/30", "192.0.2.1"});
  EXPECT_EQ(plan.sources.size(), 4U);
  EXPECT_THAT(plan.entries, ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(1)));
}

TEST_F(Rehearsing, EachAddressHasItsOwnComputedWord) {
  plan_for({"192.0.2.2/31", "192.0.2.6/31", "198.51.100.1"});
  using enum EntryVerdict;
  EXPECT_THAT(plan.computed, ElementsAre(allowed, allowed, refused, dropped, unknown));
}

TEST_F(Rehearsing, AHoleInALargePrefixIsTriedThoughTheSampleMissesIt) {
  plan_for({"20.0.0.0/8"});
  EXPECT_THAT(plan.sources, testing::Contains(asio::ip::make_address("20.9.9.9")));
  EXPECT_EQ(judge().front().verdict, RehearsalVerdict::stopped);
  EXPECT_EQ(judge().front().example->address.to_string(), "20.9.9.9");
}

TEST_F(Rehearsing, TranslationsOfTheServiceOnlyAreListenedFor) {
  plan_for({"198.51.100.7"});
  EXPECT_THAT(plan.translated, ElementsAre(probe::TcpEndpoint{asio::ip::make_address("10.0.0.9"), 8443}));
}

TEST_F(Rehearsing, TheServiceIsNotItsOwnSource) {
  plan_for({"203.0.113.10"});
  EXPECT_TRUE(plan.sources.empty());
  EXPECT_EQ(judge().front().verdict, RehearsalVerdict::unknown);
  EXPECT_EQ(status(judge()), Status::error);
}

TEST_F(Rehearsing, AnEntryConnectsWhenAllOfItDoes) {
  plan_for({"192.0.2.0/30"});
  EXPECT_EQ(judge().front().verdict, RehearsalVerdict::connects);
  EXPECT_EQ(judge().front().connecting, 4U);
  EXPECT_EQ(judge().front().example, std::nullopt);
  EXPECT_EQ(status(judge()), Status::pass);
}

TEST_F(Rehearsing, APartThatIsStoppedFailsWithItsFirstAddress) {
  plan_for({"192.0.2.0/29", "2001:db8::1"});
  const auto entries = judge();
  EXPECT_EQ(entries[0].verdict, RehearsalVerdict::stopped);
  EXPECT_EQ(entries[0].connecting, 4U);
  EXPECT_EQ(entries[0].example->address.to_string(), "192.0.2.4");
  EXPECT_EQ(entries[1].verdict, RehearsalVerdict::skipped);
  EXPECT_EQ(status(entries), Status::fail);
}

TEST_F(Rehearsing, ADisagreementIsAnErrorWhateverElseFails) {
  plan_for({"192.0.2.0/30", "192.0.2.9"});
  result.passages[2] = Passage::dropped;
  const auto entries = judge();
  EXPECT_EQ(entries[0].verdict, RehearsalVerdict::disagrees);
  EXPECT_EQ(entries[0].example->address.to_string(), "192.0.2.2");
  EXPECT_EQ(entries[1].verdict, RehearsalVerdict::stopped);
  EXPECT_EQ(status(entries), Status::error);
}

TEST_F(Rehearsing, WhatDependsOnMoreThanTheRulesIsNoPass) {
  plan_for({"198.51.100.1"});
  result.passages[0] = Passage::allowed;
  EXPECT_EQ(judge().front().verdict, RehearsalVerdict::unknown);
  EXPECT_EQ(status(judge()), Status::error);
}

TEST_F(Rehearsing, AnAddressThatTheKernelDoesNotTakeIsNoPass) {
  plan_for({"192.0.2.0/30"});
  result.passages[3] = Passage::unusable;
  EXPECT_EQ(judge().front().verdict, RehearsalVerdict::unknown);
}

TEST_F(Rehearsing, WhatWasNotTriedIsNotSaidToBeStopped) {
  plan_for({"203.0.113.64/30"});
  result.passages.assign(4, Passage::unusable);
  EXPECT_EQ(judge().front().verdict, RehearsalVerdict::unknown);
  EXPECT_EQ(status(judge()), Status::error);
}

TEST_F(Rehearsing, TooManyAddressesAreRefused) {
  for (int i = 0; i < 1600; ++i) {
    allowlist::Entry entry;
    entry.what = allowlist::Prefix{asio::ip::address_v4{static_cast<std::uint32_t>(0x14000000 + i * 32)}, 27};
    list.entries.push_back(entry);
  }
  verdict = *judge_rules(rulesets, question);
  const auto refused = plan_rehearsal(rulesets, question, verdict);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), testing::HasSubstr("50000 addresses"));
}

}  // namespace
}  // namespace fwprobe::checks
