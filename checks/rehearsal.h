#pragma once
// From which addresses a list is rehearsed (probe/rehearsal.h), and what the kernel's answers say beside the
// computed ones.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/finding.h"
#include "checks/rules_verdict.h"
#include "probe/endpoint.h"
#include "probe/rehearsal.h"

namespace fwprobe::checks {

/// All of a prefix with at most 32 addresses; of a larger one both edges and six between, the same each time.
/// In order. What can be no connection's source is left out: unspecified, loopback, multicast, broadcast and
/// link-local addresses.
std::vector<asio::ip::address> rehearsal_sources(const allowlist::Prefix& prefix);

struct RehearsalPlan {
  std::vector<asio::ip::address> sources;  ///< each once
  std::vector<EntryVerdict> computed;      ///< of each source: allowed, unknown, refused, dropped or blocked
  /// For each entry of the verdict its sources' places, in order; none for one that is skipped.
  std::vector<std::vector<std::size_t>> entries;
  std::vector<probe::TcpEndpoint> translated;  ///< where the rules may send the service's connections
};

/// `verdict` is judge_rules()' answer to `question`, which is about a service. Of a large prefix also the
/// edges of what does not get through are taken. The error is a sentence: more than can be rehearsed.
std::expected<RehearsalPlan, std::string> plan_rehearsal(std::span<const allowlist::Ruleset> rulesets,
                                                         const RulesQuestion& question,
                                                         const RulesVerdict& verdict);

/// Whether the kernel does what was computed. What cannot be told agrees with everything. A rejection that
/// the kernel may not have sent, as it limits them, looks like a drop.
bool agree(probe::Passage kernel, EntryVerdict computed, probe::IcmpErrors errors);

/// Best to worst. `unknown`: it depends on what this network need not have in common with the firewall's, or
/// was not tried; `stopped`: at least in part, as computed; `disagrees`: otherwise than computed.
enum class RehearsalVerdict : std::uint8_t { skipped, connects, unknown, stopped, disagrees };
std::string_view name(RehearsalVerdict verdict);
std::string_view name(probe::Passage passage);

struct RehearsedAddress {
  asio::ip::address address;
  probe::Passage kernel = probe::Passage::unusable;
  EntryVerdict computed = EntryVerdict::unknown;
};

struct RehearsedEntry {
  RehearsalVerdict verdict = RehearsalVerdict::skipped;
  std::size_t addresses = 0;
  std::size_t connecting = 0;
  /// The first address that decided the verdict; none when all connect.
  std::optional<RehearsedAddress> example;
};

/// For each entry of the verdict; `result` is of the plan's sources.
std::vector<RehearsedEntry> judge_rehearsal(const RehearsalPlan& plan, const RulesVerdict& verdict,
                                            const probe::RehearsalResult& result);

/// Of all entries: `error` where one disagrees, whatever else there is, or where nothing fails and one cannot
/// be told.
Status status(const std::vector<RehearsedEntry>& entries);

}  // namespace fwprobe::checks
