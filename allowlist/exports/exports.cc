#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "allowlist/exports/export.h"

namespace fwprobe::allowlist {
namespace {

using Ports = ExportFormat::Ports;

constexpr ExportFormat rows[] = {
    {"nftables", "for 'nft -f': sets, and a chain that accepts", Ports::needed, export_nftables},
    {"iptables", "for 'iptables-restore --noflush': a chain that accepts, IPv4", Ports::needed,
     export_iptables},
    {"ip6tables", "for 'ip6tables-restore --noflush': the same for IPv6", Ports::needed, export_ip6tables},
    {"ipset", "for 'ipset restore': a set of each family", Ports::kept, export_ipset},
    {"aws-sg", "AWS security group: the value of --ip-permissions", Ports::needed, export_aws},
    {"azure-nsg", "Azure network security group: a deployment template", Ports::needed, export_azure},
    {"cisco-acl", "Cisco IOS extended access lists", Ports::needed, export_cisco},
    {"json", "every entry with all that is known of it", Ports::kept, export_json},
    {"csv", "prefixes with ports, protocol and purpose", Ports::kept, export_csv},
};

/// By what prefixes are put into one group.
using Key = std::pair<Protocol, std::vector<std::pair<std::uint16_t, std::uint16_t>>>;

Key key_of(const Entry& entry, const ExportPorts& ports) {
  Key key{entry.protocol, {}};
  for (const auto& range : entry.ports.empty() ? ports.ports : entry.ports)
    key.second.emplace_back(range.first, range.last);
  std::ranges::sort(key.second);
  return key;
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return shown;
}

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' || c == '_';
  });
}

/// "my list (2)" as "my-list--2-".
std::string as_name(std::string_view text) {
  std::string name{text};
  for (char& c : name)
    if (!is_name({&c, 1})) c = '-';
  // What begins with a digit is no identifier of nft(8).
  return name.empty() || (name[0] >= '0' && name[0] <= '9') || name[0] == '-' ? "list-" + name : name;
}

}  // namespace

std::span<const ExportFormat> export_formats() { return rows; }

std::expected<Export, std::string> plan_export(const Allowlist& list, const ExportFormat& format,
                                               const ExportPorts& ports, std::string_view name,
                                               std::chrono::year_month_day day) {
  if (!name.empty() && !is_name(name))
    return std::unexpected{fmt::format("'{}' is not a name; write letters, digits, '-' and '_'", name)};
  Export wanted{list, day, name.empty() ? as_name(list.name) : as_name(name), {}};
  std::map<Key, std::vector<Prefix>> groups;
  for (const auto& entry : list.entries) {
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    if (!prefix || !in_force(entry, day)) continue;
    if (format.ports == Ports::needed && entry.ports.empty() && ports.ports.empty() && !ports.any)
      return std::unexpected{
          fmt::format("{} names no ports for {}; say which are meant: --port 443 (repeatable), or --port any",
                      list.name, printable(entry.published))};
    groups[key_of(entry, ports)].push_back(*prefix);
  }
  if (groups.empty())
    return std::unexpected{
        fmt::format("{} has no prefix that is in force; names alone make no rules", list.name)};
  for (const auto& [key, prefixes] : groups) {
    RuleGroup group{key.first, {}, PrefixSet{prefixes}};
    for (const auto& [first, last] : key.second) group.ports.push_back({first, last});
    wanted.groups.push_back(std::move(group));
  }
  return wanted;
}

std::string_view protocol_name(Protocol protocol) { return protocol == Protocol::udp ? "udp" : "tcp"; }

std::string text(const PortRange& range, std::string_view dash) {
  if (range.first == range.last) return std::to_string(range.first);
  return fmt::format("{}{}{}", range.first, dash, range.last);
}

std::vector<Prefix> prefixes4(const RuleGroup& group) {
  return PrefixSet{group.addresses.v4(), {}}.prefixes();
}
std::vector<Prefix> prefixes6(const RuleGroup& group) {
  return PrefixSet{{}, group.addresses.v6()}.prefixes();
}

std::string heading(const Export& wanted) {
  const auto& list = wanted.list;
  return printable(
      fmt::format("{}, {}, retrieved {:04}-{:02}-{:02}{}{}", list.title,
                  list.direction == Direction::inbound ? "inbound" : "outbound",
                  static_cast<int>(list.retrieved.year()), static_cast<unsigned>(list.retrieved.month()),
                  static_cast<unsigned>(list.retrieved.day()), list.source.empty() ? "" : ", ", list.source));
}

std::string short_name(std::string_view name, std::string_view suffix, std::size_t longest) {
  return fmt::format("{}{}", name.substr(0, longest - suffix.size()), suffix);
}

}  // namespace fwprobe::allowlist
