// https://docs.oracle.com/en-us/iaas/Content/General/Concepts/addressranges.htm

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {

bool is_oracle(const JsonNode& root) { return member(root, "regions") != nullptr; }

ReadPublication read_oracle(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  for (const auto& region : fields.need_array(tree.root(), "regions")) {
    const auto name = fields.need_text(region, "region");
    for (const auto& item : fields.need_array(region, "cidrs")) {
      Group group{{{"region", name}}};
      for (const auto* tag : fields.texts(item, "tags"))
        group.attributes.push_back({"tag", *tag->as<std::string_view>()});
      group.prefixes.push_back({fields.need_text(item, "cidr"), member(item, "cidr")});
      publication.groups.push_back(std::move(group));
    }
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
