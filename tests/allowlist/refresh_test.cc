#include "allowlist/refresh.h"

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "allowlist/publishers.h"

namespace fwprobe::allowlist {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::chrono::year_month_day day{std::chrono::year{2026}, std::chrono::month{8},
                                          std::chrono::day{21}};

Edition edition(std::string_view plain) {
  auto read = read_edition(plain, "list.txt", "", day);
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return read ? *read : Edition{};
}

std::string marked(std::string_view mark) {
  return fmt::format(R"({{{}, "prefixes": [{{"ipv4Prefix": "192.0.2.0/24"}}]}})", mark);
}

struct Case {
  const char* name;
  const char* kept;
  const char* fetched;
  const char* said;  ///< empty: nothing
};

const Case cases[] = {
    {"the same", "192.0.2.0/24\n", "192.0.2.0/24\n", ""},
    {"a fifth less is not suspicious",
     "192.0.2.0/26\n192.0.2.64/26\n192.0.2.128/26\n192.0.2.192/26\n198.51.100.0/26\n",
     "192.0.2.0/26\n192.0.2.64/26\n192.0.2.128/26\n192.0.2.192/26\n", ""},
    {"half of the entries", "192.0.2.0/24\n198.51.100.0/24\n", "192.0.2.0/24\n", "50 % fewer entries"},
    {"as many entries with fewer addresses", "192.0.2.0/24\n", "192.0.2.0/25\n", "50 % fewer IPv4 addresses"},
    {"IPv4 that is gone beside IPv6", "192.0.2.0/24\n2001:db8::/32\n", "2001:db8:1::/48\n2001:db8::/32\n",
     "100 % fewer IPv4 addresses"},
    {"everything", "192.0.2.0/24\n", "192.0.2.0/24\n0.0.0.0/0\n", "0.0.0.0/0, which is wider"},
    {"wide IPv6", "2001:db8::/32\n", "2001:db8::/32\n2000::/15\n", "2000::/15, which is wider"},
    {"wide, and kept already", "16.0.0.0/7\n", "16.0.0.0/7\n", ""},
    {"a new family of an ordinary size", "192.0.2.0/24\n", "192.0.2.0/24\n2001:db8::/32\n", ""},
    {"many times as much of IPv4", "10.0.0.0/16\n", "10.0.0.0/8\n11.0.0.0/8\n",
     "more than 10 times as many IPv4 addresses"},
    {"many times as much of IPv6", "2001:db8::/32\n", "2001::/16\n2002::/16\n",
     "more than 10 times as many IPv6 addresses"},
    {"much of a family that was not there", "2001:db8::/32\n", "2001:db8::/32\n10.0.0.0/8\n11.0.0.0/8\n",
     "more than 10 times as many IPv4 addresses"},
    {"many times as much of little", "10.0.0.0/24\n", "10.0.0.0/9\n", ""},
    {"much more of much", "10.0.0.0/8\n", "10.0.0.0/8\n11.0.0.0/8\n16.0.0.0/8\n", ""},
    {"/8 and /16 are not too wide", "192.0.2.0/24\n2001:db8::/32\n",
     "192.0.2.0/24\n16.0.0.0/8\n2001:db8::/32\n2a00::/16\n", ""},
};

TEST(Refresh, WhatIsSuspicious) {
  for (const auto& row : cases) {
    const auto kept = edition(row.kept);
    const auto said = suspicions(edition(row.fetched), &kept);
    if (std::string_view{row.said}.empty())
      EXPECT_THAT(said, IsEmpty()) << row.name;
    else
      EXPECT_THAT(said, testing::Contains(HasSubstr(row.said))) << row.name;
  }
}

TEST(Refresh, AFirstEditionIsJudgedAlone) {
  EXPECT_THAT(suspicions(edition("192.0.2.0/24\n"), nullptr), IsEmpty());
  EXPECT_THAT(suspicions(edition("0.0.0.0/0\n"), nullptr), ElementsAre(HasSubstr("0.0.0.0/0")));
}

/// All of IPv4 in prefixes of a usual length.
std::string everything(int parts) {
  std::string text;
  for (int n = 0; n < parts; ++n) text += fmt::format("{}.0.0.0/8\n", n);
  return text;
}

TEST(Refresh, EverythingInManyPrefixesIsEverything) {
  const auto all = edition(everything(256));
  EXPECT_THAT(suspicions(all, nullptr), ElementsAre(HasSubstr("100.0 % of all IPv4 addresses")));
  const auto kept = edition("192.0.2.0/24\n");
  EXPECT_THAT(suspicions(all, &kept), ElementsAre(HasSubstr("100.0 % of all IPv4 addresses")));
  EXPECT_THAT(suspicions(all, &all), IsEmpty());
  EXPECT_THAT(suspicions(edition(everything(64)), nullptr), IsEmpty());
}

std::string sample(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{SOURCE_DIR "/tests/allowlist/data/lists/" + file}.rdbuf();
  return text.str();
}

TEST(Refresh, APublisherIsNotBelievedInAnothersFormat) {
  const struct {
    const char* publisher;
    const char* file;
    const char* said;  ///< empty: it is the publisher's own
  } rows[] = {
      {"aws", "aws.json", ""},
      {"azure-service-tags", "azure.json", ""},
      {"github", "github.json", ""},
      {"atlassian", "atlassian.json", ""},
      {"cloudflare", "cloudflare-api.json", ""},
      {"fastly", "fastly-public-ip-list.json", ""},
      {"oracle", "oracle.json", ""},
      {"buildkite", "buildkite.json", ""},
      {"microsoft365", "microsoft365.json", ""},
      {"github", "google-cloud.json", "this is Google cloud.json, not GitHub meta"},
      {"fastly", "google-cloud.json", "this is Google cloud.json, not Fastly public-ip-list"},
      {"google-cloud", "google-cloud.json", ""},
      {"google", "google-goog.json", ""},
      {"google", "google-cloud.json", "this is Google cloud.json, not Google goog.json"},
      {"google-cloud", "google-goog.json", "this is Google goog.json, not Google cloud.json"},
      {"github", "stripe.json", "this is arrays of addresses, not GitHub meta"},
      {"stripe-webhooks", "stripe.json", ""},
      {"stripe-webhooks", "buildkite.json", "this is Buildkite meta, not arrays of addresses"},
      {"cloudflare-v4", "cloudflare-ips-v4.txt", ""},
      {"cloudflare-v6", "cloudflare-ips-v6.txt", ""},
      {"cloudflare-v4", "cloudflare-ips-v6.txt", "this is plain text of IPv6, not plain text of IPv4"},
      {"cloudflare-v6", "plain.txt", "this is plain text of both families, not plain text of IPv6"},
      {"cloudflare-v4", "aws.json", "this is AWS ip-ranges.json, not plain text of IPv4"},
      {"cloudflare-v4", "list.csv", "this is YAML or CSV, not plain text of IPv4"},
  };
  for (const auto& row : rows) {
    const auto read = read_edition(sample(row.file), row.file, row.publisher, day);
    EXPECT_THAT(read ? "" : read.error().message, HasSubstr(row.said)) << row.publisher << " " << row.file;
    EXPECT_EQ(read.has_value(), std::string_view{row.said}.empty()) << row.publisher << " " << row.file;
  }
  const auto plain = read_edition("192.0.2.0/24\n", "meta", "github", day);
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().message, HasSubstr("this is plain text of IPv4, not GitHub meta"));
}

