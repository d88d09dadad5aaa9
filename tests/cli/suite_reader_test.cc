#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/suite/names.h"
#include "cli/suite/suite.h"

namespace fwprobe::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::expected<Suite, UsageError> read(std::string_view text, const Variables& variables = {}) {
  auto document = parse_document(text, "s.yaml", variables);
  if (!document) return std::unexpected{document.error()};
  std::deque<SuiteDocument> documents;
  documents.push_back(std::move(*document));
  return understand_suite(documents, variables);
}

struct Mistake {
  const char* what;
  const char* text;
  const char* said;
};

TEST(SuiteReader, TellsEveryMistakeWithItsPlace) {
  const Mistake mistakes[] = {
      {"an unknown key", "targets: [tcp://h:1]\njbos: 3\n",
       "s.yaml:2:1: unknown key 'jbos'; did you mean 'jobs'?"},
      {"an unknown option", "defaults: {timeuot: 3s}\n",
       "s.yaml:1:12: unknown key 'timeuot'; did you mean 'timeout'?"},
      {"an option about output", "defaults: {format: json}\n", "s.yaml:1:12: unknown key 'format'"},
      {"standard input", "defaults: {token-stdin: true}\n",
       "s.yaml:1:12: nobody stands at a suite's standard input"},
      {"a key twice", "jobs: 1\njobs: 2\n", "s.yaml:2:1: 'jobs' is there twice, first on line 1"},
      {"no value", "jobs:\n", "s.yaml:1:1: 'jobs' has no value"},
      {"a value of an option", "targets:\n  - target: https://h/\n    timeout: soon\n",
       "s.yaml:3:14: timeout: 'soon' is not"},
      {"a number out of its range", "targets: [{target: h, attempts: 0}]\n", "s.yaml:1:33: attempts"},
      {"no boolean", "targets: [{target: h, methods: yes}]\n", "s.yaml:1:32: 'yes' is not true or false"},
      {"a list where one value is meant", "targets: [{target: h, timeout: [1s]}]\n",
       "s.yaml:1:32: 'timeout' is one value"},
      {"what excludes each other", "defaults: {ipv4: true, ipv6: true}\ntargets: [h]\n",
       "-4 and -6 exclude each other"},
      {"a target that is none", "targets: ['ftp://h/']\n", "s.yaml:1:11: "},
      {"no target", "jobs: 3\n", "s.yaml:1:1: there is no target"},
      {"neither target nor list", "targets: [{name: x}]\n", "s.yaml:1:11: a target needs"},
      {"a target twice", "targets:\n  - tcp://h:1\n  - tcp://h:1\n",
       "s.yaml:3:5: 'tcp://h:1' is there twice, first at s.yaml:2"},
      {"an id twice", "targets:\n  - {target: a, id: x}\n  - {target: b, id: x}\n",
       "s.yaml:3:5: the id 'x' is there twice"},
      {"an id that is none", "targets: [{target: a, id: 'A B'}]\n", "s.yaml:1:27: 'A B' is no id"},
      {"an expectation", "targets: [{target: a, expect: maybe}]\n", "s.yaml:1:31: 'maybe' is no expectation"},
      {"an unknown cause", "targets: [{target: a, expect: fail tcp.refuse}]\n",
       "did you mean 'tcp.refused'?"},
      {"a group that is misspelt", "groups: {dbs: {}}\ntargets: [{target: a, group: bds}]\n",
       "did you mean 'dbs'?"},
      {"a short interval", "defaults: {interval: 10ms}\n", "s.yaml:1:22: an interval is at least 1s"},
      {"an inbound list", "targets: [{allowlist: appcircle}]\n",
       "s.yaml:1:23: appcircle lists sources to let in"},
      {"an id of a list", "targets: [{allowlist: azure-devops, id: x}]\n",
       "s.yaml:1:11: the targets of a list have their own"},
      {"a misfit", "targets: ['tcp://h:1', {target: 'tcp://h:2', upload: 1MiB}]\n", "s.yaml:1:24: "},
      {"a variable that is not set", "site: ${NONE}\n", "s.yaml:1:7: the variable NONE is not set"},
      {"a dollar sign", "site: $HOME\n", "s.yaml:1:7: a '$' begins"},
      {"a variable's name", "site: ${1x}\n", "s.yaml:1:7: '1x' is not a variable's name"},
      {"an anchor", "jobs: &a 3\n", "s.yaml:1:7: anchors are not accepted"},
      {"an address to listen on", "serve: {listen: [localhost]}\n",
       "s.yaml:1:18: 'localhost' is not ADDRESS:PORT"},
      {"a rule with host bits", "serve: {allow: ['10.0.0.1/8:443']}\n", "write 10.0.0.0/8"},
      {"ports of a rule", "serve: {allow: ['h.example:0']}\n", "s.yaml:1:17: '0' is not a port"},
      {"a module's option", "serve: {modules: {m: {retries: 3}}}\n", "s.yaml:1:23: unknown key 'retries'"},
      {"days", "serve: {retention: 30}\n", "s.yaml:1:20: retention: '30' is not a number of days; write 90d"},
      {"a receiver without a place", "notices: {receivers: [{name: a}]}\n", "s.yaml:1:23: url is missing"},
      {"a receiver with two places", "notices: {receivers: [{name: a, url: 'http://h/', url-env: X}]}\n",
       "s.yaml:1:51: a receiver has one of"},
      {"a receiver's profile", "notices: {receivers: [{name: a, profile: web}]}\n",
       "s.yaml:1:33: unknown key 'profile'"},
  };
  for (const auto& [what, text, said] : mistakes) {
    const auto suite = read(text);
    ASSERT_FALSE(suite) << what;
    EXPECT_THAT(suite.error().message, HasSubstr(said)) << what;
  }
}

