#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "allowlist/exports/export.h"
#include "allowlist/utf8.h"
#include "text/characters.h"
#include "text/date.h"
#include "text/fnv1a.h"

namespace fwprobe::allowlist {
namespace {

using Of = ExportFormat::Of;

constexpr ExportFormat rows[] = {
    {"nftables", "for 'nft -f': sets, and a chain that accepts", Of::rules, export_nftables},
    {"iptables", "for 'iptables-restore --noflush': a chain that accepts, IPv4", Of::rules, export_iptables},
    {"ip6tables", "for 'ip6tables-restore --noflush': the same for IPv6", Of::rules, export_ip6tables},
    {"ipset", "for 'ipset restore': a set of each family", Of::addresses, export_ipset},
    {"aws-sg", "AWS security group: the value of --ip-permissions", Of::rules, export_aws},
    {"azure-nsg", "Azure network security group: a deployment template", Of::rules, export_azure},
    {"cisco-acl", "Cisco IOS extended access lists", Of::rules, export_cisco},
    {"json", "every entry with all that is known of it", Of::entries, export_json},
    {"csv", "prefixes with ports, protocol and purpose", Of::prefixes, export_csv},
};

/// By what prefixes are put into one group.
using Key = std::pair<Protocol, std::vector<std::pair<std::uint16_t, std::uint16_t>>>;

Key key_of(const Entry& entry, const ExportPorts& ports) {
  const auto set = port_set(entry.ports.empty() ? ports.ports : entry.ports);
  Key key{entry.protocol, {}};
  for (const auto& range : set.ranges()) key.second.emplace_back(range.first, range.last);
  return key;
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
  return name;
}

/// Tells names with the same beginning apart.
std::uint16_t mark_of(std::string_view name) {
  const auto hash = fnv1a(name);
  return static_cast<std::uint16_t>(hash ^ (hash >> 16));
}

}  // namespace

std::span<const ExportFormat> export_formats() { return rows; }

std::expected<Export, std::string> plan_export(const Allowlist& list, const ExportFormat& format,
                                               const ExportPorts& ports, std::string_view name,
                                               std::chrono::year_month_day day) {
  if (!name.empty() && !is_name(name))
    return std::unexpected{fmt::format("'{}' is not a name; write letters, digits, '-' and '_'", name)};
  if (format.of != Of::rules && (ports.any || !ports.ports.empty()))
    return std::unexpected{
        fmt::format("--port is for rules, and {} has {}", format.name,
                    format.of == Of::addresses ? "addresses alone" : "the ports that the list names")};
  // In front, so that it is neither a word of the system (nft's "ip", iptables' ACCEPT) nor a chain that is
  // there already (INPUT), which would be emptied.
  Export wanted{list, day, "allow-" + as_name(name.empty() ? list.name : name), {}};
  std::map<Key, std::vector<Prefix>> groups;
  for (const auto& entry : list.entries) {
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    if (!prefix || !in_force(entry, day)) continue;
    if (format.of == Of::rules && entry.ports.empty() && ports.ports.empty() && !ports.any)
      return std::unexpected{
          fmt::format("{} names no ports for {}; say which are meant: --port 443 (repeatable), or --port any",
                      list.name, printable(entry.published))};
    groups[key_of(entry, ports)].push_back(*prefix);
  }
  const bool any =
      format.of == Of::entries
          ? std::ranges::any_of(list.entries, [&](const auto& entry) { return in_force(entry, day); })
          : !groups.empty();
  if (!any)
    return std::unexpected{
        format.of == Of::entries
            ? fmt::format("{} has no entry that is in force", list.name)
            : fmt::format("{} has no prefix that is in force; names alone make no rules", list.name)};
  for (const auto& [key, prefixes] : groups) {
    RuleGroup group{key.first, {}, PrefixSet{prefixes}};
    for (const auto& [first, last] : key.second) group.ports.push_back({first, last});
    wanted.groups.push_back(std::move(group));
  }
  return wanted;
}

std::vector<Prefix> prefixes4(const RuleGroup& group) {
  return PrefixSet{group.addresses.v4(), {}}.prefixes();
}
std::vector<Prefix> prefixes6(const RuleGroup& group) {
  return PrefixSet{{}, group.addresses.v6()}.prefixes();
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto decoded = first_utf8(text);
    const auto bytes = decoded ? decoded->bytes : 1;
    if (!decoded || decoded->character < 0x20 || in(invisible, decoded->character))
      shown += ' ';
    else
      shown += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return shown;
}

std::string shortened(std::string text, std::size_t longest) {
  // The other bytes of a character are 10xxxxxx (RFC 3629 §3).
  while (longest < text.size() && longest > 0 && (text[longest] & 0xC0) == 0x80) --longest;
  text.resize(std::min(text.size(), longest));
  return text;
}

std::string heading(const Export& wanted, std::size_t longest) {
  const auto& list = wanted.list;
  return shortened(
      printable(fmt::format("{}, {}, retrieved {}{}{}", list.title,
                            list.direction == Direction::inbound ? "inbound" : "outbound",
                            full_date(list.retrieved), list.source.empty() ? "" : ", ", list.source)),
      longest);
}

std::string short_name(std::string_view name, std::string_view suffix, std::size_t longest) {
  const auto room = longest - suffix.size();
  if (name.size() <= room) return fmt::format("{}{}", name, suffix);
  constexpr std::size_t mark = 5;
  return fmt::format("{}-{:04x}{}", name.substr(0, room - mark), mark_of(name), suffix);
}

}  // namespace fwprobe::allowlist
