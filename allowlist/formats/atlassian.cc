// https://support.atlassian.com/organization-administration/docs/ip-addresses-and-domains-for-atlassian-cloud-products/
// "egress" is from Atlassian, so inbound for the user. Older files have neither product, direction nor
// perimeter.

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {
namespace {

Use use_of(JsonFields& fields, const JsonNode& item) {
  bool egress = false;
  bool ingress = false;
  for (const auto* node : fields.texts(item, "direction")) {
    const auto& word = *node->as<std::string_view>();
    egress |= word == "egress";
    ingress |= word == "ingress";
    if (word != "egress" && word != "ingress") fields.refuse(*node, "is neither egress nor ingress");
  }
  if (egress == ingress) return Use::both;
  return egress ? Use::inbound : Use::outbound;
}

}  // namespace

bool is_atlassian(const JsonNode& root) { return member(root, "items") != nullptr; }

ReadPublication read_atlassian(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  for (const auto& item : fields.need_array(tree.root(), "items")) {
    Group group;
    group.use = use_of(fields, item);
    for (const std::string_view key : {"product", "region", "perimeter"})
      for (const auto* node : fields.texts(item, key))
        group.attributes.push_back({key, *node->as<std::string_view>()});
    group.prefixes.push_back({fields.need_text(item, "cidr"), member(item, "cidr")});
    publication.groups.push_back(std::move(group));
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
