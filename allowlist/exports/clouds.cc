// Security groups of AWS and Azure, as the files that their command lines take.

#include <map>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "allowlist/exports/export.h"

namespace fwprobe::allowlist {
namespace {

using Json = nlohmann::ordered_json;

constexpr PortRange every_port{0, 65535};

std::vector<PortRange> ports_of(const RuleGroup& group) {
  return group.ports.empty() ? std::vector{every_port} : group.ports;
}

Json texts(const std::vector<Prefix>& prefixes) {
  auto array = Json::array();
  for (const auto& prefix : prefixes) array.push_back(prefix.text());
  return array;
}

/// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html: at most 255 of a few characters.
std::string description(const Export& wanted) {
  constexpr std::size_t longest = 255;
  constexpr std::string_view allowed = " ._-:/()#,@[]+=&;{}!$*";
  std::string shown;
  for (const char c : wanted.list.title) {
    const bool plain = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9');
    shown += plain || allowed.contains(c) ? c : '-';
  }
  return shown.substr(0, longest);
}

}  // namespace

std::string export_aws(const Export& wanted) {
  // Permissions for the same ports must not name an address twice (InvalidParameterValue).
  std::map<std::tuple<Protocol, std::uint16_t, std::uint16_t>, RuleGroup> alike;
  for (const auto& group : wanted.groups)
    for (const auto& range : ports_of(group)) {
      auto& addresses = alike[{group.protocol, range.first, range.last}].addresses;
      addresses = addresses | group.addresses;
    }
  auto permissions = Json::array();
  for (const auto& [ports, group] : alike) {
    const auto& [protocol, first, last] = ports;
    Json permission{{"IpProtocol", protocol_name(protocol)}, {"FromPort", first}, {"ToPort", last}};
    const auto add = [&](const char* ranges, const char* key, const std::vector<Prefix>& prefixes) {
      for (const auto& prefix : prefixes)
        permission[ranges].push_back({{key, prefix.text()}, {"Description", description(wanted)}});
    };
    add("IpRanges", "CidrIp", prefixes4(group));
    add("Ipv6Ranges", "CidrIpv6", prefixes6(group));
    permissions.push_back(std::move(permission));
  }
  return permissions.dump(2) + "\n";
}

/// https://learn.microsoft.com/azure/templates/microsoft.network/networksecuritygroups/securityrules: a rule
/// has addresses of one family, and a priority of its own.
std::string export_azure(const Export& wanted) {
  constexpr int first_priority = 1000;
  constexpr std::size_t longest = 70;
  const bool inbound = wanted.list.direction == Direction::inbound;
  auto resources = Json::array();
  const auto add = [&](const RuleGroup& group, const std::vector<Prefix>& prefixes) {
    if (prefixes.empty()) return;
    const auto number = resources.size();
    auto ports = Json::array();
    for (const auto& range : group.ports) ports.push_back(text(range));
    if (group.ports.empty()) ports.push_back("*");
    Json properties{{"description", heading(wanted, 140)},
                    {"protocol", group.protocol == Protocol::udp ? "Udp" : "Tcp"},
                    {"access", "Allow"},
                    {"direction", inbound ? "Inbound" : "Outbound"},
                    {"priority", first_priority + static_cast<int>(number)},
                    {"sourcePortRange", "*"},
                    {"destinationPortRanges", std::move(ports)}};
    properties[inbound ? "sourceAddressPrefixes" : "destinationAddressPrefixes"] = texts(prefixes);
    properties[inbound ? "destinationAddressPrefix" : "sourceAddressPrefix"] = "*";
    const auto name = short_name(wanted.name, fmt::format("-{}", number + 1), longest);
    resources.push_back({{"type", "Microsoft.Network/networkSecurityGroups/securityRules"},
                         {"apiVersion", "2023-09-01"},
                         {"name", fmt::format("[format('{{0}}/{{1}}', parameters('nsgName'), '{}')]", name)},
                         {"properties", std::move(properties)}});
  };
  for (const auto& group : wanted.groups) {
    add(group, prefixes4(group));
    add(group, prefixes6(group));
  }
  const Json document{
      {"$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"},
      {"contentVersion", "1.0.0.0"},
      {"parameters", {{"nsgName", {{"type", "string"}}}}},
      {"resources", std::move(resources)}};
  return document.dump(2) + "\n";
}

}  // namespace fwprobe::allowlist
