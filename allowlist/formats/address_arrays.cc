// Arrays of prefixes and bare addresses, each under a key or alone: Buildkite's /v2/meta, Stripe's
// ips_webhooks.json.

#include <algorithm>

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {
namespace {

bool is_strings(const JsonNode& node) {
  const auto* array = node.as<JsonArray>();
  return array != nullptr && std::ranges::all_of(*array, [](const JsonNode& item) {
           return item.as<std::string_view>() != nullptr;
         });
}

/// What may hold addresses; other members say something about the list.
bool has_array(const JsonNode& node) {
  const auto* object = node.as<JsonObject>();
  return node.as<JsonArray>() != nullptr ||
         (object != nullptr && std::ranges::any_of(object->members, has_array));
}

}  // namespace

bool is_buildkite(const JsonNode& root) { return member(root, "webhook_ips") != nullptr; }

bool has_address_arrays(const JsonNode& root) {
  const auto* object = root.as<JsonObject>();
  return is_strings(root) || (object != nullptr && std::ranges::any_of(object->members, is_strings));
}

ReadPublication read_address_arrays(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  if (const auto* array = tree.root().as<JsonArray>()) {
    Group group;
    group.prefixes = written(fields, *array);
    publication.groups.push_back(std::move(group));
  } else if (const auto* object = tree.root().as<JsonObject>()) {
    for (const auto& node : object->members) {
      if (!has_array(node)) continue;
      Group group{{{"list", node.key}}};
      group.prefixes = written(fields, fields.need_array(tree.root(), node.key));
      publication.groups.push_back(std::move(group));
    }
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
