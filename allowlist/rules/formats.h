#pragma once
// The formats of firewall exports; which one a file has is told by its content.

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/rules/ruleset.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {

/// "group=sg-903004f8": which part of an export is meant, written behind its file's name: rules.json#group=….
struct Selector {
  std::string key;
  std::string value;
};

/// What a reader has to know about the flows to decide conditions.
struct RulesView {
  Direction direction = Direction::inbound;
  /// Of this host, towards the published addresses; without it a condition on an interface decides nothing.
  std::optional<std::string> interface;
  std::vector<Selector> selectors;  ///< a reader refuses a key that it does not know
  Position position = Position::host;
};

/// One format. A new one is a file and a row in formats.cc.
struct RulesFormat {
  std::string_view name;  ///< "iptables-save"
  /// Whether the text looks like it; the first row that says so reads the file and owns its errors.
  bool (*recognises)(std::string_view text);
  std::expected<Ruleset, Complaint> (*read)(std::string_view text, const RulesView& view);
};
std::span<const RulesFormat> rules_formats();

/// At most 50 MiB. `origin` names the file in messages: "rules.json:3:7: message".
std::expected<Ruleset, ListError> read_rules(std::string_view text, std::string_view origin,
                                             const RulesView& view);

}  // namespace fwprobe::allowlist
