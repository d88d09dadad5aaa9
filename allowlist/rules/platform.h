#pragma once
// What the readers of the clouds' exports have in common: choosing among several groups, and the rules of a
// flow.

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

/// The first selector whose key is not one of `known`, as a complaint.
std::optional<Complaint> unknown_selector(std::span<const Selector> selectors,
                                          std::initializer_list<std::string_view> known);
/// The values of all selectors with this key.
std::vector<std::string_view> selected(std::span<const Selector> selectors, std::string_view key);

/// What a resource's path has behind `collection`: "rg" of ".../resourceGroups/rg/...". Empty without it.
std::string_view segment_behind(std::string_view path, std::string_view collection);
std::string_view last_segment(std::string_view path);

/// A name out of a file as it may stand in one line of a report: no control characters, about 200 bytes at
/// most.
std::string shown(std::string_view text);

/// Something that an export holds several of.
struct Named {
  std::string id;
  std::string other_name;  ///< which others may bear as well; may be empty
};

/// Whether names that differ in case only are one.
enum class NameCase : std::uint8_t { exact, any };

/// What people call it.
inline const std::string& called(const Named& one) {
  return one.other_name.empty() ? one.id : one.other_name;
}

/// Which of `all` are meant by the selectors with this key, as places in `all`: those that bear one of the
/// values, all for the value "all", and the only one without a selector. A value that several bear is
/// refused. `what` is their word in the plural: "security groups".
std::expected<std::vector<std::size_t>, Complaint> choose(std::span<const Named> all,
                                                          std::span<const Selector> selectors,
                                                          std::string_view key, std::string_view what,
                                                          NameCase name_case = NameCase::exact);

/// The conditions of a platform's rule on one side, or both: what surely matches, and what may match besides.
struct Addresses {
  PrefixSet sure;
  PrefixSet maybe;
  std::string doubt;  ///< why; of `maybe`

  void add(const PrefixSet& prefixes) { sure = sure | prefixes; }
  void add_doubtful(const PrefixSet& prefixes, std::string_view reason);
};

/// What nothing on the Internet has, so that a private network may have it.
PrefixSet not_public();

struct PlatformRule {
  Addresses sources;
  Addresses destinations;
  Protocols protocols = Protocols::all();
  Ports ports = Ports::all();
  std::string doubt;  ///< about the whole rule
  Outcome outcome;
  RuleName name;
  bool narrowed = false;     ///< as a rule's
  bool may_be_idle = false;  ///< as a rule's
};

/// The rule as one for what surely matches and, behind it, those for what may match, each with its reason.
void append(std::vector<Rule>& rules, const PlatformRule& rule);

/// The one list of a platform for a direction, whose rules are an allowlist.
BaseChain deny_the_rest(Hook hook);

constexpr std::size_t most_rules = 200'000;

}  // namespace fwprobe::allowlist
