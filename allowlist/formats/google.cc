// https://support.google.com/a/answer/10026322: goog.json has no service and no scope.

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {

bool is_google(const JsonNode& root) {
  const auto* prefixes = member(root, "prefixes");
  const auto* array = prefixes == nullptr ? nullptr : prefixes->as<JsonArray>();
  if (array == nullptr) return false;
  return array->empty() || member(array->front(), "ipv4Prefix") != nullptr ||
         member(array->front(), "ipv6Prefix") != nullptr;
}

ReadPublication read_google(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  publication.stamped = day_of(fields.text(tree.root(), "creationTime").value_or(""));
  for (const auto& item : fields.need_array(tree.root(), "prefixes")) {
    Group group;
    for (const std::string_view key : {"service", "scope"})
      if (const auto value = fields.text(item, key)) group.attributes.push_back({key, *value});
    for (const std::string_view key : {"ipv4Prefix", "ipv6Prefix"})
      if (const auto prefix = fields.text(item, key)) group.prefixes.push_back({*prefix, member(item, key)});
    if (group.prefixes.empty()) fields.need_text(item, "ipv4Prefix");
    publication.groups.push_back(std::move(group));
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
