// https://docs.github.com/rest/meta: each key is a service. Keys come and go; what is an array of prefixes is
// read.

#include <algorithm>

#include "allowlist/address_text.h"
#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {
namespace {

struct Row {
  std::string_view key;
  Use use;
};

/// From GitHub to the user's network, or from there to GitHub.
constexpr Row known[] = {
    {"hooks", Use::inbound},
    {"actions", Use::inbound},
    {"actions_macos", Use::inbound},
    {"codespaces", Use::inbound},
    {"dependabot", Use::inbound},
    {"importer", Use::inbound},
    {"github_enterprise_importer", Use::inbound},
    {"web", Use::outbound},
    {"api", Use::outbound},
    {"git", Use::outbound},
    {"packages", Use::outbound},
    {"pages", Use::outbound},
    {"copilot", Use::outbound},
};

bool is_prefix(const JsonNode& node) {
  const auto* text = node.as<std::string_view>();
  return text != nullptr && read_range(*text).has_value();
}

/// Names stand in arrays, and in objects of arrays.
void append_domains(const JsonNode& node, std::vector<Written>& domains) {
  if (const auto* text = node.as<std::string_view>()) {
    // A "trust_domain" may be empty, and "services" of one name only.
    if (!text->empty()) domains.push_back({*text, &node});
  } else if (const auto* array = node.as<JsonArray>()) {
    for (const auto& item : *array) append_domains(item, domains);
  } else if (const auto* object = node.as<JsonObject>()) {
    for (const auto& item : object->members) append_domains(item, domains);
  }
}

}  // namespace

bool is_github(const JsonNode& root) {
  return member(root, "hooks") != nullptr && member(root, "web") != nullptr;
}

ReadPublication read_github(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  for (const auto& node : tree.root().as<JsonObject>()->members) {
    if (node.key == "domains") {
      const auto* kinds = node.as<JsonObject>();
      if (kinds == nullptr) continue;
      for (const auto& kind : kinds->members) {
        Group group{{{"service", kind.key}}, Use::outbound};
        append_domains(kind, group.domains);
        publication.groups.push_back(std::move(group));
      }
      continue;
    }
    const auto* row = std::ranges::find(known, node.key, &Row::key);
    const auto* array = node.as<JsonArray>();
    const bool listed =
        row != std::end(known) || (array != nullptr && std::ranges::any_of(*array, is_prefix));
    if (!listed) continue;
    Group group{{{"service", node.key}}, row != std::end(known) ? row->use : Use::both};
    group.prefixes = written(fields, fields.need_array(tree.root(), node.key));
    publication.groups.push_back(std::move(group));
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
