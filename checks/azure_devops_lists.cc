// The lists of the REST API: {"count": N, "value": [item, …]}, in either order.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "checks/azure_devops_answers.h"
#include "checks/json_fields.h"
#include "text/ascii.h"

namespace fwprobe::checks::azure_devops {
namespace {

/// How many items there are; what "count" says is the server's word.
std::size_t length_of(const JsonFields& json) {
  std::size_t length = 0;
  if (const auto text = json.at("/value")) std::from_chars(text->data(), text->data() + text->size(), length);
  return length;
}

}  // namespace

ProjectList project_list(std::string_view body) {
  static constexpr std::string_view wanted[] = {"/count", "/value", "/value/*/id", "/value/*/name"};
  constexpr std::size_t most = 1000;
  const auto json = read_json(body, wanted);
  ProjectList list;
  list.is_json = json.valid;
  list.count = length_of(json);
  list.has_documented_shape = json.is_object && json.valid && json.at("/value").has_value();
  for (std::size_t i = 0; i < std::min(list.count, most); ++i) {
    const auto id = json.at(fmt::format("/value/{}/id", i));
    const auto name = json.at(fmt::format("/value/{}/name", i));
    // Every field is optional in the service's own description; one without both is something else.
    if (!id && !name)
      list.has_documented_shape = false;
    else
      list.projects.push_back({std::string{id.value_or("")}, std::string{name.value_or("")}});
  }
  return list;
}

RepositoryList repository_list(std::string_view body) {
  static constexpr std::string_view wanted[] = {"/value",
                                                "/value/*/id",
                                                "/value/*/name",
                                                "/value/*/project/name",
                                                "/value/*/remoteUrl",
                                                "/value/*/isDisabled",
                                                "/value/*/isInMaintenance",
                                                "/value/*/defaultBranch"};
  constexpr std::size_t most = 1000;
  const auto json = read_json(body, wanted);
  RepositoryList list;
  list.count = length_of(json);
  list.has_documented_shape = json.is_object && json.valid && json.at("/value").has_value();
  bool has_branch = false;
  for (std::size_t i = 0; i < std::min(list.count, most) && !has_branch; ++i) {
    const auto field = [&](std::string_view name) {
      return std::string{json.at(fmt::format("/value/{}/{}", i, name)).value_or(std::string_view{})};
    };
    Repository repository{field("id"), field("name"), field("project/name"), field("remoteUrl")};
    if (repository.name.empty() || field("isDisabled") == "true" || field("isInMaintenance") == "true")
      continue;
    // One with a default branch has something to clone; an empty one will do when there is no other.
    has_branch = !field("defaultBranch").empty();
    if (has_branch || !list.usable) list.usable = std::move(repository);
  }
  return list;
}

std::optional<std::string> edit_subscriptions_bit(std::string_view body) {
  static constexpr std::string_view wanted[] = {"/value/*/actions/*/name", "/value/*/actions/*/bit"};
  const auto json = read_json(body, wanted);
  if (!json.valid) return std::nullopt;
  for (const auto& [pointer, name] : json.values) {
    constexpr std::string_view leaf = "/name";
    if (name != "EditSubscriptions" || !pointer.ends_with(leaf)) continue;
    const auto bit = json.at(pointer.substr(0, pointer.size() - leaf.size()) + "/bit");
    const bool is_number = bit && bit->size() < 11 && is_digits(*bit);
    if (is_number && *bit != "0") return std::string{*bit};
  }
  return std::nullopt;
}

std::optional<std::vector<bool>> permissions(std::string_view body, std::size_t count) {
  static constexpr std::string_view wanted[] = {"/value", "/value/*"};
  const auto json = read_json(body, wanted);
  if (!json.valid || length_of(json) != count) return std::nullopt;
  std::vector<bool> found;
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = json.at(fmt::format("/value/{}", i));
    if (word != "true" && word != "false") return std::nullopt;
    found.push_back(word == "true");
  }
  return found;
}

}  // namespace fwprobe::checks::azure_devops
