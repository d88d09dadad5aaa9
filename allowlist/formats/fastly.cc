// https://www.fastly.com/documentation/reference/api/utils/public-ip-list/

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {

bool is_fastly(const JsonNode& root) {
  return member(root, "addresses") != nullptr && member(root, "ipv6_addresses") != nullptr;
}

ReadPublication read_fastly(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  for (const std::string_view key : {"addresses", "ipv6_addresses"}) {
    Group group;
    group.prefixes = written(fields, fields.need_array(tree.root(), key));
    publication.groups.push_back(std::move(group));
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
