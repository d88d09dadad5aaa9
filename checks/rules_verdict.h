#pragma once
// Whether a firewall's rules let a published list through, and what else they let through.

#include <chrono>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/rules/evaluate.h"
#include "checks/entry_part.h"
#include "checks/rules_remedy.h"
#include "probe/endpoint.h"

namespace fwprobe::checks {

struct RulesQuestion {
  const allowlist::Allowlist* list = nullptr;
  /// Inbound: the service that is published; none for outbound lists, whose entries are the destinations.
  std::optional<probe::TcpEndpoint> service;
  /// Outbound: where the flows come from.
  allowlist::PrefixSet sources = allowlist::PrefixSet::everything();
  allowlist::Position position = allowlist::Position::host;
  std::chrono::year_month_day day;
};

/// Best to worst. `partly`: something of it surely does not get through, and the rest does, or may;
/// `blocked`: dropped or refused.
enum class EntryVerdict : std::uint8_t { skipped, allowed, unknown, partly, refused, dropped, blocked };
std::string_view name(EntryVerdict verdict);

struct EntryResult {
  const allowlist::Entry* entry = nullptr;
  EntryVerdict verdict = EntryVerdict::skipped;
  std::string reason;              ///< why it was skipped
  std::vector<std::string> rules;  ///< that decide, or leave it open; at most three, and how many more
  allowlist::PrefixSet missing;    ///< addresses of it that do not get through, or not all of their flows
  allowlist::PrefixSet open;       ///< addresses of it about which nothing is certain
  /// Of an outbound entry that gets through partly, whose addresses may be the same for each.
  std::vector<EntryPart> through, stopped, undecided;
};

/// What a rule lets through to the service although it is not published.
struct Excess {
  std::string rule;
  allowlist::AddressCount addresses;
  std::vector<std::string> prefixes;  ///< the first of them
};

struct RulesVerdict {
  std::vector<EntryResult> entries;  ///< in the list's order
  std::vector<Excess> excess;        ///< the largest first
  allowlist::AddressCount excess_addresses;
  std::vector<std::string> shadowed;  ///< "rules.nft:12 (handle 8): …": rules that never match
  std::vector<std::string> notes;     ///< what was read and not judged
  RulesAdvice advice;                 ///< what has to be let through, and where
  std::size_t count(EntryVerdict verdict) const;
};

/// An answer for each question; what they advise can be carried out together. The error is a sentence: the
/// rules are more than can be judged.
std::expected<std::vector<RulesVerdict>, std::string> judge_rules(
    std::span<const allowlist::Ruleset> rulesets, std::span<const RulesQuestion> questions);
std::expected<RulesVerdict, std::string> judge_rules(std::span<const allowlist::Ruleset> rulesets,
                                                     const RulesQuestion& question);

}  // namespace fwprobe::checks
