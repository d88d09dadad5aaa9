#include "checks/azure_devops_version.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "checks/json_fields.h"
#include "text/ascii.h"

namespace fwprobe::checks::azure_devops {
namespace {

constexpr auto table = std::to_array<Release>({
    {{2, 0}, "Team Foundation Server 2015", "14.0.23128.0"},
    {{2, 1}, "Team Foundation Server 2015 Update 1", "14.0.24712.0"},
    {{2, 2}, "Team Foundation Server 2015 Update 2", "14.95.25122.0"},
    {{2, 3}, "Team Foundation Server 2015 Update 3 or 4", "14.102.25423.0"},
    {{3, 0}, "Team Foundation Server 2017", "15.105.25910.0"},
    {{3, 1}, "Team Foundation Server 2017 Update 1", "15.112.26301.0"},
    {{3, 2}, "Team Foundation Server 2017 Update 2", "15.117.26714.0"},
    {{4, 0}, "Team Foundation Server 2018 or 2018 Update 1", "16.122.27102.1"},
    {{4, 1}, "Team Foundation Server 2018 Update 2 or 3", "16.131.27701.1"},
    {{5, 0}, "Azure DevOps Server 2019", "17.143.28621.4"},
    {{5, 1}, "Azure DevOps Server 2019 Update 1", ""},
    {{6, 0}, "Azure DevOps Server 2020", "18.170.30525.1"},
    {{7, 0}, "Azure DevOps Server 2022", "19.205.33122.1"},
    {{7, 1}, "Azure DevOps Server 2022.1 or 2022.2", "19.225.34309.2"},
    {{7, 2}, "Azure DevOps Server 25H2", "20.256.36719.1"},
});

/// A version number has few digits; more is somebody's joke.
std::optional<int> leading_number(std::string_view& text) {
  constexpr std::size_t longest = 3;
  int value = 0;
  std::size_t digits = 0;
  for (; digits < std::min(text.size(), longest) && is_digit(text[digits]); ++digits)
    value = value * 10 + (text[digits] - '0');
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

}  // namespace

std::string RestVersion::text() const { return fmt::format("{}.{}", generation, update); }

std::optional<RestVersion> parse_rest_version(std::string_view text) {
  const auto generation = leading_number(text);
  if (!generation || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  const auto update = leading_number(text);
  if (!update) return std::nullopt;
  if (!text.empty() && is_digit(text.front())) return std::nullopt;
  return RestVersion{*generation, *update};
}

std::span<const Release> releases() { return table; }

std::string product_name(RestVersion version) {
  const auto above = std::ranges::upper_bound(table, version, {}, &Release::rest);
  if (above == table.begin()) return fmt::format("Team Foundation Server (REST {})", version.text());
  const auto& release = *std::prev(above);
  if (above == table.end() && version > release.rest)
    return fmt::format("a release newer than {} (REST {})", release.product, version.text());
  return fmt::format("{} (REST {})", release.product, version.text());
}

std::optional<RestVersion> latest_supported(std::string_view message) {
  constexpr std::string_view lead = "this server supports is ";
  const auto at = message.find(lead);
  if (at == std::string_view::npos) return std::nullopt;
  return parse_rest_version(message.substr(at + lead.size()));
}

std::optional<RestVersion> rest_level(std::string_view options_body) {
  static constexpr std::string_view wanted[] = {"/value", "/value/*/area", "/value/*/resourceName",
                                                "/value/*/releasedVersion"};
  const auto json = read_json(options_body, wanted);
  if (!json.valid) return std::nullopt;
  std::optional<RestVersion> of_projects, highest;
  for (const auto& [pointer, text] : json.values) {
    constexpr std::string_view leaf = "/releasedVersion";
    if (!pointer.ends_with(leaf)) continue;
    const auto version = parse_rest_version(text);
    if (!version || *version == RestVersion{}) continue;
    highest = std::max(highest.value_or(*version), *version);
    const auto item = pointer.substr(0, pointer.size() - leaf.size());
    if (json.at(item + "/area") == "core" && json.at(item + "/resourceName") == "projects")
      of_projects = std::max(of_projects.value_or(*version), *version);
  }
  return of_projects ? of_projects : highest;
}

}  // namespace fwprobe::checks::azure_devops
