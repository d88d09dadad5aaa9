#include "checks/azure_devops_version.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace fwprobe::checks::azure_devops {
namespace {

TEST(RestVersion, IsReadFromText) {
  EXPECT_EQ(parse_rest_version("7.1"), (RestVersion{7, 1}));
  EXPECT_EQ(parse_rest_version("7.1-preview.2"), (RestVersion{7, 1}));
  EXPECT_EQ(parse_rest_version("5.1."), (RestVersion{5, 1}));
  EXPECT_EQ(parse_rest_version("10.0"), (RestVersion{10, 0}));
  for (const auto* text : {"", "7", "7.", ".1", "seven", "-1.0", "7.-1", "99999999999.1", "1.99999", "7,1"})
    EXPECT_FALSE(parse_rest_version(text)) << text;
}

TEST(RestVersion, NamesTheProduct) {
  const std::pair<RestVersion, const char*> rows[] = {
      {{1, 0}, "Team Foundation Server (REST 1.0)"},
      {{2, 3}, "Team Foundation Server 2015 Update 3 or 4 (REST 2.3)"},
      {{4, 1}, "Team Foundation Server 2018 Update 2 or 3 (REST 4.1)"},
      {{5, 0}, "Azure DevOps Server 2019 (REST 5.0)"},
      {{6, 0}, "Azure DevOps Server 2020 (REST 6.0)"},
      {{6, 1}, "Azure DevOps Server 2020 (REST 6.1)"},
      {{7, 0}, "Azure DevOps Server 2022 (REST 7.0)"},
      {{7, 2}, "Azure DevOps Server 25H2 (REST 7.2)"},
      {{8, 0}, "a release newer than Azure DevOps Server 25H2 (REST 8.0)"},
  };
  for (const auto& [version, name] : rows) EXPECT_EQ(product_name(version), name);
}

TEST(RestVersion, TheTableGoesFromOldToNew) {
  EXPECT_TRUE(std::ranges::is_sorted(releases(), std::ranges::less{}, &Release::rest));
}

TEST(RestVersion, IsNamedByARefusal) {
  EXPECT_EQ(latest_supported(
                "The requested REST API version of 6.0 is out of range for this server. The latest REST API "
                "version this server supports is 5.1."),
            (RestVersion{5, 1}));
  EXPECT_FALSE(latest_supported("this server supports is "));
  EXPECT_FALSE(latest_supported(""));
}

TEST(RestVersion, IsTheReleasedOneOfTheProjects) {
  EXPECT_EQ(rest_level(R"({"value":[
      {"area":"git","resourceName":"repositories","releasedVersion":"7.1"},
      {"area":"core","resourceName":"projects","releasedVersion":"7.0","maxVersion":"7.1"},
      {"area":"Location","resourceName":"ConnectionData","releasedVersion":"0.0"}],"count":3})"),
            (RestVersion{7, 0}));
}

TEST(RestVersion, IsTheHighestWhereProjectsAreNotListed) {
  EXPECT_EQ(
      rest_level(R"({"value":[{"area":"a","releasedVersion":"5.0"},{"area":"b","releasedVersion":"4.1"}]})"),
      (RestVersion{5, 0}));
}

TEST(RestVersion, IsUnknownWhereNothingTells) {
  for (const auto* body : {"", "{}", "[]", "<html></html>", R"({"value":[{"releasedVersion":"0.0"}]})",
                           R"({"value":[{"releasedVersion":7}]})", R"({"value":[{"releasedVersion":"7.0"})"})
    EXPECT_FALSE(rest_level(body)) << body;
}

}  // namespace
}  // namespace fwprobe::checks::azure_devops
