// https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {
namespace {

void read(JsonFields& fields, const JsonNode& root, std::string_view array, std::string_view key,
          Publication& publication) {
  for (const auto& item : fields.need_array(root, array)) {
    Group group;
    for (const std::string_view attribute : {"service", "region", "network_border_group"})
      if (const auto value = fields.text(item, attribute))
        group.attributes.push_back({std::string{attribute}, std::string{*value}});
    group.prefixes.push_back({std::string{fields.need_text(item, key)}, member(item, key)});
    publication.groups.push_back(std::move(group));
  }
}

}  // namespace

bool is_aws(const JsonNode& root) {
  return member(root, "prefixes") != nullptr && member(root, "ipv6_prefixes") != nullptr;
}

ReadPublication read_aws(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  publication.stamped = day_of(fields.text(tree.root(), "createDate").value_or(""));
  read(fields, tree.root(), "prefixes", "ip_prefix", publication);
  read(fields, tree.root(), "ipv6_prefixes", "ipv6_prefix", publication);
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
