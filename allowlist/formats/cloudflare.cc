// https://developers.cloudflare.com/api/resources/ips/: the answer of the API; the text form is a plain list.

#include "allowlist/formats/format.h"

namespace fwprobe::allowlist {
namespace {

const JsonNode& result_of(const JsonNode& root) {
  const auto* result = member(root, "result");
  return result == nullptr ? root : *result;
}

}  // namespace

bool is_cloudflare(const JsonNode& root) { return member(result_of(root), "ipv4_cidrs") != nullptr; }

ReadPublication read_cloudflare(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  for (const std::string_view key : {"ipv4_cidrs", "ipv6_cidrs"}) {
    Group group;
    group.prefixes = written(fields, fields.need_array(result_of(tree.root()), key));
    publication.groups.push_back(std::move(group));
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
