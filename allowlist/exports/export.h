#pragma once
// A list as rules that a firewall can load. A new format is a file and a row of exports.cc.

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/port_text.h"
#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

/// Addresses that are let through alike.
struct RuleGroup {
  Protocol protocol = Protocol::tcp;
  std::vector<PortRange> ports;  ///< empty: any
  PrefixSet addresses;
};

struct Export {
  const Allowlist& list;
  std::chrono::year_month_day day;
  std::string name;  ///< of sets, chains and rules: "allow-" and letters, digits, '-' and '_'
  std::vector<RuleGroup> groups;
};

struct ExportFormat {
  std::string_view name;
  std::string_view what;
  enum class Of : std::uint8_t {
    rules,      ///< which name ports
    addresses,  ///< alone
    prefixes,   ///< with the ports of the list, if any
    entries,    ///< names as well
  } of = Of::rules;
  std::string (*render)(const Export& wanted);
};

std::span<const ExportFormat> export_formats();

/// For entries that name no ports.
struct ExportPorts {
  bool any = false;  ///< all of them, and the user said so
  std::vector<PortRange> ports;
};

/// What is in force at `day`, with the fewest prefixes. The error is a sentence.
std::expected<Export, std::string> plan_export(const Allowlist& list, const ExportFormat& format,
                                               const ExportPorts& ports, std::string_view name,
                                               std::chrono::year_month_day day);

std::string export_nftables(const Export& wanted);
std::string export_iptables(const Export& wanted);
std::string export_ip6tables(const Export& wanted);
std::string export_ipset(const Export& wanted);
std::string export_aws(const Export& wanted);
std::string export_azure(const Export& wanted);
std::string export_cisco(const Export& wanted);
std::string export_json(const Export& wanted);
std::string export_csv(const Export& wanted);

// ---- for the formats

/// The prefixes of one family.
std::vector<Prefix> prefixes4(const RuleGroup& group);
std::vector<Prefix> prefixes6(const RuleGroup& group);
/// A blank in place of each byte that is no UTF-8 and of what moves a cursor or hides text: control, bidi and
/// invisible characters.
std::string printable(std::string_view text);
/// At most so many bytes, not cut inside of a character.
std::string shortened(std::string text, std::size_t longest);
/// Where the list is from and of which day, in one printable line.
std::string heading(const Export& wanted, std::size_t longest = 1000);
/// `name` cut to what a system takes, with the suffix whole; of names that are cut no two are the same.
std::string short_name(std::string_view name, std::string_view suffix, std::size_t longest);

}  // namespace fwprobe::allowlist