TEST(SuiteReader, NearerLevelsWin) {
  const auto suite =
      read(R"(defaults: {timeout: 1s, proxy: "http://p:1", tags: [a], expect: fail, interval: 5m}
groups: {g: {timeout: 2s, tags: [b]}}
targets:
  - https://one.example/
  - {target: https://two.example/, group: g, tags: [a, c]}
  - {target: https://three.example/, group: g, timeout: 3s, no-proxy: true, expect: pass, interval: 2s, confirm: 3}
)");
  ASSERT_TRUE(suite) << suite.error().message;
  const auto& targets = suite->plan.targets;
  ASSERT_EQ(targets.size(), 3U);
  EXPECT_EQ(targets[0].manner.settings->timeout, std::chrono::seconds{1});
  EXPECT_EQ(targets[1].manner.settings->timeout, std::chrono::seconds{2});
  EXPECT_EQ(targets[2].manner.settings->timeout, std::chrono::seconds{3});
  EXPECT_EQ(targets[1].expect.status, checks::Status::fail);
  EXPECT_EQ(targets[2].expect.status, checks::Status::pass);
  EXPECT_THAT(targets[1].tags, ElementsAre("a", "b", "c"));
  EXPECT_EQ(targets[2].group, "g");
  EXPECT_EQ(targets[2].interval, std::chrono::seconds{2});
  EXPECT_EQ(targets[2].confirm, 3);
  EXPECT_EQ(targets[2].manner.settings->proxy_source.kind, checks::ProxySource::Kind::none);
}

TEST(SuiteReader, TargetsThatSayTheSameShareTheirManner) {
  const auto suite = read(
      "defaults: {timeout: 1s}\ntargets: ['tcp://a:1', 'tcp://b:1', {target: 'tcp://c:1', timeout: 1s},"
      " {target: 'tcp://d:1', timeout: 2s}]\n");
  ASSERT_TRUE(suite) << suite.error().message;
  const auto& targets = suite->plan.targets;
  EXPECT_EQ(targets[0].manner.settings, targets[1].manner.settings);
  EXPECT_EQ(targets[0].manner.settings, targets[2].manner.settings);
  EXPECT_NE(targets[0].manner.settings, targets[3].manner.settings);
  EXPECT_EQ(targets[0].manner.contexts, targets[3].manner.contexts);
}

TEST(SuiteReader, WhatAVariableHoldsStaysOneValue) {
  const auto suite =
      read("site: '${A} ${B:-none} $$'\ntargets: [tcp://h:1]\n", {{"A", "x]\nevil: y #"}, {"B", ""}});
  ASSERT_FALSE(suite);  // a line break is no name
  EXPECT_THAT(suite.error().message, StartsWith("s.yaml:1:7: "));
  const auto plain = read("site: '${A} ${B:-none} $$'\ntargets: [tcp://h:1]\n", {{"A", "x: [y]"}});
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->plan.site, "x: [y] none $");
}

TEST(SuiteReader, ServesPartsAreRead) {
  const auto suite = read(R"(targets: [tcp://h:1]
serve:
  listen: [127.0.0.1:9876, "[::1]:9876"]
  web-config: web.yml
  database: x.db
  retention: 7d
  jitter: 0.25
  modules: {http_2xx: {profile: web, timeout: 2s}}
  allow: ["*.example.com:443", "10.0.0.0/8:443,8000-8100", "[2001:db8::/32]:443", h.example, 192.0.2.1]
notices:
  group-wait: 3s
  receivers:
    - {name: a, type: slack, url-env: U, authorization-env: T, groups: [g], tags: [t], timeout: 1s}
)",
                          {{"U", "https://hooks.example/x\n"}, {"T", "Bearer x"}});
  ASSERT_TRUE(suite) << suite.error().message;
  const auto& plan = suite->plan;
  EXPECT_EQ(plan.web.listen.size(), 2U);
  EXPECT_EQ(plan.web.config, "web.yml");
  EXPECT_EQ(plan.history.retention, std::chrono::days{7});
  EXPECT_EQ(plan.jitter, 0.25);
  ASSERT_EQ(plan.web.modules.size(), 1U);
  EXPECT_EQ(plan.web.modules[0].manner.settings->timeout, std::chrono::seconds{2});
  ASSERT_EQ(plan.web.allowed.size(), 5U);
  EXPECT_EQ(std::get<allowlist::Domain>(plan.web.allowed[0].where), (allowlist::Domain{"example.com", true}));
  EXPECT_THAT(plan.web.allowed[1].ports,
              ElementsAre(allowlist::PortRange{443, 443}, allowlist::PortRange{8000, 8100}));
  EXPECT_EQ(std::get<allowlist::Prefix>(plan.web.allowed[2].where).text(), "2001:db8::/32");
  EXPECT_TRUE(plan.web.allowed[3].ports.empty());
  ASSERT_EQ(plan.notices.receivers.size(), 1U);
  EXPECT_EQ(plan.notices.receivers[0].kind, monitor::ReceiverKind::slack);
  EXPECT_EQ(plan.notices.receivers[0].url.expose(), "https://hooks.example/x");
}

