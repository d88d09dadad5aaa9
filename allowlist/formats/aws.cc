// https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html

#include <array>

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {
namespace {

void read(JsonFields& fields, const JsonNode& root, std::string_view array, std::string_view key,
          Publication& publication) {
  constexpr std::array<std::string_view, 3> attributes{"service", "region", "network_border_group"};
  for (const auto& item : fields.need_array(root, array)) {
    auto& group = publication.groups.emplace_back();
    group.attributes.reserve(attributes.size());
    for (const auto attribute : attributes)
      if (const auto value = fields.text(item, attribute)) group.attributes.push_back({attribute, *value});
    group.prefixes.push_back({fields.need_text(item, key), member(item, key)});
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
  publication.groups.reserve(fields.array(tree.root(), "prefixes").size() +
                             fields.array(tree.root(), "ipv6_prefixes").size());
  read(fields, tree.root(), "prefixes", "ip_prefix", publication);
  read(fields, tree.root(), "ipv6_prefixes", "ipv6_prefix", publication);
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