TEST(Refresh, NoPublisherIsBelievedInOurOwnFormat) {
  constexpr auto own =
      "name: x\nretrieved: 2026-01-01\ndirection: outbound\nentries:\n  - prefix: 192.0.2.1\n";
  for (const auto& publisher : publishers()) {
    const auto read = read_edition(own, "list", publisher.name, day);
    EXPECT_THAT(read ? "" : read.error().message, HasSubstr("this is YAML or CSV, not ")) << publisher.name;
  }
}

TEST(Refresh, GainsAreAddressesNamesAndPorts) {
  const auto endpoints = [](std::string_view ports, std::string_view ip, std::string_view name) {
    const auto read = read_edition(
        fmt::format(R"([{{"serviceArea": "X", "ips": ["{}"], "urls": ["{}"], "tcpPorts": "{}"}}])", ip, name,
                    ports),
        "list", "microsoft365", day);
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    return read ? *read : Edition{};
  };
  const auto kept = endpoints("443", "192.0.2.0/24", "a.example");
  EXPECT_THAT(gains(kept, kept), IsEmpty());
  EXPECT_THAT(gains(endpoints("443,25", "192.0.2.0/24", "a.example"), kept),
              ElementsAre("192.0.2.0/24 tcp/25", "a.example tcp/25"));
  EXPECT_THAT(gains(endpoints("443", "192.0.2.0/23", "*.example"), kept),
              ElementsAre("192.0.3.0/24", "*.example"));
}

TEST(Refresh, AnOlderMarkIsSaid) {
  const auto newer = read_edition(marked(R"("syncToken": "1787299542583")"), "goog.json", "google", day);
  const auto older = read_edition(marked(R"("syncToken": "987299542583")"), "goog.json", "google", day);
  ASSERT_TRUE(newer && older) << (newer ? older.error() : newer.error()).message;
  EXPECT_THAT(suspicions(*older, &*newer), ElementsAre(HasSubstr("older")));
  EXPECT_THAT(suspicions(*newer, &*older), IsEmpty());
}

TEST(Refresh, MarksAreComparedAsNumbersOrTexts) {
  EXPECT_TRUE(is_older({"changeNumber", "99"}, {"changeNumber", "363"}));
  EXPECT_FALSE(is_older({"changeNumber", "0363"}, {"changeNumber", "363"}));
  EXPECT_TRUE(is_older({"creationDate", "2026-06-17T04:08:46.684598"},
                       {"creationDate", "2026-06-18T04:08:46.684598"}));
  EXPECT_FALSE(is_older({"creationDate", "2025"}, {"syncToken", "2026"}));
}

TEST(Refresh, WhatCannotBeReadWholeIsNoEdition) {
  for (const auto* text : {"", "{", "<!DOCTYPE html><html></html>", R"({"syncToken": "1", "prefixes": [)"})
    EXPECT_FALSE(read_edition(text, "list", "google", day)) << text;
}

}  // namespace
}  // namespace fwprobe::allowlist
