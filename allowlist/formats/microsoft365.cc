// https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-ip-web-service: the one format with
// ports.

#include <fmt/format.h>

#include "allowlist/formats/format.h"
#include "allowlist/port_text.h"

namespace fwprobe::allowlist {
namespace {

/// "80,443", "50000-59999"
std::vector<PortRange> ports(JsonFields& fields, const JsonNode& item, std::string_view key) {
  constexpr std::string_view blank = " ";
  std::vector<PortRange> found;
  auto rest = fields.text(item, key).value_or("");
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto word = trimmed(rest.substr(0, comma), blank);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    const auto range = read_port_range(word, blank);
    if (!range) {
      fields.refuse(*member(item, key),
                    fmt::format("{} is neither a port from 1 to 65535 nor a range such as "
                                "50000-59999",
                                excerpt(word)));
      break;
    }
    found.push_back(*range);
  }
  return found;
}

}  // namespace

bool is_microsoft365(const JsonNode& root) {
  const auto* array = root.as<JsonArray>();
  return array != nullptr && !array->empty() && member(array->front(), "serviceArea") != nullptr;
}

ReadPublication read_microsoft365(const JsonTree& tree) {
  JsonFields fields{tree};
  Publication publication;
  for (const auto& item : *tree.root().as<JsonArray>()) {
    Group group{{{"service", fields.need_text(item, "serviceArea")}}, Use::outbound};
    if (const auto category = fields.text(item, "category"))
      group.attributes.push_back({"category", *category});
    group.tcp = ports(fields, item, "tcpPorts");
    if (auto udp = ports(fields, item, "udpPorts"); !udp.empty()) group.udp = std::move(udp);
    group.prefixes = written(fields, fields.array(item, "ips"));
    group.domains = written(fields, fields.array(item, "urls"));
    publication.groups.push_back(std::move(group));
  }
  return finish(fields, std::move(publication));
}

}  // namespace fwprobe::allowlist
