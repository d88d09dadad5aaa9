// https://learn.microsoft.com/azure/virtual-network/service-tags-overview: the weekly file and the answer of
// the Service Tag Discovery API have the same shape. A regional tag repeats prefixes of its global one.

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {

bool is_azure(const JsonNode& root) { return member(root, "values") != nullptr; }

ReadPublication read_azure(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  for (const auto& tag : fields.need_array(tree.root(), "values")) {
    Group group;
    group.attributes.push_back({"tag", fields.need_text(tag, "name")});
    const auto* properties = fields.find(tag, "properties");
    if (properties == nullptr) {
      fields.refuse(tag, "has no properties");
      break;
    }
    for (const auto& [key, name] : {std::pair{"systemService", "service"}, std::pair{"region", "region"}})
      if (const auto value = fields.text(*properties, key); value && !value->empty())
        group.attributes.push_back({name, *value});
    group.prefixes = written(fields, fields.need_array(*properties, "addressPrefixes"));
    publication.groups.push_back(std::move(group));
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