TEST(SuiteReader, AListsTargetsAreThoseAtWhichSomebodyMustAnswer) {
  const auto suite = read("targets: [{allowlist: azure-devops, tags: [azure]}]\n");
  ASSERT_TRUE(suite) << suite.error().message;
  ASSERT_FALSE(suite->plan.targets.empty());
  for (const auto& watched : suite->plan.targets) {
    EXPECT_EQ(watched.group, "azure-devops");
    EXPECT_THAT(watched.tags, ElementsAre("azure"));
    EXPECT_FALSE(watched.target.host.address) << watched.target.text();
  }
  EXPECT_EQ(suite->notes.size(), 2U);  // wildcards, and prefixes
}

TEST(SuiteIds, AreTheSameWhateverElseTheSuiteHolds) {
  EXPECT_EQ(id_of("https://azure.example.com/"), "https-azure.example.com");
  EXPECT_EQ(id_of("tcp://db.example.com:1433"), "tcp-db.example.com-1433");
  EXPECT_NE(id_of("https://h/a"), id_of("https://h/a/"));
  EXPECT_NE(id_of("https://h/a-b"), id_of("https://h/a/b"));
  EXPECT_LE(id_of("https://h/" + std::string(5000, 'x')).size(), 100U);
  for (const auto* text : {"https://h/a?b=c", "tcp://[2001:db8::1]:443", "https://H/%20"})
    EXPECT_TRUE(parse_id(id_of(text))) << id_of(text);
}

}  // namespace
}  // namespace fwprobe::cli
