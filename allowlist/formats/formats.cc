#include <algorithm>

#include "allowlist/formats/format.h"
#include "allowlist/values.h"

namespace fwprobe::allowlist {
namespace {

/// Its entries say which service and region they are of; those of goog.json do not.
bool is_google_cloud(const JsonNode& root) {
  if (!is_google(root)) return false;
  const auto* entries = member(root, "prefixes")->as<JsonArray>();
  return !entries->empty() && member(entries->front(), "scope") != nullptr;
}

/// The more particular ones first.
constexpr ListFormat rows[] = {
    {"aws", "AWS ip-ranges.json", is_aws, read_aws},
    {"google-cloud", "Google cloud.json", is_google_cloud, read_google},
    {"google", "Google goog.json", is_google, read_google},
    {"azure-service-tags", "Azure service tags", is_azure, read_azure},
    {"github", "GitHub meta", is_github, read_github},
    {"atlassian", "Atlassian ip-ranges", is_atlassian, read_atlassian},
    {"cloudflare", "Cloudflare API", is_cloudflare, read_cloudflare},
    {"fastly", "Fastly public-ip-list", is_fastly, read_fastly},
    {"oracle", "Oracle public_ip_ranges.json", is_oracle, read_oracle},
    {"microsoft365", "Microsoft 365 endpoints", is_microsoft365, read_microsoft365},
    {"buildkite", "Buildkite meta", is_buildkite, read_address_arrays},
    {"", "arrays of addresses", has_address_arrays, read_address_arrays},
};

}  // namespace

std::span<const ListFormat> list_formats() { return rows; }

const ListFormat* format_of(const JsonNode& root) {
  const auto* row =
      std::ranges::find_if(rows, [&](const ListFormat& format) { return format.recognizes(root); });
  return row == std::end(rows) ? nullptr : row;
}

const ListFormat* format_for(std::string_view publisher) {
  const auto* row = std::ranges::find(rows, publisher, &ListFormat::publisher);
  return publisher.empty() || row == std::end(rows) ? nullptr : row;
}

std::vector<Written> written(JsonFields& fields, std::span<const JsonNode> array) {
  std::vector<Written> texts;
  texts.reserve(array.size());
  for (const auto& node : array) {
    if (const auto* text = node.as<std::string_view>())
      texts.push_back({*text, &node});
    else
      fields.refuse(node, "is not a string such as \"192.0.2.0/24\"");
  }
  return texts;
}

std::optional<std::chrono::year_month_day> day_of(std::string_view text) {
  constexpr std::size_t length = 10;
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = text.substr(0, length);
  const auto day = parse_date(node, "date");
  if (!day) return std::nullopt;
  return *day;
}

ReadPublication finish(const JsonFields& fields, Publication publication) {
  if (fields.complaint()) return std::unexpected{*fields.complaint()};
  return publication;
}

}  // namespace fwprobe::allowlist
