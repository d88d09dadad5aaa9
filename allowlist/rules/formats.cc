#include "allowlist/rules/formats.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/publication.h"
#include "allowlist/rules/aws.h"
#include "allowlist/rules/azure.h"
#include "allowlist/rules/csv.h"
#include "allowlist/rules/gcp.h"
#include "allowlist/rules/iptables.h"
#include "allowlist/rules/jump_loop.h"
#include "allowlist/rules/nft_json.h"
#include "allowlist/rules/nft_text.h"
#include "allowlist/utf8.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::size_t longest_text = 50 * 1024 * 1024;

// From the most to the least particular: what has a mark of its own comes first.
constexpr RulesFormat formats[] = {
    {"nftables (JSON)", nft::is_json, nft::read_json},
    {"iptables-save", is_iptables, read_iptables},
    {"nftables (text)", nft::is_text, nft::read_text},
    {"AWS security groups", is_aws_groups, read_aws_groups},
    {"AWS network ACL", is_aws_acl, read_aws_acl},
    {"Azure NSG", is_azure, read_azure},
    {"Google Cloud firewall rules", is_gcp, read_gcp},
    {"CSV", is_csv, read_csv_rules},
};

}  // namespace

std::span<const RulesFormat> rules_formats() { return formats; }

std::expected<Ruleset, ListError> read_rules(std::string_view text, std::string_view origin,
                                             const RulesView& view) {
  const auto refuse = [&](Place place, std::string_view message) {
    return std::unexpected{ListError{fmt::format("{}:{}:{}: {}", origin, place.line, place.column, message)}};
  };
  if (text.size() > longest_text)
    return refuse({}, fmt::format("larger than {} MiB", longest_text / (1024 * 1024)));
  if (const auto complaint = no_text(text)) return refuse(complaint->place, complaint->message);
  text = without_bom(text);
  const auto* format = std::ranges::find_if(formats, [&](const auto& row) { return row.recognises(text); });
  if (format == std::end(formats)) {
    std::vector<std::string_view> names;
    for (const auto& row : formats) names.push_back(row.name);
    return refuse(
        {}, fmt::format("no firewall export that is known here; known are: {}", fmt::join(names, ", ")));
  }
  auto ruleset = format->read(text, view);
  if (!ruleset) return refuse(ruleset.error().place, ruleset.error().message);
  if (const auto* chain = jump_loop(*ruleset))
    return refuse({chain->line, 1}, fmt::format("the chain {} jumps back to itself, which no kernel loads",
                                                excerpt(chain->name)));
  ruleset->origin = origin;
  ruleset->format = format->name;
  return std::move(*ruleset);
}

}  // namespace fwprobe::allowlist
