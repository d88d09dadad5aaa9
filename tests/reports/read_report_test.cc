#include "reports/read_report.h"

#include <cstdlib>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sample_report.h"

namespace fwprobe::reports {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

Report read(const std::string& text) {
  auto report = read_report(text, "report.json");
  if (!report) throw std::runtime_error{report.error()};
  return std::move(*report);
}

/// What a run would have said about the sample's measurements.
Report judged_sample() {
  auto report = tests::sample_report();
  for (auto& target : report.targets) checks::conclude(target, *target.settings);
  return report;
}

Report judged_again(const Report& report) {
  auto again = read(render_json(report));
  for (auto& target : again.targets) checks::conclude(target, *target.settings);
  return again;
}

/// The sample's measurements alone.
Report unjudged_sample() {
  auto report = tests::sample_report();
  for (auto& target : report.targets) {
    target.findings.clear();
    target.diagnosis.reset();
    target.status = checks::Status::error;
  }
  return report;
}

TEST(ReadReport, JudgingAgainGivesTheSameReport) {
  const auto report = judged_sample();
  EXPECT_EQ(render_json(judged_again(report)), render_json(report));
  const TextStyle style{false, 100, true};
  EXPECT_EQ(render_text(judged_again(report), style), render_text(report, style));
}

TEST(ReadReport, KeepsWhatOnlyAFollowUpOrAListHas) {
  auto report = unjudged_sample();
  auto& target = report.targets.front();
  auto twice = tests::lookup("azure.example.com", {"198.51.100.7"});
  twice.question.listen = probe::DnsListen::all;
  twice.others = {{probe::DnsStatus::answered, {asio::ip::make_address("203.0.113.9")}},
                  {probe::DnsStatus::nxdomain, {}}};
  twice.strangers = 3;
  tests::measure(target, {}, twice);
  auto settings = *target.settings;
  ASSERT_FALSE(settings.allowlists.empty());
  settings.allowlists.front().entries.front().issuers = {"Example Issuing CA"};
  target.settings = std::make_shared<const checks::Settings>(settings);

  const auto again = read(render_json(report));
  const auto lookups = again.targets.front().evidence.all<probe::DnsLookup>();
  EXPECT_EQ(lookups.back()->question, twice.question);
  EXPECT_EQ(lookups.back()->others, twice.others);
  EXPECT_EQ(lookups.back()->strangers, twice.strangers);
  EXPECT_EQ(again.targets.front().settings->allowlists.front().entries.front().issuers,
            settings.allowlists.front().entries.front().issuers);
  EXPECT_EQ(render_json(again), render_json(report));
}

TEST(ReadReport, ReadsBytesThatAreNotUtf8AndBodiesThatAreNotWholeInTheReport) {
  auto report = unjudged_sample();
  auto& target = report.targets.emplace_back(report.targets[1]);
  target.evidence = {};
  auto bodies = {std::string(20'000, 'x') + "end", std::string{"\xff\xfe\0binary", 9},
                 std::string(300'000, '\xff'), std::string{}};
  for (const auto& body : bodies) tests::measure(target, {}, tests::exchange(1, body));
  auto cut = tests::cut_exchange(1);
  cut.result.error().first_bytes = "\x16\x03\xff\xfe";
  tests::measure(target, {}, cut);

  const auto again = read(render_json(report));
  const auto exchanges = again.targets.back().evidence.all<probe::HttpExchange>();
  ASSERT_EQ(exchanges.size(), bodies.size() + 1);
  for (std::size_t i = 0; i < bodies.size(); ++i)
    EXPECT_EQ(exchanges[i]->result->body, bodies.begin()[i]) << i;
  EXPECT_EQ(exchanges.back()->result.error().first_bytes, "\x16\x03\xff\xfe");
  EXPECT_EQ(render_json(again), render_json(report));
}

TEST(ReadReport, TheSampleHasEveryKind) {
  std::set<std::size_t> kinds;
  for (const auto& target : tests::sample_report().targets)
    for (const auto& measurement : target.evidence.measurements()) kinds.insert(measurement.fact.index());
  EXPECT_EQ(kinds.size(), std::variant_size_v<probe::Fact>)
      << "a new kind: add a measurement of it to sample_report.h";
}

/// Pointers to every value that is no object or array.
void leaves(const json& value, const json::json_pointer& at, std::vector<json::json_pointer>& found) {
  if (value.is_structured() && !value.empty())
    for (const auto& [key, member] : value.items())
      leaves(member, value.is_array() ? at / std::stoul(key) : at / key, found);
  else
    found.push_back(at);
}

/// What is judged, or follows from other fields.
bool is_derived(const std::string& pointer) {
  // Not std::regex, which GCC 12 warns about under the sanitizers.
  static const testing::Matcher<const std::string&> derived = testing::MatchesRegex(
      "/schema|/tool/.*|/summary/.*|/run/vantage/egress"
      "|/targets/[0-9]+/(host|port|scheme|status|diagnosis.*|findings.*)"
      "|/targets/[0-9]+/settings/allowlists/[0-9]+/name"
      "|.*/measurements/[0-9]+/subject|.*/(error|message|body_bytes)");
  return derived.Matches(pointer);
}

json changed(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number_integer()) return value.get<long>() + 1;
  if (value.is_number()) return value.get<double>() + 1;
  if (value.is_string()) return value.get<std::string>() + "x";
  return "put in place of null or nothing";
}

TEST(ReadReport, EveryFieldThatIsWrittenIsRead) {
  const auto original = json::parse(render_json(unjudged_sample()));
  ASSERT_EQ(json::parse(render_json(read(original.dump()))), original);
  std::vector<json::json_pointer> all;
  leaves(original, json::json_pointer{}, all);
  ASSERT_GT(all.size(), 500U);
  for (const auto& pointer : all) {
    if (is_derived(pointer.to_string())) continue;
    auto edited = original;
    edited[pointer] = changed(original[pointer]);
    const auto report = read_report(edited.dump(), "r");
    if (!report) {
      // What is read is refused by its own name.
      EXPECT_THAT(report.error(), StartsWith("r: /")) << pointer;
      continue;
    }
    EXPECT_NE(json::parse(render_json(*report)), original)
        << pointer << " is written and not read: see the struct's fields() in reports/";
  }
}

TEST(ReadReport, AReportOfBeforeNamesAndLabelsIsRead) {
  auto document = json::parse(render_json(unjudged_sample()));
  std::size_t erased = 0;
  for (auto& target : document["targets"])
    for (auto& measurement : target["measurements"]) {
      if (measurement["kind"] == "dns") erased += measurement.erase("names");
      if (measurement["kind"] != "path") continue;
      for (auto& step : measurement["steps"])
        if (!step["icmp"].is_null()) erased += step["icmp"].erase("mpls");
    }
  ASSERT_GT(erased, 5U);
  EXPECT_TRUE(read_report(document.dump(), "r"));
}

struct Anything {
  template <typename T>
  operator T() const {
    std::abort();  // never called: only its type is looked at
  }
};

/// How many fields an aggregate has.
template <typename T, typename... Found>
constexpr std::size_t field_count() {
  if constexpr (requires { T{Found{}..., Anything{}}; })
    return field_count<T, Found..., Anything>();
  else
    return sizeof...(Found);
}

TEST(ReadReport, EveryFieldOfAMeasurementIsInTheReport) {
  using namespace probe;
  const auto* what =
      "a new field: name it in fields() of reports/measurement_json.cc, give it a value in sample_report.h "
      "and a line in docs/report.schema.json; then count it here";
  EXPECT_EQ(field_count<Measurement>(), 4U) << what;
  EXPECT_EQ(field_count<EnvironmentQuestion>(), 1U) << what;
  EXPECT_EQ(field_count<Environment>(), 8U) << what;
  EXPECT_EQ(field_count<ResolverConfig>(), 3U) << what;
  EXPECT_EQ(field_count<DnsQuestion>(), 5U) << what;
  EXPECT_EQ(field_count<DnsOther>(), 2U) << what;
  EXPECT_EQ(field_count<DnsLookup>(), 12U) << what;
  EXPECT_EQ(field_count<IcmpError>(), 5U) << what;
  EXPECT_EQ(field_count<MplsLabel>(), 4U) << what;
  EXPECT_EQ(field_count<TcpQuestion>(), 4U) << what;
  EXPECT_EQ(field_count<TcpInfo>(), 4U) << what;
  EXPECT_EQ(field_count<TcpEnd>(), 4U) << what;
  EXPECT_EQ(field_count<TcpEstablished>(), 4U) << what;
  EXPECT_EQ(field_count<TransportFailure>(), 2U) << what;
  EXPECT_EQ(field_count<ConnectFailure>(), 3U) << what;
  EXPECT_EQ(field_count<PathQuestion>(), 4U) << what;
  EXPECT_EQ(field_count<PathStep>(), 5U) << what;
  EXPECT_EQ(field_count<TunnelQuestion>(), 5U) << what;
  EXPECT_EQ(field_count<TunnelOpen>(), 1U) << what;
  EXPECT_EQ(field_count<TunnelFailure>(), 7U) << what;
  EXPECT_EQ(field_count<TlsQuestion>(), 5U) << what;
  EXPECT_EQ(field_count<Certificate>(), 13U) << what;
  EXPECT_EQ(field_count<TlsSession>(), 5U) << what;
  EXPECT_EQ(field_count<TlsFailure>(), 9U) << what;
  EXPECT_EQ(field_count<TlsHandshake>(), 9U) << what;
  EXPECT_EQ(field_count<HttpRequest>(), 5U) << what;  // one of them is of trials alone
  EXPECT_EQ(field_count<HttpQuestion>(), 3U) << what;
  EXPECT_EQ(field_count<HttpResponse>(), 8U) << what;
  EXPECT_EQ(field_count<HttpFailure>(), 7U) << what;
  EXPECT_EQ(field_count<HttpExchange>(), 3U) << what;
  EXPECT_EQ(field_count<SshIdentification>(), 3U) << what;
  EXPECT_EQ(field_count<SshFailure>(), 2U) << what;
  EXPECT_EQ(field_count<TrialQuestion>(), 5U) << what;
  EXPECT_EQ(field_count<Delivery>(), 4U) << what;
  EXPECT_EQ(field_count<HttpTrial>(), 4U) << what;
  EXPECT_EQ(field_count<IdleQuestion>(), 3U) << what;
  EXPECT_EQ(field_count<IdleWatch>(), 5U) << what;
  EXPECT_EQ(field_count<KeepAlive>(), 4U) << what;
  EXPECT_EQ(field_count<SshQuestion>(), 2U) << what;
  EXPECT_EQ(field_count<SshOffer>(), 6U) << what;
  EXPECT_EQ(field_count<SshHostKey>(), 3U) << what;
  EXPECT_EQ(field_count<SshKeyFailure>(), 3U) << what;
  EXPECT_EQ(field_count<SshBanner>(), 5U) << what;
}

TEST(ReadReport, NoSecretIsWritten) {
  EXPECT_THAT(render_json(tests::sample_report()), testing::Not(HasSubstr("sekret")));
}

struct Wrong {
  const char* name;
  const char* pointer;  ///< of what is put in
  json value;
  const char* said;
};

TEST(ReadReport, SaysWhereAReportIsWrongAndWhatWouldBeRight) {
  const auto original = json::parse(render_json(tests::sample_report()));
  const Wrong rows[] = {
      {"another schema", "/schema", "other/v1",
       "r: /schema: other/v1 is not read here; fwprobe/report/v1 is"},
      {"a newer schema", "/schema", "fwprobe/report/v2",
       "r: /schema: fwprobe/report/v2 is of a newer fwprobe; this one reads fwprobe/report/v1"},
      {"no targets", "/targets", json::array(), "r: /targets: is an array with at least one target"},
      {"targets of another type", "/targets/0", 7, "r: /targets/0: 7 is not an object"},
      {"a target that is none", "/targets/0/target", "ftp://x/",
       "r: /targets/0/target: \"ftp://x/\" is not a target"},
      {"no settings", "/targets/1/settings", nullptr, "r: /targets/1/settings: is missing"},
      {"an unknown kind", "/targets/1/measurements/1/kind", "ping",
       "/targets/1/measurements/1/kind: is not a kind"},
      {"an id twice", "/targets/1/measurements/1/id", "m1", "/targets/1: m1 is the id of two measurements"},
      {"no id", "/targets/1/measurements/1/id", "7", "null or the id of a measurement, such as \"m4\""},
      {"a number as text", "/targets/1/measurements/1/attempts", "1",
       "\"1\" is not an integer from 0 to 255"},
      {"a number out of range", "/targets/1/measurements/1/attempts", 256,
       "256 is not an integer from 0 to 255"},
      {"an enumerator", "/targets/1/measurements/1/transport", "quic", "\"quic\" is not one of udp, tcp"},
      {"an address", "/targets/1/measurements/1/addresses/0/address", "1.2.3", "such as 192.0.2.1"},
      {"an endpoint", "/targets/1/measurements/2/remote", "203.0.113.10", "an address with a port"},
      {"neither success nor failure", "/targets/1/measurements/2/established", nullptr,
       "either this or failure is null"},
      {"a time", "/targets/1/measurements/0/started", "2026-02-30T00:00:00.000Z",
       "such as 2026-01-31T09:30:00.123Z"},
      {"a time without end", "/targets/1/measurements/0/started", "9999-01-01T00:00:00.000Z",
       "a time in UTC"},
      {"a time at which nobody measured", "/run/started", "1677-09-22T00:00:00.000Z",
       "between the years 1970 and 2200"},
      {"a duration", "/targets/1/measurements/0/duration_ms", -1, "a duration in milliseconds"},
      {"a duration without end", "/targets/1/measurements/0/duration_ms", 1e300,
       "a duration in milliseconds"},
      {"a control character", "/targets/0/target", "\x1b[2J", "\\u001b[2J"},
      {"a list that is not there", "/targets/0/settings/allowlists/0/at", 9,
       "a list that the report does not hold"},
      {"a proxy", "/targets/0/settings/proxies/variables/0/value", "ftp://x", "HTTPS_PROXY: ftp:// proxies"},
      {"both prefix and domain", "/allowlists/0/entries/1/prefix", "10.0.0.0/8",
       "either a prefix or a domain"},
  };
  for (const auto& row : rows) {
    auto edited = original;
    edited[json::json_pointer{row.pointer}] = row.value;
    const auto report = read_report(edited.dump(), "r");
    ASSERT_FALSE(report) << row.name;
    EXPECT_THAT(report.error(), HasSubstr(row.said)) << row.name;
  }
}

TEST(ReadReport, SaysLineAndColumnWhereItIsNoJson) {
  const auto said = [](const std::string& text) {
    const auto report = read_report(text, "r");
    return report ? "was read" : report.error();
  };
  EXPECT_THAT(said("{\n  \"schema\": nil\n}"), StartsWith("r:2:14: not JSON: "));
  EXPECT_THAT(said(""), StartsWith("r:1:1: not JSON: "));
  EXPECT_THAT(said("{\"a\": \"\x1b\"}"), StartsWith("r:1:8: not JSON: "));
  EXPECT_THAT(said("[1e999]"), HasSubstr("not JSON"));
  EXPECT_EQ(said("[]"), "r: the document is not an object");
  EXPECT_THAT(said("{}"), StartsWith("r: /schema: is missing"));
  EXPECT_THAT(said(std::string(100'000, '[')), HasSubstr("deeper than 64 levels"));
  std::string many = "[0";
  for (int i = 0; i < 4'000'000; ++i) many += ",0";
  EXPECT_THAT(said(many + "]"), HasSubstr("more than 4 million values"));
  std::string large;
  large.resize(report_limit + 1, ' ');
  EXPECT_THAT(said(large), HasSubstr("larger than 64 MiB"));
}

TEST(ReadReport, UnpacksNoMoreThanABodyMayHold) {
  auto report = tests::sample_report();
  std::string large;
  large.resize(9'000'000, 'x');
  tests::measure(report.targets[1], {}, tests::exchange(1, large));
  EXPECT_THAT(read_report(render_json(report), "r").error(), HasSubstr("/body_gzip: "));
}

}  // namespace
}  // namespace fwprobe::reports
